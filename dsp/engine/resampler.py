"""Resampling by transforms: the transform of a block, weighted and cut or extended, is that of the resampled block.

A filter that removes everything above the lower of two Nyquist frequencies makes the bins of a block those of the
resampled block: n_in samples at one rate become n_out at the other (overlap and save: the block overlaps its
neighbors by the filter's length, and the outputs that the ends of the block disturb are left out). The filter is real,
so two blocks share a complex transform, one as real, one as imaginary part.

Rates whose ratio has large prime factors take two steps: to a rate that is higher by a power of two, and from there
by a short windowed sinc to the times of the outputs.

dsp/resampling.py holds the definition. Checked: tests/test_fast_resampling_equals_its_definition.py
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dsp.cooley_tukey import roots_of_unity
from dsp.engine.compiling import inner, kernel
from dsp.engine.complex_lanes import load_complex, store_complex
from dsp.engine.lanes import fma, load, load_wide, maximum, minimum, reduce_add, splat, store
from dsp.engine.radices import radices_of, transform, transform_8
from dsp.engine.transform_tables import positions
from dsp.engine.transpose import transpose
from dsp.engine.workspaces import workspace
from dsp.windows import kaiser

LANES = 8
ROW = 2 * LANES  # float64 of a complex register
MIN_OVERLAP, MAX_OVERLAP, MAX_BLOCK = 4, 8, 2**16  # a block is 4 to 16 times as long as half the filter
MAX_TERM = 4096  # of a ratio whose blocks are resampled in one step

TAPS, STEPS = 32, 512  # of the second step: samples weighted, and rows of the table between two samples
BETA = 24.0  # of its Kaiser window: 1e-11 outside the band


class Transform(NamedTuple):
    """A transform of n complex numbers: one stage of radix 8, then eight transforms of n / 8 side by side.

    The stage works on groups of eight rows, the last of which overlaps the one before.
    """

    n: int
    pitch: int  # of the eighths of a block in memory, so that they do not compete for the same lines of the cache
    radices: np.ndarray
    roots: np.ndarray  # (2, n / 8), real and imaginary parts of exp(-16 pi i k / n)
    order: np.ndarray  # (n / 8,), the row in which `transform` leaves bin k
    twiddles: np.ndarray  # (groups, 8, 16): exp(-2 pi i k l / n) for the rows k of a group and l = 0 .. 7


class Plan(NamedTuple):
    """What a pair of rates needs. A block of source.n samples becomes target.n, a multiple of up / down as many."""

    p: int  # new rate / rate = p / q
    q: int
    up: int  # p and q themselves; or powers of 2, if a second step follows
    down: int
    lead: int  # samples of a block before the time of its first output
    hop: int  # samples from one block to the next
    source: Transform
    target: Transform
    response: np.ndarray  # (source.n,), the filter at every bin; 0 from the lower Nyquist frequency on


def make_plan(p: int, q: int, half: int, impulse_response: np.ndarray) -> Plan:
    """The plan for p / q; impulse_response: the filter at 0, 1, .. half - 1 samples from its middle."""
    up, down, margin = p, q, half
    if not is_direct(p, q):
        exponent = math.ceil(math.log2(2 * min(1, p / q)))  # the band is at most half of that between the steps
        up, down = 2 ** max(0, exponent), 2 ** max(0, -exponent)
        margin = half + TAPS * down
    n = LANES * down
    while min(n, n * up // down) < LANES**2 or n < MIN_OVERLAP * half or n < min(MAX_OVERLAP * half, MAX_BLOCK):
        n *= 2
    lead = -(-margin // down) * down
    h = np.zeros(n)
    h[:half] = impulse_response
    h[n - half + 1 :] = impulse_response[:0:-1]
    bins = _transform_by_matrices(h).real
    kept = -(-min(n, n * p // q) // 2)  # the bins below the lower Nyquist frequency
    bins[kept : n - kept + 1] = 0
    return Plan(
        p=p,
        q=q,
        up=up,
        down=down,
        lead=lead,
        hop=(n - lead - margin) // down * down,
        source=make_transform(n),
        target=make_transform(n * up // down),
        response=bins / (bins[0] * n),
    )


def is_direct(p: int, q: int) -> bool:
    """Whether blocks of a multiple of q samples become blocks of a multiple of p at once."""
    return max(p, q) <= MAX_TERM and bool(radices_of(2 * p)) and bool(radices_of(2 * q))


def _transform_by_matrices(x: np.ndarray) -> np.ndarray:
    """The DFT of x, by Cooley and Tukey's first step alone: n = a b, and DFTs of a and of b by definition."""
    n = x.size
    a = max(divisor for divisor in range(1, math.isqrt(n) + 1) if n % divisor == 0)
    b = n // a
    first, last = (roots_of_unity(m)[np.outer(np.arange(m), np.arange(m)) % m] for m in (a, b))
    turned = (first @ x.reshape(a, b)) * roots_of_unity(n)[np.outer(np.arange(a), np.arange(b))]
    return (turned @ last).T.ravel()


