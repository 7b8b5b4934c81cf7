"""Runs the C code of dsp.export.c: compiled into a library of this machine, called with NumPy arrays."""

import ctypes
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from dsp.export.c_code import CFiles

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")
ERRORS = {-1: "too short", -2: "no room", -3: "bad argument", -4: "not finite", -5: "finished"}


class RefusedError(ValueError):
    """A function of the C code returned a negative number; `code` is it."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the C code refused: {ERRORS.get(code, code)}")
        self.code = code


def compiler() -> str:
    """The path of gcc; FileNotFoundError, an OSError, where there is none."""
    found = shutil.which("gcc")
    if found is None:
        raise FileNotFoundError("gcc is not installed; C code cannot be tried here")
    return found


def compile_library(exports: Iterable[CFiles], folder: Path, flags: Iterable[str] = STRICT, level: str = "-O2"):
    """One shared library of several exports, with a function NAME_state_bytes for each.

    Raises ValueError with what the compiler says.
    """
    exports = list(exports)
    sizes = folder / "state_bytes.c"
    lines = [f'#include "{files.header.resolve()}"' for files in exports]
    for files in exports:
        head = f"int32_t {files.name}_state_bytes(void)"
        lines += [f"{head};", f"{head} {{ return (int32_t)sizeof({files.name}_state); }}"]
    sizes.write_text("\n".join(lines) + "\n")
    library = folder / "features.so"
    sources = [str(files.source) for files in exports]
    command = [compiler(), *flags, level, "-shared", "-fPIC", "-o", str(library), *sources, str(sizes), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(done.stderr)
    return ctypes.CDLL(str(library))


def compiled_bytes(files: CFiles) -> int:
    """Of code and tables for this machine, compiled for size."""
    target = files.source.with_suffix(".o")
    subprocess.run([compiler(), "-std=c99", "-Os", "-c", "-o", str(target), str(files.source)], check=True)
    text = subprocess.run(["size", str(target)], capture_output=True, text=True, check=True).stdout
    return sum(int(number) for number in text.splitlines()[1].split()[:2])  # text and data


class CFeatures:
    """The functions of one export: a state of its own, features as (rows, frames)."""

    def __init__(self, library: ctypes.CDLL, files: CFiles) -> None:
        self.files = files
        self._header = files.header.read_text()
        self.dtype = np.dtype(np.float64 if "typedef double" in self._header else np.float32)
        self._library = library
        self.state_bytes = self._function("state_bytes")()
        self._state = np.zeros(self.state_bytes + 64, np.uint8)
        self._at = ctypes.c_void_p(self._state.ctypes.data + -self._state.ctypes.data % 64)
        self._count = self._function("count_frames")
        self._count.restype, self._count.argtypes = ctypes.c_int64, [ctypes.c_int64]

    def _function(self, name: str):
        return getattr(self._library, f"{self.files.name}_{name}")

    def count_frames(self, n: int) -> int:
        return self._count(n)

    def extract(self, x: np.ndarray, max_frames: int | None = None) -> np.ndarray:
        """Features of a whole clip; RefusedError if the code refuses it."""
        samples = np.ascontiguousarray(x, self.dtype)
        room = self.count_frames(x.size) if max_frames is None else max_frames
        rows = np.full((max(1, room), self.files.rows), np.nan, self.dtype)
        pointers = (array.ctypes.data_as(ctypes.c_void_p) for array in (samples, rows))
        given, out = pointers
        frames = self._function("extract")(self._at, given, ctypes.c_int32(x.size), out, ctypes.c_int32(room))
        return self._rows(rows, frames)

    def start(self) -> None:
        self._function("init")(self._at)

    def reset(self) -> None:
        self._function("reset")(self._at)

    def push(self, x: np.ndarray, room: int) -> np.ndarray:
        samples = np.ascontiguousarray(x, self.dtype)
        rows = np.full((max(1, room), self.files.rows), np.nan, self.dtype)
        given, out = (array.ctypes.data_as(ctypes.c_void_p) for array in (samples, rows))
        frames = self._function("push")(self._at, given, ctypes.c_int32(x.size), out, ctypes.c_int32(room))
        return self._rows(rows, frames)

    def finish(self, room: int) -> np.ndarray:
        rows = np.full((max(1, room), self.files.rows), np.nan, self.dtype)
        out = rows.ctypes.data_as(ctypes.c_void_p)
        return self._rows(rows, self._function("finish")(self._at, out, ctypes.c_int32(room)))

    def latency(self) -> int:
        return self._function("latency")()

    def max_frames(self, n: int) -> int:
        """MAX_FRAMES(n) of the header."""
        hop = self._constant("HOP")
        return n // hop + int(self._text("MAX_FRAMES(n)").rstrip(")").rpartition("+")[2])

    def finish_frames(self) -> int:
        return self._constant("FINISH_FRAMES")

    def stream(self, pieces: Iterator[np.ndarray]) -> np.ndarray:
        """Features of a clip that comes in pieces, with the room that the header promises to be enough."""
        self.reset()
        parts = [self.push(piece, self.max_frames(piece.size)) for piece in pieces]
        parts.append(self.finish(self.finish_frames()))
        return np.concatenate(parts, axis=1)

    def _rows(self, rows: np.ndarray, frames: int) -> np.ndarray:
        if frames < 0:
            raise RefusedError(frames)
        return rows[:frames].T

    def _constant(self, name: str) -> int:
        return int(self._text(name))

    def _text(self, name: str) -> str:
        for line in self._header.splitlines():
            head = f"#define {self.files.name.upper()}_{name} "
            if line.startswith(head):
                return line[len(head) :].partition("/*")[0].strip()
        raise KeyError(name)
