"""The compiled inner loops before and after the spectra: on samples, and on rows of levels and coefficients.

Neighbours in a row are neighbours in time, and a register holds as many of them as fit. Every function here
equals a few lines of the textbook lane, which its docstring names.
"""

import numpy as np
from numba import njit

from dsp.engine.lanes import inner, load, load_splat, log, maximum, splat, store, width, zero_to


@njit(cache=True, error_model="numpy")
def all_finite(x):
    """Whether no sample is NaN or infinite: those are what differs from itself by something else than 0."""
    n_bad = 0
    for i in range(x.size):
        n_bad += not (x[i] - x[i] == 0.0)
    return n_bad == 0


@njit(cache=True, error_model="numpy")
def condition(x, start, gain, mean, emphasis, beyond_ends, out):
    """Samples from `start` on, before and after the signal, too: dsp.mfcc.condition, then dsp.framing.extend."""
    low = min(max(start, 0), x.size)
    high = min(max(start + out.size, low), x.size)
    inside, piece = out[low - start : high - start], x[low:high]
    for i in range(1, inside.size):  # on views, whose indices are known not to be negative: it becomes vector code
        inside[i] = (gain * piece[i] - mean) - emphasis[0] * (gain * piece[i - 1] - mean)
    stop = start + out.size
    for first, last in ((start, min(low + 1, stop)), (max(low + 1, high), stop)):  # what is left on either side
        for n in range(first, last):
            at = n if n == low < high else _inside(n, x.size, beyond_ends)
            out[n - start] = 0.0 if at < 0 else _sample(x, at, gain, mean, emphasis)


@inner
def _sample(x, n, gain, mean, emphasis):
    """s[n] - a s[n-1], s = gain x - mean; b s[0] + c s[1] where n is 0."""
    s = gain * x[n] - mean
    if n > 0:
        return s - emphasis[0] * (gain * x[n - 1] - mean)
    if emphasis[2] != 0.0:
        return emphasis[1] * s + emphasis[2] * (gain * x[1] - mean)
    return emphasis[1] * s


@inner
def _inside(place, n, beyond_ends):
    """The place in the signal that stands for one outside, dsp.framing._mirrored; -1 where a zero does."""
    if beyond_ends == 0:
        return -1
    if beyond_ends == 1:
        at = abs(place) % max(1, 2 * (n - 1))
        return at if at < n else 2 * (n - 1) - at
    at = place % (2 * n)
    return at if at < n else 2 * n - 1 - at


@njit(cache=True, nogil=True, error_model="numpy")
def take_log(mel, factor, floor, rule, level):
    """level = factor ln(floored mel): the first lines of dsp.mfcc.compressed.

    rule 0: at least floor;  1: floor added;  2: floor where the value is 0
    """
    lanes, n = width(mel), mel.size
    for register in range(-(-n // lanes)):
        i = min(register * lanes, n - lanes)
        store(level, i, factor * log(_floored(load(mel, i), mel, floor, rule)))


@inner
def _floored(x, array, floor, rule):
    if rule == 0:
        return maximum(x, splat(array, floor))
    if rule == 1:
        return x + floor
    return zero_to(x, splat(array, floor))


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
def slopes(x, starts, stops, weights, replicate, out):
    """out[k, t] = sum_n weights[n] x[k, t + n - half], clip by clip: dsp.deltas.delta with either rule for edges."""
    half, lanes = weights.size // 2, width(x)
    for i in range(starts.size):
        start, n = starts[i], stops[i] - starts[i]
        row, slope = np.empty(n + 2 * half + lanes, x.dtype), np.empty(n + lanes, x.dtype)
        row[half + n + half :] = 0
        for k in range(x.shape[0]):
            row[:half], row[half + n : half + n + half] = x[k, start], x[k, start + n - 1]
            row[half : half + n] = x[k, start : start + n]
            for t in range(0, n, lanes):
                total = splat(row, 0.0)
                for j in range(weights.size):
                    total = total + load_splat(weights, j) * load(row, t + j)
                store(slope, t, total)
            if not replicate:
                slope[:half] = slope[half]
                slope[n - half : n] = slope[n - 1 - half]
            out[k, start : start + n] = slope[:n]
