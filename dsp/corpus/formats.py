"""The formats that features are written in: for each, a writer of a shard and a reader of one item.

    npy, csv, htk                a file for each item, in a folder for each shard
    npz, hdf5, ark, parquet      one file for each shard

A writer takes the items one after the other and keeps none, so memory does not grow with a shard. In all formats but
csv and parquet the numbers of an item lie in one piece; the index keeps the byte at which they begin, so a reader
goes straight to them. npy, npz and hdf5 hold (rows, frames), as dsp has it; ark, htk, csv and parquet hold a frame
after the other, as their own tools do.

Source: NumPy, NEP 1; Kaldi, "Kaldi I/O mechanisms"; Young et al., The HTK Book; HDF Group; Apache Parquet.
Checked: tests/test_corpus_formats_read_back.py
"""

import io
import os
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dsp.feature_files import read_features
from dsp.files.content import check_complete
from dsp.files.extras import require
from dsp.files.parquet import row_of_parquet
from dsp.files.reading import open_regular_file
from dsp.files.writing import write_atomically

DATE = (1980, 1, 1, 0, 0, 0)  # of members of an .npz, so that equal features are equal bytes
HTK_KINDS = {"log_mel": 7, "mfcc": 6}  # FBANK, MFCC
MAX_HTK_FRAME_BYTES = 32767
PARQUET_GROUP, PARQUET_VALUES = 32, 2**22  # items, and about how many numbers, that are decompressed together
Shape = tuple[int, int]  # (rows, frames)


@dataclass(frozen=True)
class Contents:
    """What all items of a corpus share, as far as a header says it."""

    dtype: str  # "float32" or "float64"
    kind: str  # "mfcc" or "log_mel"
    frame_period_s: float


class Writer(Protocol):
    """Writes the items of one shard into its file, or into its folder."""

    def add(self, name: str, features: NDArray[Any]) -> int:
        """Writes one item, (rows, frames); returns the byte of its file at which its numbers begin."""

    def close(self) -> None:
        """Completes what was written."""


class NpyWriter:
    """NAME.npy for each item."""

    def __init__(self, folder: Path, contents: Contents) -> None:
        self._folder, self._dtype = folder, _little(contents.dtype)

    def add(self, name: str, features: NDArray[Any]) -> int:
        content = _npy(features.astype(self._dtype))
        write_atomically(self._folder / f"{name}.npy", lambda temporary: temporary.write_bytes(content))
        return len(content) - features.size * self._dtype.itemsize

    def close(self) -> None:
        pass


class CsvWriter:
    """NAME.csv for each item: a line for each frame, every number with as many digits as make it exact."""

    def __init__(self, folder: Path, contents: Contents) -> None:
        self._folder, self._dtype = folder, np.dtype(contents.dtype)

    def add(self, name: str, features: NDArray[Any]) -> int:
        frames = features.T.astype(self._dtype)
        text = "".join(",".join(map(str, frame)) + "\n" for frame in frames)
        write_atomically(self._folder / f"{name}.csv", lambda temporary: temporary.write_text(text, encoding="ascii"))
        return 0

    def close(self) -> None:
        pass


class HtkWriter:
    """NAME.htk for each item: HTK's header of 12 bytes and float32, big-endian."""

    def __init__(self, folder: Path, contents: Contents) -> None:
        self._folder, self._kind = folder, HTK_KINDS[contents.kind]
        self._period = round(contents.frame_period_s * 1e7)

    def add(self, name: str, features: NDArray[Any]) -> int:
        rows, frames = features.shape
        if 4 * rows > MAX_HTK_FRAME_BYTES:
            raise ValueError(f"{rows} rows; a frame in HTK's format has at most {MAX_HTK_FRAME_BYTES // 4}")
        header = struct.pack(">iihh", frames, self._period, 4 * rows, self._kind)
        content = header + features.T.astype(">f4").tobytes()
        write_atomically(self._folder / f"{name}.htk", lambda temporary: temporary.write_bytes(content))
        return len(header)

    def close(self) -> None:
        pass


class ArkWriter:
    """One Kaldi archive of uncompressed matrices, (frames, rows)."""

    def __init__(self, path: Path, contents: Contents) -> None:
        self._file, self._dtype = open(path, "wb"), _little(contents.dtype)
        self._mark = b"FM" if contents.dtype == "float32" else b"DM"

    def add(self, name: str, features: NDArray[Any]) -> int:
        rows, frames = features.shape
        self._file.write(name.encode() + b" \0B" + self._mark + struct.pack("<sbibi", b" ", 4, frames, 4, rows))
        offset = self._file.tell()
        self._file.write(features.T.astype(self._dtype).tobytes())
        return offset

    def close(self) -> None:
        self._file.close()


class NpzWriter:
    """One .npz archive without compression: a member for each item, (rows, frames)."""

    def __init__(self, path: Path, contents: Contents) -> None:
        self._file, self._dtype = open(path, "wb"), _little(contents.dtype)
        self._archive = zipfile.ZipFile(self._file, "w")

    def add(self, name: str, features: NDArray[Any]) -> int:
        self._archive.writestr(zipfile.ZipInfo(f"{name}.npy", DATE), _npy(features.astype(self._dtype)))
        return self._file.tell() - features.size * self._dtype.itemsize

    def close(self) -> None:
        try:
            self._archive.close()
        finally:
            self._file.close()


