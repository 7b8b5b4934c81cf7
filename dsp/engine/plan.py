"""What a Convention needs at one sample rate and precision, computed once: tables for the kernels."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dsp.conventions.parameters import Convention
from dsp.conventions.sizes import Sizes, sizes
from dsp.cooley_tukey import LARGEST_BUTTERFLY, factors, roots_of_unity
from dsp.deltas import delta_weights
from dsp.engine.lanes import width
from dsp.framing import samples_before
from dsp.mfcc import cepstrum_matrix, cepstrum_weights, filterbank_of, power_divisor, window_of

BLOCK = 256  # elements of all lanes, real and imaginary: 32 kB, what a first cache holds
STRIP = 64  # elements of each quarter: together as many
NO_EMPHASIS = (0.0, 1.0, 0.0)  # y[n] = x[n], y[0] = x[0]


class Tables(NamedTuple):
    """The arrays and numbers that the compiled kernels read; floats are of the plan's precision."""

    frame: int  # samples
    hop: int
    n_fft: int
    gain: float  # the signal is s = gain x, less its mean where that is asked for
    emphasis: tuple[float, float, float]  # a, b, c: over the signal y[n] = s[n] - a s[n-1], y[0] = b s[0] + c s[1]
    at_load: np.ndarray  # (frame and up to a whole register more,), the window; ones where more is done before it
    window: np.ndarray  # (frame,), the spectrum's normalisation folded in
    schedule: np.ndarray  # (steps, 6), see `schedule`
    only_radix_4: bool  # whether all stages are of that radix
    beyond: int  # further frames that a frame reaches into
    order: np.ndarray  # (n_fft / 2 + 1,), where the kernels leave each bin of the half-length transform; bin 0 twice
    half_roots: np.ndarray  # (2, n_fft / 2), real and imaginary parts of exp(-4 pi i k / n_fft)
    roots: np.ndarray  # (2, n_fft / 2 + 1) of exp(-2 pi i k / n_fft)
    as_they_are: bool  # nothing is done to a frame before its window, and its energy is not asked for
    frame_dc: bool
    frame_emphasis: tuple[float, float, float]  # as `emphasis`, in every frame by itself
    magnitude: bool
    spectrum_energy: bool  # whether energy is taken of the spectrum, not of the raw frame
    n_levels: int  # rows of the result: filters, or bins where there are none
    filter_first: np.ndarray  # (n_filters,), first bin of each filter; empty: the bins themselves
    filter_start: np.ndarray  # (n_filters + 1,), where its weights begin below
    filter_weights: np.ndarray  # all weights in a row


class Plan(NamedTuple):
    """Tables for the kernels, and what happens outside them."""

    convention: Convention
    size: Sizes
    dtype: np.dtype
    before: int  # samples that the framing puts before the signal
    fast: bool  # whether the kernels know all of it; otherwise the textbook lane is taken
    tables: Tables
    mirror: int | None  # beyond the ends: None zeros, 0 mirrored about the first and last sample, 1 with these repeated
    whole_clip: bool  # whether a level depends on the greatest of its clip
    cepstrum: np.ndarray  # (n, n_levels), DCT and lifter in one; (0, 0) without cepstra
    delta_weights: tuple[np.ndarray, np.ndarray]  # weights of the first and the second order


def is_fast(n_fft: int) -> bool:
    """Whether the kernels know this transform: even, without a large prime factor."""
    return n_fft % 2 == 0 and max(factors(n_fft)) <= LARGEST_BUTTERFLY


