"""The steps on a batch: clips whose frames lie side by side in rows, a few frames of no clip between them.

Every function has the result of a few lines of the textbook lane, which its docstring names.

Checked: tests/test_extract_equals_textbook.py
"""

import math
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from dsp.conventions.parameters import Convention
from dsp.engine.clips import Clip, scatter_rows
from dsp.engine.lanes import width
from dsp.engine.plan import Plan
from dsp.engine.rows import compress_rows, delta_rows
from dsp.engine.stages import (
    ADD,
    AT_LEAST,
    ZEROS_ONLY,
    count_samples,
    logarithm,
    matmul_rows,
    mel_of_clip,
    mel_of_clips,
    workspace,
)
from dsp.mfcc import LOG_FACTOR, MIN_LOG_ARGUMENT, insert_mel_energy, normalize_rows
from dsp.normalization import smooth

_FLOOR_RULE = {  # None: a fraction of what find_maxima returns
    "at least": AT_LEAST,
    "add": ADD,
    "zeros only": ZEROS_ONLY,
    "fraction of maximum": None,
    "fraction of greatest bin": None,
}


class Spans(NamedTuple):
    """The columns of each clip's frames: clip i has starts[i] .. stops[i] - 1."""

    starts: np.ndarray
    stops: np.ndarray

    def slices(self) -> list[slice]:
        return [slice(*pair) for pair in zip(self.starts, self.stops, strict=True)]


def single_span(n_frames: int) -> Spans:
    """The span of one clip that has all the frames."""
    return Spans(np.array([0]), np.array([n_frames]))


def compute_features(clips: list[Clip], plan: Plan, kind: str) -> list[np.ndarray]:
    """Features of whole clips, computed together."""
    counts = [clip.n_frames for clip in clips]
    if kind == "log_mel" and len(clips) == 1 and plan.one_pass and counts[0] >= width(plan.tables.window):
        mel, _ = mel_of_clip(clips[0], plan)
        compress_clip(mel, plan)
        return [mel]
    rows, energy, spans = compute_rows(clips, [0] * len(clips), counts, plan, kind)
    if kind == "mfcc":
        rows = append_deltas_and_normalize(
            rows, energy, spans, plan, workspace("features", (count_rows(plan), rows.shape[1]), plan.dtype)
        )
    else:
        rows = insert_mel_energy(rows, energy, plan.convention)
        normalize_spans(rows, spans, plan)
    if len(clips) == 1:  # nothing to scatter, and nothing to compile for it
        return [rows.copy()]
    features = np.empty(len(rows) * sum(counts), plan.dtype)
    scatter_rows(rows, *spans, features)
    edges = accumulate((len(rows) * count for count in counts), initial=0)
    return [features[start:stop].reshape(len(rows), -1) for start, stop in pairwise(edges)]


def count_rows(plan: Plan) -> int:
    """Rows of the finished cepstra: with energy and deltas."""
    c = plan.convention
    return (len(plan.cepstrum) + (c.energy in ("first", "last"))) * (1 + c.delta_orders)


def compute_rows(
    clips, starts, counts, plan: Plan, kind: str, maxima=None
) -> tuple[np.ndarray, np.ndarray | None, Spans]:
    """(levels or cepstra, energy, spans): counts[i] frames of clip i from frame starts[i] on."""
    mel, energy, spans = compute_mel(clips, starts, counts, plan)
    if plan.whole_clip and maxima is None:
        maxima = find_maxima(mel, spans, plan)
    levels = mel[: plan.tables.n_levels]
    level = compress(levels, plan, spans, np.empty((2, 0)) if maxima is None else maxima)
    return matmul_rows(plan.cepstrum, level) if kind == "mfcc" else level, energy, spans


def compute_mel(clips: list[Clip], starts: list[int], counts: list[int], plan: Plan):
    """(mel, energy, spans): counts[i] frames of clip i from frame starts[i] on."""
    plain = plan.pair is None and plan.tables.used_bins.size == 0  # what mel_of_clip knows
    if len(clips) == 1 and plain and width(plan.tables.window) <= counts[0] == clips[0].n_frames:
        return *mel_of_clip(clips[0], plan), single_span(counts[0])
    hop, beyond = plan.size.hop, plan.tables.beyond
    n_each, first = np.array(counts), np.array(starts)
    edges = np.concatenate([[0], np.cumsum(n_each + beyond)])  # the column of each clip's first frame, and the end
    n_frames = int(edges[-1]) - beyond
    skipped = np.array([clip.skipped for clip in clips])
    begin, offsets, ends = first * hop - plan.before + skipped, edges[:-1] * hop, edges[1:] * hop
    sizes = np.array([clip.samples.size for clip in clips])
    to_the_end = first + n_each == [clip.n_frames for clip in clips]
    check_stops = np.where(to_the_end, sizes, np.minimum(begin + ends - offsets, sizes))
    ends[-1] = max(ends[-1], count_samples(n_frames, plan.tables))
    layout = np.stack([sizes, begin, offsets, ends, check_stops], axis=1)
    mel, energy = mel_of_clips(clips, layout, n_frames, plan.tables, plan.pair, plan.mirror)
    return mel, energy, Spans(edges[:-1], edges[:-1] + n_each)


def find_maxima(mel: np.ndarray, spans: Spans, plan: Plan) -> np.ndarray:
    """(2, n_clips): the largest mel value of each clip, and what a relative floor is a fraction of.

    Under "zeros only" the floor counts where it replaces a zero. The greatest bins follow the levels, if needed.
    """
    c, levels = plan.convention, mel[: plan.tables.n_levels]
    frame_maxima = greatest = levels.max(axis=0)
    if c.floor_rule == "zeros only":
        frame_maxima = np.maximum(frame_maxima, np.where(levels.min(axis=0) == 0, c.floor, 0))
    if c.floor_rule == "fraction of greatest bin":
        greatest = mel[-1]
    return np.array([[row[span].max() for span in spans.slices()] for row in (frame_maxima, greatest)], np.float64)


