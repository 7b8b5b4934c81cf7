"""MATLAB's colormaps that are formulas: jet, gray, hot, cool, bone, copper, pink, hsv and the four seasons.

Parula and turbo are tables of numbers, not formulas, and are not offered.
"""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from dsp.checks import as_count

ColormapName = Literal[
    "jet", "gray", "hot", "cool", "bone", "copper", "pink", "hsv", "spring", "summer", "autumn", "winter"
]
COLORMAPS: tuple[ColormapName, ...] = get_args(ColormapName)


def colormap(name: ColormapName, m: int = 256) -> np.ndarray:
    """MATLAB's colormap `name` with m colors, where r = (0 .. m-1) / (m-1) rises from 0 to 1.

    gray     [r, r, r]
    hot      [min(1, i/n), min(1, (i-n)/n), (i-2n)/(m-2n)], not below 0, with i = 1 .. m, n = floor(3 m / 8)
    cool     [r, 1 - r, 1]
    bone     (7 gray + hot with red and blue exchanged) / 8
    copper   min(1, [1.25 r, 0.7812 r, 0.4975 r])
    pink     sqrt((2 gray + hot) / 3)
    hsv      full colors of hue (0 .. m-1) / m: red, yellow, green, cyan, blue, magenta
    spring   [1, r, 1 - r]
    summer   [r, (1 + r) / 2, 0.4]
    autumn   [1, r, 0]
    winter   [0, r, 1 - r / 2]
    jet      see `jet`

    Parameters
    ----------
    name : one of the words above
    m : int >= 1, number of colors

    Returns
    -------
    colors : (m, 3) float64 in [0, 1], red green blue

    Raises
    ------
    ValueError  for another name, or if m is not a whole number >= 1.

    Source: MathWorks, documentation of colormap; GNU Octave's maps.
    Checked: tests/test_image_colormaps_match_octave.py
    """
    if name not in _FORMULAS:
        raise ValueError(f"colormap={name!r} is unknown; one of {', '.join(COLORMAPS)} is expected")
    return _FORMULAS[name](as_count(m, "m"))


def jet(m: int = 256) -> np.ndarray:
    """The colormap jet: dark blue, blue, cyan, yellow, red, dark red.

    One trapezoid u = 1/n .. 1, 1 .. 1, 1 .. 1/n with n = ceil(m / 4) serves three times: for green
    in the middle of the map, for red n colors later, for blue n colors earlier.

    Parameters
    ----------
    m : int >= 1, number of colors

    Returns
    -------
    colors : (m, 3) float64 in [0, 1], red green blue

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
    colors = np.zeros((m, 3))
    for channel, start in enumerate((first + n, first, first - n)):
        index = start + np.arange(trapezoid.size)
        inside = (0 <= index) & (index < m)
        colors[index[inside], channel] = trapezoid[inside]
    return colors


def _ramp(m: int) -> np.ndarray:
    """0 to 1 in m steps."""
    return np.arange(m) / max(m - 1, 1)


def _columns(*channels: np.ndarray | float) -> np.ndarray:
    return np.stack(np.broadcast_arrays(*channels), axis=1).astype(np.float64)


def _gray(m: int) -> np.ndarray:
    return _columns(_ramp(m), _ramp(m), _ramp(m))


def _hot(m: int) -> np.ndarray:
    n, i = 3 * m // 8, np.arange(1, m + 1)
    return np.clip(_columns(i / max(n, 1), (i - n) / max(n, 1), (i - 2 * n) / (m - 2 * n)), 0, 1)


def _hsv(m: int) -> np.ndarray:
    hue = 6 * np.arange(m)  # in m-ths of a sixth of the circle: whole numbers until the division
    channels = (np.abs(hue - 3 * m) - m, 2 * m - np.abs(hue - 2 * m), 2 * m - np.abs(hue - 4 * m))
    return np.clip(_columns(*channels) / m, 0, 1)


def _copper(m: int) -> np.ndarray:
    return np.minimum(_gray(m) * [1.25, 0.7812, 0.4975], 1)


_FORMULAS: dict[str, Callable[[int], np.ndarray]] = {
    "jet": jet,
    "gray": _gray,
    "hot": _hot,
    "cool": lambda m: _columns(_ramp(m), 1 - _ramp(m), 1.0),
    "bone": lambda m: (7 * _gray(m) + _hot(m)[:, ::-1]) / 8,
    "copper": _copper,
    "pink": lambda m: np.sqrt((2 * _gray(m) + _hot(m)) / 3),
    "hsv": _hsv,
    "spring": lambda m: _columns(1.0, _ramp(m), 1 - _ramp(m)),
    "summer": lambda m: _columns(_ramp(m), (1 + _ramp(m)) / 2, 0.4),
    "autumn": lambda m: _columns(1.0, _ramp(m), 0.0),
    "winter": lambda m: _columns(0.0, _ramp(m), 1 - _ramp(m) / 2),
}
