"""What differs between two conventions, and several side by side."""

from typing import Any

from dsp.conventions.parameters import PARAMETERS, Convention
from dsp.conventions.registry import named


def diff(a: str | Convention, b: str | Convention) -> dict[str, tuple[Any, Any]]:
    """The parameters in which two conventions differ: {parameter: (value in a, value in b)}.

    a, b : names or Conventions. The result is empty if their features are equal on every signal.

    Checked: tests/test_conventions_are_tables.py
    """
    first, second = named(a), named(b)
    pairs = {name: (getattr(first, name), getattr(second, name)) for name in PARAMETERS}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def table(*conventions: str | Convention) -> str:
    """Conventions side by side as a text table, one parameter per line; * marks the lines that differ.

    Checked: tests/test_conventions_are_tables.py
    """
    columns = [named(convention) for convention in conventions]
    if not columns:
        raise ValueError("table() was given no convention; at least one is expected")
    rows: list[tuple[str, ...]] = [("tool", *(column.tool or "-" for column in columns))]
    for name in PARAMETERS:
        values = [getattr(column, name) for column in columns]
        mark = "*" if len(set(values)) > 1 else " "
        rows.append((f"{mark} {name}", *("-" if value is None else str(value) for value in values)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
