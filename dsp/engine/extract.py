"""Features of many utterances, compiled and in chunks: the fast lane's only door.

A signal goes through in chunks of frames, so that what is needed beside signal and features does not grow
with its length. Where a value depends on the whole clip (a dynamic range below its maximum, say), the clip
is gone through twice: once for the maximum, once for the features.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial

import numpy as np

from dsp.checks import as_count, as_signal
from dsp.conventions import Convention, named
from dsp.deltas import slope_weights
from dsp.engine.plan import Plan, is_fast, make_plan
from dsp.engine.stages import ADD, AT_LEAST, ZEROS_ONLY, logarithm, mel_and_energy, mixed, slope
from dsp.framing import count_frames, samples_before, stretch
from dsp.mfcc import condition, sizes, trace
from dsp.normalization import cmn, cmvn

CHUNK = 2048  # frames
_LOG_FACTOR = {"ln": 1.0, "log10": 1 / math.log(10), "10 log10": 10 / math.log(10), "20 log10": 20 / math.log(10)}
_FLOOR_RULE = {"at least": AT_LEAST, "add": ADD, "zeros only": ZEROS_ONLY, "share of maximum": AT_LEAST}


def extract(
    signals, sample_rate: float, convention="librosa", kind: str = "mfcc", dtype: str = "float64", workers: int = 1
) -> list[np.ndarray]:
    """Features of many signals; equals mfcc(x, ...) or log_mel(x, ...) of each, many times as fast.

    Parameters
    ----------
    signals : sequence of (n,) real arrays, in -1 .. 1 as read_audio gives them
    sample_rate : Hz, of all of them
    convention : a name in CONVENTIONS or a Convention
    kind : "mfcc" or "log_mel"
    dtype : "float64" (equal to the textbook lane to 1e-9 of the largest value) or "float32" (to 1e-4)
    workers : int >= 1, threads

    Returns
    -------
    features : list of (n_rows, n_frames) arrays of that dtype, in the order of the signals

    Raises
    ------
    ValueError  as mfcc and log_mel, for an unknown kind or dtype, or workers < 1; a bad signal is named by
        its place in the list.

    Source: as mfcc. Checked: tests/test_engine_equals_textbook.py
    """
    c = named(convention)
    if kind not in ("mfcc", "log_mel"):
        raise ValueError(f'{kind=} is neither "mfcc" nor "log_mel"')
    if kind == "mfcc" and c.n_mfcc is None:
        raise ValueError(f"{c.tool or 'this convention'} makes no cepstra (n_mfcc is None)")
    if dtype not in ("float64", "float32"):
        raise ValueError(f'{dtype=} is neither "float64" nor "float32"')
    workers = as_count(workers, "workers")
    job = partial(_features, sample_rate=sample_rate, c=c, kind=kind, dtype=dtype)
    if workers == 1 or len(signals) < 2:
        return [job(item) for item in enumerate(signals)]
    with ThreadPoolExecutor(workers) as threads:
        return list(threads.map(job, enumerate(signals), chunksize=1))


def _features(item, sample_rate: float, c: Convention, kind: str, dtype: str) -> np.ndarray:
    place, signal = item
    try:
        x = as_signal(signal, f"signals[{place}]")
        size = sizes(c, sample_rate, x.size)
        if not is_fast(size.n_fft) or size != sizes(c, sample_rate):
            return trace(x, sample_rate, c, until=kind)[kind].astype(dtype)
        plan = make_plan(c, sample_rate, dtype)
        n_frames = count_frames(x.size, size.frame, size.hop, c.framing) - (c.last_frame == "dropped")
        if n_frames < 1:
            raise ValueError(f"{x.size} samples give no frame of {size.frame} under the framing {c.framing!r}")
    except ValueError as error:
        message = str(error)
        raise ValueError(message if message.startswith("signals[") else f"signals[{place}]: {message}") from None
    x = np.ascontiguousarray(condition(x, c), dtype=plan.dtype)
    whole_clip = c.dynamic_range is not None or c.reference is not None or c.floor_rule == "share of maximum"
    highest = None
    if whole_clip and n_frames > CHUNK:
        highest = max(_mel(x, plan, *chunk)[0].max() for chunk in _chunks(n_frames))
    rows = plan.tables.n_levels if kind == "log_mel" else plan.cepstrum.shape[0]
    out, energy = np.empty((rows, n_frames), plan.dtype), np.empty(n_frames, plan.dtype)
    for start, stop in _chunks(n_frames):
        mel, energy[start:stop] = _mel(x, plan, start, stop)
        level = _level(mel, plan, mel.max() if whole_clip and highest is None else highest)
        if kind == "mfcc":
            level = mixed(plan.cepstrum, level)
        out[:, start:stop] = level
    return out if kind == "log_mel" else _finished(out, energy, c)


def _chunks(n_frames: int):
    return ((start, min(start + CHUNK, n_frames)) for start in range(0, n_frames, CHUNK))


def _mel(x: np.ndarray, plan: Plan, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """(mel, energy) of the frames start .. stop - 1."""
    size, framing = plan.size, plan.convention.framing
    first = start * size.hop - samples_before(size.frame, size.hop, framing)
    samples = stretch(x, first, size.frame + (stop - start - 1) * size.hop, framing)
    return mel_and_energy(samples, stop - start, plan.tables)


def _level(mel: np.ndarray, plan: Plan, highest: float | None) -> np.ndarray:
    """dsp.mfcc.compressed; `highest` is the clip's greatest mel value where the convention asks for it."""
    c = plan.convention
    floor = c.floor * highest if c.floor_rule == "share of maximum" else c.floor
    floor = max(floor, float(np.finfo(plan.dtype).tiny))
    rule = (_LOG_FACTOR[c.log], floor, _FLOOR_RULE[c.floor_rule])
    level = logarithm(mel, *rule)
    if highest is None:
        top = None
    else:
        top = logarithm(np.full((1, 1), highest, plan.dtype), *rule)[0, 0]
    if c.reference == "maximum":
        level -= top
        top = plan.dtype.type(0)
    if c.dynamic_range is not None:
        np.maximum(level, top - plan.dtype.type(c.dynamic_range), out=level)
    if c.log_gain != 1 or c.log_offset != 0:
        level *= plan.dtype.type(c.log_gain)
        level += plan.dtype.type(c.log_offset)
    return level


