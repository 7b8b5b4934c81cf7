"""Kaldi archives: utterances one after the other, each a name, a blank and a matrix, binary or text.

    binary  name \\0B, then FM, DM: the matrix in float32 or float64, row by row
                            CM, CM2, CM3: compressed to bytes or 16-bit integers
                            FV, DV: a vector
    text    name [ numbers, a row per line ]

CM holds, for each column, four 16-bit numbers (percentiles 0, 25, 75, 100) and a byte per row; bytes 0 .. 64,
64 .. 192, 192 .. 255 are straight lines between them. All little-endian.

Source: Kaldi, documentation of CompressedMatrix and "Kaldi I/O mechanisms".
Checked: tests/test_feature_files_are_read.py
"""

import re

import numpy as np

from dsp.files.content import Stored, numbers_at

KNOTS = np.array([0, 64, 192, 255])  # bytes that stand for the four percentiles
TEXT_ENTRY = re.compile(r"\s*(\S+)\s+\[([^\]]*)\]\s*")


def ark(data: bytes) -> dict[str, Stored]:
    """Every utterance of an archive by its name; of two with one name, the first.

    Raises ValueError if it is neither form, cut off, or holds something else than matrices and vectors.
    """
    blank = data.find(b" ")
    return _binary(data) if blank > 0 and data[blank + 1 : blank + 3] == b"\0B" else _text(data)


def _binary(data: bytes) -> dict[str, Stored]:
    stored, start = {}, 0
    while start < len(data):
        blank = data.find(b" ", start)
        if blank < 0 or data[blank + 1 : blank + 3] != b"\0B":
            raise ValueError(f"damaged: no utterance begins at byte {start}")
        name = data[start:blank].decode("utf-8", "replace").strip()
        end_of_type = data.find(b" ", blank + 3, blank + 9)
        kind = data[blank + 3 : end_of_type].decode("ascii", "replace")
        if end_of_type < 0 or kind not in READERS:
            raise ValueError(f"{name!r} is no matrix (its type is none of {', '.join(READERS)})")
        one, start = READERS[kind](data, end_of_type + 1)
        stored.setdefault(name, one)
    return stored


def _size(data: bytes, start: int) -> int:
    """A dimension: the byte 4, then 32 bits."""
    if data[start : start + 1] != b"\x04":
        raise ValueError(f"cut off or damaged: no size at byte {start}")
    return int(numbers_at(data, "<i4", 1, start + 1)[0])


def _plain(dtype: str, n_axes: int):
    """The reader of a matrix or vector of floating-point numbers: (data, start) -> (Stored, end)."""

    def read(data: bytes, start: int) -> tuple[Stored, int]:
        shape = tuple(_size(data, start + 5 * axis) for axis in range(n_axes))
        first, count = start + 5 * n_axes, int(np.prod(shape, dtype=object))
        numbers = numbers_at(data, dtype, count if min(shape) >= 0 else -1, first)
        return Stored(shape, lambda: numbers.reshape(shape)), first + numbers.nbytes

    return read


def _compressed(kind: str):
    """The reader of a compressed matrix: (data, start) -> (Stored, end)."""
    dtype, column_bytes = {"CM": ("u1", 8), "CM2": ("<u2", 0), "CM3": ("u1", 0)}[kind]

    def read(data: bytes, start: int) -> tuple[Stored, int]:
        least, span = numbers_at(data, "<f4", 2, start).astype(np.float64)
        shape = n_rows, n_columns = tuple(int(n) for n in numbers_at(data, "<i4", 2, start + 8))
        first = start + 16 + column_bytes * n_columns
        integers = numbers_at(data, dtype, n_rows * n_columns if min(shape) >= 0 else -1, first)

        def load() -> np.ndarray:
            if kind != "CM":
                levels = integers.reshape(shape) / np.iinfo(integers.dtype).max
            else:
                knots = numbers_at(data, "<u2", 4 * n_columns, start + 16).reshape(n_columns, 4) / 65535
                levels = _between(knots, integers.reshape(n_columns, n_rows)).T
            return (least + span * levels).astype(np.float32)

        return Stored(shape, load), first + integers.nbytes

    return read


def _between(knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Row by row the straight lines through (KNOTS, knots), at the values 0 .. 255."""
    part = np.searchsorted(KNOTS[1:-1], values)  # 0 .. 64, 65 .. 192, 193 .. 255
    low, high = (np.take_along_axis(knots, part + step, axis=1) for step in (0, 1))
    return low + (high - low) * (values - KNOTS[part]) / (KNOTS[part + 1] - KNOTS[part])


def _text(data: bytes) -> dict[str, Stored]:
    try:
        content = data.decode("utf-8").rstrip()
    except UnicodeDecodeError:
        raise ValueError("not a Kaldi archive: neither a binary one nor text") from None
    stored, start = {}, 0
    while start < len(content):
        entry = TEXT_ENTRY.match(content, start)
        if entry is None:
            line = content.count("\n", 0, start) + 1
            raise ValueError(f"not a Kaldi archive, or damaged: no 'name [ numbers ]' from line {line} on")
        matrix = _rows(*entry.groups())
        stored.setdefault(entry[1], Stored(matrix.shape, lambda matrix=matrix: matrix))
        start = entry.end()
    return stored


def _rows(name: str, numbers: str) -> np.ndarray:
    try:
        rows = [[float(field) for field in line.split()] for line in numbers.strip().splitlines()]
    except ValueError as error:
        raise ValueError(f"{name!r}: {error}") from None
    if len({len(row) for row in rows}) > 1:
        raise ValueError(f"{name!r} has rows of {min(map(len, rows))} and {max(map(len, rows))} numbers")
    return np.array(rows, np.float64).reshape(len(rows), -1 if rows else 0)


READERS = {
    "FM": _plain("<f4", 2),
    "DM": _plain("<f8", 2),
    "CM": _compressed("CM"),
    "CM2": _compressed("CM2"),
    "CM3": _compressed("CM3"),
    "FV": _plain("<f4", 1),
    "DV": _plain("<f8", 1),
}
