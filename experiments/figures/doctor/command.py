"""What the doctor found, as text and as one picture: the features, the difference, and where it lies.

    python -m experiments.doctor_report FEATURES --audio WAV [--out report.png]     the convention behind a file
    python -m experiments.doctor_report A B [--audio WAV] [--out report.png]        what differs between two files

Files and text are those of python -m dsp.doctor, and so is the exit status: 0 if everything is explained, 1 if not, 2
if something cannot be read or written. Needs NumPy, Numba and matplotlib; soundfile for a WAV.
"""

import argparse
import sys
from pathlib import Path

from dsp.doctor import compare, identify
from dsp.doctor.__main__ import named_matrix, recording
from dsp.doctor.report import text_of, text_of_comparison
from dsp.feature_files import read_features
from dsp.files.naming import figure_label, file_error_line, printable
from experiments.figures import matlab
from experiments.figures.doctor.panels import Clip, of_comparison, of_diagnosis


def main(arguments: list[str] | None = None) -> int:
    """The command; its exit status."""
    options = parser().parse_args(arguments)
    try:
        return run(options)
    except OSError as error:
        print(f"error: {file_error_line(error, options.out)}", file=sys.stderr)
    except ValueError as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
    return 2


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    found = argparse.ArgumentParser(
        prog="python -m experiments.doctor_report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("features", nargs="*", help="one file of features, or two")
    found.add_argument("--audio", type=Path, metavar="WAV", help="the recording that they were computed from")
    found.add_argument("--out", type=Path, default=Path("report.png"), metavar="PNG", help="default: report.png")
    found.add_argument("--seconds", type=float, default=9.0, help="of the processor, for each file (9)")
    return found


def run(options) -> int:
    """Prints the text, writes the picture."""
    check(options)
    matrices = [read_features(*named_matrix(path)) for path in options.features]
    clip = Clip(*recording(options.audio)) if options.audio else None
    names = tuple(figure_label(path) for path in options.features)
    if len(matrices) == 1:
        found = identify(matrices[0], clip.signal, clip.sample_rate, options.seconds)
        text, figure = text_of(found), of_diagnosis(found, matrices[0], clip, (*names, figure_label(options.audio)))
    else:
        if names[0] == names[1]:
            names = tuple(map(printable, options.features))
        given = (clip.signal, clip.sample_rate) if clip else (None, None)
        found = compare(*matrices, *given, names, options.seconds)
        text, figure = text_of_comparison(found), of_comparison(found, matrices, clip, names)
    print(text)
    matlab.save(figure, options.out)
    print(f"drawn in {printable(options.out)}")
    return int(found.verdict not in ("equal", "exact", "explained", "explained up to a class"))


def check(options) -> None:
    """ValueError for what cannot be asked for."""
    if len(options.features) not in (1, 2):
        raise ValueError(f"{len(options.features)} files of features; one (with --audio) or two are expected")
    if len(options.features) == 1 and options.audio is None:
        raise ValueError("the recording is missing: --audio WAV (without it two files can be compared)")
    if options.out.suffix != ".png":
        raise ValueError(f"--out {options.out}: a PNG file is written; its name must end in .png")
