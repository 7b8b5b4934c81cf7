"""Features of many utterances, compiled and in batches: the fast lane's only door.

A batch is a few whole clips, or a piece of a long one: about BATCH frames, side by side, for which every kernel is
called once. What is needed beside signals and features therefore does not grow with either. Where a value
depends on a whole clip (a dynamic range below its maximum, say), a clip longer than a batch is gone through
twice: once for the maximum, once for the features.
"""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np

from dsp.checks import as_count, as_samples, as_signal
from dsp.conventions import Convention, named
from dsp.engine.plan import Plan, make_plan
from dsp.engine.rows import condition
from dsp.engine.stages import ADD, AT_LEAST, ZEROS_ONLY, logarithm, mel_and_energy, mixed, room, samples_needed, slope
from dsp.framing import MIRRORED, mirrored
from dsp.mfcc import LEAST, trace
from dsp.normalization import cmn, cmvn, dither
from dsp.sizes import frames_given

BATCH = 1024  # frames
_LOG_FACTOR = {"ln": 1.0, "log10": 1 / math.log(10), "10 log10": 10 / math.log(10), "20 log10": 20 / math.log(10)}
_FLOOR_RULE = {"at least": AT_LEAST, "add": ADD, "zeros only": ZEROS_ONLY, "share of maximum": AT_LEAST}


class Clip(NamedTuple):
    """One signal on its way."""

    samples: np.ndarray
    mean: float  # taken off the scaled samples
    n_frames: int
    features: np.ndarray  # to be filled
    energy: np.ndarray | None  # of the frames, where the convention wants it


class Piece(NamedTuple):
    """Frames start .. stop - 1 of a clip."""

    clip: Clip
    start: int
    stop: int
    highest: float | None = None  # of the whole clip's mel values, where it is longer than a piece


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
    workers : int >= 1, threads: over the signals, or over the chunks of a single one

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
    plan = make_plan(c, sample_rate, dtype)
    clips = [_clip(signal, place, plan, kind, sample_rate) for place, signal in enumerate(signals)]
    if as_count(workers, "workers") == 1:
        _fill(clips, plan, kind, map)
    else:
        with ThreadPoolExecutor(workers) as threads:
            _fill(clips, plan, kind, threads.map)
    return [clip.features for clip in clips]


def _clip(signal, place: int, plan: Plan, kind: str, sample_rate: float) -> Clip:
    """The signal, checked, with room for its features; where the kernels do not fit, with its features."""
    c = plan.convention
    try:
        x = as_samples(signal, f"signals[{place}]")
        shortened = c.framing == "scipy" and x.size < plan.size.window
        if shortened or not plan.fast:
            return Clip(x, 0.0, 0, trace(x, sample_rate, c, until=kind)[kind].astype(plan.dtype), None)
        n_frames = frames_given(x.size, plan.size, c)
        shortest = min(x.size if plan.emphasis_first[1] else 2, plan.size.frame if plan.tables.frame_emphasis[2] else 2)
        if shortest < 2:
            raise ValueError('first="extrapolate" needs two samples; there is one')
        if kind == "mfcc" and c.delta_orders and c.delta_edges == "interp" and n_frames < c.delta_width:
            raise ValueError(f"{n_frames} frames are fewer than width={c.delta_width}")
    except ValueError as error:
        message = str(error)
        raise ValueError(message if message.startswith("signals[") else f"signals[{place}]: {message}") from None
    if c.dither:
        x = dither(c.scale * as_signal(x), c.dither, np.random.default_rng(0)) / c.scale
    if x.dtype not in (np.float32, np.float64) or not x.flags.c_contiguous:
        x = np.ascontiguousarray(x, np.float64)
    mean = c.scale * float(x.mean(dtype=np.float64)) if c.dc_removal == "signal" else 0.0
    n_rows = plan.tables.n_levels if kind == "log_mel" else plan.n_static * (1 + c.delta_orders)
    energy = np.empty(n_frames, plan.dtype) if c.energy is not None else None
    return Clip(x, mean, n_frames, np.empty((n_rows, n_frames), plan.dtype), energy)


def _fill(clips: list[Clip], plan: Plan, kind: str, each) -> None:
    """Every clip's features; `each` is `map`, or that of a pool of threads."""
    c = plan.convention
    whole_clip = c.dynamic_range is not None or c.reference is not None or c.floor_rule == "share of maximum"
    pieces = []
    for clip in clips:
        of_this = [Piece(clip, at, min(at + BATCH, clip.n_frames)) for at in range(0, clip.n_frames, BATCH)]
        if whole_clip and len(of_this) > 1:
            highest = max(each(lambda piece: _highest(_spectra([piece], plan)[0], c), of_this))
            of_this = [piece._replace(highest=highest) for piece in of_this]
        pieces += of_this
    for _ in each(partial(_finish, plan=plan, kind=kind, whole_clip=whole_clip), _batches(pieces)):
        pass
    if kind == "mfcc":
        for clip in clips:
            if clip.n_frames > BATCH:
                _over_time(clip, plan)


