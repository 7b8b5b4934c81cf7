"""How a transform of length n is computed, and its tables: computed once for each length."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dsp.cooley_tukey import factors, roots_of_unity
from dsp.engine.compiling import inlined

LANES = 8  # of a register of float64
COMPLEX, EVEN, ODD = 0, 1, 2  # kinds of numbers: complex, or an even or odd number of real samples
MIN_LENGTH = LANES * LANES  # of a transform by rows and columns
SPARE = 64  # complex registers beside the rows and columns
CACHED_ELEMENTS = 256  # complex registers that fit the first-level cache
STAGE_COST = {2: 1.2, 3: 1.8, 4: 1.7, 5: 2.6}  # of an element, in about a nanosecond for eight lanes
MAX_RADIX = 61  # a larger prime factor sends the whole transform through the chirp
MAX_IN_LANES = 4096  # points: eight rows of them take 512 kB
MAX_ALIGNED = 1024  # points of rows that begin a multiple of 4 kB apart, and so push each other out of the cache
MIN_POINTS = 8  # fewer are for the textbook
SHORT, LONG = 2**14, 2**21  # samples: the tables of many short transforms are kept, those of four long ones
MAX_SCRATCH = 2**18  # samples; the workspaces of longer transforms are not kept


class Tables(NamedTuple):
    """A transform of n = n1 n2 points by rows and columns, or by a chirp (then n1 n2 = m >= 2n - 1).

    For eight rows in lanes n1 = n and n2 = 1.
    """

    n: int
    n1: int  # the length of the columns
    n2: int  # the length of the rows
    radices1: np.ndarray
    radices2: np.ndarray
    positions1: np.ndarray  # (n1,), where each bin lies after the stages
    positions2: np.ndarray
    roots1: np.ndarray  # (2 n1,), real and imaginary parts of exp(-2 pi i k / n1)
    roots2: np.ndarray  # (2 n2,)
    lane_twiddles: np.ndarray  # (16 n1,), exp(-2 pi i k j / (n1 n2)) of row k, lane j: a register for each k
    block_twiddles: np.ndarray  # (2 blocks n1,), exp(-2 pi i k c / (n1 n2)) for the first column c of every block
    chirp: np.ndarray  # (2 n,), exp(-pi i k^2 / n) as pairs; empty for a transform by rows and columns
    chirp_filter: np.ndarray  # (2 m,), the spectrum of the chirp's conjugate over m, as pairs
    real_roots: np.ndarray  # (2 (n + 1),), exp(-pi i k / n) for 2 n real samples; empty for complex ones


class Plan(NamedTuple):
    """Tables in two arrays, as Numba takes two arrays in a fraction of the time that fourteen take."""

    integers: np.ndarray
    floats: np.ndarray
    work: int  # floats that the kernels work in
    in_lanes: bool  # whether for dsp.engine.row_transforms
    uses_scratch: bool


def make_plan(n: int, kind: int, many_rows: bool) -> Plan | None:
    """The plan for rows of n numbers, many_rows: at least eight; None for a few points."""
    if n <= SHORT:
        return _short_plan(n, kind, many_rows)
    return _long_plan(n, kind, many_rows) if n <= LONG else _plan(n, kind, many_rows)


def _plan(n: int, kind: int, many_rows: bool) -> Plan | None:
    points = n // 2 if kind == EVEN else n
    if points < MIN_POINTS:
        return None
    by_factors = max(factors(points)) <= MAX_RADIX
    split = _split(points)
    suits_lanes = points <= (MAX_ALIGNED if points % 256 == 0 else MAX_IN_LANES)
    in_lanes = by_factors and (split is None or (many_rows and suits_lanes))
    if in_lanes:
        tables = _tables(points, points, 1, largest_first=kind == ODD)
    elif by_factors:
        tables = _tables(points, *split)
    else:
        tables = _chirp_tables(points)
    if kind == EVEN:
        tables = tables._replace(real_roots=_parts(roots_of_unity(n)[: points + 1]))
    sizes = [tables.n, tables.n1, tables.n2, *(table.size for table in tables[3:])]
    beside = tables.n // 2 if in_lanes else -(-tables.n1 // LANES) * tables.n2  # real samples, or squares
    return Plan(
        np.concatenate([sizes, *tables[3:7]]),
        np.concatenate(tables[7:]),
        2 * LANES * (tables.n1 + 1 + SPARE + beside + 1) + tables.chirp_filter.size + 2 * LANES + 2 * points,
        in_lanes,
        n <= MAX_SCRATCH,
    )


_short_plan, _long_plan = lru_cache(maxsize=128)(_plan), lru_cache(maxsize=4)(_plan)


@inlined
def unpack(integers, floats):
    """The tables of a plan."""
    n, n1, n2 = integers[0], integers[1], integers[2]
    a = 14
    b = a + integers[3]
    c = b + integers[4]
    d = c + n1
    radices1, radices2, positions1, positions2 = integers[a:b], integers[b:c], integers[c:d], integers[d:]
    a = 2 * n1
    b = a + 2 * n2
    c = b + integers[9]
    d = c + integers[10]
    e = d + integers[11]
    f = e + integers[12]
    return Tables(
        n,
        n1,
        n2,
        radices1,
        radices2,
        positions1,
        positions2,
        floats[:a],
        floats[a:b],
        floats[b:c],
        floats[c:d],
        floats[d:e],
        floats[e:f],
        floats[f:],
    )


def _chirp_tables(n: int) -> Tables:
    from dsp.engine.transforms import fft  # which imports this module

    m = _chirp_length(n)
    k = np.arange(n)
    chirp = roots_of_unity(2 * n)[k * k % (2 * n)]
    impulse_response = np.zeros(m, np.complex128)
    impulse_response[:n] = np.conj(chirp)
    impulse_response[m - n + 1 :] = np.conj(chirp[:0:-1])
    chirp_filter = fft(impulse_response) / m
    return _tables(m, *_split(m))._replace(
        n=n, chirp=chirp.view(np.float64), chirp_filter=chirp_filter.view(np.float64)
    )


def _tables(n: int, n1: int, n2: int, largest_first: bool = False) -> Tables:
    roots = roots_of_unity(n)
    k, lanes = np.arange(n1), np.arange(LANES)
    first = np.minimum(LANES * np.arange(-(-n2 // LANES)), max(0, n2 - LANES))
    lane_twiddles = roots[np.outer(k, lanes) % n]
    radices1, radices2 = factors(n1), factors(n2)
    if largest_first:  # for butterflies.real_stage, which saves half of the first stage
        radices1 = radices1[::-1]
    return Tables(
        n=n,
        n1=n1,
        n2=n2,
        radices1=np.array(radices1),
        radices2=np.array(radices2),
        positions1=positions(radices1),
        positions2=positions(radices2),
        roots1=_parts(roots_of_unity(n1)),
        roots2=_parts(roots_of_unity(n2)),
        lane_twiddles=np.stack([lane_twiddles.real, lane_twiddles.imag], axis=1).ravel(),
        block_twiddles=_parts(roots[np.outer(first, k).ravel()]),
        chirp=np.empty(0),
        chirp_filter=np.empty(0),
        real_roots=np.empty(0),
    )


def positions(radices: tuple[int, ...]) -> np.ndarray:
    """The position of bin k after stages that work in place: the digits of k in reverse.

    k = k1 + r1 (k2 + r2 (k3 + ..)),  position = (.. (k1 r2 + k2) r3 + k3) ..
    """
    rest = np.arange(math.prod(radices))
    position = np.zeros_like(rest)
    for radix in radices:
        rest, digit = np.divmod(rest, radix)
        position = position * radix + digit
    return position


@lru_cache(maxsize=256)
def _split(n: int) -> tuple[int, int] | None:
    """The cheapest n1, n2 >= 8 with n1 n2 = n; None if there are none."""
    low = [d for d in range(LANES, math.isqrt(n) + 1) if n % d == 0]
    pairs = [pair for d in low for pair in ((d, n // d), (n // d, d))]
    return min(pairs, key=_cost, default=None)


def _cost(pair: tuple[int, int]) -> float:
    """About the time: whole registers of columns, each through all stages of both transforms."""
    return sum(
        -(-other // LANES) * n * _stages_cost(n) * (1 if n <= CACHED_ELEMENTS else 1.3)
        for n, other in (pair, pair[::-1])
    )


@lru_cache(maxsize=1024)
def _stages_cost(n: int) -> float:
    return 4 + sum(STAGE_COST.get(radix, 0.5 * radix) for radix in factors(n))


def _chirp_length(n: int) -> int:
    """The cheapest length >= 2n - 1 whose rows and columns fill whole registers."""
    shortest = -(-(2 * n - 1) // MIN_LENGTH)
    longest, lengths = shortest + max(3, shortest // 4), [1]
    for prime in (2, 3, 5, 7):
        powers = [prime**k for k in range(longest.bit_length())]
        lengths = [m * power for m in lengths for power in powers if m * power <= longest]
    return min((MIN_LENGTH * m for m in lengths if m >= shortest), key=lambda m: _cost(_split(m)))


def _parts(roots: np.ndarray) -> np.ndarray:
    return np.concatenate([roots.real, roots.imag])
