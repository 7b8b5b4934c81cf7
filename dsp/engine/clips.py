"""The compiled loops into a batch and out of it: many arrays at once, of which a kernel gets the addresses.

One call for all clips of a batch, for a call costs as much as a short clip, and threads wait for each other there.

Checked: tests/test_extract_equals_textbook.py
"""

from typing import NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from dsp.engine.compiling import inlined, inner, kernel
from dsp.engine.lanes import load_wide, maximum, minimum, smallest, store, width


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
def array_at(typing, place, size, like):
    """(size,) numbers of that array's kind at an address."""
    kind = types.Array(like.dtype, 1, "C")

    def generate(context, builder, signature, arguments):
        array = context.make_array(kind)(context, builder)
        item = context.get_constant(types.intp, like.dtype.bitwidth // 8)
        pointer = builder.inttoptr(arguments[0], array.data.type)
        populate_array(array, pointer, shape=arguments[1:2], strides=[item], itemsize=item, meminfo=None)
        return array._getvalue()

    return kind(types.intp, types.intp, like), generate


@inner
def preprocess_samples(x, start, mean, mirror, tables, out, place, count):
    """out[place], .. = x[start], .., around the signal, too: dsp.mfcc.preprocess_signal, then dsp.framing.extend.

    Returns whether they are all finite: then, and only then, every one less itself is 0.
    """
    stop = start + count
    low = minimum(maximum(start, 0), x.size)
    high = minimum(maximum(stop, low), x.size)
    after = low + 1  # the first sample that has one before it
    whole = high - after >= minimum(width(x), width(out))
    finite = not whole or _inside(x, after, high, mean, tables, out, place + after - start)
    done = high - after if whole else 0
    for k in range(count - done):  # the samples on either side of these
        n = at = start + k if start + k < after else start + k + done
        if n < low or n >= high:
            at = -1 if mirror is None else _mirrored(n, x.size, mirror)
        y = 0.0 if at < 0 else _sample(x, at, mean, tables)
        finite &= y - y == 0.0
        out[place + n - start] = y
    return finite


@inlined
def _inside(x, start, stop, mean, tables, out, place):
    """out[place], .. = x[start], .. x[stop - 1], at least a register of them, each of which has one before it."""
    lanes, n, gain, a = minimum(width(x), width(out)), stop - start, tables.gain, tables.emphasis[0]
    x0 = load_wide(x, start, out)
    differences = x0 - x0
    for register in range(-(-n // lanes)):
        i = minimum(register * lanes, n - lanes)
        y = (gain * load_wide(x, start + i, out) - mean) - a * (gain * load_wide(x, start + i - 1, out) - mean)
        differences = differences + (y - y)
        store(out, place + i, y)
    return smallest(maximum(differences, -1.0)) == 0.0  # no NaN is more than -1


@inlined
def _sample(x, n, mean, tables):
    """s[n] - a s[n-1], s = gain x - mean; b s[0] + c s[1] where n is 0."""
    gain, (a, b, c) = tables.gain, tables.emphasis
    s = gain * x[n] - mean
    if n > 0:
        return s - a * (gain * x[n - 1] - mean)
    if c != 0.0:
        return b * s + c * (gain * x[1] - mean)
    return b * s


@inlined
def _mirrored(place, n, mirror):
    """The place in the signal that stands for one outside: dsp.framing._mirrored."""
    period = maximum(1, 2 * (n - 1 + mirror))
    at = place % period
    return at if at < n else period - mirror - at


@inlined
def all_finite(x, start, stop):
    """Whether samples start .. stop - 1 are, those of them that there are."""
    finite = True
    for n in range(maximum(start, 0), stop):
        finite &= x[n] - x[n] == 0.0
    return finite


@kernel
def scatter_rows(rows, starts, stops, out):
    """The rows of every clip, rows[:, starts[i] : stops[i]], one clip after the other."""
    place = 0
    for i in range(starts.size):
        n = stops[i] - starts[i]
        for k in range(rows.shape[0]):
            out[place : place + n] = rows[k, starts[i] : stops[i]]
            place += n