@lru_cache(maxsize=32)
def make_plan(c: Convention, sample_rate: float, dtype: str) -> Plan:
    """The plan of a convention. ValueError where the convention does not fit the sample rate."""
    size = sizes(c, sample_rate)
    dtype = np.dtype(dtype)
    window = window_of(size, c)
    window = window / math.sqrt(power_divisor(window, size, sample_rate, c))
    energy_of = c.energy and c.energy_of
    as_they_are = c.dc_removal != "frame" and _emphasis(c, "frame") == NO_EMPHASIS and energy_of != "raw frame"
    tables = spectrum_tables(window, size.hop, size.n_fft, dtype, c.spectrum == "magnitude", as_they_are)
    tables = tables._replace(
        gain=float(c.scale),
        emphasis=_emphasis(c, "signal"),
        frame_dc=c.dc_removal == "frame",
        frame_emphasis=_emphasis(c, "frame"),
        spectrum_energy=energy_of == "spectrum",
    )
    if c.n_mels is not None:
        first, start, weights = _sparse(filterbank_of(size, sample_rate, c))
        tables = tables._replace(
            n_levels=len(first),
            filter_first=np.array(first, np.intp),
            filter_start=np.array(start, np.intp),
            filter_weights=np.array(weights, dtype),
        )
    cepstrum = np.empty((0, 0), dtype)
    if c.n_mfcc is not None:
        cepstrum = (cepstrum_weights(c)[:, None] * cepstrum_matrix(tables.n_levels, c)).astype(dtype)
    return Plan(
        convention=c,
        size=size,
        dtype=dtype,
        before=samples_before(size.frame, size.hop, c.framing),
        fast=is_fast(size.n_fft)
        and c.log is not None
        and c.spectrum_scaling == "as is"
        and energy_of != "windowed frame",
        tables=tables,
        mirror={"center, reflect": 0, "symmetric": 1}.get(c.framing),
        whole_clip=c.dynamic_range is not None or c.reference is not None or c.floor_rule == "fraction of maximum",
        cepstrum=cepstrum,
        delta_weights=tuple(delta_weights(c.delta_width, order).astype(dtype) for order in (1, 2)),
    )


def _emphasis(c: Convention, where: str) -> tuple[float, float, float]:
    """a, b, c of y[n] = x[n] - a x[n-1], y[0] = b x[0] + c x[1], if the convention has its pre-emphasis there."""
    if not c.preemphasis or c.preemphasis_in != where:
        return NO_EMPHASIS
    first = {"keep": (1.0, 0.0), "replicate": (1 - c.preemphasis, 0.0), "extrapolate": (3.0, -1.0)}
    return float(c.preemphasis), *first[c.preemphasis_first]


def spectrum_tables(window, hop: int, n_fft: int, dtype: np.dtype, magnitude: bool, as_they_are: bool = True) -> Tables:
    """Tables for spectra alone: nothing done to the frames, no filters."""
    half, frame = max(1, n_fft // 2), window.size
    window = (window / 2).astype(dtype)  # the 1/2 that the kernels' _power asks for
    return Tables(
        frame=frame,
        hop=hop,
        n_fft=n_fft,
        gain=1.0,
        emphasis=NO_EMPHASIS,
        at_load=np.pad(window if as_they_are else np.ones_like(window), (0, -frame % width(window))),
        window=window,
        schedule=schedule(factors(half), by_strips=as_they_are),
        only_radix_4=set(factors(half)) == {4},
        beyond=(frame - 1) // hop,
        order=_order(factors(half)),
        half_roots=_parts(roots_of_unity(half), dtype),
        roots=_parts(roots_of_unity(n_fft)[: n_fft // 2 + 1], dtype),
        as_they_are=as_they_are,
        frame_dc=False,
        frame_emphasis=NO_EMPHASIS,
        magnitude=magnitude,
        spectrum_energy=False,
        n_levels=n_fft // 2 + 1,
        filter_first=np.empty(0, np.intp),
        filter_start=np.zeros(1, np.intp),
        filter_weights=np.empty(0, dtype),
    )


def _sparse(filters: np.ndarray) -> tuple[list, list, list]:
    """First bin, start among the weights, and weights of every filter, without the zeros around it."""
    first, start, weights = [], [0], []
    for row in filters:
        used = np.flatnonzero(row)
        low, high = (used[0], used[-1] + 1) if used.size else (0, 0)
        first.append(low)
        weights.extend(row[low:high])
        start.append(len(weights))
    return first, start, weights


def schedule(radices: tuple[int, ...], by_strips: bool) -> np.ndarray:
    """The steps of a transform whose length is the product of the radices, in an order that keeps the cache.

    (radix, start, size, block, p, stop): one stage of that radix on the elements p .. stop - 1 of every
    m = block / radix, in the blocks of the elements start .. start + size - 1. Radix 0: load the samples of that range,
    all at once or, before the first stage of a large transform, strip by strip. Such a transform is cut down to blocks
    that fit the first cache, and each of these is finished before the next.
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


def _order(radices: tuple[int, ...]) -> np.ndarray:
    """Place of bin k after stages that leave every element where it is: the digits of k in reverse.

    k = k1 + r1 (k2 + r2 (k3 + ..)),  place = (.. (k1 r2 + k2) r3 + k3) ..
    """
    rest, place = np.arange(math.prod(radices)), 0
    for radix in radices:
        rest, digit = np.divmod(rest, radix)
        place = place * radix + digit
    return np.append(place, 0)


def _parts(roots: np.ndarray, dtype) -> np.ndarray:
    return np.stack([roots.real, roots.imag]).astype(dtype)
