"""Rounds real numbers as MATLAB does."""

import numpy as np


def round_half_away(x) -> np.ndarray:
    """MATLAB's round: to the nearest whole number, halves away from zero (np.round goes to even).

    sign(x) (floor(|x|) + (|x| - floor(|x|) >= 0.5))

    Parameters
    ----------
    x : real array

    Returns
    -------
    rounded : same shape, float64; NaN stays NaN

    Raises
    ------
    ValueError  if x is not an array of numbers.

    Source: MathWorks, documentation of round. Checked: tests/test_image_stages_match_octave.py
    """
    size = np.abs(np.asarray(x, dtype=np.float64))
    whole = np.floor(size)
    return np.copysign(whole + (size - whole >= 0.5), x)


def to_uint8(image) -> np.ndarray:
    """The bytes that MATLAB's imwrite makes of an image of doubles.

    byte = round_half_away(255 min(max(x, 0), 1))

    Parameters
    ----------
    image : real array, 0 (black) to 1 (white); values outside are clipped

    Returns
    -------
    bytes : same shape, uint8

    Raises
    ------
    ValueError  if a value is NaN.

    Source: MathWorks, documentation of imwrite (double images). Checked: tests/test_image_stages_match_octave.py
    """
    image = np.asarray(image, dtype=np.float64)
    if np.isnan(image).any():
        raise ValueError("the image holds NaN")
    return round_half_away(255 * np.clip(image, 0, 1)).astype(np.uint8)
