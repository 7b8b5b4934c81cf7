"""HDF5 files, and MATLAB's of version 7.3, which are HDF5: every dataset of numbers by its name.

A dataset in groups is called GROUP/DATASET; in a MAT-file a field of a struct is called STRUCT.FIELD. MATLAB runs down
the columns and HDF5 along the rows, so that a matrix lies transposed in a MAT-file of version 7.3: it comes back as
MATLAB shows it.

h5py reads the file from memory, and only what lies in it: links to other files are not followed. What a header says is
compared with the bytes that are there before anything is allocated, and compressed chunks may not unpack to more than
their size; libhdf5 by itself would let a chunk of a megabyte fill a gigabyte.

Source: The HDF Group, HDF5 File Format Specification 3.0; MathWorks, documentation of save, "-v7.3".
Checked: tests/test_matlab_and_hdf5_are_read.py, tests/test_damaged_features_are_refused.py
"""

import math
import zlib
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from dsp.files.content import Stored, check_expansion, explained
from dsp.files.extras import MissingPackageError, require
from dsp.files.naming import shorten

MAGIC = b"\x89HDF\r\n\x1a\n"
DEFLATE, SHUFFLE, FLETCHER32, LZF = 1, 2, 3, 32000
PIPELINES = (  # orders of filters that are read, a checksum behind them left out; others may need a plug-in
    (),
    (SHUFFLE,),
    (DEFLATE,),
    (SHUFFLE, DEFLATE),
    (LZF,),
    (SHUFFLE, LZF),
)
MAX_OBJECTS = 20_000
MAX_ATTRIBUTE_BYTES = 64
MATLAB_NUMBERS = (
    "double",
    "single",
    "logical",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
)
MATLAB_INTERNAL = ("#refs#", "#subsystem#")


def hdf5(data: bytes) -> dict[str, Stored]:
    """Every dataset of numbers of an HDF5 file by its path; those that MATLAB wrote are transposed.

    Only headers are read here. ValueError if the file is damaged or holds no numbers, or h5py is not installed.
    """
    try:
        h5py = require("h5py", feature="reading HDF5 (.h5, .hdf5, .mat of version 7.3)", extra="corpus")
    except MissingPackageError as error:
        raise ValueError(str(error)) from None
    if MAGIC not in data[:8] and not any(data[at : at + 8] == MAGIC for at in (512, 1024, 2048)):
        raise ValueError("not an HDF5 file: its signature is missing")
    is_matlab = data.startswith(b"MATLAB 7.3 MAT-file")
    stored: dict[str, Stored] = {}
    others: list[str] = []

    def read() -> None:
        file = _opened(h5py, data)
        for name, dataset in _datasets(h5py, file, others):
            matlab_class = _matlab_class(h5py, dataset)
            name = name.replace("/", ".") if is_matlab else name
            if matlab_class is not None and matlab_class not in MATLAB_NUMBERS:
                others.append(f"{shorten(name)} ({shorten(matlab_class)})")
            elif dataset.shape is None or _number_dtype(dataset.dtype) is None:
                others.append(f"{shorten(name)} (no numbers)")
            else:
                is_transposed = matlab_class is not None
                shape = dataset.shape[::-1] if is_transposed else dataset.shape
                stored[name] = Stored(tuple(shape), partial(_array, dataset, is_transposed, len(data)))

    explained("an HDF5 file", read)
    if not stored and others:
        raise ValueError(f"no numbers in it, only {', '.join(others[:8])}")
    return stored


def _opened(h5py: ModuleType, data: bytes) -> Any:
    try:
        return h5py.File(h5py.h5f.open_file_image(data))
    except Exception as error:
        reason = "its beginning is damaged or its end is missing" if "Not a file id" in str(error) else error
        raise ValueError(reason) from None


def _datasets(h5py: ModuleType, file: Any, others: list[str]) -> Iterator[tuple[str, Any]]:
    """(path, dataset) of everything that hard links reach, each object once."""
    seen, groups = set(), [("", file)]
    while groups:
        prefix, group = groups.pop(0)
        for key in group:
            if not prefix and key in MATLAB_INTERNAL:
                continue
            name = prefix + key
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                others.append(f"{shorten(name)} (a link, which is not followed)")
                continue
            one = group[key]
            address = h5py.h5o.get_info(one.id).addr
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > MAX_OBJECTS:
                raise ValueError(f"more than {MAX_OBJECTS} groups and datasets")
            if isinstance(one, h5py.Group):
                groups.append((name + "/", one))
            elif isinstance(one, h5py.Dataset):
                yield name, one