def _batches(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """The pieces in order, as many together as have BATCH frames."""
    batch, n_frames = [], 0
    for piece in pieces:
        if batch and n_frames + piece.stop - piece.start > BATCH:
            yield batch
            batch, n_frames = [], 0
        batch.append(piece)
        n_frames += piece.stop - piece.start
    if batch:
        yield batch


def _finish(batch: list[Piece], plan: Plan, kind: str, whole_clip: bool) -> None:
    """Features of a batch, but for what needs a whole clip that is longer."""
    c = plan.convention
    mel, energy, places = _spectra(batch, plan)
    highest = [piece.highest for piece in batch]
    if whole_clip:
        highest = [_highest(mel[:, at], c) if top is None else top for at, top in zip(places, highest, strict=True)]
    rows = _level(mel, plan, places, highest)
    if kind == "mfcc":
        rows = mixed(plan.cepstrum, rows)
    first = 1 if kind == "mfcc" and c.energy == "first" else 0
    for piece, at in zip(batch, places, strict=True):
        clip = piece.clip
        clip.features[first : first + len(rows), piece.start : piece.stop] = rows[:, at]
        if clip.energy is not None:
            clip.energy[piece.start : piece.stop] = energy[at]
        if kind == "mfcc" and clip.n_frames <= BATCH:
            _over_time(clip, plan)


def _spectra(batch: list[Piece], plan: Plan) -> tuple[np.ndarray, np.ndarray, list[slice]]:
    """(mel, energy, where each piece's frames are): the pieces side by side, between them some frames of two clips."""
    hop, beyond = plan.size.hop, plan.tables.beyond
    places, n_columns = [], 0
    for piece in batch:
        places.append(slice(n_columns, n_columns + piece.stop - piece.start))
        n_columns = places[-1].stop + beyond
    samples = room("samples", (samples_needed(n_columns - beyond, plan.tables),), plan.dtype)
    for piece, at in zip(batch, places, strict=True):
        _condition(piece, plan, samples[at.start * hop : (at.stop + beyond) * hop])
    samples[n_columns * hop :] = 0
    return *mel_and_energy(samples, n_columns - beyond, plan.tables), places


def _condition(piece: Piece, plan: Plan, out: np.ndarray) -> None:
    """The samples under a piece's frames: conditioned, and beyond the signal's ends as the framing goes on."""
    x, c = piece.clip.samples, plan.convention
    how = (c.scale, piece.clip.mean, plan.emphasis, plan.emphasis_first)
    start = piece.start * plan.size.hop - plan.before
    stop = start + out.size
    low, high = max(start, 0), max(start, 0, min(stop, x.size))
    condition(x, low, *how, out[low - start : high - start])
    if start == low and stop == high:
        return
    out[: low - start] = 0
    out[high - start :] = 0
    if c.framing in MIRRORED:
        outside = np.concatenate([np.arange(start, low), np.arange(high, stop)])
        inside = mirrored(outside, x.size, c.framing)
        nearest = int(inside.min())
        edge = np.empty(int(inside.max()) + 1 - nearest, plan.dtype)
        condition(x, nearest, *how, edge)
        out[outside - start] = edge[inside - nearest]


def _highest(mel: np.ndarray, c: Convention) -> float:
    """The greatest value; the floor counts where it stands in for a zero."""
    highest = float(mel.max())
    return max(highest, c.floor) if c.floor_rule == "zeros only" and mel.min() == 0 else highest


def _level(mel: np.ndarray, plan: Plan, places: list[slice], highest: list[float | None]) -> np.ndarray:
    """dsp.mfcc.compressed; `highest` are the clips' greatest mel values where the convention asks for them."""
    c, factor = plan.convention, _LOG_FACTOR[plan.convention.log]
    floor = max(c.floor, LEAST)
    if c.floor_rule == "share of maximum":
        floor = LEAST
        for at, top in zip(places, highest, strict=True):
            np.maximum(mel[:, at], plan.dtype.type(c.floor * top), out=mel[:, at])
    level = logarithm(mel, factor, floor, _FLOOR_RULE[c.floor_rule])
    if c.reference is not None or c.dynamic_range is not None:
        for at, top in zip(places, highest, strict=True):
            floored = {"add": top + floor, "zeros only": max(top, LEAST)}.get(c.floor_rule, max(top, floor))
            _below(level[:, at], factor * math.log(floored), plan)
    if c.log_gain != 1 or c.log_offset != 0:
        level *= plan.dtype.type(c.log_gain)
        level += plan.dtype.type(c.log_offset)
    return level


def _below(level: np.ndarray, top: float, plan: Plan) -> None:
    """Levels against the clip's greatest, in place."""
    c = plan.convention
    if c.reference == "maximum":
        level -= plan.dtype.type(top)
        top = 0.0
    if c.dynamic_range is not None:
        np.maximum(level, plan.dtype.type(top - c.dynamic_range), out=level)


def _over_time(clip: Clip, plan: Plan) -> None:
    """dsp.mfcc.with_energy and over_time: fills the rows beside the cepstra."""
    c, n, features = plan.convention, plan.n_static, clip.features
    if clip.energy is not None:
        last = c.energy == "last" or (c.energy == "replaces c0" and c.c0 == "last")
        np.log(np.maximum(clip.energy, max(c.energy_floor, LEAST)), out=features[n - 1 if last else 0])
    if c.delta_orders > 0:
        slope(features[:n], plan.slopes[0], c.delta_edges, out=features[n : 2 * n])
    if c.delta_orders > 1:
        _second_slope(features[:n], features[n : 2 * n], plan, out=features[2 * n :])
    if c.normalization is not None:
        features[:] = cmn(features) if c.normalization == "mean" else cmvn(features)


def _second_slope(statics: np.ndarray, first: np.ndarray, plan: Plan, out: np.ndarray) -> None:
    """The rows of the second order: dsp.mfcc.deltas_of."""
    c, (weights, curvature) = plan.convention, plan.slopes
    if c.delta_second == "curvature":
        slope(statics, curvature, c.delta_edges, out)
    elif c.delta_second == "delta of delta":
        slope(first, weights, c.delta_edges, out)
    else:
        extended = np.concatenate([statics] + [statics[:, -1:]] * (c.delta_width // 2), axis=1)
        inner, outer = np.empty_like(extended), np.empty_like(extended)
        slope(extended, weights, c.delta_edges, inner)
        slope(inner, weights, c.delta_edges, outer)
        out[:] = outer[:, : out.shape[1]]
