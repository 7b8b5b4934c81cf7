"""MATLAB's MAT-files: full numeric arrays of every level read, matrices of doubles written in level 5 (-v6, -v7).

A file is a header of 128 bytes, then elements: a tag that gives type and number of bytes, the data, zeros up to
a multiple of 8. An element of type 14 is an array (flags, dimensions, name, real part, imaginary part, each an
element of its own); one of type 15 is an array compressed by zlib. Data run down the columns. Behind the name of a
struct stand the length of its fields' names, the names, and an array for each; behind that of a cell array its cells.
A field is called STRUCT.FIELD here, the second cell CELL{2}, a field of the second struct of an array STRUCT(2).FIELD.

Level 4 (-v4) is in dsp/files/matlab4.py, version 7.3 in dsp/files/hdf5.py.

Source: MathWorks, MAT-File Format.
Checked: tests/test_feature_files_are_read.py, tests/test_matlab_and_hdf5_are_read.py
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np

from dsp.files.content import Stored, check_complete, check_expansion, count_values, numbers_at
from dsp.files.hdf5 import MAGIC as HDF5_MAGIC
from dsp.files.hdf5 import hdf5
from dsp.files.matlab4 import is_mat4, mat4
from dsp.files.naming import shorten

ARRAY, COMPRESSED = 14, 15
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
CELL, STRUCT = 1, 2
NOT_READ = {3: "object", 4: "char", 5: "sparse", 16: "function handle", 17: "object"}
COMPLEX_FLAG = 0x0800
HEADER = b"MATLAB 5.0 MAT-file, written by dsp".ljust(116) + bytes(8) + b"\x00\x01IM"
MAX_NAME_LENGTH = 63  # characters, MATLAB's namelengthmax
MAX_BYTES = 2**32 - 1024  # what a tag can count
MAX_DEPTH = 50  # of structs in structs
PREVIEW = 2**12  # bytes of a compressed variable that are enough for its flags, dimensions and name


def mat(data: bytes) -> dict[str, Stored]:
    """Every full numeric array of a MAT-file by its name, those in structs and cells too.

    Only flags, dimensions and names are read here, of structs and cells also their parts; a compressed variable is
    decompressed when it is loaded, and never beyond the size that its tag says and the compressed bytes make plausible.

    Raises ValueError for damaged files, and files in which nothing is full and numeric; what is there instead is named.
    """
    if data[:19] == b"MATLAB 7.3 MAT-file" or data.startswith(HDF5_MAGIC):
        try:
            return hdf5(data)
        except ValueError as error:
            raise ValueError(f"a MAT-file of version 7.3: {error}; or save it with '-v7'") from None
    if is_mat4(data):
        return mat4(data)
    order = _byte_order(data)
    stored: dict[str, Stored] = {}
    others: list[str] = []
    start, view = 128, memoryview(data)
    while start < len(view):
        kind, content, start = _element(view, start, order)
        beginning, decompressed_bytes = content, None
        if kind == COMPRESSED:
            beginning = memoryview(_decompressed(content, PREVIEW))
            kind, decompressed_bytes = (int(word) for word in numbers_at(beginning, order + "u4", 2, 0))
            beginning = beginning[8:]
        if kind != ARRAY:
            continue
        name, number, shape, _ = _variable(beginning, order)
        if number in (CELL, STRUCT):
            for path, part_shape, _ in _parts(_whole(content, order, decompressed_bytes), order, name, others, 0):
                stored[path] = Stored(part_shape, partial(_nested, content, order, decompressed_bytes, name, path))
        elif number in CLASSES:
            stored[name] = Stored(shape, partial(_array, content, order, decompressed_bytes))
        elif name:
            others.append(f"{shorten(name)} ({NOT_READ.get(number, f'class {number}')})")
    if not stored and others:
        raise ValueError(f"no full numeric array in it, only {', '.join(others[:8])}")
    return stored


def mat_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """A MAT-file of double matrices, real or complex, uncompressed; vectors become columns.

    Raises ValueError for a name that MATLAB does not take, or an array of more than 4 GB.
    """
    return HEADER + b"".join(_array_element(name, np.asarray(array)) for name, array in arrays.items())


def _byte_order(data: bytes) -> str:
    """ "<" or ">" from a header of level 5; ValueError for anything else."""
    mark = data[126:128]
    if len(data) < 128 or mark not in (b"IM", b"MI"):
        raise ValueError("not a MAT-file of level 5; save it with '-v7'")
    order = "<" if mark == b"IM" else ">"
    version = int(numbers_at(data, order + "u2", 1, 124)[0])
    if version != 0x0100:
        raise ValueError(f"a MAT-file of version {version:#06x}, 0x0100 is expected; save it with '-v7'")
    return order


def _element(data: memoryview, start: int, order: str) -> tuple[int, memoryview, int]:
    """(type, content, where the next element begins). A tag whose upper half is not 0 has its data in itself."""
    first, length = (int(word) for word in numbers_at(data, order + "u4", 2, start))
    if first >> 16:
        kind, length = first & 0xFFFF, first >> 16
        if length > 4:
            raise ValueError(f"damaged: {length} bytes in an element of at most 4")
        return kind, data[start + 4 : start + 4 + length], start + 8
    check_complete(start + 8 + length, len(data))
    padding = 0 if first == COMPRESSED else -length % 8
    return first, data[start + 8 : start + 8 + length], start + 8 + length + padding


def _decompressed(content: memoryview, max_bytes: int, is_whole: bool = False) -> bytes:
    """At most the first `max_bytes` of a compressed element; is_whole: it must end there, its checksum right."""
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(content, max_bytes + is_whole)  # the checksum is looked at behind the last byte
    except zlib.error as error:
        raise ValueError(f"a compressed variable is damaged ({error})") from None
    if is_whole and not stream.eof and len(found) <= max_bytes:
        raise ValueError("a compressed variable is damaged (its end is missing)")
    return found


def _variable(content: memoryview, order: str) -> tuple[str, int, tuple[int, ...], bool]:
    """Name, class, shape, and whether it is complex, from the beginning of an array element."""
    _, flags, at = _element(content, 0, order)
    word = int(numbers_at(flags, order + "u4", 1, 0)[0])
    number, is_complex = word & 0xFF, bool(word & COMPLEX_FLAG)
    if number in (16, 17):  # no dimensions in these
        return "", number, (), False
    _, dimensions, at = _element(content, at, order)
    shape = tuple(int(n) for n in numbers_at(dimensions, order + "i4", len(dimensions) // 4, 0))
    _, characters, _ = _element(content, at, order)
    return bytes(characters).decode("latin-1"), number, shape, is_complex


def _array(content: memoryview, order: str, decompressed_bytes: int | None) -> np.ndarray:
    """The array of an element's content, or of a compressed element whose tag promises so many bytes."""
    content = _whole(content, order, decompressed_bytes)
    _, number, shape, is_complex = _variable(content, order)
    at = _behind_name(content, order)
    dtype = CLASSES[number]
    real, at = _part(content, at, order, shape, dtype)
    if not is_complex:
        return real
    imaginary, _ = _part(content, at, order, shape, dtype)
    together = np.empty(shape, np.complex64 if dtype == "f4" else np.complex128)
    together.real, together.imag = real, imaginary
    return together


