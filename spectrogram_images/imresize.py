"""MATLAB's `imresize` in its output-size form: bicubic, with antialiasing when shrinking.

Images are (height, width) or (height, width, channels), float64. Every output pixel is a weighted sum of a
few input pixels along one dimension, then along the other. The formulas count positions from 1, as MATLAB's
documentation does.
"""

import numpy as np
from numba import njit

from dsp.checks import as_count
from dsp.files.compiled import keep_on_disk
from dsp.framing import mirror_index


def imresize(image, size: tuple[int, int]) -> np.ndarray:
    """The image resized to `size`, as MATLAB's imresize(image, [height width]).

    out[i] = sum_t weights[i, t] in[positions[i, t]]  along the dimension that shrinks most, then the other

    Parameters
    ----------
    image : (h, w) or (h, w, channels) float64; MATLAB rounds integer images between the two
        dimensions, so convert them yourself
    size : (height, width), ints >= 1

    Returns
    -------
    resized : (height, width) or (height, width, channels) float64; may overshoot the input's range

    Raises
    ------
    ValueError  if the image is empty, not of floats, or not of two or three dimensions.

    Source: MathWorks, documentation of imresize; Keys 1981 for the kernel.
    Checked: tests/test_imresize_matches_matlab.py, tests/test_image_pixels_match_matlab.py
    """
    image = np.asarray(image)
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(f"an image of shape {image.shape} cannot be resized")
    if not np.issubdtype(image.dtype, np.floating):
        raise ValueError(f"the image has dtype {image.dtype}; floating-point values are expected")
    counts = [as_count(size[dimension], "size") for dimension in (0, 1)]
    scale = [counts[dimension] / image.shape[dimension] for dimension in (0, 1)]
    for dimension in np.argsort(scale, kind="stable"):
        image = _resize_dimension(image, int(dimension), counts[dimension])
    return image


def contributions(n_in: int, n_out: int) -> tuple[np.ndarray, np.ndarray]:
    """Which input pixels each output pixel mixes, and with which weights.

    scale = n_out / n_in
    u[i] = i / scale + (1 - 1 / scale) / 2                     where output pixel i lies in the input
    h(d) = scale cubic(scale d) if scale < 1, else cubic(d)    wider and lower: antialiasing
    weights[i, t] = h(u[i] - positions[i, t]) / sum over t,    positions[i, t] = floor(u[i] - width / 2) + t

    Parameters
    ----------
    n_in, n_out : int >= 1, pixels

    Returns
    -------
    positions : (n_out, taps) int, counted from 0; those outside 0 .. n_in - 1 stand for mirrored pixels
    weights : (n_out, taps) float64, rows sum to 1

    Source: MathWorks, documentation of imresize. Checked: tests/test_imresize_matches_matlab.py
    """
    scale = n_out / n_in
    width = 4.0 / min(scale, 1.0)
    i = np.arange(1, n_out + 1)
    u = i / scale + 0.5 * (1 - 1 / scale)
    positions = np.floor(u - width / 2)[:, None] + np.arange(int(np.ceil(width)) + 2)
    distance = u[:, None] - positions
    weights = scale * cubic(scale * distance) if scale < 1 else cubic(distance)
    weights /= np.cumsum(weights, axis=1)[:, -1:]  # cumsum adds from left to right, as MATLAB's sum
    used = (weights != 0).any(axis=0)
    return positions[:, used].astype(np.intp) - 1, weights[:, used]


def mirrored(positions: np.ndarray, n: int) -> np.ndarray:
    """Positions 0 .. n-1 for positions anywhere: the image continues as its mirror image, so -1 is 0 and n is n-1."""
    return mirror_index(positions, n, 1)


def cubic(x) -> np.ndarray:
    """Keys' cubic convolution kernel with a = -1/2.

    1.5|x|^3 - 2.5|x|^2 + 1             for |x| <= 1
    -0.5|x|^3 + 2.5|x|^2 - 4|x| + 2     for 1 < |x| <= 2

    Parameters
    ----------
    x : real array, in pixels

    Returns
    -------
    weight : same shape, float64

    Source: Keys 1981, eq. 15. Checked: tests/test_imresize_matches_matlab.py
    """
    a = np.abs(np.asarray(x, dtype=np.float64))
    # At 257 -> 224 rows, row 34 of a half-bright image is 0.5 * sum(weights) * 255 = 127.5 to the
    # last bit. MATLAB's byte there is 127, so its weights add up to 1 - 2**-53. a * a * a rounds
    # twice and gives 128; a cube rounded once gives MATLAB's sum. No other pixel of the 1200 images
    # distinguishes the two; tests/test_imresize_matches_matlab.py checks it without the corpus.
    a2, a3 = a * a, _cube(a)
    near = 1.5 * a3 - 2.5 * a2 + 1
    far = -0.5 * a3 + 2.5 * a2 - 4 * a + 2
    return near * (a <= 1) + far * ((1 < a) & (a <= 2))


def _cube(a: np.ndarray) -> np.ndarray:
    """a**3 rounded once: the product a a a carried as a sum of two float64 (Dekker 1971)."""

    def halves(v):
        high = 134217729.0 * v  # 2**27 + 1 keeps the upper 26 bits
        high = high - (high - v)
        return high, v - high

    a_high, a_low = halves(a)
    square = a * a
    square_rest = ((a_high * a_high - square) + 2 * a_high * a_low) + a_low * a_low
    square_high, square_low = halves(square)
    cube = square * a
    cube_rest = (square_high * a_high - cube) + square_high * a_low + square_low * a_high
    cube_rest = cube_rest + square_low * a_low
    return cube + (cube_rest + square_rest * a)


def _resize_dimension(image: np.ndarray, dimension: int, n_out: int) -> np.ndarray:
    """The weighted sums along one dimension."""
    positions, weights = contributions(image.shape[dimension], n_out)
    indices = mirrored(positions, image.shape[dimension])
    moved = np.moveaxis(image, dimension, 0)
    rows = np.ascontiguousarray(moved, dtype=np.float64).reshape(moved.shape[0], -1)
    resized = _weighted_rows(rows, indices, weights).reshape(n_out, *moved.shape[1:])
    return np.moveaxis(resized, 0, dimension)


@keep_on_disk
@njit
def _weighted_rows(rows, indices, weights):
    """out[i] = sum_t weights[i, t] rows[indices[i, t]], added in the order of t.

    MATLAB's bytes depend on this order where a sum is a tie, so no fastmath and no matrix product.
    """
    out = np.zeros((indices.shape[0], rows.shape[1]))
    for i in range(indices.shape[0]):
        for t in range(indices.shape[1]):
            weight, row = weights[i, t], rows[indices[i, t]]
            for j in range(rows.shape[1]):
                out[i, j] += weight * row[j]
    return out
