"""Lab 7: the color image of a spectrogram. Copy this file and write the function."""

import numpy as np  # noqa: F401  (for you)


def spectrogram_image(level_db, colors):
    """The bytes that the MATLAB script makes from a spectrogram, before they are resized.

    i = round((L - min L) / (max L - min L) (m - 1)),  min and max over the whole matrix
    color = the i-th color of the map; MATLAB counts 1 .. m, and the index 0 also gives color 1
    byte = round(255 color)
    round is MATLAB's: it rounds halves away from 0.

    Parameters
    ----------
    level_db : L, (height, width), not all equal
    colors : (m, 3) float64; red, green, blue from 0 to 1

    Returns
    -------
    image : (height, width, 3) uint8; row 0 is row 0 of level_db
    """
    raise NotImplementedError
