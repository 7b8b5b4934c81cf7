"""The compiled inner loops after the spectra, on rows of levels and coefficients.

Neighbors in a row are neighbors in time; a register holds as many of them as fit. Every function here has the result
of a few lines of the textbook lane, which its docstring names.
"""

import math

from dsp.engine.compiling import inlined, inner, kernel
from dsp.engine.lanes import (
    first_lane,
    fma,
    load,
    load_splat,
    maximum,
    minimum,
    reduce_max,
    splat,
    store,
    width,
    zero_to,
)
from dsp.engine.logarithm import log


@kernel
def take_log(mel, factor, floor, rule, level):
    """level = factor ln(floored mel): the logarithm of dsp.mfcc.log_compress.

    rule 0: at least floor;  1: floor added;  2: floor where the value is 0
    """
    lanes, n = width(mel), mel.size
    for register in range(-(-n // lanes)):
        i = minimum(register * lanes, n - lanes)
        store(level, i, factor * log(_floored(load(mel, i), floor, rule)))


@kernel
def compress_rows(mel, factor, floor, rule, max_range, is_relative, gain, offset):
    """In place, for a whole clip: dsp.mfcc.log_compress. The range reaches down from the largest level."""
    last = mel.size - width(mel)  # where the last register begins, which may overlap the one before
    x, top = load(mel, last), splat(mel, -math.inf)
    for i in range(0, last, width(mel)):
        level = factor * log(_floored(load(mel, i), floor, rule))
        top = maximum(top, level)
        store(mel, i, level)
    level = factor * log(_floored(x, floor, rule))
    store(mel, last, level)
    highest = reduce_max(maximum(top, level))
    lowest = highest - max_range
    if is_relative:
        offset -= gain * highest
    x = load(mel, last)
    for i in range(0, last, width(mel)):
        store(mel, i, gain * maximum(load(mel, i), lowest) + offset)
    store(mel, last, gain * maximum(x, lowest) + offset)


@inlined
def _floored(x, floor, rule):
    if rule == 0:
        return maximum(x, floor)
    if rule == 1:
        return x + floor
    return zero_to(x, floor)


@kernel
def mix_rows(matrix, rows, out):
    """out = matrix @ rows, for few rows and many columns."""
    lanes, n, (n_out, n_in) = width(rows), rows.shape[1], matrix.shape
    for block in range(-(-n // lanes)):
        t = minimum(block * lanes, n - lanes)
        for i in range(n_out):
            total = splat(rows, 0.0)
            for j in range(n_in):
                total = fma(load_splat(matrix, i * n_in + j), load(rows, j * n + t), total)
            store(out, i * n + t, total)


@kernel
def delta_rows(x, starts, stops, weights, replicate, out):
    """out[k, t] = sum_n weights[n] x[k, t + n - half], clip by clip: dsp.deltas.delta with either rule for edges."""
    lanes, half, (n_rows, n) = width(x), weights.size // 2, x.shape
    last = n - half - lanes  # where the last register of sums begins
    for k in range(n_rows):
        for register in range(-(-(last + lanes - half) // lanes) if last >= half else 0):
            t = min(half + register * lanes, last)
            total = splat(x, 0.0)
            for j in range(weights.size):
                total = fma(load_splat(weights, j), load(x, k * n + t + j - half), total)
            store(out, k * n + t, total)
        for i in range(starts.size):  # the sums that reached beyond the ends of a clip
            start, stop = starts[i], stops[i]
            inside = min(start + half, stop) if last >= half else stop
            for first, end in ((start, inside), (max(inside, stop - half), stop)):
                for t in range(first, end):
                    out[k, t] = _slope(x[k, start:stop], t - start, weights, replicate)


@inner
def _slope(x, t, weights, replicate):
    """One sum near an end: the edge value continues beyond it, or the nearest complete sum takes its place.

    It is rounded as the sums in registers are, so that it does not depend on how many frames come with it.
    """
    half, total = weights.size // 2, splat(weights, 0.0)
    if not replicate:
        t = min(max(t, half), x.size - 1 - half)
    for j in range(weights.size):
        neighbor = splat(weights, x[min(max(t + j - half, 0), x.size - 1)])
        total = fma(load_splat(weights, j), neighbor, total)
    return first_lane(total)
