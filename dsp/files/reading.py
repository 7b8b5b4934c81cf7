"""Opening files for reading: regular files only, and never a wait for a pipe, a device or a socket."""

import errno
import os
import stat
from typing import BinaryIO

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def open_regular_file(path: str | os.PathLike) -> BinaryIO:
    """A file opened for reading bytes, if it is a regular file; a link to one counts as one.

    Whatever is not a regular file is refused before it is opened, so a pipe without a writer cannot block the
    program and a device is left alone.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    file : binary file at its first byte; the caller closes it

    Raises
    ------
    OSError  if the file is missing, unreadable, a folder, a named pipe, a socket or a device; its `strerror` is the
        reason.

    Checked: tests/test_only_regular_files_are_read.py
    """
    _check_regular(os.stat(path), path)
    # Should a pipe take the file's place between the two lines, O_NONBLOCK still keeps the open from waiting.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        _check_regular(os.fstat(descriptor), path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular_file(path: str | os.PathLike) -> bytes:
    """All bytes of a regular file; OSError as `open_regular_file` raises it.

    Checked: tests/test_only_regular_files_are_read.py
    """
    with open_regular_file(path) as file:
        return file.read()


def read_regular_text(path: str | os.PathLike) -> str:
    """A regular file as UTF-8 text; OSError as `open_regular_file` raises it, UnicodeDecodeError (a ValueError).

    Checked: tests/test_only_regular_files_are_read.py
    """
    return read_regular_file(path).decode("utf-8")


def _check_regular(status: os.stat_result, path: str | os.PathLike) -> None:
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "something else")
    raise OSError(errno.EINVAL, f"{kind}; a regular file is expected", os.fspath(path))
