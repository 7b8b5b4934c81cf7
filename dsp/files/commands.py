"""Files that either exist whole or not at all, what stands in a command's way, and how many cores there are."""

import os
import sys
from collections.abc import Callable

from dsp import AudioError
from dsp.files.writing import write_atomically


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
