"""The algorithms behind `fft`: Cooley and Tukey's factorization, and Bluestein's chirp for large prime factors.

A transform of length N = r m splits into r-point transforms of samples m apart, followed by m-point transforms of
their results (Cooley & Tukey 1965). In Stockham's order every stage writes where the next one reads, so nothing has
to be reordered at the end. A length with a large prime factor becomes a convolution, which is computed with
transforms whose length is a power of two (Bluestein 1970).
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dsp.checks import as_count
from dsp.files.compiled import keep_on_disk

MAX_KEPT = 2**16  # roots of unity; more are computed again each time
MAX_BUTTERFLY = 31  # a larger prime factor sends the whole transform through `chirp_fft`


def roots_of_unity(n: int) -> NDArray[np.complex128]:
    """The n-th roots of unity, each computed from its own angle, which is reduced exactly.

    w[k] = exp(-2 pi i k / n)

    A recurrence w[k+1] = w[k] w[1] would lose a digit or two, enough to change pixels of MATLAB's images.

    Parameters
    ----------
    n : int >= 1

    Returns
    -------
    roots : (n,) complex128, read-only, each within an ulp

    Raises
    ------
    ValueError  if n is not a whole number >= 1.

    Source: Tasche & Zeuner 2001 (accuracy of twiddle factors). Checked: tests/test_fft_is_accurate.py
    """
    n = as_count(n, "n")
    return _kept_roots(n) if n <= MAX_KEPT else _roots_of_unity(n)


def _roots_of_unity(n: int) -> NDArray[np.complex128]:
    quadrant, rest = np.divmod(4 * np.arange(n), n)  # angle = pi/2 (quadrant + rest / n)
    # Few distinct angles remain; each sine and cosine is computed once.
    nearest, back = np.unique(np.minimum(rest, n - rest), return_inverse=True)
    angles = [math.pi * k / (2 * n) for k in nearest.tolist()]
    cosine, sine = (np.array([f(angle) for angle in angles])[back] for f in (math.cos, math.sin))
    far = 2 * rest > n
    root = np.where(far, sine, cosine) - 1j * np.where(far, cosine, sine)
    roots = root * np.array([1, -1j, -1, 1j])[quadrant]
    roots.flags.writeable = False
    return roots


_kept_roots = lru_cache(maxsize=64)(_roots_of_unity)


@lru_cache(maxsize=64)
def factors(n: int) -> tuple[int, ...]:
    """The factors of n in the order of use: fours first, then primes in ascending order."""
    radices = []
    for radix in (4, 2):
        while n % radix == 0:
            radices.append(radix)
            n //= radix
    radix = 3
    while n > 1:
        if radix * radix > n:
            radix = n
        while n % radix == 0:
            radices.append(radix)
            n //= radix
        radix += 2
    return tuple(radices) or (1,)


def fft_by_factors(x: NDArray[Any]) -> NDArray[np.complex128]:
    """The DFT along the last axis, of any length: dsp.fft, as it is to be read.

    Checked: tests/test_fast_transforms_equal_textbook.py
    """
    rows = np.ascontiguousarray(x, dtype=np.complex128).reshape(-1, x.shape[-1])
    radices = factors(rows.shape[1])
    spectrum = fft_rows(rows, radices) if max(radices) <= MAX_BUTTERFLY else chirp_fft(rows)
    return spectrum.reshape(x.shape)


def fft_rows(rows: NDArray[np.complex128], radices: tuple[int, ...]) -> NDArray[np.complex128]:
    """The DFT of every row, (n_rows, N) complex128 C-contiguous; radices: the factors of N."""
    return _stages(rows, np.array(radices), roots_of_unity(rows.shape[1]))


@keep_on_disk
@njit
def _stages(rows, radices, roots):
    """The DFT of every row. A stage of radix r takes M sub-transforms of length r apart:

    with n = p + m j (j < r, m = n_left / r) and k = r k' + k0,
    x'[p, k0] = w_left^(p k0)  sum_j x[p + m j] w_r^(j k0)

    leaves r transforms of length m, numbered by k0; they become columns q of the next stage.
    """
    n = rows.shape[1]
    spectrum = np.empty_like(rows)
    work = np.empty((2, n), np.complex128)
    for row in range(rows.shape[0]):
        x, y = work[0], work[1]
        x[:] = rows[row]
        left, columns = n, 1
        for radix in radices:
            m = left // radix
            if radix == 4:
                _radix4(x, y, m, columns, roots)
            else:
                _radix_r(x, y, radix, m, columns, roots)
            x, y = y, x
            left, columns = m, columns * radix
        spectrum[row] = x
    return spectrum


@keep_on_disk
@njit
def _radix4(x, y, m, columns, roots):
    """One stage of radix 4: a DFT of four points needs only additions and a factor -i."""
    step = roots.size // (4 * m)
    for p in range(m):
        w1, w2, w3 = roots[p * step], roots[2 * p * step], roots[3 * p * step]
        for q in range(columns):
            a, b = x[q + columns * p], x[q + columns * (p + m)]
            c, d = x[q + columns * (p + 2 * m)], x[q + columns * (p + 3 * m)]
            sum_ac, difference_ac = a + c, a - c
            sum_bd, difference_bd = b + d, b - d
            rotated_bd = complex(difference_bd.imag, -difference_bd.real)  # -i (b - d)
            y[q + columns * (4 * p)] = sum_ac + sum_bd
            y[q + columns * (4 * p + 1)] = w1 * (difference_ac + rotated_bd)
            y[q + columns * (4 * p + 2)] = w2 * (sum_ac - sum_bd)
            y[q + columns * (4 * p + 3)] = w3 * (difference_ac - rotated_bd)


@keep_on_disk
@njit
def _radix_r(x, y, radix, m, columns, roots):
    """One stage of any radix; the small DFT is computed by definition."""
    step = roots.size // (radix * m)
    for p in range(m):
        for k in range(radix):
            twiddle = roots[p * k * step]
            for q in range(columns):
                total = x[q + columns * p]
                for j in range(1, radix):
                    w = roots[j * k % radix * (roots.size // radix)]
                    total += w * x[q + columns * (p + m * j)]
                y[q + columns * (radix * p + k)] = twiddle * total


def chirp_fft(rows: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Bluestein's algorithm: with k n = (k^2 + n^2 - (k - n)^2) / 2 the DFT becomes a convolution.

    X[k] = c[k] sum_n (x[n] c[n]) conj(c[k - n]),  c[n] = exp(-pi i n^2 / N)
    """
    n = rows.shape[1]
    chirp, filter_spectrum = _chirp(n)
    m = filter_spectrum.size
    padded = np.zeros((len(rows), m), np.complex128)
    padded[:, :n] = rows * chirp
    product = fft_rows(padded, factors(m)) * filter_spectrum
    convolved = np.conj(fft_rows(np.conj(product), factors(m))) / m
    return chirp * convolved[:, :n]


@lru_cache(maxsize=16)
def _chirp(n: int) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """c[0..n-1], and the spectrum of conj(c[-(n-1)..n-1]) wrapped to a power of two >= 2n - 1."""
    k = np.arange(n)
    chirp = roots_of_unity(2 * n)[k * k % (2 * n)]
    impulse_response = np.zeros(1 << (2 * n - 2).bit_length(), np.complex128)
    impulse_response[:n] = np.conj(chirp)
    impulse_response[-(n - 1) :] = np.conj(chirp[:0:-1])
    return chirp, fft_rows(impulse_response[None], factors(impulse_response.size))[0]
