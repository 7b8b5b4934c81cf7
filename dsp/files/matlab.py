"""MATLAB's MAT-files of level 5 (save's -v6 and -v7): full numeric arrays read, matrices of doubles written.

A file is a header of 128 bytes, then elements: a tag that gives type and number of bytes, the data, zeros up to
a multiple of 8. An element of type 14 is an array (flags, dimensions, name, real part, imaginary part, each an
element of its own); one of type 15 is an array compressed by zlib. Data run down the columns.

Source: MathWorks, MAT-File Format. Checked: tests/test_feature_files_are_read.py
"""

import re
import zlib

import numpy as np

from dsp.files.content import Stored, numbers_at

ARRAY, COMPRESSED = 14, 15
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
NOT_READ = {1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse", 16: "function handle", 17: "object"}
COMPLEX_FLAG = 0x0800
HEADER = b"MATLAB 5.0 MAT-file, written by dsp".ljust(116) + bytes(8) + b"\x00\x01IM"
LONGEST_NAME = 63  # characters, MATLAB's namelengthmax
MOST_BYTES = 2**32 - 1024  # what a tag can count


def mat(data: bytes) -> dict[str, Stored]:
    """Every full numeric variable of a MAT-file by its name.

    Raises ValueError for other levels (-v7.3 is HDF5, -v4 has no header), damaged files, and files in which
    nothing is full and numeric; what is there instead is named.
    """
    order = _byte_order(data)
    stored, others, start = {}, [], 128
    while start < len(data):
        kind, content, start = _element(data, start, order)
        if kind == COMPRESSED:
            try:
                kind, content, _ = _element(zlib.decompress(content), 0, order)
            except zlib.error as error:
                raise ValueError(f"a compressed variable is damaged ({error})") from None
        if kind == ARRAY:
            name, class_name, one = _variable(content, order)
            if one is not None:
                stored[name] = one
            elif name:
                others.append(f"{name} ({class_name})")
    if not stored and others:
        raise ValueError(f"no full numeric array in it, only {', '.join(others[:8])}")
    return stored


def mat_bytes(arrays: dict[str, np.ndarray]) -> bytes:
    """A MAT-file of double matrices, real or complex, uncompressed; vectors become columns.

    Raises ValueError for a name that is none in MATLAB, or an array of more than 4 GB.
    """
    return HEADER + b"".join(_array_element(name, np.asarray(array)) for name, array in arrays.items())


def _byte_order(data: bytes) -> str:
    """ "<" or ">" from a header of level 5; ValueError for anything else."""
    if data[:19] == b"MATLAB 7.3 MAT-file" or data[:8] == b"\x89HDF\r\n\x1a\n":
        raise ValueError("a MAT-file of version 7.3 (HDF5); save it with '-v7'")
    mark = data[126:128]
    if len(data) < 128 or mark not in (b"IM", b"MI"):
        raise ValueError("not a MAT-file of level 5; save it with '-v7'")
    order = "<" if mark == b"IM" else ">"
    version = int(numbers_at(data, order + "u2", 1, 124)[0])
    if version != 0x0100:
        raise ValueError(f"a MAT-file of version {version:#06x}, 0x0100 is expected; save it with '-v7'")
    return order


def _element(data: bytes, start: int, order: str) -> tuple[int, bytes, int]:
    """(type, content, where the next element begins). A tag whose upper half is not 0 has its data in itself."""
    first, length = (int(word) for word in numbers_at(data, order + "u4", 2, start))
    if first >> 16:
        kind, length = first & 0xFFFF, first >> 16
        if length > 4:
            raise ValueError(f"damaged: {length} bytes in an element of at most 4")
        return kind, data[start + 4 : start + 4 + length], start + 8
    content = numbers_at(data, "u1", length, start + 8).tobytes()
    padding = 0 if first == COMPRESSED else -length % 8
    return first, content, start + 8 + length + padding


def _variable(content: bytes, order: str) -> tuple[str, str, Stored | None]:
    """(name, class, array) of the content of an array element; None for an array that is not full and numeric."""
    _, flags, at = _element(content, 0, order)
    word = int(numbers_at(flags, order + "u4", 1, 0)[0])
    number, is_complex = word & 0xFF, bool(word & COMPLEX_FLAG)
    if number in (16, 17):  # no dimensions in these
        return "", NOT_READ[number], None
    _, dimensions, at = _element(content, at, order)
    shape = tuple(int(n) for n in numbers_at(dimensions, order + "i4", len(dimensions) // 4, 0))
    _, characters, at = _element(content, at, order)
    name = characters.decode("latin-1")
    if number not in CLASSES:
        return name, NOT_READ.get(number, f"class {number}"), None
    return name, "", Stored(shape, lambda: _array(content, at, order, shape, CLASSES[number], is_complex))


def _array(content: bytes, at: int, order: str, shape: tuple, dtype: str, is_complex: bool) -> np.ndarray:
    real, at = _part(content, at, order, shape, dtype)
    if not is_complex:
        return real
    imaginary, _ = _part(content, at, order, shape, dtype)
    together = np.empty(shape, np.complex64 if dtype == "f4" else np.complex128)
    together.real, together.imag = real, imaginary
    return together


def _part(content: bytes, at: int, order: str, shape: tuple, dtype: str) -> tuple[np.ndarray, int]:
    """A real or imaginary part and where the next begins; MATLAB stores it in the least type that holds its numbers."""
    kind, data, at = _element(content, at, order)
    if kind not in TYPES:
        raise ValueError(f"damaged: numbers of type {kind}")
    stored = order + TYPES[kind]
    n_values, expected = len(data) // np.dtype(stored).itemsize, int(np.prod(shape, dtype=object))
    if n_values != expected:
        raise ValueError(f"damaged: {n_values} values for the shape {shape}")
    return numbers_at(data, stored, n_values, 0).astype(dtype).reshape(shape, order="F"), at


def _array_element(name: str, array: np.ndarray) -> bytes:
    """A variable as an element of little-endian doubles."""
    if not re.fullmatch(rf"[A-Za-z]\w{{0,{LONGEST_NAME - 1}}}", name, re.ASCII):
        raise ValueError(f"{name!r} is no name of a MATLAB variable")
    if array.ndim < 2:
        array = array.reshape(-1, 1)
    parts = [array.real, array.imag] if array.dtype.kind == "c" else [array]
    if 16 * array.size > MOST_BYTES:
        raise ValueError(f"{name} of shape {array.shape} is too large for a MAT-file of level 5; write a .npz file")
    flags = np.array([6 | (COMPLEX_FLAG if len(parts) == 2 else 0), 0], "<u4")
    content = _tagged(6, flags.tobytes()) + _tagged(5, np.array(array.shape, "<i4").tobytes())
    content += _tagged(1, name.encode("ascii"))
    content += b"".join(_tagged(9, np.asarray(part, "<f8").tobytes(order="F")) for part in parts)
    return _tagged(ARRAY, content)


def _tagged(kind: int, data: bytes) -> bytes:
    return np.array([kind, len(data)], "<u4").tobytes() + data + bytes(-len(data) % 8)
