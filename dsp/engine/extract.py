"""Features of many utterances, compiled and in chunks: the fast lane's only door.

A signal goes through in chunks of frames, so that what is needed beside signal and features does not grow
with its length. Where a value depends on the whole clip (a dynamic range below its maximum, say), the clip
is gone through twice: once for the maximum, once for the features.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from dsp.checks import as_count, as_samples, as_signal
from dsp.conventions import Convention, named
from dsp.engine.plan import Plan, make_plan
from dsp.engine.stages import (
    ADD,
    AT_LEAST,
    ZEROS_ONLY,
    conditioned,
    logarithm,
    mel_and_energy,
    mixed,
    samples_needed,
    slope,
)
from dsp.framing import samples_before, stretch
from dsp.mfcc import LEAST, trace
from dsp.normalization import cmn, cmvn, dither
from dsp.sizes import frames_given

CHUNK = 1024  # frames
_LOG_FACTOR = {"ln": 1.0, "log10": 1 / math.log(10), "10 log10": 10 / math.log(10), "20 log10": 20 / math.log(10)}
_FLOOR_RULE = {"at least": AT_LEAST, "add": ADD, "zeros only": ZEROS_ONLY, "share of maximum": AT_LEAST}


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
    job = partial(_features, make_plan(c, sample_rate, dtype), kind, sample_rate)
    places = range(len(signals))
    if as_count(workers, "workers") == 1 or len(signals) == 0:
        return [job(signals[place], place, map) for place in places]
    with ThreadPoolExecutor(workers) as threads:
        if len(signals) == 1:
            return [job(signals[0], 0, threads.map)]
        hands = [places[start :: 4 * workers] for start in range(4 * workers)]  # few calls, evenly long
        parts = threads.map(lambda hand: [job(signals[place], place, map) for place in hand], hands)
        found = {place: x for hand, part in zip(hands, parts, strict=True) for place, x in zip(hand, part, strict=True)}
        return [found[place] for place in places]


def _features(plan: Plan, kind: str, sample_rate: float, signal, place: int, each) -> np.ndarray:
    """One signal's features; `each` is `map`, or a pool's."""
    try:
        x = as_samples(signal, f"signals[{place}]")
        shortened = plan.convention.framing == "scipy" and x.size < plan.size.window
        if shortened or not plan.fast:
            return trace(x, sample_rate, plan.convention, until=kind)[kind].astype(plan.dtype)
        return _in_chunks(x, plan, kind, each)
    except ValueError as error:
        message = str(error)
        raise ValueError(message if message.startswith("signals[") else f"signals[{place}]: {message}") from None


def _in_chunks(x: np.ndarray, plan: Plan, kind: str, each) -> np.ndarray:
    c, n_frames = plan.convention, frames_given(x.size, plan.size, plan.convention)
    if plan.emphasis_first[1] != 0 and x.size < 2:
        raise ValueError('first="extrapolate" needs two samples; there is one')
    if c.dither:
        x = dither(c.scale * as_signal(x), c.dither, np.random.default_rng(0)) / c.scale
    mean = c.scale * x.mean(dtype=np.float64) if c.dc_removal == "signal" else 0.0
    chunks = [(start, min(start + CHUNK, n_frames)) for start in range(0, n_frames, CHUNK)]
    highest = None
    whole_clip = c.dynamic_range is not None or c.reference is not None or c.floor_rule == "share of maximum"
    if whole_clip and len(chunks) > 1:
        highest = max(each(lambda chunk: _highest(_mel(x, mean, plan, *chunk)[0], c), chunks))
    with_cepstra = kind == "mfcc"
    n_rows = plan.cepstrum.shape[0] if with_cepstra else plan.tables.n_levels
    n_static = n_rows + (with_cepstra and c.energy in ("first", "last"))
    features = np.empty((n_static * (1 + with_cepstra * c.delta_orders), n_frames), plan.dtype)
    rows = features[1 : 1 + n_rows] if with_cepstra and c.energy == "first" else features[:n_rows]
    energy = np.empty(n_frames, plan.dtype)

    def fill(chunk: tuple[int, int]) -> None:
        mel, energy[slice(*chunk)] = _mel(x, mean, plan, *chunk)
        level = _level(mel, plan, _highest(mel, c) if whole_clip and highest is None else highest)
        rows[:, slice(*chunk)] = mixed(plan.cepstrum, level) if with_cepstra else level

    for _ in each(fill, chunks):
        pass
    return _over_time(features, n_static, energy, plan) if with_cepstra else features


def _mel(x: np.ndarray, mean: float, plan: Plan, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """(mel, energy) of the frames start .. stop - 1."""
    c, size = plan.convention, plan.size
    first = start * size.hop - samples_before(size.frame, size.hop, c.framing)
    length = samples_needed(stop - start, plan.tables)
    low, high = max(0, first - size.frame - 1), first + length + size.frame  # as far as an edge may be mirrored
    piece = conditioned(x[low:high], c.scale, mean, plan.emphasis, plan.emphasis_first, plan.dtype)
    return mel_and_energy(stretch(piece, first - low, length, c.framing), stop - start, plan.tables)


def _highest(mel: np.ndarray, c: Convention) -> float:
    """The greatest value; the floor counts where it stands in for a zero."""
    highest = float(mel.max())
    return max(highest, c.floor) if c.floor_rule == "zeros only" and mel.min() == 0 else highest


def _level(mel: np.ndarray, plan: Plan, highest: float | None) -> np.ndarray:
    """dsp.mfcc.compressed; `highest` is the clip's greatest mel value where the convention asks for it."""
    c, factor = plan.convention, _LOG_FACTOR[plan.convention.log]
    floor = max(c.floor * highest if c.floor_rule == "share of maximum" else c.floor, LEAST)
    level = logarithm(mel, factor, floor, _FLOOR_RULE[c.floor_rule])
    if c.reference is not None or c.dynamic_range is not None:
        floored = {"add": highest + floor, "zeros only": max(highest, LEAST)}.get(c.floor_rule, max(highest, floor))
        top = factor * math.log(floored)
        if c.reference == "maximum":
            level -= plan.dtype.type(top)
            top = 0.0
        if c.dynamic_range is not None:
            np.maximum(level, plan.dtype.type(top - c.dynamic_range), out=level)
    if c.log_gain != 1 or c.log_offset != 0:
        level *= plan.dtype.type(c.log_gain)
        level += plan.dtype.type(c.log_offset)
    return level


