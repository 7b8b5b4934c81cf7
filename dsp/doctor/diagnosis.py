"""What the doctor says of a matrix, and the diagnoses that need no search for a convention."""

from dataclasses import dataclass, field, replace
from time import thread_time

import numpy as np

from dsp.conventions import diff
from dsp.conventions.parameters import Convention
from dsp.doctor.search.changes import Oriented
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.identifiability import Alternatives
from dsp.doctor.search.pooled import pooled
from dsp.doctor.search.residuals import TINY
from dsp.doctor.search.row_groups import LIBROSA, Stack, stacked_rows, stacked_statistics
from dsp.doctor.search.stage_cache import StageCache

STATISTICS_LEFT_OPEN = "statistics over time, which other conventions may give as well"


@dataclass(frozen=True)
class Diagnosis:
    """What identify found.

    verdict       "exact", "explained up to a class" or "unexplained"
    left_open     the class: what the numbers may still be multiplied by or shifted by; None if exact
    convention    the Convention; if unexplained, the nearest that was found
    kind          "mfcc" or "log_mel": which function of dsp gives the features; or "stack": several features, which the
                  notes name row by row, with the convention of the first cepstra or mel bands among them
    transposed    whether the file has time first
    nearest       the preset that differs in the fewest parameters
    differences   {parameter: (the preset's value, this one)}
    unobservable  {parameter: other values that give the same numbers on this clip}
    residual      greatest error, relative to the greatest value, after the class is fitted
    distance      root mean square error, relative to that of the features about their mean
    gain, offset  of the class, (1, 1) or one per row
    notes         sentences on what else was seen
    matrix        the features as they were searched: rows x frames, time last, without the frames that `change` names
    error         matrix - the convention's
    seconds       of the processor
    change        what was done to the signal before, or to the frames after, beside the convention; None if nothing
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
    matrix: np.ndarray = field(repr=False)
    error: np.ndarray = field(repr=False)
    seconds: float
    change: str | None = None


def no_shape_sentence(rows: int, frames: int) -> str:
    return f"no known convention gives a matrix of {rows} x {frames} for a clip of this length"


def nothing_found(matrix: np.ndarray, notes: tuple[str, ...], begun: float) -> Diagnosis:
    """The diagnosis where there is no convention to name."""
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
        notes=notes,
        matrix=matrix,
        error=matrix,
        seconds=thread_time() - begun,
    )


def of_statistics(
    matrix: np.ndarray, cache: StageCache, eps: float, deadline: Deadline, notes: tuple[str, ...], begun: float
) -> Diagnosis:
    """The diagnosis of a vector: which features it is of, or which preset's it is near, after statistics over time."""
    nearest = pooled(matrix.ravel(), cache)
    if nearest is None or not nearest.is_same():
        row = Oriented(matrix.reshape(1, -1), len(matrix) > 1)  # one number a frame, such as the RMS
        stack = stacked_statistics(matrix.ravel(), cache, eps, deadline) or stacked_rows([row], cache, eps, deadline)
        if stack is not None:
            return of_stack(stack, matrix, notes, begun)
    if nearest is None:
        return nothing_found(matrix, (*notes, no_shape_sentence(*matrix.shape)), begun)
    found = nothing_found(matrix, (*notes, nearest.sentence()), begun)
    if not nearest.is_same():
        return found
    error = matrix - nearest.values.reshape(matrix.shape)
    return replace(
        found,
        verdict="explained up to a class",
        left_open=STATISTICS_LEFT_OPEN,
        convention=nearest.convention,
        kind=nearest.kind,
        nearest=nearest.preset,
        differences=diff(nearest.preset, nearest.convention),
        residual=nearest.distance,
        distance=nearest.distance,
        gain=np.ones((1, 1)),
        offset=np.zeros((1, 1)),
        error=error,
    )


def of_stack(stack: Stack, matrix: np.ndarray, notes: tuple[str, ...], begun: float) -> Diagnosis:
    """The diagnosis of several features one above the other: explained if every row is.

    A single feature such as chroma is named, and unexplained: no convention gives it.
    """
    found = replace(nothing_found(matrix, (*notes, *stack.sentences()), begun), kind="stack")
    if stack.unknown or not (stack.is_several() or stack.main):
        return found
    x = stack.oriented.matrix
    error = x - stack.fitted
    preset = stack.main.preset if stack.main else "librosa"
    c = (stack.main.convention if stack.main else stack.framing) or LIBROSA
    rounding = None if stack.is_exact() else "the rounding of single precision"
    left_open = STATISTICS_LEFT_OPEN if 1 in matrix.shape else rounding
    return replace(
        found,
        verdict="explained up to a class" if left_open else "exact",
        left_open=left_open,
        convention=c,
        kind="stack",
        transposed=stack.oriented.transposed,
        matrix=x,
        nearest=preset,
        differences=diff(preset, c),
        residual=float(np.abs(error).max() / max(np.abs(x).max(), TINY)),
        distance=float(np.sqrt(np.sum(error**2) / max(np.sum((x - x.mean()) ** 2), TINY))),
        gain=np.ones((1, 1)),
        offset=np.zeros((1, 1)),
        error=error,
    )
