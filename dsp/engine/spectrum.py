"""Spectrograms in decibels, eight frames at a time. Equals the textbook lane; read dsp/stft.py first.

Frames stand in lanes: sample n of frames t .. t+7 is one register. To load it in one piece, the signal
is first turned into a matrix with `hop_length` rows, signal[r + c hop] = columns[r, c], for then
sample n of frame t is columns[n mod hop, t + n div hop], and its neighbours in a row are the same
sample of the next frames.
"""

import math

import numpy as np
from numba import njit

from dsp.cooley_tukey import roots_of_unity
from dsp.engine.lanes import WIDTH, load, log, splat, sqrt, store

_DB_PER_NEPER = 20 / math.log(10)


def level_db(signal: np.ndarray, window: np.ndarray, hop_length: int, n_fft: int, offset: float) -> np.ndarray:
    """20 log10(|X[k, t]| + offset), X the short-time Fourier transform without padding.

    Equals amplitude_to_db(abs(stft(signal, window, hop_length, n_fft)), offset); the caller has
    checked the arguments as stft does. n_fft is a power of two >= 8, 0 < offset.

    Returns
    -------
    level : (n_fft // 2 + 1, n_frames) float64, n_frames >= 8

    Checked: tests/test_engine_equals_textbook.py
    """
    n_frames = 1 + (signal.size - window.size) // hop_length
    n_columns = n_frames + (window.size - 1) // hop_length
    padded = np.zeros(n_columns * hop_length)
    used = min(signal.size, padded.size)
    padded[:used] = signal[:used]
    columns = np.ascontiguousarray(padded.reshape(n_columns, hop_length).T)
    level = np.empty((n_fft // 2 + 1, n_frames))
    room = _aligned((4, n_fft // 2 * WIDTH))
    _level_db(columns, window, roots_of_unity(n_fft // 2), roots_of_unity(n_fft), offset, room, level)
    return level


def _aligned(shape: tuple[int, int]) -> np.ndarray:
    """Uninitialised float64 that begin on a 64-byte boundary: no register straddles two cache lines."""
    room = np.empty(math.prod(shape) + WIDTH)
    skip = -room.ctypes.data % 64 // room.itemsize
    return room[skip : skip + math.prod(shape)].reshape(shape)


@njit(cache=True, nogil=True)
def _level_db(columns, window, half_roots, roots, offset, room, level):
    half = half_roots.size
    n_frames = level.shape[1]
    x_re, x_im, y_re, y_im = room[0], room[1], room[2], room[3]
    for block in range(-(-n_frames // WIDTH)):
        t = min(block * WIDTH, n_frames - WIDTH)  # the last register overlaps the one before
        _load_pairs(columns, window, t, x_re, x_im)
        left, stride = half, 1
        while left > 1:
            if left % 4 == 0:
                _radix4(x_re, x_im, y_re, y_im, left // 4, stride, half_roots)
                left, stride = left // 4, stride * 4
            else:
                _radix2(x_re, x_im, y_re, y_im, left // 2, stride, half_roots)
                left, stride = left // 2, stride * 2
            x_re, x_im, y_re, y_im = y_re, y_im, x_re, x_im
        for k in range(half + 1):
            re, im = _untangle(x_re, x_im, k, half, roots[k])
            magnitude = sqrt(re * re + im * im)
            store(level, k * n_frames + t, log(magnitude + offset) * _DB_PER_NEPER)


@njit(cache=True)
def _load_pairs(columns, window, t, x_re, x_im):
    """z[m] = w[2m] x[2m] + i w[2m+1] x[2m+1] of the frames t .. t+7, zeros after the window."""
    hop, pitch = columns.shape
    n_points = x_re.size // WIDTH
    for n in range(2 * n_points):
        part = x_re if n % 2 == 0 else x_im
        if n < window.size:
            store(part, n // 2 * WIDTH, load(columns, n % hop * pitch + t + n // hop) * window[n])
        else:
            store(part, n // 2 * WIDTH, splat(0.0))


@njit(cache=True)
def _radix4(x_re, x_im, y_re, y_im, m, columns, roots):
    """One stage of dsp.cooley_tukey's radix 4 on eight transforms at once."""
    step = roots.size // (4 * m)
    for p in range(m):
        w1, w2, w3 = roots[p * step], roots[2 * p * step], roots[3 * p * step]
        for q in range(columns):
            a, b, c, d = q + columns * p, q + columns * (p + m), q + columns * (p + 2 * m), q + columns * (p + 3 * m)
            a_re, a_im = load(x_re, a * WIDTH), load(x_im, a * WIDTH)
            b_re, b_im = load(x_re, b * WIDTH), load(x_im, b * WIDTH)
            c_re, c_im = load(x_re, c * WIDTH), load(x_im, c * WIDTH)
            d_re, d_im = load(x_re, d * WIDTH), load(x_im, d * WIDTH)
            sum_ac_re, sum_ac_im, diff_ac_re, diff_ac_im = a_re + c_re, a_im + c_im, a_re - c_re, a_im - c_im
            sum_bd_re, sum_bd_im, diff_bd_re, diff_bd_im = b_re + d_re, b_im + d_im, b_re - d_re, b_im - d_im
            y = q + columns * 4 * p
            _store(y_re, y_im, y, sum_ac_re + sum_bd_re, sum_ac_im + sum_bd_im)
            _store_times(y_re, y_im, y + columns, diff_ac_re + diff_bd_im, diff_ac_im - diff_bd_re, w1)
            _store_times(y_re, y_im, y + 2 * columns, sum_ac_re - sum_bd_re, sum_ac_im - sum_bd_im, w2)
            _store_times(y_re, y_im, y + 3 * columns, diff_ac_re - diff_bd_im, diff_ac_im + diff_bd_re, w3)


@njit(cache=True)
def _radix2(x_re, x_im, y_re, y_im, m, columns, roots):
    """One stage of radix 2 on eight transforms at once."""
    step = roots.size // (2 * m)
    for p in range(m):
        w = roots[p * step]
        for q in range(columns):
            a, b = q + columns * p, q + columns * (p + m)
            a_re, a_im = load(x_re, a * WIDTH), load(x_im, a * WIDTH)
            b_re, b_im = load(x_re, b * WIDTH), load(x_im, b * WIDTH)
            y = q + columns * 2 * p
            _store(y_re, y_im, y, a_re + b_re, a_im + b_im)
            _store_times(y_re, y_im, y + columns, a_re - b_re, a_im - b_im, w)


@njit(cache=True)
def _untangle(x_re, x_im, k, half, root):
    """Bin k of the real transform from the half-length complex one (see dsp.fft.rfft)."""
    a, b = k % half * WIDTH, (half - k) % half * WIDTH
    a_re, a_im, b_re, b_im = load(x_re, a), load(x_im, a), load(x_re, b), load(x_im, b)
    even_re, even_im = 0.5 * (a_re + b_re), 0.5 * (a_im - b_im)
    odd_re, odd_im = 0.5 * (a_im + b_im), 0.5 * (b_re - a_re)
    return even_re + root.real * odd_re - root.imag * odd_im, even_im + root.real * odd_im + root.imag * odd_re


@njit(cache=True)
def _store(y_re, y_im, place, re, im):
    store(y_re, place * WIDTH, re)
    store(y_im, place * WIDTH, im)


@njit(cache=True)
def _store_times(y_re, y_im, place, re, im, w):
    """y[place] = w (re + i im)."""
    store(y_re, place * WIDTH, w.real * re - w.imag * im)
    store(y_im, place * WIDTH, w.real * im + w.imag * re)
