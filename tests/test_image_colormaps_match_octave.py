"""Frozen oracle: GNU Octave's colormaps that are formulas; and what everybody knows of them."""

import numpy as np
import pytest

from spectrogram_images import COLORMAPS, colormap, jet, to_uint8
from tests.conftest import GOLDEN

LENGTHS = np.load(GOLDEN / "images_octave.npz")["map_lengths"].ravel().astype(int).tolist()
OTHER_ORDER = {"bone", "pink", "hsv"}  # Octave adds in another order: the last bit differs, no byte of 256 colors does
NAMES = [name for name in COLORMAPS if name != "jet"]


@pytest.mark.parametrize("m", LENGTHS)
@pytest.mark.parametrize("name", NAMES)
def test_colormap(octave_images, name, m):
    expected = octave_images[f"{name}_{m}"]
    colors = colormap(name, m)
    if name in OTHER_ORDER:
        np.testing.assert_allclose(colors, expected, rtol=0, atol=1e-15)
    else:
        np.testing.assert_array_equal(colors, expected)
    assert colors.shape == (m, 3) and colors.dtype == np.float64


@pytest.mark.parametrize("name", NAMES)
def test_the_bytes_of_256_colors(octave_images, name):
    np.testing.assert_array_equal(to_uint8(colormap(name, 256)), to_uint8(octave_images[f"{name}_256"]))


def test_the_golden_file_has_every_map_but_jet():
    """jet has a file of its own tests, test_jet_matches_octave."""
    assert len(NAMES) == 11
    np.testing.assert_array_equal(colormap("jet", 64), jet(64))


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("gray", [0, 0, 0], [1, 1, 1]),
        ("hot", [1 / 96, 0, 0], [1, 1, 1]),
        ("cool", [0, 1, 1], [1, 0, 1]),
        ("hsv", [1, 0, 0], [1, 0, 6 / 256]),
        ("spring", [1, 0, 1], [1, 1, 0]),
        ("summer", [0, 0.5, 0.4], [1, 1, 0.4]),
        ("autumn", [1, 0, 0], [1, 1, 0]),
        ("winter", [0, 0, 1], [0, 1, 0.5]),
        ("copper", [0, 0, 0], [1, 0.7812, 0.4975]),
    ],
)
def test_the_ends(name, first, last):
    np.testing.assert_allclose(colormap(name, 256)[[0, -1]], [first, last], atol=1e-15)


def test_bad_names_and_sizes():
    with pytest.raises(ValueError, match="colormap='parula' is unknown; one of jet, gray"):
        colormap("parula")
    with pytest.raises(ValueError, match="m=0"):
        colormap("hot", 0)
