"""MATLAB's MAT-files of level 4 (save -v4): full numeric matrices by their names.

A file is a row of matrices: five 32-bit integers (type, rows, columns, whether complex, length of the name), the name
with a zero behind it, the real part, the imaginary part, column by column. The type is written in decimal digits MOPT:
M byte order (0 little, 1 big), O 0, P the numbers' type, T full, text or sparse.

Source: MathWorks, MAT-File Format, "Level 4". Checked: tests/test_matlab_and_hdf5_are_read.py
"""

from functools import partial

import numpy as np

from dsp.files.content import Stored, check_complete, numbers_at
from dsp.files.naming import shorten

TYPES = ("f8", "f4", "i4", "i2", "u2", "u1")  # of the digit P
KINDS = ("full", "text", "sparse")  # of the digit T
HEADER_BYTES = 20
MAX_NAME_BYTES = 256


def is_mat4(data: bytes) -> bool:
    """Whether a MAT-file is of level 4: of the first four bytes one is 0, where level 5 has text."""
    return 0 in data[:4]


def mat4(data: bytes) -> dict[str, Stored]:
    """Every full numeric matrix by its name; ValueError for a damaged file or one without any."""
    stored: dict[str, Stored] = {}
    others, start = [], 0
    while start < len(data):
        order = "<" if 0 <= numbers_at(data, "<i4", 1, start)[0] < 10_000 else ">"
        kind, rows, columns, is_complex, name_bytes = (int(n) for n in numbers_at(data, order + "i4", 5, start))
        M, O, P, T = (kind // 10**i % 10 for i in (3, 2, 1, 0))  # noqa: E741
        if kind < 0 or kind >= 2000 or M != (order == ">") or O or P >= len(TYPES) or T >= len(KINDS):
            raise ValueError(f"not a MAT-file, or damaged: the matrix at byte {start} is of type {kind}")
        if is_complex not in (0, 1) or not 1 <= name_bytes <= MAX_NAME_BYTES or min(rows, columns) < 0:
            raise ValueError(f"damaged: the matrix at byte {start} has a size or flag that none can have")
        first = start + HEADER_BYTES + name_bytes
        dtype = np.dtype(order + TYPES[P])
        n_bytes = rows * columns * dtype.itemsize * (1 + is_complex)
        check_complete(first + n_bytes, len(data))
        name = data[start + HEADER_BYTES : first].split(b"\0")[0].decode("latin-1")
        start = first + n_bytes
        if T == 0:
            stored[name] = Stored((rows, columns), partial(_matrix, data, dtype, (rows, columns), is_complex, first))
        else:
            others.append(f"{shorten(name)} ({KINDS[T]})")
    if not stored and others:
        raise ValueError(f"no full numeric matrix in it, only {', '.join(others[:8])}")
    return stored


def _matrix(data: bytes, dtype: np.dtype, shape: tuple[int, int], is_complex: int, first: int) -> np.ndarray:
    n_values = shape[0] * shape[1]
    parts = np.frombuffer(data, dtype, n_values * (1 + is_complex), first).reshape(-1, n_values)
    if dtype.kind != "f":
        parts = parts.astype(np.float64)  # in MATLAB, all of level 4 are doubles
    values = parts[0] + 1j * parts[1] if is_complex else parts[0]
    return values.reshape(shape, order="F")
