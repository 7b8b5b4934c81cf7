"""Decibels."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_number, as_real, check_nonnegative

EPS = 2.0**-52  # MATLAB's eps: the distance from 1 to the next float64


def amplitude_to_db(amplitude: ArrayLike, offset: float = 0.0) -> NDArray[np.float64]:
    """Amplitude in decibels.

    20 log10(amplitude + offset)

    Parameters
    ----------
    amplitude : real array, >= 0
    offset : >= 0, added so that silence stays finite; MATLAB scripts add eps = 2**-52

    Returns
    -------
    level : same shape, float64, dB; -inf where amplitude + offset is 0

    Raises
    ------
    ValueError  if an amplitude or the offset is negative, or the amplitudes are complex or masked.

    Source: IEC 60027-3. Checked: tests/test_decibels_match_closed_form.py
    """
    return 20.0 * _log10(amplitude, offset, "amplitude")


def power_to_db(power: ArrayLike, offset: float = 0.0) -> NDArray[np.float64]:
    """Power in decibels.

    10 log10(power + offset)

    Parameters
    ----------
    power : real array, >= 0
    offset : >= 0, added so that silence stays finite

    Returns
    -------
    level : same shape, float64, dB; -inf where power + offset is 0

    Raises
    ------
    ValueError  if a power or the offset is negative, or the powers are complex or masked.

    Source: IEC 60027-3. Checked: tests/test_decibels_match_closed_form.py
    """
    return 10.0 * _log10(power, offset, "power")


def _log10(values: ArrayLike, offset: float, name: str) -> NDArray[np.float64]:
    x = as_real(values, name, "any")
    offset = as_number(offset, "offset", low=0)
    check_nonnegative(x, name)
    with np.errstate(divide="ignore"):
        return np.log10(x + offset)
