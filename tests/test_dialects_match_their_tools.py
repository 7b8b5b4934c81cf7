"""Frozen oracles: every preset of a dialect against the tool itself, which installs into an environment of its own.
openSMILE runs live.

tests/golden/make/dialect_tools.py made the files. The tools compute in float32, so the tolerance is relative to the
largest value and a frame in which the signal is all but silent may differ by ten times as much; where a tool computes
in float64, it is 1e-12.
"""

import runpy
from dataclasses import replace

import numpy as np
import pytest

import dsp
from dsp.conventions.registry import CONVENTIONS
from tests.conftest import GOLDEN

FLOAT32, FLOAT64 = 5e-5, 1e-12
QUIET = 10  # times the tolerance in the frames where the burst of noise has died away
RATE = 16_000

LOG_MEL = [  # file, its array, preset, changes, sample rate
    ("features_whisper.npz", "log_mel_80", "whisper", {}, RATE),
    ("features_whisper.npz", "log_mel_128", "whisper_large_v3", {}, RATE),
    ("features_speechbrain.npz", "fbank", "speechbrain_fbank", {}, RATE),
    ("features_tacotron2.npz", "log_mel", "tacotron2", {}, 22_050),
    ("features_hifigan.npz", "bigvgan", "hifigan", {}, 22_050),
    ("features_hifigan.npz", "univnet", "hifigan", {"n_mels": 100, "f_max": 12_000.0}, 24_000),
    ("features_transformers.npz", "ast", "ast", {}, RATE),
    ("features_transformers.npz", "seamless_m4t", "seamless_m4t", {}, RATE),
    ("features_transformers.npz", "speech_to_text", "speech_to_text", {}, RATE),
    ("features_nemo.npz", "per_feature", "nemo", {}, RATE),
    ("features_nemo.npz", "log_mel", "nemo", {"normalization": None}, RATE),
    ("features_panns.npz", "log_mel", "panns", {}, 32_000),
    ("features_espnet.npz", "asr", "espnet", {}, RATE),
    ("features_espnet.npz", "tts", "espnet_tts", {}, 24_000),
    ("features_vggish.npz", "vggish", "vggish", {}, RATE),
    ("features_tensorflow.npz", "yamnet", "yamnet", {}, RATE),
    ("features_tensorflow.npz", "log_mel", "tensorflow", {}, RATE),
    ("features_tensorflow.npz", "log_mel_pad_end", "tensorflow_pad_end", {}, RATE),
    ("features_keras.npz", "log_mel", "keras", {}, RATE),
    ("features_librosa_0_6.npz", "log_mel", "librosa_0_8", {}, RATE),
    ("features_librosa_0_8.npz", "log_mel", "librosa_0_8", {}, RATE),
    ("features_librosa_0_9.npz", "log_mel", "librosa", {}, RATE),
    ("features_librosa_0_10.npz", "log_mel", "librosa", {}, RATE),
    ("features_torchaudio_kaldi.npz", "fbank", "torchaudio_kaldi", {"n_mfcc": None}, RATE),
    (
        "features_torchaudio_kaldi.npz",
        "fbank_energy",
        "torchaudio_kaldi",
        {"n_mfcc": None, "mel_energy": "first"},
        RATE,
    ),
    (
        "features_torchaudio_kaldi.npz",
        "fbank_energy_last",
        "torchaudio_kaldi",
        {"n_mfcc": None, "mel_energy": "last"},
        RATE,
    ),
]
MFCC = [
    ("features_speechbrain.npz", "mfcc", "speechbrain_mfcc", {"delta_orders": 0}, RATE),
    ("features_speechbrain.npz", "deltas", "speechbrain_mfcc", {}, RATE),
    ("features_tensorflow.npz", "mfcc", "tensorflow", {}, RATE),
    ("features_tensorflow.npz", "mfcc_pad_end", "tensorflow_pad_end", {}, RATE),
    ("features_librosa_0_6.npz", "mfcc", "librosa_0_8", {}, RATE),
    ("features_librosa_0_8.npz", "mfcc", "librosa_0_8", {}, RATE),
    ("features_librosa_0_9.npz", "mfcc", "librosa", {}, RATE),
    ("features_librosa_0_10.npz", "mfcc", "librosa", {}, RATE),
    ("features_torchaudio_kaldi.npz", "mfcc", "torchaudio_kaldi", {}, RATE),
    (
        "features_torchaudio_kaldi.npz",
        "mfcc_energy",
        "torchaudio_kaldi",
        {"scale": 32_768.0, "energy": "replaces c0"},
        RATE,
    ),
    (
        "features_torchaudio_kaldi.npz",
        "mfcc_energy_last",
        "torchaudio_kaldi",
        {"energy": "last", "c0": "none", "n_mfcc": 12},
        RATE,
    ),
    ("features_spafe_band.npz", "mfcc", "spafe", {"f_min": 300.0, "f_max": 3400.0}, RATE),
]
PRESETS = {preset for *_, preset, _, _ in LOG_MEL + MFCC} | {"opensmile_compare", "spafe"}
IN_FLOAT64 = {("features_vggish.npz", "vggish"), ("features_spafe_band.npz", "mfcc")}


