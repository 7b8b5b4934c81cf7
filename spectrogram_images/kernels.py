"""The fast lane of `render`: powers or levels -> color numbers -> colors -> bytes.

Equals amplitude_to_db, round, ind2rgb, imresize and to_uint8 in a row: read those first. Three things are done
differently.

A color number needs the level only well enough to round it, so a short polynomial replaces the logarithm. Rows in
which a value comes near a half are computed again with the full logarithm.

Rows of colors are made when the resize needs them and forgotten afterwards, so all rows in use stay in the
first-level cache.

The three channels of a pixel stay side by side in one register, so the bytes come out in the order of the image.
Every sum is still added in the order of the taps, on which MATLAB's bytes depend: no fastmath here.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dsp import EPS
from dsp.engine.compiling import inner, kernel
from dsp.engine.lanes import (
    exponent,
    floor,
    fma,
    load,
    load_splat,
    mantissa,
    maximum,
    minimum,
    reduce_max,
    reduce_min,
    splat,
    sqrt,
    store,
)
from dsp.engine.logarithm import log
from dsp.engine.plan import Tables, spectrum_tables
from dsp.engine.stages import count_samples, mel_and_energy, workspace
from dsp.framing import slice_extended
from spectrogram_images.imresize import contributions, mirrored
from spectrogram_images.pixels import load_pixel, splat_pixel, store_pixel, store_rounded_halves

WIDTH = 8  # float64 in a register
STRIP = 4  # rows resized together, which share weights and positions
LN2, DB_PER_NEPER = math.log(2.0), 20 / math.log(10)
TINY_POWER = 1e-14  # eps adds less than 3e-9 to the logarithm of a larger magnitude
# log(m) for sqrt(1/2) <= m < sqrt(2) by interpolation at Chebyshev's points, lowest power first
POLYNOMIAL = tuple(
    float(c)
    for c in np.polynomial.Chebyshev.interpolate(np.log, 8, (math.sqrt(0.5), math.sqrt(2)))
    .convert(kind=np.polynomial.Polynomial)
    .coef
)
POLYNOMIAL_ERROR = 3e-7  # and a margin


class Taps(NamedTuple):
    """Both passes of imresize from (n_bins, n_frames) to (height, width); rows come in strips."""

    rows: np.ndarray  # (strips STRIP, taps) int, the slot that holds the input row
    row_weights: np.ndarray  # (strips STRIP, taps) float64
    needed: np.ndarray  # (strips,) int, how many input rows this strip and those above it use, rounded up to strips
    pixels: np.ndarray  # (width, taps) int, where the pixel begins in a row
    pixel_weights: np.ndarray  # (width, taps) float64
    slots: int  # input rows kept at a time
    height: int
    rows_first: bool  # which dimension shrinks most


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
    lowest, highest = extremes(level)
    numbers = workspace("numbers", level.shape, np.dtype(np.uint8))
    _numbers_of_levels(level, lowest, highest - lowest, numbers)
    return _paint(numbers, colors, size)


def color_and_resize_power(
    power: np.ndarray, lowest: float, highest: float, colors: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """color_and_resize(20 log10(sqrt(power) + eps), colors, size), of which the lowest and highest level are known.

    Parameters
    ----------
    power : (n_bins, n_frames) float64, C order, finite, n_frames >= 8
    lowest, highest : dB, not equal
    colors, size : as in color_and_resize

    Returns
    -------
    image : (height, width, 3) uint8

    Checked: tests/test_image_kernels_equal_textbook.py, tests/test_image_pixels_match_matlab.py
    """
    numbers = workspace("numbers", power.shape, np.dtype(np.uint8))
    _numbers_of_powers(power, lowest, highest - lowest, numbers)
    return _paint(numbers, colors, size)


def _paint(numbers: np.ndarray, colors: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    (n_bins, n_frames), (height, width) = numbers.shape, size
    taps = _taps(n_bins, n_frames, height, width)
    float64, wide, resized = np.dtype(np.float64), _pitch(n_frames), _pitch(width)
    colored = workspace("rows of colors", (STRIP, wide), float64)
    kept = workspace("kept rows", (taps.slots, wide if taps.rows_first else resized), float64)
    finished = workspace("resized rows", (STRIP, resized), float64)
    mixed = colored if taps.rows_first else finished
    image = np.empty(3 * width * height + WIDTH, np.uint8)  # the last register of a row extends beyond it
    _color_and_resize(numbers, _color_table(colors.tobytes()), taps, colored, kept, mixed, finished, image)
    return image[:-WIDTH].reshape(height, width, 3)


def _pitch(n_pixels: int) -> int:
    """The values of a row and one more, which store_pixel writes, rounded up to four registers."""
    return -(-(3 * n_pixels + 1) // (4 * WIDTH)) * 4 * WIDTH


@lru_cache(maxsize=16)
def _color_table(colors: bytes) -> np.ndarray:
    """The color of each number 0 .. 255, counted from 1 as ind2rgb does, and padded to a register."""
    table = np.zeros((256, 4))
    table[:, :3] = np.frombuffer(colors).reshape(256, 3)[np.maximum(np.arange(256), 1) - 1]
    return table


@lru_cache(maxsize=512)
def _taps(n_bins: int, n_frames: int, height: int, width: int) -> Taps:
    positions, row_weights = contributions(n_bins, height)
    strips = np.minimum(np.arange(-(-height // STRIP) * STRIP), height - 1)  # the last row again, up to a whole strip
    rows, row_weights = mirrored(positions, n_bins)[strips], row_weights[strips]
    by_strip = rows.reshape(-1, STRIP * rows.shape[1])
    needed = -(-(np.maximum.accumulate(by_strip.max(axis=1)) + 1) // STRIP) * STRIP
    oldest = np.minimum.accumulate(by_strip.min(axis=1)[::-1])[::-1]
    slots = -(-int((needed - oldest).max()) // STRIP) * STRIP
    positions, pixel_weights = contributions(n_frames, width)
    arrays = (rows % slots, row_weights, needed, 3 * mirrored(positions, n_frames), pixel_weights)
    return Taps(
        *(np.ascontiguousarray(array) for array in arrays),
        slots=slots,
        height=height,
        rows_first=height / n_bins <= width / n_frames,
    )


def power_spectra(x: np.ndarray, window: np.ndarray, hop_length: int, n_fft: int) -> np.ndarray:
    """abs(stft(x, window, hop_length, n_fft)) ** 2 in a workspace, which the next call overwrites.

    Parameters
    ----------
    x : (n,) float64, as_signal's, of at least 8 frames
    window, hop_length, n_fft : as in dsp.stft; is_fast(n_fft) holds

    Returns
    -------
    power : (n_fft // 2 + 1, n_frames) float64, C order

    Checked: tests/test_image_kernels_equal_textbook.py
    """
    tables = _spectrum_tables(window.tobytes(), hop_length, n_fft)
    n_frames = 1 + (x.size - window.size) // hop_length
    if x.size < count_samples(n_frames, tables):  # a frame is read in whole registers
        x = slice_extended(x, 0, count_samples(n_frames, tables), "valid")
    return mel_and_energy(np.ascontiguousarray(x), n_frames, tables)[0]


@lru_cache(maxsize=32)
def _spectrum_tables(window: bytes, hop_length: int, n_fft: int) -> Tables:
    return spectrum_tables(np.frombuffer(window), hop_length, n_fft, np.dtype(np.float64), magnitude=False)


@kernel
def extremes(x):
    """The smallest and the largest value of at least eight."""
    low, high = load(x, 0), load(x, 0)
    next_low, next_high = low, high
    for i in range(0, x.size, 2 * WIDTH):
        values, next_values = (
            load(x, minimum(i, x.size - WIDTH)),
            load(x, minimum(i + WIDTH, x.size - WIDTH)),
        )
        low, high = minimum(low, values), maximum(high, values)
        next_low, next_high = minimum(next_low, next_values), maximum(next_high, next_values)
    return reduce_min(minimum(low, next_low)), reduce_max(maximum(high, next_high))


@kernel
def _numbers_of_levels(level, lowest, span, numbers):
    """round((level - lowest) / span 255)."""
    for register in range(-(-level.size // WIDTH)):
        i = minimum(register * WIDTH, level.size - WIDTH)
        store_rounded_halves(numbers, i, 2.0 * ((load(level, i) - lowest) / span * 255.0))


@kernel
def _numbers_of_powers(power, lowest, span, numbers):
    """round((level - lowest) / span 255) with level = 20 log10(sqrt(power) + eps)."""
    n_bins, n_frames = power.shape
    slope = 0.5 * DB_PER_NEPER * 255.0 / span
    offset, unsure = -lowest * 255.0 / span, slope * POLYNOMIAL_ERROR + 1e-9
    for k in range(n_bins):
        nearest, least = splat(power, 1.0), splat(power, 1.0)
        for register in range(-(-n_frames // WIDTH)):
            i = k * n_frames + minimum(register * WIDTH, n_frames - WIDTH)
            x = load(power, i)
            scaled = minimum(maximum(fma(_short_log(x), slope, offset), 0.0), 255.0)
            from_half = scaled - floor(scaled) - 0.5
            nearest = minimum(nearest, maximum(from_half, 0.0 - from_half))
            least = minimum(least, x)
            store_rounded_halves(numbers, i, 2.0 * scaled)
        if not (reduce_min(nearest) > unsure and reduce_min(least) > TINY_POWER):
            for register in range(-(-n_frames // WIDTH)):
                i = k * n_frames + minimum(register * WIDTH, n_frames - WIDTH)
                level = DB_PER_NEPER * log(sqrt(load(power, i)) + EPS)
                scaled = minimum(maximum((level - lowest) / span * 255.0, 0.0), 255.0)
                store_rounded_halves(numbers, i, 2.0 * scaled)


@inner
def _short_log(x):
    """The natural logarithm of positive normal numbers to 2e-7."""
    m = mantissa(x)
    series = fma(m, POLYNOMIAL[8], POLYNOMIAL[7])
    series = fma(series, m, POLYNOMIAL[6])
    series = fma(series, m, POLYNOMIAL[5])
    series = fma(series, m, POLYNOMIAL[4])
    series = fma(series, m, POLYNOMIAL[3])
    series = fma(series, m, POLYNOMIAL[2])
    series = fma(series, m, POLYNOMIAL[1])
    series = fma(series, m, POLYNOMIAL[0])
    return fma(exponent(x), LN2, series)


@kernel
def _color_and_resize(numbers, colors, taps, colored, kept, mixed, finished, image):
    """Writes `image`, four rows at a time.

    Slot k % slots of `kept` holds input row k, colored and, if rows do not come first, resized.
    """
    height, done, bytes_of_row = taps.height, 0, 3 * taps.pixels.shape[0]
    for strip in range(taps.needed.size):
        while done < taps.needed[strip]:
            slots = kept[done % taps.slots : done % taps.slots + STRIP]
            rows = slots if taps.rows_first else colored
            for k in range(STRIP):
                _color_row(numbers[minimum(done + k, numbers.shape[0] - 1)], colors, rows[k])
            if not taps.rows_first:
                _resize_rows(rows, taps.pixels, taps.pixel_weights, slots)
            done += STRIP
        for k in range(STRIP):
            _mix_rows(kept, taps.rows, taps.row_weights, strip * STRIP + k, mixed[k])
        if taps.rows_first:
            _resize_rows(mixed, taps.pixels, taps.pixel_weights, finished)
        for k in range(minimum(STRIP, height - strip * STRIP)):
            _round_row(finished[k], image, (strip * STRIP + k) * bytes_of_row, bytes_of_row)


@inner
def _color_row(numbers, colors, out):
    """The colors of a row of numbers."""
    for j in range(numbers.size):
        store_pixel(out, 3 * j, load_pixel(colors, 4 * int(numbers[j])))


@inner
def _mix_rows(kept, slots, weights, i, out):
    """out = sum_t weights[i, t] kept[slots[i, t]], four registers at a time."""
    n, n_taps = out.size, slots.shape[1]
    for j in range(0, n, 4 * WIDTH):
        a, b, c, d = splat(out, 0.0), splat(out, 0.0), splat(out, 0.0), splat(out, 0.0)
        for t in range(n_taps):
            weight, start = load_splat(weights, i * n_taps + t), slots[i, t] * n + j
            a = a + weight * load(kept, start)
            b = b + weight * load(kept, start + WIDTH)
            c = c + weight * load(kept, start + 2 * WIDTH)
            d = d + weight * load(kept, start + 3 * WIDTH)
        store(out, j, a)
        store(out, j + WIDTH, b)
        store(out, j + 2 * WIDTH, c)
        store(out, j + 3 * WIDTH, d)


@inner
def _resize_rows(rows, pixels, weights, out):
    """Pixel j of each row of out = sum_t weights[j, t] (the pixel at pixels[j, t] of that row), in four rows."""
    (width, n_taps), n, m = pixels.shape, rows.shape[1], out.shape[1]
    for j in range(width):
        weight, i = splat_pixel(weights, j * n_taps), pixels[j, 0]
        a, b = weight * load_pixel(rows, i), weight * load_pixel(rows, i + n)
        c, d = weight * load_pixel(rows, i + 2 * n), weight * load_pixel(rows, i + 3 * n)
        for t in range(1, n_taps):
            weight, i = splat_pixel(weights, j * n_taps + t), pixels[j, t]
            a = a + weight * load_pixel(rows, i)
            b = b + weight * load_pixel(rows, i + n)
            c = c + weight * load_pixel(rows, i + 2 * n)
            d = d + weight * load_pixel(rows, i + 3 * n)
        store_pixel(out, 3 * j, a)
        store_pixel(out, 3 * j + m, b)
        store_pixel(out, 3 * j + 2 * m, c)
        store_pixel(out, 3 * j + 3 * m, d)


@inner
def _round_row(row, image, start, n):
    """to_uint8 of n values, into image.ravel()[start:]; up to seven bytes beyond them are overwritten."""
    for j in range(0, n, WIDTH):
        clipped = minimum(maximum(load(row, j), 0.0), 1.0)
        store_rounded_halves(image, start + j, 2.0 * (255.0 * clipped))
