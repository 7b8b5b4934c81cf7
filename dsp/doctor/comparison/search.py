"""The search for the simplest relation of two matrices: over time axes, rows and frames, then over values.

Its work is bounded by the number of layouts that are tried, not by a clock.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dsp.doctor.comparison.extras import extra_frames, extra_rows
from dsp.doctor.comparison.frames import Alignment, alignments, at_lag
from dsp.doctor.comparison.relations import Context, Population, relation_steps
from dsp.doctor.comparison.rows import RowPairs, Stack, centered, permuted_rows, row_pairs, stacks
from dsp.doctor.comparison.segments import best_segments, segments_step
from dsp.doctor.comparison.shapes import Matrix, Orientation, likelihood, orientations, turned
from dsp.doctor.comparison.steps import Names, Step
from dsp.doctor.comparison.stored import Rounding, rounding
from dsp.doctor.comparison.values import Pair, Relation, best_relation
from dsp.doctor.search.interpretations import looks_linear

LIKELY = 2.6  # an orientation so much less likely than the first is not tried
SURE = 1.2  # an orientation so much less likely than the first reads frames as rows
PER_FRAME_COST = 2.5
SCREEN_ROWS, SCREEN_BLOCKS, SCREEN_FRAMES = 16, 12, 12
SCREEN = 0.9  # a squared correlation in some stretch of frames, below which no relation is tried
MAX_PERMUTED = 600  # rows
GOOD_ENOUGH = 2.0  # a cost that another layout need not be tried for
SEGMENTS_AT_MOST = 3  # layouts that are searched for relations that change in time
TINY = 1e-300


@dataclass(frozen=True)
class Explanation:
    """The steps that make a and b equal, or none.

    a, b        (n_rows, n_frames) both, with time last
    time_first  whether each file has time first
    gain, offset  a = gain * b + offset in the common rows and frames; None where they change in time
    """

    steps: tuple[Step, ...]
    a: np.ndarray
    b: np.ndarray
    time_first: tuple[bool, bool]
    gain: np.ndarray | None = None
    offset: np.ndarray | None = None

    @property
    def cost(self) -> float:
        return sum(step.cost for step in self.steps)


@dataclass(frozen=True)
class Layout:
    """Rows and frames of both files that belong together."""

    orientation: Orientation
    pairs: RowPairs
    at: Alignment
    a: np.ndarray  # all rows and frames, but stacked if the other is
    b: np.ndarray
    of_a: Rounding
    of_b: Rounding
    steps: tuple[Step, ...] = ()
    stack: tuple[int, Stack] | None = None


def explain(a: Matrix, b: Matrix, names: Names) -> Explanation | None:
    """The simplest explanation of the difference; None if there is none."""
    best: Explanation | None = None
    for step, x, y in in_logarithms(a, b, names):
        roundings = (rounding(x.values), rounding(y.values))
        for orientation in likely(x, y, names):
            found = of_orientation(orientation, roundings, (x.channels, y.channels), names)
            if found is not None:
                found = replace(found, steps=(*orientation.steps, *step, *found.steps))
                if best is None or found.cost < best.cost:
                    best = found
                if best.cost <= GOOD_ENOUGH:
                    return best
        if best is not None:
            return best
    return best


def in_logarithms(a: Matrix, b: Matrix, names: Names) -> Iterator[tuple[tuple[Step, ...], Matrix, Matrix]]:
    """Both as they are, then the logarithms of what looks like powers."""
    yield (), a, b
    linear = [looks_linear(one.values) for one in (a, b)]
    if not any(linear):
        return
    log_a, log_b = [
        replace(one, values=np.log(np.maximum(one.values, smallest(one.values)))) if is_linear else one
        for one, is_linear in zip((a, b), linear, strict=True)
    ]
    if all(linear):
        sentence = "compared by their logarithms, since both hold linear values"
        yield (Step(sentence, "", 0, 1.0, remark=True),), log_a, log_b
    else:
        file = linear.index(True)
        sentence = f"{names[file]} holds linear values, {names[1 - file]} logarithms"
        yield (Step(sentence, "take the natural logarithm", file, 1.0),), log_a, log_b


def smallest(x: np.ndarray) -> float:
    positive = x[x > 0]
    return float(positive.min()) if positive.size else 1.0


def likely(a: Matrix, b: Matrix, names: Names) -> Iterator[Orientation]:
    """The orientations that are not much less likely than the first."""
    first: float | None = None
    for one in orientations(a, b, names):
        score = likelihood(one.a.shape, one.b.shape, one.time_first)
        first = score if first is None else first
        if score >= first - LIKELY:
            yield replace(one, unlikely=score < first - SURE)


def of_orientation(
    orientation: Orientation, roundings: tuple[Rounding, Rounding], channels: tuple[int, int], names: Names
) -> Explanation | None:
    """The simplest explanation with these time axes."""
    errors = [
        one._replace(error=turned(one.error, n)) if first and isinstance(one.error, np.ndarray) else one
        for one, first, n in zip(roundings, orientation.time_first, channels, strict=True)
    ]
    best: Explanation | None = None
    changing: list[Layout] = []
    for layout in layouts(orientation, (errors[0], errors[1]), channels, names):
        pair = pair_of(layout)
        if not is_promising(pair):
            continue
        outside = (
            *layout.steps,
            *extra_rows(layout.a, layout.b, layout.pairs, channels, names),
            *extra_frames(layout.a[layout.pairs.a], layout.b[layout.pairs.b], layout.at, names),
        )
        relation = best_relation(pair)
        if relation is None:
            changing.append(layout)
            continue
        inside = relation_steps(*before_stacking(layout, pair, relation), context_of(layout, pair), names)
        cost = relation.cost
        if relation.per_row and orientation.unlikely:
            inside = tuple(per_frame(step) for step in inside)
            cost += PER_FRAME_COST
        steps = (*outside, Step("", "", 0, cost, remark=True), *inside)
        found = Explanation(steps, orientation.a, orientation.b, orientation.time_first, relation.gain, relation.offset)
        if best is None or found.cost < best.cost:
            best = found
        if best.cost <= GOOD_ENOUGH:
            return best
    for layout in changing[: SEGMENTS_AT_MOST if best is None else 0]:
        pair = pair_of(layout)
        segments = best_segments(pair)
        if segments is not None:
            outside = (
                *layout.steps,
                *extra_rows(layout.a, layout.b, layout.pairs, channels, names),
                *extra_frames(layout.a[layout.pairs.a], layout.b[layout.pairs.b], layout.at, names),
            )
            step = replace(segments_step(segments, pair, layout.at, names), cost=segments.cost)
            return Explanation((*outside, step), orientation.a, orientation.b, orientation.time_first)
    return best


def per_frame(step: Step) -> Step:
    """The step with rows and frames exchanged: the relation belongs to frames, which were read as rows."""
    swap = {"row": "frame", "rows": "frames", "frame": "row", "frames": "rows"}

    def exchanged(text: str) -> str:
        return re.sub(r"\b(rows?|frames?)\b", lambda match: swap[match.group()], text)

    return replace(step, sentence=exchanged(step.sentence), change=exchanged(step.change))


def layouts(
    orientation: Orientation, roundings: tuple[Rounding, Rounding], channels: tuple[int, int], names: Names
) -> Iterator[Layout]:
    """Rows and frames that may belong together, the simplest first."""
    A, B = orientation.a, orientation.b
    n_channels = channels[0] if channels[0] == channels[1] else 1

    def of(pairs: RowPairs, at: Alignment) -> Layout:
        return Layout(orientation, pairs, at, A, B, *roundings, steps=pairs.steps)

    for stacked, how in stacks(A, B):
        low = B if stacked == 0 else A
        n_frames = (A if stacked == 0 else B).shape[1]
        tall = how.of(low, n_frames)
        error = roundings[1 - stacked].error
        rounded = roundings[1 - stacked]._replace(
            error=how.of(error, n_frames) if isinstance(error, np.ndarray) else error
        )
        a, b = (A, tall) if stacked == 0 else (tall, B)
        of_a, of_b = (roundings[0], rounded) if stacked == 0 else (rounded, roundings[1])
        every = np.arange(len(a))
        at = at_lag(n_frames, n_frames, 0)
        yield Layout(
            orientation, RowPairs(every, every), at, a, b, of_a, of_b, (how.step(stacked, names),), (stacked, how)
        )
    for pairs in row_pairs(A, B, n_channels, names):
        for at in alignments(A[pairs.a], B[pairs.b]):
            yield of(pairs, at)
    if max(len(A), len(B)) <= MAX_PERMUTED:
        n = min(A.shape[1], B.shape[1])
        lags = dict.fromkeys((0, A.shape[1] - B.shape[1]))
        for lag in lags:
            at = at_lag(A.shape[1], B.shape[1], lag)
            found = permuted_rows(A[:, at.a], B[:, at.b], names) if at.n == n else None
            if found is not None:
                yield of(found, at)


def before_stacking(layout: Layout, pair: Pair, relation: Relation) -> tuple[Pair, Relation]:
    """A relation of stacked frames as one of the frames, where every frame in a stack has the same."""
    if layout.stack is None or not relation.per_row or relation.bad_rows:
        return pair, relation
    size, by_row = layout.stack[1].size, layout.stack[1].by_row
    shape = (-1, size) if by_row else (size, -1)
    axis = 1 if by_row else 0
    parts = [x[:, 0].reshape(shape) for x in (relation.gain, relation.offset)]
    scale = [1e-4 * np.abs(parts[0]), 1e-4 * (np.abs(parts[1]) + np.abs(pair.F).max())]
    if any((np.ptp(part, axis=axis) > near.max(axis=axis)).any() for part, near in zip(parts, scale, strict=True)):
        return pair, relation
    rows = np.asarray(np.arange(len(pair.F)).reshape(shape).take([0], axis=axis)).ravel()
    gain, offset = (part.mean(axis=axis)[:, None] for part in parts)
    low = Pair(pair.F[rows], pair.G[rows], part_of(pair.of_F, rows, slice(None)), part_of(pair.of_G, rows, slice(None)))
    return low, replace(relation, gain=gain, offset=offset, holds=relation.holds[rows])


def context_of(layout: Layout, pair: Pair) -> Context:
    """The populations of statistics, and where the common rows and frames lie."""
    rows, files = [], []
    sides = (
        (layout.a, layout.orientation.a, layout.pairs.a, pair.F),
        (layout.b, layout.orientation.b, layout.pairs.b, pair.G),
    )
    for whole, unstacked, of_pair, common in sides:
        by_row = [Population(whole[of_pair], f"all {whole.shape[1]} frames"), Population(common, "the common frames")]
        anything = [Population(whole, f"all {whole.shape[1]} frames"), *by_row]
        if unstacked is not whole:
            low = Population(unstacked, f"all {unstacked.shape[1]} frames")
            by_row, anything = [low, *by_row], [low, *anything]
        rows.append(by_row)
        files.append(anything)
    at = layout.at
    orders = (np.argsort(layout.pairs.a), np.argsort(layout.pairs.b)) if layout.stack is None else ()
    return Context((rows[0], rows[1]), (files[0], files[1]), (at.a_start, at.b_start), (at.a_step, at.b_step), orders)


def pair_of(layout: Layout) -> Pair:
    """The common rows and frames with their roundings."""
    (a, of_a), (b, of_b) = (
        (x[rows][:, frames], part_of(rounded, rows, frames))
        for x, rounded, rows, frames in (
            (layout.a, layout.of_a, layout.pairs.a, layout.at.a),
            (layout.b, layout.of_b, layout.pairs.b, layout.at.b),
        )
    )
    return Pair(a, b, of_a, of_b)


def part_of(rounded: Rounding, rows: np.ndarray, frames: slice) -> Rounding:
    if isinstance(rounded.error, np.ndarray):
        return rounded._replace(error=rounded.error[rows][:, frames])
    return rounded


def is_promising(pair: Pair) -> bool:
    """Whether the rows of both follow each other in some stretch of frames, or most values are equal."""
    if np.mean(np.abs(pair.F - pair.G) <= pair.tolerance(np.ones((1, 1)))) > 0.5:
        return True
    rows = np.flatnonzero(np.count_nonzero(pair.counts, axis=1) >= 4)
    if not rows.size:
        return False
    rows = rows[np.linspace(0, rows.size - 1, min(SCREEN_ROWS, rows.size)).astype(int)]
    frames = np.flatnonzero(pair.counts[rows].any(axis=0))
    for start in np.linspace(0, max(0, frames.size - SCREEN_FRAMES), SCREEN_BLOCKS).astype(int):
        block = frames[start : start + SCREEN_FRAMES]
        counts = pair.counts[np.ix_(rows, block)]
        enough = np.count_nonzero(counts, axis=1) >= 4
        if not enough.any():
            continue
        f, g = (centered(x[np.ix_(rows, block)][enough], counts[enough]) for x in (pair.F, pair.G))
        if np.median(np.sum(f * g, axis=1) ** 2) > SCREEN:
            return True
    return False
