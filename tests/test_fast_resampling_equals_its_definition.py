"""Both lanes: `resample` equals the sum that defines it for random signals, rates, lengths; on other processors too."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from dsp.engine import radices, resampler
from dsp.resampling import _design, _plan, resample, resample_by_definition
from tests.conftest import here_and_on

RTOL = 1e-10  # of the largest sample: the filter is 200 dB down where the fast lane neglects it; measured: 3e-11
RATES = [8000, 16000, 22050, 24000, 44100, 48000]
ODD_RATIOS = [(1009, 997), (997, 1009), (333, 1009), (997, 103), (11, 13), (13, 2), (1, 11), (44100, 8011)]
SIMPLE_RATIOS = [(5, 7), (7, 1), (1, 3), (64, 63), (625, 243), (48000, 100), (100, 48000)]


def compare(x: np.ndarray, sample_rate: int, new_rate: int) -> None:
    expected = resample_by_definition(x, sample_rate, new_rate)
    y = resample(x, sample_rate, new_rate)
    np.testing.assert_allclose(y, expected, rtol=0, atol=RTOL * max(np.abs(x).max(), 1e-300))


@pytest.mark.parametrize("new_rate", RATES)
@pytest.mark.parametrize("sample_rate", RATES)
def test_common_rates(rng, sample_rate, new_rate):
    compare(rng.standard_normal(12_000), sample_rate, new_rate)


@pytest.mark.parametrize(("sample_rate", "new_rate"), SIMPLE_RATIOS + ODD_RATIOS)
@pytest.mark.parametrize("n", [1, 2, 7, 500, 9001])
def test_other_rates(rng, sample_rate, new_rate, n):
    compare(rng.standard_normal(n), sample_rate, new_rate)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 120), st.integers(1, 120), st.integers(1, 4000), st.integers(0, 2**32 - 1), st.booleans())
def test_random_rates_and_lengths(sample_rate, new_rate, n, seed, single):
    x = np.random.default_rng(seed).standard_normal(n)
    compare(x.astype(np.float32) if single else x, sample_rate, new_rate)


@pytest.mark.parametrize(("sample_rate", "new_rate"), [(16000, 8000), (44100, 16000), (16000, 48000), (1009, 997)])
def test_every_length_around_a_block(rng, sample_rate, new_rate):
    divisor = math.gcd(sample_rate, new_rate)
    plan = _plan(new_rate // divisor, sample_rate // divisor)
    for n in (plan.hop - 1, plan.hop, plan.hop + 1, 2 * plan.hop - 1, 2 * plan.hop, 2 * plan.hop + 1):
        compare(rng.standard_normal(n), sample_rate, new_rate)


def test_rates_without_a_common_divisor(rng):
    """Of 44101 to 16000 Hz, some outputs as the sums that define them: the table of branches would take 190 MB."""
    x = rng.standard_normal(60_000)
    y = resample(x, 44_101, 16_000)
    half, fc, beta = _design(16_000, 44_101)
    for m in (0, 1, 2000, 9999, y.size - 1):
        t = m * 44_101 / 16_000 - np.arange(x.size)
        window = np.i0(beta * np.sqrt(np.maximum(1 - (t / half) ** 2, 0))) / np.i0(beta)
        h = np.where(np.abs(t) < half, fc * np.sinc(fc * t) * window, 0)
        np.testing.assert_allclose(y[m], h @ x, rtol=0, atol=RTOL * np.abs(x).max())


@pytest.mark.parametrize("new_rate", [16_000, 44_100])
def test_unequal_rates_need_little_memory(new_rate):
    """44101 Hz: less than 50 MB beside the result, of which a minute of sound takes little more."""
    x = np.zeros(60 * 44_101)
    _plan.cache_clear()
    resample(x[:1000], 44_101, new_rate)  # compiled
    _plan.cache_clear()
    tracemalloc.start()
    try:
        y = resample(x, 44_101, new_rate)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - y.nbytes < 20e6


def test_strided_and_read_only_signals(rng):
    x = rng.standard_normal(9000)
    x.flags.writeable = False
    np.testing.assert_array_equal(resample(x[::3], 3, 2), resample(x[::3].copy(), 3, 2))
    np.testing.assert_array_equal(resample(x.astype(">f8"), 3, 2), resample(x, 3, 2))


@njit
def _transform(z, numbers, roots):
    radices.transform(z, numbers, roots)


@pytest.mark.parametrize("m", [8, 9, 10, 14, 15, 35, 49, 64, 128, 441, 882, 1536, 2520])
def test_eight_transforms_side_by_side(rng, m):
    tables = resampler.make_transform(8 * m)
    x = rng.standard_normal((m, 8)) + 1j * rng.standard_normal((m, 8))
    z = np.concatenate([x.real, x.imag], axis=1).ravel()
    _transform(z, tables.radices, tables.roots)
    bins = z.reshape(m, 2, 8)[tables.order]
    expected = np.fft.fft(x, axis=0)
    np.testing.assert_allclose(bins[:, 0] + 1j * bins[:, 1], expected, atol=1e-14 * np.abs(expected).max())


def test_radices():
    assert radices.radices_of(2 * 3 * 4 * 5 * 7) == (7, 5, 3, 8)
    assert radices.radices_of(1024) == (8, 8, 4, 4)
    assert radices.radices_of(22) == ()


PROGRAM = """
import sys, numpy as np, dsp
x = np.random.default_rng(0).standard_normal(9000)
pairs = ((44100, 16000), (16000, 8000), (16000, 22050), (8000, 24000), (1009, 997))
np.save(sys.argv[1], np.concatenate([dsp.resample(x, *pair) for pair in pairs]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("processor", ["generic", "haswell"])
def test_other_processors_give_the_same_numbers(tmp_path, processor):
    """No vector unit worth the name (SSE2), and AVX2 without AVX-512, by Numba's setting."""
    results = here_and_on(processor, PROGRAM, tmp_path)
    assert results[0].size > 30_000 and math.isfinite(results[0].sum())
    np.testing.assert_allclose(results[0], results[1], rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("sample_rate", "new_rate", "message"),
    [
        (1, 10**9, "new_rate=1000000000 is too large"),
        (1, 2**28, "too far apart"),
        (2**28, 1, "too far apart"),
        (16_000, 15, "neither may be more than 1024 times the other"),
    ],
)
def test_rates_far_apart_are_refused_at_once(sample_rate, new_rate, message):
    with pytest.raises(ValueError, match=message):
        resample(np.ones(9), sample_rate, new_rate)


def test_results_too_long_are_refused_before_memory_is_taken():
    x = np.broadcast_to(np.float64(0.5), (2**20,))
    with pytest.raises(ValueError, match=r"1048576 samples would become 1073741824; at most 268435456"):
        resample(x, 1, 1024)


def test_the_widest_ratio(rng):
    x = rng.standard_normal(3000)
    np.testing.assert_allclose(resample(x, 1024, 1), resample_by_definition(x, 1024, 1), atol=1e-12)
