"""Parquet files of features: a row for each item with its name and its frames, or a table of numbers.

What the file's own tables say about sizes is compared with the bytes that are there before anything is decompressed.

Source: Apache Parquet, file format. Checked: tests/test_corpus_formats_read_back.py
"""

import os
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from dsp.files.content import Stored, check_expansion, explained
from dsp.files.extras import MissingPackageError, require
from dsp.files.reading import open_regular_file

NAME, FEATURES = "name", "features"  # the columns that dsp.corpus writes


def parquet(data: bytes) -> dict[str, Stored]:
    """Every item of a file with the columns name and features; else the columns of numbers as one matrix.

    ValueError if the file is damaged or has neither, or pyarrow is not installed.
    """
    pyarrow = _require("pyarrow")
    file = _opened(pyarrow.BufferReader(data), len(data))
    table = explained("a Parquet file", file.read)
    if {NAME, FEATURES} <= set(table.column_names):
        names = table.column(NAME).to_pylist()
        frames = table.column(FEATURES)
        stored: dict[str, Stored] = {}
        for row, name in enumerate(names):
            matrix = explained("a Parquet file of features", partial(_matrix, frames[row]))
            stored.setdefault(str(name), Stored(matrix.shape, partial(np.asarray, matrix)))
        return stored
    numbers = [column for column in table.columns if _is_number(pyarrow, column.type)]
    if not numbers or not table.num_rows:
        raise ValueError("no numbers in it")
    columns = explained("a Parquet file", lambda: np.stack([column.to_numpy() for column in numbers], axis=1))
    return {"": Stored(columns.shape, lambda: columns)}


def row_of_parquet(path: Path, row: int) -> np.ndarray:
    """The frames of the item in a row of a file that dsp.corpus wrote, (frames, rows).

    The rows that were compressed together are kept until other ones are read.
    """
    status = os.stat(path)
    groups = _groups(path, status.st_mtime_ns, status.st_size)
    for group, n_rows in enumerate(groups):
        if row < n_rows:
            frames = _group(path, group, status.st_mtime_ns, status.st_size)
            return explained("a Parquet file of features", partial(_matrix, frames[row]))
        row -= n_rows
    raise ValueError(f"no row {row + sum(groups)}; there are {sum(groups)}")


@lru_cache(maxsize=64)
def _groups(path: Path, mtime_ns: int, size: int) -> list[int]:
    """The number of rows of each group."""
    with open_regular_file(path) as stream:
        metadata = _opened(stream, size).metadata
        return [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]


@lru_cache(maxsize=2)
def _group(path: Path, group: int, mtime_ns: int, size: int) -> Any:
    with open_regular_file(path) as stream:
        file = _opened(stream, size)
        return explained("a Parquet file of features", lambda: file.read_row_group(group, [FEATURES]).column(FEATURES))


def _opened(source: Any, n_bytes: int) -> Any:
    """The file, if its sizes are plausible."""
    module = _require("pyarrow.parquet")
    file = explained("a Parquet file", lambda: module.ParquetFile(source))
    for group in range(file.metadata.num_row_groups):
        check_expansion(n_bytes, file.metadata.row_group(group).total_byte_size)
    return file


def _matrix(frames: Any) -> np.ndarray:
    """A list of equally long lists of numbers."""
    inner = frames.values
    lengths = np.diff(inner.offsets.to_numpy())
    if len(lengths) == 0 or (lengths != lengths[0]).any():
        raise ValueError("frames of different lengths")
    if inner.null_count or inner.flatten().null_count:
        raise ValueError("a value is missing")
    return inner.flatten().to_numpy().reshape(len(lengths), lengths[0])


def _is_number(pyarrow: Any, kind: Any) -> bool:
    return pyarrow.types.is_floating(kind) or pyarrow.types.is_integer(kind)


def _require(module: str) -> Any:
    try:
        return require(module, feature="reading Parquet", extra="corpus")
    except MissingPackageError as error:
        raise ValueError(str(error)) from None
