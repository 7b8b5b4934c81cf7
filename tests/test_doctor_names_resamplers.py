"""The doctor's filters of other tools give those tools' samples, and it names the resampler behind features."""

import math
from dataclasses import replace

import librosa
import numpy as np
import pytest
import resampy
import scipy.signal
import soxr

import dsp
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor import identify
from dsp.doctor.knowledge.resamplers import resample_like

RATES = [(48_000, 16_000), (16_000, 8_000), (44_100, 22_050), (44_100, 16_000), (16_000, 22_050), (48_000, 44_100)]


def of_soxr(quality):
    return lambda x, rate, new: soxr.resample(x, rate, new, quality)


def of_resampy(name):
    return lambda x, rate, new: resampy.resample(x, rate, new, filter=name)


def resample_poly(x, rate, new):
    divisor = math.gcd(rate, new)
    return scipy.signal.resample_poly(x, new // divisor, rate // divisor)


TOOLS = {  # the tool, how far off for ratios of small whole numbers, and for others: its tables are coarse
    "soxr_hq (librosa since 0.10)": (of_soxr("HQ"), 2e-4, 5e-4),
    "soxr_vhq": (of_soxr("VHQ"), 2e-4, 5e-4),
    "soxr_mq": (of_soxr("MQ"), 3e-4, 1.5e-2),
    "soxr_lq": (of_soxr("LQ"), 2e-3, 1e-2),
    "kaiser_best of resampy 0.4": (of_resampy("kaiser_best"), 2e-3, 2e-3),
    "kaiser_fast of resampy 0.4": (of_resampy("kaiser_fast"), 4e-3, 4e-3),
    "scipy.signal.resample_poly": (resample_poly, 1e-14, 1e-14),
    "scipy.signal.resample": (lambda x, rate, new: scipy.signal.resample(x, -(-x.size * new // rate)), 1e-13, 1e-13),
    "MATLAB's resample": (lambda x, rate, new: dsp.matlab_resample(x, new, rate), 1e-13, 1e-13),
}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(("rate", "new"), RATES)
def test_the_filter_is_the_tools_own(tool, rate, new, rng):
    """Noise is the hardest signal: it has as much power at the edge of the band as below."""
    x = rng.standard_normal(6001) * np.hanning(6001)
    compute, near, far = TOOLS[tool]
    expected, found = compute(x, rate, new), resample_like(x, rate, new, tool)
    assert found.size == expected.size
    is_simple = max(rate, new) % min(rate, new) == 0
    error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    assert error < (near if is_simple else far)


@pytest.fixture(scope="module")
def wide(utterance):
    """The utterance at 48 kHz, with noise in the band that it lacks."""
    x = dsp.resample(utterance, 16_000, 48_000)
    return x + 1e-3 * np.random.default_rng(1).standard_normal(x.size)


KALDI = replace(CONVENTIONS["kaldi_fbank"], window="hamming", n_mels=40)
CASES = {  # signal at 48 kHz -> features; the preset, the parameters that differ, the rate and the tool
    "librosa.load": (
        lambda x: librosa.feature.mfcc(y=librosa.resample(x, orig_sr=48_000, target_sr=22_050), sr=22_050, n_mfcc=13),
        "librosa",
        {"n_mfcc"},
        "48000 to 22050 Hz first, as soxr (soxr_hq: librosa since 0.10) does",
    ),
    "a convention that is no preset": (
        lambda x: dsp.log_mel(soxr.resample(x, 48_000, 16_000), 16_000, KALDI),
        "kaldi",
        {"window", "n_mels"},
        "48000 to 16000 Hz first, as soxr_hq (librosa since 0.10) does",
    ),
    "resample_poly, time first": (
        lambda x: dsp.log_mel(scipy.signal.resample_poly(x, 1, 3), 16_000, "whisper").T,
        "whisper",
        set(),
        "48000 to 16000 Hz first, as scipy.signal.resample_poly does",
    ),
    "resample": (
        lambda x: dsp.mfcc(scipy.signal.resample(x, x.size // 3), 16_000, "python_speech_features"),
        "python_speech_features",
        set(),
        "48000 to 16000 Hz first, as scipy.signal.resample does",
    ),
    "kaiser_fast": (
        lambda x: dsp.log_mel(resampy.resample(x, 48_000, 44_100, filter="kaiser_fast"), 44_100, "librosa"),
        "librosa",
        set(),
        "48000 to 44100 Hz first, as kaiser_fast of resampy 0.4 does",
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES)
def test_the_tool_is_named(case, wide):
    compute, preset, differences, words = CASES[case]
    found = identify(compute(wide), wide, 48_000)
    assert (found.verdict, found.nearest) == ("explained up to a class", preset)
    assert set(found.differences) == differences
    assert found.left_open.endswith("the filter of the resampler")
    assert found.change == f"the signal was resampled from {words}"


@pytest.mark.filterwarnings("ignore")
def test_by_dsp_itself_every_value_agrees(wide):
    found = identify(dsp.log_mel(dsp.resample(wide, 48_000, 16_000), 16_000, KALDI), wide, 48_000)
    assert (found.verdict, found.left_open) == ("exact", None)
    assert found.change == "the signal was resampled from 48000 to 16000 Hz first, as dsp.resample does"


@pytest.mark.filterwarnings("ignore")
def test_what_tutorials_on_ravdess_write(wide):
    """librosa.load(path, res_type="kaiser_fast", duration=2.5, sr=44100, offset=0.5)"""
    x = np.tile(wide, 1 + 48_000 * 4 // wide.size)
    part = resampy.resample(x[24_000:][:120_000], 48_000, 44_100, filter="kaiser_fast")
    found = identify(librosa.feature.mfcc(y=part, sr=44_100, n_mfcc=40), x, 48_000)
    assert (found.verdict, found.nearest) == ("explained up to a class", "librosa")
    assert found.change == (
        "the signal was read from 0.5 s on; then it was cut to its first 2.5 s (120000 samples), "
        "then resampled from 48000 to 44100 Hz first, as kaiser_fast of resampy 0.4 does"
    )


@pytest.mark.filterwarnings("ignore")
def test_an_unknown_filter_is_not_named(wide):
    half = 3 * 8
    h = np.sinc(np.arange(-half, half + 1) / 3.3) * np.hamming(2 * half + 1)
    y = np.convolve(wide, h / h.sum(), "same")[::3]
    found = identify(dsp.log_mel(y, 16_000, "whisper"), wide, 48_000)
    assert found.verdict == "unexplained" or (
        found.left_open.endswith("the filter of the resampler") and " does" not in found.change
    )