def _finished(cepstra: np.ndarray, energy: np.ndarray, c: Convention) -> np.ndarray:
    """dsp.mfcc.with_energy and over_time."""
    if c.energy is not None:
        row = np.log(np.maximum(energy, max(c.energy_floor, np.finfo(energy.dtype).tiny)))[None]
        if c.energy == "replaces c0":
            cepstra[-1 if c.c0 == "last" else 0] = row
        else:
            cepstra = np.concatenate([row, cepstra] if c.energy == "first" else [cepstra, row])
    features = np.concatenate([cepstra, *_deltas(cepstra, c)]) if c.delta_orders else cepstra
    if c.normalization is None:
        return features
    return (cmn(features) if c.normalization == "mean" else cmvn(features)).astype(features.dtype)


def _deltas(rows: np.ndarray, c: Convention) -> list[np.ndarray]:
    """dsp.mfcc.deltas_of."""
    first = _delta(rows, c, 1)
    if c.delta_orders == 1:
        return [first]
    if c.delta_second == "curvature":
        return [first, _delta(rows, c, 2)]
    if c.delta_second == "delta of delta":
        return [first, _delta(first, c, 1)]
    extended = np.concatenate([rows] + [rows[:, -1:]] * (c.delta_width // 2), axis=1)
    return [first, _delta(_delta(extended, c, 1), c, 1)[:, : rows.shape[1]]]


def _delta(rows: np.ndarray, c: Convention, order: int) -> np.ndarray:
    return slope(rows, _weights(c.delta_width, order, rows.dtype.name), c.delta_edges)


@lru_cache(maxsize=32)
def _weights(width: int, order: int, dtype: str) -> np.ndarray:
    return slope_weights(width, order).astype(dtype)
