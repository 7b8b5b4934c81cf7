"""The kernels as functions from arrays to arrays: they provide workspaces and pad arrays narrower than a register.

Results lie in a workspace of this thread, which the next call overwrites: copy what you want to keep.
"""

import math
import threading

import numpy as np

from dsp.checks import check_finite
from dsp.cooley_tukey import MAX_BUTTERFLY
from dsp.engine.clips import Clip, address
from dsp.engine.kernels import mel_frames
from dsp.engine.lanes import width
from dsp.engine.plan import Tables
from dsp.engine.rows import mix_rows, take_log

_WORKSPACES = threading.local()
STRETCH = 2**17  # samples: they and their results fit the second-level cache
AT_LEAST, ADD, ZEROS_ONLY = 0, 1, 2  # how `logarithm` applies its floor


def count_samples(n_frames: int, tables: Tables) -> int:
    """How many samples mel_and_energy reads: whole registers of frames, and of samples in a frame."""
    return (max(n_frames, width(tables.window)) - 1) * tables.hop + tables.load_factors.size


def mel_and_energy(samples: np.ndarray, n_frames: int, tables: Tables) -> tuple[np.ndarray, np.ndarray | None]:
    """(n_levels, n_frames) and (n_frames,) of the frames that begin at 0, hop, 2 hop, .. of the samples.

    Energy is None if the convention needs none.
    """
    spaces = _workspaces(n_frames, tables)
    mel_frames(None, None, None, None, None, samples, tables, *spaces)
    return _columns(n_frames, *spaces[-2:])


def mel_of_clips(
    clips: list[Clip], layout: np.ndarray, n_frames: int, tables: Tables, mirror: int | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """mel_and_energy of clips side by side.

    A row of `layout` holds a clip's number of samples, the first sample wanted, its offset in the row of all clips,
    the offset of the next clip, and the sample up to which the clip is checked for NaN and infinity.

    Raises ValueError for a clip with a sample that is not finite.
    """
    spaces, stretch = _workspaces(n_frames, tables), max(width(tables.window), STRETCH // tables.hop)
    samples = workspace("samples", (count_samples(min(stretch, n_frames), tables),), tables.window.dtype)
    means, finite = np.array([clip.mean for clip in clips]), np.ones(len(clips), bool)
    table = np.column_stack([[address(clip.samples) for clip in clips], layout])
    mel_frames(table, clips[0].samples, means, mirror, finite, samples, tables, *spaces)
    if not finite.all():
        bad = clips[finite.argmin()]
        check_finite(bad.samples, bad.name)
    return _columns(n_frames, *spaces[-2:])


def _workspaces(n_frames: int, tables: Tables) -> tuple:
    """The arrays that the kernel works in and writes to: z, power, butterfly, mel, energy."""
    lanes, dtype, n_fft = width(tables.window), tables.window.dtype, tables.n_fft
    n_columns = max(n_frames, lanes)
    z = workspace("z", (n_fft + lanes, lanes), dtype)  # the last register of samples may extend beyond the end
    power, mel = (
        workspace("power", (n_fft // 2 + 1, lanes), dtype),
        workspace("mel", (tables.n_levels, n_columns), dtype),
    )
    butterfly = None if tables.only_radix_4 else workspace("butterfly", (2 * MAX_BUTTERFLY, lanes), dtype)
    without_energy = tables.plain_frames and not tables.spectrum_energy
    return z, power, butterfly, mel, None if without_energy else workspace("energy", (n_columns,), dtype)


def _columns(n_frames: int, mel: np.ndarray, energy: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    return mel[:, :n_frames], None if energy is None else energy[:n_frames]


def logarithm(mel: np.ndarray, factor: float, floor: float, rule: int, in_own_memory: bool = False) -> np.ndarray:
    """factor ln(mel), after the floor; in_own_memory: not in a workspace."""
    wide = _widen(mel)
    level = np.empty_like(wide) if in_own_memory else workspace("level", wide.shape, wide.dtype)
    take_log(wide, factor, floor, rule, level)
    return level[: mel.shape[0], : mel.shape[1]]


def matmul_rows(matrix: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """matrix @ rows."""
    wide = _widen(rows)
    out = workspace("matmul_rows", (matrix.shape[0], wide.shape[1]), rows.dtype)
    mix_rows(matrix, wide, out)
    return out[:, : rows.shape[1]]


def _widen(rows: np.ndarray) -> np.ndarray:
    """The same rows, contiguous, with columns of ones appended up to the width of a register."""
    lanes = width(rows)
    if rows.shape[1] >= lanes:
        return np.ascontiguousarray(rows)
    wide = np.ones((rows.shape[0], lanes), rows.dtype)
    wide[:, : rows.shape[1]] = rows
    return wide


def workspace(name: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Uninitialized floats that this thread keeps for the next call, as fresh memory costs more than the kernels.

    They begin on a 64-byte boundary, so that no register straddles two cache lines.
    """
    count = math.prod(shape)
    memory = _WORKSPACES.__dict__.get(name)
    if memory is None or memory.nbytes < count * dtype.itemsize:
        memory = np.empty(count * dtype.itemsize + 64, np.uint8)
        skip = -memory.ctypes.data % 64
        memory = _WORKSPACES.__dict__[name] = memory[skip : skip + count * dtype.itemsize]
    return memory[: count * dtype.itemsize].view(dtype).reshape(shape)
