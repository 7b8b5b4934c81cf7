"""The fast lane of `render`: levels in decibels -> colors -> bytes, eight pixels at a time.

Equals round, ind2rgb, imresize and to_uint8 in a row: read those first. Two things are done differently.
Each row keeps its red, green and blue apart, so that eight neighboring pixels of one channel fill a
register. And a register's eight pixels, whose taps overlap, share one run of input pixels: each input
is read once and multiplied by eight weights, most of them 0 (adding 0 changes nothing). Every sum is
still added in the order of the taps, on which MATLAB's bytes depend: no fastmath here.
"""

from functools import lru_cache

import numpy as np
from numba import njit

from dsp.engine.lanes import floor, load, load_splat, maximum, minimum, reduce_max, reduce_min, splat, store
from dsp.engine.stages import workspace
from dsp.files.compiled import keep_on_disk
from spectrogram_images.imresize import contributions, mirrored

WIDTH = 8  # float64 in a register


def color_and_resize(level: np.ndarray, colors: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """to_uint8(imresize(ind2rgb(round(scaled), colors), size)), scaled = (level - min) / (max - min) 255.

    Parameters
    ----------
    level : (n_bins, n_frames) float64, C order, finite, not constant, n_frames >= 8
    colors : (256, 3) float64
    size : (height, width)

    Returns
    -------
    image : (height, width, 3) uint8

    Checked: tests/test_image_kernels_equal_textbook.py, tests/test_image_pixels_match_matlab.py
    """
    n_bins, n_frames = level.shape
    height, width = size
    row_taps, row_weights = _taps_of_rows(n_bins, height)
    starts, weights, extended = _taps_of_registers(n_frames, width)
    image = np.empty((height, width, 3), np.uint8)
    rows_first = height / n_bins <= width / n_frames
    index, colored = (
        workspace("index", level.shape, level.dtype),
        workspace("colored", (n_bins, 3 * n_frames), level.dtype),
    )
    narrow = workspace("narrow", (0 if rows_first else n_bins, 3 * WIDTH * starts.size), level.dtype)
    taps = (row_taps, row_weights, starts, weights, extended)
    _color_and_resize(level, colors, *taps, rows_first, index, colored, narrow, image)
    return image


@lru_cache(maxsize=8)
def _taps_of_rows(n_in: int, n_out: int) -> tuple[np.ndarray, np.ndarray]:
    positions, weights = contributions(n_in, n_out)
    return mirrored(positions, n_in), weights


@lru_cache(maxsize=512)
def _taps_of_registers(n_in: int, n_out: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The contributions of a row, in registers: eight outputs r .. r+7 share one run of inputs.

    Returns
    -------
    starts : (ceil(n_out / 8),) int, where each run begins in the extended row
    weights : (ceil(n_out / 8), longest run, 8) float64, 0 where an output has no tap
    extended : (m,) int, the row mirrored at both ends so far that every run lies inside
    """
    positions, weights = contributions(n_in, n_out)
    output = np.arange(n_out)
    starts = positions[::WIDTH, 0]
    offsets = positions - starts[output // WIDTH, None]  # of every tap in its register's run
    shared = np.zeros((starts.size, offsets.max() + 1, WIDTH))
    shared[output[:, None] // WIDTH, offsets, output[:, None] % WIDTH] = weights
    extended = mirrored(np.arange(starts[0], starts[-1] + shared.shape[1]), n_in)
    return starts - starts[0], shared, extended


@keep_on_disk
@njit(nogil=True)
def _color_and_resize(
    level, colors, row_taps, row_weights, starts, weights, extended, rows_first, index, colored, narrow, image
):
    """Writes `image`; index, colored (a row: its red, its green, its blue) and narrow are work space."""
    height, width, _ = image.shape
    n_bins, n_frames = level.shape
    padded = WIDTH * starts.size  # width, rounded up to whole registers
    _color_index(level, index)
    wide = np.empty(3 * extended.size)
    row, finished = np.empty(3 * n_frames), np.empty(3 * padded)
    for k in range(n_bins):
        _color_row(index[k], colors, colored[k])
        if not rows_first:
            _resize_row(colored[k], starts, weights, extended, wide, narrow[k])
    for i in range(height):
        if rows_first:
            _mix_rows(colored, row_taps[i], row_weights[i], row)
            _resize_row(row, starts, weights, extended, wide, finished)
        else:
            _mix_rows(narrow, row_taps[i], row_weights[i], finished)
        for j in range(0, 3 * padded, WIDTH):
            clipped = minimum(maximum(load(finished, j), 0.0), 1.0)
            store(finished, j, _round(255.0 * clipped))
        for j in range(width):
            image[i, j, 0] = np.uint8(finished[j])
            image[i, j, 1] = np.uint8(finished[padded + j])
            image[i, j, 2] = np.uint8(finished[2 * padded + j])


@keep_on_disk
@njit
def _color_index(level, index):
    """index = max(1, round((level - min) / (max - min) 255)) - 1: 0-based rows of the colormap, as float64."""
    low, high = load(level, 0), load(level, 0)
    for register in range(-(-level.size // WIDTH)):
        x = load(level, min(register * WIDTH, level.size - WIDTH))
        low, high = minimum(low, x), maximum(high, x)
    lowest, span = reduce_min(low), reduce_max(high) - reduce_min(low)
    for register in range(-(-level.size // WIDTH)):
        i = min(register * WIDTH, level.size - WIDTH)
        scaled = (load(level, i) - lowest) / span * 255.0
        store(index, i, maximum(_round(scaled), 1.0) - 1.0)


@keep_on_disk
@njit
def _round(x):
    """MATLAB's round of x >= 0: halves go up."""
    whole = floor(x)
    return whole + floor(2.0 * (x - whole))


@keep_on_disk
@njit
def _color_row(index, colors, out):
    """The colors of a row of indices: its red, then its green, then its blue."""
    n = index.size
    for j in range(n):
        color = int(index[j])
        out[j], out[n + j], out[2 * n + j] = colors[color, 0], colors[color, 1], colors[color, 2]


@keep_on_disk
@njit
def _mix_rows(plane, taps, weights, out):
    """out = sum_t weights[t] plane[taps[t]]."""
    width = plane.shape[1]
    for register in range(-(-width // WIDTH)):
        j = min(register * WIDTH, width - WIDTH)
        total = splat(out, 0.0)
        for t in range(taps.size):
            total = total + weights[t] * load(plane, taps[t] * width + j)
        store(out, j, total)


@keep_on_disk
@njit
def _resize_row(row, starts, weights, extended, wide, out):
    """out[r .. r+7] = sum_t weights[r / 8, t, 0 .. 7] row[extended[starts[r / 8] + t]], for three channels."""
    n, m, width, run = row.size // 3, extended.size, out.size // 3, weights.shape[1]
    for j in range(m):
        source = extended[j]
        wide[j], wide[m + j], wide[2 * m + j] = row[source], row[n + source], row[2 * n + source]
    for r in range(starts.size):
        red, green, blue = splat(out, 0.0), splat(out, 0.0), splat(out, 0.0)
        for t in range(run):
            weight, j = load(weights, (r * run + t) * WIDTH), starts[r] + t
            red = red + weight * load_splat(wide, j)
            green = green + weight * load_splat(wide, m + j)
            blue = blue + weight * load_splat(wide, 2 * m + j)
        store(out, r * WIDTH, red)
        store(out, width + r * WIDTH, green)
        store(out, 2 * width + r * WIDTH, blue)
