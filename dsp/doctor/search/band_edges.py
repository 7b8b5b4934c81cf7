"""The lowest and the highest frequency of the filters, to the hertz: no list of customary values holds them all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from dsp.conventions.parameters import Convention

if TYPE_CHECKING:
    from dsp.doctor.search.search import Search

FIRST_STEP = 64  # Hz: wider than the gaps between the customary values below 1 kHz
HIGH_STEPS = (-4, -1, 0, 1, 4)  # the highest frequency moves in longer steps, since it may be farther off
NEIGHBORS = list(product(range(-4, 5), range(-48, 49)))  # Hz: filters between bins stay the same over part of a bin
NEAR = 0.1  # a distance below which the last hertz are worth the 873 trials of NEIGHBORS
ROUND_UNITS = (100, 50, 10, 5)  # Hz: of equal ranges, the one that is a multiple of most of these


def fit_to_the_hertz(search: Search, c: Convention) -> Convention:
    """The convention with the nearest range of frequencies: steps in either direction, then half as long, to 1 Hz.

    The edges of "bins" filters jump from bin to bin. There, filters with edges in Hz show the way.
    """
    if c.n_mels is None:
        return c
    best = _step_by_step(search, c)
    if c.mel_triangles == "bins" and search.affine_distance(best) > search.perhaps_rounding:
        smooth = _step_by_step(search, replace(c, mel_triangles="hz"))
        best = min(best, _step_by_step(search, replace(smooth, mel_triangles="bins")), key=search.affine_distance)
        if search.perhaps_rounding < search.affine_distance(best) < NEAR:
            best = _best_of(search, best, NEIGHBORS)
    return replace(best, f_max=None) if best.f_max == search.cache.sample_rate / 2 else best


def _step_by_step(search: Search, c: Convention) -> Convention:
    step = FIRST_STEP
    while step >= 1 and not search.descent.deadline.is_over():
        moved = _best_of(search, c, product((-step, 0, step), (n * step for n in HIGH_STEPS)))
        step, c = (step if moved != c else step // 2), moved
    return c


def _best_of(search: Search, c: Convention, offsets: Iterable[tuple[int, int]]) -> Convention:
    """The best of the ranges whose edges are moved by these numbers of Hz; of equal ranges, the roundest."""
    half = search.cache.sample_rate / 2
    low, high = round(c.f_min), round(half if c.f_max is None else c.f_max)
    ranges = [(float(max(0, low + a)), float(min(half, high + b))) for a, b in offsets]
    ranges.sort(key=lambda edges: [hertz % unit != 0 for unit in ROUND_UNITS for hertz in edges])
    return search.best_of(c, ({"f_min": a, "f_max": b} for a, b in ranges if a < b))
