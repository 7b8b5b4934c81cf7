"""Kaldi archives: utterances one after the other, each a name, a blank and a matrix, binary or text; their indexes.

    binary  name \\0B, then FM, DM: the matrix in float32 or float64, row by row
                            CM, CM2, CM3: compressed to bytes or 16-bit integers
                            FV, DV: a vector
    text    name [ numbers, a row per line ]

CM holds, for each column, four 16-bit numbers (percentiles 0, 25, 75, 100) and a byte per row; bytes 0 .. 64,
64 .. 192, 192 .. 255 are straight lines between them. All little-endian.

A .scp file has a line for each utterance: its name, a blank, FILE:OFFSET, where the matrix begins behind its name.

Source: Kaldi, documentation of CompressedMatrix and "Kaldi I/O mechanisms".
Checked: tests/test_feature_files_are_read.py, tests/test_kaldi_indexes_are_read.py
"""

import math
import os
import re
import struct
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from dsp.files.content import SHOWN, Stored, check_complete, numbers_at
from dsp.files.naming import file_error_line, shorten
from dsp.files.reading import open_regular_file

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
POSITION = re.compile(r"(.+):(\d{1,18})")
MAX_HEADER_BYTES, PIECE = 64, 2**20
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


def scp(data: bytes, path: Path, name: str | None) -> dict[str, Stored]:
    """The wanted utterance of an index, or the only one, out of the file that its line names.

    A relative path is looked up in the index's folder and, as Kaldi does it, in the working folder. Commands are never
    run. ValueError names the line.
    """
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise ValueError("not readable as a Kaldi index (UTF-8 text)") from None
    entries: dict[str, tuple[int, str]] = {}
    for i, line in enumerate(lines, 1):
        if line.strip():
            utterance, _, target = line.strip().partition(" ")
            entries.setdefault(utterance, (i, target.strip() or utterance.partition("\t")[2]))
    if not entries:
        raise ValueError("an index without a line")
    names = ", ".join(shorten(one) for one in list(entries)[:SHOWN])
    names += f", ... ({len(entries)} in all)" if len(entries) > SHOWN else ""
    if name is None:
        if len(entries) > 1:
            raise ValueError(f"{len(entries)} utterances; name one of {names}")
        name = next(iter(entries))
    if name not in entries:
        raise ValueError(f"no utterance {shorten(name)!r}; there are {names}")
    i, target = entries[name]
    try:
        return {name: _indexed(path, target)}
    except OSError as error:
        raise ValueError(f"line {i}: {file_error_line(error, target)}") from None
    except ValueError as error:
        raise ValueError(f"line {i}, {shorten(target, 100)!r}: {error}") from None


def _indexed(path: Path, target: str) -> Stored:
    """The matrix that FILE:OFFSET of an index names."""
    if not target:
        raise ValueError("'UTTERANCE FILE:OFFSET' is expected")
    if target.endswith("|") or target.startswith("|"):
        raise ValueError("a command, which is never run; write its output into an archive")
    if target.endswith("]"):
        raise ValueError("a range of rows; take the whole utterance")
    found = POSITION.fullmatch(target)
    file, offset = (found[1], int(found[2])) if found else (target, 0)
    beside = path.parent / file
    with open_regular_file(beside if beside.exists() else file) as archive:
        size = os.fstat(archive.fileno()).st_size
        if offset >= size:
            raise ValueError(f"byte {offset} of a file of {size} bytes")
        archive.seek(offset)
        beginning = b"u " + archive.read(MAX_HEADER_BYTES)
        if not beginning.startswith(b"u \0B"):
            return _text_at(archive, beginning)
        _, kind, shape, header, first, end = _entry(beginning, 0)
        check_complete(offset + end - 2, size)
        archive.seek(offset)
        data = b"u " + archive.read(end - 2)
    return Stored(shape, partial(_decoded, data, kind, shape, header, first))


def _text_at(archive: BinaryIO, beginning: bytes) -> Stored:
    """The matrix of a text archive whose first bytes have been read."""
    content = bytearray(beginning)
    if not re.match(rb"u\s+\[", content):
        raise ValueError("no matrix begins there")
    while b"]" not in content and (piece := archive.read(PIECE)):
        content += piece
    if b"]" not in content:
        raise ValueError("cut off: no ']' ends the matrix")
    return next(iter(text_archive(content.partition(b"]")[0].decode("utf-8", "replace") + "]").values()))


def _binary(data: bytes) -> dict[str, Stored]:
    stored: dict[str, Stored] = {}
    start, end = 0, len(data)
    while start < end:  # a few microseconds for each of perhaps 200,000 utterances
        raw_name, kind, shape, header, first, start = _entry(data, start)
        check_complete(start, end)
        name = raw_name.decode("utf-8", "replace").strip()
        if name not in stored:
            stored[name] = Stored(shape, partial(_decoded, data, kind, shape, header, first))
    return stored


def _entry(data: bytes, start: int) -> tuple[bytes, bytes, tuple[int, ...], bytes, int, int]:
    """(name, type, shape, header, where the data begin, where they end) of the utterance that begins at `start`."""
    entry = BINARY_ENTRY.match(data, start)
    if entry is None:
        raise ValueError(_no_entry(data, start))
    last = entry.lastindex or 0  # of the three alternatives' groups, those that matched
    kind, header = entry[last - 1], entry[last]
    sizes, dtype, column_bytes = KINDS[kind]
    shape, first = sizes.unpack(header), entry.end()
    if min(shape) < 0:
        raise ValueError("cut off or damaged: a negative size")
    return entry[1], kind, shape, header, first, first + column_bytes * shape[-1] + math.prod(shape) * int(dtype[-1])


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
        if any("_" in line for line in lines):
            raise ValueError("'_' in a number")  # Python would read 1_000
        rows = [[float(field) for field in line.split()] for line in lines]
    except ValueError as error:
        raise ValueError(f"{shorten(name)!r}: {shorten(str(error), 100)}") from None
    if len({len(row) for row in rows}) > 1:
        raise ValueError(f"{shorten(name)!r} has rows of {min(map(len, rows))} and {max(map(len, rows))} numbers")
    return np.array(rows, np.float64).reshape(len(rows), -1 if rows else 0)
