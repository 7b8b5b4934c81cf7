"""For every parameter there is a probe signal on which another value of it changes the features."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from dsp.conventions.parameters import PARAMETERS, WORDS, Convention
from dsp.doctor.knowledge.probe_signals import DESCRIPTIONS, PROBES, advice, probe
from dsp.mfcc import log_mel, mfcc

RATE = 16_000
EVERYTHING = Convention(  # most parameters have an effect in it
    preemphasis=0.97,
    lifter=22.0,
    energy="first",
    energy_floor=1e-9,
    delta_orders=2,
    delta_edges="interp",
)
CHANGED = {  # for parameters that hold numbers: another value
    "scale": 2.0,
    "dither": 1.0,
    "preemphasis": 0.95,
    "frame_length": 320,
    "frame_length_s": 0.020,
    "hop_length": 100,
    "hop_length_s": 0.0125,
    "n_fft": 1024,
    "n_mels": 24,
    "f_min": 20.0,
    "f_max": 7600.0,
    "spectrum_floor": 1e-3,
    "floor": 1e-7,
    "dynamic_range": 8.0,
    "log_gain": 2.0,
    "log_offset": 1.0,
    "n_mfcc": 12,
    "dct_type": 3,
    "lifter": 0.0,
    "lifter_first": 1,
    "energy_floor": 1e-3,
    "smoothing": 3,
    "delta_orders": 1,
    "delta_width": 5,
    "normalization_ddof": 1,
    "normalization_eps": 0.5,
}


SAME = {"mel_scale": {"kaldi"}}  # HTK's and Kaldi's mels are proportional: the filters of both are equal
_NORMALIZED = {"normalization": "mean and variance"}
BESIDE = {  # what another parameter needs to have an effect
    "rounding": {"frame_length_s": 0.02505},  # 400.8 samples
    "spectrum_floor": {"spectrum": "magnitude"},
    "spectrum_floor_rule": {"spectrum": "magnitude", "spectrum_floor": 1e-3},
    "mel_triangles": {"f_min": 100.0},
    "mel_energy": {"n_mfcc": None},
    "normalization_ddof": _NORMALIZED,
    "normalization_eps": _NORMALIZED,
    "normalization_eps_to": _NORMALIZED | {"normalization_eps": 0.5},
}


def features(parameter: str, value):
    c = replace(EVERYTHING, **BESIDE.get(parameter, {}), **{parameter: value})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return (log_mel if c.n_mfcc is None else mfcc)(probe(PROBES[parameter], RATE), RATE, c)


def differ(x, y) -> bool:
    return x.shape != y.shape or np.abs(x - y).max() > 1e-8 * np.abs(x).max()


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_another_value_shows(parameter):
    value = getattr(EVERYTHING, parameter)
    before = features(parameter, value)
    assert np.array_equal(before, features(parameter, value))
    others = set(WORDS.get(parameter, (CHANGED.get(parameter),))) - {value} - SAME.get(parameter, set())
    assert others
    assert all(differ(before, features(parameter, other)) for other in others)
    assert advice(parameter).startswith(f"compute the features of {DESCRIPTIONS[PROBES[parameter]]}, ")
    assert f"dsp.doctor.probe('{PROBES[parameter]}', 16000)" in advice(parameter)


def test_dither_is_said_to_be_random():
    assert "random" in advice("dither")
    assert not [name for name in PARAMETERS if name != "dither" and "random" in advice(name)]


@pytest.mark.parametrize("name", DESCRIPTIONS)
@pytest.mark.parametrize("rate", [8000, 11025, 44_100])
def test_a_second_of_finite_samples(name, rate):
    x = probe(name, rate)
    assert x.shape == (rate,) and x.dtype == np.float64 and np.abs(x).max() <= 1
    assert np.array_equal(x, probe(name, rate))


def test_probes_are_what_they_are_called():
    assert not probe("silence", RATE).any()
    impulse = probe("impulse at sample 0", RATE)
    assert impulse[0] == 1 and not impulse[1:].any()
    assert abs(probe("offset", RATE).mean() - 0.3) < 1e-3 and abs(probe("noise", RATE).mean()) < 1e-2
    quiet = probe("quiet after loud", RATE)
    loud, soft, silent = np.split(quiet[: RATE // 3 * 3], 3)
    assert np.abs(loud).max() > 0.99 and 0 < np.abs(soft).max() < 1e-5 and not silent.any()


def test_a_chirp_rises_to_half_the_rate():
    x = probe("full-scale chirp", RATE)
    turns = [np.count_nonzero(np.diff(np.signbit(part))) for part in np.split(x, 4)]
    assert np.allclose(turns, [RATE / 8 / 4, 3 * RATE / 8 / 4, 5 * RATE / 8 / 4, 7 * RATE / 8 / 4], atol=3)
    assert np.abs(x).max() > 0.999


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: probe("whistle", RATE), "unknown probe 'whistle'; known are impulse"),
        (lambda: probe("noise", 0), "sample_rate=0 is not a sample rate"),
        (lambda: advice("colour"), "unknown parameter 'colour'; known are scale"),
    ],
)
def test_bad_names(call, message):
    with pytest.raises(ValueError, match=message):
        call()
