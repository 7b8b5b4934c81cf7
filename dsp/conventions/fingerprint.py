"""A short name for the values of a convention."""

import hashlib
import json

from dsp.conventions.parameters import PARAMETERS
from dsp.conventions.registry import named


def fingerprint(convention) -> str:
    """Twelve hex digits for an appendix: equal for equal parameters, whatever the convention is called.

    The SHA-256 of the parameters as sorted JSON.

    Checked: tests/test_conventions_are_tables.py
    """
    convention = named(convention)
    parameters = json.dumps({name: getattr(convention, name) for name in PARAMETERS}, sort_keys=True)
    return hashlib.sha256(parameters.encode()).hexdigest()[:12]
