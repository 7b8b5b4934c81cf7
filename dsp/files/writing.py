"""Files that either exist whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path


def write_atomically(path, write: Callable[[Path], object]) -> None:
    """Calls write(temporary path) beside `path`, then puts the finished file in its place.

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
