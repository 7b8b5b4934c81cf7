"""A short name for the values of a convention."""

import hashlib
import json

from dsp.conventions.parameters import PARAMETERS, Convention
from dsp.conventions.registry import named


def fingerprint(convention: str | Convention) -> str:
    """Twelve hex digits that name a convention in an appendix: equal for equal parameters, whatever its name.

    The SHA-256 of the parameters as sorted JSON.

    Checked: tests/test_conventions_are_tables.py
    """
    c = named(convention)
    parameters = json.dumps({name: getattr(c, name) for name in PARAMETERS}, sort_keys=True)
    return hashlib.sha256(parameters.encode()).hexdigest()[:12]