def _whole(content: memoryview, order: str, decompressed_bytes: int | None) -> memoryview:
    """An array element's content, decompressed if its tag says that it is compressed from so many bytes."""
    if decompressed_bytes is None:
        return content
    check_expansion(len(content), decompressed_bytes)
    element = _decompressed(content, 8 + decompressed_bytes, is_whole=True)
    check_complete(8 + decompressed_bytes, len(element))
    return memoryview(element)[8:]


def _behind_name(content: memoryview, order: str) -> int:
    """Where the fourth element of an array begins, behind flags, dimensions and name."""
    at = 0
    for _ in range(3):
        _, _, at = _element(content, at, order)
    return at


def _parts(
    content: memoryview, order: str, name: str, others: list[str], depth: int
) -> Iterator[tuple[str, tuple[int, ...], memoryview]]:
    """(name, shape, content) of every full numeric array in a struct or cell array; others are named in `others`."""
    if depth > MAX_DEPTH:
        raise ValueError(f"structs nested more than {MAX_DEPTH} deep, or damaged")
    _, number, shape, _ = _variable(content, order)
    if number in CLASSES:
        yield name, shape, content
        return
    if number not in (CELL, STRUCT):
        others.append(f"{shorten(name)} ({NOT_READ.get(number, f'class {number}')})")
        return
    at, n_elements = _behind_name(content, order), count_values(shape)
    names = [f"{name}({i + 1})" if n_elements > 1 else name for i in range(min(n_elements, len(content)))]
    if number == CELL:
        names = [f"{name}{{{i + 1}}}" for i in range(len(names))]
    else:
        fields, at = _fields(content, at, order)
        if len(names) * len(fields) > len(content):
            raise ValueError(f"damaged: {n_elements} structs of {len(fields)} fields in {len(content)} bytes")
        names = [f"{one}.{field}" for one in names for field in fields]
    if not names:
        others.append(f"{shorten(name)} (empty {'cell' if number == CELL else 'struct'})")
    for one in names:
        kind, part, at = _element(content, at, order)
        if kind != ARRAY:
            raise ValueError(f"damaged: {shorten(one)} is an element of type {kind}, {ARRAY} is expected")
        if len(part):  # MATLAB writes nothing at all for []
            yield from _parts(part, order, one, others, depth + 1)


