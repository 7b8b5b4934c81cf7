"""Decibels."""

import numpy as np

EPS = 2.0**-52  # MATLAB's eps: the distance from 1 to the next float64


def amplitude_to_db(amplitude, offset: float = 0.0) -> np.ndarray:
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
    ValueError  if an amplitude or the offset is negative.

    Source: IEC 60027-3. Checked: tests/test_decibels_match_closed_form.py
    """
    return 20.0 * _log10(amplitude, offset, "amplitude")


def power_to_db(power, offset: float = 0.0) -> np.ndarray:
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
    ValueError  if a power or the offset is negative.

    Source: IEC 60027-3. Checked: tests/test_decibels_match_closed_form.py
    """
    return 10.0 * _log10(power, offset, "power")


def _log10(x, offset: float, name: str) -> np.ndarray:
    x = np.asarray(x, dtype=np.float64)
    if offset < 0 or x.min(initial=0) < 0:
        raise ValueError(f"{name} >= 0 and {offset=} >= 0 are expected; the least {name} is {x.min()}")
    with np.errstate(divide="ignore"):
        return np.log10(x + offset)
