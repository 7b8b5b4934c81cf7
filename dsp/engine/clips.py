"""The compiled loops into a batch and out of it. A kernel gets the addresses of many arrays.

One call serves all clips of a batch: a call costs as much as a short clip, and threads wait for each other during it.

Checked: tests/test_extract_equals_textbook.py
"""

from typing import NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic

from dsp.engine.compiling import inlined, kernel
from dsp.engine.lanes import load_wide, maximum, minimum, reduce_min, store, wider, width
from dsp.engine.structures import Bools, Doubles, IntRows
from dsp.framing import mirror_index


class Clip(NamedTuple):
    """One signal."""

    name: str
    samples: np.ndarray
    mean: float  # to subtract from the scaled samples
    n_frames: int
    skipped: int = 0  # samples before its first frame, where the framing centers the frames in the signal


class ClipTable(NamedTuple):
    """What the kernels read and write of clips side by side; all have samples of the same dtype."""

    rows: IntRows  # (n_clips, 6), see `describe_clips`
    means: Doubles  # (n_clips,)
    mirror: int  # beyond the ends: -1 for zeros, otherwise `repeat` of dsp.framing.mirror_index
    finite: Bools  # (n_clips,), whether all samples of a clip are finite; the kernels write it


def describe_clips(clips: list[Clip], layout: np.ndarray, mirror: int) -> ClipTable:
    """The table of some clips.

    A row of `layout` holds a clip's number of samples, the first sample wanted (negative: before the signal), its
    offset in the row of all clips, the offset of the next clip, and the sample up to which the clip is checked for NaN
    and infinity. In the table the clip's address comes first.
    """
    rows = np.column_stack([[address(clip.samples) for clip in clips], layout])
    return ClipTable(rows, np.array([clip.mean for clip in clips]), mirror, np.ones(len(clips), bool))


def address(x: np.ndarray) -> int:
    """The address of the first element; the caller keeps the array alive."""
    return x.__array_interface__["data"][0]


@intrinsic
def array_at(typing, address, size, like):
    """The (size,) array at an address, of the dtype of `like`."""
    kind = types.Array(like.dtype, 1, "C")

    def generate(context, builder, signature, arguments):
        array = context.make_array(kind)(context, builder)
        item = context.get_constant(types.intp, like.dtype.bitwidth // 8)
        pointer = builder.inttoptr(arguments[0], array.data.type)
        from numba.np.arrayobj import populate_array  # takes 30 ms, which a process with compiled kernels saves

        populate_array(array, pointer, shape=arguments[1:2], strides=[item], itemsize=item, meminfo=None)
        return array._getvalue()

    return kind(types.intp, types.intp, like), generate


@inlined
def load_clips(clips, like, low, high, tables, out):
    """out = samples low .. high - 1 of the row of all clips, preprocessed."""
    for i in range(clips.means.size):
        address, size, begin, offset, end, _ = clips.rows[i]
        start, end = maximum(offset, low), minimum(end, high)
        if start < end:
            x, begin = array_at(address, size, like), begin + start - offset
            finite = _preprocess_samples(x, begin, clips.means[i], clips.mirror, tables, out, start - low, end - start)
            clips.finite[i] &= finite


@inlined
def check_ends(clips, like, high):
    """Checks the samples of every clip beyond number `high` of the row of all clips, which no frame has used."""
    for i in range(clips.means.size):
        address, size, begin, offset, end, check_stop = clips.rows[i]
        x = array_at(address, size, like)
        clips.finite[i] &= _all_finite(x, begin + minimum(end, high) - offset, check_stop)


@inlined
def _preprocess_samples(x, start, mean, mirror, tables, out, offset, count):
    """out[offset], .. = x[start], .., also beyond its ends: dsp.mfcc.preprocess_signal, then dsp.framing.extend.

    Returns whether all samples are finite: only then is every difference y - y equal to 0.
    """
    stop = start + count
    low = minimum(maximum(start, 0), x.size)
    high = minimum(maximum(stop, low), x.size)
    after = low + 1  # the first sample with a predecessor
    whole = high - after >= minimum(width(x), width(out))
    finite = not whole or _copy_registers(x, after, high, mean, tables, out, offset + after - start)
    done = high - after if whole else 0
    for k in range(count - done):  # the samples on either side of them
        n = index = start + k if start + k < after else start + k + done
        if n < low or n >= high:
            index = -1 if mirror < 0 else _mirror_index(n, x.size, mirror)
        y = 0.0 if index < 0 else _preprocess_sample(x, index, mean, tables, out)
        finite &= y - y == 0.0
        out[offset + n - start] = y
    return finite


@inlined
def _copy_registers(x, start, stop, mean, tables, out, offset):
    """out[offset], .. = x[start], .. x[stop - 1], preprocessed: at least one register of samples with predecessors."""
    lanes, n, gain, a = minimum(width(x), width(out)), stop - start, tables.gain, tables.emphasis[0]
    x0 = load_wide(x, start, out)
    differences = x0 - x0
    for register in range(-(-n // lanes)):
        i = minimum(register * lanes, n - lanes)
        y = (gain * load_wide(x, start + i, out) - mean) - a * (gain * load_wide(x, start + i - 1, out) - mean)
        differences = differences + (y - y)
        store(out, offset + i, y)
    return reduce_min(maximum(differences, -1.0)) == 0.0  # a comparison with NaN is false


@inlined
def _preprocess_sample(x, n, mean, tables, out):
    """s[n] - a s[n-1], s = gain x - mean; for n = 0, b s[0] + c s[1].

    The numbers have the precision of _copy_registers, so that a sample does not depend on which of the two comes to it.
    """
    a, b, c = tables.emphasis
    gain, mean = wider(tables.gain, x, out), wider(mean, x, out)
    s = gain * x[n] - mean
    if n > 0:
        return s - wider(a, x, out) * (gain * x[n - 1] - mean)
    if c != 0.0:
        return wider(b, x, out) * s + wider(c, x, out) * (gain * x[1] - mean)
    return wider(b, x, out) * s


_mirror_index = inlined(mirror_index)


@inlined
def _all_finite(x, start, stop):
    """Whether samples start .. stop - 1 are finite; samples before the first do not count."""
    finite = True
    for n in range(maximum(start, 0), stop):
        finite &= x[n] - x[n] == 0.0
    return finite


@kernel
def scatter_rows(rows, starts, stops, out):
    """The rows of every clip, rows[:, starts[i] : stops[i]], one clip after the other."""
    offset = 0
    for i in range(starts.size):
        n = stops[i] - starts[i]
        for k in range(rows.shape[0]):
            for j in range(n):
                out[offset + j] = rows[k, starts[i] + j]
            offset += n
