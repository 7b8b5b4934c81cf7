"""The discrete cosine transforms of types I to IV, and the lifter that weights cepstral coefficients."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_number, as_real, as_word

DctNorm = Literal[None, "ortho", "htk", "sum"]  # the words of a Convention
DctType = Literal[2, 3]
MatrixNorm = Literal[None, "ortho", "htk", "sum", "forward"]  # the words of dct and dct_matrix
MatrixType = Literal[1, 2, 3, 4]


def dct(x: ArrayLike, norm: MatrixNorm = "ortho", kind: MatrixType = 2) -> NDArray[np.float64]:
    """Discrete cosine transform, of type II unless `kind` says otherwise.

    X[k] = a_k sum_n x[n] cos(pi k (2n + 1) / (2N))

    norm "ortho"    a_0 = sqrt(1/N), a_k = sqrt(2/N): an orthogonal matrix
         "htk"      a_k = sqrt(2/N) for k = 0 too (HTK, openSMILE; often called "type III" by mistake)
         None       a_k = 2 (SciPy's default, which it also calls "backward")
         "sum"      a_k = 1: the cosine-weighted sums themselves (Praat)
         "forward"  a_k = 1/N

    Parameters
    ----------
    x : (..., N) real
    norm : "ortho", "htk", None, "sum" or "forward"
    kind : 1, 2, 3 or 4; dct_matrix has the formulas of the other types

    Returns
    -------
    X : (..., N) float64

    Raises
    ------
    ValueError  if x is empty, complex or masked, the norm or kind is unknown, or dct_matrix refuses them together.

    Source: Ahmed, Natarajan & Rao 1974; HTK Book eq. 5.14.
    Checked: tests/test_dct_matches_scipy.py, tests/test_peers_parameters_are_spoken.py
    """
    values = as_real(x, "x")
    return values @ dct_matrix(values.shape[-1], values.shape[-1], norm, kind).T


def dct_matrix(n_out: int, n_in: int, norm: MatrixNorm = "ortho", kind: MatrixType = 2) -> NDArray[np.float64]:
    """The first n_out rows of the DCT of N = n_in points: X = C x.

    kind 1   C[k, n] = a_k b_n cos(pi k n / (N - 1))
    kind 2   C[k, n] = a_k cos(pi k (2n + 1) / (2N)), a_k as in dct
    kind 3   C[k, n] = a_n cos(pi n (2k + 1) / (2N)), a_n as in dct: with "ortho" the inverse of kind 2
    kind 4   C[k, n] = a cos(pi (2k + 1) (2n + 1) / (4N))

    norm None       kind 1: a_k = 2, b_n = 1, but b_0 = b_(N-1) = 1/2;  kind 3: a_0 = 1;  kind 4: a = 2
         "forward"  the matrix of norm None divided by 2N (kind 1: by 2 (N - 1))
         "ortho"    kind 1: a_k = sqrt(2 / (N - 1)) b_k, b_n = 1, but b_0 = b_(N-1) = sqrt(1/2);  kind 4: a = sqrt(2/N)
         "htk", "sum"  kinds 2 and 3 alone; with "sum" kind 3 has a_0 = 1/2

    With "ortho" every kind is orthogonal; kinds 1 and 4 are then their own inverses.

    Parameters
    ----------
    n_out, n_in : int >= 1, n_out <= n_in; kind 1 needs n_in >= 2
    norm : "ortho", "htk", None, "sum" or "forward"
    kind : 1, 2, 3 or 4

    Returns
    -------
    matrix : (n_out, n_in) float64

    Raises
    ------
    ValueError  if n_out > n_in, the norm or kind is unknown, kind 1 gets one point, or kinds 1 and 4 the norm "htk"
        or "sum".

    Source: as dct; Wang & Hunt 1985 (the four types).
    Checked: tests/test_dct_matches_scipy.py, tests/test_peers_parameters_are_spoken.py
    """
    n_out, n_in = as_count(n_out, "n_out"), as_count(n_in, "n_in")
    as_word(norm, "norm", MatrixNorm)
    if n_out > n_in:
        raise ValueError(f"{n_out=} coefficients cannot come from {n_in=} values")
    if as_word(kind, "kind", MatrixType) in (1, 4):
        return _symmetric_matrix(n_out, n_in, norm, kind)
    if kind == 3:
        matrix = np.ascontiguousarray(dct_matrix(n_in, n_in, norm).T[:n_out])
        return matrix / np.where(np.arange(n_in) == 0, 2.0, 1.0) if norm in (None, "sum", "forward") else matrix
    k, n = np.arange(n_out)[:, None], np.arange(n_in)
    cosines = np.cos(np.pi * k * (2 * n + 1) / (2 * n_in))
    if norm == "ortho":
        return cosines * np.where(k == 0, np.sqrt(1 / n_in), np.sqrt(2 / n_in))
    if norm == "htk":
        return cosines * np.sqrt(2 / n_in)
    return {None: 2.0, "sum": 1.0, "forward": 1 / n_in}[norm] * cosines


def _symmetric_matrix(n_out: int, n_in: int, norm: MatrixNorm, kind: MatrixType) -> NDArray[np.float64]:
    """dct_matrix of kind 1 or 4, whose cosines are the same with k and n exchanged."""
    if norm in ("htk", "sum"):
        raise ValueError(f"{norm=} is a norm of kinds 2 and 3; kind={kind} takes None, 'ortho' or 'forward'")
    if kind == 1 and n_in < 2:
        raise ValueError(f"kind=1 needs n_in >= 2; {n_in=}")
    k, n = np.arange(n_out)[:, None], np.arange(n_in)
    if kind == 4:
        intervals = n_in
        weighted = np.cos(np.pi * (2 * k + 1) * (2 * n + 1) / (4 * n_in))
    else:
        intervals = n_in - 1
        b = np.where((n == 0) | (n == intervals), np.sqrt(0.5) if norm == "ortho" else 0.5, 1.0)
        weighted = b * np.cos(np.pi * k * n / intervals)
        if norm == "ortho":
            weighted *= b[:n_out, None]
    if norm == "ortho":
        return np.sqrt(2 / intervals) * weighted
    return weighted / intervals if norm == "forward" else 2 * weighted


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
