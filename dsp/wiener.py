"""Wiener filters, gain = (power - noise) / power: over a signal and over its short-time spectrum.

Conventions: a gain is never negative. Where power and noise are both 0 the gain is 1: without noise nothing
changes.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_nonnegative, as_number, as_signal
from dsp.engine.running import local_statistics, shrink
from dsp.framing import frame
from dsp.stft import fast_lane, istft_by_definition, stft_by_definition

REGISTER = 8  # numbers that the fast lane handles at once


def wiener(signal: ArrayLike, width: int = 3, noise: float | None = None) -> NDArray[np.float64]:
    """The signal, pulled towards its local mean where it varies no more than the noise.

    m[n], v[n] = mean and variance of x[n - width // 2 .. n + width // 2], x = 0 outside the signal
    y[n] = m[n] + (v[n] - noise) / v[n] (x[n] - m[n]);  m[n] where v[n] < noise;  x[n] where v[n] = noise = 0

    Zeros stay zeros (scipy.signal.wiener returns NaN). A constant stays constant except at the ends, where the
    zeros outside count as variance: with width 3 the end samples shrink by 2 / (3 N).

    Parameters
    ----------
    signal : (N,) real
    width : int >= 1, odd, samples
    noise : power of the noise, finite and >= 0; None takes the mean of v

    Returns
    -------
    filtered : (N,) float64

    Raises
    ------
    ValueError  for a bad signal, an even width, or noise that is negative or not finite.

    Source: Lee 1980, Digital image enhancement and noise filtering by use of local statistics;
    Lim 1990, Two-Dimensional Signal and Image Processing, eq. 9.44-9.46 (MATLAB's wiener2, scipy.signal.wiener).
    Checked: tests/test_wiener_matches_scipy.py,
    tests/test_fast_statistics_equal_textbook.py
    """
    x = as_signal(signal)
    width = as_count(width, "width")
    if width % 2 == 0:
        raise ValueError(f"{width=} has no middle sample; an odd width is expected")
    power = None if noise is None else as_number(noise, "noise", low=0)
    n, size = x.size, -(-x.size // REGISTER) * REGISTER
    half = min(width // 2, n)  # a wider window would only hold more zeros
    padded = np.zeros(size + 2 * half)
    padded[half : half + n] = x
    m, v, y = np.empty((3, size))
    local_statistics(padded, 2 * half + 1, width - 2 * half - 1, m, v)
    power = float(v[:n].mean()) if power is None else power
    if power == 0:
        return x.copy()
    shrink(padded, half, m, v, power, y)
    return y[:n]


def wiener_by_definition(x: NDArray[np.float64], width: int, noise: float | None) -> NDArray[np.float64]:
    """`wiener` of a checked signal, as its formulas say it."""
    neighbors = frame(np.pad(x, width // 2), width, 1)  # (width, N)
    m, v = neighbors.mean(axis=0), neighbors.var(axis=0)
    return m + _gain(v, v.mean() if noise is None else np.float64(noise)) * (x - m)


def spectral_wiener(
    signal: ArrayLike, window: ArrayLike, hop_length: int, noise_power: ArrayLike | None = None
) -> NDArray[np.float64]:
    """The signal with every bin of its short-time spectrum weighted by the fraction that is not noise.

    X = stft(x),  P = |X|^2,  y = istft(G X),  G[k, t] = max(P[k, t] - noise_power[k], 0) / P[k, t]

    White noise of variance s^2 has noise_power = s^2 sum_n window[n]^2 in every bin. The fraction E1(1) = 0.22 of
    its power remains (6.6 dB less), as P / noise_power is exponentially distributed.

    Parameters
    ----------
    signal : (N,) real
    window : (L,) real
    hop_length : int >= 1, samples; the windows must overlap so that every sample lies under one that is not 0 there
    noise_power : expected |X|^2 of the noise, >= 0, one number or (L // 2 + 1,); None takes the mean
        of P over the quietest tenth of the frames (at least one frame)

    Returns
    -------
    filtered : (N,) float64

    Raises
    ------
    ValueError  for a bad signal, window or hop, samples under no window, or a noise_power that is
        negative, not finite or of another shape.

    Source: Lim & Oppenheim 1979, Enhancement and bandwidth compression of noisy speech, sec. III.
    Checked: tests/test_wiener_matches_scipy.py, tests/test_short_time_lanes_equal_textbook.py
    """
    x = as_signal(signal)
    w = as_signal(window, "window")
    hop_length = as_count(hop_length, "hop_length")
    if not np.bincount(np.arange(w.size) % hop_length, w**2, hop_length).all():
        raise ValueError(f"{hop_length=} leaves samples under no window of {w.size}; less is expected")
    noise = None
    if noise_power is not None:
        noise = as_nonnegative(noise_power, "noise_power", "any")
        if noise.shape not in ((), (w.size // 2 + 1,)):
            raise ValueError(f"noise_power has shape {noise.shape}; () or {(w.size // 2 + 1,)} is expected")
    fast = fast_lane(w.size, hop_length)
    if fast is None:
        return spectral_wiener_by_definition(x, w, hop_length, noise)
    n_frames = 1 + (x.size + hop_length) // hop_length  # the last ones reach beyond x
    return fast.suppress_noise(x, w.size // 2, n_frames, noise, fast.make_tables(w, hop_length, w.size))


def spectral_wiener_by_definition(
    x: NDArray[np.float64], window: NDArray[np.float64], hop_length: int, noise: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """spectral_wiener of checked arguments."""
    n_fft, before = window.size, window.size // 2
    X = stft_by_definition(np.pad(x, (0, hop_length)), window, hop_length, n_fft, before)  # frames reach beyond x
    P = np.abs(X) ** 2
    noise = _estimate_noise(P) if noise is None else noise
    return istft_by_definition(_gain(P, noise[..., None]) * X, window, hop_length, n_fft, before, x.size)


def _gain(power: NDArray[np.float64], noise: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    """max(power - noise, 0) / power, with 0 / 0 = 1 (no noise)."""
    denominator = np.maximum(power, noise)  # where the noise is larger, the gain is 0
    return np.divide(np.maximum(power - noise, 0), denominator, out=np.ones_like(power), where=denominator > 0)


def _estimate_noise(P: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean power of every bin over the quietest tenth of the frames, at least one."""
    quietest_first = np.argsort(P.sum(axis=0), kind="stable")
    return P[:, quietest_first[: math.ceil(P.shape[1] / 10)]].mean(axis=1)
