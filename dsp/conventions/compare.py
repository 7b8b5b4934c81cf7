"""Conventions by name: what differs between two, all switches side by side, and a fingerprint for an appendix."""

import hashlib
import json
from difflib import get_close_matches

from dsp.presets import CONVENTIONS
from dsp.switches import SWITCHES, Convention


def named(convention) -> Convention:
    """The Convention itself, or the preset of that name.

    Raises ValueError for an unknown name, with the nearest known ones.

    Checked: tests/test_conventions_are_tables.py
    """
    if isinstance(convention, Convention):
        return convention
    if convention in CONVENTIONS:
        return CONVENTIONS[convention]
    near = get_close_matches(str(convention), CONVENTIONS, n=3) or list(CONVENTIONS)
    raise ValueError(f"unknown convention {convention!r}; did you mean {', '.join(near)}?")


def diff(a, b) -> dict[str, tuple]:
    """The switches in which two conventions differ: {switch: (value in a, value in b)}.

    a, b : names or Conventions. Empty if their features are equal on every signal.

    Checked: tests/test_conventions_are_tables.py
    """
    a, b = named(a), named(b)
    return {name: (getattr(a, name), getattr(b, name)) for name in SWITCHES if getattr(a, name) != getattr(b, name)}


def table(*conventions) -> str:
    """Conventions side by side as a text table, one switch a line; those that differ are marked with *.

    Checked: tests/test_conventions_are_tables.py
    """
    columns = [named(convention) for convention in conventions]
    rows = [("tool", *(column.tool or "-" for column in columns))]
    for name in SWITCHES:
        values = [getattr(column, name) for column in columns]
        mark = "*" if len(set(values)) > 1 else " "
        rows.append((f"{mark} {name}", *("-" if value is None else str(value) for value in values)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def fingerprint(convention) -> str:
    """Twelve hex digits for an appendix: equal for equal switches, whatever the convention is called.

    The SHA-256 of the switches as sorted JSON.

    Checked: tests/test_conventions_are_tables.py
    """
    convention = named(convention)
    switches = json.dumps({name: getattr(convention, name) for name in SWITCHES}, sort_keys=True)
    return hashlib.sha256(switches.encode()).hexdigest()[:12]
