"""The discrete cosine transform of type II, and the lifter that weights cepstral coefficients."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_number, as_real, as_word

DctNorm = Literal[None, "ortho", "htk"]
DctType = Literal[2, 3]


def dct(x: ArrayLike, norm: DctNorm = "ortho") -> NDArray[np.float64]:
    """DCT-II.

    X[k] = a_k sum_n x[n] cos(pi k (2n + 1) / (2N))

    norm "ortho"  a_0 = sqrt(1/N), a_k = sqrt(2/N): an orthogonal matrix
         "htk"    a_k = sqrt(2/N) for k = 0 too (HTK, openSMILE; often called "type III" by mistake)
         None     a_k = 2 (SciPy's default)

    Parameters
    ----------
    x : (..., N) real
    norm : "ortho", "htk" or None

    Returns
    -------
    X : (..., N) float64

    Raises
    ------
    ValueError  if x is empty, complex or masked, or the norm is unknown.

    Source: Ahmed, Natarajan & Rao 1974; HTK Book eq. 5.14. Checked: tests/test_dct_matches_scipy.py
    """
    values = as_real(x, "x")
    return values @ dct_matrix(values.shape[-1], values.shape[-1], norm).T


def dct_matrix(n_out: int, n_in: int, norm: DctNorm = "ortho", kind: DctType = 2) -> NDArray[np.float64]:
    """The first n_out rows of the DCT of n_in points: X = C x.

    kind 2   C[k, n] = a_k cos(pi k (2n + 1) / (2 n_in)), a_k as in dct
    kind 3   C[k, n] = a_n cos(pi n (2k + 1) / (2 n_in)), the inverse of kind 2; with norm None, a_0 = 1

    Parameters
    ----------
    n_out, n_in : int >= 1, n_out <= n_in
    norm : "ortho", "htk" or None
    kind : 2 or 3

    Returns
    -------
    matrix : (n_out, n_in) float64

    Raises
    ------
    ValueError  if n_out > n_in, or the norm or kind is unknown.

    Source: as dct. Checked: tests/test_dct_matches_scipy.py
    """
    n_out, n_in = as_count(n_out, "n_out"), as_count(n_in, "n_in")
    as_word(norm, "norm", DctNorm)
    if n_out > n_in:
        raise ValueError(f"{n_out=} coefficients cannot come from {n_in=} values")
    if as_word(kind, "kind", DctType) == 3:
        matrix = np.ascontiguousarray(dct_matrix(n_in, n_in, norm).T[:n_out])
        return matrix / np.where(np.arange(n_in) == 0, 2.0, 1.0) if norm is None else matrix
    k, n = np.arange(n_out)[:, None], np.arange(n_in)
    cosines = np.cos(np.pi * k * (2 * n + 1) / (2 * n_in))
    if norm == "ortho":
        return cosines * np.where(k == 0, np.sqrt(1 / n_in), np.sqrt(2 / n_in))
    if norm == "htk":
        return cosines * np.sqrt(2 / n_in)
    return 2 * cosines


def lifter(n: int, length: float, first: int = 0) -> NDArray[np.float64]:
    """Weights of a sine lifter, one for each cepstral coefficient.

    w[i] = 1 + length / 2 sin(pi (first + i) / length);  length = 0 gives ones

    Parameters
    ----------
    n : int >= 1, coefficients
    length : L >= 0; 22 in HTK and Kaldi
    first : the number that the first coefficient gets: 0 (HTK, Kaldi, python_speech_features) or 1 (librosa)

    Returns
    -------
    weights : (n,) float64

    Raises
    ------
    ValueError  if n < 1, length < 0 or first < 0.

    Source: HTK Book eq. 5.12. Checked: tests/test_dct_matches_scipy.py
    """
    n, first = as_count(n, "n"), as_count(first, "first", min_value=0)
    length = as_number(length, "length", low=0)
    if length == 0:
        return np.ones(n)
    return 1 + length / 2 * np.sin(np.pi * (first + np.arange(n)) / length)
