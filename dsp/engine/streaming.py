"""Frames of a signal that comes in pieces, by the kernels of `extract`: dsp.Stream without its checks.

A frame is computed once its last sample is there. Its bits do not depend on the frames that are computed with it, as
each has a lane of its own; where two frames share a transform (dsp/engine/pairs.py), they are computed when both are
there. The samples that later frames need stay in a buffer of bounded size, which the kernels see as a clip.

Checked: tests/test_streams_equal_extract.py
"""

import math

import numpy as np

from dsp.conventions.parameters import Convention
from dsp.conventions.sizes import Sizes, require_frames
from dsp.engine.batch import Spans, compress, find_maxima, single_span
from dsp.engine.clips import Clip, ClipTable, address
from dsp.engine.kernels import Workspaces, mel_frames
from dsp.engine.lanes import width
from dsp.engine.plan import Plan, make_plan
from dsp.engine.stages import count_samples, large_radix_terms, matmul_rows, mel_of_clips, needs_energy
from dsp.engine.structures import pack
from dsp.framing import MIRRORED, frame_count

MAX_FRAMES = 64  # of one call of the kernel: a multiple of two registers
MAX_LOADED = 2**17  # samples under these frames
NO_MAXIMA, NO_SPANS = np.empty((2, 0)), single_span(0)  # for conventions that need none


