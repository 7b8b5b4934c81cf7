"""What the lab scripts share: where figures go, how they are shown, and the check at the end.

As a script a lab saves its figures under experiments/runs/coursework/ (--out DIR); as a notebook it shows them too.
"""

import argparse
import sys
from pathlib import Path

import matplotlib

if "ipykernel" not in sys.modules:
    matplotlib.use("Agg")

from matplotlib import pyplot as plt

from dsp.files.naming import file_error_line, printable
from dsp.files.writing import write_atomically
from experiments.common.paths import RUNS
from experiments.coursework import course_profile
from experiments.coursework.check import check, text_of
from experiments.coursework.course_profile import Profile

HERE = Path(__file__).parent
BLUE, ORANGE, GREEN, GREY = "#0072bd", "#d95319", "#3a923a", "0.6"


def begin(lab: int) -> tuple[argparse.Namespace, Profile]:
    """The options of a lab (out, file, profile), and the course's rules."""
    parser = argparse.ArgumentParser(description=f"Lab {lab}: figures, then the check of your file.")
    parser.add_argument("--out", type=Path, default=RUNS / "coursework", metavar="DIR", help="for the figures")
    template = HERE.parent / "student" / f"lab_{lab}.py"
    parser.add_argument("--file", type=Path, default=template, help="your function; without it, the empty template")
    parser.add_argument("--profile", default="default", help=", ".join(course_profile.names()))
    options = parser.parse_args([] if "ipykernel" in sys.modules else None)
    try:
        return options, course_profile.load(options.profile)
    except ValueError as error:
        sys.exit(f"error: {error}")


def show(figure, name: str, out: Path) -> None:
    """Saves the figure as out/name.png, whole or not at all; a notebook shows it, a script closes it."""
    path = out / f"{name}.png"
    try:
        write_atomically(path, lambda temporary: figure.savefig(temporary, format="png", dpi=110))
    except OSError as error:
        sys.exit(f"error: {file_error_line(error, path)}")
    print(printable(path))
    if "ipykernel" not in sys.modules:
        plt.close(figure)


def finish(lab: int, file: Path, profile: str) -> None:
    """The check of a student's file, and what to do if it is not passed."""
    try:
        report = check(file, lab, profile)
    except ValueError as error:
        print(f"lab {lab} is not passed yet: {error}")
        return
    if all(case["passed"] for case in report["cases"]):
        print(text_of(report))
        print(f"lab {lab} is passed")
        return
    if "is not written yet" in report["cases"][0]["message"]:
        print(f"{report['function']} is not written yet")
    else:
        print(text_of(report))
    print(f"lab {lab} is not passed yet. Copy experiments/coursework/student/lab_{lab}.py, write the function, then")
    print(f"    python -m experiments.check my_lab_{lab}.py --lab {lab} --profile {profile}")
