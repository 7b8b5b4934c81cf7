"""Reads a submission and parses it; both are data to doubt long before any of it runs.

A submission is read once, and only if it is an ordinary file of moderate size. A link is refused, since it may point
at a file of the teacher's; a pipe or a device would block the check or never end. Python's parser gets text whose size
is limited, and its result is used only if it is not nested so deeply that a walk over it fails.
"""

import ast
import os
import stat
from pathlib import Path

from dsp.files.naming import FileError, file_error_line
from dsp.files.reading import open_regular_file

MAX_BYTES = 1 << 20  # of a file
MAX_NOTEBOOK = 16 << 20  # of a notebook, with figures and sound; its program counts as MAX_SOURCE says
MAX_SOURCE = 1 << 17  # of program text; a lab has 2 kB, and an f-string of 600 kB takes Python's parser 45 s
MAX_DEPTH = 150  # of nested expressions and statements; ordinary code has about 15


class NotPython(FileError):
    """A program that Python's parser refuses, which is the student's mistake and no bad use of the check."""

    def __init__(self, name, error: SyntaxError) -> None:
        self.line, self.reason = error.lineno or 1, error.msg
        super().__init__(f"{name}: line {self.line}: {self.reason}")


def read_submission(path: str | os.PathLike, max_bytes: int | None = None) -> bytes:
    """The bytes of an ordinary file; FileError (a ValueError, one line) for anything else.

    path : a regular file; the last part of the path may not be a symbolic link
    max_bytes : a larger file is refused, unread; default: 1 MB, or 16 MB for a notebook, which may hold figures

    Checked: tests/test_check_contains_student_code.py
    """
    path = Path(path)
    if max_bytes is None:
        max_bytes = MAX_NOTEBOOK if path.suffix.lower() == ".ipynb" else MAX_BYTES
    try:
        if stat.S_ISLNK(os.lstat(path).st_mode):
            raise FileError(f"{path}: a symbolic link; a regular file is expected")
        with open_regular_file(path) as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise FileError(file_error_line(error, path)) from None
    if len(content) > max_bytes:
        raise FileError(f"{path}: larger than {max_bytes >> 10} kB, the limit for a submission")
    return content


def parse_submission(source: str | bytes, name) -> ast.Module:
    """The syntax tree of the source; FileError (a ValueError, one line) if there is none or it is nested too deeply.

    source : text, or the bytes of a file, whose encoding Python then finds out itself
    name : of the file, for the message

    Checked: tests/test_check_contains_student_code.py
    """
    if len(source) > MAX_SOURCE:
        raise FileError(f"{name}: more than {MAX_SOURCE >> 10} kB of program text")
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise NotPython(name, error) from None
    except (ValueError, RecursionError, MemoryError):
        raise FileError(f"{name}: not readable as Python") from None
    level, depth = [tree], 0
    while level:
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        depth += 1
        if depth > MAX_DEPTH:
            raise FileError(f"{name}: nested more than {MAX_DEPTH} deep")
    try:
        compile(tree, "student.py", "exec", dont_inherit=True)
    except SyntaxError as error:  # a return outside a function, a starred expression
        raise NotPython(name, error) from None
    except (ValueError, RecursionError, MemoryError):
        raise FileError(f"{name}: not readable as Python") from None
    return tree
