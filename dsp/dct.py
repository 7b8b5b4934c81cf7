"""The discrete cosine transform of type II, and the lifter that weighs what comes out of it."""

import numpy as np

from dsp.checks import as_count


def dct(x, norm: str | None = "ortho") -> np.ndarray:
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
    ValueError  if the last axis is empty or the norm unknown.

    Source: Ahmed, Natarajan & Rao 1974; HTK Book eq. 5.14. Checked: tests/test_dct_matches_scipy.py
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"x has shape {x.shape}; its last axis must hold at least one value")
    return x @ dct_matrix(x.shape[-1], x.shape[-1], norm).T


def dct_matrix(n_out: int, n_in: int, norm: str | None = "ortho", kind: int = 2) -> np.ndarray:
    """The first n_out rows of the DCT of n_in points: X = C x.

    kind 2   C[k, n] = a_k cos(pi k (2n + 1) / (2 n_in)), a_k as in dct
    kind 3   C[k, n] = a_n cos(pi n (2k + 1) / (2 n_in)), without a norm a_0 = 1: the inverse of kind 2

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
    if n_out > n_in:
        raise ValueError(f"{n_out=} coefficients cannot come from {n_in=} values")
    if kind == 3:
        matrix = np.ascontiguousarray(dct_matrix(n_in, n_in, norm).T[:n_out])
        return matrix / np.where(np.arange(n_in) == 0, 2.0, 1.0) if norm is None else matrix
    if kind != 2:
        raise ValueError(f"{kind=} is neither 2 nor 3")
    k, n = np.arange(n_out)[:, None], np.arange(n_in)
    cosines = np.cos(np.pi * k * (2 * n + 1) / (2 * n_in))
    if norm == "ortho":
        return cosines * np.where(k == 0, np.sqrt(1 / n_in), np.sqrt(2 / n_in))
    if norm == "htk":
        return cosines * np.sqrt(2 / n_in)
    if norm is None:
        return 2 * cosines
    raise ValueError(f'{norm=} is neither "ortho", "htk" nor None')


def lifter(n: int, length: float, first: int = 0) -> np.ndarray:
    """Sine lifter: the weight of each cepstral coefficient.

    w[i] = 1 + length / 2 sin(pi (first + i) / length);  length = 0 gives ones

    Parameters
    ----------
    n : int >= 1, coefficients
    length : L >= 0; 22 in HTK and Kaldi
    first : 0 counts c0 as 0 (HTK, Kaldi, python_speech_features), 1 counts it as 1 (librosa)

    Returns
    -------
    weights : (n,) float64

    Raises
    ------
    ValueError  if n < 1 or length < 0.

    Source: HTK Book eq. 5.12. Checked: tests/test_dct_matches_scipy.py
    """
    n = as_count(n, "n")
    if length < 0:
        raise ValueError(f"{length=} is negative; >= 0 is expected")
    if length == 0:
        return np.ones(n)
    return 1 + length / 2 * np.sin(np.pi * (first + np.arange(n)) / length)
