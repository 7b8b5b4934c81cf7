"""Lab 7: the colour image of a spectrogram. Copy this file and write the function."""

import numpy as np  # noqa: F401  (for you)


def spectrogram_image(level_db, colours):
    """The bytes that MATLAB's script makes of a spectrogram, before they are resized.

    i = round((L - min L) / (max L - min L) (m - 1)),  min and max over the whole matrix
    colour = the i-th of the map; MATLAB counts 1 .. m, and an index of 0 gives colour 1, too
    byte = round(255 colour)
    round is MATLAB's: halves away from 0.

    Parameters
    ----------
    level_db : L, (height, width), not all equal
    colours : (m, 3) float64; red, green, blue from 0 to 1

    Returns
    -------
    image : (height, width, 3) uint8; row 0 is row 0 of level_db
    """
    raise NotImplementedError
