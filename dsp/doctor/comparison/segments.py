"""Relations that change in time, as where a maximum or a mean was taken of each chunk of a clip."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dsp.doctor.comparison.causes import Statistic, by_statistics_of
from dsp.doctor.comparison.frames import Alignment
from dsp.doctor.comparison.steps import FIRST, SECOND, Names, Step, span
from dsp.doctor.comparison.values import Pair, errors, least_squares, robust_fit, says_something
from dsp.doctor.search.residuals import CLASSES

MIN_FRAMES = 8  # of a segment, but for the last
MAX_SEGMENTS = 200
PER_SEGMENT = 10  # frames, at least, on average
KINDS = {"a constant offset": 4.0, "an offset per row": 4.4, "a gain and an offset per row": 4.8}  # with their costs
MAX_LISTED = 6
KNOWN_CELLS = 4  # of a row in a segment; fewer, the others at a floor, say nothing
SLACK = 1.5  # while a fit rests on few frames


@dataclass(frozen=True)
class Segment:
    """Frames start to stop - 1, where F = gain * G + offset."""

    start: int
    stop: int
    gain: np.ndarray
    offset: np.ndarray
    known: np.ndarray  # (n_rows,) whether enough cells of a row count


@dataclass(frozen=True)
class Segments:
    """A relation of one kind, with its own gain and offset in each segment."""

    name: str
    parts: tuple[Segment, ...]

    @property
    def cost(self) -> float:
        return KINDS[self.name] + 0.1 * len(self.parts)


def best_segments(pair: Pair) -> Segments | None:
    """The simplest kind of relation that holds segment by segment; None if none does."""
    n_frames = pair.F.shape[1]
    if n_frames < 2 * MIN_FRAMES or not pair.rows.any():
        return None
    for name in KINDS:
        parts = segments_of(pair, name)
        if parts and 2 <= len(parts) <= min(MAX_SEGMENTS, max(2, n_frames // PER_SEGMENT)):
            return Segments(name, tuple(parts))
    return None


def segments_of(pair: Pair, name: str) -> list[Segment] | None:
    """Segments from left to right, each as long as its relation holds; None as soon as one is short."""
    n_frames = pair.F.shape[1]
    first = segment_from(pair, name, 0)
    for length in range(MIN_FRAMES - 1, 1, -1):  # a first chunk that the clip cuts
        first = first or segment_from(pair, name, 0, length)
    if first is None:
        return None
    parts, start = [first], first.stop
    while start < n_frames:
        segment = segment_from(pair, name, start)
        if segment is None:
            return None
        parts.append(segment)
        if len(parts) > MAX_SEGMENTS:
            return None
        start = segment.stop
    return parts


def segment_from(pair: Pair, name: str, start: int, length: int = MIN_FRAMES) -> Segment | None:
    """The longest segment that begins at `start`: fitted to its first frames, it is doubled as long as it holds."""
    n_frames = pair.F.shape[1]
    exactly = length < MIN_FRAMES
    length = min(length, n_frames - start)
    first = pair.at(slice(start, start + length))
    gain, offset = robust_fit(first, name, first.counts)
    stop = start + length
    while not exactly:
        longer = min(n_frames, start + 2 * (stop - start))
        part = pair.at(slice(start, longer))
        known = np.count_nonzero(pair.counts[:, start:stop], axis=1)[:, None] >= KNOWN_CELLS
        bad = (part.counts & known & (errors(part, gain, offset) > SLACK * part.tolerance(gain))).any(axis=0)
        if bad.any():
            stop = start + int(np.argmax(bad))
            break
        if stop == n_frames:
            break
        stop = longer
        gain, offset = least_squares(part, name, part.counts, gain, offset)
    if stop - start < length:
        return None
    whole = pair.at(slice(start, stop))
    gain, offset = least_squares(whole, name, whole.counts, gain, offset)
    tolerance = whole.tolerance(gain)
    known = np.count_nonzero(whole.counts, axis=1)[:, None] >= KNOWN_CELLS
    if (whole.counts & known & (errors(whole, gain, offset) > tolerance)).any() or not says_something(whole, tolerance):
        return None
    return Segment(start, stop, gain, offset, known[:, 0])


def segments_step(found: Segments, pair: Pair, at: Alignment, names: Names) -> Step:
    """What changes where, in frames of the first file."""
    scale, n_frames = np.abs(pair.F).max(), pair.F.shape[1]
    equal = [is_identity(part, scale) for part in found.parts]
    other = [part for part, is_equal in zip(found.parts, equal, strict=True) if not is_equal]
    if any(equal) and len(other) <= MAX_LISTED:
        changed = "; ".join(f"{where(part, n_frames, at)}, {relation_words(found.name, part)}" for part in other)
        if len(found.parts) == 2:
            beginning = f"equal {where(found.parts[equal.index(True)], n_frames, at)}"
            order = f"undo this {where(other[0], n_frames, at)}"
            return Step(f"{beginning}; {changed} (a maximum or mean taken per chunk?)", order, FIRST)
        return Step(f"equal but {changed}", "undo this there", FIRST)
    chunks = chunks_in_words(found, at)
    for values, name, file in ((pair.G, names[FIRST], SECOND), (pair.F, names[SECOND], FIRST)):
        statistic = common_statistic(found, values, inverse=file == FIRST)
        if statistic:
            order = statistic.order.replace("the whole file", "each chunk").replace(
                "each row", "each row of each chunk"
            )
            sentence = f"{name} holds {statistic.name}, taken of {chunks}".replace("the whole file", "each chunk")
            return Step(sentence, f"{order} ({chunks})", file)
    sentence = f"equal up to {found.name} that changes in time: {chunks} (normalized per chunk?)"
    return Step(sentence, f"normalize both over the same frames ({chunks})", FIRST)


def where(part: Segment, n_frames: int, at: Alignment) -> str:
    """The frames of a segment: before frame 30, from frame 30 on, in frames 20 to 28."""
    first, last = (at.a_start + at.a_step * frame for frame in (part.start, part.stop - 1))
    if part.start == 0:
        return f"before frame {last + at.a_step}"
    return f"from frame {first} on" if part.stop == n_frames else f"in {span(first, last)}"


def chunks_in_words(found: Segments, at: Alignment) -> str:
    """Chunks of one length, of which the first may be cut, or the frames where something changes."""
    starts = [part.start for part in found.parts]
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    if len(set(gaps)) == 1:
        return f"chunks of {gaps[0]} frames"
    common = max(set(gaps), key=gaps.count)
    if gaps[0] < common and all(gap % common == 0 for gap in gaps[1:]):
        return f"chunks of {common} frames, the first of {gaps[0]}"
    if all(gap % common == 0 for gap in gaps):  # two chunks may have the same mean
        return f"chunks of {common} frames"
    changes = [str(at.a_start + at.a_step * start) for start in starts[1:]]
    listed = ", ".join(changes[:MAX_LISTED]) + (", ..." if len(changes) > MAX_LISTED else "")
    return f"stretches that change at frames {listed}"


def common_statistic(found: Segments, values: np.ndarray, inverse: bool) -> Statistic | None:
    """The normalization that every segment shows; the first and last one may be cut."""
    parts = [part for part in found.parts if part.stop - part.start >= MIN_FRAMES]
    for chosen in (parts, parts[:-1], parts[1:], parts[1:-1]):
        statistics = {statistic_of(values, part, CLASSES[found.name][0], inverse) for part in chosen}
        if len(statistics) == 1 and None not in statistics:
            return statistics.pop()
    return None


def is_identity(part: Segment, scale: float) -> bool:
    return bool(np.abs(part.gain - 1).max() < 1e-5 and np.abs(part.offset).max() <= 4e-5 * scale)


def relation_words(name: str, part: Segment) -> str:
    if name == "a constant offset":
        return f"an offset of {part.offset.item():.6g}"
    return name


def statistic_of(values: np.ndarray, part: Segment, per_row: bool, inverse: bool) -> Statistic | None:
    gain, offset = (1 / part.gain, -part.offset / part.gain) if inverse else (part.gain, part.offset)
    values = values[:, part.start : part.stop]
    if per_row:
        values, gain, offset = values[part.known], gain[part.known], offset[part.known]
    return by_statistics_of(values, gain, offset, per_row) if values.size else None
