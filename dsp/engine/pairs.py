"""The compiled inner loops for transforms of any length, of two registers of frames at once.

One frame is the real and the other the imaginary part of the same complex transform, of length n_fft. Its bins k and
n_fft - k are those of the two frames, added and subtracted (Oppenheim & Schafer, problem 9.31). Where n_fft has a large
prime factor, the transform becomes a convolution, as in dsp.cooley_tukey.chirp_fft: its stages leave the spectrum in
digit-reversed order, which the filter's spectrum shares, and the same stages backward restore the order of the samples.

This file is compiled where a convention needs it: an odd n_fft, or one with a prime factor above 31.

Checked: tests/test_extract_takes_the_fast_lane.py
"""

from typing import NamedTuple

import numpy as np

from dsp.engine.clips import ClipTable, check_ends, load_clips
from dsp.engine.codelets import butterfly_back
from dsp.engine.compiling import inlined, inner, kernel
from dsp.engine.complex_lanes import (
    complex_of,
    conjugate,
    load_complex,
    splat_complex,
    squared_magnitude,
    store_complex,
    times_minus_i,
)
from dsp.engine.kernels import load_frames, prepare_frames, stage, stage_of_odd_radix, store_levels
from dsp.engine.lanes import load, maximum, minimum, splat, sqrt, store, width
from dsp.engine.pair_tables import MAX_ODD_BUTTERFLY, PairTables
from dsp.engine.plan import Tables
from dsp.engine.structures import FloatRows, Floats, pack, structure
from dsp.engine.workspaces import workspace


class PairWorkspaces(NamedTuple):
    """The arrays that the kernels work in; `lanes` is the width of a register."""

    samples: Floats  # a stretch of the row of all clips
    x: FloatRows  # (n_fft + lanes, lanes), a register of frames
    y: FloatRows  # another
    z: FloatRows  # (2 length, lanes), their transform
    x_power: FloatRows  # (n_fft // 2 + 1, lanes)
    y_power: FloatRows
    terms: FloatRows  # (2 MAX_ODD_BUTTERFLY, lanes), for large radices


