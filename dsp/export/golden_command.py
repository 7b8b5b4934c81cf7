"""python -m dsp.export golden FOLDER: its arguments and its report."""

import argparse

from dsp.export.golden import write_golden
from dsp.files.naming import printable

SUMMARY = "golden vectors: signals, every step and the features of presets, as .npz and as JSON, with tolerances"
DESCRIPTION = """\
Writes golden vectors: signals as WAV, every step of dsp.trace and the features as .npz and as JSON, with tolerances,
and a README.md that explains how to compare.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("out", metavar="FOLDER", help="new, empty, or with golden vectors, which are replaced")
    parser.add_argument(
        "--presets",
        nargs="+",
        metavar="NAME",
        help="names of conventions, or TOML files (default: every preset that fits the rate)",
    )
    parser.add_argument(
        "--sample-rate",
        type=int,
        metavar="HZ",
        help="of the signals (default: 16000, or the next customary rate that a preset fits)",
    )


def run(options: argparse.Namespace) -> None:
    """Does what the options ask for."""
    manifest = write_golden(options.out, options.presets, options.sample_rate)
    size = sum(file["bytes"] for file in manifest["files"].values())
    files = len(manifest["files"]) + 1
    presets = f"{len(manifest['presets'])} preset" + "s" * (len(manifest["presets"]) > 1)
    print(f"{printable(options.out)}: {presets}, {files} files, {size / 1e6:.1f} MB; README.md explains them")
    for name, reason in manifest["left_out"].items():
        print(f"  left out: {name}, as {reason}")
