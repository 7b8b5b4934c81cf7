"""Which convention produced these features? The verdict, and what it rests on."""

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from dsp.conventions import diff
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor.search.coordinate_descent import clock
from dsp.doctor.search.dither_and_resampling import DITHER, dither_of, resampled
from dsp.doctor.search.identifiability import Same, nearest_preset
from dsp.doctor.search.interpretations import as_matrix, readings, resolution
from dsp.doctor.search.residuals import CLASSES, distance
from dsp.doctor.search.scheduler import in_turn
from dsp.doctor.search.search import HOPELESS, Search
from dsp.doctor.search.stage_cache import Bench
from dsp.doctor.search.verdict import judged
from dsp.resampling import resample

MOST_OF_IT = 0.8  # of the time, for the search itself
MOST_DITHERED = 3
MOST_PAIRS = 3
LONG = 1.0  # minutes
FITTING = 2e-3  # a shape so near that values are worth a look


@dataclass(frozen=True)
class Diagnosis:
    """What identify found.

    verdict       "exact", "explained up to a class" or "unexplained"
    left_open     the class: what the numbers may still be multiplied by or shifted by; None if exact
    convention    the Convention; unless unexplained, where it is the nearest that was found
    kind          "mfcc" or "log_mel": which function of dsp gives the features
    nearest       the preset that differs in the fewest parameters
    differences   {parameter: (the preset's, this)}
    unobservable  {parameter: other values that give the same numbers on this clip}
    residual      greatest error, as a share of the greatest value, after the class is fitted
    distance      root mean square error, as a share of that of the features about their mean
    gain, offset  of the class, (1, 1) or one per row
    """

    verdict: str
    left_open: str | None
    convention: Convention
    kind: str
    transposed: bool
    nearest: str
    differences: dict
    unobservable: dict
    residual: float
    distance: float
    gain: np.ndarray
    offset: np.ndarray
    notes: tuple[str, ...] = ()
    error: np.ndarray = field(default=None, repr=False)  # features - convention's, (n_rows, n_frames)
    seconds: float = 0.0


def identify(features, signal, sample_rate: float, seconds: float = 9.0) -> Diagnosis:
    """The convention behind a matrix of features, searched from every preset over all parameters.

    Parameters
    ----------
    features : (n_rows, n_frames) or (n_frames, n_rows), real or complex: cepstra, (log-)mel bands or spectra
    signal : (n,) real, in -1 .. 1: the audio they were computed from
    sample_rate : Hz
    seconds : of the processor, after which the search stops where it is; what is compiled at first does not count

    Returns
    -------
    diagnosis : Diagnosis. "exact" is said only if every value agrees to the rounding of the numbers given

    Raises
    ------
    ValueError  for a bad signal, or features that are no finite matrix.

    Source: the conventions are CONVENTIONS and all parameters of Convention. Checked: tests/test_doctor_identifies.py
    """
    _compiled()
    begun = clock()
    matrix, eps = as_matrix(features), resolution(features)
    bench = Bench(signal, sample_rate)
    tried = []
    best = _searched(bench, matrix, eps, begun, MOST_OF_IT * seconds, tried)
    notes = ()
    if best is None or not _is_class(best):
        best, notes = _outside(bench, matrix, eps, best, tried, begun + seconds)
    return _nothing(matrix, notes, begun) if best is None else _diagnosis(bench, matrix, best, eps, notes, begun)


@lru_cache
def _compiled() -> None:
    """Has what Numba compiles compiled before the time is taken, or loaded, once."""
    noise = np.random.default_rng(0).standard_normal(4000)
    for n in (400, 441, 512, 514):  # lengths of every kind: of small factors, odd, a power of two, of a large one
        c = replace(CONVENTIONS["librosa"], frame_length=n, n_fft=n, hop_length=160, preemphasis=0.97, delta_orders=2)
        Bench(noise, 16_000).features(c, "mfcc")
    resample(noise, 16_000, 22_050)


def _searched(bench: Bench, matrix: np.ndarray, eps: float, begun: float, seconds: float, tried: list):
    """The best outcome of all starts: first by single changes, then the nearest of these by pairs of changes.

    Where a class was left open, the near starts of other readings are still tried: they may need none. The starts
    that were gone on from are appended to `tried`.
    """
    outcomes, shapes = [], []
    searches = [Search(bench, reading, begun + seconds, eps) for reading in readings(matrix)]
    for search, start in in_turn(searches, lambda: any(map(_is_class, outcomes))):
        if any(_is_class(outcome) and outcome[-1] is search for outcome in outcomes):
            continue
        tried.append((search, start))
        search.see_loudest(start)
        c = search.shaped(start)
        shapes.append((search.shape(c), len(shapes), search, c))
        if shapes[-1][0] < FITTING:
            outcomes.append(_outcome(bench, search, c, eps))
        if (outcomes and outcomes[-1][0] == 0) or clock() > begun + 0.6 * seconds:
            break
    for value, _, search, c in sorted(shapes, key=lambda shape: shape[:2])[:MOST_PAIRS]:
        if outcomes and (search.over() or any(map(_is_class, outcomes))):
            break
        search.look_at(search.some)
        outcomes.append(_outcome(bench, search, search.shaped_by_pairs(c) if value > search.floor else c, eps))
    return min(outcomes, key=lambda outcome: outcome[:2], default=None)


