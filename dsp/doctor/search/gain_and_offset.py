"""Gains and offsets of rows explained: logarithm, lifter, norms of the DCT, spectrum and filters, scale, floors.

Each function takes the search (dsp/doctor/search.py) whose matrix is to be explained.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from dsp.conventions import diff
from dsp.conventions.parameters import WORDS, Convention
from dsp.dct import lifter
from dsp.doctor.knowledge import common_values
from dsp.doctor.search import moves
from dsp.doctor.search.residuals import centred
from dsp.mfcc import LOG_FACTOR

POWERS = {"power": 1.0, "magnitude": 2.0}  # what the logarithm of each is divided by, against that of a power


def explained(search, c: Convention) -> Convention:
    """The gains and offsets of the rows explained by logarithm, lifter, DCT; scale and norms."""
    of_empty = [{"dynamic_range": None}] if _has_empty_bands(search, c) else []
    for lowest in (*of_empty, {"floor": common_values.FLOORS[0]}):
        lower = replace(c, **lowest)  # what does not show must not forbid another scale
        if search.shape(lower) <= max(1.01 * search.shape(c), 10 * search.least):
            c = lower
    c = _gains_of_cepstra(search, c) if search.kind == "mfcc" else _gain_of_levels(search, c)
    return _offsets(search, c)


def _has_empty_bands(search, c: Convention) -> bool:
    levels = search.bench.static(c, "log_mel")
    return search.kind == "mfcc" and bool((np.ptp(levels, axis=1) == 0).any())


def _gains_of_cepstra(search, c: Convention) -> Convention:
    plain = replace(c, log_gain=1.0, dct_norm="ortho" if c.dct_type == 2 else c.dct_norm, lifter=0.0)
    found = search.levels(plain)
    if found is None:
        return c
    rows = [row for row in range(search.n_static) if not _is_energy(row, search.n_static, c)]
    n_mels = search.bench.n_mels(c)
    gain, trusted = _slopes(search.target[rows], found[rows])
    best = (math.inf, {})
    n = c.n_mfcc if c.c0 == "first" else c.n_mfcc + 1
    first = np.arange(n) == 0
    norms = {"ortho": np.ones(n), "htk": np.where(first, math.sqrt(2), 1.0)}
    norms[None] = np.where(first, 2 * math.sqrt(n_mels), math.sqrt(2 * n_mels))
    if c.dct_type == 3:  # whose norms weigh the bands, not the rows
        norms = {c.dct_norm: np.ones(n)}
    for log in (word for word in LOG_FACTOR if word):
        for norm, scale in norms.items():
            for length in sorted({c.lifter, *(float(n) for n in range(61))}):
                for start in (0, 1) if length else (c.lifter_first,):
                    factor = LOG_FACTOR[log] / LOG_FACTOR[c.log]
                    weights = _in_order(factor * scale * lifter(n, length, start), c)
                    miss = _miss(gain, _without_replaced(weights, c), trusted)
                    if miss < best[0] * 0.999:
                        best = (miss, {"log": log, "dct_norm": norm, "lifter": length, "lifter_first": start})
    c = replace(c, **in_unit(c, best[1]["log"]))
    return replace(c, log_gain=1.0, log_offset=0.0, **best[1])


def _gain_of_levels(search, c: Convention) -> Convention:
    found = search.levels(search.free(c))
    if found is None:
        return c
    gain, trusted = _slopes(search.target, found, search.cells)
    if search.reading.linear:  # a magnitude is the root of a power
        misses = [_miss(gain, factor, trusted) for factor in (0.5, 1.0, 2.0)]
        return replace(c, spectrum=("magnitude", c.spectrum, "power")[int(np.argmin(misses))])
    now = LOG_FACTOR[c.log] * c.log_gain / POWERS[c.spectrum]
    spectra = POWERS if c.n_mels is None else {c.spectrum: POWERS[c.spectrum]}  # of bands they differ in shape
    options = [(log, g, s) for g in common_values.GAINS for log in LOG_FACTOR if log for s in spectra]

    def miss(option) -> tuple:
        log, of_gain, spectrum = option
        expected = LOG_FACTOR[log] * of_gain["log_gain"] / POWERS[spectrum] / now
        return round(_miss(gain, expected, trusted), 4), spectrum != c.spectrum

    log, of_gain, spectrum = min(options, key=miss)
    return replace(c, spectrum=spectrum, **of_gain, **in_unit(c, log))


def _offsets(search, c: Convention) -> Convention:
    best = (search.free_value(c), c)
    heights = [c.mel_norm] if c.n_mels is None else WORDS["mel_norm"]
    empty = _has_empty_bands(search, c)  # which show the floor itself
    words = (heights, WORDS["spectrum_scaling"], WORDS["spectrum_norm"], common_values.SCALES, WORDS["reference"])
    for height, sides, norm, scale, reference in product(*words):
        trial = replace(
            c, mel_norm=height, spectrum_norm=norm, spectrum_scaling=sides, scale=scale, reference=reference
        )
        moved = [(c.floor_rule, _floor_moved(search.bench, c, trial))]
        for rule, floor in product({c.floor_rule, "at least"}, common_values.FLOORS) if empty else moved:
            other = replace(trial, floor_rule=rule, floor=floor)
            value = search.free_value(other)
            closer = len(diff(other, c)) < len(diff(best[1], c))
            if value < best[0] * (0.999 if not closer else 1 + 1e-9):
                best = (value, other)
    return best[1]


def _floor_moved(bench, c: Convention, trial: Convention) -> float:
    """The floor that cuts off the same of the trial's values: a customary one where one is near."""
    if c.floor == common_values.FLOORS[0] or c.floor_rule not in ("at least", "add"):
        return c.floor
    sides = {"as is": 1.0, "one-sided, doubled": 2.0 ** (1 / POWERS[c.spectrum])}
    floor = c.floor * bench.gain(trial) / bench.gain(c) * sides[trial.spectrum_scaling] / sides[c.spectrum_scaling]
    if not floor > common_values.FLOORS[0]:
        return common_values.FLOORS[0]
    near = min(common_values.FLOORS, key=lambda value: abs(math.log(value) - math.log(floor)))
    return near if abs(math.log(near) - math.log(floor)) < 0.01 else floor


