"""The lowest and the highest frequency of the filters, to the hertz: numbers that no list of customary ones holds."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import product

from dsp.conventions.parameters import Convention

FIRST_STEP = 64  # Hz
BESIDE = list(product(range(-4, 5), range(-48, 49)))  # Hz: filters between bins stay the same over part of a bin


def to_the_hertz(search, c: Convention) -> Convention:
    """The convention with the range that comes nearest from here on: steps either way, then half as long, to 1 Hz.

    Filters that begin and end at bins jump from bin to bin: such in Hz, which do not, show the way.
    """
    if c.n_mels is None:
        return c
    found = _stepped(search, c)
    if c.mel_triangles == "bins" and search.shape(found) > search.floor:
        smooth = _stepped(search, replace(c, mel_triangles="hz"))
        found = min(found, _stepped(search, replace(smooth, mel_triangles="bins")), key=search.shape)
        if search.floor < search.shape(found) < 0.1:
            found = _moved(search, found, BESIDE)
    return replace(found, f_max=None) if found.f_max == search.bench.rate / 2 else found


def _stepped(search, c: Convention) -> Convention:
    step = FIRST_STEP
    while step >= 1 and not search.over():
        moved = _moved(search, c, product((-step, 0, step), (-4 * step, -step, 0, step, 4 * step)))
        step, c = (step if moved != c else step // 2), moved
    return c


def _moved(search, c: Convention, moves: Iterable[tuple[int, int]]) -> Convention:
    """The best of the ranges so many Hz away, of equal ones the roundest."""
    half = search.bench.rate / 2
    low, high = round(c.f_min), round(half if c.f_max is None else c.f_max)
    trials = [(float(max(0, low + a)), float(min(half, high + b))) for a, b in moves]
    trials.sort(key=lambda trial: [hertz % unit != 0 for unit in (100, 50, 10, 5) for hertz in trial])
    return search.best_of(c, ({"f_min": a, "f_max": b} for a, b in trials if a < b), search.shape_misfit)
