"""Live oracle: SciPy's windows. Closed form: Kaldi's, a power of one of them."""

import numpy as np
import pytest
from scipy.signal import windows

import dsp

ATOL = 1e-15


@pytest.mark.parametrize("n", [1, 2, 3, 8, 25, 400, 551])
@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("name", ["hamming", "hann", "blackman", "bartlett"])
def test_equals_scipy(n, periodic, name):
    expected = getattr(windows, name)(n, sym=not periodic)
    np.testing.assert_allclose(getattr(dsp, name)(n, periodic), expected, rtol=0, atol=ATOL)


@pytest.mark.parametrize("periodic", [False, True])
def test_povey_is_hann_to_the_085(periodic):
    np.testing.assert_allclose(dsp.povey(400, periodic), windows.hann(400, sym=not periodic) ** 0.85, atol=1e-14)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 25, 256, 400, 551])
@pytest.mark.parametrize("periodic", [False, True])
def test_blackman_harris_and_tukey_equal_scipy(n, periodic):
    expected = windows.blackmanharris(n, sym=not periodic)
    np.testing.assert_allclose(dsp.blackman_harris(n, periodic), expected, rtol=0, atol=ATOL)
    for share in (0.1, 0.25, 0.7, 1.0):
        expected = windows.tukey(n, share, sym=not periodic)
        np.testing.assert_allclose(dsp.tukey(n, periodic, share), expected, rtol=0, atol=1e-14)
    with pytest.raises(ValueError, match=r"alpha=.* is not allowed"):
        dsp.tukey(n, periodic, 1.5)


@pytest.mark.parametrize("n", [2, 3, 25, 400])
@pytest.mark.parametrize("periodic", [False, True])
def test_sine_is_half_a_period(n, periodic):
    expected = np.sin(np.pi * np.arange(n) / (n if periodic else n - 1))
    np.testing.assert_allclose(dsp.sine(n, periodic), expected, rtol=0, atol=1e-14)
    assert dsp.sine(1, periodic) == 1


@pytest.mark.parametrize(
    "window",
    [dsp.hamming, dsp.hann, dsp.blackman, dsp.povey, dsp.blackman_harris, dsp.bartlett, dsp.sine, dsp.tukey],
)
@pytest.mark.parametrize("n", [0, -1, 1.5])
def test_bad_lengths(window, n):
    with pytest.raises(ValueError, match=f"n={n}"):
        window(n)
