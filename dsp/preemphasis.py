"""Pre-emphasis: the first-order high-pass that flattens the fall of voiced speech."""

import numpy as np

from dsp.checks import as_signal


def preemphasis(signal, coefficient: float = 0.97) -> np.ndarray:
    """The signal minus `coefficient` times its predecessor.

    y[n] = x[n] - a x[n-1],  x[-1] = 0, so y[0] = x[0]

    Parameters
    ----------
    signal : (n,) real
    coefficient : a, 0 <= a <= 1; 0 returns a copy

    Returns
    -------
    emphasized : (n,) float64

    Raises
    ------
    ValueError  if the signal is not a finite real vector, or the coefficient is outside [0, 1].

    Source: MATLAB filter([1 -a], 1, x); HTK Book 3.4, eq. 5.1 (HTK differs in the first sample).
    Checked: tests/test_dsp_matches_octave.py
    """
    x = as_signal(signal)
    if not 0 <= coefficient <= 1:
        raise ValueError(f"{coefficient=} is outside 0..1")
    y = x.copy()
    y[1:] = x[1:] - coefficient * x[:-1]
    return y
