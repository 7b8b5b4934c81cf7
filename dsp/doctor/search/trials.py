"""A convention after a trial: what a search makes a hundred thousand times."""

from typing import Any

from dsp.conventions.parameters import Convention

Move = dict[str, Any]  # {parameter: value}


def apply_move(c: Convention, move: Move) -> Convention:
    """The convention after a move of this package: dataclasses.replace without its slow checks."""
    other = object.__new__(Convention)
    other.__dict__.update(c.__dict__, **move)
    return other
