"""Gains and offsets of rows explained: by logarithm, lifter, norms of DCT, spectrum and filters, scale and floors.

Each function takes the Search whose matrix is to be explained.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from dsp.conventions import diff
from dsp.conventions.parameters import Convention, Log, Spectrum
from dsp.dct import lifter
from dsp.doctor.knowledge.common_values import FLOORS, GAINS, SCALES, USUAL_WORDS
from dsp.doctor.search import moves
from dsp.doctor.search.residuals import MIN_CELLS, TINY, center_rows
from dsp.doctor.search.stage_cache import StageCache
from dsp.doctor.search.trials import Move, apply_move
from dsp.mfcc import LOG_FACTOR

if TYPE_CHECKING:
    from dsp.doctor.search.search import Search

LOWEST_FLOOR = FLOORS[0]
POWERS: dict[Spectrum, float] = {
    "power": 1.0,
    "magnitude": 2.0,
}  # what the logarithm of each is divided by, relative to that of a power
SCALING = {"as is": 1.0, "one-sided, doubled": 2.0}  # the factor on a power
FILTERS: dict[str | None, float] = {"doubled": 2.0}  # the factor on bands; other norms differ from band to band
LIFTER_LENGTHS = tuple(float(n) for n in range(61))  # the customary lengths end at 40
BETTER = 0.999  # of two explanations the later must miss by less than this share of the earlier
EQUALLY_NEAR = 1 + 1e-9  # of two equal explanations the one with fewer changes is taken
NEAR_FLOOR = 0.01  # in ln: a floor within 1 % of a customary one is that one
SAME_SHAPE = 1.01  # a later step may move the shape by 1 %: the floor that it changes is in the shape, too
MAX_RATIO = 10.0  # a gain that is farther off than this counts no more


def explain_gains(search: Search, c: Convention) -> Convention:
    """The convention with the logarithm, lifter, DCT, scale and norms that explain gains and offsets of the rows."""
    hidden: list[Move] = [{"floor": LOWEST_FLOOR}, {"spectrum_floor": 0.0}]
    for change in ({"dynamic_range": None}, *hidden) if _has_empty_bands(search, c) else hidden:
        lower = replace(c, **change)  # a floor that does not show must not forbid another scale
        if search.affine_distance(lower) <= max(SAME_SHAPE * search.affine_distance(c), 10 * search.descent.least):
            c = lower
    c = _explain_gains_of_cepstra(search, c) if search.kind == "mfcc" else _explain_gain_of_levels(search, c)
    return _explain_offsets(search, c)


def floors_and_ranges(search: Search, c: Convention) -> Iterator[Move]:
    """Floors and ranges below the maximum in every combination, and the range that the matrix itself shows."""
    if c.log is None:
        return
    span = float(np.ptp(search.interpretation.static)) / c.log_gain
    shown = [{"log": c.log, "dynamic_range": value} for value in (span, round(span, 3))]
    for change in (*shown, *moves.dynamic_range_moves()):
        for rule in USUAL_WORDS["floor_rule"]:
            yield from ({**change, "floor_rule": rule, "floor": value} for value in FLOORS)


def _has_empty_bands(search: Search, c: Convention) -> bool:
    levels = search.cache.static(c, "log_mel", search.sample.columns)
    return search.kind == "mfcc" and bool((np.ptp(levels, axis=1) == 0).any())


def _explain_gains_of_cepstra(search: Search, c: Convention) -> Convention:
    plain = replace(c, log_gain=1.0, dct_norm="ortho" if c.dct_type == 2 else c.dct_norm, lifter=0.0)
    levels = search.levels(plain)
    if levels is None:
        return c
    rows = [row for row in range(search.n_static) if not _is_energy(row, search.n_static, c)]
    gain, trust = _row_gains(search.sample.target[rows], levels[rows])
    n_mels = search.cache.n_mels(c, search.sample.columns)
    n = (c.n_mfcc or 0) + (c.c0 != "first")  # weights, of c0 on
    first = np.arange(n) == 0
    norms: dict[str | None, np.ndarray] = {"ortho": np.ones(n), "htk": np.where(first, math.sqrt(2), 1.0)}
    norms[None] = np.where(first, 2 * math.sqrt(n_mels), math.sqrt(2 * n_mels))
    norms["sum"] = norms[None] / 2
    if c.dct_type == 3:  # whose norms weight the bands, not the rows
        norms = {c.dct_norm: np.ones(n)}
    best: tuple[float, Move] = (math.inf, {})
    for log in LOG_FACTOR:
        for dct_norm, scale in norms.items():
            for length in sorted({c.lifter, *LIFTER_LENGTHS}):
                for start in (0, 1) if length else (c.lifter_first,):
                    factor = LOG_FACTOR[log] / _log_factor(c)
                    weights = _in_order_of_rows(factor * scale * lifter(n, length, start), c)
                    miss = _miss(gain, _without_replaced(weights, c), trust)
                    if miss < best[0] * BETTER:
                        best = (miss, {"log": log, "dct_norm": dct_norm, "lifter": length, "lifter_first": start})
    c = replace(c, **_with_log(c, best[1]["log"]))
    return replace(c, log_gain=1.0, log_offset=0.0, **best[1])


def _explain_gain_of_levels(search: Search, c: Convention) -> Convention:
    levels = search.levels(search.without_floor(c))
    if levels is None:
        return c
    gain, trust = _row_gains(search.sample.target, levels, search.sample.cells)
    if search.interpretation.linear:  # a magnitude is the square root of a power
        misses = [_miss(gain, factor, trust) for factor in (0.5, 1.0, 2.0)]
        return replace(c, spectrum=("magnitude", c.spectrum, "power")[int(np.argmin(misses))])
    now = _log_factor(c) * c.log_gain / POWERS[c.spectrum]
    spectra = POWERS if c.n_mels is None else (c.spectrum,)  # bands of powers and of magnitudes differ in shape
    options = [(log, of_gain, spectrum) for of_gain in GAINS for log in LOG_FACTOR for spectrum in spectra]

    def miss(option) -> tuple:
        log, of_gain, spectrum = option
        expected = LOG_FACTOR[log] * of_gain["log_gain"] / POWERS[spectrum] / now
        return round(_miss(gain, expected, trust), 4), spectrum != c.spectrum

    log, of_gain, spectrum = min(options, key=miss)
    return replace(c, spectrum=spectrum, **of_gain, **_with_log(c, log))


def _explain_offsets(search: Search, c: Convention) -> Convention:
    best = (search.distance_above_floor(c), c)
    mel_norms = [c.mel_norm] if c.n_mels is None else USUAL_WORDS["mel_norm"]
    shows_floor = _has_empty_bands(search, c)  # an empty band stands at the floor itself
    norms, scales = (
        (c.spectrum_norm, *USUAL_WORDS["spectrum_norm"]),
        (c.scale, *SCALES),
    )  # the convention's own may be rare
    options = (mel_norms, USUAL_WORDS["spectrum_scaling"], norms, scales, USUAL_WORDS["reference"])
    words = map(dict.fromkeys, options)
    for mel_norm, scaling, norm, scale, reference in product(*words):
        move: Move = {"mel_norm": mel_norm, "spectrum_norm": norm, "spectrum_scaling": scaling}
        trial = apply_move(c, {**move, "scale": scale, "reference": reference})
        floors = [(c.floor_rule, _moved_floor(search.cache, c, trial))]
        if shows_floor:
            floors = list(product(dict.fromkeys((c.floor_rule, "at least")), FLOORS))
        for rule, floor in floors:
            other = apply_move(trial, {"floor_rule": rule, "floor": floor})
            distance = search.distance_above_floor(other)
            nearer = distance < best[0] * BETTER
            if nearer or (distance < best[0] * EQUALLY_NEAR and len(diff(other, c)) < len(diff(best[1], c))):
                best = (distance, other)
    return best[1]


def _moved_floor(cache: StageCache, c: Convention, trial: Convention) -> float:
    """The floor that cuts off the same part of the trial's values: a customary one where one is near."""
    if c.floor == LOWEST_FLOOR or c.floor_rule not in ("at least", "add"):
        return c.floor
    scaling = SCALING[trial.spectrum_scaling] / SCALING[c.spectrum_scaling]
    doubled = FILTERS.get(trial.mel_norm, 1.0) / FILTERS.get(c.mel_norm, 1.0)
    floor = c.floor * doubled * cache.gain(trial) / cache.gain(c) * scaling ** (1 / POWERS[c.spectrum])
    if not floor > LOWEST_FLOOR:
        return LOWEST_FLOOR
    near = min(FLOORS, key=lambda value: abs(math.log(value) - math.log(floor)))
    return near if abs(math.log(near) - math.log(floor)) < NEAR_FLOOR else floor


