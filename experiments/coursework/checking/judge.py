"""From the outcomes of the calls to the verdict: which cases pass, what is wrong in the others, what explains it."""

from dataclasses import dataclass, field

import numpy as np

from experiments.coursework.checking.compare import ROUNDING, as_float, first_difference, hint, is_right
from experiments.coursework.checking.explain import explanations
from experiments.coursework.checking.probes import Probes
from experiments.coursework.checking.task import Mistake, Task
from experiments.coursework.checking.words import in_plain_words
from experiments.coursework.sandbox.run import Outcome

SHAPE_SHARE = 0.2  # of a case's points, for a finite result of the right shape
REMEMBERS = Mistake(
    "something is kept between calls: by itself, a case that fails here is right",
    "Which name outside your function, or which default argument, still has what an earlier call put there?",
    None,
)
CHANGES = Mistake(
    "another result for the same arguments: random numbers, or something kept between calls",
    "Which name outside your function, or which default argument, does your result depend on?",
    None,
)


@dataclass
class Verdict:
    """What a report says, case by case."""

    passed: list[bool]
    shares: list[float]  # of each case's points
    messages: list[str]
    explained_by: list[Mistake] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def judge(task: Task, outcomes: list[Outcome], probes: Probes, hints: int) -> Verdict:
    """The verdict on the outcomes of all cases.

    Checked: tests/test_coursework_labs.py, tests/test_submissions_get_the_right_verdict.py
    """
    expected = [np.asarray(task.solution(**case.arguments)) for case in task.cases]
    got = [outcome.array for outcome in outcomes]
    passed = [passes(array, right, task) for array, right in zip(got, expected, strict=True)]
    shares = [1.0 if p else SHAPE_SHARE * has_shape(*pair) for p, *pair in zip(passed, got, expected, strict=True)]
    messages = [
        "" if passed[i] or hints == 0 else message_of(outcomes[i].problem, got[i], expected[i], task, probes, hints)
        for i in range(len(got))
    ]
    verdict = Verdict(passed, shares, messages)
    if hints > 0:
        explain(verdict, task, got, expected, probes)
    limit_work(verdict, task, probes, hints)
    return verdict


def passes(got, expected: np.ndarray, task: Task) -> bool:
    """Whether a result is right: its numbers and, where the task asks for one, its dtype."""
    if got is None or (task.dtype and got.dtype != task.dtype):
        return False
    return is_right(as_float(got), as_float(expected), task.tolerance)


def has_shape(array, expected: np.ndarray) -> bool:
    return array is not None and array.shape == expected.shape and bool(np.isfinite(array).all())


def message_of(problem: str, array, expected: np.ndarray, task: Task, probes: Probes, hints: int) -> str:
    """The message for the student about a case that failed."""
    if array is None:
        return f"{task.function} {in_plain_words(problem, probes.submission.place)}"
    words = hint(array, expected, task)
    where = first_difference(as_float(array), as_float(expected), task) if hints > 1 else ""
    return f"{words}; {where}" if where else words


def explain(verdict: Verdict, task: Task, got: list, expected: list, probes: Probes) -> None:
    """Looks for what explains the failed cases: known mistakes, something kept between calls, changed arguments."""
    visible = [i for i, case in enumerate(task.cases) if not case.hidden]
    failed = [i for i in visible if not verdict.passed[i]]
    rough = {str(got[i].dtype) for i in visible if got[i] is not None} <= {"float32", "complex64"}
    tolerance = max(task.tolerance, ROUNDING) if rough else task.tolerance
    verdict.explained_by = explanations(task, [None if a is None else as_float(a) for a in got], tolerance)
    if failed and not verdict.explained_by and all(wrong_dtype(got[i], expected[i], task) for i in failed):
        verdict.explained_by = [
            Mistake(f"another dtype: {task.dtype} is asked for", "What is the dtype of your result?", None)
        ]
    if not any(array is not None for array in got):
        return
    i = next((i for i in failed if i != visible[0]), visible[0])
    changed, (first, second) = probes.habits(task.cases[i].arguments)
    if changed:
        names = ", ".join(probes.submission.names[name] for name in changed)
        verdict.notes.append(f"{names} {'is' if len(changed) == 1 else 'are'} changed in place: {WORK_ON_A_COPY}")
    if i in failed and passes(first, expected[i], task):
        verdict.explained_by = [REMEMBERS]
    elif i in failed and first is not None and any(not same(first, other) for other in (second, got[i])):
        verdict.explained_by = verdict.explained_by or [CHANGES]


WORK_ON_A_COPY = "after the call, the caller's array has other values; work on a copy (.copy())"


def wrong_dtype(got, expected: np.ndarray, task: Task) -> bool:
    """Whether only the dtype keeps a result from passing."""
    return bool(task.dtype) and got is not None and is_right(as_float(got), as_float(expected), task.tolerance)


def same(a, b) -> bool:
    """Whether two results of equal arguments are equal; where there is no second one, nothing is known."""
    return b is None or (a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")))


def limit_work(verdict: Verdict, task: Task, probes: Probes, hints: int) -> None:
    """Fails the cases that the task names if the function is right, but its work grows too fast."""
    work = task.work
    if work is None:
        return
    concerned = [i for i, case in enumerate(task.cases) if case.name in work.cases and verdict.passed[i]]
    if not concerned:
        return
    growth = probes.growth(work)
    if growth <= work.at_most:
        return
    for i in concerned:
        verdict.passed[i], verdict.shares[i] = False, SHAPE_SHARE
        verdict.messages[i] = work.words.format(growth=f"{growth:.0f}") if hints > 0 else ""
    if hints > 0:
        verdict.explained_by.append(Mistake(work.explanation, work.hint, None))
