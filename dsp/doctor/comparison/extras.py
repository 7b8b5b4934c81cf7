"""The rows and frames that only one of two files has: what they are."""

import numpy as np

from dsp.conventions.parameters import WORDS, Convention
from dsp.doctor.comparison.causes import level_in_words
from dsp.doctor.comparison.frames import Alignment
from dsp.doctor.comparison.rows import RowPairs, unit_rows
from dsp.doctor.comparison.steps import FIRST, SECOND, Names, Step, count, span
from dsp.mfcc import compute_deltas

SAME_HOP = 6  # frames by which the counts may differ under one hop: padding adds no more
CONSTANT = 1e-6  # of the greatest value
ENERGY_ALIKE = 0.6  # a correlation: a row of energy follows the sum, or the greatest, of all bands
DELTAS_FIT = 0.05  # of the deltas' norm
DELTA_WIDTHS = (3, 5, 7, 9, 11)


def extra_frames(A: np.ndarray, B: np.ndarray, at: Alignment, names: Names) -> tuple[Step, ...]:
    """What lies outside the frames that belong together."""
    steps = []
    for file, (step, other) in enumerate(((at.a_step, at.b_step), (at.b_step, at.a_step))):
        if step > 1 and other == 1:
            start = (at.a_start, at.b_start)[file]
            every = {2: "every second frame", 3: "every third frame"}.get(step, f"every {step}th frame")
            sentence = f"{names[1 - file]} has {every} of {names[file]}, from frame {start} on: a different hop, "
            sentence += f"{step} times as long"
            steps.append(Step(sentence, f"take {every} from frame {start} on (multiply the hop by {step})", file, 1.0))
            return tuple(steps)
    lag = at.a_start - at.b_start
    if A.shape[1] == B.shape[1] and lag:
        later, frames = (FIRST if lag > 0 else SECOND), count(abs(lag), "frame")
        sentence = f"{names[later]} lags by {frames}: different padding at the start, or a causal filter"
        return (Step(sentence, f"take {names[later]} {frames} earlier, and compare the common frames", later, 1.0),)
    for file, (x, part) in enumerate(((A, at.a), (B, at.b))):
        if part.stop < x.shape[1]:
            steps.append(_tail(x, part, at, names, file))
        if part.start > 0:
            steps.append(_head(x, part, names, file))
    return tuple(steps)


def _tail(x: np.ndarray, part: slice, at: Alignment, names: Names, file: int) -> Step:
    n, total = x.shape[1] - part.stop, x.shape[1]
    extra = x[:, part.stop :]
    where = f"from frame {part.stop} on"
    keep = f"keep its first {part.stop} of {total} frames" if not part.start else f"drop its last {count(n, 'frame')}"
    constant = constant_frames(extra, x)
    if constant:
        return Step(f"{names[file]} is padded at the end: {where}, {count(n, 'frame')} {constant}", keep, file, 0.4)
    for name, source in (
        ("it begins again", x[:, part.start :]),
        ("it is mirrored", x[:, : part.stop - 1][:, ::-1]),
        ("it is mirrored, with the last frame repeated", x[:, : part.stop][:, ::-1]),
    ):
        if n > 1 and source.shape[1] and np.allclose(extra, tiled(source, n), rtol=1e-6):
            return Step(f"{names[file]} is padded at the end: {where}, {name}", keep, file, 0.5)
    if n <= SAME_HOP:
        sentence = (
            f"{names[file]} has {count(n, 'frame')} more at the end: different padding, or another rule for the tail"
        )
        return Step(sentence, keep, file, 0.4)
    other = names[1 - file]
    sentence = f"{other} is cut: it has {span(part.start, part.stop - 1)} of {total} of {names[file]}"
    if not part.start:
        sentence = f"{other} is cut: it has the first {part.stop} of {total} frames of {names[file]}"
    return Step(sentence, keep, file, 0.4)


def _head(x: np.ndarray, part: slice, names: Names, file: int) -> Step:
    n, total = part.start, x.shape[1]
    drop = f"drop its first {count(n, 'frame')}"
    constant = constant_frames(x[:, :n], x)
    if constant:
        return Step(f"{names[file]} is padded at the start: {count(n, 'frame')} {constant}", drop, file, 0.5)
    if n <= SAME_HOP:
        return Step(f"{names[file]} has {count(n, 'frame')} more at the start: different padding", drop, file, 0.6)
    sentence = f"{names[1 - file]} is cut at the start: it begins at frame {n} of {total} of {names[file]}"
    return Step(sentence, drop, file, 0.6)


