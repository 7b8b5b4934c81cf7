"""NumPy's .npy and .npz, without pickles."""

import io
import warnings
import zipfile
from functools import partial
from typing import IO, NamedTuple

import numpy as np

from dsp.files.content import Stored, check_complete, check_expansion, count_values, explained
from dsp.files.naming import shorten

MAGIC = b"\x93NUMPY"
READ_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what numpy.savez and savez_compressed write
PIECE = 2**20  # bytes decompressed at a time
OBJECTS = "Python objects (a pickle), which are never loaded, as a pickle can run any program"
SAVE_AGAIN = "numbers are expected: save each array with np.savez(FILE, NAME=array)"


class _Header(NamedTuple):
    """What stands before the numbers of a .npy file: n_bytes are the header's own."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool
    n_bytes: int

    @property
    def data_bytes(self) -> int:
        return count_values(self.shape) * self.dtype.itemsize

    def array(self, data: bytes | bytearray | memoryview) -> np.ndarray:
        numbers = np.frombuffer(data, self.dtype, count_values(self.shape))
        return numbers.reshape(self.shape, order="F" if self.fortran_order else "C")


def npy(data: bytes) -> dict[str, Stored]:
    """The array of a .npy file, under the name ""; Python objects, which only unpickling could read, are refused."""
    if not data.startswith(MAGIC):
        kind = f"{OBJECTS}; {SAVE_AGAIN}" if data[:1] == b"\x80" else "it does not begin as one"
        raise ValueError(f"not readable as a .npy file ({kind})")
    header = _header(io.BytesIO(data), "a .npy file")
    if header.dtype.hasobject:
        kind = "a single object, such as a dict:" if header.shape == () else "an array of"
        raise ValueError(f"{kind} {OBJECTS}; {SAVE_AGAIN}")
    check_complete(header.n_bytes + header.data_bytes, len(data))
    return {"": Stored(header.shape, lambda: header.array(memoryview(data)[header.n_bytes :]))}


def npz(data: bytes) -> dict[str, Stored]:
    """Every array of numbers in a .npz file by its name.

    Only headers are read here; an array is decompressed when it is loaded, and never beyond the size that its
    header says and the compressed bytes make plausible.
    """
    if not data.startswith(b"PK"):
        raise ValueError("not readable as a .npz file (it is no zip archive)")
    archive: zipfile.ZipFile = explained("a .npz file", lambda: zipfile.ZipFile(io.BytesIO(data)))
    stored, others = {}, []
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        header = _member_header(archive, member)
        if header is None or header.dtype.kind not in "biufc":
            is_pickle = header is not None and header.dtype.hasobject
            others.append(f"{shorten(name)} ({OBJECTS if is_pickle else 'no numbers'})")
            continue
        stored[name] = Stored(header.shape, partial(_member_array, archive, member, header, len(data)))
    if not stored and others:
        raise ValueError(f"no matrix of numbers in it, only {', '.join(others[:8])}")
    return stored


def _member_header(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> _Header | None:
    """None for a member that is no .npy file."""
    if member.compress_type not in READ_COMPRESSIONS:
        method = f"compression method {member.compress_type}; NumPy writes stored or deflated arrays"
        raise ValueError(f"not readable as a .npz file ({shorten(member.filename)}: {method})")
    stream: IO[bytes] = explained("a .npz file", lambda: archive.open(member))
    with stream:
        beginning = explained("a .npz file", lambda: stream.read(len(MAGIC)))
        if beginning != MAGIC:
            return None
    with explained("a .npz file", lambda: archive.open(member)) as stream:
        return _header(stream, "a .npz file")


def _member_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, header: _Header, file_bytes: int) -> np.ndarray:
    """The array, decompressed piece by piece; ValueError if it does not fill the size that its header says."""
    check_complete(header.n_bytes + header.data_bytes, member.file_size)
    check_expansion(min(member.compress_size, file_bytes), header.data_bytes)
    content = bytearray()

    def read() -> None:
        with archive.open(member) as stream:
            stream.read(header.n_bytes)
            while piece := stream.read(PIECE):
                content.extend(piece)
                if len(content) > header.data_bytes:
                    break  # what follows the array is nobody's

    explained("a .npz file", read)
    check_complete(header.data_bytes, len(content))
    return header.array(content)


def _header(stream: IO[bytes], what: str) -> _Header:
    """The header of a .npy file whose stream stands at its first byte."""

    def read() -> tuple:
        version = np.lib.format.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"version {version[0]}.{version[1]}, which holds no plain numbers")
        readers = (np.lib.format.read_array_header_1_0, np.lib.format.read_array_header_2_0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # headers of Python 2 need a second parser
            return readers[version[0] - 1](stream)

    shape, fortran_order, dtype = explained(what, read)
    return _Header(tuple(int(size) for size in shape), dtype, bool(fortran_order), stream.tell())