def mel_of_pairs(
    clips: ClipTable,
    like: np.ndarray,
    tables: Tables,
    pair: PairTables,
    samples: np.ndarray,
    mel: np.ndarray,
    energy: np.ndarray | None,
) -> None:
    """dsp.engine.kernels.mel_frames with the transforms of this file."""
    lanes, dtype, n_fft = width(mel), mel.dtype, tables.n_fft
    spaces = PairWorkspaces(
        samples,
        *(workspace(name, (n_fft + lanes, lanes), dtype) for name in ("x", "y")),
        workspace("z", (2 * pair.roots.shape[1], lanes), dtype),
        *(workspace(name, (n_fft // 2 + 1, lanes), dtype) for name in ("power", "y_power")),
        workspace("terms", (2 * MAX_ODD_BUTTERFLY, lanes), dtype),
    )
    run = _mel_by_convolution if pair.chirp.size else _mel_by_transform
    run(pack(clips), like, pack(tables), pack(pair), pack(spaces), mel, energy)


@kernel
def _mel_by_transform(words_of_clips, like, words_of_tables, words_of_pair, words_of_spaces, mel, energy):
    """mel_of_pairs where n_fft is odd and has no large prime factor."""
    clips, tables = structure(words_of_clips, ClipTable, mel), structure(words_of_tables, Tables, mel)
    pair, spaces = structure(words_of_pair, PairTables, mel), structure(words_of_spaces, PairWorkspaces, mel)
    high = 0
    for number in range(_count_stretches(tables, spaces, mel)):
        first, last, high = _bounds(number, tables, spaces, mel)
        load_clips(clips, like, first * tables.hop, high, tables, spaces.samples)
        for t in range(first, last + width(mel), 2 * width(mel)):
            _load_pair(first, minimum(t, last), minimum(t + width(mel), last), tables, spaces, energy)
            peaks = _normalize(spaces.x, tables.frame), _normalize(spaces.y, tables.frame)
            _transform(spaces, pair, tables.n_fft)
            _power_of_pair(spaces, pair, tables, peaks)
            _store_pair(minimum(t, last), minimum(t + width(mel), last), tables, spaces, mel, energy)
    check_ends(clips, like, high)


@kernel
def _mel_by_convolution(words_of_clips, like, words_of_tables, words_of_pair, words_of_spaces, mel, energy):
    """mel_of_pairs where n_fft has a large prime factor."""
    clips, tables = structure(words_of_clips, ClipTable, mel), structure(words_of_tables, Tables, mel)
    pair, spaces = structure(words_of_pair, PairTables, mel), structure(words_of_spaces, PairWorkspaces, mel)
    high = 0
    for number in range(_count_stretches(tables, spaces, mel)):
        first, last, high = _bounds(number, tables, spaces, mel)
        load_clips(clips, like, first * tables.hop, high, tables, spaces.samples)
        for t in range(first, last + width(mel), 2 * width(mel)):
            _load_pair(first, minimum(t, last), minimum(t + width(mel), last), tables, spaces, energy)
            peaks = _normalize(spaces.x, tables.frame), _normalize(spaces.y, tables.frame)
            _convolve(spaces, pair)
            _power_of_pair(spaces, pair, tables, peaks)
            _store_pair(minimum(t, last), minimum(t + width(mel), last), tables, spaces, mel, energy)
    check_ends(clips, like, high)


@inlined
def _count_stretches(tables, spaces, mel):
    """How many times spaces.samples is filled."""
    return -(-mel.shape[1] // _frames_of_stretch(tables, spaces, mel))


@inlined
def _frames_of_stretch(tables, spaces, mel):
    """Whole pairs of registers, so that frame t of a clip always shares its transform with the same other frame."""
    pair = 2 * width(mel)
    frames = (spaces.samples.size - tables.load_factors.size) // tables.hop + 1
    return minimum(frames // pair * pair, mel.shape[1])


@inlined
def _bounds(number, tables, spaces, mel):
    """The frames at which the first and the last register of a stretch begin, and the sample at which it ends."""
    stretch = _frames_of_stretch(tables, spaces, mel)
    first = minimum(number * stretch, mel.shape[1] - width(mel))
    high = (first + stretch - 1) * tables.hop + tables.load_factors.size
    return first, minimum(first + stretch, mel.shape[1]) - width(mel), high


@inlined
def _load_pair(first, t, u, tables, spaces, energy):
    """The windowed frames from t and from u on, of a stretch that begins with frame `first`: spaces.x and spaces.y."""
    for i in range(2):
        start, frames = (u, spaces.y) if i else (t, spaces.x)
        load_frames(spaces.samples, (start - first) * tables.hop, tables, 0, tables.n_fft, frames)
        if energy is not None:
            if not tables.plain_frames:
                store(energy, start, prepare_frames(frames, tables))


@inner
def _normalize(frames, n):
    """Divides frames by their peaks, which it returns: the rounding of a loud frame would drown a quiet one."""
    lanes, peak = width(frames), splat(frames, 0.0)
    for k in range(n):
        x = load(frames, k * lanes)
        peak = maximum(peak, maximum(x, 0.0 - x))
    factor = 1.0 / maximum(peak, 1e-30)
    for k in range(n):
        store(frames, k * lanes, factor * load(frames, k * lanes))
    return peak


@inlined
def _store_pair(t, u, tables, spaces, mel, energy):
    """mel and energy of both registers of frames."""
    for i in range(2):
        start, power = (u, spaces.y_power) if i else (t, spaces.x_power)
        store_levels(power, tables, start, mel, energy)


@inlined
def _transform(spaces, pair, n):
    """The transform of both frames, its bins in the order of pair.position: dsp.cooley_tukey.fft_rows."""
    z = spaces.z
    for k in range(n):
        store_complex(z, k, _sample(spaces, k))
    for step in range(pair.steps.shape[0]):
        radix, start, size, block = pair.steps[step]
        if radix <= 5:
            stage(z, pair.roots, radix, start, size, block, 0, block // radix)
        else:
            stage_of_odd_radix(z, spaces.terms, pair.roots, radix, start, size, block, 0, block // radix)


@inlined
def _convolve(spaces, pair):
    """The transform of both frames, its bins in order, conjugated and without a factor: dsp.cooley_tukey.chirp_fft."""
    z, roots = spaces.z, pair.roots
    _enter(spaces, pair.chirp, roots)
    for step in range(pair.steps.shape[0]):
        radix, start, size, block = pair.steps[step]
        if radix > 0:
            stage(z, roots, radix, start, size, block, 0, block // radix)
        elif radix < 0:
            _stage_back(z, roots, -radix, start, size, block)
        else:
            _multiply(z, pair.response, start, size)
    _leave(z, roots, pair.chirp.shape[1])


@inlined
def _sample(spaces, k):
    """Sample k of both registers of frames as the parts of a complex number."""
    lanes = width(spaces.x)
    return complex_of(load(spaces.x, k * lanes), load(spaces.y, k * lanes))


@inlined
def _stage_back(z, roots, radix, start, size, block):
    """dsp.engine.kernels.stage with its two steps in reverse order: factors first, then the transforms."""
    n, m = roots.shape[1], block // radix
    for p in range(m):
        for i in range(start + p, start + size, block):
            butterfly_back(z, radix, i, m, roots, p * (n // block))


@inner
def _butterfly4(a, b, c, d):
    """The four-point transform of a, b, c, d."""
    sum_ac, difference_ac = a + c, a - c
    sum_bd, difference_bd = b + d, times_minus_i(b - d)
    return sum_ac + sum_bd, difference_ac + difference_bd, sum_ac - sum_bd, difference_ac - difference_bd


@inlined
def _enter(spaces, chirp, roots):
    """The first stage, of radix 4, on c[k] (x[k] + i y[k]) followed by zeros: in the second half at least."""
    z, n, m = spaces.z, chirp.shape[1], roots.shape[1] // 4
    for p in range(m):
        a = splat_complex(chirp, p) * _sample(spaces, p)
        b = a - a
        if p + m < n:
            b = splat_complex(chirp, p + m) * _sample(spaces, p + m)
        rotated = times_minus_i(b)
        store_complex(z, p, a + b)
        store_complex(z, p + m, splat_complex(roots, p) * (a + rotated))
        store_complex(z, p + 2 * m, splat_complex(roots, 2 * p) * (a - b))
        store_complex(z, p + 3 * m, splat_complex(roots, 3 * p) * (a - rotated))


@inlined
def _multiply(z, response, start, size):
    """The last stage, of radix 4; the product with the filter's spectrum, conjugated; the first stage back."""
    for i in range(start, start + size, 4):
        a, b = load_complex(z, i), load_complex(z, i + 1)
        a, b, c, d = _butterfly4(a, b, load_complex(z, i + 2), load_complex(z, i + 3))
        a, b = conjugate(splat_complex(response, i) * a), conjugate(splat_complex(response, i + 1) * b)
        c, d = conjugate(splat_complex(response, i + 2) * c), conjugate(splat_complex(response, i + 3) * d)
        a, b, c, d = _butterfly4(a, b, c, d)
        store_complex(z, i, a)
        store_complex(z, i + 1, b)
        store_complex(z, i + 2, c)
        store_complex(z, i + 3, d)


@inlined
def _leave(z, roots, n):
    """The last stage back, of radix 4, for the elements up to n - 1: none of them in the second half."""
    m = roots.shape[1] // 4
    for p in range(m):
        a, b = load_complex(z, p), splat_complex(roots, p) * load_complex(z, p + m)
        c = splat_complex(roots, 2 * p) * load_complex(z, p + 2 * m)
        d = splat_complex(roots, 3 * p) * load_complex(z, p + 3 * m)
        store_complex(z, p, (a + c) + (b + d))
        if p + m < n:
            store_complex(z, p + m, (a - c) + times_minus_i(b - d))


@inlined
def _power_of_pair(spaces, pair, tables, peaks):
    """|X|^2 or |X| of both frames, which _normalize has divided by their peaks.

    2 |X[k]| = |Z[k] + conj Z[n_fft - k]|, and of the second frame with a minus. Z is conjugated and lacks factors of
    magnitude 1, of which `turn` is what matters. The window already contains the factor 1/2.
    """
    z, lanes = spaces.z, width(spaces.z)
    x_gain, y_gain = peaks[0] * peaks[0], peaks[1] * peaks[1]
    for k in range(tables.n_fft // 2 + 1):
        a = conjugate(load_complex(z, pair.position[k]))
        b = splat_complex(pair.turn, k) * load_complex(z, pair.position[tables.n_fft - k])
        square = x_gain * squared_magnitude(a + b)
        store(spaces.x_power, k * lanes, sqrt(square) if tables.magnitude else square)
        square = y_gain * squared_magnitude(a - b)
        store(spaces.y_power, k * lanes, sqrt(square) if tables.magnitude else square)
