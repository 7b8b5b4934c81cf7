"""The fast lane of `render`: levels in decibels -> colours -> bytes, eight pixels at a time.

Equals round, ind2rgb with jet(256), imresize and to_uint8 in a row: read those first. What is done
differently: one colour channel at a time, so that it stays in the cache; jet by arithmetic; and a
register holds eight neighbouring pixels of a row, whose taps overlap, so that each of the row's
input pixels is met once, with eight weights, most of them 0 (adding 0 changes nothing). Every sum
is still added in the order of the taps, on which MATLAB's bytes depend: no fastmath here.
"""

from functools import lru_cache

import numpy as np
from numba import njit

from dsp.engine.lanes import floor, largest, load, load_splat, maximum, minimum, smallest, splat, store
from dsp.engine.stages import room
from spectrogram_images.imresize import contributions, mirrored

WIDTH = 8  # float64 in a register


def colour_and_resize(level: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """to_uint8(imresize(ind2rgb(round(scaled), jet(256)), size)), scaled = (level - min) / (max - min) 255.

    Parameters
    ----------
    level : (n_bins, n_frames) float64, C order, not constant, n_frames >= 8
    size : (height, width), width a multiple of 8

    Returns
    -------
    image : (height, width, 3) uint8

    Checked: tests/test_engine_equals_textbook.py, tests/test_image_pixels_match_matlab.py
    """
    n_bins, n_frames = level.shape
    height, width = size
    row_taps, row_weights = _taps_of_rows(n_bins, height)
    starts, weights, extended = _taps_of_registers(n_frames, width)
    image = np.empty((height, width, 3), np.uint8)
    rows_first = height / n_bins <= width / n_frames
    index, coloured = room("index", level.shape, level.dtype), room("coloured", (n_bins, 3 * n_frames), level.dtype)
    narrow = room("narrow", (0 if rows_first else n_bins, 3 * width), level.dtype)
    taps = (row_taps, row_weights, starts, weights, extended)
    _colour_and_resize(level, *taps, rows_first, index, coloured, narrow, image)
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
    starts : (n_out / 8,) int, where each run begins in the extended row
    weights : (n_out / 8, longest run, 8) float64, 0 where an output has no tap
    extended : (m,) int, the row mirrored at both ends so far that every run lies inside
    """
    positions, weights = contributions(n_in, n_out)
    output = np.arange(n_out)
    starts = positions[::WIDTH, 0]
    places = positions - starts[output // WIDTH, None]  # of every tap in its register's run
    shared = np.zeros((starts.size, places.max() + 1, WIDTH))
    shared[output[:, None] // WIDTH, places, output[:, None] % WIDTH] = weights
    extended = mirrored(np.arange(starts[0], starts[-1] + shared.shape[1]), n_in)
    return starts - starts[0], shared, extended


@njit(cache=True, nogil=True)
def _colour_and_resize(
    level, row_taps, row_weights, starts, weights, extended, rows_first, index, coloured, narrow, image
):
    """index, coloured (a row: its red, its green, its blue) and narrow are room to work in."""
    height, width, _ = image.shape
    n_bins, n_frames = level.shape
    _colour_index(level, index)
    wide = np.empty(3 * extended.size)
    row, finished = np.empty(3 * n_frames), np.empty(3 * width)
    for k in range(n_bins):
        _colour_row(index[k], coloured[k])
        if not rows_first:
            _resize_row(coloured[k], starts, weights, extended, wide, narrow[k])
    for i in range(height):
        if rows_first:
            _mix_rows(coloured, row_taps[i], row_weights[i], row)
            _resize_row(row, starts, weights, extended, wide, finished)
        else:
            _mix_rows(narrow, row_taps[i], row_weights[i], finished)
        for j in range(0, 3 * width, WIDTH):
            clipped = minimum(maximum(load(finished, j), 0.0), 1.0)
            store(finished, j, _round(255.0 * clipped))
        for j in range(width):
            image[i, j, 0] = np.uint8(finished[j])
            image[i, j, 1] = np.uint8(finished[width + j])
            image[i, j, 2] = np.uint8(finished[2 * width + j])


@njit(cache=True)
def _colour_index(level, index):
    """index = max(1, round((level - min) / (max - min) 255)) - 1: places in jet(256), as float64."""
    low, high = load(level, 0), load(level, 0)
    for register in range(-(-level.size // WIDTH)):
        x = load(level, min(register * WIDTH, level.size - WIDTH))
        low, high = minimum(low, x), maximum(high, x)
    least, span = smallest(low), largest(high) - smallest(low)
    for register in range(-(-level.size // WIDTH)):
        i = min(register * WIDTH, level.size - WIDTH)
        scaled = (load(level, i) - least) / span * 255.0
        store(index, i, maximum(_round(scaled), 1.0) - 1.0)


@njit(cache=True)
def _round(x):
    """MATLAB's round of x >= 0: halves go up."""
    whole = floor(x)
    return whole + floor(2.0 * (x - whole))


@njit(cache=True)
def _colour_row(index, out):
    """jet(256) of a row of places: its red, then its green, then its blue."""
    n = index.size
    for register in range(-(-n // WIDTH)):
        i = min(register * WIDTH, n - WIDTH)
        x = load(index, i)
        store(out, i, _jet(x, 96.0))
        store(out, n + i, _jet(x, 32.0))
        store(out, 2 * n + i, _jet(x, -32.0))


@njit(cache=True)
def _jet(index, first):
    """One channel of jet(256): from 1/64 at `first` up to 1 in 64 steps, 63 more at 1, down again in 63."""
    rising, falling = (index - (first - 1.0)) / 64.0, ((first + 191.0) - index) / 64.0
    return maximum(minimum(minimum(rising, falling), 1.0), 0.0)


@njit(cache=True)
def _mix_rows(plane, taps, weights, out):
    """out = sum_t weights[t] plane[taps[t]]."""
    width = plane.shape[1]
    for register in range(-(-width // WIDTH)):
        j = min(register * WIDTH, width - WIDTH)
        total = splat(out, 0.0)
        for t in range(taps.size):
            total = total + weights[t] * load(plane, taps[t] * width + j)
        store(out, j, total)


@njit(cache=True)
def _resize_row(row, starts, weights, extended, room, out):
    """out[r .. r+7] = sum_t weights[r / 8, t, 0 .. 7] row[extended[starts[r / 8] + t]], for three colours."""
    n, m, width, run = row.size // 3, extended.size, out.size // 3, weights.shape[1]
    for place in range(m):
        source = extended[place]
        room[place], room[m + place], room[2 * m + place] = row[source], row[n + source], row[2 * n + source]
    for r in range(starts.size):
        red, green, blue = splat(out, 0.0), splat(out, 0.0), splat(out, 0.0)
        for t in range(run):
            weight, place = load(weights, (r * run + t) * WIDTH), starts[r] + t
            red = red + weight * load_splat(room, place)
            green = green + weight * load_splat(room, m + place)
            blue = blue + weight * load_splat(room, 2 * m + place)
        store(out, r * WIDTH, red)
        store(out, width + r * WIDTH, green)
        store(out, 2 * width + r * WIDTH, blue)
