"""Frozen oracle: GNU Octave 7.3 (tests/golden/make/octave.m) for windows, buffer, filter, fft."""

import numpy as np
import pytest

import dsp
from tests.conftest import GOLDEN

ONE_ULP = 2.3e-16  # windows: cos of two mathematics libraries
FFT_RELATIVE = 2.5e-15  # of the norm: FFTW is within 1e-15 of the exact value, this FFT within 1.5e-15 (a chirp at 401)


GOLDEN_FILE = np.load(GOLDEN / "dsp_octave.npz")


def cases(name: str) -> list[int]:

    return GOLDEN_FILE[name].ravel().astype(int).tolist()


@pytest.mark.parametrize("n", cases("window_lengths"))
@pytest.mark.parametrize("name", ["hamming", "hann"])
def test_windows(octave_dsp, name, n):
    window = getattr(dsp, name)
    symmetric, periodic = octave_dsp[f"{name}_{n}"].ravel(), octave_dsp[f"{name}_periodic_{n}"].ravel()
    np.testing.assert_allclose(window(n), symmetric, atol=ONE_ULP, rtol=0)
    np.testing.assert_allclose(window(n, periodic=True), periodic, atol=ONE_ULP, rtol=0)


def test_buffer(octave_dsp):
    x = octave_dsp["x"].ravel()
    for i, (length, n, p) in enumerate(octave_dsp["buffer_cases"].astype(int), 1):
        np.testing.assert_array_equal(dsp.buffer(x[:length], n, p), octave_dsp[f"buffer_{i}"])
        if p > 0:
            nodelay = dsp.buffer(x[:length], n, p, initial="nodelay")
            np.testing.assert_array_equal(nodelay, octave_dsp[f"buffer_nodelay_{i}"])
            initial = dsp.buffer(x[:length], n, p, initial=-np.arange(1.0, p + 1))
            np.testing.assert_array_equal(initial, octave_dsp[f"buffer_initial_{i}"])


def test_preemphasis_bit_for_bit(octave_dsp):
    np.testing.assert_array_equal(dsp.preemphasis(octave_dsp["x"].ravel(), 0.97), octave_dsp["preemphasis"].ravel())


@pytest.mark.parametrize("n", cases("fft_lengths"))
def test_fft_and_ifft(octave_dsp, n):
    x = octave_dsp["x"].ravel()[:n]
    z = x + 1j * x[::-1]
    limit = FFT_RELATIVE * np.linalg.norm(z)
    assert np.abs(dsp.fft(z) - octave_dsp[f"fft_{n}"].ravel()).max() <= limit
    assert np.abs(dsp.ifft(z) - octave_dsp[f"ifft_{n}"].ravel()).max() <= limit / n
