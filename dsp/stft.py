"""The short-time Fourier transform, its inverse, and MATLAB's `spectrogram`.

To read: `stft_by_definition` and `istft_by_definition` are the formulas. `stft` and `istft` check their arguments and
leave the sums to the fast lane (engine/short_time.py) where it knows the transform: even lengths up to 8192 without a
prime factor above 31, and hops no longer than the transform.

Conventions: spectra are columns, (n_bins, n_frames), bin 0 is 0 Hz and stands in row 0. Frame t
begins at sample t * hop_length; with padding="zeros" it is centered there instead, because
n_fft // 2 zeros precede and follow the signal.
"""

import math
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import NUMERIC, as_array, as_count, as_sample_rate, as_signal, as_word, check_finite
from dsp.fft import irfft, rfft
from dsp.framing import frame
from dsp.windows import hamming

Padding = Literal[None, "zeros"]


def stft(
    signal: ArrayLike, window: ArrayLike, hop_length: int, n_fft: int | None = None, padding: Padding = None
) -> NDArray[np.complex128]:
    """Short-time Fourier transform.

    X[k, t] = sum_n window[n] x[n + t hop_length] exp(-2 pi i k n / n_fft),  k = 0 .. n_fft // 2

    Parameters
    ----------
    signal : (N,) real
    window : (L,) real, 1 <= L <= n_fft; a shorter window takes the first L of the n_fft points
    hop_length : int >= 1, samples
    n_fft : int >= L; None takes L
    padding : None (frames lie inside the signal, the incomplete last one is left out) or "zeros"

    Returns
    -------
    spectra : (n_fft // 2 + 1, n_frames) complex128

    Raises
    ------
    ValueError  for a bad signal or size, n_fft < L, an unknown padding, or a signal shorter than L.

    Source: Oppenheim & Schafer, eq. 10.18.
    Checked: tests/test_stft_reconstructs.py, tests/test_short_time_lanes_equal_textbook.py
    """
    x = as_signal(signal)
    w, n_fft = check_window(window, n_fft)
    hop_length = as_count(hop_length, "hop_length")
    before = n_fft // 2 if as_word(padding, "padding", Padding) == "zeros" else 0
    if x.size + 2 * before < w.size:
        raise ValueError(f"signal has {x.size} samples, fewer than one frame of {w.size}")
    fast = fast_lane(n_fft, hop_length)
    if fast is None:
        return stft_by_definition(x, w, hop_length, n_fft, before)
    n_frames = 1 + (x.size + 2 * before - w.size) // hop_length
    return fast.analyze(x, before, n_frames, fast.make_tables(w, hop_length, n_fft))


def stft_by_definition(
    x: NDArray[np.float64], window: NDArray[np.float64], hop_length: int, n_fft: int, before: int
) -> NDArray[np.complex128]:
    """stft of checked arguments: the transforms of the windowed frames of x between `before` zeros on either side."""
    frames = frame(np.pad(x, before), window.size, hop_length).T * window  # (n_frames, L)
    return rfft(frames, n_fft).T


def istft(
    spectra: ArrayLike,
    window: ArrayLike,
    hop_length: int,
    n_fft: int | None = None,
    padding: Padding = None,
    length: int | None = None,
) -> NDArray[np.float64]:
    """The signal whose short-time Fourier transform is nearest to `spectra` (for stft(x): x, where a window covers it).

    y[n] = sum_t window[n - t hop] y_t[n - t hop] / sum_t window[n - t hop]^2,  y_t = irfft(spectra[:, t])

    Frames tell the length of the signal only to a hop. istft(stft(x), length=N) is x, all N samples of it, for
    padding="zeros", windows of n_fft samples and hops so short that every sample lies under a window that is not 0
    there: a Hann window with at least half overlap, for example. At the last samples that weight can be small, and the
    rounding error grows as it shrinks.

    Parameters
    ----------
    spectra : (n_fft // 2 + 1, n_frames) complex
    window, hop_length, n_fft, padding : as in stft
    length : int >= 1 or None, samples of the signal. None takes those that are certain: see Returns

    Returns
    -------
    signal : (length,) float64. Without a length ((n_frames - 1) hop_length + L,), less n_fft // 2 samples at either
        end with padding="zeros". Samples that no frame reaches, or on which every window is 0 (the ends under a Hann
        window without padding), cannot be known and are 0

    Raises
    ------
    ValueError  if spectra has not n_fft // 2 + 1 rows or is not finite, or for what stft refuses.

    Source: Griffin & Lim 1984, eq. 6.
    Checked: tests/test_stft_reconstructs.py, tests/test_short_time_lanes_equal_textbook.py
    """
    w, n_fft = check_window(window, n_fft)
    hop_length = as_count(hop_length, "hop_length")
    as_word(padding, "padding", Padding)
    length = None if length is None else as_count(length, "length")
    columns = as_array(spectra, "spectra", dimensions=(2,), kinds=NUMERIC)
    if columns.shape[0] != n_fft // 2 + 1:
        raise ValueError(f"{n_fft=} has {n_fft // 2 + 1} bins; spectra has {columns.shape[0]} rows")
    before = n_fft // 2 if padding == "zeros" else 0
    fast = fast_lane(n_fft, hop_length)
    if fast is None:
        signal = istft_by_definition(columns, w, hop_length, n_fft, before, length)
    else:
        signal = fast.synthesize(columns, before, fast.make_tables(w, hop_length, n_fft), length)
    if signal.size and not math.isfinite(signal.min() + signal.max()):
        check_finite(columns, "spectra")
    return signal


