"""The compiled inner loops before and after the spectra: on samples, and on rows of levels and coefficients.

Neighbours in a row are neighbours in time, and a register holds as many of them as fit. Every function here
equals a few lines of the textbook lane, which its docstring names.
"""

import numpy as np
from numba import njit

from dsp.engine.lanes import load, load_splat, log, maximum, splat, store, width, zero_to


@njit(cache=True, nogil=True)
def all_finite(x):
    """Whether no sample is NaN or infinite: those are what differs from itself by something else than 0."""
    n_bad = 0
    for i in range(x.size):
        n_bad += not (x[i] - x[i] == 0.0)
    return n_bad == 0


@njit(cache=True, nogil=True)
def condition(x, start, gain, mean, emphasis, beyond_ends, out):
    """Samples from `start` on, before and after the signal, too: dsp.mfcc.condition, then dsp.framing.extend."""
    low = min(max(start, 0), x.size)
    high = min(max(start + out.size, low), x.size)
    for n in range(start, low):
        out[n - start] = _beyond(x, n, gain, mean, emphasis, beyond_ends)
    inside, piece = out[low - start : high - start], x[low:high]
    if inside.size > 0:
        inside[0] = _sample(x, low, gain, mean, emphasis)
    for i in range(1, inside.size):  # on views, whose indices are known not to be negative: it becomes vector code
        inside[i] = (gain * piece[i] - mean) - emphasis[0] * (gain * piece[i - 1] - mean)
    for n in range(max(high, start), start + out.size):
        out[n - start] = _beyond(x, n, gain, mean, emphasis, beyond_ends)


@njit(cache=True)
def _sample(x, n, gain, mean, emphasis):
    """s[n] - a s[n-1], s = gain x - mean; b s[0] + c s[1] where n is 0."""
    s = gain * x[n] - mean
    if n > 0:
        return s - emphasis[0] * (gain * x[n - 1] - mean)
    if emphasis[2] != 0.0:
        return emphasis[1] * s + emphasis[2] * (gain * x[1] - mean)
    return emphasis[1] * s


@njit(cache=True)
def _beyond(x, place, gain, mean, emphasis, beyond_ends):
    """What stands for a place outside the signal: 0, or dsp.framing._mirrored."""
    if beyond_ends == 0:
        return 0.0
    n = x.size
    if beyond_ends == 1:
        inside = abs(place) % max(1, 2 * (n - 1))
        return _sample(x, inside if inside < n else 2 * (n - 1) - inside, gain, mean, emphasis)
    inside = place % (2 * n)
    return _sample(x, inside if inside < n else 2 * n - 1 - inside, gain, mean, emphasis)


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
