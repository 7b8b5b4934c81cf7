"""Which convention produced these features? The verdict, and what it rests on."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from time import thread_time

import numpy as np

from dsp.conventions import diff
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.dither_and_resampling import DITHER, dither_strength, resampling_note
from dsp.doctor.search.identifiability import Alternatives, nearest_preset, simplest_equivalent
from dsp.doctor.search.interpretations import as_matrix, interpretations, resolution
from dsp.doctor.search.residuals import CLASSES, TINY, as_it_is, relative_distance
from dsp.doctor.search.scheduler import schedule
from dsp.doctor.search.search import HOPELESS, Search
from dsp.doctor.search.stage_cache import StageCache
from dsp.doctor.search.verdict import EXACT, Outcome, judge
from dsp.resampling import resample

# All bounds but LONG_CLIP_MINUTES were set by trial.
SEARCH_SHARE = 0.8  # of the time, for the search itself; the rest is for dither and resampling
GUESSES_SHARE = 0.6  # of the time, after which no further guess is searched, so that pairs of moves have their turn
MAX_DITHERED = 3  # guesses that dither is tried on
MAX_PAIRED = 3  # shapes that are searched on by pairs of moves
LONG_CLIP_MINUTES = 1.0  # the search of a longer clip takes more than a few seconds; if its time runs out, say so
WORTH_FITTING = 2e-3  # a shape so near is worth fitting values to


@dataclass(frozen=True)
class Diagnosis:
    """What identify found.

    verdict       "exact", "explained up to a class" or "unexplained"
    left_open     the class: what the numbers may still be multiplied by or shifted by; None if exact
    convention    the Convention; if unexplained, the nearest that was found
    kind          "mfcc" or "log_mel": which function of dsp gives the features
    transposed    whether the file has time first
    nearest       the preset that differs in the fewest parameters
    differences   {parameter: (the preset's value, this one)}
    unobservable  {parameter: other values that give the same numbers on this clip}
    residual      greatest error, relative to the greatest value, after the class is fitted
    distance      root mean square error, relative to that of the features about their mean
    gain, offset  of the class, (1, 1) or one per row
    notes         sentences on what else was seen
    error         features - the convention's, (n_rows, n_frames)
    seconds       of the processor
    """

    verdict: str
    left_open: str | None
    convention: Convention
    kind: str
    transposed: bool
    nearest: str
    differences: dict[str, tuple]
    unobservable: Alternatives
    residual: float
    distance: float
    gain: np.ndarray
    offset: np.ndarray
    notes: tuple[str, ...]
    error: np.ndarray = field(repr=False)
    seconds: float


def identify(features, signal, sample_rate: float, time_limit: float | None = None) -> Diagnosis:
    """The convention behind a matrix of features, searched from every preset over all parameters.

    Parameters
    ----------
    features : (n_rows, n_frames) or (n_frames, n_rows), real or complex: cepstra, (log-)mel bands or spectra
    signal : (n,) real, in -1 .. 1: the audio that they were computed from
    sample_rate : Hz
    time_limit : s after which the search stops with the best that it has found. None: after 9 s of work of the
        processor, or 300 s in all. What Numba compiles at first does not count

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
    matrix, eps = as_matrix(features), resolution(features)
    cache = StageCache(signal, sample_rate)
    _compile()
    begun, deadline = thread_time(), Deadline.for_search(time_limit)
    searches = [Search(cache, one, deadline.part(SEARCH_SHARE), eps) for one in interpretations(matrix)]
    best, searched = _search(searches, deadline.part(GUESSES_SHARE))
    notes: tuple[str, ...] = ()
    if best is None or not best.explains():
        dithered = _best_dithered(searched, best, deadline)
        if dithered is None:
            notes = _notes(cache, matrix, eps, best, deadline)
        best = dithered or best
    return _diagnosis(cache, matrix, best, notes, begun)


@lru_cache
def _compile() -> None:
    """Has Numba compile, or load, what the search needs, once, before the time is taken."""
    noise = np.random.default_rng(0).standard_normal(4000)
    for n in (400, 441, 512, 514):  # of small factors, odd, a power of two, with a large prime factor
        c = replace(CONVENTIONS["librosa"], frame_length=n, n_fft=n, hop_length=160, preemphasis=0.97, delta_orders=2)
        StageCache(noise, 16_000).features(c, "mfcc")
    resample(noise, 16_000, 22_050)


def _search(searches: list[Search], guesses_until: Deadline) -> tuple[Outcome | None, list[tuple[Search, Convention]]]:
    """The best outcome of all guesses, first by the descent alone, then the nearest of these by pairs of moves.

    Where a class was left open, the near guesses of other interpretations are still searched: they may need none.
    Also returns the guesses that were searched.
    """
    outcomes: list[Outcome] = []
    shapes: list[tuple[float, int, Search, Convention]] = []
    searched: list[tuple[Search, Convention]] = []

    def is_explained() -> bool:
        return any(outcome.explains() for outcome in outcomes)

    for search, guess in schedule(searches, is_explained):
        if any(outcome.explains() and outcome.search is search for outcome in outcomes):
            continue
        searched.append((search, guess))
        search.include_loudest_frames(guess)
        c = search.fit_shape(guess)
        distance = search.affine_distance(c)
        shapes.append((distance, len(shapes), search, c))
        if distance < WORTH_FITTING:
            outcomes.append(_outcome_of_shape(search, c))
        if (outcomes and outcomes[-1].rank == EXACT) or guesses_until.is_over():
            break
    for distance, _, search, c in sorted(shapes, key=lambda shape: shape[:2])[:MAX_PAIRED]:
        if outcomes and (search.descent.deadline.is_over() or is_explained()):
            break
        nearer = search.fit_shape_by_pairs(c) if distance > search.perhaps_rounding else c
        outcomes.append(_outcome_of_shape(search, nearer))
    return min(outcomes, key=Outcome.order, default=None), searched


def _outcome_of_shape(search: Search, c: Convention) -> Outcome:
    """The best outcome of a shape: as it is, with its gains explained, with its values fitted, refined."""
    search.include_loudest_frames(c)
    is_far = search.affine_distance(c) > HOPELESS
    best = judge(search, c)
    for step in (search.explain_gains, search.fit_values, search.refine):
        if (best.rank == EXACT and best.distance <= search.perhaps_rounding) or is_far:
            break
        if search.descent.deadline.is_over():
            break
        if step == search.fit_values and best.explains():
            continue  # what the class leaves open would draw the other values after it
        moved = step(c)
        outcome = judge(search, moved)
        if outcome.order() < best.order():
            best = outcome
        c = moved if step != search.explain_gains or best.explains() else c
    return best


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


def _notes(
    cache: StageCache, matrix: np.ndarray, eps: float, best: Outcome | None, deadline: Deadline
) -> tuple[str, ...]:
    """What can be said of the signal where no convention was found."""
    notes = [resampling_note(cache, matrix, eps, deadline, best.distance if best else 1.0)]
    minutes = cache.signal.size / cache.sample_rate / 60
    if minutes > LONG_CLIP_MINUTES and deadline.is_over():
        notes.append(long_clip_sentence(minutes))
    return tuple(filter(None, notes))


def long_clip_sentence(minutes: float) -> str:
    return f"the time limit ended the search in a clip of {minutes:.1f} minutes: give a part of it, or more time"


def no_shape_sentence(rows: int, frames: int) -> str:
    return f"no known convention gives a matrix of {rows} x {frames} for a clip of this length"


def _diagnosis(
    cache: StageCache, matrix: np.ndarray, best: Outcome | None, notes: tuple[str, ...], begun: float
) -> Diagnosis:
    if best is None:
        nan = np.full((1, 1), np.nan)
        return Diagnosis(
            verdict="unexplained",
            left_open=None,
            convention=Convention(),
            kind="log_mel",
            transposed=False,
            nearest="",
            differences={},
            unobservable={},
            residual=1.0,
            distance=1.0,
            gain=nan,
            offset=nan,
            notes=(no_shape_sentence(*matrix.shape), *notes),
            error=matrix,
            seconds=thread_time() - begun,
        )
    c = best.convention
    unobservable: Alternatives = {}
    if best.explains() and best.left_open != DITHER:
        c, unobservable = simplest_equivalent(best)
        simplest = judge(best.search, c)
        if simplest.rank < best.rank:  # so plain a convention needs no class
            best = simplest
            c, unobservable = simplest_equivalent(best)
    interpretation, fit = best.search.interpretation, best.fit
    explained = best.explains()
    error = np.zeros(matrix.T.shape if interpretation.transposed else matrix.shape)
    error[interpretation.rows] = interpretation.matrix - fit.fitted
    left_out = interpretation.left_out if explained else None
    preset = nearest_preset(c, cache.sample_rate, interpretation.kind, unobservable)
    return Diagnosis(
        verdict="exact" if best.rank == EXACT else "explained up to a class" if explained else "unexplained",
        left_open=" and ".join(filter(None, (best.left_open, left_out))) or None,
        convention=c,
        kind=interpretation.kind,
        transposed=interpretation.transposed,
        nearest=preset,
        differences=diff(preset, c) if explained else {},
        unobservable=unobservable,
        residual=float(np.abs(error).max() / max(np.abs(interpretation.matrix).max(), TINY)),
        distance=best.distance,
        gain=fit.gain,
        offset=fit.offset,
        notes=notes,
        error=error,
        seconds=thread_time() - begun,
    )
