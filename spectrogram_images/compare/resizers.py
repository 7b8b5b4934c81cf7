"""How other programs resize an image: what a picture's pixels look like when it was not MATLAB that shrank it.

Every resizer takes a float64 image with values 0 .. 1, (height, width) or (height, width, 3), and a size.
MATLAB's other kernels and OpenCV are written here from their documented formulas; Pillow, scikit-image and SciPy
are called.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from spectrogram_images.imresize import _weighted_rows, cubic, mirrored

Resizer = Callable[[np.ndarray, tuple[int, int]], np.ndarray]


def nearest_kernel(x: np.ndarray) -> np.ndarray:
    """1 for -1/2 <= x < 1/2, else 0."""
    return ((-0.5 <= x) & (x < 0.5)).astype(np.float64)


def linear_kernel(x: np.ndarray) -> np.ndarray:
    """The triangle 1 - |x|, not below 0."""
    return np.maximum(1 - np.abs(x), 0)


def lanczos_kernel(x: np.ndarray) -> np.ndarray:
    """sinc(x) sinc(x / 3) for |x| < 3, else 0."""
    return np.sinc(x) * np.sinc(x / 3) * (np.abs(x) < 3)


KERNELS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    "nearest": (nearest_kernel, 1.0),
    "bilinear": (linear_kernel, 2.0),
    "bicubic": (cubic, 4.0),
    "lanczos3": (lanczos_kernel, 6.0),
}


def matlab_resize(image: np.ndarray, size: tuple[int, int], kernel: str, antialiasing: bool) -> np.ndarray:
    """imresize with another kernel, or without antialiasing: the dimension that shrinks most first.

    Source: MathWorks, documentation of imresize ('Method', 'Antialiasing'). Checked: tests/test_image_resizers.py
    """
    scales = [size[dimension] / image.shape[dimension] for dimension in (0, 1)]
    for dimension in np.argsort(scales, kind="stable"):
        n_in, n_out = image.shape[dimension], size[dimension]
        image = _along(image, int(dimension), *_matlab_taps(n_in, n_out, kernel, antialiasing))
    return image


def matlab_resize_bytes(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """imresize of a uint8 image (here: its values / 255): rounded and clipped after each dimension."""
    scales = [size[dimension] / image.shape[dimension] for dimension in (0, 1)]
    for dimension in np.argsort(scales, kind="stable"):
        n_in, n_out = image.shape[dimension], size[dimension]
        image = _along(255 * image, int(dimension), *_matlab_taps(n_in, n_out, "bicubic", True))
        image = np.floor(np.clip(image, 0, 255) + 0.5) / 255
    return image


def _matlab_taps(n_in: int, n_out: int, kernel: str, antialiasing: bool) -> tuple[np.ndarray, np.ndarray]:
    function, width = KERNELS[kernel]
    scale = n_out / n_in
    squeeze = scale if scale < 1 and antialiasing else 1.0
    u = np.arange(1, n_out + 1) / scale + 0.5 * (1 - 1 / scale)
    positions = np.floor(u - width / squeeze / 2)[:, None] + np.arange(int(np.ceil(width / squeeze)) + 2)
    weights = squeeze * function(squeeze * (u[:, None] - positions))
    weights /= np.cumsum(weights, axis=1)[:, -1:]
    return mirrored(positions.astype(np.intp) - 1, n_in), weights


def _along(image: np.ndarray, dimension: int, indices: np.ndarray, weights: np.ndarray) -> np.ndarray:
    moved = np.moveaxis(image, dimension, 0)
    rows = np.ascontiguousarray(moved, dtype=np.float64).reshape(moved.shape[0], -1)
    resized = _weighted_rows(rows, indices, weights).reshape(len(indices), *moved.shape[1:])
    return np.moveaxis(resized, 0, dimension)


# ---------------------------------------------------------------- OpenCV


def opencv_taps(n_in: int, n_out: int, kernel: str) -> tuple[np.ndarray, np.ndarray]:
    """Which input pixels OpenCV's resize mixes, and with which weights: no antialiasing, edges repeated.

    f = (i + 1/2) n_in / n_out - 1/2;  nearest floor(i n_in / n_out);  bilinear: triangle;  bicubic: Keys, a = -3/4

    Source: OpenCV, documentation of resize (INTER_NEAREST, INTER_LINEAR, INTER_CUBIC).
    Checked: tests/test_image_resizers.py
    """
    i = np.arange(n_out)
    if kernel == "nearest":
        return np.minimum((i * (n_in / n_out)).astype(np.intp), n_in - 1)[:, None], np.ones((n_out, 1))
    f = (i + 0.5) * (n_in / n_out) - 0.5
    if kernel == "bicubic":
        f = f.astype(np.float32)  # as OpenCV carries it
    first = np.floor(f)
    t = f - first.astype(f.dtype)
    if kernel == "bilinear":
        weights, offsets = np.stack([1 - t, t], axis=1), np.arange(2)
    else:
        a, one = np.float32(-0.75), np.float32(1)
        w0 = ((a * (t + one) - 5 * a) * (t + one) + 8 * a) * (t + one) - 4 * a
        w1 = ((a + 2) * t - (a + 3)) * t * t + one
        w2 = ((a + 2) * (one - t) - (a + 3)) * (one - t) * (one - t) + one
        weights, offsets = np.stack([w0, w1, w2, one - w0 - w1 - w2], axis=1), np.arange(-1, 3)
    return np.clip(first.astype(np.intp)[:, None] + offsets, 0, n_in - 1), weights.astype(np.float64)


def opencv_resize(image: np.ndarray, size: tuple[int, int], kernel: str) -> np.ndarray:
    """OpenCV's resize of a floating-point image."""
    for dimension in (1, 0):
        image = _along(image, dimension, *opencv_taps(image.shape[dimension], size[dimension], kernel))
    return image