def floors(search, c: Convention) -> Iterator[dict]:
    """Floors and ranges below the maximum in every combination; a range that the matrix itself shows."""
    if c.log is None:
        return
    span = float(np.ptp(search.reading.static)) / c.log_gain
    shown = [{"log": c.log, "dynamic_range": value} for value in (span, round(span, 3))]
    for change in (*shown, *moves.range_changes(c)):
        for rule in WORDS["floor_rule"]:
            yield from ({**change, "floor_rule": rule, "floor": value} for value in common_values.FLOORS)


def in_unit(c: Convention, log: str) -> dict:
    """Another logarithm, and the range below the maximum in its unit."""
    if c.dynamic_range is None:
        return {"log": log}
    return {"log": log, "dynamic_range": round(c.dynamic_range * LOG_FACTOR[log] / LOG_FACTOR[c.log], 9)}


def _slopes(target: np.ndarray, found: np.ndarray, cells: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The gain of each row of target over that of found, and how far it can be trusted (r^2)."""
    if cells is not None:
        rows = np.count_nonzero(cells, axis=1) > 3
        target, found, cells = target[rows], found[rows], cells[rows]
    f, g = centred(target, cells), centred(found, cells)
    gg, ff, fg = np.sum(g * g, axis=1), np.sum(f * f, axis=1), np.sum(f * g, axis=1)
    gain = fg / np.where(gg > 0, gg, 1)
    return gain, np.where(gg * ff > 0, fg**2 / np.where(gg * ff > 0, gg * ff, 1), 0)


def _miss(gain: np.ndarray, expected, trusted: np.ndarray) -> float:
    ratio = np.abs(gain / np.where(np.abs(expected) > 0, expected, 1e-300) - 1)
    return float(np.sum(np.minimum(ratio, 10) * trusted**4) / max(np.sum(trusted**4), 1e-300))


def _is_energy(row: int, n_static: int, c: Convention) -> bool:
    if c.energy == "replaces c0":
        return row == (n_static - 1 if c.c0 == "last" else 0)
    return (c.energy == "first" and row == 0) or (c.energy == "last" and row == n_static - 1)


def _in_order(weights: np.ndarray, c: Convention) -> np.ndarray:
    if c.c0 == "first":
        return weights
    return np.append(weights[1:], weights[0]) if c.c0 == "last" else weights[1:]


def _without_replaced(weights: np.ndarray, c: Convention) -> np.ndarray:
    if c.energy != "replaces c0":
        return weights
    return weights[:-1] if c.c0 == "last" else weights[1:]
