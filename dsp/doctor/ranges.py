"""The lowest and the highest frequency of the filters, to the hertz: numbers that no list of customary ones holds."""

from dataclasses import replace
from itertools import product

from dsp.switches import Convention

FIRST_STEP = 64  # Hz
BESIDE = range(-48, 49)  # Hz: filters that begin and end at bins stay as they are for as long as a bin is wide


def to_the_hertz(search, c: Convention) -> Convention:
    """The convention with the range that comes nearest from here on: steps either way, then half as long, to 1 Hz."""
    if c.n_mels is None:
        return c
    half, step = search.bench.rate / 2, FIRST_STEP
    while step >= 1 and not search.over():
        moves = list(product((-step, 0, step), (-4 * step, -step, 0, step, 4 * step)))
        moved = _moved(search, c, moves, half)
        step, c = (step if moved != c else step // 2), moved
    if c.mel_triangles == "bins" and search.floor < search.shape(c) < 0.1:
        c = _moved(search, c, product(range(-4, 5), BESIDE), half)
    return replace(c, f_max=None) if c.f_max == half else c


def _moved(search, c: Convention, moves, half: float) -> Convention:
    low, high = round(c.f_min), round(half if c.f_max is None else c.f_max)
    trials = [(float(max(0, low + a)), float(min(half, high + b))) for a, b in moves]
    trials.sort(key=lambda trial: [hertz % unit != 0 for unit in (100, 50, 10, 5) for hertz in trial])  # round first
    return search.best_of(c, ({"f_min": a, "f_max": b} for a, b in trials if a < b), search.shape_misfit)
