"""Which known mistakes compute exactly what a student's function computes: one, two at once, or one in some cases.

Nothing is said that does not reproduce the student's numbers.
"""

import warnings
from itertools import combinations

import numpy as np

from experiments.coursework.checking.compare import is_close, is_right
from experiments.coursework.checking.task import Mistake, Task

MAX_NAMED = 3  # explanations; more that fit equally well explain nothing
IMPOSSIBLE = (ValueError, IndexError, ZeroDivisionError, TypeError, OverflowError)  # the mistake has no answer here


def explanations(task: Task, arrays: list, tolerance: float | None = None) -> list[Mistake]:
    """The known mistakes that give what the student's function gave in the visible cases.

    If no mistake explains all of them, pairs of mistakes are tried; if no pair does, a mistake is named with the
    number of failed cases that it explains: "in 2 of 3 cases: ...".

    arrays : the student's array per case, or None; cases without an array are left out. A mistake that changes
        nothing in the remaining cases explains nothing.
    tolerance : of two equal arrays, relative to the largest value; default: the task's

    Checked: tests/test_coursework_labs.py, tests/test_submissions_get_the_right_verdict.py
    """
    tolerance = task.tolerance if tolerance is None else tolerance
    seen, missing, failed = [], [], 0
    for case, array in zip(task.cases, arrays, strict=True):
        if case.hidden:
            continue
        expected = np.asarray(task.solution(**case.arguments))
        failed += array is None or not is_right(array, expected, tolerance)
        if array is not None:
            seen.append((case.arguments, array, expected))
        else:
            missing.append(case.arguments)
    if not any(not is_right(array, expected, tolerance) for _, array, expected in seen):
        return []
    seen.sort(key=lambda one: is_right(one[1], one[2], tolerance) * 1e9 + one[1].size)
    found = [mistake for mistake in task.mistakes if computes(mistake.function, seen, tolerance)]
    found = found or pairs(task, seen, tolerance)
    if len(found) > 1:  # better those that have an answer where the student's function has one, and nowhere else
        silent = [m for m in found if all(result(m.function, arguments) is None for arguments in missing)]
        counts = [sum(result(m.function, one[0]) is not None for one in seen) for m in silent or found]
        found = [m for m, count in zip(silent or found, counts, strict=True) if count == max(counts)]
    if 0 < len(found) <= MAX_NAMED:
        return found
    return in_some_cases(task, seen, failed, tolerance)


def computes(function, seen: list, tolerance: float) -> bool:
    """Whether the function gives the student's array in every case in which it gives one at all."""
    observed = False
    for arguments, array, expected in seen:
        wrong = result(function, arguments)
        if wrong is None:
            continue
        if not is_same(array, wrong, tolerance):
            return False
        observed = observed or not is_right(wrong, expected, tolerance)
    return observed


def result(function, arguments: dict):
    """The function's array, or None if it has none for these arguments."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the mean of nothing
            return np.asarray(function(**arguments))
    except IMPOSSIBLE:
        return None


def is_same(got: np.ndarray, wrong: np.ndarray, tolerance: float) -> bool:
    """is_right, where NaN and infinities stand at the same places."""
    if got.shape != wrong.shape or np.iscomplexobj(got) > np.iscomplexobj(wrong):
        return False
    finite = np.isfinite(wrong)
    if finite.all():
        return is_close(got, wrong, tolerance)
    return bool((np.isfinite(got) == finite).all()) and is_close(got[finite], wrong[finite], tolerance)


def pairs(task: Task, seen: list, tolerance: float) -> list[Mistake]:
    """The pairs of mistakes in different parts of the work that together give the student's arrays."""
    if task.variant is None:
        return []
    found = []
    for a, b in combinations([mistake for mistake in task.mistakes if mistake.parts], 2):
        if a.parts.keys().isdisjoint(b.parts):
            both = task.variant(**a.parts, **b.parts)
            if computes(both, seen, tolerance):
                found.append(Mistake(f"{a.name}, and {b.name}", f"{a.hint} {b.hint}".strip(), both))
    return found


def in_some_cases(task: Task, seen: list, failed: int, tolerance: float) -> list[Mistake]:
    """The mistake that explains most of the failed cases, at least half of them, and one for the rest."""
    wrong = [one for one in seen if not is_right(one[1], one[2], tolerance) and tells_something(one[1])]
    explained = {}
    for mistake in task.mistakes:
        fits = frozenset(i for i, one in enumerate(wrong) if computes(mistake.function, [one], tolerance))
        if fits:
            explained.setdefault(fits, []).append(mistake)
    named, rest = [], frozenset(range(len(wrong)))
    while explained and len(named) < 2:
        best = max(explained, key=lambda fits: len(fits & rest))
        new, mistakes = best & rest, explained.pop(best)
        if not new or (not named and (2 * len(best) < failed or len(best) < min(2, failed))):
            break
        if len(mistakes) == 1:
            mistake = mistakes[0]
            cases = f"in {len(best)} of {failed} cases" if failed > 1 else "in the case that fails"
            named.append(Mistake(f"{cases}: {mistake.name}", mistake.hint, mistake.function))
        elif not named:
            break
        rest -= best
    return named


def tells_something(array: np.ndarray) -> bool:
    """Whether the array is one that hardly two mistakes have in common: finite, and not one number over and over."""
    return array.size > 1 and bool(np.isfinite(array).all()) and np.unique(array).size > 1
