"""Checks one submission: reads it, calls its function in the sandbox, judges the answers, and makes the report.

The report is a dict, ready for JSON; `format_report` makes it readable.
"""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from experiments.coursework import course_profile
from experiments.coursework.checking.judge import judge
from experiments.coursework.checking.probes import Probes, adapted, renamed
from experiments.coursework.checking.submission import check_source
from experiments.coursework.checking.task import Task
from experiments.coursework.sandbox import containment
from experiments.coursework.sandbox.run import run
from experiments.coursework.sandbox.source import NotPython
from experiments.coursework.tasks import task_of

MAX_PRINTED = 2000  # characters of what the student's code prints


def check(
    file,
    lab: int,
    profile="default",
    hints: int = 1,
    seconds: float = 10.0,
    megabytes: int = 1024,
    *,
    helpers: Iterable = (),
    unsafe: bool = False,
) -> dict:
    """Checks one file; returns the report that --json writes.

    Parameters
    ----------
    file : the student's file
    lab : the number of the lab
    profile : a name in course_profile.names(), or a .toml file
    hints : 0, 1 or 2
    seconds, megabytes : limits of one call
    helpers : files that lie beside the submission when it runs
    unsafe : run the submission even if nothing contains it here; the report's "contained_by" then says "nothing"

    Raises ValueError, one line, if there is nothing to check, or nothing that contains the submission. A program with
    a syntax error fails every case.

    Checked: tests/test_coursework_labs.py, tests/test_check_contains_student_code.py
    """
    rules = course_profile.load(profile)
    task = task_of(lab, rules)
    contained_by = containment.choose(unsafe)
    report = blank_report(task, rules) | {"contained_by": contained_by}
    try:
        submission = check_source(Path(file), task, helpers)
    except NotPython as error:
        return fail_all(report, str(error).removeprefix(f"{file}: "), hints)
    # Hidden cases are called last, so that a visible call cannot reveal anything about them.
    order = sorted(range(len(task.cases)), key=lambda i: task.cases[i].hidden)
    calls = [renamed(submission, task.cases[i].arguments) for i in order]
    program = {"source": adapted(submission, task), "extra": submission.helpers}
    safety = {"without": tuple(name.replace("np.", "numpy.") for name in task.refused), "unsafe": unsafe}
    outcomes = dict(zip(order, run(file, task.function, calls, seconds, megabytes, **program, **safety), strict=True))
    probes = Probes(file, submission, task, seconds, megabytes, **safety)
    verdict = judge(task, [outcomes[i] for i in range(len(task.cases))], probes, hints)
    report["notes"] = [*submission.notes, *verdict.notes] if hints > 0 else []
    for i, case in enumerate(task.cases):
        scored = report["cases"][i]
        scored |= {"passed": verdict.passed[i], "message": "" if case.hidden else verdict.messages[i]}
        scored["score"] = scored["points"] if verdict.passed[i] else round(verdict.shares[i] * scored["points"], 2)
    report["score"] = round(sum(case["score"] for case in report["cases"]), 2)
    report["explained_by"] = [mistake.name for mistake in verdict.explained_by]
    report["questions"] = [mistake.hint for mistake in verdict.explained_by if mistake.hint] if hints > 1 else []
    visible = (outcomes[i].printed for i, case in enumerate(task.cases) if not case.hidden)
    report["printed"] = "".join(visible)[-MAX_PRINTED:]
    return report


def blank_report(task: Task, rules) -> dict:
    """A report in which every case has failed."""
    report = {"lab": task.lab, "function": task.function, "profile": rules.name, "points": task.points, "score": 0.0}
    report |= {"cases": [], "explained_by": [], "questions": [], "notes": [], "printed": ""}
    for i, (case, points) in enumerate(zip(task.cases, points_of_cases(task), strict=True)):
        name = f"hidden case {sum(c.hidden for c in task.cases[: i + 1])}" if case.hidden else case.name
        blank = {"name": name, "passed": False, "hidden": case.hidden, "message": "", "score": 0.0, "points": points}
        report["cases"].append(blank)
    return report


def points_of_cases(task: Task) -> list[float]:
    """The points of every case, to the cent; they are equal up to a cent and add up to the task's points."""
    edges = [round(task.points * count / len(task.cases), 2) for count in range(len(task.cases) + 1)]
    return [round(high - low, 2) for low, high in pairwise(edges)]


def fail_all(report: dict, message: str, hints: int) -> dict:
    """The blank report with one reason for all visible cases."""
    for case in report["cases"]:
        case["message"] = "" if case["hidden"] or hints == 0 else message
    return report


def refused_report(lab: int, profile, message: str) -> dict:
    """The report on a file that cannot be checked: 0 of all cases, as far as the lab and the profile exist."""
    try:
        rules = course_profile.load(profile)
        report = blank_report(task_of(lab, rules), rules)
    except ValueError:
        report = {"lab": lab, "points": 0, "score": 0.0, "cases": [], "explained_by": []}
    return report | {"error": message}


def format_report(report: dict) -> str:
    """The report as text for people."""
    lines, said = [], ""
    for case in report["cases"]:
        lines.append(f"  {'pass' if case['passed'] else 'FAIL'}  {case['name']}")
        if case["message"] and case["message"] != said:
            lines.append(f"        {case['message']}")
        said = case["message"] or said
    for i, name in enumerate(report["explained_by"]):
        lines.append(f"{'explained by' if i == 0 else '          or'}: {name}")
        if i < len(report["questions"]):
            lines.append(f"              {report['questions'][i]}")
    lines += [f"note: {note}" for note in report["notes"]]
    if report["printed"]:
        lines.append("your code printed (the end of it):")
        lines += [f"  | {line}" for line in report["printed"].rstrip("\n").split("\n")]
    if report.get("contained_by") == containment.NOTHING:
        lines.append("warning: nothing contained this file while it ran")
    passed = sum(case["passed"] for case in report["cases"])
    return "\n".join(
        [*lines, f"{passed} of {len(report['cases'])} cases, {report['score']:g} of {report['points']:g} points"]
    )