def tiled(x: np.ndarray, n: int) -> np.ndarray:
    """n frames of x, again and again."""
    return x[:, np.arange(n) % x.shape[1]]


def constant_frames(extra: np.ndarray, x: np.ndarray) -> str:
    """What constant frames hold, in words; empty where they change."""
    near = CONSTANT * max(np.abs(x).max(), 1e-300)
    if np.ptp(extra) <= near:
        level = level_in_words(float(extra.flat[0]))
        lowest = ", its least value" if extra.min() <= x.min() + near and extra.flat[0] != 0 else ""
        return f"of the constant {level}{lowest}"
    if np.ptp(extra, axis=1).max() <= near and extra.shape[1] > 1:
        return "that all are the same"
    return ""


def extra_rows(A: np.ndarray, B: np.ndarray, pairs: RowPairs, channels: tuple[int, int], names: Names):
    """What the rows are that only one file has; A and B have the same frames."""
    steps = []
    for file, (x, used) in enumerate(((A, pairs.a), (B, pairs.b))):
        extra = np.setdiff1d(np.arange(len(x)), used)
        if extra.size:
            steps.append(_rows_step(x, np.sort(used), extra, channels[file], names, file))
    return tuple(steps)


def _rows_step(x, used, extra, channels: int, names: Names, file: int) -> Step:
    name, other = names[file], names[1 - file]
    if channels > 1 and len(extra) == len(x) * (channels - 1) // channels:
        channel = int(used[0]) // (len(x) // channels)
        return Step(f"{other} is channel {channel} of {name}", f"take channel {channel}", file, 0.5)
    keep = f"keep rows {used[0]} to {used[-1]}"
    if len(extra) == 1:
        row = int(extra[0])
        place = "before" if row < used[0] else "after" if row > used[-1] else "between"
        drop = f"drop row {row}"
        return Step(f"{name} has one row more {place} the others, row {row}: {_what_is(x, row, used)}", drop, file, 0.5)
    if extra[0] > used[-1]:
        deltas = _deltas(x[used], x[extra])
        if deltas:
            return Step(f"{name} also has {deltas}: rows {extra[0]} to {extra[-1]}", keep, file, 0.6)
        sentence = f"the first {len(used)} rows are the same; {name} has {len(extra)} more coefficients or bands"
        return Step(sentence, keep, file, 0.5 if len(extra) <= 2 * len(used) else 2.5)
    if extra[-1] < used[0]:
        sentence = f"{other} has the last {len(used)} of the {len(x)} rows of {name}"
        return Step(sentence, keep, file, 0.6)
    listed = ", ".join(map(str, extra[:6])) + (", ..." if len(extra) > 6 else "")
    return Step(f"{name} has {len(extra)} rows more: rows {listed}", f"drop rows {listed}", file, 0.8)


def _what_is(x: np.ndarray, row: int, used: np.ndarray) -> str:
    others = x[used]
    candidates = np.stack([others.mean(axis=0), others.max(axis=0), others[0]])
    follows = float(np.max(unit_rows(candidates) @ unit_rows(x[row : row + 1]).T))
    if follows > ENERGY_ALIKE:
        return "a row of energy, which follows the level of the others" if len(used) > 12 else "an energy, or c0"
    return "an energy, or c0" if row in (0, len(x) - 1) else "one that the other file lacks"


def _deltas(static: np.ndarray, rest: np.ndarray) -> str:
    """The rule of the deltas that `rest` is, in words; empty where it is none."""
    orders, remainder = divmod(len(rest), len(static))
    if remainder or orders not in (1, 2):
        return ""
    for width in DELTA_WIDTHS:
        for edges in WORDS["delta_edges"]:
            if static.shape[1] < width:
                continue
            first = compute_deltas(static, Convention(delta_orders=1, delta_width=width, delta_edges=edges))[0]
            if np.linalg.norm(rest[: len(static)] - first) < DELTAS_FIT * np.linalg.norm(first):
                return f"{'deltas' if orders == 1 else 'first and second deltas'} over {width} frames"
    return ""
