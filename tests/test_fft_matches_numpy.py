"""Live oracle: numpy.fft (pocketfft) on lengths and shapes that hypothesis chooses."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import dsp

ATOL = 5e-15  # of the signal's norm: both are float64 and differ by a few roundings


@settings(max_examples=150, deadline=None)
@given(n=st.integers(1, 3000), rows=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_all_four_transforms(n, rows, seed):
    rng = np.random.default_rng(seed)
    x, z = rng.standard_normal((rows, n)), rng.standard_normal((rows, n, 2)).view(np.complex128)[..., 0]
    norm = np.linalg.norm(z, axis=-1, keepdims=True) + np.linalg.norm(x, axis=-1, keepdims=True)
    assert (np.abs(dsp.fft(z) - np.fft.fft(z)) <= ATOL * norm).all()
    assert (np.abs(dsp.ifft(z) - np.fft.ifft(z)) <= ATOL * norm / n).all()
    X = dsp.rfft(x)
    assert (np.abs(X - np.fft.rfft(x)) <= ATOL * norm).all()
    assert (np.abs(dsp.irfft(X, n) - np.fft.irfft(X, n)) <= ATOL * norm).all()
