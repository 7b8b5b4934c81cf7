"""The compiled inner loops before and after the spectra: on samples, and on rows of levels and coefficients.

Neighbours in a row are neighbours in time, and a register holds as many of them as fit. Every function here
equals a few lines of the textbook lane, which its docstring names.
"""

import numpy as np
from numba import njit

from dsp.engine.lanes import load, load_splat, log, maximum, splat, store, width, zero_to


@njit(cache=True, nogil=True)
def condition(x, start, gain, mean, coefficient, first, out):
    """out[i] = s[n] - coefficient s[n-1], n = start + i, s = gain x - mean, and out = first . s where n is 0.

    Equals a stretch of dsp.mfcc.condition.
    """
    if out.size == 0:
        return
    if start == 0:
        out[0] = first[0] * (gain * x[0] - mean)
        if first[1] != 0.0:
            out[0] += first[1] * (gain * x[1] - mean)
    else:
        out[0] = (gain * x[start] - mean) - coefficient * (gain * x[start - 1] - mean)
    piece = x[start : start + out.size]  # whose indices are known not to be negative: the loop becomes vector code
    for i in range(1, piece.size):
        out[i] = (gain * piece[i] - mean) - coefficient * (gain * piece[i - 1] - mean)


@njit(cache=True, nogil=True)
def take_log(mel, factor, floor, rule, level):
    """level = factor ln(floored mel): the first lines of dsp.mfcc.compressed.

    rule 0: at least floor;  1: floor added;  2: floor where the value is 0
    """
    lanes, n = width(mel), mel.size
    for register in range(-(-n // lanes)):
        i = min(register * lanes, n - lanes)
        store(level, i, factor * log(_floored(load(mel, i), mel, floor, rule)))


@njit(cache=True)
def _floored(x, array, floor, rule):
    if rule == 0:
        return maximum(x, splat(array, floor))
    if rule == 1:
        return x + floor
    return zero_to(x, splat(array, floor))


@njit(cache=True, nogil=True)
def mix_rows(matrix, rows, out):
    """out = matrix @ rows, for few rows and many columns."""
    lanes, n = width(rows), rows.shape[1]
    for block in range(-(-n // lanes)):
        t = min(block * lanes, n - lanes)
        for i in range(matrix.shape[0]):
            total = splat(rows, 0.0)
            for j in range(matrix.shape[1]):
                total = total + load_splat(matrix, i * matrix.shape[1] + j) * load(rows, j * n + t)
            store(out, i * n + t, total)


@njit(cache=True, nogil=True)
def slopes(x, weights, replicate, out):
    """out[k, t] = sum_n weights[n] x[k, t + n - half]: dsp.deltas.delta with either rule for the edges."""
    half, n = weights.size // 2, x.shape[1]
    row = np.empty(n + 2 * half, x.dtype)
    for k in range(x.shape[0]):
        row[:half], row[half + n :] = x[k, 0], x[k, n - 1]
        row[half : half + n] = x[k]
        for t in range(n):
            out[k, t] = weights[0] * row[t]
        for i in range(1, weights.size):
            for t in range(n):
                out[k, t] += weights[i] * row[t + i]
        if not replicate:
            out[k, :half] = out[k, half]
            out[k, n - half :] = out[k, n - 1 - half]
