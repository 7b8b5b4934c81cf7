"""Pre-emphasis: a first-order high-pass filter that offsets the spectral tilt of voiced speech."""

from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_number, as_signal, as_word
from dsp.files.compiled import keep_on_disk

FirstSample = Literal["keep", "replicate", "extrapolate"]


def preemphasis(signal: ArrayLike, coefficient: float = 0.97, first: FirstSample = "keep") -> NDArray[np.float64]:
    """The signal minus `coefficient` times its predecessor.

    y[n] = x[n] - a x[n-1]
    y[0]: first "keep"         x[0]               as if zeros came before
                "replicate"    (1 - a) x[0]       as if x[0] came before (Kaldi, HTK)
                "extrapolate"  3 x[0] - x[1]      librosa >= 0.8, whatever a is

    Parameters
    ----------
    signal : (n,) real; n >= 2 for "extrapolate"
    coefficient : a, 0 <= a <= 1; 0 changes at most y[0]
    first : "keep", "replicate" or "extrapolate"

    Returns
    -------
    emphasized : (n,) float64

    Raises
    ------
    ValueError  if the signal is not a finite real vector, the coefficient is outside [0, 1], or `first`
        is unknown or needs a second sample that does not exist.

    Source: MATLAB filter([1 -a], 1, x); HTK Book 3.4, eq. 5.1. Checked: tests/test_dsp_matches_octave.py
    """
    x = as_signal(signal)
    coefficient = as_number(coefficient, "coefficient", low=0, high=1)
    return _preemphasize_columns(x, coefficient, first)


def _preemphasize_columns(x: NDArray[np.float64], coefficient: float, first: FirstSample) -> NDArray[np.float64]:
    """`preemphasis` of every column, (n,) or (n, columns), of checked samples.

    Raises ValueError for an unknown rule, or for "extrapolate" with a single sample.
    """
    as_word(first, "first", FirstSample)
    y = x.copy()
    y[1:] = x[1:] - coefficient * x[:-1]
    if first == "replicate":
        y[0] = x[0] - coefficient * x[0]
    elif first == "extrapolate":
        if len(x) < 2:
            raise ValueError('first="extrapolate" needs two samples; there is one')
        y[0] = 3 * x[0] - x[1]
    return y


def deemphasis(signal: ArrayLike, coefficient: float = 0.97) -> NDArray[np.float64]:
    """The inverse of preemphasis with first="keep".

    x[n] = y[n] + a x[n-1],  x[-1] = 0

    Parameters
    ----------
    signal : (n,) real
    coefficient : a, 0 <= a <= 1

    Returns
    -------
    deemphasized : (n,) float64

    Raises
    ------
    ValueError  if the signal is not a finite real vector or the coefficient is outside [0, 1].

    Source: as preemphasis. Checked: tests/test_features_match_every_tool.py
    """
    y = as_signal(signal)
    coefficient = as_number(coefficient, "coefficient", low=0, high=1)
    return _deemphasis(y, float(coefficient))


@keep_on_disk
@njit
def _deemphasis(y, a):
    x = y.copy()
    for n in range(1, x.size):
        x[n] += a * x[n - 1]
    return x
