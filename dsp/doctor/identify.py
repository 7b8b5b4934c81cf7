"""Which convention produced these features? The verdict, and what it rests on."""

from dataclasses import replace
from functools import lru_cache
from time import thread_time

import numpy as np

from dsp.checks import as_number
from dsp.conventions import diff
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor.diagnosis import Diagnosis, no_shape_sentence, nothing_found, of_stack, of_statistics
from dsp.doctor.knowledge.floors import constant_sentence, remarks
from dsp.doctor.search.changes import MIN_CUT, Change, Oriented, Resampled
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.dither_and_resampling import DITHER, dither_strength, resampling_note
from dsp.doctor.search.guesses import Guesses
from dsp.doctor.search.identifiability import Alternatives, nearest_preset, simplest_equivalent
from dsp.doctor.search.interpretations import as_matrix, resolution
from dsp.doctor.search.praats_frames import search_praat
from dsp.doctor.search.resampled import RESAMPLER, search_resampled
from dsp.doctor.search.residuals import CLASSES, TINY, as_it_is, relative_distance
from dsp.doctor.search.row_groups import Stack, stacked_rows
from dsp.doctor.search.search import Search
from dsp.doctor.search.stage_cache import StageCache
from dsp.doctor.search.undone import (
    AS_GIVEN,
    LIKELY_AS_GIVEN,
    LOOKS_SHARE,
    distance_as_given,
    search_changed,
)
from dsp.doctor.search.verdict import EXACT, Outcome, judge
from dsp.resampling import resample

# All bounds but LONG_CLIP_MINUTES were set by trial.
FIRST_SHARE = 0.25  # of the work, for the guesses of a plain search before changes are thought of
SEARCH_SHARE = 0.8  # of the time, for the search itself; the rest is for dither and resampling
GUESSES_SHARE = 0.6  # of the time, after which no further guess is searched, so that pairs of moves have their turn
MAX_DITHERED = 3  # guesses that dither is tried on
LONG_CLIP_MINUTES = 1.0  # the search of a longer clip takes more than a few seconds; if its time runs out, say so


def identify(features, signal, sample_rate: float, time_limit: float | None = None, effort: float = 1.0) -> Diagnosis:
    """The convention behind a matrix of features, searched from every preset over all parameters.

    Parameters
    ----------
    features : (n_rows, n_frames) or (n_frames, n_rows), real or complex: cepstra, (log-)mel bands or spectra; or (n,),
        statistics of them over time
    signal : (n,) real, in -1 .. 1: the audio that they were computed from
    sample_rate : Hz
    time_limit : s on the clock after which the search stops with the best that it has found, a safety net; None takes
        300 effort
    effort : how much is searched, relative to the default. The search is bounded by counted work, so that it finds the
        same on a slow or busy machine

    Returns
    -------
    diagnosis : Diagnosis; "exact" only if every value agrees to the rounding of the numbers given

    Raises
    ------
    ValueError  for a bad signal, features that are no finite matrix, or a time limit that is not positive.

    Source: the conventions are CONVENTIONS and all parameters of Convention. Checked: tests/test_doctor_identifies.py
    """
    if time_limit is not None and not time_limit > 0:
        raise ValueError(f"{time_limit=} is not a time; more than 0 s is expected")
    effort = as_number(effort, "effort", above=0)
    matrix, eps = as_matrix(features), resolution(features)
    _compile()
    begun, deadline = thread_time(), Deadline.for_search(time_limit, effort)
    cache = StageCache(signal, sample_rate, work=deadline.work)
    constant = constant_sentence(matrix)
    if constant is not None:
        return nothing_found(matrix, (constant,), begun)
    notes = _shape_notes(features)
    if 1 in matrix.shape:
        return of_statistics(matrix, cache, eps, deadline, notes, begun)
    orientations = [Oriented(matrix, False), Oriented(matrix.T, True)]
    praat = search_praat(orientations, cache, eps, deadline.part(FIRST_SHARE))
    if praat is not None:
        return _diagnosis(praat[0].search.cache, matrix, praat[0], notes, begun, praat[1])
    return _search(matrix, orientations, cache, eps, deadline, notes, begun)


def _search(
    matrix: np.ndarray,
    orientations: list[Oriented],
    cache: StageCache,
    eps: float,
    deadline: Deadline,
    notes: tuple[str, ...],
    begun: float,
) -> Diagnosis:
    """Plain conventions first where one is near, then changes of the signal or of the frames, then all the rest."""
    possible = [one for oriented in orientations for one in oriented.interpretations]
    as_given = distance_as_given(orientations, cache, deadline, eps)
    guesses = Guesses([Search(cache, one, deadline.part(SEARCH_SHARE), eps) for one in possible])
    may_be_silence = any(0 < one.n_constant < MIN_CUT for one in orientations)  # which is likelier than a mask
    first = guesses.descend(deadline.part(FIRST_SHARE)) if may_be_silence or as_given < LIKELY_AS_GIVEN else None
    stack: Stack | None = None
    if first is None or not first.explains():
        if as_given > AS_GIVEN:
            stack = stacked_rows(orientations, cache, eps, deadline.part(LOOKS_SHARE))
            if stack is not None and stack.is_hopeless():
                return of_stack(stack, matrix, notes, begun)
        found = search_changed(orientations, cache, eps, deadline, as_given, guesses.nearest())
        if found is None and as_given > AS_GIVEN:
            found = search_resampled(orientations, cache, eps, deadline.part(LOOKS_SHARE), as_given)
        if found is not None:
            return _diagnosis(found[0].search.cache, matrix, found[0], notes, begun, found[1])
    best = guesses.search(deadline.part(GUESSES_SHARE))
    if best is None or not best.explains():
        found = search_changed(orientations, cache, eps, deadline, as_given, guesses.nearest(), is_last=True)
        found = found or search_resampled(orientations, cache, eps, deadline, as_given, is_last=True)
        if found is not None:
            return _diagnosis(found[0].search.cache, matrix, found[0], notes, begun, found[1])
        dithered = _best_dithered(guesses.searched, best, deadline)
        if dithered is None:
            notes += _notes(cache, matrix, eps, guesses.nearest(), deadline) + (stack.sentences() if stack else ())
        best = dithered or best
    found_none = best is None or not best.explains()
    return _diagnosis(cache, matrix, best, notes + (remarks(matrix) if found_none else ()), begun)