def _fields(content: memoryview, at: int, order: str) -> tuple[list[str], int]:
    """The names of a struct's fields, and where its first array begins."""
    _, length, at = _element(content, at, order)
    n_bytes = int(numbers_at(length, order + "i4", 1, 0)[0])
    _, names, at = _element(content, at, order)
    if n_bytes < 1 or len(names) % n_bytes:
        raise ValueError(f"damaged: names of fields of {n_bytes} bytes each in {len(names)} bytes")
    parts = (bytes(names[i : i + n_bytes]) for i in range(0, len(names), n_bytes))
    return [part.split(b"\0")[0].decode("latin-1") for part in parts], at


def _nested(content: memoryview, order: str, decompressed_bytes: int | None, name: str, path: str) -> np.ndarray:
    """The array called `path` in the struct or cell array called `name`."""
    whole = _whole(content, order, decompressed_bytes)
    return next(_array(part, order, None) for one, _, part in _parts(whole, order, name, [], 0) if one == path)


def _part(content: memoryview, at: int, order: str, shape: tuple[int, ...], dtype: str) -> tuple[np.ndarray, int]:
    """A real or imaginary part, stored in the smallest type that holds its numbers, and where the next begins."""
    kind, data, at = _element(content, at, order)
    if kind not in TYPES:
        raise ValueError(f"damaged: numbers of type {kind}")
    stored = order + TYPES[kind]
    n_values, expected = len(data) // np.dtype(stored).itemsize, count_values(shape)
    if n_values != expected:
        raise ValueError(f"damaged: {n_values} values for the shape {shape}")
    return numbers_at(data, stored, n_values, 0).astype(dtype).reshape(shape, order="F"), at


def _array_element(name: str, array: np.ndarray) -> bytes:
    """A variable as an element of little-endian doubles."""
    if not re.fullmatch(rf"[A-Za-z]\w{{0,{MAX_NAME_LENGTH - 1}}}", name, re.ASCII):
        raise ValueError(f"{shorten(name)!r} is not a name that a MATLAB variable can have")
    if array.ndim < 2:
        array = array.reshape(-1, 1)
    parts = [array.real, array.imag] if array.dtype.kind == "c" else [array]
    if 16 * array.size > MAX_BYTES:
        raise ValueError(f"{name} of shape {array.shape} is too large for a MAT-file of level 5; write a .npz file")
    flags = np.array([6 | (COMPLEX_FLAG if len(parts) == 2 else 0), 0], "<u4")
    content = _tagged(6, flags.tobytes()) + _tagged(5, np.array(array.shape, "<i4").tobytes())
    content += _tagged(1, name.encode("ascii"))
    content += b"".join(_tagged(9, np.asarray(part, "<f8").tobytes(order="F")) for part in parts)
    return _tagged(ARRAY, content)


def _tagged(kind: int, data: bytes) -> bytes:
    return np.array([kind, len(data)], "<u4").tobytes() + data + bytes(-len(data) % 8)
