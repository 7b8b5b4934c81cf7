"""Tables for the kernels: what a Convention needs at one sample rate and precision, computed once."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dsp.conventions.parameters import Convention
from dsp.conventions.sizes import Sizes, sizes
from dsp.cooley_tukey import factors, roots_of_unity
from dsp.deltas import delta_weights
from dsp.engine.codelets import RADICES
from dsp.engine.lanes import width
from dsp.engine.pair_tables import PairTables, has_small_factors, pair_tables
from dsp.engine.structures import FloatRows, Floats, IntRows, Ints, pack
from dsp.engine.transform_tables import positions
from dsp.framing import MIRRORED, count_leading_samples
from dsp.mfcc import cepstrum_matrix, cepstrum_weights, make_filterbank, make_window, power_divisor

BLOCK = 256  # elements of all lanes, real and imaginary: 32 kB, the size of a first-level cache
STRIP = 64  # elements of each quarter: 256 together
MAX_N_FFT = 2**18  # a workspace holds several registers for each sample of a transform
NO_EMPHASIS = (0.0, 1.0, 0.0)  # y[n] = x[n], y[0] = x[0]


class Tables(NamedTuple):
    """The arrays and numbers that the compiled kernels read; floats are of the plan's precision."""

    frame: int  # samples
    hop: int
    n_fft: int
    gain: float  # the signal is s = gain x, minus its mean if the convention removes it
    emphasis: tuple[float, float, float]  # a, b, c: over the signal y[n] = s[n] - a s[n-1], y[0] = b s[0] + c s[1]
    load_factors: Floats  # (frame, rounded up to whole registers,), the window; ones where other steps come before it
    window: Floats  # (frame,), including the normalization of the spectrum
    schedule: IntRows  # (steps, 6), see `schedule`
    only_codelets: bool  # whether every stage has a small radix
    beyond: int  # the number of following frames that a frame overlaps
    order: Ints  # (n_fft / 2 + 1,), where the kernels store each bin of the half-length transform; bin 0 twice
    half_roots: FloatRows  # (2, n_fft / 2), real and imaginary parts of exp(-4 pi i k / n_fft)
    roots: FloatRows  # (2, n_fft / 2 + 1) of exp(-2 pi i k / n_fft)
    plain_frames: bool  # no step comes before the window of a frame, and its energy is not needed
    frame_dc: bool
    frame_emphasis: tuple[float, float, float]  # as `emphasis`, in every frame by itself
    magnitude: bool
    energy_weights: Floats  # (bins,), of their sum that is the energy; empty where the energy is no such sum
    energy_before_root: bool  # whether that sum comes before the next step
    root_floor: Floats  # (bins,), the floor under a root that is a step of its own; empty where there is none
    root_adds: bool  # whether this floor is added
    used_bins: Floats  # (bins,), factors of the bins whose maximum the floor needs; empty where it needs none
    n_levels: int  # rows of the result: filters, or bins where there are none
    bin_gain: Floats  # (bins,), factors of the bins where there are no filters
    filter_first: Ints  # (n_filters,), first bin of each filter; empty: the bins themselves
    filter_start: Ints  # (n_filters + 1,), where its weights begin below
    filter_weights: Floats  # the weights of all filters, one filter after the other


class Plan(NamedTuple):
    """Tables for the kernels, and the steps outside them."""

    convention: Convention
    size: Sizes
    dtype: np.dtype
    before: int  # samples that the framing adds before the signal
    tables: Tables
    pair: PairTables | None  # for dsp.engine.pairs, where the transform is not of half the length
    words: np.ndarray  # the packed tables
    one_pass: bool  # whether compress_rows is all that follows the mel values of a clip that mel_frames computes
    mirror: int  # beyond the ends: -1 for zeros, otherwise `repeat` of dsp.framing.mirror_index
    whole_clip: bool  # whether levels depend on the maximum of their clip
    cepstrum: np.ndarray  # (n, n_levels), DCT and lifter combined; (0, 0) without cepstra
    delta_weights: tuple[np.ndarray, np.ndarray]  # weights of the first and the second order


def is_fast(n_fft: int) -> bool:
    """Whether the kernels know this transform: of even length, without a large prime factor."""
    return n_fft % 2 == 0 and has_small_factors(n_fft)


