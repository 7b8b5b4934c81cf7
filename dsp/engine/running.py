"""Statistics of the neighborhood of every sample or frame: means, variances, powers.

No sum is carried from one neighborhood to the next by adding what enters and subtracting what leaves, so nothing
drifts, and a quiet stretch after a loud one keeps all its digits.

Checked: tests/test_fast_statistics_equal_textbook.py
"""

import math

from dsp.engine.compiling import inner, kernel
from dsp.engine.lanes import fma, load, maximum, minimum, reduce_add, splat, store, width


@kernel
def local_statistics(padded, length, n_zeros, mean, variance):
    """Mean and variance of padded[i : i + length] and n_zeros zeros, for every i: dsp.wiener."""
    lanes, zeros, count = width(padded), float(n_zeros), float(length + n_zeros)
    for i in range(0, mean.size, lanes):
        total = splat(padded, 0.0)
        for j in range(length):
            total = total + load(padded, i + j)
        m = total / count
        square = zeros * (m * m)
        for j in range(length):
            difference = load(padded, i + j) - m
            square = fma(difference, difference, square)
        store(mean, i, m)
        store(variance, i, square / count)


@kernel
def shrink(padded, start, mean, variance, noise, y):
    """y = m + max(v - noise, 0) / max(v, noise) (x - m) for noise > 0 and x = padded[start :]: dsp.wiener."""
    for i in range(0, y.size, width(y)):
        m, v = load(mean, i), load(variance, i)
        gain = maximum(v - noise, 0.0) / maximum(v, noise)
        store(y, i, fma(gain, load(padded, start + i) - m, m))


@kernel
def frame_powers(x, frame_length, hop_length, powers):
    """The mean square of the frames centered on samples 0, hop_length, ..; zeros around the signal: dsp.trimming."""
    lanes = width(x)
    for t in range(powers.size):
        start = t * hop_length - frame_length // 2
        first, stop = maximum(start, 0), minimum(start + frame_length, x.size)
        a, b = splat(x, 0.0), splat(x, 0.0)  # two sums, so that an addition need not wait for the last one
        i = first
        while i + 2 * lanes <= stop:
            low, high = load(x, i), load(x, i + lanes)
            a, b = fma(low, low, a), fma(high, high, b)
            i += 2 * lanes
        total = reduce_add(a + b)
        while i < stop:
            total += x[i] * x[i]
            i += 1
        powers[t] = total / frame_length


@kernel
def sliding_normalize(rows, window, with_variance, before, after, y):
    """dsp.normalization.sliding_cmn of every row, in one pass over the frames.

    Frames are divided into blocks of `window`. Every window is the end of one block and the beginning of the next:
    after[:, s] holds mean and squared deviations of frames s .. end of its block, before[:, s] those of the beginning
    of its block .. s.
    """
    n_rows, n = rows.shape
    for row in range(n_rows):
        x = rows[row]
        for start in range(0, n, window):
            stop = min(start + window, n)
            _accumulate(x, start, stop, 1, before)
            _accumulate(x, stop - 1, start - 1, -1, after)
        for t in range(n):
            start = max(0, min(t - window // 2, n - window))
            mean, deviations = _join(after, start, window - start % window, before, start + window - 1, window)
            scale = 1.0
            if with_variance:
                scale = 1.0 / math.sqrt(deviations / window) if deviations > 0 else 0.0
            y[row, t] = (x[t] - mean) * scale


@inner
def _accumulate(x, start, stop, step, statistics):
    """Mean and squared deviations of x[start .. t] for every t before stop (Welford's recurrence)."""
    mean, deviations, count = 0.0, 0.0, 0.0
    for t in range(start, stop, step):
        count += 1.0
        difference = x[t] - mean
        mean += difference / count
        deviations += difference * (x[t] - mean)
        statistics[0, t], statistics[1, t] = mean, deviations


@inner
def _join(a, i, n_a, b, j, n):
    """Mean and squared deviations of n_a frames described by a[:, i] and n - n_a frames described by b[:, j]."""
    difference, share = b[0, j] - a[0, i], (n - n_a) / n
    if n_a == n:
        return a[0, i], a[1, i]
    return a[0, i] + share * difference, a[1, i] + b[1, j] + n_a * share * difference * difference
