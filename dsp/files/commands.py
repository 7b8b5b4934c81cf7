"""What every command does around its work: outputs checked first, errors in one line, one set of exit statuses.

0  done
1  a check or a verdict says no; the command returns it itself
2  bad input or usage, or an optional package that is missing
130  interrupted (Ctrl+C)
"""

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path

from dsp.files.extras import MissingPackageError, missing_package
from dsp.files.naming import FileError, file_error_line, printable

DONE, NO, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def exit_status(task: Callable[[], object], source=None, target=None, on_interrupt: str = "interrupted") -> int:
    """Runs a command's task; whatever the user can mend becomes one line on standard error.

    If the reader of standard output stops reading (`... --json | head`), the command ends quietly.

    Parameters
    ----------
    task : called without arguments; an int that it returns is the exit status, any other value means 0
    source : what the task reads; it is named where an error does not name its file
    target : what the task writes; it is named where an OSError does not name its file
    on_interrupt : the line after Ctrl+C

    Returns
    -------
    status : int; the task's own, 0, 2 or 130 as the module's docstring lists them

    Checked: tests/test_commands_end_in_one_line.py, tests/test_bad_files_are_named.py
    """
    try:
        result = task()
        sys.stdout.flush()
        return int(result) if isinstance(result, int) else DONE
    except KeyboardInterrupt:
        bar = "\n" if sys.stderr.isatty() else ""  # a terminal may show half a progress bar
        print(f"{bar}{on_interrupt}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return DONE
    except (FileError, MissingPackageError) as error:  # they name their file or package themselves
        line = str(error)
    except ValueError as error:
        line = str(error) if source is None else f"{os.fsdecode(source)}: {error}"
    except OSError as error:
        line = file_error_line(error, target)
    print(f"error: {printable(' '.join(line.splitlines()))}", file=sys.stderr)
    return BAD_INPUT


def exit_without(*packages: str, feature: str, extra: str) -> None:
    """Ends a command with one line and status 2 if an optional package is missing.

    A command calls it above its own imports, which would end in a traceback. Nothing is imported. The arguments are
    those of `dsp.files.extras.require`.

    Checked: tests/test_package_installs.py
    """
    for package in packages:
        if find_spec(package) is None:
            print(f"error: {missing_package(package, feature, extra)}", file=sys.stderr)
            raise SystemExit(BAD_INPUT)


def check_output_file(path) -> None:
    """Raises OSError if a file cannot be written at `path`: known before the work, not after it.

    Folders that do not exist yet are fine, since they are created.

    Checked: tests/test_commands_end_in_one_line.py
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; a file is expected", str(path))
    check_output_folder(path.parent)


def check_output_folder(path) -> None:
    """Raises OSError if nothing can be written into the folder `path`, which need not exist yet.

    Checked: tests/test_commands_end_in_one_line.py
    """
    path = Path(path)
    existing = next(folder for folder in (path, *path.absolute().parents) if folder.exists() or folder.is_symlink())
    if not existing.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "is a file; a folder is expected", str(existing))
    if not os.access(existing, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "no permission to write into this folder", str(existing))


def check_written(paths: Iterable) -> None:
    """Raises OSError if a file that was written is no longer there, as after its folder was deleted meanwhile.

    Checked: tests/test_commands_end_in_one_line.py
    """
    for path in map(Path, paths):
        if not path.exists():
            raise FileNotFoundError(errno.ENOENT, "was written, but has disappeared meanwhile", str(path))


def _discard_output() -> None:
    """Points standard output at nothing, so that Python's last flush does not complain about the closed pipe."""
    with contextlib.suppress(OSError, ValueError):  # a test's standard output has no descriptor
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