def golden(file: str):
    return np.load(GOLDEN / file)


def check(ours, theirs, tolerance):
    assert ours.shape == theirs.shape
    error = np.abs(ours - theirs).max(axis=0) / np.abs(theirs).max()
    assert error.max() <= QUIET * tolerance
    assert np.sort(error)[: -(error.size // 8)].max() <= tolerance


@pytest.mark.parametrize(("file", "array", "preset", "changes", "rate"), LOG_MEL)
@pytest.mark.parametrize("lane", ["textbook", "extract"])
def test_log_mel(file, array, preset, changes, rate, lane):
    stored, c = golden(file), replace(CONVENTIONS[preset], **changes)
    x = stored["signal"]
    ours = dsp.log_mel(x, rate, c) if lane == "textbook" else dsp.extract([x], rate, c, "log_mel")[0]
    theirs = stored[array]
    if array == "ast":  # it pads with zeros, which it normalizes, up to 1024 frames
        np.testing.assert_allclose(theirs[:, ours.shape[1] :], c.log_offset, rtol=1e-6)
        theirs = theirs[:, : ours.shape[1]]
    if preset == "nemo":  # it masks the last frame with zeros
        assert not theirs[:, -1].any()
        theirs = theirs[:, :-1]
    check(ours, theirs, FLOAT64 if (file, array) in IN_FLOAT64 else FLOAT32)


@pytest.mark.parametrize(("file", "array", "preset", "changes", "rate"), MFCC)
@pytest.mark.parametrize("lane", ["textbook", "extract"])
def test_mfcc(file, array, preset, changes, rate, lane):
    stored, c = golden(file), replace(CONVENTIONS[preset], **changes)
    x = stored["signal"]
    ours = dsp.mfcc(x, rate, c) if lane == "textbook" else dsp.extract([x], rate, c)[0]
    check(ours, stored[array], FLOAT64 if (file, array) in IN_FLOAT64 else FLOAT32)


def test_opensmiles_compare():
    """It leaves out the last three frames of the cepstra and the last of their deltas, where longer frames end."""
    stored = golden("features_opensmile_compare.npz")
    ours = dsp.mfcc(stored["signal"], RATE, "opensmile_compare")
    for rows, name, n_frames in ((ours[:14], "mfcc", 46), (ours[14:], "deltas", 47)):
        assert stored[name].shape[1] - n_frames in (0, 1)
        check(rows[:, :n_frames], stored[name][:, :n_frames], FLOAT32)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("low", "high"), [(300.0, 3400.0), (290.0, 3390.0), (296.9, 3360.0), (64.0, 7600.0)])
def test_htks_band_limits_cut_at_bins(low, high, tmp_path):
    """openSMILE, run live, has HTK's filters: limits that round to a bin above and below, at both ends."""
    config = runpy.run_path(str(GOLDEN / "make" / "python_tools.py"))["OPENSMILE_CONFIG"]
    config = config.replace("lofreq=0", f"lofreq={low}").replace("hifreq=8000", f"hifreq={high}")
    (tmp_path / "limits.conf").write_text(config, encoding="utf-8")
    opensmile = pytest.importorskip("opensmile", reason="openSMILE is optional: pip install .[egemaps]")
    smile = opensmile.Smile(feature_set=str(tmp_path / "limits.conf"), feature_level="lld", loglevel=0)
    x = golden("features_opensmile_compare.npz")["signal"]
    theirs = smile.process_signal(x.astype(np.float32), RATE).to_numpy().T[:13]
    cut = replace(CONVENTIONS["opensmile_mfcc12"], f_min=low, f_max=high, delta_orders=0)
    check(dsp.mfcc(x, RATE, cut), theirs, FLOAT32)
    whole = dsp.mfcc(x, RATE, replace(cut, mel_triangles="mel"))
    assert np.abs(whole - theirs).max() > 5e-3  # the limit at 64 Hz lies almost on a bin


def test_librosas_second_deltas_before_0_9():
    stored = golden("features_librosa_0_8.npz")
    check(dsp.delta(stored["mfcc"], 9, "interp", 2), stored["delta2"], FLOAT64)


def test_spafes_band_is_not_the_plain_triangles():
    """With low_freq and high_freq set; at the full band nothing is stretched."""
    x = golden("features_spafe_band.npz")["signal"]
    band = replace(CONVENTIONS["spafe"], f_min=300.0, f_max=3400.0)
    assert np.abs(dsp.mfcc(x, RATE, band) - dsp.mfcc(x, RATE, replace(band, mel_triangles="hz"))).max() > 1
    whole = dsp.mfcc(x, RATE, replace(CONVENTIONS["spafe"], mel_triangles="hz"))
    np.testing.assert_allclose(dsp.mfcc(x, RATE, "spafe"), whole, rtol=0, atol=1e-12 * np.abs(whole).max())


def test_every_preset_with_a_frozen_tool_is_compared():
    for name in PRESETS:
        status = CONVENTIONS[name].status
        assert status.startswith("verified against") and "frozen output of" in status, name


VERSIONS = {  # of librosa, by preset: those whose output is frozen
    "librosa": ("0_9", "0_10"),
    "librosa_0_8": ("0_6", "0_8"),
}


@pytest.mark.parametrize("preset", VERSIONS)
def test_the_status_names_the_versions_of_librosa(preset):
    for series in VERSIONS[preset]:
        version = str(golden(f"features_librosa_{series}.npz")["version"]).removesuffix(".post1")
        assert version in CONVENTIONS[preset].status
        other = "librosa_0_8" if preset == "librosa" else "librosa"  # which pads the signal in another way
        stored = golden(f"features_librosa_{series}.npz")
        assert np.abs(dsp.mfcc(stored["signal"], RATE, other) - stored["mfcc"]).max() > 1


@pytest.mark.parametrize("lane", ["textbook", "extract"])
@pytest.mark.parametrize("rule", ["add", "at least"])
@pytest.mark.parametrize("loudness", [0.0, 1e-6])
def test_a_floor_under_the_root(lane, rule, loudness):
    """The root of |X|^2 + floor, or of the greater of the two; so quiet that HiFi-GAN's own clamp would hide it."""
    x = loudness * np.random.default_rng(0).standard_normal(6000)
    c = replace(CONVENTIONS["hifigan"], floor=1e-12, spectrum_floor_rule=rule)
    plain = dsp.trace(x, 22_050, replace(c, spectrum_floor=0.0), until="mel")
    power = plain["power"] ** 2
    floored = power + 1e-9 if rule == "add" else np.maximum(power, 1e-9)
    expected = np.log(plain["filterbank"] @ np.sqrt(floored))
    ours = dsp.log_mel(x, 22_050, c) if lane == "textbook" else dsp.extract([x], 22_050, c, "log_mel")[0]
    np.testing.assert_allclose(ours, expected, rtol=1e-9)