def _outside(bench: Bench, matrix: np.ndarray, eps: float, best, tried: list, deadline: float):
    """The best outcome, where it or a start is right but for dither; or as it is, and notes on the signal."""
    found = []
    for search, c in (*tried[:MOST_DITHERED], *([(best[-1], best[-2])] if best else [])):
        search.deadline = deadline
        strength = dither_of(search, c)
        if strength is not None:
            search.look_at(None)
            clean = bench.features(c, search.kind)
            fit = (clean, np.ones((1, 1)), np.zeros((1, 1)))
            left = distance(search.reading.matrix, clean)
            found.append((len(CLASSES), left, DITHER, fit, replace(c, dither=strength), search))
    if found:  # noise hides much: the plainest
        return min(found, key=lambda outcome: min(len(diff(name, outcome[-2])) for name in CONVENTIONS)), ()
    notes = [resampled(bench, matrix, eps, deadline, best[1] if best else 1.0)]
    minutes = bench.signal.size / bench.rate / 60
    if minutes > LONG and clock() > deadline:
        notes.append(f"the time was over for a clip of {minutes:.1f} minutes: give a part of it, or more seconds")
    return best, tuple(filter(None, notes))


def _is_class(outcome) -> bool:
    """Whether an outcome explains the matrix, be it up to a class."""
    return outcome[0] <= len(CLASSES)


def _outcome(bench: Bench, search: Search, c: Convention, eps: float):
    """The best of a shape as it is, with its gains explained, with its values fitted."""
    best = None
    search.see_loudest(c)
    far = search.shape(c) > HOPELESS
    for step in (lambda c: c, search.explained, search.valued, search.polished):
        if step == search.valued and _is_class(best):
            continue  # what is left open would draw the other values after it
        search.look_at(None if step == search.polished else search.some)
        moved = step(c)
        search.look_at(None)
        outcome = (*judged(bench, search.reading, moved, eps), search)
        if best is None or outcome[:2] < best[:2]:
            best = outcome
        if (best[0] == 0 and best[1] <= search.floor) or search.over() or far:
            break
        c = moved if step != search.explained or _is_class(best) else c
    return best


def _nothing(matrix: np.ndarray, notes: tuple, begun: float) -> Diagnosis:
    rows, frames = matrix.shape
    note = f"no convention known gives a matrix of {rows} x {frames} for a clip of this length"
    nan = np.full((1, 1), np.nan)
    return Diagnosis(
        "unexplained", None, Convention(), "log_mel", False, "", {}, {}, 1.0, 1.0, nan, nan, (note, *notes), matrix,
        clock() - begun,
    )  # fmt: skip


def _diagnosis(bench: Bench, matrix: np.ndarray, best, eps: float, notes: tuple, begun: float) -> Diagnosis:
    *_, c, search = best
    unobservable = {}
    if _is_class(best) and best[2] != DITHER:
        c, unobservable = _simplest(bench, best)
        simplest = (*judged(bench, search.reading, c, eps), search)
        if simplest[0] < best[0]:  # as plain as that it needs no class
            best, (c, unobservable) = simplest, _simplest(bench, simplest)
    rank, left, name, (fitted, gain, offset), _, _ = best
    reading = search.reading
    verdict = "exact" if rank == 0 else "explained up to a class" if rank <= len(CLASSES) else "unexplained"
    error = np.zeros(matrix.T.shape if reading.transposed else matrix.shape)
    error[reading.rows] = reading.matrix - fitted
    residual = float(np.abs(error).max() / max(np.abs(reading.matrix).max(), 1e-300))
    left_open = "; ".join(filter(None, (name, reading.left_out if _is_class(best) else None))) or None
    preset = nearest_preset(c, bench.rate, reading.kind, unobservable)
    differences = {parameter: values for parameter, values in diff(preset, c).items() if verdict != "unexplained"}
    return Diagnosis(
        verdict, left_open, c, reading.kind, reading.transposed, preset, differences, unobservable, residual, left,
        gain, offset, notes, error, clock() - begun,
    )  # fmt: skip


def _simplest(bench: Bench, outcome) -> tuple[Convention, dict]:
    """The plainest convention that gives the outcome's numbers on this clip, and what else would."""
    _, _, name, (fitted, _, _), c, search = outcome
    same = Same(bench, search, c, name, search.reading.matrix - fitted)
    unobservable = same.unobservable(c)
    for _ in range(2):  # a simpler convention may have another nearest preset
        preset = CONVENTIONS[nearest_preset(c, bench.rate, search.kind, unobservable)]
        c, unobservable = same.simplest(c, preset, unobservable)
    return c, unobservable
