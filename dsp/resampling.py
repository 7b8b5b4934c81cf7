"""Resampling by a ratio of whole numbers: a windowed sinc, split into polyphase branches.

Conventions: sample 0 keeps its time, and output sample m lies at m / new_rate. The signal counts as zero before its
first and after its last sample, so a signal that does not begin and end near zero rings there.
"""

import math
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_number, as_signal
from dsp.files.compiled import keep_on_disk

PASS_BAND = 0.95  # fraction of the lower Nyquist frequency that passes; the stop band begins at 1
ATTENUATION_DB = 120.0  # of the stop band; the ripple of the pass band is as small, 1e-6


def resample(signal: ArrayLike, sample_rate: int, new_rate: int) -> NDArray[np.float64]:
    """The same sound at another sample rate.

    y[m] = sum_n h(m q/p - n) x[n],  p/q = new_rate / sample_rate in lowest terms,  c = min(1, p/q)
    h(t) = fc sinc(fc t) kaiser(t),  fc = c (0.95 + 1) / 2,  |t| < half = ceil(156.1 / c)

    Kaiser's formulas give beta = 12.3 and this half for an attenuation of 120 dB between 0.95 and 1 of the lower
    Nyquist frequency. Frequencies below 0.95 pass (within 1e-6), frequencies above 1 are removed (120 dB), and
    there is no delay. m q/p has only p different fractions r/p. Each fraction has a branch of 2 half taps,
    computed once per (p, q); every output is the dot product of one branch with the samples around it. Every
    branch is divided by its sum, so a constant keeps its value to rounding. Rates without a common divisor cost
    memory: the branches take 2.5 kB p / c (44101 to 48000 Hz: 120 MB).

    Parameters
    ----------
    signal : (N,) real
    sample_rate, new_rate : int >= 1, Hz

    Returns
    -------
    resampled : (ceil(N new_rate / sample_rate),) float64; equal rates give a copy

    Raises
    ------
    ValueError  if the signal is not a finite real vector, or a rate is not a whole number >= 1.

    Source: Oppenheim & Schafer, Discrete-Time Signal Processing, sec. 4.6 (rate p/q), 4.7 (polyphase).
    Checked: tests/test_resampling_keeps_sines.py, tests/test_resampling_matches_librosa.py
    """
    x = as_signal(signal)
    sample_rate = as_count(sample_rate, "sample_rate")
    new_rate = as_count(new_rate, "new_rate")
    divisor = math.gcd(sample_rate, new_rate)
    p, q = new_rate // divisor, sample_rate // divisor
    if p == q:
        return x.copy()
    branches = _branches(p, q)
    half = branches.shape[1] // 2
    n_resampled = -(-x.size * p // q)
    return _polyphase(np.pad(x, (half - 1, half)), branches, q, n_resampled)


def kaiser(n: int, beta: float) -> NDArray[np.float64]:
    """Kaiser window, symmetric.

    w[i] = I0(beta sqrt(1 - (2 i / (n - 1) - 1)^2)) / I0(beta);  n = 1 gives 1

    Parameters
    ----------
    n : int >= 1, samples
    beta : >= 0; 0 gives a rectangle, larger values give smoother windows

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1, or beta is negative or not finite.

    Source: Kaiser 1974; Oppenheim & Schafer, eq. 7.59. Checked: tests/test_resampling_keeps_sines.py
    """
    n = as_count(n, "n")
    beta = as_number(beta, "beta", low=0)
    if n == 1:
        return np.ones(1)
    i = np.arange(n)
    # 1 - (2 i / (n - 1) - 1)^2, as a product: no digits are lost near the ends
    return _bessel_i0(beta * 2 * np.sqrt(i * (n - 1.0 - i)) / (n - 1)) / _bessel_i0(np.array([beta]))


def _bessel_i0(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Modified Bessel function of order 0, I0(x) = sum_k ((x/2)^k / k!)^2; no term is negative."""
    term = np.ones_like(x)
    total = np.ones_like(x)
    k = 0
    while (term > np.finfo(np.float64).eps * total).any():
        k += 1
        term *= (x / (2 * k)) ** 2
        total += term
    return total


@lru_cache(maxsize=16)
def _branches(p: int, q: int) -> NDArray[np.float64]:
    """The polyphase branches of `resample`, (p, 2 half): branch r, tap j weights x[n - half + 1 + j] for n + r/p."""
    c = min(1.0, p / q)
    beta = 0.1102 * (ATTENUATION_DB - 8.7)
    taps = (ATTENUATION_DB - 7.95) / (2.285 * math.pi * (1 - PASS_BAND) * c)
    half = math.ceil(taps / 2)
    fc = c * (PASS_BAND + 1) / 2
    t = np.arange(1 - half * p, half * p) / p  # in samples of the signal
    h = np.zeros(2 * half * p)  # h[0], at t = -half, stays 0
    h[1:] = fc * np.sinc(fc * t) * kaiser(2 * half * p + 1, beta)[1:-1]
    branches = np.ascontiguousarray(h.reshape(2 * half, p)[::-1].T)
    branches /= branches.sum(axis=1, keepdims=True)
    branches.flags.writeable = False
    return branches


@keep_on_disk
@njit
def _polyphase(padded, branches, q, n_resampled):
    """y[m] = sum_j branches[r, j] padded[n + j],  n + r/p = m q/p."""
    p, taps = branches.shape
    y = np.empty(n_resampled)
    for m in range(n_resampled):
        n, r = divmod(m * q, p)
        total = 0.0
        for j in range(taps):
            total += branches[r, j] * padded[n + j]
        y[m] = total
    return y