@lru_cache(maxsize=32)
def make_plan(c: Convention, sample_rate: float, precision: str, n_samples: int | None = None) -> Plan:
    """The plan of a convention. Raises ValueError if the convention does not fit the sample rate.

    n_samples : of the signal, where SciPy's framing shortens the window to it
    """
    size = sizes(c, sample_rate, n_samples)
    dtype = np.dtype(precision)
    window = make_window(size, c)
    divisor = power_divisor(window, size, sample_rate, c)
    window = window / math.sqrt(divisor)
    energy_of = c.energy_of if c.energy or c.mel_energy else None
    plain_frames = c.dc_removal != "frame" and _emphasis(c, "frame") == NO_EMPHASIS and energy_of != "raw frame"
    tables = spectrum_tables(window, size.hop, size.n_fft, dtype, c.spectrum == "magnitude", plain_frames)
    tables = tables._replace(
        gain=float(c.scale),
        emphasis=_emphasis(c, "signal"),
        frame_dc=c.dc_removal == "frame",
        frame_emphasis=_emphasis(c, "frame"),
    )
    tables = _weigh_bins(tables, c, divisor, energy_of)
    used = tables.bin_gain
    if c.n_mels is not None:
        filters = make_filterbank(size, sample_rate, c)
        used = used * filters.any(axis=0).astype(dtype)
        first, start, weights = _sparse(filters * tables.bin_gain)
        tables = tables._replace(
            n_levels=len(first),
            filter_first=np.array(first, np.intp),
            filter_start=np.array(start, np.intp),
            filter_weights=np.array(weights, dtype),
        )
    if c.floor_rule == "fraction of greatest bin":
        tables = tables._replace(used_bins=used)
    cepstrum = np.empty((0, 0), dtype)
    if c.n_mfcc is not None:
        cepstrum = (cepstrum_weights(c)[:, None] * cepstrum_matrix(tables.n_levels, c)).astype(dtype)
    of_maximum = c.floor_rule in ("fraction of maximum", "fraction of greatest bin")
    pair = None if is_fast(size.n_fft) else pair_tables(size.n_fft, dtype)
    return Plan(
        convention=c,
        size=size,
        dtype=dtype,
        before=count_leading_samples(size.frame, size.hop, c.framing),
        tables=tables,
        pair=pair,
        words=pack(tables),
        one_pass=pair is None
        and c.log is not None
        and not of_maximum
        and c.normalization is None
        and c.mel_energy is None,
        mirror=MIRRORED.get(c.framing, -1),
        whole_clip=c.log is not None and (c.dynamic_range is not None or c.reference is not None or of_maximum),
        cepstrum=cepstrum,
        delta_weights=(delta_weights(c.delta_width, 1).astype(dtype), delta_weights(c.delta_width, 2).astype(dtype)),
    )


