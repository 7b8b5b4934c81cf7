"""The command: which convention produced a file of features, and what differs between two.

    dsp-doctor FEATURES --audio FILE          the tool and the settings behind a file
    dsp-doctor A B [--audio FILE]             what differs between two files
    dsp-doctor .. --html report.html          the same, and one page with the text and a picture
    dsp-doctor --profiles librosa htk         what differs between two tools, without any file

The same program runs as python -m dsp.doctor.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np

from dsp.audio import read_one_channel
from dsp.doctor import compare, identify, profile_diff
from dsp.doctor.picture.page import save_page
from dsp.doctor.picture.panels import FEATURE, Clip, of_comparison, of_diagnosis
from dsp.doctor.report import comparison_dict, comparison_text, diagnosis_dict, diagnosis_text
from dsp.doctor.search.deadline import WALL_S
from dsp.feature_files import READERS, read_array
from dsp.files.commands import check_output_file, exit_status
from dsp.files.extras import require
from dsp.files.naming import printable

DESCRIPTION = """\
Finds out which convention produced a file of features: the tool and its settings. Says what differs between
two files, or between two tools.

  {prog} mine.npy --audio speech.wav        the tool and the settings behind a file
  {prog} mine.npy theirs.npy                what differs between two files
  {prog} mine.npy theirs.npy --audio speech.wav    and which settings make the difference
  {prog} mine.npy theirs.npy --html report.html     the same, and a page with a picture of the difference
  {prog} --profiles librosa htk             what differs between two tools, without any file
"""
EPILOG = f"""\
FEATURES is one of {" ".join(READERS)}.
FILE:NAME picks one matrix of several.

