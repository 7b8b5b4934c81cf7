"""The kernels as functions from arrays to arrays: they provide workspaces and pad arrays narrower than a register.

Results lie in a workspace of this thread, which the next call overwrites: copy what you want to keep.
"""

import threading
from typing import NamedTuple

import numpy as np

from dsp.checks import check_finite
from dsp.cooley_tukey import MAX_BUTTERFLY
from dsp.engine.clips import Clip, ClipTable, address, describe_clips
from dsp.engine.kernels import Workspaces, mel_frames
from dsp.engine.lanes import width
from dsp.engine.pair_tables import PairTables
from dsp.engine.plan import Plan, Tables
from dsp.engine.rows import mix_rows, take_log
from dsp.engine.structures import pack
from dsp.engine.workspaces import workspace

STRETCH = 2**17  # samples: they and their results fit the second-level cache
AT_LEAST, ADD, ZEROS_ONLY = 0, 1, 2  # how `logarithm` applies its floor


def count_samples(n_frames: int, tables: Tables) -> int:
    """How many samples mel_and_energy reads: whole registers of frames, and of samples in a frame."""
    return (max(n_frames, width(tables.window)) - 1) * tables.hop + tables.load_factors.size


def mel_and_energy(
    x: np.ndarray, n_frames: int, tables: Tables, pair: PairTables | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """(n_levels, n_frames) and (n_frames,) of the frames that begin at 0, hop, 2 hop, .. of a signal.

    Energy is None if the convention needs none.

    Raises ValueError if the signal is not finite.
    """
    layout = np.array([[x.size, 0, 0, count_samples(n_frames, tables), x.size]])
    return mel_of_clips([Clip("signal", x, 0.0, n_frames)], layout, n_frames, tables, pair, -1)


def mel_of_clips(
    clips: list[Clip], layout: np.ndarray, n_frames: int, tables: Tables, pair: PairTables | None, mirror: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """mel_and_energy of clips side by side; dsp.engine.clips.describe_clips explains the layout.

    Raises ValueError for a clip with a sample that is not finite.
    """
    dtype, n_columns = tables.window.dtype, max(n_frames, width(tables.window))
    mel = workspace("mel", (tables.n_levels + (tables.used_bins.size > 0), n_columns), dtype)
    energy = workspace("energy", (n_columns,), dtype) if needs_energy(tables) else None
    table = describe_clips(clips, layout, mirror)
    if pair is None:
        mel_frames(
            pack(table),
            clips[0].samples,
            pack(tables),
            pack(_workspaces(tables)),
            large_radix_terms(tables),
            mel,
            energy,
        )
    else:
        from dsp.engine.pairs import mel_of_pairs  # compiled only where a convention needs it

        stretch = max(STRETCH // tables.hop, 2 * width(tables.window))
        samples = workspace("samples", (count_samples(stretch, tables),), dtype)
        mel_of_pairs(table, clips[0].samples, tables, pair, samples, mel, energy)
    if not table.finite.all():
        bad = clips[table.finite.argmin()]
        check_finite(bad.samples, bad.name)
    return mel[:, :n_frames], None if energy is None else energy[:n_frames]


def mel_of_clip(clip: Clip, plan: Plan) -> tuple[np.ndarray, np.ndarray | None]:
    """mel_and_energy of a whole clip with at least a register of frames, in memory of their own.

    For a second of sound the kernels take 30 us. What describes a clip to them is therefore made once.
    """
    prepared = getattr(_PREPARED, "clip", None)
    if prepared is None or prepared.plan is not plan:
        prepared = _PREPARED.clip = _prepare(plan)
    tables, samples = plan.tables, clip.samples
    mel = np.empty((tables.n_levels, clip.n_frames), plan.dtype)
    energy = np.empty(clip.n_frames, plan.dtype) if needs_energy(tables) else None
    row, table = prepared.row, prepared.table
    end = (clip.n_frames - 1) * tables.hop + tables.load_factors.size
    row[:] = address(samples), samples.size, clip.skipped - plan.before, 0, end, samples.size
    table.means[0], table.finite[0] = clip.mean, True
    mel_frames(prepared.clip_words, samples, plan.words, prepared.space_words, large_radix_terms(tables), mel, energy)
    if not table.finite[0]:
        check_finite(samples, clip.name)
    return mel, energy


class _Prepared(NamedTuple):
    """What a thread keeps for the next single clip under the same plan."""

    plan: Plan
    table: ClipTable
    row: np.ndarray  # of the table
    clip_words: np.ndarray
    spaces: Workspaces  # kept here too, in case that the thread gets larger ones for another plan
    space_words: np.ndarray


_PREPARED = threading.local()


def _prepare(plan: Plan) -> _Prepared:
    table = ClipTable(np.zeros((1, 6), np.int64), np.zeros(1), plan.mirror, np.ones(1, bool))
    spaces = _workspaces(plan.tables)
    return _Prepared(plan, table, table.rows[0], pack(table), spaces, pack(spaces))


def _workspaces(tables: Tables) -> Workspaces:
    lanes, dtype = width(tables.window), tables.window.dtype
    return Workspaces(
        workspace("samples", (count_samples(STRETCH // tables.hop, tables),), dtype),
        workspace("z", (tables.n_fft + lanes, lanes), dtype),
        workspace("power", (tables.n_fft // 2 + 1, lanes), dtype),
    )


def needs_energy(tables: Tables) -> bool:
    return tables.energy_weights.size > 0 or not tables.plain_frames


def large_radix_terms(tables: Tables) -> np.ndarray | None:
    """Room for one transform of a large radix, if there is such a stage."""
    if tables.only_codelets:
        return None
    return workspace("terms", (2 * MAX_BUTTERFLY, width(tables.window)), tables.window.dtype)


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
