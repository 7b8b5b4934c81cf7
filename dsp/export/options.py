"""The arguments that the commands of dsp.export share: which convention, with which changes, at which rate."""

import argparse

from dsp.conventions.assignments import chosen
from dsp.conventions.parameters import Convention


def add_convention(parser: argparse.ArgumentParser) -> None:
    """Adds CONVENTION, --set and --sample-rate."""
    parser.add_argument("convention", metavar="CONVENTION", help="the name of a preset, or a TOML file")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="changes a parameter of the convention, such as n_mels=80; may be repeated",
    )
    parser.add_argument("--sample-rate", type=int, required=True, metavar="HZ", help="of the samples")


def convention_of(options: argparse.Namespace) -> Convention:
    """The convention that the options name, with the changes of --set.

    Checked: tests/test_conventions_are_files.py
    """
    return chosen(options.convention, options.set)
