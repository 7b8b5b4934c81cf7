"""Writes files that are either there whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path


def write_atomically(path, write: Callable[[Path], object]) -> None:
    """Calls write(temporary path) beside `path`, then renames the finished file to `path`.

    A reader sees the old file or the new one, never half of one, whenever the process dies.

    Raises whatever `write` raises; the temporary file is then removed.

    Checked: tests/test_interrupted_runs_end_the_same.py
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")  # a killed process leaves it; the next one writes over it
    try:
        write(temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text_atomically(path, text: str) -> None:
    """Writes a UTF-8 text file that is either there whole or not at all."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
