"""The command: what the doctor finds, as text and as one picture, or as one page with both.

    python -m experiments.doctor_report FEATURES --audio FILE [--out report.png]     the convention behind a file
    python -m experiments.doctor_report A B [--audio FILE] [--out report.png]        what differs between two files

It reads the same files, prints the same text and ends with the same exit status as python -m dsp.doctor. Needs NumPy,
Numba and matplotlib, and soundfile to read audio.
"""

from dsp.files.commands import exit_without

exit_without("matplotlib", feature="drawing", extra="train")

import argparse
import sys
from pathlib import Path

from dsp.doctor import compare, identify
from dsp.doctor.__main__ import EXPLAINED, add_inputs, check_inputs, names_of, read_inputs
from dsp.doctor.picture.page import save_page
from dsp.doctor.picture.panels import Clip, of_comparison, of_diagnosis
from dsp.doctor.report import comparison_text, diagnosis_text
from dsp.files.commands import check_output_file, exit_status
from dsp.files.naming import printable
from experiments.figures import matlab

DESCRIPTION = """\
Finds the convention behind a file of features, or what differs between two files, and draws it.

  python -m experiments.doctor_report mine.npy --audio speech.wav
  python -m experiments.doctor_report mine.npy theirs.npy --audio speech.wav --out difference.png
  python -m experiments.doctor_report mine.npy theirs.npy --out difference.html
"""
EPILOG = """\
Exit status: 0 everything is explained, 1 it is not, 2 bad input or usage, 130 interrupted.
"""


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    options = parser().parse_args(arguments)
    return exit_status(lambda: run(options), target=options.out)


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    made = argparse.ArgumentParser(
        prog="python -m experiments.doctor_report",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_inputs(made)
    made.add_argument(
        "--out",
        type=Path,
        default=Path("report.png"),
        metavar="FILE",
        help="the picture (.png), or a page with picture and text (.html) (default: report.png)",
    )
    return made


def run(options: argparse.Namespace) -> int:
    """Prints the text and writes the picture or the page; returns the exit status."""
    check_inputs(options)
    check_output(options.out)
    matrices, recording = read_inputs(options)
    clip = Clip(*recording) if recording else None
    names = names_of(options.features)
    if len(matrices) == 1:
        found = identify(matrices[0], *recording, options.time_limit, options.effort)
        text = diagnosis_text(found)
        figure = of_diagnosis(found, clip, (*names, printable(options.audio.name)))
    else:
        found = compare(*matrices, *(recording or (None, None)), names, options.time_limit, options.effort)
        text, figure = comparison_text(found), of_comparison(found, clip, names)
    print(text)
    if options.out.suffix == ".html":
        save_page(" and ".join(names), text, figure, options.out)
    else:
        matlab.save(figure, options.out)
    print(f"drawn in {printable(options.out)}")
    return int(found.verdict not in EXPLAINED)


def check_output(path: Path) -> None:
    """Raises ValueError for a name that is no PNG or HTML file's, OSError where no file can be written."""
    if path.suffix not in (".png", ".html"):
        raise ValueError(f"--out {path}: a picture or a page is written, so the name must end in .png or .html")
    check_output_file(path)


if __name__ == "__main__":
    sys.exit(main())
