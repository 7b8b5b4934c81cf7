"""Features of many utterances, compiled and in batches: the fast lane's only door.

A batch is a few clips, side by side, for which every kernel is called once; a long clip goes through piece by
piece. What is needed beside signals and features therefore does not grow with either. Where a value depends on
a whole clip (a dynamic range below its maximum, say), a long clip is gone through twice: once for the maximum,
once for the features.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from dsp.checks import as_count, as_samples, as_signal, check_finite
from dsp.conventions import named
from dsp.engine.plan import Plan, make_plan
from dsp.engine.rows import condition, slopes
from dsp.engine.stages import ADD, AT_LEAST, ZEROS_ONLY, logarithm, mel_and_energy, mixed, room, samples_needed
from dsp.mfcc import LEAST, LOG_FACTOR, trace
from dsp.normalization import cmn, cmvn, dither
from dsp.sizes import frames_given

MOST_WORKERS = 1024
BATCH = 1024  # frames; a clip that has more is a long one
_FLOOR_RULE = {"at least": AT_LEAST, "add": ADD, "zeros only": ZEROS_ONLY, "share of maximum": AT_LEAST}


class Clip(NamedTuple):
    """One signal."""

    name: str
    samples: np.ndarray
    mean: float  # taken off the scaled samples
    n_frames: int


def extract(
    signals, sample_rate: float, convention="librosa", kind: str = "mfcc", dtype: str = "float64", workers: int = 1
) -> list[np.ndarray]:
    """Features of many signals; equals mfcc(x, ...) or log_mel(x, ...) of each, many times as fast.

    A transform of an odd length, or with a prime factor above 31, takes the textbook lane.

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
    features : list of (n_rows, n_frames) arrays of that dtype, in the order of the signals

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
    short = [place for place in places if found[place].n_frames <= BATCH]
    batches = list(_batches(short, [found[place].n_frames for place in short]))
    features = _spread(lambda batch: _short([found[place] for place in batch], plan, kind), batches, workers)
    for batch, of_batch in zip(batches, features, strict=True):
        for place, of_clip in zip(batch, of_batch, strict=True):
            found[place] = of_clip
    for place in places:
        if isinstance(found[place], Clip):
            found[place] = _long(found[place], plan, kind, workers)
    return found


def _spread(function: Callable, items: list, workers: int) -> list:
    """[function(item) for item in items], every thread a share of them."""
    if workers == 1 or len(items) < 2:
        return [function(item) for item in items]
    found, n_shares = [None] * len(items), min(workers, len(items))
    shares = _threads(workers).map(lambda at: [function(item) for item in items[at::n_shares]], range(n_shares))
    for start, share in enumerate(shares):
        found[start::n_shares] = share
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
        if (plan.emphasis[2] and x.size < 2) or (plan.tables.frame_emphasis[2] and plan.size.frame < 2):
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


def _batches(places: list[int], n_frames: list[int]) -> Iterator[list[int]]:
    """The places in order, as many together as have BATCH frames."""
    batch, total = [], 0
    for place, n in zip(places, n_frames, strict=True):
        if batch and total + n > BATCH:
            yield batch
            batch, total = [], 0
        batch.append(place)
        total += n
    if batch:
        yield batch


def _short(clips: list[Clip], plan: Plan, kind: str) -> list[np.ndarray]:
    """Features of clips that go through together."""
    rows, energy, places = _rows(clips, [0] * len(clips), [clip.n_frames for clip in clips], plan, kind)
    if kind == "mfcc":
        features = room("features", (_n_rows(plan), rows.shape[1]), plan.dtype)
        rows = _over_time(rows, energy, places, plan, features)
    return [rows[:, place].copy() for place in places]


def _n_rows(plan: Plan) -> int:
    """Rows of the finished cepstra: with energy and deltas."""
    c = plan.convention
    return (len(plan.cepstrum) + (c.energy in ("first", "last"))) * (1 + c.delta_orders)


def _long(clip: Clip, plan: Plan, kind: str, workers: int) -> np.ndarray:
    """Features of a clip that goes through piece by piece."""
    pieces = [slice(start, min(start + BATCH, clip.n_frames)) for start in range(0, clip.n_frames, BATCH)]

    def highest_of(piece: slice) -> np.ndarray:
        mel, _, places = _spectra([clip], [piece.start], [piece.stop - piece.start], plan)
        return _highest(mel, places, plan)

    highest = None
    if plan.whole_clip:
        highest = np.max(_spread(highest_of, pieces, workers), axis=0)
    n_rows = len(plan.cepstrum) if kind == "mfcc" else plan.tables.n_levels
    rows, energy = np.empty((n_rows, clip.n_frames), plan.dtype), np.empty(clip.n_frames, plan.dtype)

    def fill(piece: slice) -> None:
        of_piece = _rows([clip], [piece.start], [piece.stop - piece.start], plan, kind, highest)
        rows[:, piece] = of_piece[0]
        if of_piece[1] is not None:
            energy[piece] = of_piece[1]

    _spread(fill, pieces, workers)
    if kind == "log_mel":
        return rows
    features = np.empty((_n_rows(plan), clip.n_frames), plan.dtype)
    return _over_time(rows, energy, [slice(0, clip.n_frames)], plan, features)


def _rows(clips, starts, counts, plan: Plan, kind: str, highest=None) -> tuple[np.ndarray, np.ndarray, list[slice]]:
    """(levels or cepstra, energy, where each clip's frames are): counts[i] frames of clip i from frame starts[i] on."""
    mel, energy, places = _spectra(clips, starts, counts, plan)
    if plan.whole_clip and highest is None:
        highest = _highest(mel, places, plan)
    level = _level(mel, plan, places, highest)
    return mixed(plan.cepstrum, level) if kind == "mfcc" else level, energy, places


