"""Frozen oracle: GNU Octave's jet(m), bit for bit; and the colors everybody knows."""

import numpy as np
import pytest

from spectrogram_images import jet
from tests.conftest import GOLDEN

LENGTHS = np.load(GOLDEN / "images_octave.npz")["jet_lengths"].ravel().astype(int).tolist()


@pytest.mark.parametrize("m", LENGTHS)
def test_jet(octave_images, m):
    np.testing.assert_array_equal(jet(m), octave_images[f"jet_{m}"])


def test_the_map_of_the_paper():
    colors = jet(256)
    assert colors.shape == (256, 3)
    np.testing.assert_array_equal(colors[0], [0, 0, 33 / 64])  # dark blue
    np.testing.assert_array_equal(colors[-1], [0.5, 0, 0])  # dark red
    np.testing.assert_array_equal(colors[127], [0.5, 1, 0.5])


@pytest.mark.parametrize("m", [0, -1, 2.5])
def test_bad_sizes(m):
    with pytest.raises(ValueError, match="m="):
        jet(m)