def _matlab_class(h5py: ModuleType, dataset: Any) -> str | None:
    """What MATLAB says a dataset is; None if MATLAB did not write it."""
    if not h5py.h5a.exists(dataset.id, b"MATLAB_class"):
        return None
    if h5py.h5a.exists(dataset.id, b"MATLAB_empty"):
        return "empty"
    if h5py.h5a.open(dataset.id, b"MATLAB_class").get_storage_size() > MAX_ATTRIBUTE_BYTES:
        raise ValueError("damaged: the attribute MATLAB_class is too long")
    value = dataset.attrs["MATLAB_class"]
    return bytes(value).decode("latin-1") if isinstance(value, bytes) else str(value)


def _number_dtype(dtype: np.dtype) -> np.dtype | None:
    """The type of numbers that a dataset's type stands for; None if it stands for none."""
    if dtype.kind in "biufc":
        return dtype
    if dtype.names == ("real", "imag") and dtype["real"] == dtype["imag"] and dtype["real"].kind in "iuf":
        return np.dtype(np.complex64 if dtype["real"] == np.float32 else np.complex128)
    return None


def _array(dataset: Any, is_transposed: bool, file_bytes: int) -> np.ndarray:
    """A dataset's numbers, if its bytes are there and unpack to no more than the size that it says."""

    def read() -> np.ndarray:
        _check_storage(dataset, file_bytes)
        found = dataset[()]
        if found.dtype.names:
            found = (found["real"] + 1j * found["imag"]).astype(_number_dtype(found.dtype))
        return found.T if is_transposed else found

    return explained("an HDF5 file", read)


def _check_storage(dataset: Any, file_bytes: int) -> None:
    if dataset.external or dataset.is_virtual:
        raise ValueError(f"{shorten(dataset.name)} lies in another file, which is not opened")
    n_bytes = math.prod(dataset.shape) * dataset.dtype.itemsize
    n_stored = dataset.id.get_storage_size()
    if n_stored > file_bytes:
        raise ValueError(f"cut off or damaged: {n_stored} bytes of numbers in a file of {file_bytes}")
    if n_bytes and not n_stored:
        raise ValueError(f"{shorten(dataset.name)} was never written: no numbers are stored")
    check_expansion(n_stored, n_bytes)
    if dataset.chunks is not None:
        chunk_bytes = math.prod(dataset.chunks) * dataset.dtype.itemsize
        check_expansion(file_bytes, chunk_bytes)
        _check_chunks(dataset, chunk_bytes)
    elif n_stored < n_bytes:
        raise ValueError(f"cut off or damaged: {n_bytes - n_stored} bytes are missing")


def _check_chunks(dataset: Any, chunk_bytes: int) -> None:
    """ValueError for filters that are not read, and for a chunk that does not unpack to its size."""
    properties = dataset.id.get_create_plist()
    filters = tuple(properties.get_filter(i)[0] for i in range(properties.get_nfilters()))
    has_checksum = filters[-1:] == (FLETCHER32,)
    pipeline = filters[:-1] if has_checksum else filters
    if pipeline not in PIPELINES:
        raise ValueError(f"{shorten(dataset.name)} has the filters {filters}; gzip, lzf and shuffle are read")
    chunks: list[Any] = []
    dataset.id.chunk_iter(chunks.append)
    for chunk in chunks:
        mask, raw = dataset.id.read_direct_chunk(chunk.chunk_offset)
        packer = next((i for i, one in enumerate(pipeline) if one in (DEFLATE, LZF)), None)
        if packer is None or mask >> packer & 1:
            n_found = len(raw) - 4 * (has_checksum and not mask >> len(pipeline) & 1)
        elif pipeline[packer] == LZF:
            continue  # its buffer has the chunk's size
        else:
            n_found = len(zlib.decompressobj().decompress(raw, chunk_bytes + 1))
        if n_found != chunk_bytes:
            at = tuple(int(i) for i in chunk.chunk_offset)
            more = "more" if n_found > chunk_bytes else f"{n_found}"
            raise ValueError(f"damaged: the chunk at {at} unpacks to {more} bytes, not {chunk_bytes}")
