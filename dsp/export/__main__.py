"""The command: files for programs in other languages.

python -m dsp.export golden FOLDER [--presets NAME ..] [--sample-rate HZ]
"""

import argparse
import sys

from dsp.export.golden import write_golden
from dsp.files.commands import exit_status
from dsp.files.naming import printable

DESCRIPTION = """\
Writes what programs in other languages need to compute the same features.

  python -m dsp.export golden FOLDER                          all presets
  python -m dsp.export golden FOLDER --presets kaldi whisper  some of them
  python -m dsp.export golden FOLDER --presets my_course.toml a convention of your own
"""
EPILOG = "Exit status: 0 done, 2 bad input or usage, 130 interrupted."


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    options = parser().parse_args(arguments)
    return exit_status(lambda: run(options), target=options.folder)


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    made = argparse.ArgumentParser(
        prog="python -m dsp.export",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = made.add_subparsers(required=True, metavar="KIND")
    golden = kinds.add_parser(
        "golden",
        help="golden vectors: signals, every step and the features of presets, as .npz and as JSON, with tolerances",
        description="Writes golden vectors: signals as WAV, every step of dsp.trace and the features as .npz and as "
        "JSON, with tolerances, and a README.md that explains how to compare.",
        epilog=EPILOG,
    )
    golden.add_argument("folder", metavar="FOLDER", help="new, empty, or with golden vectors, which are replaced")
    golden.add_argument(
        "--presets",
        nargs="+",
        metavar="NAME",
        help="names of conventions, or TOML files (default: every preset that fits the rate)",
    )
    golden.add_argument(
        "--sample-rate",
        type=int,
        metavar="HZ",
        help="of the signals (default: 16000, or the next customary rate that a preset fits)",
    )
    return made


def run(options: argparse.Namespace) -> None:
    """Does what the options ask for."""
    manifest = write_golden(options.folder, options.presets, options.sample_rate)
    size = sum(file["bytes"] for file in manifest["files"].values())
    files = len(manifest["files"]) + 1
    presets = f"{len(manifest['presets'])} preset" + "s" * (len(manifest["presets"]) > 1)
    print(f"{printable(options.folder)}: {presets}, {files} files, {size / 1e6:.1f} MB; README.md explains them")
    for name, reason in manifest["left_out"].items():
        print(f"  left out: {name}, as {reason}")


if __name__ == "__main__":
    sys.exit(main())
