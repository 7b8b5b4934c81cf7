"""Whether a convention explains a matrix: exactly, up to a class, or not; and how much rounding alone may change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dsp.conventions.parameters import Convention
from dsp.doctor.search.coordinate_descent import DOES_NOT_FIT
from dsp.doctor.search.interpretations import Interpretation
from dsp.doctor.search.residuals import CLASSES, Fit, as_it_is, fit_class, relative_distance, relative_residual
from dsp.doctor.search.stage_cache import StageCache
from dsp.mfcc import LOG_FACTOR

if TYPE_CHECKING:
    from dsp.doctor.search.search import Search

EXACT, UNEXPLAINED = 0, len(CLASSES) + 1  # ranks; between them stand the classes, by their order
ROWS_LEFT_OUT = 0.5  # added to the rank where rows of the file were left out: less is explained
TYPICAL = 1e-5  # a distance: at most what tools that compute in float32 leave over the whole matrix
FLOAT32_TOLERANCE = 5e-5  # of the largest value: at most what tools leave whose mel filters alone are float32
FARTHEST_SHARE = 1000  # one value in so many is left out of the typical error: bands with next to nothing in them
MIN_COLUMNS = 6  # that a class is fitted to and judged by
HELD_OUT = 8.0  # times the tolerance, for columns that the class was not fitted to
MOSTLY_FLAT = 0.5  # of the values: with more of them at their row's mean, gains and offsets alone explain the matrix
PLAIN = Convention()


class Outcome(NamedTuple):
    """What a search found, ready to be compared with other outcomes by (rank, distance)."""

    rank: float  # EXACT, the number of the class, or UNEXPLAINED
    distance: float
    left_open: str | None  # the class
    fit: Fit
    convention: Convention
    search: Search

    def explains(self) -> bool:
        """Whether the convention explains the matrix, exactly or up to a class.

        Bands beside rows that were left out are not explained by a gain and an offset per row: too much is open.
        """
        return self.rank <= len(CLASSES)

    def order(self) -> tuple[float, float]:
        return self.rank, self.distance


def judge(search: Search, c: Convention) -> Outcome:
    """The outcome for this convention, all columns in view."""
    cache, interpretation = search.cache, search.interpretation
    if interpretation.linear:
        c = _without_logarithm(c)
    F = interpretation.matrix
    try:
        G = cache.features(c, interpretation.kind)
    except ValueError:
        G = np.empty((0, 0))
    hides_gain = interpretation.normalization == "mean and variance"  # so that a drowned logarithm looks linear
    if G.shape != F.shape or (hides_gain and cache.is_drowned(c)):
        return Outcome(UNEXPLAINED, DOES_NOT_FIT, None, as_it_is(np.zeros(F.shape)), c, search)
    fits: list[tuple[float, str | None, Fit]] = [(EXACT, None, as_it_is(G))]
    if not cache.is_drowned(c):
        fits += [(rank, name, fit_class(F, G, name)) for rank, name in enumerate(CLASSES, start=1)]
    tolerance = tolerances(cache, interpretation, c, search.resolution)
    typical = max(TYPICAL, 10 * search.resolution)
    for rank, name, fit in fits:
        within = np.abs(F - fit.fitted) <= tolerance * np.maximum(1, np.abs(fit.gain))
        if _typical_distance(F, fit.fitted) <= typical and within.all():
            if name is not None and not predicts(F, G, name, tolerance):
                continue
            rank += ROWS_LEFT_OUT if interpretation.left_out else 0
            return Outcome(rank, relative_distance(F, fit.fitted), name, fit, c, search)
    return Outcome(UNEXPLAINED, relative_distance(F, G), None, as_it_is(G), c, search)


def predicts(F: np.ndarray, G: np.ndarray, name: str, tolerance: np.ndarray) -> bool:
    """Whether a class fitted to half the columns gives the other half, which gains and offsets alone do not.

    A gain and an offset always reproduce two columns, or a row that stays at one value.
    """
    if F.shape[1] < MIN_COLUMNS:
        return False
    fitted, other = np.arange(F.shape[1]) % 2 == 0, np.arange(F.shape[1]) % 2 == 1
    fit = fit_class(F[:, fitted], G[:, fitted], name)
    off = np.abs(F[:, other] - (fit.gain * G[:, other] + fit.offset))
    predicted = off <= HELD_OUT * tolerance[:, other] * np.maximum(1, np.abs(fit.gain))
    flat = np.abs(F - F.mean(axis=1, keepdims=True)) <= tolerance
    return bool(predicted.all()) and float(flat.mean()) < MOSTLY_FLAT


def _typical_distance(F: np.ndarray, G: np.ndarray) -> float:
    """The distance without the values that are farthest off."""
    squares = np.sort(relative_residual(F, G) ** 2)
    return float(np.sqrt(squares[: squares.size - squares.size // FARTHEST_SHARE].sum()))


def _without_logarithm(c: Convention) -> Convention:
    names = ("floor", "floor_rule", "reference", "dynamic_range", "log_gain", "log_offset")
    return replace(c, log=None, **{name: getattr(PLAIN, name) for name in names})


def tolerances(cache: StageCache, interpretation: Interpretation, c: Convention, resolution: float) -> np.ndarray:
    """How far each value may be off by rounding: of the numbers themselves, and of weak bands in loud frames.

    Returns the shape of the matrix.
    """
    F = interpretation.matrix
    largest = np.abs(F).max()
    base = largest * max(FLOAT32_TOLERANCE, 2 * resolution)
    if interpretation.linear:
        return np.full(F.shape, base)
    drift = cache.rounding_drift(c, float(np.finfo(np.float32).eps)) * LOG_FACTOR[c.log or "ln"] * abs(c.log_gain)
    if interpretation.kind == "mfcc":
        drift = 2 * max(1.0, c.lifter / 2) * np.sqrt(np.sum(drift**2, axis=0, keepdims=True))
    if interpretation.deltas:  # which mix the columns
        drift = np.broadcast_to(drift.max(axis=1, keepdims=True), (len(drift), F.shape[1]))
    if interpretation.normalization:  # a row's mean moves by the mean of what its values move by
        drift = drift + drift.mean(axis=1, keepdims=True)
    if interpretation.normalization == "mean and variance":  # in units of each row's deviation, which moves, too
        plain = cache.features(replace(c, normalization=None), interpretation.kind)
        deviation = plain.std(axis=1, keepdims=True)
        spread = np.sqrt(np.mean(drift**2, axis=1, keepdims=True))
        drift = (drift + np.abs(F) * spread) / np.where(deviation > 0, deviation, 1)
    return np.broadcast_to(base + drift, F.shape)
