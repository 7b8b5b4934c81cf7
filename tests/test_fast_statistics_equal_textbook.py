"""Both lanes: wiener, trim, sliding_cmn, delta, mel_to_power equal their formulas; offset and length cost nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dsp
from dsp.deltas import delta_by_definition
from dsp.engine.running import frame_powers
from dsp.inversion import mel_to_power_by_definition
from dsp.normalization import sliding_cmn_by_definition
from dsp.trimming import powers_by_definition
from dsp.wiener import wiener_by_definition

RTOL = 1e-12  # of the largest value: sums in another order
FIT_RTOL = 1e-9  # after 200 iterations
SEEDS = st.integers(0, 2**32 - 1)


def compare(values, expected, rtol=RTOL):
    np.testing.assert_allclose(values, expected, rtol=0, atol=rtol * max(np.abs(expected).max(), 1e-300))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(0, 40), st.sampled_from([None, 0.0, 0.3]), st.sampled_from([0, 1e3]), SEEDS)
def test_wiener(n, half, noise, offset, seed):
    x = np.random.default_rng(seed).standard_normal(n) + offset
    compare(dsp.wiener(x, 2 * half + 1, noise), wiener_by_definition(x, 2 * half + 1, noise))


def test_wiener_with_windows_far_wider_than_the_signal():
    x = np.array([1.0, -2.0, 4.0])
    compare(dsp.wiener(x, 1001, 0.1), wiener_by_definition(x, 1001, 0.1))
    assert np.abs(dsp.wiener(x, 2**28 - 1, 0.0) - x).max() == 0
    mean, power = 3 / (2**28 - 1), 21 / (2**28 - 1)
    np.testing.assert_allclose(dsp.wiener(x, 2**28 - 1, power / 2), mean + 0.5 * (x - mean), rtol=1e-7)


def test_wiener_keeps_its_digits_beside_a_large_offset(rng):
    """The variance of 1e-3 beside an offset of 1e5 would vanish in E[x^2] - m^2, which has 1e-6 of rounding."""
    x = 1e-3 * rng.standard_normal(2000) + 1e5
    noise = 5e-7
    y, expected = dsp.wiener(x, 11, noise)[20:-20], wiener_by_definition(x, 11, noise)[20:-20]
    assert np.abs(y - x[20:-20]).max() > 1e-4
    np.testing.assert_allclose(y - 1e5, expected - 1e5, rtol=0, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 500), st.integers(1, 300), SEEDS)
def test_powers_of_frames(n, frame_length, hop_length, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n) * 10.0 ** rng.uniform(-8, 0, n)
    expected = powers_by_definition(x, frame_length, hop_length)
    powers = np.full(expected.size, np.nan)
    frame_powers(x, frame_length, hop_length, powers)
    np.testing.assert_allclose(powers, expected, rtol=RTOL)  # relative to each: silence after noise keeps its digits


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.integers(1, 300), st.integers(1, 400), st.booleans(), st.sampled_from([0, 1e3]), SEEDS)
def test_sliding_cmn(n_rows, n, window, variance, offset, seed):
    x = np.random.default_rng(seed).standard_normal((n_rows, n)) + offset
    y = dsp.sliding_cmn(x, window, variance)
    if (variance and window == 1) or n == 1:
        assert not y.any()
    else:
        np.testing.assert_allclose(y, sliding_cmn_by_definition(x, window, variance), rtol=0, atol=1e-9)


def test_sliding_cmn_does_not_drift(rng):
    """An hour of frames whose first minute is a million times as loud as the rest."""
    x = rng.standard_normal((1, 360_000))
    x[:, :6000] *= 1e6
    y = dsp.sliding_cmn(x, 300, variance=True)
    end = x[:, -2000:]
    np.testing.assert_allclose(y[:, -1000:], sliding_cmn_by_definition(end, 300, True)[:, -1000:], rtol=0, atol=1e-12)
    assert not dsp.sliding_cmn(np.full((2, 1000), 0.1), 300, variance=True).any()


def test_one_bad_frame_reaches_its_window_only(rng):
    x = rng.standard_normal((1, 100))
    x[0, 50] = np.nan
    for variance in (False, True):
        bad = np.isnan(dsp.sliding_cmn(x, 10, variance)[0])
        np.testing.assert_array_equal(bad, np.isnan(sliding_cmn_by_definition(x, 10, variance)[0]))
        assert bad.sum() == 10


def test_other_axes_and_layouts(rng):
    x = rng.standard_normal((2, 3, 40))
    np.testing.assert_array_equal(dsp.sliding_cmn(x, 7)[1, 2], dsp.sliding_cmn(x[1, 2], 7))
    np.testing.assert_array_equal(dsp.delta(x)[1, 2], dsp.delta(x[1, 2]))
    strided = np.asfortranarray(x[0])
    np.testing.assert_array_equal(dsp.delta(strided), dsp.delta(x[0]))
    np.testing.assert_array_equal(dsp.sliding_cmn(strided, 7), dsp.sliding_cmn(x[0], 7))
    assert dsp.delta(np.arange(20)).dtype == np.float64


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(1, 60), st.integers(1, 8), st.sampled_from([1, 2]), st.booleans(), SEEDS)
def test_delta(n_rows, n, half, order, replicate, seed):
    x, width = np.random.default_rng(seed).standard_normal((n_rows, n)), 2 * half + 1
    edges = "replicate" if replicate else "interp"
    if n >= width or replicate:
        expected = delta_by_definition(x, width, edges, order)
        largest = np.abs(x).max()  # the slope of one repeated frame is 0 but for the rounding of its terms
        np.testing.assert_allclose(dsp.delta(x, width, edges, order), expected, rtol=0, atol=RTOL * largest)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.integers(1, 40), st.integers(1, 30), st.sampled_from([0, 1, 200]), SEEDS)
def test_mel_to_power(n_mels, n_bins, n_frames, iterations, seed):
    rng = np.random.default_rng(seed)
    H = rng.random((n_mels, n_bins)) * (rng.random((n_mels, n_bins)) < 0.3)
    mel = rng.exponential(size=(n_mels, n_frames)) * (rng.random((n_mels, n_frames)) < 0.8)
    compare(dsp.mel_to_power(mel, H, iterations), mel_to_power_by_definition(mel, H, iterations), FIT_RTOL)


@pytest.mark.parametrize("n_frames", [1, 8, 9])
def test_mel_to_power_of_a_mel_bank(rng, n_frames):
    H = dsp.mel_filterbank(40, 512, 16_000)
    mel = H @ rng.exponential(size=(257, n_frames))
    compare(dsp.mel_to_power(mel, H), mel_to_power_by_definition(mel, H, 200), FIT_RTOL)
