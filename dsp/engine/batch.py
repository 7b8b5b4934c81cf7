"""What is done to a batch: clips that lie side by side as rows of frames, with some between them that belong to none.

Every function equals a few lines of the textbook lane, which its docstring names.

Checked: tests/test_extract_equals_textbook.py
"""

from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from dsp.engine.clips import Clip, scatter_rows
from dsp.engine.plan import Plan
from dsp.engine.rows import delta_rows
from dsp.engine.stages import ADD, AT_LEAST, ZEROS_ONLY, logarithm, matmul_rows, mel_of_clips, samples_needed, workspace
from dsp.mfcc import LEAST, LOG_FACTOR
from dsp.normalization import cmn, cmvn

_FLOOR_RULE = {"at least": AT_LEAST, "add": ADD, "zeros only": ZEROS_ONLY, "fraction of maximum": AT_LEAST}


class Places(NamedTuple):
    """Where the clips' frames are: clip i has starts[i] .. stops[i] - 1."""

    starts: np.ndarray
    stops: np.ndarray

    def slices(self) -> list[slice]:
        return [slice(*pair) for pair in zip(self.starts, self.stops, strict=True)]


def one_place(n_frames: int) -> Places:
    """Where one clip is that has all the frames."""
    return Places(np.array([0]), np.array([n_frames]))


def features_of(clips: list[Clip], plan: Plan, kind: str) -> list[np.ndarray]:
    """Features of whole clips that go through together."""
    counts = [clip.n_frames for clip in clips]
    rows, energy, places = rows_of(clips, [0] * len(clips), counts, plan, kind)
    if kind == "mfcc":
        rows = append_deltas_and_normalize(
            rows, energy, places, plan, workspace("features", (n_rows(plan), rows.shape[1]), plan.dtype)
        )
    if len(clips) == 1:  # nothing to scatter, and nothing to compile for it
        return [rows.copy()]
    features = np.empty(len(rows) * sum(counts), plan.dtype)
    scatter_rows(rows, *places, features)
    edges = accumulate((len(rows) * count for count in counts), initial=0)
    return [features[start:stop].reshape(len(rows), -1) for start, stop in pairwise(edges)]


def n_rows(plan: Plan) -> int:
    """Rows of the finished cepstra: with energy and deltas."""
    c = plan.convention
    return (len(plan.cepstrum) + (c.energy in ("first", "last"))) * (1 + c.delta_orders)


def rows_of(clips, starts, counts, plan: Plan, kind: str, highest=None) -> tuple[np.ndarray, np.ndarray | None, Places]:
    """(levels or cepstra, energy, where each clip's frames are): counts[i] frames of clip i from frame starts[i] on."""
    mel, energy, places = spectra(clips, starts, counts, plan)
    if plan.whole_clip and highest is None:
        highest = highest_of(mel, places, plan)
    level = _level(mel, plan, places, highest)
    return matmul_rows(plan.cepstrum, level) if kind == "mfcc" else level, energy, places


def spectra(clips: list[Clip], starts: list[int], counts: list[int], plan: Plan):
    """(mel, energy, places): counts[i] frames of clip i from frame starts[i] on."""
    hop, beyond = plan.size.hop, plan.tables.beyond
    counts, starts = np.array(counts), np.array(starts)
    edges = np.concatenate([[0], np.cumsum(counts + beyond)])  # place of each clip's first frame, and the end of all
    n_frames = int(edges[-1]) - beyond
    begin, place, end = starts * hop - plan.before, edges[:-1] * hop, edges[1:] * hop
    sizes = np.array([clip.samples.size for clip in clips])
    to_the_end = starts + counts == [clip.n_frames for clip in clips]
    looked_at = np.where(to_the_end, sizes, np.minimum(begin + end - place, sizes))
    end[-1] = max(end[-1], samples_needed(n_frames, plan.tables))
    wanted = np.stack([sizes, begin, place, end, looked_at], axis=1)
    mel, energy = mel_of_clips(clips, wanted, n_frames, plan.tables, plan.mirror)
    return mel, energy, Places(edges[:-1], edges[:-1] + counts)


def highest_of(mel: np.ndarray, places: Places, plan: Plan) -> np.ndarray:
    """The greatest value of each clip; the floor counts where it stands in for a zero."""
    c, of_frames = plan.convention, mel.max(axis=0)
    if c.floor_rule == "zeros only":
        of_frames = np.maximum(of_frames, np.where(mel.min(axis=0) == 0, c.floor, 0))
    return np.array([of_frames[place].max() for place in places.slices()], np.float64)


def _level(mel: np.ndarray, plan: Plan, places: Places, highest: np.ndarray | None) -> np.ndarray:
    """dsp.mfcc.log_compress; `highest` are the clips' greatest mel values where the convention asks for them."""
    c, factor = plan.convention, LOG_FACTOR[plan.convention.log]
    floor = max(c.floor, LEAST)
    if c.floor_rule == "fraction of maximum":
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


def _over_frames(values: np.ndarray, places: Places, like: np.ndarray) -> np.ndarray:
    """The value of its clip for every frame; 0 between clips."""
    row = np.zeros(like.shape[1], like.dtype)
    for place, value in zip(places.slices(), values, strict=True):
        row[place] = value
    return row


def append_deltas_and_normalize(cepstra, energy, places: Places, plan: Plan, features: np.ndarray) -> np.ndarray:
    """dsp.mfcc.with_energy and append_deltas_and_normalize, for the clips at `places`, into `features`."""
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
        for place in places.slices():
            features[:, place] = normalize(features[:, place])
    return features


def _slopes(rows: np.ndarray, places: Places, plan: Plan, order: int, out: np.ndarray) -> None:
    """out = dsp.deltas.delta of the rows, clip by clip."""
    delta_rows(rows, *places, plan.delta_weights[order - 1], plan.convention.delta_edges == "replicate", out)


def _second_slopes(statics: np.ndarray, first: np.ndarray, places: Places, plan: Plan, out: np.ndarray) -> None:
    """The rows of the second order: dsp.mfcc.deltas_of."""
    c = plan.convention
    if c.delta_second == "curvature":
        _slopes(statics, places, plan, 2, out)
    elif c.delta_second == "delta of delta":
        _slopes(first, places, plan, 1, out)
    else:
        for place in places.slices():
            rows = statics[:, place]
            extended = np.concatenate([rows] + [rows[:, -1:]] * (c.delta_width // 2), axis=1)
            inner, outer, whole = np.empty_like(extended), np.empty_like(extended), one_place(extended.shape[1])
            _slopes(extended, whole, plan, 1, inner)
            _slopes(inner, whole, plan, 1, outer)
            out[:, place] = outer[:, : rows.shape[1]]