def opencv_resize_bytes(image: np.ndarray, size: tuple[int, int], kernel: str) -> np.ndarray:
    """OpenCV's resize of a uint8 image (here: its values / 255) in whole numbers: weights are multiples of 1 / 2048.

    Source: outputs of opencv-python 4.14 and 5.0. Checked: tests/test_image_resizers.py
    """
    rows = np.rint(255 * image).astype(np.int64)
    if kernel == "nearest":
        return opencv_resize(rows, size, kernel) / 255
    indices, weights = _whole_taps(rows.shape[1], size[1], kernel)
    columns = np.moveaxis(rows, 1, 0)
    mixed = np.moveaxis(sum(_per_row(w, columns) * columns[i] for i, w in zip(indices.T, weights.T, strict=True)), 0, 1)
    indices, weights = _whole_taps(rows.shape[0], size[0], kernel)
    taps = [(_per_row(w, mixed), mixed[i]) for i, w in zip(indices.T, weights.T, strict=True)]
    if kernel == "bilinear":
        resized = (sum((w * (row >> 4)) >> 16 for w, row in taps) + 2) >> 2
    else:
        resized = (sum(w * row for w, row in taps) + 2**21) >> 22
    return np.clip(resized, 0, 255) / 255


def _whole_taps(n_in: int, n_out: int, kernel: str) -> tuple[np.ndarray, np.ndarray]:
    indices, weights = opencv_taps(n_in, n_out, kernel)
    return indices, np.rint(2048 * weights).astype(np.int64)


def _per_row(weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return weights.reshape(-1, *[1] * (rows.ndim - 1))


# ---------------------------------------------------------------- Pillow, scikit-image, SciPy


def pillow_resize(image: np.ndarray, size: tuple[int, int], kernel: str) -> np.ndarray:
    """Pillow's Image.resize of a uint8 image (here: its values / 255)."""
    from PIL import Image

    picture = Image.fromarray(np.rint(255 * image).astype(np.uint8))
    return np.asarray(picture.resize((size[1], size[0]), Image.Resampling[kernel.upper()])) / 255


def skimage_resize(image: np.ndarray, size: tuple[int, int], order: int, antialiasing: bool) -> np.ndarray:
    """skimage.transform.resize of a floating-point image."""
    from skimage.transform import resize

    return resize(image, size, order=order, anti_aliasing=antialiasing)


def scipy_zoom(image: np.ndarray, size: tuple[int, int], order: int) -> np.ndarray:
    """scipy.ndimage.zoom: the corners stay in place."""
    from scipy.ndimage import zoom

    factors = [size[0] / image.shape[0], size[1] / image.shape[1], *[1] * (image.ndim - 2)]
    return zoom(image, factors, order=order)


def _of_bytes(resizer: Resizer) -> Resizer:
    """The same resizer of an image that was rounded to bytes first."""
    return lambda image, size: resizer(np.floor(255 * image + 0.5) / 255, size)


def _make() -> dict[str, Resizer]:
    made: dict[str, Resizer] = {}
    for kernel in KERNELS:
        for antialiasing in (True, False):
            if (kernel, antialiasing) == ("nearest", True):
                continue
            how = "" if kernel == "nearest" else " with antialiasing" if antialiasing else " without antialiasing"
            made[f"MATLAB's imresize, {kernel}{how}"] = partial(matlab_resize, kernel=kernel, antialiasing=antialiasing)
    made["MATLAB's imresize, bicubic with antialiasing, of bytes"] = matlab_resize_bytes
    for kernel in ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"):
        made[f"Pillow's resize, {kernel}"] = partial(pillow_resize, kernel=kernel)
    for order, kernel in ((0, "nearest"), (1, "bilinear"), (3, "bicubic")):
        for antialiasing in (False, True) if order else (False,):
            how = "" if order == 0 else " with antialiasing" if antialiasing else " without antialiasing"
            resizer = partial(skimage_resize, order=order, antialiasing=antialiasing)
            made[f"scikit-image's resize, {kernel}{how}"] = resizer
            made[f"scikit-image's resize, {kernel}{how}, of bytes"] = _of_bytes(resizer)
    for kernel in ("nearest", "bilinear", "bicubic"):
        made[f"OpenCV's resize, {kernel}"] = partial(opencv_resize, kernel=kernel)
        made[f"OpenCV's resize, {kernel}, of bytes"] = partial(opencv_resize_bytes, kernel=kernel)
    for order, kernel in ((1, "linear"), (3, "cubic")):
        made[f"SciPy's zoom, {kernel}"] = partial(scipy_zoom, order=order)
    return made


MATLAB_BICUBIC = "MATLAB's imresize, bicubic with antialiasing"
RESIZERS = _make()
