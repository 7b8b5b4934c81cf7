"""The bytes of a file, the one matrix of it that is wanted, and what a matrix of features must be."""

import math
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dsp.files.naming import FileError, file_error_line, shorten
from dsp.files.reading import read_regular_file

NUMBERS = "biufc"  # kinds of dtypes
KEPT = ("float32", "float64", "complex64", "complex128")
ALL_SHOWN, SHOWN = 16, 8  # names in an error: all of up to 16, else the first 8
LARGEST_EXACT = 2**53  # float64 holds every whole number up to here
MAX_EXPANSION, ALWAYS_EXPANDED = 200, 2**26  # compressed 200-fold and over 64 MB: no matrix of features is like that


class FeatureFileError(FileError):
    """A file that cannot be used as features. The message is one printable line: the file, then the rule."""


class Stored(NamedTuple):
    """An array in a file: its shape, and the function that decodes it (ValueError if it is damaged)."""

    shape: tuple[int, ...]
    load: Callable[[], np.ndarray]


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The whole file; FeatureFileError if it is missing, unreadable, empty or not a regular file."""
    try:
        data = read_regular_file(path)
    except OSError as error:
        raise FeatureFileError(file_error_line(error, path)) from None
    if not data:
        raise FeatureFileError(f"{path}: empty file (0 bytes)")
    return data


def numbers_at(data: bytes | memoryview, dtype: str, count: int, start: int) -> np.ndarray:
    """`count` numbers from byte `start` on, as a view; ValueError if the data end before."""
    if count < 0:
        raise ValueError("cut off or damaged: a negative size")
    check_complete(start + count * np.dtype(dtype).itemsize, len(data))
    return np.frombuffer(data, dtype, count, start)


def count_values(shape: tuple[int, ...]) -> int:
    """Numbers in an array of that shape, however large; ValueError if a size is negative."""
    if any(size < 0 for size in shape):
        raise ValueError("cut off or damaged: a negative size")
    return math.prod(shape)


def check_complete(expected: int, present: int) -> None:
    """ValueError if fewer bytes are present than a header promises."""
    if present < expected:
        raise ValueError(f"cut off or damaged: {expected - present} bytes are missing")


def check_expansion(compressed: int, expanded: int) -> None:
    """ValueError if so few bytes claim to hold so many: a lie, or a file made to fill the memory."""
    if expanded > ALWAYS_EXPANDED and expanded > MAX_EXPANSION * compressed:
        raise ValueError(
            f"{compressed} compressed bytes claim to hold {expanded} bytes; more than {MAX_EXPANSION}-fold is refused"
        )


def pick(stored: dict[str, Stored], name: str | None) -> np.ndarray:
    """The matrix called `name`; without a name the only one, single numbers and vectors beside it not counted.

    Raises ValueError, with the names and shapes there are, if there is no such matrix or, without a name, not
    exactly one.
    """
    if not stored:
        raise ValueError("no matrix of numbers in it")
    if name is not None and name not in stored and name.lstrip("/") in stored:
        name = name.lstrip("/")  # as HDF5's own tools write a path
    if name is not None and name not in stored:
        if list(stored) == [""]:
            raise ValueError(f"no matrix {shorten(name)!r}: this kind of file holds one, without a name")
        raise ValueError(f"no matrix {shorten(name)!r}; there are {listing(stored)}")
    if name is None:
        matrices = {key: one for key, one in stored.items() if len(one.shape) > 1 and math.prod(one.shape) > 1}
        candidates = matrices or stored
        if len(candidates) > 1:
            raise ValueError(f"{len(candidates)} matrices; name one of {listing(candidates)}")
        name = next(iter(candidates))
    return stored[name].load()


def listing(stored: dict[str, Stored]) -> str:
    """Names and shapes in a line: all of 16 or fewer, else the first 8 and the count."""
    shown = len(stored) if len(stored) <= ALL_SHOWN else SHOWN
    names = [f"{shorten(name)} {one.shape}" for name, one in list(stored.items())[:shown]]
    return ", ".join(names) + (f", ... ({len(stored)} in all)" if len(stored) > shown else "")


def as_matrix(array: np.ndarray) -> np.ndarray:
    """The array if it is a finite matrix of numbers: float32, float64 and complex kept, other numbers as float64.

    Raises ValueError for another number of axes, and as `as_numbers` does.
    """
    if array.dtype.kind in NUMBERS and array.ndim != 2:
        raise ValueError(f"shape {array.shape}; a matrix, 2-D, is expected")
    return as_numbers(array)


def as_numbers(array: np.ndarray) -> np.ndarray:
    """The array, of any number of axes, if it is of finite numbers; types as `as_matrix` has them.

    Raises ValueError for no values, text or objects, NaN or infinity, and for integers beyond 2**53, which float64
    would round.
    """
    if array.dtype.kind not in NUMBERS:
        raise ValueError(f"dtype {shorten(str(array.dtype))}; numbers are expected")
    if array.size == 0:
        raise ValueError(f"shape {array.shape}: no values")
    finite = np.isfinite(array)
    if not finite.all():
        at = tuple(np.argwhere(~finite)[0].tolist())
        raise ValueError(f"{list(at)} is {array[at]}; every value must be finite")
    native = array.dtype.newbyteorder("=")
    if native.kind in "iu" and native.itemsize == 8:
        inexact = (array > LARGEST_EXACT) | (array < (0 if native.kind == "u" else -LARGEST_EXACT))
        if inexact.any():
            at = tuple(np.argwhere(inexact)[0].tolist())
            raise ValueError(f"{list(at)} is {array[at]}, beyond 2**53: float64 does not hold it exactly")
    other = np.complex128 if native.kind == "c" else np.float64
    return np.array(array, dtype=native if native.name in KEPT else other, order="C")


def explained(what: str, read: Callable[[], Any]) -> Any:
    """read(), whatever goes wrong inside a library's reader said in one line."""
    try:
        return read()
    except Exception as error:
        reason = shorten((str(error) or type(error).__name__).splitlines()[0], 200)
        raise ValueError(f"not readable as {what} ({reason})") from None