def istft_by_definition(
    spectra: NDArray[Any], window: NDArray[np.float64], hop_length: int, n_fft: int, before: int, length: int | None
) -> NDArray[np.float64]:
    """istft of checked arguments; `before` samples of padding are left out at both ends."""
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
    if length is None:
        return signal[before : signal.size - before]
    signal = signal[before : before + length]
    return np.pad(signal, (0, length - signal.size))


def fast_lane(n_fft: int, hop_length: int) -> ModuleType | None:
    """dsp.engine.short_time if it knows this transform. Imported on first use: features do without its kernels."""
    from dsp.engine import short_time

    return short_time if short_time.is_fast(n_fft, hop_length) else None


def spectrogram(
    signal: ArrayLike, window: ArrayLike, noverlap: int, nfft: int, fs: float
) -> tuple[NDArray[np.complex128], NDArray[np.float64], NDArray[np.float64]]:
    """MATLAB's [S, F, T] = spectrogram(x, window, noverlap, nfft, fs).

    S[k, t] = sum_n window[n] x[n + t (L - noverlap)] exp(-2 pi i k n / nfft)
    F[k] = k fs / nfft,  T[t] = (L / 2 + t (L - noverlap)) / fs
    t = 0 .. floor((N - noverlap) / (L - noverlap)) - 1: no padding, no centering; the tail is left out

    Parameters
    ----------
    signal : (N,) real, N >= L
    window : (L,) real, or an int L, which means hamming(L)
    noverlap : int, 0 <= noverlap < L
    nfft : int >= L (MATLAB folds a longer window into nfft points; this function refuses it)
    fs : Hz, > 0

    Returns
    -------
    S : (nfft // 2 + 1, n_frames) complex128, unscaled; row 0 is 0 Hz
    F : (nfft // 2 + 1,) float64, Hz
    T : (n_frames,) float64, s, the centers of the frames

    Raises
    ------
    ValueError  for a bad signal or size, noverlap >= L, nfft < L, fs <= 0, or fewer than L samples.

    Source: MathWorks, documentation of spectrogram. Checked: tests/test_spectrogram_matches_matlab.py
    """
    x = as_signal(signal)
    w, nfft, hop_length = check_matlab_arguments(window, noverlap, nfft)
    as_sample_rate(fs, "fs")
    S = stft(x, w, hop_length, nfft)
    F = np.arange(S.shape[0], dtype=np.float64) * fs / nfft
    T = np.asarray((w.size / 2 + hop_length * np.arange(S.shape[1])) / fs, dtype=np.float64)
    return S, F, T


def power_spectral_density(S: ArrayLike, window: ArrayLike, nfft: int, fs: float) -> NDArray[np.float64]:
    """MATLAB's fourth output of spectrogram: the one-sided power spectral density.

    P[k, t] = a |S[k, t]|^2 / (fs sum_n window[n]^2)
    a = 2; a = 1 at 0 Hz and, for even nfft, at the Nyquist frequency, which have no mirror image

    Parameters
    ----------
    S : (nfft // 2 + 1, n_frames) complex, from spectrogram
    window, nfft, fs : as in spectrogram

    Returns
    -------
    P : (nfft // 2 + 1, n_frames) float64, power per Hz: sum(P) fs / nfft is the mean power of the
        windowed frame

    Raises
    ------
    ValueError  if S is not a matrix of nfft // 2 + 1 rows, or for what spectrogram refuses.

    Source: MathWorks, documentation of spectrogram (ps). Checked: tests/test_spectrogram_matches_matlab.py
    """
    w, nfft, _ = check_matlab_arguments(window, 0, nfft)
    spectra = as_array(S, "S", dimensions=(2,), kinds=NUMERIC)
    as_sample_rate(fs, "fs")
    if spectra.shape[0] != nfft // 2 + 1:
        raise ValueError(f"{nfft=} has {nfft // 2 + 1} bins; S has {spectra.shape[0]} rows")
    P = np.abs(spectra) ** 2 / (fs * np.sum(w**2))
    P[1 : (nfft + 1) // 2] *= 2
    return P


def check_matlab_arguments(window: ArrayLike, noverlap: int, nfft: int) -> tuple[NDArray[np.float64], int, int]:
    """(window, nfft, hop) for the arguments of spectrogram; a number for a window means hamming."""
    is_number = isinstance(window, int | float | np.number)
    nfft = as_count(nfft, "nfft")
    w, nfft = check_window(hamming(as_count(window, "window")) if is_number else window, nfft, "nfft")
    noverlap = as_count(noverlap, "noverlap", min_value=0)
    if noverlap >= w.size:
        raise ValueError(f"{noverlap=} leaves no hop under a window of {w.size}; less is expected")
    return w, nfft, w.size - noverlap


def check_window(window: ArrayLike, n_fft: int | None, name: str = "n_fft") -> tuple[NDArray[np.float64], int]:
    """The window as an array, and n_fft, which is at least as long."""
    if isinstance(window, str):
        raise ValueError(f"{window=} is a word; an array of samples is expected, as dsp.hann(512) returns")
    w = as_signal(window, "window")
    n_fft = w.size if n_fft is None else as_count(n_fft, name)
    if n_fft < w.size:
        raise ValueError(f"{name}={n_fft} is less than the {w.size} samples of the window")
    return w, n_fft
