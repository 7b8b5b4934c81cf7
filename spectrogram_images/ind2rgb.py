"""MATLAB's `ind2rgb`: from colour numbers to colours."""

import numpy as np


def ind2rgb(indices, colours) -> np.ndarray:
    """Colour of every index, counted from 1 and clipped to the map, as MATLAB does for doubles.

    rgb[i, j] = colours[max(1, min(indices[i, j], m)) - 1]

    So 0 and 1 are the same colour; a spectrogram scaled to 0..255 never uses the 256th.

    Parameters
    ----------
    indices : (h, w), whole numbers of any dtype
    colours : (m, 3) float64

    Returns
    -------
    rgb : (h, w, 3) float64

    Raises
    ------
    ValueError  if an index is NaN or not whole, or a shape is wrong.

    Source: MathWorks, documentation of ind2rgb. Checked: tests/test_image_stages_match_octave.py
    """
    indices, colours = np.asarray(indices), np.asarray(colours, dtype=np.float64)
    if indices.ndim != 2 or colours.ndim != 2 or colours.shape[1] != 3:
        raise ValueError(f"(h, w) and (m, 3) are expected, not {indices.shape} and {colours.shape}")
    if not np.array_equal(indices, np.floor(indices)):
        raise ValueError("every index must be a whole number")
    clipped = np.clip(indices, 1, len(colours)).astype(np.intp)
    return np.take(colours, clipped - 1, axis=0)
