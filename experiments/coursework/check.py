"""Checks whether a student's function computes what its lab asks for and, if not, names the mistake that explains it.

    python -m experiments.check FILE --lab N [--profile NAME] [--hints 0|1|2] [--with FILE ...]
                                [--json FILE] [--gradescope FILE]
    python -m experiments.check FOLDER --lab N --csv FILE [--roster FILE] [--reports DIR] [--workers N] [--resume]

--unsafe runs submissions even where neither bubblewrap nor Landlock contains them; without it, they are then refused.

Example: python -m experiments.check my_lab_1.py --lab 1 --profile dt2119 --hints 2
Example: python -m experiments.check submissions/ --lab 5 --csv lab_5.csv --roster class.csv

--hints 0 reports only whether each case passes; 1 adds hints about shapes and the names of known mistakes; 2 adds a
question about the mistake, and where and how large the first difference is. The right numbers are never printed, and
a hidden case reveals nothing but whether it passed. Every case is worth the same share of the points: all of it if it
passes, 0.2 of it for a finite result of the right shape, else nothing.

FILE is a Python program or a notebook (.ipynb), of which the function and what it needs are taken. For autograders:
--json FILE, --gradescope FILE (results.json). With one of these, a FOLDER holds the files of one student.

A FOLDER holds the submissions of a class: FOLDER/name.py or .ipynb, one folder per student, or what Moodle and Canvas
let you download. The gradebook is a CSV file; DIR holds a report per student and the summary (.html, .json, .txt). The
roster is a CSV file with the column student and, if you like, id, due and submitted; it tells who is late or missing.

Exit status: 0 all cases passed, or the class is graded; 1 not all passed, or the check itself broke for a student;
2 nothing could be checked (no such file, lab, profile or function); 130 interrupted.
"""

import argparse
import json
import sys
from pathlib import Path

from dsp.files.commands import DONE, NO, check_output_file, exit_status
from dsp.files.writing import write_text_atomically
from experiments.coursework import course_profile
from experiments.coursework.checking.one_file import check, format_report, refused_report
from experiments.coursework.classroom import hand_ins
from experiments.coursework.handouts import gradescope
from experiments.coursework.sandbox import containment
from experiments.coursework.tasks import LABS, task_of


def main(arguments: list[str] | None = None) -> int:
    """The command.

    Checked: tests/test_coursework_labs.py
    """
    parser = argparse.ArgumentParser(
        prog="python -m experiments.check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    profiles = ", ".join(course_profile.names())
    parser.add_argument("file", type=Path, metavar="FILE", help="the student's file, or the folder of a class")
    parser.add_argument("--lab", type=int, required=True, metavar="N", help=f"one of {', '.join(map(str, LABS))}")
    parser.add_argument(
        "--profile", default="default", metavar="NAME", help=f"one of {profiles}, or a .toml file; default: default"
    )
    parser.add_argument(
        "--with",
        dest="helpers",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="files that lie beside the submission when it runs: helper modules, data",
    )
    parser.add_argument("--hints", type=int, choices=(0, 1, 2), default=1, help="how much to reveal; default: 1")
    parser.add_argument(
        "--time-limit",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="for one call, and three times as much for all calls together; default: 10",
    )
    parser.add_argument(
        "--memory-limit", type=int, default=1024, metavar="MB", help="beyond what Python itself needs; default: 1024"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument("--gradescope", type=Path, metavar="FILE", help="write the report as Gradescope's results.json")
    parser.add_argument(
        "--hidden-tests",
        choices=gradescope.VISIBILITIES,
        default="visible",
        help="when Gradescope shows students whether hidden cases passed; default: visible",
    )
    parser.add_argument("--unsafe", action="store_true", help="run the file even where nothing contains it")
    group = parser.add_argument_group("a class")
    group.add_argument("--csv", type=Path, metavar="FILE", help="the gradebook; needed for a folder")
    group.add_argument("--reports", type=Path, metavar="DIR", help="default: beside the gradebook, NAME_reports")
    group.add_argument("--roster", type=Path, metavar="FILE", help="CSV: student, and if you like id, due, submitted")
    group.add_argument("--workers", type=int, metavar="N", help="submissions at the same time; default: one per core")
    group.add_argument("--resume", action="store_true", help="keep the reports of an interrupted run that still hold")
    options = parser.parse_args(arguments)
    if options.file.is_dir() and not (options.json or options.gradescope):
        resume = "interrupted; run the same command with --resume to go on"
        return exit_status(lambda: run_class(options), on_interrupt=resume)
    return exit_status(lambda: run_check(options))


def run_class(options: argparse.Namespace) -> int:
    """Grades a folder; returns the exit status."""
    if options.workers is not None and options.workers < 1:
        raise ValueError("--workers must be at least 1")
    check_limits(options)
    containment.choose(options.unsafe)  # if nothing contains the first submission, nothing contains the last
    from experiments.coursework.classroom.gradebook import grade

    return grade(options)


def check_limits(options: argparse.Namespace) -> None:
    if not (options.time_limit > 0 and options.memory_limit > 0):
        raise ValueError("--time-limit and --memory-limit must be more than 0")


def run_check(options: argparse.Namespace) -> int:
    """Checks the file, prints the report and writes the files that were asked for; returns the exit status."""
    for path in filter(None, (options.json, options.gradescope)):
        check_output_file(path)
    try:
        if options.csv or options.roster or options.reports:
            raise ValueError("--csv, --reports and --roster are for a class; --json and --gradescope for one student")
        check_limits(options)
        limits = (options.time_limit, options.memory_limit)
        file = options.file
        if file.is_dir():
            file = hand_ins.file_of_student(file, task_of(options.lab, course_profile.load(options.profile)))
        given = {"helpers": options.helpers, "unsafe": options.unsafe}
        report = check(file, options.lab, options.profile, options.hints, *limits, **given)
    except (ValueError, OSError) as error:
        write_reports(options, refused_report(options.lab, options.profile, str(error)))
        raise
    print(f"lab {report['lab']}, {report['function']}, profile {report['profile']}:")
    print(course_profile.describe(course_profile.load(options.profile)))
    print(format_report(report))
    write_reports(options, report)
    return DONE if all(case["passed"] for case in report["cases"]) else NO


def write_reports(options: argparse.Namespace, report: dict) -> None:
    """Writes the files that were asked for."""
    results = gradescope.results(report, options.hidden_tests)
    for path, content in ((options.json, report), (options.gradescope, results)):
        if path:
            write_text_atomically(path, json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
