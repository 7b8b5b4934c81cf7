"""MATLAB's colour map `jet`."""

import numpy as np

from dsp.checks import as_count


def jet(m: int = 256) -> np.ndarray:
    """The colour map jet: dark blue, blue, cyan, yellow, red, dark red.

    One trapezoid u = 1/n .. 1, 1 .. 1, 1 .. 1/n with n = ceil(m / 4) serves three times: for green
    in the middle of the map, for red n places further on, for blue n places before.

    Parameters
    ----------
    m : int >= 1, number of colours

    Returns
    -------
    colours : (m, 3) float64 in [0, 1], red green blue

    Raises
    ------
    ValueError  if m is not a whole number >= 1.

    Source: the images that MATLAB wrote, and GNU Octave's jet.
    Checked: tests/test_jet_matches_octave.py
    """
    m = as_count(m, "m")
    n = -(-m // 4)
    up = np.arange(1, n + 1) / n
    trapezoid = np.concatenate([up, np.ones(n - 1), up[::-1]])
    first = -(-n // 2) - (m % 4 == 1)  # where green begins, 0-based
    colours = np.zeros((m, 3))
    for channel, start in enumerate((first + n, first, first - n)):
        place = start + np.arange(trapezoid.size)
        inside = (0 <= place) & (place < m)
        colours[place[inside], channel] = trapezoid[inside]
    return colours
