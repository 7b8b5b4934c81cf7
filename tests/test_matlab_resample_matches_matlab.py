"""Real MATLAB output, closed forms, SciPy: matlab_resample has MATLAB's numbers to 1e-14, resample_poly has not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import io, signal

import dsp

MATLAB = 1e-14  # of the greatest value; measured: 1.1e-15


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["core-resample-001", "core-resample-003"])
def test_matlabs_own_numbers(corpora, name):
    file = io.loadmat(corpora / "matlab_fixtures" / f"{name}.mat")
    x, theirs = file["y_in"].ravel(), file["y_out"].ravel()
    p, q = int(file["sr_out"].item()), int(file["sr_in"].item())
    ours = dsp.matlab_resample(x, p, q)
    assert ours.shape == theirs.shape
    greatest = np.abs(theirs).max()
    assert np.abs(ours - theirs).max() <= MATLAB * greatest
    assert 4e-4 < np.abs(signal.resample_poly(x, p, q) - theirs).max() / greatest < 8e-4


def by_definition(x, p, q, n, beta):
    """Zeros between the samples, the filter, every q-th sample: SciPy's upfirdn does these three."""
    p, q = p // math.gcd(p, q), q // math.gcd(p, q)
    m = max(p, q)
    half = n * m
    k = np.arange(2 * half + 1)
    h = p / m * np.sinc((k - half) / m) * signal.windows.kaiser(2 * half + 1, beta)
    filtered = signal.upfirdn(h, x, p)
    return filtered[half::q][: -(-x.size * p // q)]


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(1, 200), st.integers(1, 12), st.sampled_from([0.0, 5.0, 14.0])
)
def test_the_definition(p, q, n_samples, n, beta):
    x = np.random.default_rng(n_samples).standard_normal(n_samples)
    ours = dsp.matlab_resample(x, p, q, n, beta)
    if p == q:
        np.testing.assert_array_equal(ours, x)
        return
    expected = by_definition(x, p, q, n, beta)
    assert ours.size == -(-n_samples * (p // math.gcd(p, q)) // (q // math.gcd(p, q)))
    padded = np.pad(expected, (0, ours.size - expected.size))  # upfirdn ends with the filter
    np.testing.assert_allclose(ours, padded, atol=1e-12 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize(("p", "q"), [(160, 441), (2, 1), (1, 2), (3, 7)])
def test_scipys_resample_poly_divides_by_the_sum(p, q):
    x = np.random.default_rng(0).standard_normal(5000)
    m = max(p, q)
    h = p / m * np.sinc(np.arange(-10 * m, 10 * m + 1) / m) * dsp.kaiser(20 * m + 1, 5.0)
    theirs = signal.resample_poly(x, p, q)
    np.testing.assert_allclose(dsp.matlab_resample(x, p, q) / (h.sum() / p), theirs, rtol=0, atol=1e-13)


def test_rates_may_be_given():
    x = np.sin(0.1 * np.arange(3000))
    np.testing.assert_array_equal(dsp.matlab_resample(x, 8000, 22_050), dsp.matlab_resample(x, 160, 441))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: dsp.matlab_resample(x, 0, 1), "p=0"),
        (lambda x: dsp.matlab_resample(x, 1, 10**8), "n \\* max\\(p, q\\) in lowest terms=1000000000 is too large"),
        (lambda x: dsp.matlab_resample(x, 2, 1, beta=-1.0), "beta=-1.0"),
        (lambda x: dsp.matlab_resample(x, 2, 1, n=0), "n=0"),
        (lambda x: dsp.matlab_resample(np.append(x, np.nan), 2, 1), "must be finite"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.ones(100))
