"""Whether a student's function computes what its lab asks for, and if not, what explains the difference.

    python -m experiments.check my_lab_1.py --lab 1
    python -m experiments.check my_lab_1.py --lab 1 --profile dt2119 --hints 2

--hints 0 says pass or fail of each case; 1 adds hints at shapes and the names of known mistakes; 2 adds a question
about the mistake, and where and how large the first difference is. The right numbers are never printed, and of a
hidden case nothing but whether it passed. The score is points x the mean over the cases: 1 for a case that passes,
0.2 for one whose result has the right shape and is finite, else 0.

For autograders: --json FILE, --gradescope FILE (results.json). Exit status 0: all passed; 1: not all; 2: there was
nothing to check (no such file, lab, profile or function), in one line.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from dsp.files.naming import file_error_line
from dsp.files.writing import write_text_atomically
from experiments.coursework import compare, course_profile
from experiments.coursework.sandbox.run import run
from experiments.coursework.submission import check_source
from experiments.coursework.task import Task
from experiments.coursework.tasks import task_of

SHAPE_SHARE = 0.2  # of a case's points, for the right shape alone
PRINTED = 2000  # characters


def check(file, lab: int, profile="default", hints: int = 1, seconds: float = 10.0, megabytes: int = 1024) -> dict:
    """The report of one file: what --json writes.

    Parameters
    ----------
    file : the student's
    lab : its number
    profile : a name in course_profile.names(), or a .toml file
    hints : 0, 1 or 2
    seconds, megabytes : limits of one call

    Raises ValueError, in one line, if there is nothing to check.

    Checked: tests/test_coursework_labs.py, tests/test_check_contains_student_code.py
    """
    rules = course_profile.load(profile)
    task = task_of(lab, rules)
    report = {"lab": lab, "function": task.function, "profile": rules.name, "points": task.points, "score": 0.0}
    report |= {"cases": [], "explained_by": [], "questions": [], "printed": ""}
    check_source(Path(file), task)
    order = sorted(
        range(len(task.cases)), key=lambda i: task.cases[i].hidden
    )  # nothing hidden is known in a visible call
    expected = [np.asarray(task.solution(**case.arguments)) for case in task.cases]
    calls = [task.cases[i].arguments for i in order]
    outcomes = dict(zip(order, run(file, task.function, calls, seconds, megabytes), strict=True))
    arrays = [as_float(outcomes[i].array) for i in range(len(task.cases))]
    shares = []
    for i, case in enumerate(task.cases):
        passed = arrays[i] is not None and compare.is_right(arrays[i], expected[i], task.tolerance)
        shares.append(1.0 if passed else SHAPE_SHARE * has_shape(arrays[i], expected[i]))
        message = "" if passed or case.hidden else said(outcomes[i].problem, arrays[i], expected[i], task, hints)
        name = f"hidden case {sum(c.hidden for c in task.cases[: i + 1])}" if case.hidden else case.name
        report["cases"].append({"name": name, "passed": passed, "hidden": case.hidden, "message": message})
    report["score"] = round(task.points * float(np.mean(shares)), 2)
    if hints > 0:
        mistakes = compare.explanations(task, arrays)
        report["explained_by"] = [mistake.name for mistake in mistakes]
        report["questions"] = [mistake.hint for mistake in mistakes] if hints > 1 else []
    visible = (outcomes[i].printed for i, case in enumerate(task.cases) if not case.hidden)
    report["printed"] = "".join(visible)[-PRINTED:]
    return report


def as_float(array):
    """Integers and truth values as float64, so that they can be subtracted."""
    return None if array is None else array.astype(np.result_type(array, np.float64), copy=False)


def has_shape(array, expected: np.ndarray) -> bool:
    return array is not None and array.shape == expected.shape and bool(np.isfinite(array).all())


def said(problem: str, array, expected: np.ndarray, task: Task, hints: int) -> str:
    """What the student is told about a case that failed."""
    if hints == 0:
        return ""
    if array is None:
        return f"{task.function} {problem}"
    hint = compare.hint(array, expected, task)
    where = compare.place(array, expected, task) if hints > 1 else ""
    return f"{hint}; {where}" if where else hint


def text_of(report: dict) -> str:
    """The report to read."""
    lines = []
    for case in report["cases"]:
        lines.append(f"  {'pass' if case['passed'] else 'FAIL'}  {case['name']}")
        if case["message"]:
            lines.append(f"        {case['message']}")
    for i, name in enumerate(report["explained_by"]):
        lines.append(f"{'explained by' if i == 0 else '          or'}: {name}")
        if report["questions"]:
            lines.append(f"              {report['questions'][i]}")
    if report["printed"]:
        lines += ["printed meanwhile (the end of it):", report["printed"].rstrip("\n")]
    passed = sum(case["passed"] for case in report["cases"])
    return "\n".join(
        [*lines, f"{passed} of {len(report['cases'])} cases, {report['score']:g} of {report['points']} points"]
    )


def gradescope(report: dict) -> dict:
    """The report as Gradescope's results.json; every case carries the same share of the points."""
    share = report["points"] / max(1, len(report["cases"]))
    tests = [
        {"name": case["name"], "score": share * case["passed"], "max_score": share, "output": case["message"]}
        for case in report["cases"]
    ]
    explained = [f"explained by: {name}" for name in report["explained_by"]]
    return {
        "score": report["score"],
        "output": "\n".join([*explained, report.get("error", "")]).strip(),
        "tests": tests,
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the student's file")
    parser.add_argument("--lab", type=int, required=True)
    parser.add_argument("--profile", default="default", help=f"{', '.join(course_profile.names())}, or a .toml file")
    parser.add_argument("--hints", type=int, choices=(0, 1, 2), default=1)
    parser.add_argument("--seconds", type=float, default=10.0, help="for one call; three times as much for all")
    parser.add_argument("--megabytes", type=int, default=1024, help="of memory beyond Python's own")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--gradescope", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        if not (options.seconds > 0 and options.megabytes > 0):
            raise ValueError("--seconds and --megabytes must be more than 0")
        report = check(options.file, options.lab, options.profile, options.hints, options.seconds, options.megabytes)
        print(f"lab {report['lab']}, {report['function']}, profile {report['profile']}:")
        print(course_profile.describe(course_profile.load(options.profile)))
        print(text_of(report))
        status = 0 if all(case["passed"] for case in report["cases"]) else 1
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        report = {"lab": options.lab, "points": 0, "score": 0.0, "cases": [], "explained_by": [], "error": str(error)}
        status = 2
    return max(status, written(options, report))


def written(options, report: dict) -> int:
    """Writes the files that were asked for; 2 after one line if that fails."""
    for path, content in ((options.json, report), (options.gradescope, gradescope(report))):
        try:
            if path:
                write_text_atomically(path, json.dumps(content, indent=1) + "\n")
        except OSError as error:
            print(f"error: {file_error_line(error, path)}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
