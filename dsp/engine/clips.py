"""The compiled loops into a batch and out of it: many arrays at once, of which a kernel gets the addresses.

One call for all clips of a batch, for a call costs as much as a short clip, and threads wait for each other there.

Checked: tests/test_extract_equals_textbook.py
"""

from typing import NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from dsp.engine.lanes import inner, kernel, load_wide, maximum, smallest, store, width


class Clip(NamedTuple):
    """One signal."""

    name: str
    samples: np.ndarray
    mean: float  # taken off the scaled samples
    n_frames: int


def address(x: np.ndarray) -> int:
    """Where the array's first number is; the caller keeps the array alive."""
    return x.__array_interface__["data"][0]


@intrinsic
def _array_at(typing, place, size, like):
    """(size,) numbers of that array's kind at an address."""
    kind = types.Array(like.dtype, 1, "C")

    def generate(context, builder, signature, arguments):
        array = context.make_array(kind)(context, builder)
        item = context.get_constant(types.intp, like.dtype.bitwidth // 8)
        pointer = builder.inttoptr(arguments[0], array.data.type)
        populate_array(array, pointer, shape=arguments[1:2], strides=[item], itemsize=item, meminfo=None)
        return array._getvalue()

    return kind(types.intp, types.intp, like), generate


@kernel
def condition(clips, like, means, gain, emphasis, beyond_ends, samples, finite):
    """Clips after dsp.mfcc.condition and dsp.framing.extend, side by side; finite[i]: whether all their samples are.

    A column of `clips` is an address, of as many samples, of `like`'s kind, the first sample wanted (negative before
    the signal), where it goes, where the next clip's begin, and whether what nobody wants is looked at, too.
    """
    for i in range(clips.shape[1]):
        size, begin = clips[1, i], clips[2, i]
        x, wanted = _array_at(clips[0, i], size, like), samples[clips[3, i] : clips[4, i]]
        finite[i] = _condition(x, begin, gain, means[i], emphasis, beyond_ends, wanted)
        for n in range(max(begin + wanted.size, 0), size if clips[5, i] else 0):
            finite[i] &= x[n] - x[n] == 0.0


@inner
def _condition(x, start, gain, mean, emphasis, beyond_ends, out):
    """Samples from `start` on, before and after the signal, too: dsp.mfcc.condition, then dsp.framing.extend.

    Returns whether they are all finite: then, and only then, every one less itself is 0.
    """
    stop = start + out.size
    low = min(max(start, 0), x.size)
    high = min(max(stop, low), x.size)
    after = low + 1  # the first sample that has one before it
    whole = high - after >= min(width(x), width(out))
    finite = not whole or _condition_inside(x, after, high, gain, mean, emphasis[0], out[after - start :])
    for first, last in ((start, min(after, stop)), (max(after, high) if whole else after, stop)):  # on either side
        for n in range(first, last):
            at = n if low <= n < high else _inside(n, x.size, beyond_ends)
            y = 0.0 if at < 0 else _sample(x, at, gain, mean, emphasis)
            finite &= y - y == 0.0
            out[n - start] = y
    return finite


@inner
def _condition_inside(x, start, stop, gain, mean, a, out):
    """Samples start .. stop - 1, at least a register of them, each of which has one before it."""
    lanes, n = min(width(x), width(out)), stop - start
    x0 = load_wide(x, start, out)
    differences = x0 - x0
    for register in range(-(-n // lanes)):
        i = min(register * lanes, n - lanes)
        y = (gain * load_wide(x, start + i, out) - mean) - a * (gain * load_wide(x, start + i - 1, out) - mean)
        differences = differences + (y - y)
        store(out, i, y)
    return smallest(maximum(differences, -1.0)) == 0.0  # no NaN is more than -1


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


@kernel
def deal_out(rows, starts, stops, out):
    """The rows of every clip, rows[:, starts[i] : stops[i]], one clip after the other."""
    place = 0
    for i in range(starts.size):
        n = stops[i] - starts[i]
        for k in range(rows.shape[0]):
            out[place : place + n] = rows[k, starts[i] : stops[i]]
            place += n
