"""Writes files that are either there whole or not at all, also when several processes write the same file."""

import contextlib
import itertools
import os
import uuid
from collections.abc import Callable
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def write_atomically(path, write: Callable[[Path], object]) -> None:
    """Calls write(temporary path) beside `path`, then renames the finished file to `path`.

    A reader sees the old file or the new one, never half of one, whenever the process dies. Processes and
    threads that write the same file at the same time do not disturb each other; the last one wins.

    Raises whatever `write` raises; the temporary file is then removed.

    Checked: tests/test_interrupted_runs_end_the_same.py
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, lock = _claim_temporary(path)
    try:
        write(temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        if lock is not None:
            os.close(lock)


def write_text_atomically(path, text: str) -> None:
    """Writes a UTF-8 text file that is either there whole or not at all."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def remove_abandoned(folder) -> None:
    """Removes the temporary files of killed processes in a folder and below it; those being written stay.

    Checked: tests/test_corpus_resumes_to_the_same_bytes.py
    """
    if fcntl is None:
        return
    for path in Path(folder).rglob(".*.part"):
        with contextlib.suppress(OSError):  # somebody holds its lock, or has renamed it meanwhile
            descriptor = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_at(descriptor, path):
                    path.unlink()
            finally:
                os.close(descriptor)


def _claim_temporary(path: Path) -> tuple[Path, int | None]:
    """A temporary name that nobody else is writing to, and the lock that keeps it so.

    A killed process leaves its temporary file but not its lock, so the next one takes the same name again.
    """
    unique = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    if fcntl is None:
        return unique, None
    for number in itertools.count():
        temporary = path.with_name(f".{path.name}.{number}.part" if number else f".{path.name}.part")
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(descriptor, temporary):
                return temporary, descriptor
        except BlockingIOError:
            pass  # another process is writing it
        except OSError:  # a file system without locks
            os.close(descriptor)
            temporary.unlink(missing_ok=True)
            return unique, None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    raise AssertionError("unreachable")


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is still the one at `path`: its writer may have renamed it before the lock was ours."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
