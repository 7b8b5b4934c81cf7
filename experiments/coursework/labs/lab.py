"""What the lab scripts share: options, figures, sounds, and the check at the end.

As a script, a lab saves its figures and sounds under experiments/runs/coursework/ (--out DIR). As a notebook, it shows
the figures and plays the sounds, and writes no files.
"""

import argparse
import sys
import wave
from pathlib import Path

from dsp.files.commands import BAD_INPUT, NO, check_output_folder, exit_status, exit_without

exit_without("matplotlib", feature="a lab", extra="train")

import matplotlib

IN_NOTEBOOK = "ipykernel" in sys.modules

if not IN_NOTEBOOK:
    matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot as plt

from dsp.files.naming import file_error_line, printable
from dsp.files.writing import write_atomically
from experiments.common.paths import RUNS
from experiments.coursework import course_profile
from experiments.coursework.checking.one_file import check, format_report
from experiments.coursework.course_profile import Profile

HERE = Path(__file__).parent
BLUE, ORANGE, GREEN, GRAY = "#0072bd", "#d95319", "#3a923a", "0.6"
EPILOG = """Example: {script} --file my_lab_{lab}.py

Exit status: 0 the lab is passed, 1 it is not passed yet, 2 bad input or a missing package, 130 interrupted."""


def begin(lab: int, profile: str = "default") -> tuple[argparse.Namespace, Profile]:
    """The options of a lab (out, file, profile) and the course's rules; exits with one line if something is wrong.

    lab : its number
    profile : the course, unless --profile names another one

    Checked: tests/test_labs_need_three_packages.py
    """
    script = f"python -m experiments.coursework.labs.{next(HERE.glob(f'lab_{lab}_*.py')).stem}"
    parser = argparse.ArgumentParser(
        prog=script,
        description=f"Lab {lab}: draws its figures, writes its sounds, then checks your file.",
        epilog=EPILOG.format(script=script, lab=lab),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    template = HERE.parent / "student" / f"lab_{lab}.py"
    parser.add_argument(
        "--out",
        type=Path,
        default=RUNS / "coursework",
        metavar="DIR",
        help="for figures and sounds; default: experiments/runs/coursework",
    )
    parser.add_argument("--file", type=Path, default=template, help="your function; default: the empty template")
    profiles = ", ".join(course_profile.names())
    parser.add_argument(
        "--profile", default=profile, metavar="NAME", help=f"one of {profiles}, or a .toml file; default: {profile}"
    )
    options = parser.parse_args([] if IN_NOTEBOOK else None)

    def check_options() -> None:
        check_output_folder(options.out)
        course_profile.load(options.profile)

    if status := exit_status(check_options):
        sys.exit(status)
    if not IN_NOTEBOOK:
        sys.excepthook = on_error
    return options, course_profile.load(options.profile)


def on_error(kind: type[BaseException], error: BaseException, trace) -> None:
    """Prints one line after Ctrl+C, upon which Python ends with status 130, and the usual traceback otherwise."""
    if issubclass(kind, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


def show(figure, name: str, out: Path) -> None:
    """Saves the figure as out/name.png, whole or not at all. A notebook shows it instead, below the cell."""
    if IN_NOTEBOOK:
        return
    write(out / f"{name}.png", lambda temporary: figure.savefig(temporary, format="png", dpi=110))
    plt.close(figure)


def play(signal: np.ndarray, sample_rate: float, name: str, out: Path) -> None:
    """Saves the sound as out/name.wav, 16 bits, one channel. A notebook shows a player with the name instead.

    The level stays as it is, so that sounds can be compared; samples beyond -1 and 1 are clipped.

    Checked: tests/test_labs_need_three_packages.py
    """
    samples = np.round(32767 * np.clip(signal, -1, 1)).astype("<i2")
    if IN_NOTEBOOK:
        from IPython.display import Audio, Markdown, display

        display(Markdown(name.replace("_", " ")), Audio(samples / 32767, rate=int(sample_rate), normalize=False))
        return

    def save(temporary: Path) -> None:
        with wave.open(str(temporary), "wb") as file:
            file.setparams((1, 2, int(sample_rate), 0, "NONE", ""))
            file.writeframes(samples.tobytes())

    write(out / f"{name}.wav", save)


def write(path: Path, save) -> None:
    """Calls save(temporary path), renames the file to `path` and prints its name; exits with one line if it cannot."""
    try:
        write_atomically(path, save)
    except OSError as error:
        print(f"error: {file_error_line(error, path)}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    print(printable(path))


def finish(lab: int, file: Path, profile: str) -> None:
    """Checks the student's file and says what to do next. A script that is not passed ends with exit status 1.

    A file that cannot be checked, because it is missing or has no such function, ends it with 2.

    Checked: tests/test_labs_need_three_packages.py
    """
    try:
        report = check(file, lab, profile, unsafe=True)  # one's own file on one's own machine
    except ValueError as error:
        print(f"lab {lab} is not passed yet: {printable(str(error))}")
        return end(BAD_INPUT)
    if all(case["passed"] for case in report["cases"]):
        print(format_report(report))
        print(f"lab {lab} is passed")
        return None
    if "is not written yet" in report["cases"][0]["message"]:
        print(f"{report['function']} is not written yet")
    else:
        print(format_report(report))
    if IN_NOTEBOOK:
        print(f"lab {lab} is not passed yet. Change the function, run its cell, and then run this one again.")
        return None
    print(f"lab {lab} is not passed yet. Copy experiments/coursework/student/lab_{lab}.py, write the function, and run")
    print(f"    python -m experiments.check my_lab_{lab}.py --lab {lab} --profile {profile}")
    return end(NO)


def end(status: int) -> None:
    """Ends a script with the exit status; a notebook goes on."""
    if not IN_NOTEBOOK:
        sys.exit(status)
