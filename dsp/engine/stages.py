"""The kernels as functions from arrays to arrays: they find the room, and pad what is narrower than a register."""

import math

import numpy as np

from dsp.engine.kernels import lay_out, mel_frames, mix_rows, slopes, take_log
from dsp.engine.plan import Tables

AT_LEAST, ADD, ZEROS_ONLY = 0, 1, 2  # what `logarithm` does with its floor


def mel_and_energy(samples: np.ndarray, n_frames: int, tables: Tables) -> tuple[np.ndarray, np.ndarray]:
    """(n_levels, n_frames) and (n_frames,) of the frames that begin at 0, hop, 2 hop, .. of the samples."""
    lanes, n_levels = 64 // samples.itemsize, tables.n_levels
    n_room = max(n_frames, lanes)
    columns = np.empty((tables.hop, n_room + (tables.window.size - 1) // tables.hop), samples.dtype)
    lay_out(samples, tables.hop, columns)
    work = _aligned((4, (tables.n_fft // 2 + 1) * lanes), samples.dtype)
    mel, energy = np.empty((n_levels, n_room), samples.dtype), np.empty(n_room, samples.dtype)
    mel_frames(columns, tables, work, mel, energy)
    return mel[:, :n_frames], energy[:n_frames]


def logarithm(mel: np.ndarray, factor: float, floor: float, rule: int) -> np.ndarray:
    """factor ln(mel), after the floor."""
    room = _at_least_a_register(mel)
    level = np.empty_like(room)
    take_log(room, factor, floor, rule, level)
    return level[: mel.shape[0], : mel.shape[1]]


def mixed(matrix: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """matrix @ rows."""
    room = _at_least_a_register(rows)
    out = np.empty((matrix.shape[0], room.shape[1]), rows.dtype)
    mix_rows(matrix, room, out)
    return out[:, : rows.shape[1]]


def slope(rows: np.ndarray, weights: np.ndarray, edges: str) -> np.ndarray:
    """dsp.deltas.delta by its weights; edges "replicate" or "interp"."""
    if edges == "interp" and rows.shape[1] < weights.size:
        raise ValueError(f"{rows.shape[1]} frames are fewer than width={weights.size}")
    out = np.empty(rows.shape, rows.dtype)
    slopes(np.ascontiguousarray(rows), weights, edges == "replicate", out)
    return out


def _at_least_a_register(rows: np.ndarray) -> np.ndarray:
    """The same rows, contiguous, with columns of ones added up to a register's width."""
    lanes = 64 // rows.itemsize
    if rows.shape[1] >= lanes:
        return np.ascontiguousarray(rows)
    room = np.ones((rows.shape[0], lanes), rows.dtype)
    room[:, : rows.shape[1]] = rows
    return room


def _aligned(shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    """Uninitialised floats that begin on a 64-byte boundary: no register straddles two cache lines."""
    count = math.prod(shape)
    room = np.empty(count + 64 // dtype.itemsize, dtype)
    skip = -room.ctypes.data % 64 // dtype.itemsize
    return room[skip : skip + count].reshape(shape)
