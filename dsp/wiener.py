"""Wiener's rule, gain = (power - noise) / power, on a vector and on a spectrum.

Conventions: a gain is never negative. Where power and noise are both 0 nothing is divided: there is
no noise, and what is there stays.
"""

import math

import numpy as np

from dsp.checks import as_count, as_signal
from dsp.framing import frame
from dsp.stft import istft, stft


def wiener(signal, width: int = 3, noise: float | None = None) -> np.ndarray:
    """The signal drawn towards its local mean where it varies no more than noise does.

    m[n], v[n] = mean and variance of x[n - width // 2 .. n + width // 2], x = 0 outside the signal
    y[n] = m[n] + (v[n] - noise) / v[n] (x[n] - m[n]);  m[n] where v[n] < noise;  x[n] where v[n] = noise = 0

    A signal of zeros gives itself back (scipy.signal.wiener: NaN there). A constant does too, but for
    the ends, where the zeros outside count as variance: with width 3 they lose 2 / (3 N) of themselves.

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
    Checked: tests/test_wiener_matches_scipy.py
    """
    x = as_signal(signal)
    width = as_count(width, "width")
    if width % 2 == 0:
        raise ValueError(f"{width=} has no middle sample; an odd width is expected")
    neighbours = frame(np.pad(x, width // 2), width, 1)  # (width, N)
    m, v = neighbours.mean(axis=0), neighbours.var(axis=0)
    noise = v.mean() if noise is None else _as_power(noise, "noise", ())
    return m + _gain(v, noise) * (x - m)


def spectral_wiener(signal, window, hop_length: int, noise_power=None) -> np.ndarray:
    """The signal with every bin of its short-time spectrum weighed by the share that is not noise.

    X = stft(x),  P = |X|^2,  y = istft(G X),  G[k, t] = max(P[k, t] - noise_power[k], 0) / P[k, t]

    White noise of variance s^2 has noise_power = s^2 sum_n window[n]^2 in every bin; of its power the
    share E1(1) = 0.22 stays in the spectrum (6.6 dB less), as P / noise_power is exponentially distributed.

    Parameters
    ----------
    signal : (N,) real
    window : (L,) real
    hop_length : int >= 1, samples; the windows must overlap so that none is 0 everywhere on a sample
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
    Checked: tests/test_wiener_matches_scipy.py
    """
    x = as_signal(signal)
    window = as_signal(window, "window")
    hop_length = as_count(hop_length, "hop_length")
    if not np.bincount(np.arange(window.size) % hop_length, window**2, hop_length).all():
        raise ValueError(f"{hop_length=} leaves samples under no window of {window.size}; less is expected")
    X = stft(np.pad(x, (0, hop_length)), window, hop_length, padding="zeros")  # the last frames reach beyond x
    P = np.abs(X) ** 2
    if noise_power is None:
        noise_power = _quietest_tenth(P)
    else:
        noise_power = _as_power(noise_power, "noise_power", (), P.shape[:1])
    G = _gain(P, noise_power[..., None])
    return istft(G * X, window, hop_length, padding="zeros")[: x.size]


def _gain(power: np.ndarray, noise) -> np.ndarray:
    """max(power - noise, 0) / power, with 0 / 0 = 1 (no noise)."""
    least = np.maximum(power, noise)  # where it is not `power`, the gain is 0
    return np.divide(np.maximum(power - noise, 0), least, out=np.ones_like(power), where=least > 0)


def _quietest_tenth(P: np.ndarray) -> np.ndarray:
    """Mean power of every bin over the tenth of the frames with the least power in all bins, at least one."""
    quietest_first = np.argsort(P.sum(axis=0), kind="stable")
    return P[:, quietest_first[: math.ceil(P.shape[1] / 10)]].mean(axis=1)


def _as_power(power, name: str, *shapes: tuple[int, ...]) -> np.ndarray:
    power = np.asarray(power)
    if power.shape not in shapes:
        raise ValueError(f"{name} has shape {power.shape}; {' or '.join(map(str, shapes))} is expected")
    if power.dtype.kind not in "biuf" or not (np.isfinite(power) & (power >= 0)).all():
        raise ValueError(f"{name}={power} is not a power; finite numbers >= 0 are expected")
    return power.astype(np.float64, copy=False)
