"""The kernels as functions from arrays to arrays: they find the room, and pad what is narrower than a register.

What they return lies in a room of this thread and is written over by the next call: copy what is to be kept.
"""

import math
import threading

import numpy as np

from dsp.checks import check_finite
from dsp.cooley_tukey import LARGEST_BUTTERFLY
from dsp.engine.clips import Clip, address
from dsp.engine.kernels import mel_frames
from dsp.engine.lanes import width
from dsp.engine.plan import Tables
from dsp.engine.rows import mix_rows, take_log

_ROOMS = threading.local()
STRETCH = 2**17  # samples: with what is made of them they stay in a second cache
AT_LEAST, ADD, ZEROS_ONLY = 0, 1, 2  # what `logarithm` does with its floor


def samples_needed(n_frames: int, tables: Tables) -> int:
    """How long a stretch of samples mel_and_energy takes: whole registers of frames, and of samples in a frame."""
    return (max(n_frames, width(tables.window)) - 1) * tables.hop + tables.at_load.size


def mel_and_energy(samples: np.ndarray, n_frames: int, tables: Tables) -> tuple[np.ndarray, np.ndarray | None]:
    """(n_levels, n_frames) and (n_frames,) of the frames that begin at 0, hop, 2 hop, .. of the samples.

    Energy is None where the convention asks for none.
    """
    rooms = _rooms(n_frames, tables)
    mel_frames(None, None, None, None, None, samples, tables, *rooms)
    return _columns(n_frames, *rooms[-2:])


def mel_of_clips(
    clips: list[Clip], places: np.ndarray, n_frames: int, tables: Tables, mirror: int | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """mel_and_energy of clips that lie side by side.

    A row of `places`: a clip's number of samples, the first one wanted, where it comes to lie, where the next
    clip's do, and up to which sample the clip is looked at for what is not finite.

    Raises ValueError for a clip with a sample that is not finite.
    """
    rooms, stretch = _rooms(n_frames, tables), max(width(tables.window), STRETCH // tables.hop)
    samples = workspace("samples", (samples_needed(min(stretch, n_frames), tables),), tables.window.dtype)
    means, finite = np.array([clip.mean for clip in clips]), np.ones(len(clips), bool)
    table = np.column_stack([[address(clip.samples) for clip in clips], places])
    mel_frames(table, clips[0].samples, means, mirror, finite, samples, tables, *rooms)
    if not finite.all():
        bad = clips[finite.argmin()]
        check_finite(bad.samples, bad.name)
    return _columns(n_frames, *rooms[-2:])


def _rooms(n_frames: int, tables: Tables) -> tuple:
    """What the kernel works in and writes to: z, power, kept, mel, energy."""
    lanes, dtype, n_fft = width(tables.window), tables.window.dtype, tables.n_fft
    n_room = max(n_frames, lanes)
    z = workspace("z", (n_fft + lanes, lanes), dtype)  # a whole register of samples may reach over the end
    power, mel = workspace("power", (n_fft // 2 + 1, lanes), dtype), workspace("mel", (tables.n_levels, n_room), dtype)
    kept = None if tables.only_radix_4 else workspace("kept", (2 * LARGEST_BUTTERFLY, lanes), dtype)
    spared = tables.as_they_are and not tables.spectrum_energy
    return z, power, kept, mel, None if spared else workspace("energy", (n_room,), dtype)


def _columns(n_frames: int, mel: np.ndarray, energy: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    return mel[:, :n_frames], None if energy is None else energy[:n_frames]


def logarithm(mel: np.ndarray, factor: float, floor: float, rule: int, to_keep: bool = False) -> np.ndarray:
    """factor ln(mel), after the floor; `to_keep`: in memory of its own."""
    wide = _at_least_a_register(mel)
    level = np.empty_like(wide) if to_keep else workspace("level", wide.shape, wide.dtype)
    take_log(wide, factor, floor, rule, level)
    return level[: mel.shape[0], : mel.shape[1]]


def matmul_rows(matrix: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """matrix @ rows."""
    wide = _at_least_a_register(rows)
    out = workspace("matmul_rows", (matrix.shape[0], wide.shape[1]), rows.dtype)
    mix_rows(matrix, wide, out)
    return out[:, : rows.shape[1]]


def _at_least_a_register(rows: np.ndarray) -> np.ndarray:
    """The same rows, contiguous, with columns of ones added up to a register's width."""
    lanes = width(rows)
    if rows.shape[1] >= lanes:
        return np.ascontiguousarray(rows)
    wide = np.ones((rows.shape[0], lanes), rows.dtype)
    wide[:, : rows.shape[1]] = rows
    return wide


def workspace(name: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Uninitialised floats that this thread keeps for the next call: fresh memory costs more than the kernels.

    They begin on a 64-byte boundary, so that no register straddles two cache lines.
    """
    count = math.prod(shape)
    kept = _ROOMS.__dict__.get(name)
    if kept is None or kept.nbytes < count * dtype.itemsize:
        kept = np.empty(count * dtype.itemsize + 64, np.uint8)
        skip = -kept.ctypes.data % 64
        kept = _ROOMS.__dict__[name] = kept[skip : skip + count * dtype.itemsize]
    return kept[: count * dtype.itemsize].view(dtype).reshape(shape)
