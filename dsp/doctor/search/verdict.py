"""Whether a convention explains a matrix: exactly, up to a class, or not; what rounding alone may leave."""

from dataclasses import replace

import numpy as np

from dsp.conventions.parameters import Convention
from dsp.doctor.search.coordinate_descent import FAR
from dsp.doctor.search.interpretations import Reading
from dsp.doctor.search.residuals import CLASSES, distance, misfit, nearest
from dsp.doctor.search.stage_cache import Bench
from dsp.mfcc import LOG_FACTOR

TYPICAL = 1e-5  # of the deviation of all values: what such tools leave on the whole
FLOAT32_TOLERANCE = 5e-5  # of the largest value: what tools leave that compute in float32, if only their mel filters


def judged(bench: Bench, reading: Reading, c: Convention, eps: float):
    """(rank of the class, distance, class, fit, convention) of the matrix; 0 is exact, 0.5 where rows were left out."""
    if reading.linear:
        c = _without_logarithm(c)
    F = reading.matrix
    try:
        G = bench.features(c, reading.kind)
    except ValueError:
        G = np.empty((0, 0))
    if G.shape != F.shape:
        return len(CLASSES) + 1, FAR, None, (np.zeros(F.shape), np.ones((1, 1)), np.zeros((1, 1))), c
    options = [(0, None, G, np.ones((1, 1)), np.zeros((1, 1)))]
    for rank, name in enumerate(CLASSES, start=1):
        fit = nearest(F, G, name)
        options.append((rank, name, fit.fitted, fit.gain, fit.offset))
    tolerance, typical = tolerances(bench, reading, c, eps), max(TYPICAL, 10 * eps)
    for rank, name, fitted, gain, offset in options[:1] if bench.drowned(c) else options:
        left = distance(F, fitted)
        if _typical(F, fitted) <= typical and (np.abs(F - fitted) <= tolerance * np.maximum(1, np.abs(gain))).all():
            return rank + (0.5 if reading.left_out else 0), left, name, (fitted, gain, offset), c
    _, name, fitted, gain, offset = options[0]
    return len(CLASSES) + 1, distance(F, fitted), None, (fitted, gain, offset), c


def _typical(F, G) -> float:
    """Their distance without the thousandth of the values that are farthest off: bands with next to nothing in them."""
    squares = np.sort(misfit(F, G) ** 2)
    return float(np.sqrt(squares[: squares.size - squares.size // 1000].sum()))


def _without_logarithm(c: Convention) -> Convention:
    plain = Convention()
    names = ("floor", "floor_rule", "reference", "dynamic_range", "log_gain", "log_offset")
    return replace(c, log=None, **{name: getattr(plain, name) for name in names})


def tolerances(bench: Bench, reading: Reading, c: Convention, eps: float) -> np.ndarray:
    """How far each value may be off by rounding alone: of the numbers given, and of weak bands in loud frames."""
    F = reading.matrix
    largest = np.abs(F).max()
    base = largest * max(FLOAT32_TOLERANCE, 2 * eps)
    if reading.linear:
        return np.full(F.shape, base)
    drift = bench.drift(c, float(np.finfo(np.float32).eps)) * LOG_FACTOR[c.log or "ln"] * abs(c.log_gain)
    if reading.kind == "log_mel":
        return base + drift
    columns = 2 * max(1.0, c.lifter / 2) * np.sqrt(np.sum(drift**2, axis=0))
    if reading.deltas or reading.normalization:
        columns = np.full(len(columns), columns.max())
    if reading.normalization == "mean and variance":  # in units of each row's deviation
        deviation = bench.features(replace(c, normalization=None), reading.kind).std(axis=1, keepdims=True)
        columns = columns / np.where(deviation > 0, deviation, 1)
    return np.broadcast_to(base + columns, F.shape)