Exit status: 0 everything is explained, 1 it is not, 2 bad input or usage, 130 interrupted.
"""
Recording = tuple[np.ndarray, int]  # (signal, sample rate)
PAGES = (".html", ".htm")
EXPLAINED = ("exact", "explained up to a class", "equal", "explained")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    options = parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of empty filters, in conventions that the search tries
        return exit_status(lambda: run(options), target=options.html)


def program() -> str:
    """The command's name as it was typed."""
    name = Path(sys.argv[0]).name
    return name if name.startswith("dsp-doctor") else "python -m dsp.doctor"


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    made = argparse.ArgumentParser(
        prog=program(),
        description=DESCRIPTION.format(prog=program()),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_inputs(made)
    made.add_argument("--profiles", nargs=2, metavar="PRESET", help="compare two presets by name")
    made.add_argument("--sample-rate", type=float, default=16_000, metavar="HZ", help="for --profiles (default: 16000)")
    made.add_argument(
        "--html", type=Path, metavar="FILE", help="also write one page with the text and a picture (needs matplotlib)"
    )
    made.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    made.add_argument(
        "--all", action="store_true", help="also list what the recording does not show, with a signal that would"
    )
    return made


def add_inputs(made: argparse.ArgumentParser) -> None:
    """The arguments that name the files and bound the search."""
    made.add_argument("features", nargs="*", metavar="FEATURES", help="one file of features, or two")
    made.add_argument("--audio", type=Path, metavar="FILE", help="the recording behind the features, one channel")
    made.add_argument(
        "--time-limit",
        type=float,
        metavar="SECONDS",
        help=f"stop the search for each file after so many seconds on the clock (default: {WALL_S:g} times the effort)",
    )
    made.add_argument(
        "--effort",
        type=float,
        default=1.0,
        metavar="X",
        help="search X times as much as by default before giving up; a slow or busy machine searches as much as any",
    )


def check_inputs(options: argparse.Namespace) -> None:
    """Raises ValueError for a wrong number of files, a missing recording, or a time limit that is none."""
    if len(options.features) not in (1, 2):
        raise ValueError(
            f"{len(options.features)} files of features were given; one (with --audio) or two are expected"
        )
    if len(options.features) == 1 and options.audio is None:
        raise ValueError("the recording is missing: add --audio FILE, or give two files to compare them")
    if options.time_limit is not None and not options.time_limit > 0:
        raise ValueError(f"--time-limit {options.time_limit:g}: more than 0 seconds are expected")
    if not options.effort > 0:
        raise ValueError(f"--effort {options.effort:g}: more than 0 is expected")


def check_page(path: Path | None) -> None:
    """Raises before the work what would keep the page of --html from being written.

    ValueError for a name that is no HTML file's, OSError where no file can be written, MissingPackageError without
    matplotlib.
    """
    if path is None:
        return
    if path.suffix.lower() not in PAGES:
        raise ValueError(f"--html {path}: a page is written, so the name must end in {' or '.join(PAGES)}")
    check_output_file(path)
    require("matplotlib.figure", feature=FEATURE, extra="images")


def run(options: argparse.Namespace) -> int:
    """Does what the options ask for; returns the exit status."""
    if options.profiles:
        if options.features or options.audio or options.html:
            raise ValueError("--profiles compares two presets and takes no FEATURES, --audio or --html")
        a, b = options.profiles
        profiles = profile_diff(a, b, options.sample_rate)
        print(json.dumps(profiles.as_dict(), indent=1) if options.json else profiles.text())
        return 0
    if not options.features:
        raise ValueError("nothing to do: give one file of features with --audio, two files, or --profiles")
    check_inputs(options)
    check_page(options.html)
    matrices, recording = read_inputs(options)
    if len(matrices) == 1 and recording is not None:
        return of_one(options, matrices[0], recording)
    return of_two(options, matrices, recording)


def of_one(options: argparse.Namespace, matrix: np.ndarray, recording: Recording) -> int:
    """Names the convention behind a matrix; returns the exit status."""
    found = identify(matrix, *recording, options.time_limit, options.effort)
    text = diagnosis_text(found, options.all)
    print(json.dumps(diagnosis_dict(found), indent=1) if options.json else text)
    if options.html:
        names = names_of(options.features)[0], printable(options.audio.name)
        figure = of_diagnosis(found, Clip(*recording), names)
        save_page(" with ".join(names), text, figure, options.html)
    return int(found.verdict not in EXPLAINED)


def of_two(options: argparse.Namespace, matrices: list[np.ndarray], recording: Recording | None) -> int:
    """Says what differs between two matrices; returns the exit status."""
    a, b = matrices
    name_a, name_b = names = names_of(options.features)
    signal, sample_rate = recording or (None, None)
    found = compare(a, b, signal, sample_rate, (name_a, name_b), options.time_limit, options.effort)
    text = comparison_text(found)
    print(json.dumps(comparison_dict(found), indent=1) if options.json else text)
    if options.html:
        figure = of_comparison(found, Clip(*recording) if recording else None, (name_a, name_b))
        save_page(" and ".join(names), text, figure, options.html)
    return int(found.verdict not in EXPLAINED)


def read_inputs(options: argparse.Namespace) -> tuple[list[np.ndarray], Recording | None]:
    """The matrices of the files that the options name, and (signal, sample rate) of the recording if there is one."""
    matrices = [read_array(*split_name(path)) for path in options.features]
    return matrices, read_one_channel(options.audio) if options.audio else None


def names_of(paths: list[str]) -> tuple[str, ...]:
    """What files are called in sentences: their names, or where these are equal their paths."""
    names = tuple(printable(Path(path).name) for path in paths)
    return tuple(map(printable, paths)) if len(set(names)) < len(names) else names


def split_name(path: str) -> tuple[str, str | None]:
    """FILE:NAME as (FILE, NAME); (path, None) where the whole path is a file, or FILE is none."""
    if Path(path).exists() or ":" not in path:
        return path, None
    file, name = path.rsplit(":", 1)
    return (file, name) if Path(file).exists() else (path, None)


if __name__ == "__main__":
    sys.exit(main())
