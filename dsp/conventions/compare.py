"""What differs between two conventions, and several side by side."""

from dsp.conventions.parameters import PARAMETERS
from dsp.conventions.registry import named


def diff(a, b) -> dict[str, tuple]:
    """The parameters in which two conventions differ: {parameter: (value in a, value in b)}.

    a, b : names or Conventions. Empty if their features are equal on every signal.

    Checked: tests/test_conventions_are_tables.py
    """
    a, b = named(a), named(b)
    return {name: (getattr(a, name), getattr(b, name)) for name in PARAMETERS if getattr(a, name) != getattr(b, name)}


def table(*conventions) -> str:
    """Conventions side by side as a text table, one parameter a line; those that differ are marked with *.

    Checked: tests/test_conventions_are_tables.py
    """
    columns = [named(convention) for convention in conventions]
    rows = [("tool", *(column.tool or "-" for column in columns))]
    for name in PARAMETERS:
        values = [getattr(column, name) for column in columns]
        mark = "*" if len(set(values)) > 1 else " "
        rows.append((f"{mark} {name}", *("-" if value is None else str(value) for value in values)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