def _over_time(features: np.ndarray, n_static: int, energy: np.ndarray, plan: Plan) -> np.ndarray:
    """dsp.mfcc.with_energy and over_time: fills the rows beside the cepstra."""
    c, statics = plan.convention, features[:n_static]
    if c.energy is not None:
        last = c.energy == "last" or (c.energy == "replaces c0" and c.c0 == "last")
        np.log(np.maximum(energy, max(c.energy_floor, LEAST)), out=statics[-1 if last else 0])
    if c.delta_orders > 0:
        slope(statics, plan.slopes[0], c.delta_edges, out=features[n_static : 2 * n_static])
    if c.delta_orders > 1:
        _second_slope(features, n_static, plan)
    if c.normalization is None:
        return features
    return (cmn(features) if c.normalization == "mean" else cmvn(features)).astype(features.dtype)


def _second_slope(features: np.ndarray, n_static: int, plan: Plan) -> None:
    """The rows of the second order: dsp.mfcc.deltas_of."""
    c, (weights, curvature) = plan.convention, plan.slopes
    statics, first, second = features[:n_static], features[n_static : 2 * n_static], features[2 * n_static :]
    if c.delta_second == "curvature":
        slope(statics, curvature, c.delta_edges, out=second)
    elif c.delta_second == "delta of delta":
        slope(first, weights, c.delta_edges, out=second)
    else:
        extended = np.concatenate([statics] + [statics[:, -1:]] * (c.delta_width // 2), axis=1)
        inner, outer = np.empty_like(extended), np.empty_like(extended)
        slope(extended, weights, c.delta_edges, out=inner)
        slope(inner, weights, c.delta_edges, out=outer)
        second[:] = outer[:, : second.shape[1]]