def make_transform(n: int) -> Transform:
    """The tables for n = 8 m numbers, m >= 8 without a prime factor above 7."""
    m = n // LANES
    radices = radices_of(m)
    starts = np.minimum(np.arange(0, m, LANES), m - LANES)
    k = starts[:, None, None] + np.arange(LANES)  # (groups, 1, 8)
    twiddles = roots_of_unity(n)[np.arange(LANES)[:, None] * k % n]
    return Transform(
        n=n,
        pitch=m + -m % LANES + LANES,
        radices=np.array(radices),
        roots=_parts(roots_of_unity(m)),
        order=positions(radices),
        twiddles=np.concatenate([twiddles.real, twiddles.imag], axis=-1),
    )


def _parts(roots: np.ndarray) -> np.ndarray:
    return np.stack([roots.real, roots.imag])


@lru_cache(maxsize=1)
def make_table() -> np.ndarray:
    """(STEPS + 3, TAPS): row f + 1, tap j weights sample i - TAPS / 2 + 1 + j for the time i + f / STEPS."""
    t = np.arange(-1, STEPS + 2)[:, None] / STEPS - np.arange(1 - TAPS // 2, TAPS // 2 + 1)
    window = kaiser(TAPS * STEPS + 1, BETA)
    position = np.rint(t * STEPS).astype(int) + TAPS * STEPS // 2
    return np.sinc(t) * window[np.clip(position, 0, window.size - 1)]


def resample_blocks(x: np.ndarray, origin: int, first: int, n_blocks: int, plan: Plan, y: np.ndarray) -> None:
    """The outputs of blocks first .. first + n_blocks - 1, as many as y holds; x[0] is sample number `origin`."""
    direct = is_direct(plan.p, plan.q)
    size = 2 * LANES * ROW + 2 * plan.source.n + ROW * plan.source.pitch
    size += 2 * plan.target.n + ROW * plan.target.pitch + (0 if direct else plan.target.n)
    memory = workspace("resampler", (size,), np.dtype(float))
    _run(x, origin, first, n_blocks, plan, None if direct else make_table(), memory, y)


@kernel
def _run(x, origin, first, n_blocks, plan, table, memory, y):
    """`resample_blocks`, two blocks at a time; x = 0 outside the signal."""
    source, target = plan.source, plan.target
    rows, square, rest = memory[: LANES * ROW], memory[LANES * ROW : 2 * LANES * ROW], memory[2 * LANES * ROW :]
    z, rest = rest[: 2 * source.n], rest[2 * source.n :]  # the first transform
    window, rest = rest[: ROW * source.pitch], rest[ROW * source.pitch :]  # the eighths of two blocks
    w, rest = rest[: 2 * target.n], rest[2 * target.n :]  # the second transform
    out, line = rest[: ROW * target.pitch], rest[ROW * target.pitch :]  # the eighths of two blocks, and one block
    y_start = ceil_div(first * plan.hop * plan.p, plan.q)
    for block in range(first, first + n_blocks, 2):
        for i in range(2):
            _fill(x, (block + i) * plan.hop - plan.lead - origin, source, window, i * LANES * source.pitch)
        _divide(window, source, rows, square, z)
        transform(z, source.radices, source.roots)
        _filter(z, plan, w)
        transform(w, target.radices, target.roots)
        _join(w, target, rows, square, out)
        for i in range(2):
            begin = (block + i) * plan.hop
            start = ceil_div(begin * plan.p, plan.q)
            count = minimum(ceil_div((begin + plan.hop) * plan.p, plan.q), y_start + y.size) - start
            if table is None:
                _unload(out, i * LANES, target, plan.lead * plan.up // plan.down, y, start - y_start, count)
            else:
                _unload(out, i * LANES, target, 0, line, 0, target.n)
                line_start = (begin - plan.lead) * plan.up // plan.down
                _interpolate(line, line_start, plan, table, start, y, start - y_start, count)


@inner
def ceil_div(a, b):
    """a / b, rounded up."""
    return -(-a // b)


@inner
def _fill(x, start, source, window, offset):
    """The eighths of a block of samples from x[start] on, each at its pitch."""
    m = source.order.size
    for j in range(LANES):
        here, to = start + j * m, offset + j * source.pitch
        before = minimum(maximum(0, -here), m)
        after = maximum(before, minimum(m, x.size - here))
        _clear(window, to, before)
        _copy(x, here + before, window, to + before, after - before)
        _clear(window, to + after, m - after)


@inner
def _copy(source, i, target, j, n):
    """target[j : j + n] = source[i : i + n]; nothing for n < 0."""
    for k in range(0, n - LANES + 1, LANES):
        store(target, j + k, load_wide(source, i + k, target))
    for k in range(n - n % LANES if n > 0 else n, n):
        target[j + k] = source[i + k]


@inner
def _clear(target, j, n):
    """target[j : j + n] = 0."""
    for k in range(n):
        target[j + k] = 0.0


@inner
def _divide(window, source, rows, square, z):
    """A stage of radix 8: row i, lane l = w_n^(l i) sum_j w_8^(l j) x[i + j m]; x: one block + i the next block.

    Lane l then holds the numbers whose transform is X[l], X[8 + l], ..
    """
    m = source.order.size
    for group in range(ceil_div(m, LANES)):
        start = minimum(group * LANES, m - LANES)
        for j in range(LANES):
            store(square, j * ROW, load(window, j * source.pitch + start))
            store(square, j * ROW + LANES, load(window, (LANES + j) * source.pitch + start))
        transform_8(square)
        for lane in range(LANES):
            twiddle = load_complex(source.twiddles, group * LANES + lane)
            store_complex(rows, lane, load_complex(square, lane) * twiddle)
        transpose(rows, 0, ROW, z, start * ROW, ROW)
        transpose(rows, LANES, ROW, z, start * ROW + LANES, ROW)


@inner
def _filter(z, plan, w):
    """The bins around 0, eight in a row, times the filter: those that the target lacks left out, or zeros put between.

    Real and imaginary parts are exchanged: the transform of the exchanged numbers is the exchanged inverse transform.
    """
    n_rows, shift = plan.target.n // LANES, (plan.source.n - plan.target.n) // LANES
    kept = (minimum(plan.source.n, plan.target.n) // 2 + LANES - 1) // LANES  # rows on either side of 0
    for row in range(n_rows):
        re, im = splat(w, 0.0), splat(w, 0.0)
        if row < kept:
            weights, position = load(plan.response, row * LANES), plan.source.order[row] * ROW
            re, im = weights * load(z, position), weights * load(z, position + LANES)
        if row >= n_rows - kept:
            weights, position = load(plan.response, (row + shift) * LANES), plan.source.order[row + shift] * ROW
            re, im = fma(weights, load(z, position), re), fma(weights, load(z, position + LANES), im)
        store(w, row * ROW, im)
        store(w, row * ROW + LANES, re)


@inner
def _join(w, target, rows, square, out):
    """The last stage, of radix 8: y[i + j m] = sum_l w_8^(l j) w_n^(l i) (row i, lane l), every eighth at its pitch."""
    m = target.order.size
    for group in range(ceil_div(m, LANES)):
        start = minimum(group * LANES, m - LANES)
        for i in range(LANES):
            store_complex(rows, i, load_complex(w, target.order[start + i]))
        transpose(rows, 0, ROW, square, 0, ROW)
        transpose(rows, LANES, ROW, square, LANES, ROW)
        for lane in range(LANES):
            twiddle = load_complex(target.twiddles, group * LANES + lane)
            store_complex(square, lane, load_complex(square, lane) * twiddle)
        transform_8(square)
        for j in range(LANES):
            store(out, (LANES + j) * target.pitch + start, load(square, j * ROW))
            store(out, j * target.pitch + start, load(square, j * ROW + LANES))


@inner
def _unload(out, first, target, skip, y, start, count):
    """y[start : start + count] = the samples of a block from `skip` on, out of its eighths."""
    m = target.order.size
    for j in range(LANES):
        low, high = maximum(j * m, skip), minimum((j + 1) * m, skip + count)
        _copy(out, (first + j) * target.pitch + low - j * m, y, start + low - skip, high - low)


@inner
def _interpolate(line, line_start, plan, table, m, y, start, count):
    """y[start + i] = the value of a line of samples at the time of output m + i, by a windowed sinc.

    Its taps are those of the table, interpolated by the cubic through four rows.
    """
    step, unit = plan.q * plan.up, plan.p * plan.down
    n, rest = m * step // unit - line_start - TAPS // 2 + 1, m * step % unit
    rows_per_unit = STEPS / unit
    n_step, rest_step = step // unit, step % unit
    for i in range(start, start + count):
        position = rest * rows_per_unit
        row = int(position)
        u = position - row
        a, b = u * (u - 1.0), (u + 1.0) * (u - 2.0)
        first, total = row * TAPS, splat(y, 0.0)
        for j in range(first, first + TAPS, LANES):
            low = fma(load(table, j), (2.0 - u) * a / 6.0, load(table, j + TAPS) * ((u - 1.0) * b / 2.0))
            high = fma(load(table, j + 3 * TAPS), (u + 1.0) * a / 6.0, load(table, j + 2 * TAPS) * (u * b / -2.0))
            total = fma(low + high, load(line, n + j - first), total)
        y[i] = reduce_add(total)
        n, rest = n + n_step, rest + rest_step
        if rest >= unit:
            n, rest = n + 1, rest - unit
