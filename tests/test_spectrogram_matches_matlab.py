"""Documented values (MathWorks, spectrogram) and a live oracle (scipy) for S, F, T and the one-sided PSD.

The 1200 images that MATLAB wrote hold S to its last digits: tests/test_image_pixels_match_matlab.py.
"""

import numpy as np
import pytest
from scipy import signal as scipy_signal

import dsp

RELATIVE = 1e-12  # both sides float64


@pytest.mark.parametrize(
    ("n", "length", "noverlap", "nfft"),
    [(16000, 256, 128, 512), (5000, 400, 160, 512), (777, 100, 99, 101), (256, 256, 0, 256)],
)
def test_sizes_frequencies_and_times(rng, n, length, noverlap, nfft):
    S, F, T = dsp.spectrogram(rng.standard_normal(n), dsp.hann(length), noverlap, nfft, 16000)
    n_frames = (n - noverlap) // (length - noverlap)  # k = floor((Nx - noverlap) / (length(window) - noverlap))
    assert S.shape == (nfft // 2 + 1, n_frames) and F.shape == (nfft // 2 + 1,) and T.shape == (n_frames,)
    np.testing.assert_allclose(F, np.arange(nfft // 2 + 1) * 16000 / nfft)
    np.testing.assert_allclose(T, (length / 2 + np.arange(n_frames) * (length - noverlap)) / 16000)


def test_the_tail_is_left_out_and_nothing_is_centred(rng):
    x = rng.standard_normal(1000)
    S, _, _ = dsp.spectrogram(x, dsp.hann(256), 128, 512, 16000)
    longer, _, _ = dsp.spectrogram(np.append(x, rng.standard_normal(23)), dsp.hann(256), 128, 512, 16000)
    np.testing.assert_array_equal(S, longer)
    first = dsp.dft(np.pad(x[:256] * dsp.hann(256), (0, 256)))[:257]
    np.testing.assert_allclose(S[:, 0], first, atol=1e-13)


def test_a_number_for_a_window_means_hamming(rng):
    x = rng.standard_normal(1000)
    expected, _, _ = dsp.spectrogram(x, dsp.hamming(200), 50, 256, 8000)
    np.testing.assert_array_equal(dsp.spectrogram(x, 200, 50, 256, 8000)[0], expected)


@pytest.mark.parametrize(
    ("length", "noverlap", "nfft"), [(400, 160, 512), (256, 128, 256), (101, 50, 101), (64, 0, 75)]
)
def test_psd_equals_scipy(rng, length, noverlap, nfft):
    x, window = rng.standard_normal(3000), dsp.hamming(length)
    S, F, T = dsp.spectrogram(x, window, noverlap, nfft, 16000)
    P = dsp.power_spectral_density(S, window, nfft, 16000)
    f, t, expected = scipy_signal.spectrogram(x, 16000, window, length, noverlap, nfft, detrend=False)
    np.testing.assert_allclose(P, expected, rtol=RELATIVE, atol=RELATIVE * expected.max())
    np.testing.assert_allclose(F, f)
    np.testing.assert_allclose(T, t)


@pytest.mark.parametrize("nfft", [128, 129, 200])
def test_psd_sums_to_the_mean_power(rng, nfft):
    x, window = rng.standard_normal(128), np.ones(128)
    S, _, _ = dsp.spectrogram(x, window, 0, nfft, 8000)
    P = dsp.power_spectral_density(S, window, nfft, 8000)
    np.testing.assert_allclose(P.sum() * 8000 / nfft, np.mean(x**2), rtol=1e-13)
