"""Memory that a thread keeps between calls, as fresh memory costs more than the kernels.

Checked: tests/test_extract_equals_textbook.py
"""

import math
import threading

import numpy as np

_WORKSPACES = threading.local()


def workspace(name: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Uninitialized floats that this thread keeps for the next call.

    They begin on a 64-byte boundary, so that no register straddles two cache lines.
    """
    count = math.prod(shape)
    memory = _WORKSPACES.__dict__.get(name)
    if memory is None or memory.nbytes < count * dtype.itemsize:
        memory = np.empty(count * dtype.itemsize + 64, np.uint8)
        skip = -memory.ctypes.data % 64
        memory = _WORKSPACES.__dict__[name] = memory[skip : skip + count * dtype.itemsize]
    return memory[: count * dtype.itemsize].view(dtype).reshape(shape)


def scratch(count: int) -> np.ndarray:
    """At least that many float64, uninitialized, which this thread keeps for the next call: `workspace` in a hurry."""
    memory = getattr(_WORKSPACES, "scratch", None)
    if memory is None or memory.size < count:
        memory = _WORKSPACES.scratch = workspace("memory of scratch", (count,), np.dtype(np.float64))
    return memory
