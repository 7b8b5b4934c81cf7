"""The discrete Fourier transform: its definition, and fast functions with the same result.

Conventions: X[k] = sum_n x[n] w^(k n) with w = exp(-2 pi i / N); nothing is scaled forward, 1/N
backward, as in MATLAB. Transforms run along the last axis, in float64, for any length N >= 1.

Reading order: `dft` (the definition); `fft`, whose algorithm is `fft_by_factors` in dsp/cooley_tukey.py;
`rfft_by_halves` (half the work, for real signals). dsp/engine/transforms.py computes the same several times as fast.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from dsp.checks import NUMERIC, REAL, as_array, as_count
from dsp.cooley_tukey import fft_by_factors, roots_of_unity
from dsp.engine import transforms
from dsp.files.compiled import keep_on_disk


def dft(x: ArrayLike) -> NDArray[np.complex128]:
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
    ValueError  if the array is empty or masked.

    Source: Oppenheim & Schafer, Discrete-Time Signal Processing, eq. 8.11.
    Checked: tests/test_fft_matches_dft_definition.py
    """
    rows = as_array(x, "x", kinds=NUMERIC)
    n = np.arange(rows.shape[-1])
    W = roots_of_unity(n.size)[np.outer(n, n) % n.size]  # W[k, n] = exp(-2 pi i k n / N)
    return (rows @ W).astype(np.complex128, copy=False)


def fft(x: ArrayLike, n: int | None = None) -> NDArray[np.complex128]:
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
    ValueError  if x is empty or masked, or its last axis is longer than n (nothing is cut off silently).

    Source: Cooley & Tukey 1965 in Stockham's self-sorting order; Bluestein 1970.
    Checked: tests/test_fft_matches_dft_definition.py
    """
    padded = _pad(as_array(x, "x", kinds=NUMERIC), n)
    spectrum = transforms.fft(padded)
    return fft_by_factors(padded) if spectrum is None else spectrum


def ifft(X: ArrayLike) -> NDArray[np.complex128]:
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
    ValueError  if the array is empty or masked.

    Source: Oppenheim & Schafer, eq. 8.12. Checked: tests/test_fft_matches_dft_definition.py
    """
    array = as_array(X, "X", kinds=NUMERIC)
    x = transforms.fft(array, inverse=True)
    return np.conj(fft_by_factors(np.conj(array))) / array.shape[-1] if x is None else x


def rfft(x: ArrayLike, n: int | None = None) -> NDArray[np.complex128]:
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
    ValueError  if x is complex, empty or masked, or its last axis is longer than n.

    Source: Oppenheim & Schafer, problem 9.31 (N-point real from N/2-point complex).
    Checked: tests/test_fft_matches_dft_definition.py
    """
    padded = _pad(as_array(x, "x", kinds=REAL), n)
    spectrum = transforms.rfft(padded)
    return rfft_by_halves(padded) if spectrum is None else spectrum


def rfft_by_halves(x: NDArray[Any]) -> NDArray[np.complex128]:
    """rfft as its formula says; an odd N takes the complex transform.

    Checked: tests/test_fast_transforms_equal_textbook.py
    """
    N = x.shape[-1]
    if N % 2:
        return fft_by_factors(x)[..., : N // 2 + 1]
    z = np.ascontiguousarray(x, dtype=np.float64).view(np.complex128)
    X = _untangle(fft_by_factors(z).reshape(-1, N // 2), roots_of_unity(N))
    return X.reshape(*x.shape[:-1], N // 2 + 1)


def irfft(X: ArrayLike, n: int) -> NDArray[np.float64]:
    """The real signal of n samples whose rfft is X: irfft(rfft(x), n) = x.

    x = ifft(X[0], .., X[n//2], conj(X[(n-1)//2]), .., conj(X[1])); the imaginary parts of X[0] and,
    for even n, of X[n/2] are ignored.

    Parameters
    ----------
    X : (..., n // 2 + 1) complex
    n : int >= 1, samples; must be given, as an even and an odd n have the same number of bins

    Returns
    -------
    x : (..., n) float64

    Raises
    ------
    ValueError  if X does not have n // 2 + 1 bins.

    Source: Oppenheim & Schafer, table 8.2 (symmetry). Checked: tests/test_fft_matches_dft_definition.py
    """
    bins = as_array(X, "X", kinds=NUMERIC)
    n = as_count(n, "n")
    if bins.shape[-1] != n // 2 + 1:
        raise ValueError(f"{n=} samples have {n // 2 + 1} bins; X has {bins.shape[-1]}")
    x = transforms.irfft(bins, n)
    return irfft_by_symmetry(bins, n) if x is None else x


def irfft_by_symmetry(X: NDArray[Any], n: int) -> NDArray[np.float64]:
    """irfft as its formula says.

    Checked: tests/test_fast_transforms_equal_textbook.py
    """
    negative_frequencies = np.conj(X[..., (n - 1) // 2 : 0 : -1])
    symmetric = np.concatenate([X, negative_frequencies], axis=-1)
    return fft_by_factors(np.conj(symmetric)).real / n


@keep_on_disk
@njit
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


def _pad(rows: NDArray[Any], n: int | None) -> NDArray[Any]:
    """Zeros appended on the last axis, up to n samples."""
    if n is None or n == rows.shape[-1]:
        return rows
    n = as_count(n, "n")
    if n < rows.shape[-1]:
        raise ValueError(f"{n=} is less than the {rows.shape[-1]} samples of x; nothing is cut off silently")
    padded = np.zeros((*rows.shape[:-1], n), np.complex128 if np.iscomplexobj(rows) else np.float64)
    padded[..., : rows.shape[-1]] = rows
    return padded
