"""The bytes of a file, the one matrix of it that is wanted, and what a matrix of features must be."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dsp.files.naming import FileError, file_error_line
from dsp.files.reading import read_regular_file

KEPT = ("float32", "float64", "complex64", "complex128")
ALL_SHOWN, SHOWN = 16, 8  # names in an error: all of so many, else the first


class FeatureFileError(FileError):
    """A file that cannot be used as features. The message is one printable line: the file, then the rule."""


class Stored(NamedTuple):
    """An array in a file: its shape, and the function that decodes it."""

    shape: tuple[int, ...]
    load: Callable[[], np.ndarray]


def read_bytes(path: Path) -> bytes:
    """The whole file; FeatureFileError if it is missing, unreadable or empty."""
    try:
        data = read_regular_file(path)
    except OSError as error:
        raise FeatureFileError(file_error_line(error, path)) from None
    if not data:
        raise FeatureFileError(f"{path}: empty file (0 bytes)")
    return data


def numbers_at(data: bytes, dtype: str, count: int, start: int) -> np.ndarray:
    """`count` numbers from byte `start` on; ValueError if the data ends before."""
    missing = start + count * np.dtype(dtype).itemsize - len(data)
    if count < 0 or missing > 0:
        raise ValueError(f"cut off or damaged: {'a negative size' if count < 0 else f'{missing} bytes are missing'}")
    return np.frombuffer(data, dtype, count, start)


def pick(stored: dict[str, Stored], name: str | None) -> np.ndarray:
    """The matrix called `name`; without a name the only one, single numbers and vectors beside it not counted.

    Raises ValueError, with the names and shapes there are, if there is no such matrix or no only one.
    """
    if not stored:
        raise ValueError("no matrix of numbers in it")
    if name is not None and name not in stored:
        if list(stored) == [""]:
            raise ValueError(f"no matrix {name!r}: this kind of file holds one, without a name")
        raise ValueError(f"no matrix {name!r}; there are {listing(stored)}")
    if name is None:
        matrices = [key for key, one in stored.items() if len(one.shape) > 1 and np.prod(one.shape) > 1]
        candidates = matrices or list(stored)
        if len(candidates) > 1:
            raise ValueError(f"{len(candidates)} matrices; name one of {listing({k: stored[k] for k in candidates})}")
        name = candidates[0]
    return stored[name].load()


def listing(stored: dict[str, Stored]) -> str:
    """Names and shapes in a line: all of 16 or fewer, else the first 8 and the count."""
    names = [f"{name} {one.shape}" for name, one in stored.items()]
    if len(names) <= ALL_SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[:SHOWN])}, ... ({len(names)} in all)"


def as_matrix(array: np.ndarray) -> np.ndarray:
    """The array if it is a finite matrix of numbers: float32, float64 and complex kept, other numbers as float64.

    Raises ValueError for another number of axes, no values, text or objects, NaN or infinity.
    """
    if array.dtype.kind not in "biufc":
        raise ValueError(f"dtype {array.dtype}; numbers are expected")
    if array.ndim != 2:
        raise ValueError(f"shape {array.shape}; a matrix, 2-D, is expected")
    if array.size == 0:
        raise ValueError(f"shape {array.shape}: no values")
    finite = np.isfinite(array)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise ValueError(f"[{row}, {column}] is {array[row, column]}; every value must be finite")
    native = array.dtype.newbyteorder("=")
    other = np.complex128 if native.kind == "c" else np.float64
    return np.array(array, dtype=native if native.name in KEPT else other, order="C")
