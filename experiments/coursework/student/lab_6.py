"""Lab 6: deltas. Copy this file and write the function."""

import numpy as np  # noqa: F401  (for you)


def deltas(features, width):
    """The slope of every row at every frame, from the `width` frames around it.

    d[k, t] = sum_n n x[k, t + n] / sum_n n^2,  n = -M .. M,  M = (width - 1) / 2
    The first frame is repeated before the beginning and the last frame after the end, as often as needed.

    Parameters
    ----------
    features : (n_rows, n_frames), floats or integers; there may be fewer frames than the window has
    width : odd, >= 3

    Returns
    -------
    deltas : (n_rows, n_frames) float64
    """
    raise NotImplementedError
