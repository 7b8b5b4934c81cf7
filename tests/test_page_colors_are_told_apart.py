"""The page's colors are told apart with every kind of color vision, and jet is left to MATLAB's own images."""

import itertools
import re

import numpy as np
import pytest

pytest.importorskip("panel")

from experiments.common.paths import EXPERIMENTS
from experiments.page.figures import LINES, PALETTES
from experiments.page.tabs.papers import COLORS

# Machado, Oliveira and Fernandes 2009, severity 1.0, for linear RGB
VISIONS = {
    "usual": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
LEAST = 15  # CIELAB; 2.3 is just noticed side by side


def lab(colors, vision: str) -> np.ndarray:
    """CIELAB of colors as #rrggbb, as somebody with this vision sees them."""
    rgb = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in colors]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(VISIONS[vision]), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x = seen @ to_xyz.T / (to_xyz @ np.ones(3))
    f = np.where(x > (6 / 29) ** 3, np.cbrt(x), x / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("colors", [LINES, COLORS], ids=["lines", "bars"])
def test_lines_and_bars_differ(colors, vision):
    for a, b in itertools.combinations(lab(colors, vision), 2):
        assert np.linalg.norm(a - b) >= LEAST


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("name", ["levels", "shares"])
def test_levels_rise_in_lightness(name, vision):
    lightness = lab(PALETTES[name], vision)[:, 0]
    assert np.all(np.diff(lightness) > -0.5) and lightness[-1] - lightness[0] > 60


@pytest.mark.parametrize("vision", VISIONS)
def test_signs_are_told_apart(vision):
    seen = lab(PALETTES["signed"], vision)
    middle = len(seen) // 2
    assert np.all(np.diff(seen[: middle + 1, 0]) > 0) and np.all(np.diff(seen[middle:, 0]) < 0)
    for distance in (middle, middle // 2):
        assert np.linalg.norm(seen[middle - distance] - seen[middle + distance]) >= LEAST


def test_jet_is_matlabs():
    for path in (EXPERIMENTS / "page").rglob("*"):
        if path.suffix in (".py", ".js"):
            assert not re.search(r"\b(jet|turbo|rainbow|hsv)\b", path.read_text(encoding="utf-8"), re.IGNORECASE), path
