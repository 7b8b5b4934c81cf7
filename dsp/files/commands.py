"""Turns what a command's task raises into one line and an exit status."""

import sys
from collections.abc import Callable

from dsp.audio import AudioError


def exit_status(task: Callable[[], object], source, target) -> int:
    """Runs task(), which makes `target` from the recording `source`; returns 0, or 1 after one line about the error.

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