def _weigh_bins(tables: Tables, c: Convention, divisor: float, energy_of: str | None) -> Tables:
    """Tables with the factors of the bins: of a one-sided spectrum, in the energy, and under the root.

    Parseval: sum_n y[n]^2 = 1/N sum_k |X[k]|^2, where all bins but 0 Hz and the Nyquist frequency stand for two.
    """
    dtype, n_fft = tables.window.dtype, tables.n_fft
    sides = np.ones(n_fft // 2 + 1)
    sides[1 : (n_fft + 1) // 2] = 2
    doubled = sides if c.spectrum_scaling == "one-sided, doubled" else np.ones_like(sides)
    tables = tables._replace(bin_gain=(np.sqrt(doubled) if tables.magnitude else doubled).astype(dtype))
    if tables.magnitude and (c.spectrum_floor or energy_of == "windowed frame"):
        floor = (c.spectrum_floor / doubled).astype(dtype)
        tables = tables._replace(magnitude=False, root_floor=floor, root_adds=c.spectrum_floor_rule == "add")
    if energy_of == "spectrum":
        return tables._replace(energy_weights=tables.bin_gain)
    if energy_of == "windowed frame":
        return tables._replace(energy_weights=(sides * (divisor / n_fft)).astype(dtype), energy_before_root=True)
    return tables


def _emphasis(c: Convention, where: str) -> tuple[float, float, float]:
    """a, b, c of y[n] = x[n] - a x[n-1], y[0] = b x[0] + c x[1], if the convention pre-emphasizes there."""
    if not c.preemphasis or c.preemphasis_in != where:
        return NO_EMPHASIS
    first = {"keep": (1.0, 0.0), "replicate": (1.0 - c.preemphasis, 0.0), "extrapolate": (3.0, -1.0)}
    return float(c.preemphasis), *first[c.preemphasis_first]


def spectrum_tables(
    window, hop: int, n_fft: int, dtype: np.dtype, magnitude: bool, plain_frames: bool = True
) -> Tables:
    """Tables for spectra alone: no step on the frames but the window, no filters."""
    half, frame = max(1, n_fft // 2), window.size
    window = (window / 2).astype(dtype)  # _power in the kernels expects this 1/2
    return Tables(
        frame=frame,
        hop=hop,
        n_fft=n_fft,
        gain=1.0,
        emphasis=NO_EMPHASIS,
        load_factors=np.pad(window if plain_frames else np.ones_like(window), (0, -frame % width(window))),
        window=window,
        schedule=schedule(stage_radices(half), by_strips=plain_frames),
        only_codelets=set(stage_radices(half)) <= {1, *RADICES},
        beyond=(frame - 1) // hop,
        order=np.append(positions(stage_radices(half)), 0),
        half_roots=_parts(roots_of_unity(half), dtype),
        roots=_parts(roots_of_unity(n_fft)[: n_fft // 2 + 1], dtype),
        plain_frames=plain_frames,
        frame_dc=False,
        frame_emphasis=NO_EMPHASIS,
        magnitude=magnitude,
        energy_weights=np.empty(0, dtype),
        energy_before_root=False,
        root_floor=np.empty(0, dtype),
        root_adds=False,
        used_bins=np.empty(0, dtype),
        n_levels=n_fft // 2 + 1,
        bin_gain=np.ones(n_fft // 2 + 1, dtype),
        filter_first=np.empty(0, np.intp),
        filter_start=np.zeros(1, np.intp),
        filter_weights=np.empty(0, dtype),
    )


def _sparse(filters: np.ndarray) -> tuple[list, list, list]:
    """The first bin, the start among the weights, and the weights of every filter, without the zeros around them."""
    first, start, weights = [], [0], []
    for row in filters:
        used = np.flatnonzero(row)
        low, high = (used[0], used[-1] + 1) if used.size else (0, 0)
        first.append(low)
        weights.extend(row[low:high])
        start.append(len(weights))
    return first, start, weights


def schedule(radices: tuple[int, ...], by_strips: bool) -> np.ndarray:
    """The steps of a transform whose length is the product of the radices, in an order that suits the cache.

    (radix, start, size, block, p, stop): one stage of that radix on the elements p .. stop - 1 of every
    m = block / radix, in the blocks of the elements start .. start + size - 1. Radix 0 loads the samples of that range:
    all at once or, before the first stage of a large transform, strip by strip. A large transform is split into blocks
    that fit the first-level cache; each block is finished before the next begins.
    """
    n = math.prod(radices)
    m = n // radices[0]
    steps = []
    strip = STRIP if by_strips and m % STRIP == 0 else m
    for p in range(0, m, strip):
        if strip < m:
            steps += [(0, 2 * (first + p), 2 * strip, 0, 0, 0) for first in range(0, n, m)]
        else:
            steps.append((0, 0, 2 * n, 0, 0, 0))
        steps.append((radices[0], 0, n, n, p, p + strip))
    block, rest = m, list(radices[1:])
    while rest and block > BLOCK:
        radix = rest.pop(0)
        steps.append((radix, 0, n, block, 0, block // radix))
        block //= radix
    size = n if n <= BLOCK else block
    for start in range(0, n, size):
        left = block
        for radix in rest:
            steps.append((radix, start, size, left, 0, left // radix))
            left //= radix
    return np.array(steps)


def stage_radices(n: int) -> tuple[int, ...]:
    """The radices of the stages of a transform: odd primes first, then eights, and fours or a two where they remain."""
    odd = [factor for factor in factors(n) if factor % 2 and factor > 1]
    twos = (n & -n).bit_length() - 1
    if twos == 1:
        return (*odd, 2)
    fours = -twos % 3  # 16 = 4 x 4, 4 = 4
    return (*odd, *[8] * ((twos - 2 * fours) // 3), *[4] * fours) or (1,)


def _parts(roots: np.ndarray, dtype) -> np.ndarray:
    return np.stack([roots.real, roots.imag]).astype(dtype)
