"""Fingerprints are frozen: those of the presets, the defaults that they rest on, and how numbers are written."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from dsp.conventions import fingerprint
from dsp.conventions.parameters import PARAMETERS, Convention
from dsp.conventions.registry import CONVENTIONS

# A fingerprint stands in papers. Add lines to both tables; change none. A new parameter's default is what all tools did
# before there was the parameter.
PRESETS = {
    "librosa": "e40efec24a3c",
    "librosa_htk": "eb70d1263be9",
    "torchaudio": "05ce253d6c5a",
    "kaldi": "6fe1325719ab",
    "htk": "1bbeb379c7c8",
    "python_speech_features": "657bccf425fd",
    "spafe": "035f945dced4",
    "opensmile_mfcc12": "3ef401a247d3",
    "essentia": "e4e1179db871",
    "matlab_audio_toolbox": "0b349cbc7576",
    "voicebox": "7d4bcfff7ed1",
    "scipy_stft": "59347d9efff3",
    "scipy_spectrogram": "e61d3d3bb339",
    "whisper": "33fc14bd5679",
    "librosa_0_8": "e7bc1de92b49",
    "torchaudio_kaldi": "ba0dddf8f903",
    "kaldi_fbank": "aee7bd4daf46",
    "speechbrain_fbank": "9271f0dc0efb",
    "speechbrain_mfcc": "774ba08ac4e0",
    "espnet": "865895da987b",
    "espnet_tts": "132dd864c151",
    "nemo": "299fff1460cd",
    "tacotron2": "5e30ac0c7ea1",
    "hifigan": "c7cd647fe6dd",
    "vggish": "bc96d67f61ed",
    "yamnet": "e96f16241695",
    "panns": "0883765fa8e4",
    "ast": "898db1f5af37",
    "seamless_m4t": "7a9b3d869e1a",
    "speech_to_text": "5c8aeb6ff17d",
    "tensorflow": "1ccddb848786",
    "tensorflow_pad_end": "5b44a90aad9d",
    "keras": "6a98df79f07f",
    "opensmile_compare": "47554079a96b",
    "whisper_large_v3": "a55814ac0153",
    "praat": "ff0ced492981",
    "zheng_casia": "0037d564b55e",
    "dey_emodb": "9862bc17e42b",
    "yadav_crnn": "b99562ca02b7",
    "finch_dycnn": "fbabfd4563c4",
    "wang_cl": "00a1b8be9bd9",
}
DEFAULTS = {
    "scale": 1.0,
    "dither": 0.0,
    "dc_removal": None,
    "preemphasis": 0.0,
    "preemphasis_in": "signal",
    "preemphasis_first": "keep",
    "frame_length": None,
    "frame_length_s": 0.025,
    "hop_length": None,
    "hop_length_s": 0.01,
    "rounding": "down",
    "framing": "valid",
    "last_frame": "kept",
    "window": "hamming",
    "window_symmetry": "symmetric",
    "window_alignment": "left",
    "n_fft": "power of two",
    "spectrum": "power",
    "spectrum_norm": None,
    "spectrum_scaling": "as is",
    "spectrum_floor": 0.0,
    "spectrum_floor_rule": "add",
    "n_mels": 26,
    "f_min": 0.0,
    "f_max": None,
    "mel_scale": "htk",
    "mel_triangles": "hz",
    "mel_norm": None,
    "log": "ln",
    "floor": 1e-10,
    "floor_rule": "at least",
    "reference": None,
    "dynamic_range": None,
    "log_gain": 1.0,
    "log_offset": 0.0,
    "mel_energy": None,
    "n_mfcc": 13,
    "dct_type": 2,
    "dct_norm": "ortho",
    "c0": "first",
    "lifter": 0.0,
    "lifter_first": 0,
    "energy": None,
    "energy_of": "raw frame",
    "energy_floor": 0.0,
    "smoothing": 1,
    "delta_orders": 0,
    "delta_width": 9,
    "delta_edges": "replicate",
    "delta_second": "delta of delta",
    "normalization": None,
    "normalization_ddof": 0,
    "normalization_eps": 0.0,
    "normalization_eps_to": "deviation",
}


@pytest.mark.parametrize("name", CONVENTIONS)
def test_of_every_preset(name):
    assert fingerprint(name) == PRESETS[name]


def test_no_preset_is_gone():
    assert set(PRESETS) == set(CONVENTIONS) and len(set(PRESETS.values())) == len(PRESETS)


def test_defaults():
    c = Convention()
    assert {name: getattr(c, name) for name in PARAMETERS} == DEFAULTS


def test_equal_conventions_have_equal_fingerprints():
    one = Convention(scale=2, floor=1, f_max=4000, n_mels=40)
    other = Convention(scale=2.0, floor=np.float64(1.0), f_max=4000.0, n_mels=np.int64(40), tool="mine", status="-")
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(replace(one, floor=np.nextafter(1.0, 2.0))) != fingerprint(one)


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_counts(name):
    """The fingerprint of any other value is another one: here of a value that no check has seen."""
    changed = object.__new__(Convention)
    changed.__dict__.update(Convention().__dict__, **{name: 3.25})
    assert fingerprint(changed) != fingerprint(Convention())


def test_a_new_parameter_at_its_default_changes_nothing(monkeypatch):
    before = fingerprint("kaldi")
    module = sys.modules["dsp.conventions.fingerprint"]
    monkeypatch.setattr(module, "PARAMETERS", (*PARAMETERS, "tool"))  # a field more, at its default
    assert fingerprint(replace(CONVENTIONS["kaldi"], tool="")) == before
