"""Features of many utterances, compiled and in batches: the public entrance to the fast lane.

A batch is a few clips, side by side; every kernel is called once for all of them. A long clip is processed piece by
piece. The memory needed beside signals and features therefore grows with neither. Where a value depends on a whole
clip (a dynamic range below its maximum, for example), a long clip is processed twice: first for the maximum, then
for the features.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from dsp.checks import as_count, as_float_dtype, as_sample_rate, as_samples, as_signal, as_word, check_finite
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import named
from dsp.conventions.sizes import Sizes, require_frames, sizes
from dsp.engine.batch import (
    append_deltas_and_normalize,
    compute_features,
    compute_mel,
    compute_rows,
    count_rows,
    find_maxima,
    normalize_spans,
    single_span,
)
from dsp.engine.clips import Clip
from dsp.engine.plan import MAX_N_FFT, Plan, make_plan
from dsp.framing import count_skipped_samples
from dsp.mfcc import compute_trace, insert_mel_energy, require_cepstrum, warn_beyond_full_scale
from dsp.normalization import dither

FeatureKind = Literal["mfcc", "log_mel"]
MAX_WORKERS = 1024
MAX_BATCH_FRAMES = 8192  # threads wait for each other between batches, so batches are large
MAX_BATCH_SAMPLES = 2**20  # under the frames of a batch
MIN_SHARE = 1024  # frames: batches do not get smaller than this just to give every worker one
PAIR = (
    32  # frames of two registers: pieces of a long clip begin where dsp.engine.pairs begins a transform of two frames
)


def extract(
    signals: Iterable[ArrayLike],
    sample_rate: float,
    convention: str | Convention = "librosa",
    kind: FeatureKind = "mfcc",
    dtype: DTypeLike = "float64",
    workers: int = 1,
) -> list[NDArray[Any]]:
    """Features of many signals; equals mfcc(x, ...) or log_mel(x, ...) of each, many times as fast.

    The textbook lane computes transforms of more than 2^18 samples; the kernels know everything else that a
    convention can say.

    Parameters
    ----------
    signals : sequence of (n,) real arrays, in -1 .. 1 as read_audio returns them
    sample_rate : Hz, of all of them
    convention : a name in CONVENTIONS (case is ignored) or a Convention
    kind : "mfcc" or "log_mel"
    dtype : of the features, as a word, a NumPy type or a dtype: "float64" (equal to the textbook lane to 1e-9 of the
        largest value) or "float32" (to 1e-4, where no level lies below the precision that float32 leaves of a frame's
        energy)
    workers : int in 1 .. 1024, threads: over the signals, or over the pieces of a long one

    Returns
    -------
    features : list of (n_rows, n_frames) arrays of that dtype, in the order of the signals; features of short signals
        share blocks of memory: copy one if you want to keep it alone

    Raises
    ------
    ValueError  as mfcc and log_mel, for an unknown kind or dtype, or workers < 1; the message names a bad signal by
        its index.

    Warns as log_mel, once for all signals.

    Source: as mfcc. Checked: tests/test_extract_equals_textbook.py
    """
    c = named(convention)
    if as_word(kind, "kind", FeatureKind) == "mfcc":
        require_cepstrum(c)
    as_sample_rate(sample_rate)
    precision, workers = as_float_dtype(dtype), as_count(workers, "workers", max_value=MAX_WORKERS)
    if not isinstance(signals, Iterable) or isinstance(signals, str | bytes | dict):
        raise ValueError(f"signals is of type {type(signals).__name__}; a list of signals is expected")
    if isinstance(signals, np.ndarray) and signals.ndim == 1 and signals.dtype != object:
        raise ValueError("signals is one array; a list of signals is expected, as in extract([x], ...)")
    checked = [as_samples(signal, f"signals[{index}]") for index, signal in enumerate(signals)]
    warn_beyond_full_scale(checked, c)
    size = sizes(c, sample_rate)
    counts = [_count_frames(x, index, size, c, kind, sample_rate) for index, x in enumerate(checked)]
    if size.n_fft > MAX_N_FFT:
        return [_extract_by_textbook(x, index, c, kind, sample_rate, precision) for index, x in enumerate(checked)]
    plan = _find_plan(c, sample_rate, precision)
    results: list[Any] = [
        _prepare_clip(x, index, n, size, c) for index, (x, n) in enumerate(zip(checked, counts, strict=True))
    ]
    indices = list(range(len(results)))
    if c.framing == "scipy":  # a signal shorter than the window gets a window of its own length
        indices = [index for index in indices if checked[index].size >= size.window]
        for index in {*range(len(results))} - {*indices}:
            own = make_plan(c, sample_rate, precision, checked[index].size)
            results[index] = compute_features([results[index]], own, kind)[0]
    limit = max(1, min(MAX_BATCH_FRAMES, MAX_BATCH_SAMPLES // plan.size.hop))
    if len(indices) == len(results) == 1 and results[0].n_frames <= (limit if workers == 1 else MIN_SHARE):
        return compute_features(results, plan, kind)
    total = sum(results[index].n_frames for index in indices)
    max_frames = _split_evenly(total, limit, workers)  # of a batch; a clip with more is a long one
    short = [index for index in indices if results[index].n_frames <= max_frames]
    batches = list(_make_batches(short, results, max_frames))
    features = _map_threads(lambda batch: compute_features([results[i] for i in batch], plan, kind), batches, workers)
    for batch, features_of_batch in zip(batches, features, strict=True):
        for index, features_of_clip in zip(batch, features_of_batch, strict=True):
            results[index] = features_of_clip
    for index in indices:
        if isinstance(results[index], Clip):
            results[index] = _extract_long(results[index], limit, plan, kind, workers)
    return results


_PLANS: dict[tuple, Plan] = {}  # by the identity of their conventions


def _find_plan(c: Convention, sample_rate: float, precision: str) -> Plan:
    """make_plan, which takes 5 us to compare conventions; here they are the same object."""
    plan = _PLANS.get((id(c), sample_rate, precision))
    if plan is None or plan.convention is not c:
        plan = make_plan(c, sample_rate, precision)
        if len(_PLANS) >= 32:
            _PLANS.clear()
        _PLANS[id(c), sample_rate, precision] = plan
    return plan


def _split_evenly(n_frames: int, limit: int, workers: int) -> int:
    """Frames of a batch, at most `limit`, so that all workers get equally many batches unless these get too small."""
    rounds = max(1, -(-n_frames // (workers * limit)))
    return min(limit, max(MIN_SHARE, -(-n_frames // (workers * rounds))))


def _map_threads(function: Callable[[Any], Any], items: list[Any], workers: int) -> list[Any]:
    """[function(item) for item in items]; the caller is one of the workers, each of which takes the next item."""
    results: list[Any] = [None] * len(items)
    queue = iter(enumerate(items))

    def work() -> None:
        for index, item in queue:
            results[index] = function(item)

    others = [_threads(workers - 1).submit(work) for _ in range(min(workers, len(items)) - 1)]
    work()
    for other in others:
        other.result()
    return results


@lru_cache(maxsize=4)
def _threads(workers: int) -> ThreadPoolExecutor:
    """The same threads in every call, as each keeps its workspaces."""
    return ThreadPoolExecutor(workers, thread_name_prefix="dsp.extract")


os.register_at_fork(after_in_child=_threads.cache_clear)  # a child process does not inherit its parent's threads


def count_clip_frames(n_samples: int, size: Sizes, c: Convention, kind: FeatureKind, sample_rate: float) -> int:
    """How many frames a signal has. Raises ValueError if it is too short for the convention; nothing is allocated."""
    if c.framing == "scipy" and n_samples < size.window:
        size = sizes(c, sample_rate, n_samples)
    n_frames = require_frames(n_samples, size, c)
    if c.preemphasis and c.preemphasis_first == "extrapolate":
        if (size.frame if c.preemphasis_in == "frame" else n_samples) < 2:
            raise ValueError('first="extrapolate" needs two samples; there is one')
    if kind == "mfcc" and c.delta_orders and c.delta_edges == "interp" and n_frames < c.delta_width:
        raise ValueError(f"{n_frames} frames are fewer than width={c.delta_width}")
    return n_frames


def _count_frames(
    x: NDArray[np.floating], index: int, size: Sizes, c: Convention, kind: FeatureKind, sample_rate: float
) -> int:
    """count_clip_frames, its message with the index of the signal."""
    try:
        return count_clip_frames(x.size, size, c, kind, sample_rate)
    except ValueError as error:
        raise ValueError(f"signals[{index}]: {error}") from None


def _prepare_clip(x: NDArray[np.floating], index: int, n_frames: int, size: Sizes, c: Convention) -> Clip:
    """The signal as a Clip, not yet checked for NaN and infinity where its frames lie."""
    name = f"signals[{index}]"
    if c.dither:
        x = dither(c.scale * as_signal(x, name), c.dither, np.random.default_rng(0)) / c.scale
    if x.dtype not in (np.float32, np.float64) or not x.flags.c_contiguous:
        x = np.ascontiguousarray(x, np.float64)
    mean = c.scale * float(x.mean(dtype=np.float64)) if c.dc_removal == "signal" else 0.0
    skipped = count_skipped_samples(x.size, size.frame, size.hop, c.framing)
    check_finite(x[:skipped], name)
    return Clip(name, x, mean, n_frames, skipped)


def _extract_by_textbook(
    x: NDArray[np.floating], index: int, c: Convention, kind: FeatureKind, sample_rate: float, dtype: str
) -> NDArray[Any]:
    return compute_trace(as_signal(x, f"signals[{index}]"), sample_rate, c, kind)[kind].astype(dtype)


def _make_batches(indices: list[int], clips: list[Clip], max_frames: int) -> Iterator[list[int]]:
    """The indices, one dtype of samples after the other, in batches of about `max_frames` frames of the same dtype."""
    batch: list[int] = []
    total = 0
    for index in sorted(indices, key=lambda index: clips[index].samples.itemsize):
        clip = clips[index]
        if batch and (total >= max_frames or clip.samples.dtype != clips[batch[0]].samples.dtype):
            yield batch
            batch, total = [], 0
        batch.append(index)
        total += clip.n_frames
    if batch:
        yield batch


def _extract_long(clip: Clip, limit: int, plan: Plan, kind: FeatureKind, workers: int) -> NDArray[Any]:
    """Features of a clip that is processed piece by piece."""
    step = -(-_split_evenly(clip.n_frames, limit, workers) // PAIR) * PAIR
    starts = [start for start in range(0, clip.n_frames, step) if start == 0 or clip.n_frames - start >= PAIR]
    pieces = [slice(*bounds) for bounds in pairwise([*starts, clip.n_frames])]

    def find_maximum(piece: slice) -> NDArray[np.float64]:
        mel, _, spans = compute_mel([clip], [piece.start], [piece.stop - piece.start], plan)
        return find_maxima(mel, spans, plan)

    maxima = None
    if plan.whole_clip:
        maxima = np.max(_map_threads(find_maximum, pieces, workers), axis=0)
    n_static = len(plan.cepstrum) if kind == "mfcc" else plan.tables.n_levels
    rows, energy = np.empty((n_static, clip.n_frames), plan.dtype), np.empty(clip.n_frames, plan.dtype)

    def fill(piece: slice) -> None:
        piece_rows, piece_energy, _ = compute_rows(
            [clip], [piece.start], [piece.stop - piece.start], plan, kind, maxima
        )
        rows[:, piece] = piece_rows
        if piece_energy is not None:
            energy[piece] = piece_energy

    _map_threads(fill, pieces, workers)
    if kind == "log_mel":
        rows = insert_mel_energy(rows, energy, plan.convention)
        normalize_spans(rows, single_span(clip.n_frames), plan)
        return rows
    features = np.empty((count_rows(plan), clip.n_frames), plan.dtype)
    return append_deltas_and_normalize(rows, energy, single_span(clip.n_frames), plan, features)