def _spectra(clips, starts, counts, plan: Plan) -> tuple[np.ndarray, np.ndarray, list[slice]]:
    """(mel, energy, places): the clips side by side, and between them some frames that belong to two and to none."""
    hop, beyond = plan.size.hop, plan.tables.beyond
    first = list(accumulate((count + beyond for count in counts), initial=0))  # column of each clip's first frame
    n_frames = first[-1] - beyond
    samples = room("samples", (samples_needed(n_frames, plan.tables),), plan.dtype)
    samples[first[-1] * hop :] = 0
    for clip, start, left, right in zip(clips, starts, first[:-1], first[1:], strict=True):
        piece, begin = samples[left * hop : right * hop], start * hop - plan.before
        finite = condition(
            clip.samples, begin, plan.convention.scale, clip.mean, plan.emphasis, plan.beyond_ends, piece
        )
        if start + BATCH >= clip.n_frames:
            finite = finite and np.isfinite(clip.samples[max(begin + piece.size, 0) :]).all()  # what no frame reads
        if not finite:
            check_finite(clip.samples, clip.name)
    mel, energy = mel_and_energy(samples, n_frames, plan.tables)
    return mel, energy, [slice(at, at + count) for at, count in zip(first[:-1], counts, strict=True)]


def _highest(mel: np.ndarray, places: list[slice], plan: Plan) -> np.ndarray:
    """The greatest value of each clip; the floor counts where it stands in for a zero."""
    c, of_frames = plan.convention, mel.max(axis=0)
    if c.floor_rule == "zeros only":
        of_frames = np.maximum(of_frames, np.where(mel.min(axis=0) == 0, c.floor, 0))
    return np.array([of_frames[place].max() for place in places], np.float64)


def _level(mel: np.ndarray, plan: Plan, places: list[slice], highest: np.ndarray | None) -> np.ndarray:
    """dsp.mfcc.compressed; `highest` are the clips' greatest mel values where the convention asks for them."""
    c, factor = plan.convention, LOG_FACTOR[plan.convention.log]
    floor = max(c.floor, LEAST)
    if c.floor_rule == "share of maximum":
        floor = LEAST
        np.maximum(mel, _over_frames(c.floor * highest, places, mel), out=mel)
    level = logarithm(mel, factor, floor, _FLOOR_RULE[c.floor_rule])
    if c.reference is not None or c.dynamic_range is not None:
        floored = highest + floor if c.floor_rule == "add" else highest
        floored = np.maximum(floored, LEAST if c.floor_rule == "zeros only" else floor)
        top = _over_frames(factor * np.log(floored), places, level)
        if c.dynamic_range is not None:
            np.maximum(level, top - level.dtype.type(c.dynamic_range), out=level)
        if c.reference == "maximum":
            level -= top
    if c.log_gain != 1 or c.log_offset != 0:
        level *= plan.dtype.type(c.log_gain)
        level += plan.dtype.type(c.log_offset)
    return level


def _over_frames(values: np.ndarray, places: list[slice], like: np.ndarray) -> np.ndarray:
    """The value of its clip for every frame; 0 between clips."""
    row = np.zeros(like.shape[1], like.dtype)
    for place, value in zip(places, values, strict=True):
        row[place] = value
    return row


def _over_time(cepstra, energy, places: list[slice], plan: Plan, features: np.ndarray) -> np.ndarray:
    """dsp.mfcc.with_energy and over_time, for the clips at `places`, into `features`."""
    c, n, n_static = plan.convention, len(cepstra), len(features) // (1 + plan.convention.delta_orders)
    features[c.energy == "first" :][:n] = cepstra
    if c.energy is not None:
        last = c.energy == "last" or (c.energy == "replaces c0" and c.c0 == "last")
        np.log(np.maximum(energy, max(c.energy_floor, LEAST)), out=features[n_static - 1 if last else 0])
    if c.delta_orders > 0:
        _slopes(features[:n_static], places, plan, 1, out=features[n_static : 2 * n_static])
    if c.delta_orders > 1:
        _second_slopes(features[:n_static], features[n_static : 2 * n_static], places, plan, features[2 * n_static :])
    if c.normalization is not None:
        normalize = cmn if c.normalization == "mean" else cmvn
        for place in places:
            features[:, place] = normalize(features[:, place])
    return features


def _slopes(rows: np.ndarray, places: list[slice], plan: Plan, order: int, out: np.ndarray) -> None:
    """out = dsp.deltas.delta of the rows, clip by clip."""
    starts, stops = np.array([place.start for place in places]), np.array([place.stop for place in places])
    slopes(rows, starts, stops, plan.slopes[order - 1], plan.convention.delta_edges == "replicate", out)


def _second_slopes(statics: np.ndarray, first: np.ndarray, places: list[slice], plan: Plan, out: np.ndarray) -> None:
    """The rows of the second order: dsp.mfcc.deltas_of."""
    c = plan.convention
    if c.delta_second == "curvature":
        _slopes(statics, places, plan, 2, out)
    elif c.delta_second == "delta of delta":
        _slopes(first, places, plan, 1, out)
    else:
        for place in places:
            rows = statics[:, place]
            extended = np.concatenate([rows] + [rows[:, -1:]] * (c.delta_width // 2), axis=1)
            inner, outer, whole = np.empty_like(extended), np.empty_like(extended), [slice(0, extended.shape[1])]
            _slopes(extended, whole, plan, 1, inner)
            _slopes(inner, whole, plan, 1, outer)
            out[:, place] = outer[:, : rows.shape[1]]
