"""MATLAB's `resample`: the same polyphase idea as dsp.resample, with MATLAB's own short filter.

Conventions: sample 0 keeps its time, output sample m lies at m q/p samples of the input, and the signal counts as zero
outside its samples.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_number, as_signal
from dsp.windows import kaiser

MAX_HALF = 2**24  # of the filter: 268 MB


def matlab_resample(signal: ArrayLike, p: int, q: int, n: int = 10, beta: float = 5.0) -> NDArray[np.float64]:
    """The signal at p/q times its rate, with the numbers of MATLAB's resample(x, p, q, n, beta).

    With p/q in lowest terms, m = max(p, q) and d = n m:

    h[k] = p/m sinc((k - d) / m) w[k],  k = 0 .. 2 d,  w the symmetric Kaiser window of 2 d + 1 samples
    y[t] = sum_j h[d + t q - j p] x[j]

    The filter is not divided by its sum, as in the releases whose output was compared. scipy.signal.resample_poly,
    often taken for it, does divide: it is off by up to 7e-4 of the greatest value, and equal after a division by
    sum(h) / p. dsp.resample keeps more of the band and suppresses images better.

    Parameters
    ----------
    signal : (N,) real
    p, q : int >= 1; for rates in Hz, p is the new rate and q the old one
    n : int >= 1, half the filter's length in samples of the lower rate
    beta : >= 0, of the Kaiser window

    Returns
    -------
    resampled : (ceil(N p / q),) float64; p = q gives a copy

    Raises
    ------
    ValueError  if the signal is not a finite real vector, p, q or n is no whole number >= 1, beta is negative, or
        n max(p, q) in lowest terms exceeds 2^24.

    Source: MathWorks, documentation of resample; its output for 22050 to 8000 and to 44100 Hz.
    Checked: tests/test_matlab_resample_matches_matlab.py
    """
    x = as_signal(signal)
    p, q, n = as_count(p, "p"), as_count(q, "q"), as_count(n, "n")
    beta = as_number(beta, "beta", low=0)
    divisor = math.gcd(p, q)
    p, q = p // divisor, q // divisor
    if p == q:
        return x.copy()
    half = as_count(n * max(p, q), "n * max(p, q) in lowest terms", max_value=MAX_HALF)
    m = max(p, q)
    h = p / m * np.sinc((np.arange(2 * half + 1) - half) / m) * kaiser(2 * half + 1, beta)
    reach = half // p  # samples of x on either side of an output sample
    padded = np.pad(x, (reach, reach + 1))
    y = np.zeros(-(-x.size * p // q))
    for r in range(p):  # the outputs y[t] with t q = r (mod p): one branch of the filter
        t = np.arange(r * pow(q, -1, p) % p if p > 1 else 0, y.size, p)
        nearest = t * q // p
        for j in range(-reach, reach + 2):
            tap = half + r - j * p
            if 0 <= tap <= 2 * half:
                y[t] += h[tap] * padded[nearest + j + reach]
    return y
