"""The one last-bit tie of 1200 images, exact arithmetic for the cube, Octave where it can be trusted, invariants.

MATLAB's own images are the real test: tests/test_image_pixels_match_matlab.py.
"""

from fractions import Fraction

import numpy as np
import pytest

from spectrogram_images import imresize, to_uint8
from spectrogram_images.imresize import _cube, contributions, cubic, mirrored

OCTAVE = 1e-14  # Octave adds in another order


def test_the_tie_of_row_34():
    """Half brightness, 257 -> 224 rows: MATLAB's byte in row 34 is 127, because a^3 is rounded once there."""
    _, weights = contributions(257, 224)
    total = 0.0
    for weight in weights[34]:
        total += weight * 0.5
    assert total.hex() == "0x1.fffffffffffffp-2"
    half = imresize(np.full((257, 3), 0.5), (224, 3))
    assert to_uint8(half)[34, 0] == 127


def test_the_cube_is_rounded_once(rng):
    for a in [*rng.uniform(0, 2, 20_000), 0.0, 0.5, 1.0, 2.0]:
        assert float(_cube(np.float64(a))) == float(Fraction(float(a)) ** 3)


def test_a_product_rounded_twice_would_not_do():
    """The tie is held by nothing weaker: with a * a * a the same sum is 0.5, and the byte 128."""
    scale = 224 / 257
    u = 35 / scale + 0.5 * (1 - 1 / scale)
    positions = np.floor(u - 2 / scale) + np.arange(7)
    a = np.abs(scale * (u - positions))
    twice = 1.5 * (a * a * a) - 2.5 * (a * a) + 1, -0.5 * (a * a * a) + 2.5 * (a * a) - 4 * a + 2
    weights = scale * (twice[0] * (a <= 1) + twice[1] * ((1 < a) & (a <= 2)))
    weights = weights / np.cumsum(weights)[-1]
    assert np.cumsum(weights * 0.5)[-1] == 0.5


@pytest.mark.parametrize("case", [1, 2, 3, 4])
def test_octave_where_nothing_shrinks(octave_images, case):
    size = octave_images["resize_sizes"].astype(int)[case - 1]
    ours = imresize(octave_images["photo"], tuple(size))
    np.testing.assert_allclose(ours, octave_images[f"resize_{case}"], atol=OCTAVE)


def test_keys_kernel():
    assert cubic(0) == 1 and cubic(1) == cubic(-1) == cubic(2) == cubic(2.5) == 0
    assert cubic(0.5) == 0.5625 and cubic(-1.5) == -0.0625
    x = np.linspace(0, 1, 11)  # shifted copies add up to 1
    np.testing.assert_allclose(cubic(x - 2) + cubic(x - 1) + cubic(x) + cubic(x + 1), 1, atol=1e-15)


@pytest.mark.parametrize(("n_in", "n_out"), [(257, 224), (224, 224), (1, 5), (5, 1), (100, 224), (1000, 224), (3, 2)])
def test_weights_sum_to_one_and_positions_are_centred(n_in, n_out):
    positions, weights = contributions(n_in, n_out)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-15)
    centre = (weights * positions).sum(axis=1)
    np.testing.assert_allclose(centre, (np.arange(n_out) + 0.5) * n_in / n_out - 0.5, atol=0.05 * max(1, n_in / n_out))


def test_mirror_images():
    np.testing.assert_array_equal(mirrored(np.arange(-5, 8), 3), [1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1])


def test_the_same_size_is_the_same_image(rng):
    image = rng.random((13, 17, 3))
    np.testing.assert_array_equal(imresize(image, (13, 17)), image)


def test_a_constant_stays_a_constant_and_a_ramp_a_ramp(rng):
    np.testing.assert_allclose(imresize(np.full((40, 9, 3), 0.7), (11, 30)), 0.7, atol=1e-15)
    ramp = np.arange(64.0)[:, None]
    np.testing.assert_allclose(imresize(ramp, (32, 1))[4:-4, 0], np.arange(0.5, 63, 2)[4:-4], atol=1e-12)


def test_the_dimension_that_shrinks_most_goes_first(rng):
    image = rng.random((50, 30))
    rows_first = imresize(imresize(image, (20, 30)), (20, 25))
    columns_first = imresize(imresize(image, (50, 25)), (20, 25))
    np.testing.assert_array_equal(imresize(image, (20, 25)), rows_first)
    assert (rows_first != columns_first).any()


@pytest.mark.parametrize(
    ("image", "size", "message"),
    [
        (np.zeros((4, 4), np.uint8), (2, 2), "uint8"),
        (np.zeros(4), (2, 2), r"\(4,\)"),
        (np.zeros((0, 4)), (2, 2), r"\(0, 4\)"),
        (np.zeros((4, 4)), (0, 2), "size=0"),
    ],
)
def test_bad_input(image, size, message):
    with pytest.raises(ValueError, match=message):
        imresize(image, size)
