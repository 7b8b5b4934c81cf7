"""Features of many utterances, compiled and in batches: the fast lane's only door.

A batch is some clips, side by side, for which every kernel is called once; a long clip goes through piece by
piece. What is needed beside signals and features therefore does not grow with either. Where a value depends on
a whole clip (a dynamic range below its maximum, say), a long clip is gone through twice: once for the maximum,
once for the features.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from dsp.checks import as_count, as_samples, as_signal
from dsp.conventions import named
from dsp.conventions.sizes import frames_given
from dsp.engine.batch import append_deltas_and_normalize, features_of, highest_of, n_rows, one_place, rows_of, spectra
from dsp.engine.clips import Clip
from dsp.engine.plan import Plan, make_plan
from dsp.mfcc import trace
from dsp.normalization import dither

MOST_WORKERS = 1024
BATCH = 8192  # frames, at most; threads wait for each other between batches, so these are large
_SAMPLES = 2**20  # at most under a batch's frames
_SHARE = 1024  # frames: no batch is made smaller than this to have one for every worker


def extract(
    signals, sample_rate: float, convention="librosa", kind: str = "mfcc", dtype: str = "float64", workers: int = 1
) -> list[np.ndarray]:
    """Features of many signals; equals mfcc(x, ...) or log_mel(x, ...) of each, many times as fast.

    A transform of an odd length, or with a prime factor above 31, takes the textbook lane; so do features without a
    logarithm, spectra of both sides, and the energy of the windowed frame.

    Parameters
    ----------
    signals : sequence of (n,) real arrays, in -1 .. 1 as read_audio gives them
    sample_rate : Hz, of all of them
    convention : a name in CONVENTIONS or a Convention
    kind : "mfcc" or "log_mel"
    dtype : "float64" (equal to the textbook lane to 1e-9 of the largest value) or "float32" (to 1e-4, where no
        level lies below what float32 leaves of a frame's energy)
    workers : int in 1 .. 1024, threads: over the signals, or over the pieces of a long one

    Returns
    -------
    features : list of (n_rows, n_frames) arrays of that dtype, in the order of the signals; those of short signals
        lie in common blocks of memory: keep a copy of one if the others are not to be kept

    Raises
    ------
    ValueError  as mfcc and log_mel, for an unknown kind or dtype, or workers < 1; a bad signal is named by
        its place in the list.

    Source: as mfcc. Checked: tests/test_extract_equals_textbook.py
    """
    c = named(convention)
    if kind not in ("mfcc", "log_mel"):
        raise ValueError(f'{kind=} is neither "mfcc" nor "log_mel"')
    if kind == "mfcc" and c.n_mfcc is None:
        raise ValueError(f"{c.tool or 'this convention'} makes no cepstra (n_mfcc is None)")
    if dtype not in ("float64", "float32"):
        raise ValueError(f'{dtype=} is neither "float64" nor "float32"')
    if isinstance(signals, np.ndarray) and signals.ndim == 1 and signals.dtype != object:
        raise ValueError("signals is one array; a list of signals is expected, as in extract([x], ...)")
    plan, workers = make_plan(c, sample_rate, dtype), as_count(workers, "workers", at_most=MOST_WORKERS)
    found = [_clip(signal, place, plan, kind, sample_rate) for place, signal in enumerate(signals)]
    places = [place for place, clip in enumerate(found) if isinstance(clip, Clip)]
    limit = max(1, min(BATCH, _SAMPLES // plan.size.hop))
    total = sum(found[place].n_frames for place in places)
    most = _evenly(total, limit, workers)  # frames of a batch; a clip of more is a long one
    batches = list(_batches([place for place in places if found[place].n_frames <= most], found, most))
    features = _spread(lambda batch: features_of([found[place] for place in batch], plan, kind), batches, workers)
    for batch, of_batch in zip(batches, features, strict=True):
        for place, of_clip in zip(batch, of_batch, strict=True):
            found[place] = of_clip
    for place in places:
        if isinstance(found[place], Clip):
            found[place] = _long(found[place], limit, plan, kind, workers)
    return found


def _evenly(n_frames: int, limit: int, workers: int) -> int:
    """Frames of a batch, `limit` at most, so that all workers get as many batches, if these do not become too small."""
    rounds = max(1, -(-n_frames // (workers * limit)))
    return min(limit, max(_SHARE, -(-n_frames // (workers * rounds))))


def _spread(function: Callable, items: list, workers: int) -> list:
    """[function(item) for item in items]; the caller is one of the workers, who take one item after the other."""
    found, waiting = [None] * len(items), iter(enumerate(items))

    def work() -> None:
        for place, item in waiting:
            found[place] = function(item)

    others = [_threads(workers - 1).submit(work) for _ in range(min(workers, len(items)) - 1)]
    work()
    for other in others:
        other.result()
    return found


@lru_cache(maxsize=4)
def _threads(workers: int) -> ThreadPoolExecutor:
    """The same threads in every call: they keep their rooms."""
    return ThreadPoolExecutor(workers, thread_name_prefix="dsp.extract")


os.register_at_fork(after_in_child=_threads.cache_clear)  # a child process does not inherit its parent's threads


def _clip(signal, place: int, plan: Plan, kind: str, sample_rate: float) -> Clip | np.ndarray:
    """The signal, checked but for NaN and infinity; where the kernels do not fit, its features."""
    c, name = plan.convention, f"signals[{place}]"
    try:
        x = as_samples(signal, name)
        shortened = c.framing == "scipy" and x.size < plan.size.window
        if shortened or not plan.fast:
            return trace(x, sample_rate, c, until=kind)[kind].astype(plan.dtype)
        n_frames = frames_given(x.size, plan.size, c)
        if (plan.tables.emphasis[2] and x.size < 2) or (plan.tables.frame_emphasis[2] and plan.size.frame < 2):
            raise ValueError('first="extrapolate" needs two samples; there is one')
        if kind == "mfcc" and c.delta_orders and c.delta_edges == "interp" and n_frames < c.delta_width:
            raise ValueError(f"{n_frames} frames are fewer than width={c.delta_width}")
    except ValueError as error:
        message = str(error)
        raise ValueError(message if message.startswith(name) else f"{name}: {message}") from None
    if c.dither:
        x = dither(c.scale * as_signal(x, name), c.dither, np.random.default_rng(0)) / c.scale
    if x.dtype not in (np.float32, np.float64) or not x.flags.c_contiguous:
        x = np.ascontiguousarray(x, np.float64)
    mean = c.scale * float(x.mean(dtype=np.float64)) if c.dc_removal == "signal" else 0.0
    return Clip(name, x, mean, n_frames)


def _batches(places: list[int], clips: list[Clip], most: int) -> Iterator[list[int]]:
    """The places in order, together until they have `most` frames, and samples of one kind."""
    batch, total = [], 0
    for place in places:
        clip = clips[place]
        if batch and (total >= most or clip.samples.dtype != clips[batch[0]].samples.dtype):
            yield batch
            batch, total = [], 0
        batch.append(place)
        total += clip.n_frames
    if batch:
        yield batch


def _long(clip: Clip, limit: int, plan: Plan, kind: str, workers: int) -> np.ndarray:
    """Features of a clip that goes through piece by piece."""
    most = _evenly(clip.n_frames, limit, workers)
    pieces = [slice(start, min(start + most, clip.n_frames)) for start in range(0, clip.n_frames, most)]

    def highest_in(piece: slice) -> np.ndarray:
        mel, _, places = spectra([clip], [piece.start], [piece.stop - piece.start], plan)
        return highest_of(mel, places, plan)

    highest = None
    if plan.whole_clip:
        highest = np.max(_spread(highest_in, pieces, workers), axis=0)
    n_static = len(plan.cepstrum) if kind == "mfcc" else plan.tables.n_levels
    rows, energy = np.empty((n_static, clip.n_frames), plan.dtype), np.empty(clip.n_frames, plan.dtype)

    def fill(piece: slice) -> None:
        of_piece = rows_of([clip], [piece.start], [piece.stop - piece.start], plan, kind, highest)
        rows[:, piece] = of_piece[0]
        if of_piece[1] is not None:
            energy[piece] = of_piece[1]

    _spread(fill, pieces, workers)
    if kind == "log_mel":
        return rows
    features = np.empty((n_rows(plan), clip.n_frames), plan.dtype)
    return append_deltas_and_normalize(rows, energy, one_place(clip.n_frames), plan, features)
