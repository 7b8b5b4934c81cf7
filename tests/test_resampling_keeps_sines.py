"""Closed form, definition and invariants: sines have a known answer at every rate, and so have lengths."""

import itertools
import math

import numpy as np
import pytest

from dsp.resampling import PASS_BAND, resample
from dsp.windows import kaiser

RATES = [16000, 22050, 24000, 44100, 48000]
PAIRS = list(itertools.permutations(RATES, 2))
IN_BAND_SNR_DB = 190.0  # ripple of a 200 dB design is 1e-10 of the sine
STOP_BAND_DB = 190.0
DC_ATOL = 1e-10  # near an end of the signal, the part of the filter beyond the lower Nyquist frequency is missing
KAISER_ATOL = 1e-13  # two series for I0, each good to some ulps
DEFINITION_ATOL = 1e-10  # the definition is not divided by the sums of its branches (1 to within 1e-10)
FADE = 275  # zero crossings of the filter on either side, and a few more


def inside(sample_rate: int, new_rate: int) -> slice:
    """Where the output does not see the signal's ends."""
    edge = math.ceil(FADE * new_rate / min(sample_rate, new_rate))
    return slice(edge, -edge)


def sine(share: float, rate: int, reference: int, n: int) -> np.ndarray:
    """cos at `share` of the Nyquist frequency of `reference`, sampled n times at `rate`."""
    return np.cos(np.pi * share * reference * np.arange(n) / rate + 0.3)


@pytest.mark.parametrize(("sample_rate", "new_rate"), PAIRS)
def test_sines_stay_what_they_are(sample_rate, new_rate):
    low = min(sample_rate, new_rate)
    for share in (0.01, 0.2, 0.5, 0.8, 0.9, 0.93, PASS_BAND):
        y = resample(sine(share, sample_rate, low, sample_rate // 8), sample_rate, new_rate)
        expected = sine(share, new_rate, low, y.size)
        here = inside(sample_rate, new_rate)
        error = (y - expected)[here]
        assert error.size > 500
        assert 10 * np.log10(np.mean(expected[here] ** 2) / np.mean(error**2)) >= IN_BAND_SNR_DB, share


@pytest.mark.parametrize(("sample_rate", "new_rate"), [pair for pair in PAIRS if pair[1] < pair[0]])
def test_tones_above_the_new_nyquist_frequency_are_gone(sample_rate, new_rate):
    for share in (1.0005, 1.003, 1.02, 1.08, 1.3, 1.7, 2.5):
        if share * new_rate < sample_rate:
            y = resample(sine(share, sample_rate, new_rate, sample_rate // 8), sample_rate, new_rate)
            y = y[inside(sample_rate, new_rate)]
            assert 10 * np.log10(np.mean(y**2) / 0.5) <= -STOP_BAND_DB, share


@pytest.mark.parametrize(("sample_rate", "new_rate"), [*PAIRS, (1, 3), (7, 5), (16000, 1000), (1000, 999)])
def test_a_constant_stays(sample_rate, new_rate):
    y = resample(np.full(9000, 0.7), sample_rate, new_rate)[inside(sample_rate, new_rate)]
    assert y.size > 0
    np.testing.assert_allclose(y, 0.7, atol=DC_ATOL)


@pytest.mark.parametrize(("sample_rate", "new_rate"), [*PAIRS, (1, 3), (7, 5), (5, 7), (48000, 100), (3, 3)])
def test_lengths_are_rounded_up(sample_rate, new_rate):
    for n in (1, 2, 146, 147, 148, 1000, 44100):
        assert resample(np.ones(n), sample_rate, new_rate).shape == (math.ceil(n * new_rate / sample_rate),)


@pytest.mark.parametrize(("sample_rate", "new_rate"), [(16000, 24000), (44100, 16000), (5, 7), (7, 1)])
@pytest.mark.parametrize("n", [1, 40, 900])
def test_every_output_is_the_sum_it_is_defined_as(rng, sample_rate, new_rate, n):
    x = rng.uniform(-1, 1, n)
    y = resample(x, sample_rate, new_rate)
    c = min(1.0, new_rate / sample_rate)
    half, fc = math.ceil(192.05 / (2 * 2.285 * math.pi * 0.05 * c)), 0.975 * c
    t = np.arange(y.size)[:, None] * sample_rate / new_rate - np.arange(n)  # (outputs, inputs), samples
    window = np.i0(0.1102 * 191.3 * np.sqrt(np.maximum(1 - (t / half) ** 2, 0))) / np.i0(0.1102 * 191.3)
    h = np.where(np.abs(t) < half, fc * np.sinc(fc * t) * window, 0)
    np.testing.assert_allclose(y, h @ x, atol=DEFINITION_ATOL)


def test_time_reversed_signals_give_time_reversed_results(rng):
    for sample_rate, new_rate in ((44100, 16000), (16000, 44100), (2, 3)):
        divisor = math.gcd(sample_rate, new_rate)
        x = rng.standard_normal(5 * sample_rate // divisor + 1)  # its last sample falls on an output
        n = 5 * new_rate // divisor + 1
        reversed_first = resample(x[::-1], sample_rate, new_rate)[:n]
        np.testing.assert_allclose(reversed_first, resample(x, sample_rate, new_rate)[:n][::-1], atol=1e-10)


def test_linear(rng):
    x, z = rng.standard_normal((2, 3000))
    combined = resample(2 * x - 3 * z, 22050, 16000)
    np.testing.assert_allclose(combined, 2 * resample(x, 22050, 16000) - 3 * resample(z, 22050, 16000), atol=1e-12)


def test_equal_rates_give_an_equal_copy(rng):
    x = rng.standard_normal(100)
    y = resample(x, 16000, 16000)
    np.testing.assert_array_equal(y, x)
    assert not np.shares_memory(x, y)
    assert resample(x.astype(np.float32), 16000, 24000).dtype == np.float64


@pytest.mark.parametrize("n", [1, 2, 3, 10, 101, 2000])
@pytest.mark.parametrize("beta", [0.0, 0.5, 5.0, 12.27, 40.0])
def test_the_window_is_kaisers(n, beta):
    np.testing.assert_allclose(kaiser(n, beta), np.kaiser(n, beta), atol=KAISER_ATOL)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: resample(np.ones(9), 0, 16000), "sample_rate=0"),
        (lambda: resample(np.ones(9), 16000, -1), "new_rate=-1"),
        (lambda: resample(np.ones(9), 16000, 8000.5), "new_rate=8000.5"),
        (lambda: resample(np.ones((2, 9)), 16000, 8000), r"\(2, 9\)"),
        (lambda: resample(np.ones(9, np.int16), 16000, 8000), "int16"),
        (lambda: resample(np.array([]), 16000, 8000), "empty"),
        (lambda: kaiser(0, 5.0), "n=0"),
        (lambda: kaiser(5, -1.0), "beta=-1.0"),
        (lambda: kaiser(5, math.inf), "beta=inf"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