def compress_clip(mel: np.ndarray, plan: Plan) -> None:
    """compress of a single clip, in place."""
    c = plan.convention
    max_range = math.inf if c.dynamic_range is None else float(c.dynamic_range)
    compress_rows(
        mel,
        LOG_FACTOR[c.log],
        max(float(c.floor), MIN_LOG_ARGUMENT),
        _FLOOR_RULE[c.floor_rule],
        max_range,
        c.reference == "maximum",
        float(c.log_gain),
        float(c.log_offset),
    )


def compress(mel: np.ndarray, plan: Plan, spans: Spans, maxima: np.ndarray) -> np.ndarray:
    """dsp.mfcc.log_compress; `maxima` is what find_maxima returns, if the convention needs it."""
    c = plan.convention
    if c.log is None:
        return _scale(mel, c)
    factor = LOG_FACTOR[c.log]
    floor = max(float(c.floor), MIN_LOG_ARGUMENT)
    if _FLOOR_RULE[c.floor_rule] is None:
        floor, floors = MIN_LOG_ARGUMENT, c.floor * maxima[1]
        np.maximum(mel, _spread_over_frames(floors, spans, mel), out=mel)
        maxima = np.maximum(maxima, floors)
    level = logarithm(mel, factor, floor, _FLOOR_RULE[c.floor_rule] or AT_LEAST)
    if c.reference is not None or c.dynamic_range is not None:
        floored = maxima[0] + floor if c.floor_rule == "add" else maxima[0]
        floored = np.maximum(floored, MIN_LOG_ARGUMENT if c.floor_rule == "zeros only" else floor)
        top = _spread_over_frames(factor * np.log(floored), spans, level)
        if c.dynamic_range is not None:
            np.maximum(level, top - level.dtype.type(c.dynamic_range), out=level)
        if c.reference == "maximum":
            level -= top
    return _scale(level, c)


def _scale(level: np.ndarray, c: Convention) -> np.ndarray:
    """level *= gain, level += offset."""
    if c.log_gain != 1 or c.log_offset != 0:
        level *= level.dtype.type(c.log_gain)
        level += level.dtype.type(c.log_offset)
    return level


def _spread_over_frames(values: np.ndarray, spans: Spans, like: np.ndarray) -> np.ndarray:
    """For every frame the value of its clip; 0 between clips."""
    row = np.zeros(like.shape[1], like.dtype)
    for span, value in zip(spans.slices(), values, strict=True):
        row[span] = value
    return row


def append_deltas_and_normalize(cepstra, energy, spans: Spans, plan: Plan, features: np.ndarray) -> np.ndarray:
    """dsp.mfcc.insert_energy, smooth and append_deltas_and_normalize, for the clips at `spans`, into `features`."""
    c, n, n_static = plan.convention, len(cepstra), len(features) // (1 + plan.convention.delta_orders)
    features[c.energy == "first" :][:n] = cepstra
    if c.energy is not None:
        last = c.energy == "last" or (c.energy == "replaces c0" and c.c0 == "last")
        np.log(np.maximum(energy, max(c.energy_floor, MIN_LOG_ARGUMENT)), out=features[n_static - 1 if last else 0])
    if c.smoothing > 1:
        for span in spans.slices():
            features[:n_static, span] = smooth(features[:n_static, span], c.smoothing)
    if c.delta_orders > 0:
        _deltas(features[:n_static], spans, plan, 1, out=features[n_static : 2 * n_static])
    if c.delta_orders > 1:
        _second_deltas(features[:n_static], features[n_static : 2 * n_static], spans, plan, features[2 * n_static :])
    normalize_spans(features, spans, plan, finished=True)
    return features


def normalize_spans(rows: np.ndarray, spans: Spans, plan: Plan, finished: bool = False) -> None:
    """dsp.mfcc.normalize_rows of the clips at `spans`, in place: of finished cepstra, or of levels without cepstra."""
    c = plan.convention
    if c.normalization is not None and (finished or c.n_mfcc is None):
        for span in spans.slices():
            rows[:, span] = normalize_rows(rows[:, span], c)


def _deltas(rows: np.ndarray, spans: Spans, plan: Plan, order: int, out: np.ndarray) -> None:
    """out = dsp.deltas.delta of the rows, clip by clip."""
    delta_rows(rows, *spans, plan.delta_weights[order - 1], plan.convention.delta_edges == "replicate", out)


def _second_deltas(statics: np.ndarray, first: np.ndarray, spans: Spans, plan: Plan, out: np.ndarray) -> None:
    """The rows of the second order: dsp.deltas.second_delta."""
    c = plan.convention
    if c.delta_second == "curvature":
        _deltas(statics, spans, plan, 2, out)
    elif c.delta_second == "delta of delta":
        _deltas(first, spans, plan, 1, out)
    else:
        for span in spans.slices():
            rows = statics[:, span]
            extended = np.concatenate([rows] + [rows[:, -1:]] * (c.delta_width // 2), axis=1)
            inner, outer, whole = np.empty_like(extended), np.empty_like(extended), single_span(extended.shape[1])
            _deltas(extended, whole, plan, 1, inner)
            _deltas(inner, whole, plan, 1, outer)
            out[:, span] = outer[:, : rows.shape[1]]
