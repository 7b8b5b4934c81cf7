"""The short-time Fourier transform, its inverse, and MATLAB's `spectrogram`.

Conventions: spectra are columns, (n_bins, n_frames), bin 0 is 0 Hz and stands in row 0. Frame t
begins at sample t * hop_length; with padding="zeros" it is centred there instead, because
n_fft // 2 zeros are put before and after the signal.
"""

import numpy as np

from dsp.checks import as_count, as_signal
from dsp.fft import irfft, rfft
from dsp.framing import frame
from dsp.windows import hamming


def stft(signal, window, hop_length: int, n_fft: int | None = None, padding: str | None = None) -> np.ndarray:
    """Short-time Fourier transform.

    X[k, t] = sum_n window[n] x[n + t hop_length] exp(-2 pi i k n / n_fft),  k = 0 .. n_fft // 2

    Parameters
    ----------
    signal : (N,) real
    window : (L,) real, 1 <= L <= n_fft; a shorter window stands at the left of the n_fft points
    hop_length : int >= 1, samples
    n_fft : int >= L; None takes L
    padding : None (frames lie inside the signal, the incomplete last one is left out) or "zeros"

    Returns
    -------
    spectra : (n_fft // 2 + 1, n_frames) complex128

    Raises
    ------
    ValueError  for a bad signal or size, n_fft < L, an unknown padding, or a signal shorter than L.

    Source: Oppenheim & Schafer, eq. 10.18. Checked: tests/test_stft_reconstructs.py
    """
    x = as_signal(signal)
    window, n_fft = _checked(window, n_fft)
    if padding == "zeros":
        x = np.pad(x, n_fft // 2)
    elif padding is not None:
        raise ValueError(f'{padding=} is neither None nor "zeros"')
    frames = frame(x, window.size, hop_length).T * window  # (n_frames, L)
    return rfft(frames, n_fft).T


def istft(spectra, window, hop_length: int, n_fft: int | None = None, padding: str | None = None) -> np.ndarray:
    """Signal whose short-time Fourier transform is nearest to `spectra` (exactly x for stft(x)).

    y[n] = sum_t window[n - t hop] y_t[n - t hop] / sum_t window[n - t hop]^2,  y_t = irfft(spectra[:, t])

    Parameters
    ----------
    spectra : (n_fft // 2 + 1, n_frames) complex
    window, hop_length, n_fft, padding : as given to stft

    Returns
    -------
    signal : ((n_frames - 1) hop_length + L,) float64, less n_fft // 2 samples at either end with
        padding="zeros"; samples on which every window is 0 (the ends under a Hann window without
        padding) are not known and come back as 0

    Raises
    ------
    ValueError  if spectra has not n_fft // 2 + 1 rows, or for what stft refuses.

    Source: Griffin & Lim 1984, eq. 6. Checked: tests/test_stft_reconstructs.py
    """
    window, n_fft = _checked(window, n_fft)
    hop_length = as_count(hop_length, "hop_length")
    spectra = np.asarray(spectra)
    if spectra.ndim != 2:
        raise ValueError(f"spectra has shape {spectra.shape}; (n_bins, n_frames) is expected")
    frames = irfft(spectra.T, n_fft)[:, : window.size]  # (n_frames, L)
    n_frames, L = frames.shape
    signal = np.zeros((n_frames - 1) * hop_length + L)
    weight = np.zeros_like(signal)
    for t in range(n_frames):
        here = slice(t * hop_length, t * hop_length + L)
        signal[here] += window * frames[t]
        weight[here] += window**2
    covered = weight > np.finfo(np.float64).tiny
    signal = np.divide(signal, weight, out=np.zeros_like(signal), where=covered)
    if padding == "zeros":
        return signal[n_fft // 2 : signal.size - n_fft // 2]
    if padding is not None:
        raise ValueError(f'{padding=} is neither None nor "zeros"')
    return signal


def spectrogram(signal, window, noverlap: int, nfft: int, fs: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """MATLAB's [S, F, T] = spectrogram(x, window, noverlap, nfft, fs).

    S[k, t] = sum_n window[n] x[n + t (L - noverlap)] exp(-2 pi i k n / nfft)
    F[k] = k fs / nfft,  T[t] = (L / 2 + t (L - noverlap)) / fs
    t = 0 .. floor((N - noverlap) / (L - noverlap)) - 1: no padding, no centring, the tail is left out

    Parameters
    ----------
    signal : (N,) real, N >= L
    window : (L,) real, or an int L, which means hamming(L)
    noverlap : int, 0 <= noverlap < L
    nfft : int >= L (MATLAB also folds a longer window into nfft points; here that is refused)
    fs : Hz, > 0

    Returns
    -------
    S : (nfft // 2 + 1, n_frames) complex128, unscaled; row 0 is 0 Hz
    F : (nfft // 2 + 1,) float64, Hz
    T : (n_frames,) float64, s, the centres of the frames

    Raises
    ------
    ValueError  for a bad signal or size, noverlap >= L, nfft < L, fs <= 0, or fewer than L samples.

    Source: MathWorks, documentation of spectrogram. Checked: tests/test_spectrogram_matches_matlab.py
    """
    window, nfft, hop_length = matlab_arguments(window, noverlap, nfft)
    if not fs > 0:
        raise ValueError(f"{fs=} is not a sample rate; more than 0 Hz is expected")
    S = stft(signal, window, hop_length, nfft)
    F = np.arange(S.shape[0]) * fs / nfft
    T = (window.size / 2 + hop_length * np.arange(S.shape[1])) / fs
    return S, F, T


def power_spectral_density(S, window, nfft: int, fs: float) -> np.ndarray:
    """MATLAB's fourth output of spectrogram: the one-sided power spectral density.

    P[k, t] = a |S[k, t]|^2 / (fs sum_n window[n]^2)
    a = 2, but 1 at 0 Hz and, for even nfft, at the Nyquist frequency, which have no mirror image

    Parameters
    ----------
    S : (nfft // 2 + 1, n_frames) complex, from spectrogram
    window, nfft, fs : as given to spectrogram

    Returns
    -------
    P : (nfft // 2 + 1, n_frames) float64, power per Hz: sum(P) fs / nfft is the mean power of the
        windowed frame

    Raises
    ------
    ValueError  if S has not nfft // 2 + 1 rows.

    Source: MathWorks, documentation of spectrogram (ps). Checked: tests/test_spectrogram_matches_matlab.py
    """
    window, nfft, _ = matlab_arguments(window, 0, nfft)
    S = np.asarray(S)
    if S.shape[0] != nfft // 2 + 1:
        raise ValueError(f"{nfft=} has {nfft // 2 + 1} bins; S has {S.shape[0]} rows")
    P = np.abs(S) ** 2 / (fs * np.sum(window**2))
    P[1 : (nfft + 1) // 2] *= 2
    return P


def matlab_arguments(window, noverlap: int, nfft: int) -> tuple[np.ndarray, int, int]:
    """(window, nfft, hop) from what spectrogram is given, checked; a number for a window means hamming."""
    window = hamming(as_count(window, "window")) if np.ndim(window) == 0 else window
    window, nfft = _checked(window, nfft)
    noverlap = as_count(noverlap, "noverlap", at_least=0)
    if noverlap >= window.size:
        raise ValueError(f"{noverlap=} leaves no hop under a window of {window.size}; less is expected")
    return window, nfft, window.size - noverlap


def _checked(window, n_fft: int | None) -> tuple[np.ndarray, int]:
    window = as_signal(window, "window")
    n_fft = window.size if n_fft is None else as_count(n_fft, "n_fft")
    if n_fft < window.size:
        raise ValueError(f"{n_fft=} is less than the {window.size} samples of the window")
    return window, n_fft