class Hdf5Writer:
    """One HDF5 file: a contiguous dataset for each item, (rows, frames)."""

    def __init__(self, path: Path, contents: Contents) -> None:
        h5py = require("h5py", feature="writing HDF5", extra="corpus")
        self._disk = open(path, "w+b")  # Python's own file, so that a full disk is an OSError like any other
        self._file, self._dtype = h5py.File(self._disk, "w", track_order=False), _little(contents.dtype)

    def add(self, name: str, features: NDArray[Any]) -> int:
        dataset = self._file.create_dataset(name, data=features.astype(self._dtype), track_times=False)
        return dataset.id.get_offset()

    def close(self) -> None:
        try:
            self._file.close()
        finally:
            self._disk.close()


class ParquetWriter:
    """One Parquet file: a row for each item, with its name and its frames as lists of values."""

    def __init__(self, path: Path, contents: Contents) -> None:
        self._pa = require("pyarrow", feature="writing Parquet", extra="corpus")
        parquet = require("pyarrow.parquet", feature="writing Parquet", extra="corpus")
        value = self._pa.float32() if contents.dtype == "float32" else self._pa.float64()
        self._dtype = np.dtype(contents.dtype)
        self._schema = self._pa.schema(
            [("name", self._pa.string()), ("features", self._pa.list_(self._pa.list_(value)))]
        )
        self._disk = open(path, "wb")
        self._file = parquet.ParquetWriter(self._disk, self._schema)
        self._names: list[str] = []
        self._matrices: list[Any] = []
        self._n_added = 0

    def add(self, name: str, features: NDArray[Any]) -> int:
        self._names.append(name)
        self._matrices.append(features.T.astype(self._dtype))
        self._n_added += 1
        if len(self._names) == PARQUET_GROUP or sum(map(np.size, self._matrices)) > PARQUET_VALUES:
            self._flush()
        return self._n_added - 1

    def _flush(self) -> None:
        pa = self._pa
        frames = np.concatenate([[0], np.cumsum([len(one) for one in self._matrices])])
        values = pa.array(np.concatenate([one.ravel() for one in self._matrices]))
        rows = np.concatenate([np.full(len(one), one.shape[1]) for one in self._matrices])
        offsets = np.concatenate([[0], np.cumsum(rows)])
        inner = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
        outer = pa.ListArray.from_arrays(pa.array(frames, pa.int32()), inner)
        self._file.write_table(pa.table([pa.array(self._names), outer], schema=self._schema))
        self._names, self._matrices = [], []

    def close(self) -> None:
        try:
            if self._names:
                self._flush()
            self._file.close()
        finally:
            self._disk.close()


def _numbers_at(path: Path, offset: int, shape: Shape, dtype: np.dtype, is_transposed: bool) -> NDArray[Any]:
    """The matrix whose numbers begin at byte `offset`; ValueError if the file ends before they do."""
    count = shape[0] * shape[1]
    with open_regular_file(path) as file:
        check_complete(offset + count * dtype.itemsize, os.fstat(file.fileno()).st_size)
        file.seek(offset)
        numbers = np.fromfile(file, dtype, count).astype(dtype.newbyteorder("="), copy=False)
    return np.ascontiguousarray(numbers.reshape(shape[::-1]).T) if is_transposed else numbers.reshape(shape)


def _read_by_row(path: Path, offset: int, shape: Shape, dtype: str) -> NDArray[Any]:
    return _numbers_at(path, offset, shape, _little(dtype), is_transposed=False)


def _read_by_frame(path: Path, offset: int, shape: Shape, dtype: str) -> NDArray[Any]:
    return _numbers_at(path, offset, shape, _little(dtype), is_transposed=True)


def _read_htk(path: Path, offset: int, shape: Shape, dtype: str) -> NDArray[Any]:
    return _numbers_at(path, offset, shape, np.dtype(">f4"), is_transposed=True)


def _read_csv(path: Path, offset: int, shape: Shape, dtype: str) -> NDArray[Any]:
    return _checked(read_features(path), shape, dtype)


def _read_parquet(path: Path, offset: int, shape: Shape, dtype: str) -> NDArray[Any]:
    return _checked(row_of_parquet(path, offset), shape, dtype)


def _checked(frames: NDArray[Any], shape: Shape, dtype: str) -> NDArray[Any]:
    if frames.shape != shape[::-1]:
        raise ValueError(f"{frames.shape[::-1]} values, the index says {shape}")
    return np.ascontiguousarray(frames.T, dtype)


@dataclass(frozen=True)
class Format:
    """How a format is written and read. A writer for each item makes a folder of files, any other a single file."""

    ending: str
    writer: Callable[[Path, Contents], Any]
    read: Callable[[Path, int, Shape, str], NDArray[Any]]
    is_folder: bool = False
    packages: tuple[str, ...] = ()


FORMATS = {
    "npy": Format(".npy", NpyWriter, _read_by_row, is_folder=True),
    "npz": Format(".npz", NpzWriter, _read_by_row),
    "hdf5": Format(".h5", Hdf5Writer, _read_by_row, packages=("h5py",)),
    "ark": Format(".ark", ArkWriter, _read_by_frame),
    "htk": Format(".htk", HtkWriter, _read_htk, is_folder=True),
    "parquet": Format(".parquet", ParquetWriter, _read_parquet, packages=("pyarrow",)),
    "csv": Format(".csv", CsvWriter, _read_csv, is_folder=True),
}


def _little(dtype: str) -> np.dtype:
    return np.dtype(dtype).newbyteorder("<")


def _npy(matrix: NDArray[Any]) -> bytes:
    made = io.BytesIO()
    np.lib.format.write_array(made, np.ascontiguousarray(matrix), allow_pickle=False)
    return made.getvalue()
