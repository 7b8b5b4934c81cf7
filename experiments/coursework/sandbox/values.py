"""How the check and the process that runs a submission talk: frames over two pipes, and arrays within frames.

A frame is one letter, a length of 8 bytes, and as many bytes of content. The check never trusts a length: it knows the
largest content of each letter. What goes in may be any array, as an .npy file without pickle. What comes back is an
array of one of 14 dtypes: its dtype, its dimensions, its values, and nothing that needs a parser.
"""

import io
import math
import struct

import numpy as np

FRAME = struct.Struct("<cQ")
SETTINGS, PREPARED, GO, READY, LOADED, CALL, PROBLEM, ARRAY = b"S", b"P", b"G", b"R", b"L", b"C", b"X", b"A"
MAX_PROBLEM = 4096  # bytes of a sentence about what went wrong
MAX_VALUES = 1 << 22  # in one answer: a second of sound has 16,000, an image 150,528
MAX_DIMENSIONS = 8
DTYPES = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
ARRAY_HEAD = struct.Struct("<3sB")
MAX_ARRAY = ARRAY_HEAD.size + 8 * MAX_DIMENSIONS + 16 * MAX_VALUES


def frame(letter: bytes, content: bytes = b"") -> bytes:
    """The bytes of a frame."""
    return FRAME.pack(letter, len(content)) + content


def pack_file(array: np.ndarray) -> bytes:
    """An argument as the bytes of an .npy file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def unpack_file(content: bytes) -> np.ndarray:
    """An argument from the bytes of an .npy file."""
    return np.load(io.BytesIO(content), allow_pickle=False)


def pack_answer(array: np.ndarray) -> bytes:
    """An array of numbers as dtype, number of dimensions, dimensions, values in C order."""
    dtype = array.dtype.newbyteorder("<")
    head = ARRAY_HEAD.pack(f"{dtype.kind}{dtype.itemsize}".encode(), array.ndim)
    return head + struct.pack(f"<{array.ndim}Q", *array.shape) + array.astype(dtype, copy=False).tobytes()


def unpack_answer(content: bytes) -> np.ndarray:
    """The array; ValueError if the bytes do not describe one exactly. No more memory is taken than the bytes need.

    Checked: tests/test_check_contains_student_code.py
    """
    try:
        name, ndim = ARRAY_HEAD.unpack_from(content)
        shape = struct.unpack_from(f"<{ndim}Q", content, ARRAY_HEAD.size) if ndim <= MAX_DIMENSIONS else None
    except struct.error:
        raise ValueError("too short") from None
    word = name.rstrip(b"\0").decode("ascii", errors="replace")
    if shape is None or word not in DTYPES or max(shape, default=0) > MAX_VALUES or math.prod(shape) > MAX_VALUES:
        raise ValueError("not a dtype or a shape")
    dtype, start = np.dtype(f"<{word}"), ARRAY_HEAD.size + 8 * ndim
    if len(content) - start != dtype.itemsize * math.prod(shape):
        raise ValueError("not as long as its shape says")
    if word == "b1":  # a byte that is neither 0 nor 1 is no truth value, and NumPy would compute with it
        return (np.frombuffer(content, np.uint8, offset=start) != 0).reshape(shape)
    return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))
