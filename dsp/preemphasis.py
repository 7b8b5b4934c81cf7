"""Pre-emphasis: the first-order high-pass that flattens the fall of voiced speech."""

import numpy as np
from numba import njit

from dsp.checks import as_signal


def preemphasis(signal, coefficient: float = 0.97, first: str = "keep") -> np.ndarray:
    """The signal minus `coefficient` times its predecessor.

    y[n] = x[n] - a x[n-1]
    y[0]: first "keep"         x[0]               as if silence came before
                "replicate"    (1 - a) x[0]       as if x[0] came before (Kaldi, HTK)
                "extrapolate"  3 x[0] - x[1]      librosa >= 0.8, whatever a is

    Parameters
    ----------
    signal : (n,) real; n >= 2 for "extrapolate"
    coefficient : a, 0 <= a <= 1; 0 changes nothing but, perhaps, y[0]
    first : "keep", "replicate" or "extrapolate"

    Returns
    -------
    emphasized : (n,) float64

    Raises
    ------
    ValueError  if the signal is not a finite real vector, the coefficient is outside [0, 1], or `first`
        is unknown or asks for a second sample that is not there.

    Source: MATLAB filter([1 -a], 1, x); HTK Book 3.4, eq. 5.1. Checked: tests/test_dsp_matches_octave.py
    """
    x = as_signal(signal)
    if not 0 <= coefficient <= 1:
        raise ValueError(f"{coefficient=} is outside 0..1")
    return _preemphasize_columns(x, coefficient, first)


def _preemphasize_columns(x: np.ndarray, coefficient: float, first: str) -> np.ndarray:
    """`preemphasis` of every column, (n,) or (n, columns), of what was checked before.

    Raises ValueError for a rule of the first sample that is unknown or needs a second one that is not there.
    """
    y = x.copy()
    y[1:] = x[1:] - coefficient * x[:-1]
    if first == "replicate":
        y[0] = x[0] - coefficient * x[0]
    elif first == "extrapolate":
        if len(x) < 2:
            raise ValueError('first="extrapolate" needs two samples; there is one')
        y[0] = 3 * x[0] - x[1]
    elif first != "keep":
        raise ValueError(f'{first=} is neither "keep", "replicate" nor "extrapolate"')
    return y


def deemphasis(signal, coefficient: float = 0.97) -> np.ndarray:
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
    if not 0 <= coefficient <= 1:
        raise ValueError(f"{coefficient=} is outside 0..1")
    return _deemphasis(y, float(coefficient))


@njit(cache=True)
def _deemphasis(y, a):
    x = y.copy()
    for n in range(1, x.size):
        x[n] += a * x[n - 1]
    return x
