"""MATLAB's `ind2rgb`: from color numbers to colors."""

import numpy as np


def ind2rgb(indices, colors) -> np.ndarray:
    """The color of every index, counted from 1 and clipped to the map, as MATLAB does for doubles.

    rgb[i, j] = colors[max(1, min(indices[i, j], m)) - 1]

    So 0 and 1 have the same color, and a spectrogram scaled to 0..255 never uses the 256th.

    Parameters
    ----------
    indices : (h, w), whole numbers of any dtype
    colors : (m, 3) float64

    Returns
    -------
    rgb : (h, w, 3) float64

    Raises
    ------
    ValueError  if an index is NaN or not whole, or a shape is wrong.

    Source: MathWorks, documentation of ind2rgb. Checked: tests/test_image_stages_match_octave.py
    """
    indices, colors = np.asarray(indices), np.asarray(colors, dtype=np.float64)
    if indices.ndim != 2 or colors.ndim != 2 or colors.shape[1] != 3:
        raise ValueError(f"(h, w) and (m, 3) are expected, not {indices.shape} and {colors.shape}")
    if not np.array_equal(indices, np.floor(indices)):
        raise ValueError("every index must be a whole number")
    clipped = np.clip(indices, 1, len(colors)).astype(np.intp)
    return np.take(colors, clipped - 1, axis=0)
