"""Definition, in extended precision: the error bounds on which the images' last bits rest.

Samples are whole numbers, and the roots of unity are taken to 40 digits and scaled to whole numbers,
so that the reference DFT is exact arithmetic of Python integers.
"""

import mpmath
import numpy as np
import pytest

import dsp

RMS, LARGEST = 5e-16, 1e-14  # of the frame's L2 norm: what 1200 of 1200 exact images ask for
SCALE = 2**130
LENGTHS = [512, 2, 31, 61, 97, 100, 257, 400, 401, 509, 1000, 1001, 1021, 1025, 1024, 2048]


def exact_roots(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Real and imaginary parts of exp(-2 pi i k / n) times SCALE, as Python integers."""
    with mpmath.workdps(45):
        angles = [mpmath.mpf(2 * k) / n for k in range(n)]
        real = [int(mpmath.nint(mpmath.cospi(a) * SCALE)) for a in angles]
        imaginary = [int(mpmath.nint(-mpmath.sinpi(a) * SCALE)) for a in angles]
    return np.array(real, dtype=object), np.array(imaginary, dtype=object)


@pytest.mark.parametrize("n", LENGTHS)
def test_error_bounds(rng, n):
    frames = rng.integers(-32768, 32768, (6 if n <= 512 else 2, n))
    n_bins = n // 2 + 1
    bins = np.arange(n_bins) if n <= 512 else np.unique(rng.integers(0, n_bins, 150))
    real, imaginary = exact_roots(n)
    powers = np.outer(bins, np.arange(n)) % n
    exact_real = frames.astype(object) @ real[powers].T
    exact_imaginary = frames.astype(object) @ imaginary[powers].T
    norm = np.linalg.norm(frames, axis=1, keepdims=True)
    for transform in (dsp.rfft, dsp.fft):
        X = transform(frames.astype(float))[:, bins]
        error = np.hypot(difference(X.real, exact_real), difference(X.imag, exact_imaginary)) / norm
        assert np.sqrt(np.mean(error**2)) <= RMS, transform
        assert error.max() <= LARGEST, transform


def difference(x: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """x - exact / SCALE without rounding in between."""
    pairs = zip(x.ravel(), exact.ravel(), strict=True)
    return np.reshape([(int(a * 2.0**60) * (SCALE >> 60) - b) / SCALE for a, b in pairs], x.shape)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 12, 97, 512, 1021, 4096])
def test_roots_of_unity_are_correct_to_an_ulp(n):
    real, imaginary = exact_roots(n)
    roots = dsp.roots_of_unity(n)
    one_ulp = np.finfo(float).eps / 2  # of values between 0.5 and 1
    assert np.abs(roots.real - (real / SCALE).astype(float)).max() <= one_ulp
    assert np.abs(roots.imag - (imaginary / SCALE).astype(float)).max() <= one_ulp