class FrameSource:
    """Levels or cepstra and energies of frames, as far as the samples given suffice.

    running : take maxima over the frames so far instead of refusing conventions that need the clip's
    dtype : of the samples
    """

    def __init__(self, plan: Plan, kind: str, sample_rate: float, running: bool, dtype: type) -> None:
        self._plan, self._kind, self._sample_rate = plan, kind, sample_rate
        tables, hop = plan.tables, plan.size.hop
        self._lanes = lanes = width(tables.window)
        self._max_frames = MAX_FRAMES if MAX_FRAMES * hop <= MAX_LOADED else 1
        self._buffer = np.empty(2 * plan.size.frame + 2, dtype)  # samples start .. stop - 1 are needed
        self._address = address(self._buffer)
        self._start = self._stop = self._origin = 0  # the first of them is number `origin` of the signal
        self.n_frames = 0  # computed so far
        self._least = least_samples(plan.size, plan.before, plan.convention)
        self._maxima = np.full((2, 1), -math.inf) if running and plan.whole_clip else None
        columns = max(lanes, self._max_frames)
        self._n_mel_rows = tables.n_levels + (tables.used_bins.size > 0)
        self._mel = np.empty(self._n_mel_rows * columns, plan.dtype)
        self._energy = np.empty(columns, plan.dtype) if needs_energy(tables) else None
        single = tables._replace(hop=1)  # one frame needs no others, so the other lanes take what is loaded anyway
        self._tables = {True: (single, pack(single)), False: (tables, plan.words)}
        self._table = ClipTable(np.zeros((1, 6), np.int64), np.zeros(1), plan.mirror, np.ones(1, bool))
        self._row = self._table.rows[0]
        self._table_words = {mirror: pack(self._table._replace(mirror=mirror)) for mirror in (-1, plan.mirror)}
        n_loaded = max(
            (columns - 1) * (hop if self._max_frames > 1 else 1) + tables.load_factors.size,
            count_samples(1, single),
        )
        self._spaces = Workspaces(
            np.empty(n_loaded, plan.dtype),
            np.empty((tables.n_fft + lanes, lanes), plan.dtype),
            np.empty((tables.n_fft // 2 + 1, lanes), plan.dtype),
        )
        self._space_words = pack(self._spaces)

    @property
    def n_samples(self) -> int:
        """How many samples were added."""
        return self._origin + self._stop - self._start

    def add(self, samples: np.ndarray) -> None:
        """Appends samples to the buffer, from which those that no frame needs have been dropped."""
        n = self._stop - self._start
        if self._stop + samples.size > self._buffer.size:  # to the beginning again, of a larger buffer if it needs be
            fits = 2 * (n + samples.size) <= self._buffer.size
            buffer = self._buffer if fits else np.empty(2 * (n + samples.size), self._buffer.dtype)
            buffer[:n] = self._buffer[self._start : self._stop]
            self._buffer, self._address, self._start, self._stop = buffer, address(buffer), 0, n
        self._buffer[self._stop : self._stop + samples.size] = samples
        self._stop += samples.size

    def compute_complete(self) -> list[tuple[np.ndarray, np.ndarray | None]]:
        """(rows, energy) of the next frames whose samples are all there, in memory of their own, block by block."""
        ready = count_complete(self.n_samples, self._plan.size, self._plan.before, self._plan.convention, self._least)
        if self._plan.pair is not None:  # the last register may share its transform otherwise: see pairs._bounds
            ready = (ready - self._lanes) // (2 * self._lanes) * 2 * self._lanes
        return self._compute_to(ready, self._max_frames, at_end=False)

    def compute_rest(self) -> list[tuple[np.ndarray, np.ndarray | None]]:
        """(rows, energy) of the frames left at the end of the signal.

        Raises ValueError if the signal gives no frame.
        """
        plan, n = self._plan, self.n_samples
        c, size = plan.convention, plan.size
        if c.framing == "scipy" and n < size.window:  # which then gets a window of the signal's length
            plan = make_plan(c, self._sample_rate, plan.dtype.name, n)
            rest = FrameSource(plan, self._kind, self._sample_rate, self._maxima is not None, self._buffer.dtype)
            rest.add(self._buffer[self._start : self._stop])
            return rest.compute_rest()
        total = require_frames(n, size, c)
        return self._compute_to(total, self._max_frames if plan.pair is None else total, at_end=True)

    def _compute_to(self, end: int, max_frames: int, at_end: bool) -> list[tuple[np.ndarray, np.ndarray | None]]:
        blocks = []
        while self.n_frames < end:
            count = min(max_frames, end - self.n_frames)
            is_mirrored = at_end or self._begin < 0  # elsewhere only frames that nobody wants reach beyond the buffer
            blocks.append(self._compute_block(count, self._plan.mirror if is_mirrored else -1))
            self.n_frames += count
        if blocks:
            self._drop_samples()
        return blocks

    def _compute_block(self, count: int, mirror: int) -> tuple[np.ndarray, np.ndarray | None]:
        plan = self._plan
        mel, energy = (self._mel_of_pairs if plan.pair else self._mel_of_frames)(count, mirror)
        energy = None if energy is None else energy[:count].copy()
        spans, maxima = NO_SPANS, NO_MAXIMA
        if self._maxima is not None:
            mel, spans = mel[:, :count], Spans(np.arange(count), np.arange(1, count + 1))  # each frame for itself
            so_far = np.concatenate([self._maxima, find_maxima(mel, spans, plan)], axis=1)
            maxima = np.maximum.accumulate(so_far, axis=1)[:, 1:]
            self._maxima = maxima[:, -1:]
        level = compress(mel[: plan.tables.n_levels], plan, spans, maxima)
        rows = matmul_rows(plan.cepstrum, level) if self._kind == "mfcc" else level
        return rows[:, :count].copy(), energy

    def _mel_of_frames(self, count: int, mirror: int) -> tuple[np.ndarray, np.ndarray | None]:
        """mel and energy of the next frames, and columns without meaning up to a register of frames."""
        columns = max(count, self._lanes)
        tables, words = self._tables[count == 1]
        mel = self._mel[: self._n_mel_rows * columns].reshape(-1, columns)
        energy = None if self._energy is None else self._energy[:columns]
        row = self._row  # of the table of clips: address, samples, first sample wanted, 0, the end of these, 0
        row[0] = self._address + self._start * self._buffer.itemsize
        row[1], row[2] = self._stop - self._start, self._begin
        row[4] = (columns - 1) * tables.hop + tables.load_factors.size
        terms = large_radix_terms(tables)
        mel_frames(self._table_words[mirror], self._buffer, words, self._space_words, terms, mel, energy)
        return mel, energy

    def _mel_of_pairs(self, count: int, mirror: int) -> tuple[np.ndarray, np.ndarray | None]:
        plan, live = self._plan, self._buffer[self._start : self._stop]
        layout = np.array([[live.size, self._begin, 0, count_samples(count, plan.tables), 0]])
        clips = [Clip("samples", live, 0.0, count)]
        return mel_of_clips(clips, layout, count, plan.tables, plan.pair, mirror)

    @property
    def _begin(self) -> int:
        """Where the next frame begins in the buffer."""
        return self.n_frames * self._plan.size.hop - self._plan.before - self._origin

    def _drop_samples(self) -> None:
        """Drops what comes before the next frame, its predecessor, and what the end of the signal may mirror."""
        surplus = min(self._begin - 1, self._stop - self._start - self._plan.size.frame - 2)
        if surplus > 0:
            self._start, self._origin = self._start + surplus, self._origin + surplus


def count_complete(n_samples: int, size: Sizes, before: int, c: Convention, least: int) -> int:
    """How many frames are certain after `n_samples`: all their samples are there, and every longer signal has them."""
    complete = (n_samples + before - size.frame) // size.hop + 1
    if n_samples < least or complete <= 0:
        return 0
    n_frames = frame_count(n_samples, size.frame, size.hop, c.framing)
    return min(complete, n_frames - (c.last_frame == "dropped"))


def least_samples(size: Sizes, before: int, c: Convention) -> int:
    """The samples without which the first frame is not certain, whatever its length."""
    mirrored = before + 1 if c.framing in MIRRORED else 1
    extrapolated = 2 if c.preemphasis and c.preemphasis_first == "extrapolate" else 1
    return max(mirrored, extrapolated, size.window if c.framing == "scipy" else 1)
