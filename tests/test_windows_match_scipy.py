"""Live oracle: SciPy's windows. Closed form: Kaldi's, a power of one of them."""

import numpy as np
import pytest
from scipy.signal import windows

import dsp

ATOL = 1e-15


@pytest.mark.parametrize("n", [1, 2, 3, 8, 25, 400, 551])
@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("name", ["hamming", "hann", "blackman"])
def test_equals_scipy(n, periodic, name):
    expected = getattr(windows, name)(n, sym=not periodic)
    np.testing.assert_allclose(getattr(dsp, name)(n, periodic), expected, rtol=0, atol=ATOL)


@pytest.mark.parametrize("periodic", [False, True])
def test_povey_is_hann_to_the_085(periodic):
    np.testing.assert_allclose(dsp.povey(400, periodic), windows.hann(400, sym=not periodic) ** 0.85, atol=1e-14)


@pytest.mark.parametrize("window", [dsp.hamming, dsp.hann, dsp.blackman, dsp.povey])
@pytest.mark.parametrize("n", [0, -1, 1.5])
def test_bad_lengths(window, n):
    with pytest.raises(ValueError, match=f"n={n}"):
        window(n)
