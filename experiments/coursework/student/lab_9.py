"""Lab 9: pre-emphasis. Copy this file and write the function."""

import numpy as np  # noqa: F401  (for you)


def preemphasize(signal, coefficient):
    """The signal with its high frequencies raised: each sample minus a part of the one before it.

    y[n] = x[n] - coefficient x[n - 1],  y[0] = x[0]

    Parameters
    ----------
    signal : (n,) floats or integers, n >= 1
    coefficient : 0 to 1

    Returns
    -------
    emphasized : (n,) float64
    """
    raise NotImplementedError
