"""Files that either exist whole or not at all, what stands in a command's way, and how many cores there are."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from dsp import AudioError


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


def write_text_atomically(path, text: str) -> None:
    """A text file, UTF-8, that is there whole or not at all."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def exit_status(task: Callable[[], object], source, target) -> int:
    """0 after task(), which makes `target` of the recording `source`; 1 after one line about what it raised.

    Checked: tests/test_bad_files_are_named.py
    """
    try:
        task()
    except AudioError as error:  # names its file
        reason = f"{error}"
    except ValueError as error:
        reason = f"{source}: {error}"
    except OSError as error:
        reason = f"{target}: {error.strerror or error}"
    else:
        return 0
    print(f"error: {reason}", file=sys.stderr)
    return 1


def available_cores() -> int:
    """Cores this process may use (where the system tells: Linux), else all there are."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
