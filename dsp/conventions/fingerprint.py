"""A short name for the values of a convention, which new parameters do not change."""

import hashlib
import json
from typing import Any

from dsp.conventions.parameters import PARAMETERS, Convention
from dsp.conventions.registry import named


def fingerprint(convention: str | Convention) -> str:
    """Twelve hex digits that name a convention in an appendix: equal for equal parameters, whatever its name.

    The beginning of the SHA-256 of the parameters that differ from the defaults of Convention(), as JSON with sorted
    names, whole numbers without a point, and other numbers as Python prints them. The defaults are frozen, and a new
    parameter's default is what all tools did before it, so a fingerprint stays what it was.

    Checked: tests/test_fingerprints_last.py
    """
    changed = json.dumps(changed_parameters(named(convention)), sort_keys=True)
    return hashlib.sha256(changed.encode()).hexdigest()[:12]


def changed_parameters(c: Convention) -> dict[str, Any]:
    """The parameters that differ from the defaults, in the order of the table; equal numbers in one form."""
    defaults = Convention()
    return {name: _plain(getattr(c, name)) for name in PARAMETERS if getattr(c, name) != getattr(defaults, name)}


def _plain(value: Any) -> str | int | float | None:
    """The value as JSON and TOML know it; 2.0 as 2, so that equal numbers look alike."""
    if value is None or isinstance(value, str):
        return value
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
