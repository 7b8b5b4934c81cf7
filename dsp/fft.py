"""The discrete Fourier transform: its definition, and fast functions that equal it.

Conventions: X[k] = sum_n x[n] w^(k n) with w = exp(-2 pi i / N); nothing is scaled forward, 1/N
backward, as in MATLAB. Transforms run along the last axis, in float64, for any length N >= 1.

Reading order: `dft` (the definition), `fft`, then how it is done in dsp/cooley_tukey.py; `rfft` (half
the work for real signals).
"""

import numpy as np
from numba import njit

from dsp.checks import as_count
from dsp.cooley_tukey import LARGEST_BUTTERFLY, chirp_fft, factors, fft_rows, roots_of_unity


def dft(x) -> np.ndarray:
    """Discrete Fourier transform by its definition, O(N^2).

    X[k] = sum_n x[n] exp(-2 pi i k n / N)

    Parameters
    ----------
    x : (..., N) real or complex

    Returns
    -------
    spectrum : (..., N) complex128

    Raises
    ------
    ValueError  if the last axis is empty.

    Source: Oppenheim & Schafer, Discrete-Time Signal Processing, eq. 8.11.
    Checked: tests/test_fft_matches_dft_definition.py
    """
    x = _as_rows(x)
    n = np.arange(x.shape[-1])
    W = roots_of_unity(n.size)[np.outer(n, n) % n.size]  # W[k, n] = exp(-2 pi i k n / N)
    return (x @ W).astype(np.complex128, copy=False)


def fft(x, n: int | None = None) -> np.ndarray:
    """Discrete Fourier transform. Equals dft(x); O(N log N) for every N.

    X[k] = sum_n x[n] exp(-2 pi i k n / N)

    Parameters
    ----------
    x : (..., length) real or complex
    n : int >= length, N after appending zeros; None takes N = length

    Returns
    -------
    spectrum : (..., N) complex128

    Raises
    ------
    ValueError  if the last axis is empty or longer than n (nothing is cut off silently).

    Source: Cooley & Tukey 1965 in Stockham's self-sorting order; Bluestein 1970.
    Checked: tests/test_fft_matches_dft_definition.py
    """
    x = _padded(x, n)
    n = x.shape[-1]
    rows = np.ascontiguousarray(x.reshape(-1, n), dtype=np.complex128)
    radices = factors(n)
    spectrum = fft_rows(rows, radices) if max(radices) <= LARGEST_BUTTERFLY else chirp_fft(rows)
    return spectrum.reshape(x.shape)


def ifft(X) -> np.ndarray:
    """Inverse discrete Fourier transform: ifft(fft(x)) = x.

    x[n] = 1/N sum_k X[k] exp(2 pi i k n / N) = conj(fft(conj(X))) / N

    Parameters
    ----------
    X : (..., N) real or complex

    Returns
    -------
    x : (..., N) complex128

    Raises
    ------
    ValueError  if the last axis is empty.

    Source: Oppenheim & Schafer, eq. 8.12. Checked: tests/test_fft_matches_dft_definition.py
    """
    X = _as_rows(X)
    return np.conj(fft(np.conj(X))) / X.shape[-1]


def rfft(x, n: int | None = None) -> np.ndarray:
    """The N // 2 + 1 bins of fft(x) from 0 to the Nyquist frequency, of a real signal.

    An even N is packed into N/2 complex samples z[m] = x[2m] + i x[2m+1]. With Z = fft(z),
    the spectra of the even and the odd samples come apart by symmetry:

    E[k] = (Z[k] + conj(Z[N/2 - k])) / 2,  O[k] = (Z[k] - conj(Z[N/2 - k])) / 2i
    X[k] = E[k] + exp(-2 pi i k / N) O[k]

    Parameters
    ----------
    x : (..., length) real
    n : int >= length, N after appending zeros; None takes N = length

    Returns
    -------
    spectrum : (..., N // 2 + 1) complex128

    Raises
    ------
    ValueError  if x is complex, or the last axis is empty or longer than n.

    Source: Oppenheim & Schafer, problem 9.31 (N-point real from N/2-point complex).
    Checked: tests/test_fft_matches_dft_definition.py
    """
    if np.iscomplexobj(x):
        raise ValueError("x is complex; rfft takes a real signal (use fft)")
    x = _padded(x, n).astype(np.float64, copy=False)
    n = x.shape[-1]
    if n % 2:
        return fft(x)[..., : n // 2 + 1]
    z = np.ascontiguousarray(x).view(np.complex128)
    Z = fft(z).reshape(-1, n // 2)
    return _untangle(Z, roots_of_unity(n)).reshape(*x.shape[:-1], n // 2 + 1)


def irfft(X, n: int) -> np.ndarray:
    """Real signal of n samples whose rfft is X: irfft(rfft(x), n) = x.

    x = ifft(X[0], .., X[n//2], conj(X[(n-1)//2]), .., conj(X[1])); imaginary parts of X[0] and,
    for even n, of X[n/2] count as zero.

    Parameters
    ----------
    X : (..., n // 2 + 1) complex
    n : int >= 1, samples; even and odd n share a number of bins, so it must be said

    Returns
    -------
    x : (..., n) float64

    Raises
    ------
    ValueError  if X has not n // 2 + 1 bins.

    Source: Oppenheim & Schafer, table 8.2 (symmetry). Checked: tests/test_fft_matches_dft_definition.py
    """
    X = _as_rows(X)
    n = as_count(n, "n")
    if X.shape[-1] != n // 2 + 1:
        raise ValueError(f"{n=} samples have {n // 2 + 1} bins; X has {X.shape[-1]}")
    negative_frequencies = np.conj(X[..., (n - 1) // 2 : 0 : -1])
    return ifft(np.concatenate([X, negative_frequencies], axis=-1)).real


@njit(cache=True)
def _untangle(Z, roots):
    """The spectrum of a real signal from that of its even samples + i odd samples (see `rfft`)."""
    half = Z.shape[1]
    X = np.empty((Z.shape[0], half + 1), np.complex128)
    for row in range(Z.shape[0]):
        for k in range(half + 1):
            a, b = Z[row, k % half], np.conj(Z[row, (half - k) % half])
            even, odd = 0.5 * (a + b), -0.5j * (a - b)
            X[row, k] = even + roots[k] * odd
    return X


def _as_rows(x) -> np.ndarray:
    x = np.asarray(x)
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"x has shape {x.shape}; its last axis must hold at least one sample")
    if x.dtype.kind not in "biufc":
        raise ValueError(f"x has dtype {x.dtype}; numbers are expected")
    return x


def _padded(x, n: int | None) -> np.ndarray:
    """x with zeros appended up to n samples on the last axis."""
    x = _as_rows(x)
    if n is None or n == x.shape[-1]:
        return x
    n = as_count(n, "n")
    if n < x.shape[-1]:
        raise ValueError(f"{n=} is less than the {x.shape[-1]} samples of x; nothing is cut off silently")
    padded = np.zeros((*x.shape[:-1], n), np.complex128 if np.iscomplexobj(x) else np.float64)
    padded[..., : x.shape[-1]] = x
    return padded
