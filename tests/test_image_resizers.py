"""Other programs' resizers are theirs: OpenCV by a frozen oracle, the rest by what they call or by closed form."""

import numpy as np
import pytest

from spectrogram_images import imresize
from spectrogram_images.compare.resizers import (
    MATLAB_BICUBIC,
    RESIZERS,
    matlab_resize,
    matlab_resize_bytes,
    opencv_resize,
    opencv_resize_bytes,
)
from tests.conftest import GOLDEN

OPENCV = dict(np.load(GOLDEN / "resize_opencv.npz"))
CASES = [(kernel, case) for kernel in ("nearest", "bilinear", "bicubic") for case in range(4)]


@pytest.mark.parametrize(("kernel", "case"), CASES)
def test_opencv_of_bytes(kernel, case):
    image, expected = OPENCV[f"image_{case}"], OPENCV[f"bytes_{kernel}_{case}"]
    resized = np.rint(255 * opencv_resize_bytes(image / 255, expected.shape[:2], kernel))
    np.testing.assert_array_equal(resized, expected)


@pytest.mark.parametrize(("kernel", "case"), [case for case in CASES if f"real_{case[0]}_{case[1]}" in OPENCV])
def test_opencv_of_real_numbers(kernel, case):
    image, expected = OPENCV[f"image_{case}"] / 255, OPENCV[f"real_{kernel}_{case}"]
    np.testing.assert_allclose(opencv_resize(image, expected.shape[:2], kernel), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [(11, 7), (40, 60), (13, 21)])
def test_the_bicubic_of_matlab_is_imresize(rng, size):
    image = rng.random((13, 21, 3))
    np.testing.assert_array_equal(RESIZERS[MATLAB_BICUBIC](image, size), imresize(image, size))


def test_matlabs_other_kernels(rng):
    """Closed forms: nearest picks pixels; without antialiasing a line stays a line; constants stay constants."""
    image = rng.random((8, 6))
    np.testing.assert_array_equal(matlab_resize(image, (16, 12), "nearest", False), image.repeat(2, 0).repeat(2, 1))
    line = np.tile(np.arange(40.0) / 40, (5, 1))
    for kernel in ("bilinear", "bicubic"):
        resized = matlab_resize(line, (5, 16), kernel, False)
        expected = ((np.arange(16) + 0.5) * 2.5 - 0.5) / 40
        np.testing.assert_allclose(resized[0, 2:-2], expected[2:-2], atol=1e-14)
    for kernel in ("nearest", "bilinear", "bicubic", "lanczos3"):
        np.testing.assert_allclose(matlab_resize(np.full((9, 9), 0.3), (5, 14), kernel, True), 0.3, atol=1e-15)


def test_imresize_of_bytes_rounds_twice(rng):
    image = rng.integers(0, 256, (20, 30, 3)) / 255
    first = np.floor(np.clip(255 * imresize(image, (9, 30)), 0, 255) + 0.5) / 255
    twice = np.floor(np.clip(255 * imresize(first, (9, 17)), 0, 255) + 0.5) / 255
    np.testing.assert_allclose(matlab_resize_bytes(image, (9, 17)), twice, atol=1e-15)


@pytest.mark.parametrize("name", RESIZERS)
def test_every_resizer_takes_pictures_and_planes(rng, name):
    """Three channels are resized as three planes are."""
    image = rng.integers(0, 256, (30, 20, 3)) / 255
    resized = RESIZERS[name](image, (17, 24))
    assert resized.shape == (17, 24, 3)
    np.testing.assert_allclose(
        resized[..., 1], RESIZERS[name](np.ascontiguousarray(image[..., 1]), (17, 24)), atol=1e-12
    )