def _shape_notes(features) -> tuple[str, ...]:
    """What was done to an array that is no matrix."""
    shape = np.shape(features)
    return (f"the array has the shape {shape}: axes of length 1 were left out",) if len(shape) > 2 else ()


@lru_cache
def _compile() -> None:
    """Has Numba compile, or load, what the search needs, once, before the time is taken."""
    noise = np.random.default_rng(0).standard_normal(4000)
    for n in (400, 441, 512, 514):  # of small factors, odd, a power of two, with a large prime factor
        c = replace(CONVENTIONS["librosa"], frame_length=n, n_fft=n, hop_length=160, preemphasis=0.97, delta_orders=2)
        StageCache(noise, 16_000).features(c, "mfcc")
    resample(noise, 16_000, 22_050)


def _best_dithered(
    searched: list[tuple[Search, Convention]], best: Outcome | None, deadline: Deadline
) -> Outcome | None:
    """The plainest of the conventions that give the matrix with dither; None if none does."""
    outcomes = []
    for search, c in (*searched[:MAX_DITHERED], *([(best.search, best.convention)] if best else [])):
        strength = dither_strength(search, c, deadline)
        if strength is not None:
            clean = search.cache.features(c, search.kind)
            distance = relative_distance(search.interpretation.matrix, clean)
            dithered = replace(c, dither=strength)
            outcomes.append(Outcome(len(CLASSES), distance, DITHER, as_it_is(clean), dithered, search))

    def differences(outcome: Outcome) -> int:
        return min(len(diff(name, outcome.convention)) for name in CONVENTIONS)

    return min(outcomes, key=differences, default=None)  # noise hides much, so the plainest


def _notes(cache: StageCache, matrix: np.ndarray, eps: float, nearest: float, deadline: Deadline) -> tuple[str, ...]:
    """What can be said of the signal where no convention was found, and how near the nearest shape was."""
    notes = [resampling_note(cache, matrix, eps, deadline, min(1.0, nearest))]
    minutes = cache.signal.size / cache.sample_rate / 60
    if minutes > LONG_CLIP_MINUTES and deadline.is_over():
        notes.append(long_clip_sentence(minutes))
    return tuple(filter(None, notes))


def long_clip_sentence(minutes: float) -> str:
    return f"the time limit ended the search in a clip of {minutes:.1f} minutes: give a part of it, or more time"


def _verdict(best: Outcome, is_resampled: bool) -> str:
    if not best.explains():
        return "unexplained"
    return "exact" if best.rank == EXACT and not is_resampled else "explained up to a class"


def _diagnosis(
    cache: StageCache,
    matrix: np.ndarray,
    best: Outcome | None,
    notes: tuple[str, ...],
    begun: float,
    change: Change | None = None,
) -> Diagnosis:
    if best is None:
        return nothing_found(matrix, (no_shape_sentence(*matrix.shape), *notes), begun)
    c = best.convention
    unobservable: Alternatives = {}
    if best.explains() and best.left_open not in (DITHER, RESAMPLER):
        c, unobservable = simplest_equivalent(best)
        simplest = judge(best.search, c)
        if simplest.rank < best.rank:  # so plain a convention needs no class
            best = simplest
            c, unobservable = simplest_equivalent(best)
    interpretation, fit = best.search.interpretation, best.fit
    explained = best.explains()
    transposed = interpretation.transposed
    searched = change.matrix if change else matrix.T if transposed else matrix
    error = np.zeros(searched.shape)
    error[interpretation.rows] = interpretation.matrix - fit.fitted
    is_resampled = change is not None and isinstance(change.altered, Resampled) and change.altered.tool is not None
    left_out = (interpretation.left_out, RESAMPLER if is_resampled else None) if explained else ()
    preset = nearest_preset(c, cache.sample_rate, interpretation.kind, unobservable)
    return Diagnosis(
        verdict=_verdict(best, is_resampled),
        left_open=" and ".join(dict.fromkeys(filter(None, (best.left_open, *left_out)))) or None,
        convention=c,
        kind=interpretation.kind,
        transposed=transposed,
        nearest=preset,
        differences=diff(preset, c) if explained else {},
        unobservable=unobservable,
        residual=float(np.abs(error).max() / max(np.abs(interpretation.matrix).max(), TINY)),
        distance=best.distance,
        gain=fit.gain,
        offset=fit.offset,
        notes=notes,
        matrix=searched,
        error=error,
        seconds=thread_time() - begun,
        change=change.sentence if change else None,
    )
