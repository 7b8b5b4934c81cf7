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

import math
import re
import struct
from functools import partial

import numpy as np

from dsp.files.content import Stored, check_complete, numbers_at
from dsp.files.naming import shorten

KNOTS = np.array([0, 64, 192, 255])  # bytes that stand for the four percentiles
KINDS = {  # type -> (where the sizes lie in its header, dtype of a value, bytes before the values for each column)
    b"FM": (struct.Struct("<xixi"), "<f4", 0),  # before each size stands the byte 4
    b"DM": (struct.Struct("<xixi"), "<f8", 0),
    b"FV": (struct.Struct("<xi"), "<f4", 0),
    b"DV": (struct.Struct("<xi"), "<f8", 0),
    b"CM": (struct.Struct("<8x2i"), "<u1", 8),  # minimum and range stand before the sizes
    b"CM2": (struct.Struct("<8x2i"), "<u2", 0),
    b"CM3": (struct.Struct("<8x2i"), "<u1", 0),
}
BINARY_ENTRY = re.compile(rb"([^ ]+) \0B(?:([FD]M) (\x04.{4}\x04.{4})|([FD]V) (\x04.{4})|(CM[23]?) (.{16}))", re.DOTALL)
UNREADABLE_ENTRY = re.compile(rb"([^ ]+) \0B(\w{0,5}) ?", re.DOTALL)
TEXT_ENTRY = re.compile(r"\s*(\S+)\s+\[([^\]]*)\]\s*")


def ark(data: bytes) -> dict[str, Stored]:
    """Every utterance of an archive by its name; of two with one name, the first.

    Only names and sizes are read here; numbers are decoded when an utterance is loaded.

    Raises ValueError if the archive has neither form, is cut off, or holds anything but matrices and vectors.
    """
    blank = data.find(b" ")
    if blank > 0 and data[blank + 1 : blank + 3] == b"\0B":
        return _binary(data)
    try:
        return text_archive(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("not a Kaldi archive: neither a binary one nor text") from None


def _binary(data: bytes) -> dict[str, Stored]:
    stored: dict[str, Stored] = {}
    start, end = 0, len(data)
    while start < end:  # a few microseconds for each of perhaps 200,000 utterances
        entry = BINARY_ENTRY.match(data, start)
        if entry is None:
            raise ValueError(_no_entry(data, start))
        last = entry.lastindex or 0  # of the three alternatives' groups, those that matched
        kind, header = entry[last - 1], entry[last]
        sizes, dtype, column_bytes = KINDS[kind]
        shape, first = sizes.unpack(header), entry.end()
        if min(shape) < 0:
            raise ValueError("cut off or damaged: a negative size")
        start = first + column_bytes * shape[-1] + math.prod(shape) * int(dtype[-1])
        check_complete(start, end)
        name = entry[1].decode("utf-8", "replace").strip()
        if name not in stored:
            stored[name] = Stored(shape, partial(_decoded, data, kind, shape, header, first))
    return stored


def _no_entry(data: bytes, start: int) -> str:
    """What is wrong where an utterance is expected."""
    entry = UNREADABLE_ENTRY.match(data, start)
    if entry is None:
        return f"damaged: no utterance begins at byte {start}"
    if entry[2] in KINDS:
        return f"cut off or damaged: no size at byte {entry.end()}"
    name = shorten(entry[1].decode("utf-8", "replace"))
    return f"{name!r} is no matrix (its type is none of {', '.join(kind.decode() for kind in KINDS)})"


def _decoded(data: bytes, kind: bytes, shape: tuple[int, ...], header: bytes, first: int) -> np.ndarray:
    """The numbers of an utterance whose data begin at byte `first`.

    Compressed values are minimum + range * level; with CM the level lies on the lines through a column's percentiles.
    """
    _, dtype, column_bytes = KINDS[kind]
    numbers = numbers_at(data, dtype, math.prod(shape), first + column_bytes * shape[-1])
    if not kind.startswith(b"C"):
        return numbers.reshape(shape)
    if kind == b"CM":
        knots = numbers_at(data, "<u2", 4 * shape[1], first).reshape(shape[1], 4) / 65535
        levels = _between(knots, numbers.reshape(shape[::-1])).T
    else:
        levels = numbers.reshape(shape) / np.iinfo(numbers.dtype).max
    minimum, span = np.frombuffer(header, "<f4", 2).astype(np.float64)
    with np.errstate(all="ignore"):  # a damaged range gives values that are not finite, which as_matrix refuses
        return (minimum + span * levels).astype(np.float32)


def _between(knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Row by row the straight lines through (KNOTS, knots), at the values 0 .. 255."""
    part = np.searchsorted(KNOTS[1:-1], values)  # 0 .. 64, 65 .. 192, 193 .. 255
    low, high = (np.take_along_axis(knots, part + step, axis=1) for step in (0, 1))
    return low + (high - low) * (values - KNOTS[part]) / (KNOTS[part + 1] - KNOTS[part])


def text_archive(content: str) -> dict[str, Stored]:
    """Every utterance of an archive in text, 'name [ numbers ]', by its name."""
    content = content.rstrip()
    stored: dict[str, Stored] = {}
    start = 0
    while start < len(content):
        entry = TEXT_ENTRY.match(content, start)
        if entry is None:
            line = content.count("\n", 0, start) + 1
            raise ValueError(f"not a Kaldi archive, or damaged: no 'name [ numbers ]' from line {line} on")
        name, lines = entry[1], entry[2].strip().splitlines()
        if name not in stored:
            shape = (len(lines), len(lines[0].split()) if lines else 0)
            stored[name] = Stored(shape, partial(_rows, name, lines))
        start = entry.end()
    return stored


def _rows(name: str, lines: list[str]) -> np.ndarray:
    try:
        rows = [[float(field) for field in line.split()] for line in lines]
    except ValueError as error:
        raise ValueError(f"{shorten(name)!r}: {shorten(str(error), 100)}") from None
    if len({len(row) for row in rows}) > 1:
        raise ValueError(f"{shorten(name)!r} has rows of {min(map(len, rows))} and {max(map(len, rows))} numbers")
    return np.array(rows, np.float64).reshape(len(rows), -1 if rows else 0)