def _log_factor(c: Convention) -> float:
    """The factor on natural logarithms; only conventions that take a logarithm get here."""
    return LOG_FACTOR[c.log or "ln"]


def _with_log(c: Convention, log: Log) -> Move:
    """Another logarithm, and the range below the maximum in its unit."""
    if c.dynamic_range is None:
        return {"log": log}
    return {"log": log, "dynamic_range": round(c.dynamic_range * LOG_FACTOR[log] / _log_factor(c), 9)}


def _row_gains(F: np.ndarray, G: np.ndarray, cells: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The gain of each row of F over that of G, and how far it can be trusted: the squared correlation."""
    if cells is not None:
        rows = np.count_nonzero(cells, axis=1) >= MIN_CELLS
        F, G, cells = F[rows], G[rows], cells[rows]
    f, g = center_rows(F, cells), center_rows(G, cells)
    gg, ff, fg = np.sum(g * g, axis=1), np.sum(f * f, axis=1), np.sum(f * g, axis=1)
    gain = fg / np.where(gg > 0, gg, 1)
    return gain, np.where(gg * ff > 0, fg**2 / np.where(gg * ff > 0, gg * ff, 1), 0)


def _miss(gain: np.ndarray, expected: np.ndarray | float, trust: np.ndarray) -> float:
    """How far gains are from what is expected, relative to it; rows that fit badly hardly count."""
    ratio = np.abs(gain / np.where(np.abs(expected) > 0, expected, TINY) - 1)
    weights = trust**4
    return float(np.sum(np.minimum(ratio, MAX_RATIO) * weights) / max(np.sum(weights), TINY))


def _is_energy(row: int, n_static: int, c: Convention) -> bool:
    if c.energy == "replaces c0":
        return row == (n_static - 1 if c.c0 == "last" else 0)
    return (c.energy == "first" and row == 0) or (c.energy == "last" and row == n_static - 1)


def _in_order_of_rows(weights: np.ndarray, c: Convention) -> np.ndarray:
    if c.c0 == "first":
        return weights
    return np.append(weights[1:], weights[0]) if c.c0 == "last" else weights[1:]


def _without_replaced(weights: np.ndarray, c: Convention) -> np.ndarray:
    if c.energy != "replaces c0":
        return weights
    return weights[:-1] if c.c0 == "last" else weights[1:]
