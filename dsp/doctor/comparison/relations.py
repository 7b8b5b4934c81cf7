"""A relation of values in words: its cause, and what to change to remove it."""

from dataclasses import dataclass

import numpy as np

from dsp.doctor.comparison import causes
from dsp.doctor.comparison.steps import FIRST, SECOND, Names, Step, count, span
from dsp.doctor.comparison.values import AS_IT_IS, EDGE, EQUAL, REPEATED, TINY, Pair, Relation, dead_frames, errors

KNOWN_ROW = 1e-4  # a factor of one row is known if it agrees to 1 in 10,000
MAX_LISTED = 6
RELATIONS = {  # the words between "equal up to" and the cause
    "an offset per row": "mel filters of another height, or a mean subtracted",
    "a gain per row": "a lifter, another DCT, or a division by the standard deviation",
    "a gain and an offset per row": "a normalization with constants from elsewhere, as the means and deviations of a "
    "corpus or running ones",
}


@dataclass(frozen=True)
class Population:
    """Values over which statistics may have been computed, and what they are called."""

    values: np.ndarray
    over: str


@dataclass(frozen=True)
class Context:
    """What surrounds a pair.

    rows, files  for either file: the populations whose rows are those of the pair, and those of any rows
    starts, hops  for either file: the first common frame and the step between common frames
    orders        for either file: the order of the pair's rows that is ascending in the file
    """

    rows: tuple[list[Population], list[Population]]
    files: tuple[list[Population], list[Population]]
    starts: tuple[int, int] = (0, 0)
    hops: tuple[int, int] = (1, 1)
    orders: tuple[np.ndarray, ...] = ()


def relation_steps(pair: Pair, found: Relation, context: Context, names: Names) -> tuple[Step, ...]:
    """Sentences for a relation: its class, roundings, floors, masks, and rows and frames that differ."""
    steps = []
    if found.name != AS_IT_IS:
        steps.append(class_step(pair, found, context, names))
    steps += rounding_steps(pair, found, names)
    steps += floor_steps(pair, found, names)
    steps += mask_steps(pair, found, context, names)
    steps += [row_step(pair, found, row, names) for row in found.bad_rows]
    if found.bad_frames:
        steps.append(frames_step(np.array(found.bad_frames), pair.F.shape[1]))
    return tuple(steps)


def class_step(pair: Pair, found: Relation, context: Context, names: Names) -> Step:
    """The class, as a statistic of one file if it is one, or by its numbers."""
    statistic = statistic_step(pair, found, context, names)
    if statistic:
        return statistic
    begin = f"equal up to {found.name}"
    if not found.per_row:
        return constant_step(begin, found, (pair, context), names)
    lifter = None
    if found.name == "a gain per row" and np.abs(found.gain).min() > 0:
        orders = context.orders or (np.arange(len(found.gain)),)
        lifter = next(filter(None, (causes.lifter_of(found.gain[order, 0]) for order in orders)), None)
    if lifter:
        file = SECOND if lifter.inverse else FIRST
        cause = f"{names[file]} applies a sine lifter of length {lifter.length} that counts c0 as {lifter.first}"
        order = f"divide by a sine lifter of length {lifter.length}, or apply the same to {names[1 - file]}"
        return Step(f"{begin}: {cause}", order, file)
    which = {"an offset per row": "offset", "a gain per row": "gain"}.get(found.name, "gain and offset")
    return Step(f"{begin}: {RELATIONS[found.name]}", f"apply each row's {which} (Comparison.gain, .offset)", SECOND)


def constant_step(begin: str, found: Relation, pair_context: tuple[Pair, Context], names: Names) -> Step:
    """A constant gain, offset or both, with their known causes."""
    pair, context = pair_context
    gain, offset = float(found.gain.flat[0]), float(found.offset.flat[0])
    parts, orders = [], []
    if "gain" in found.name:
        populations = [one.values for file in (FIRST, SECOND) for one in (*context.rows[file], *context.files[file])]
        lengths = tuple({n for x in (pair.F, *populations) for n in (x.shape[1], x.size) if n > 1})
        parts.append(f"gain {gain:.6g}{causes.gain_cause(gain, lengths)}")
        orders.append(f"multiply by {gain:.6g}")
    if "offset" in found.name:
        parts.append(f"offset {offset:.6g}{causes.offset_cause(offset, gain)}")
        orders.append(f"{'add' if offset >= 0 else 'subtract'} {abs(offset):.6g}")
    return Step(f"{begin}: {', '.join(parts)}", ", then ".join(orders), SECOND, 0.0)


def statistic_step(pair: Pair, found: Relation, context: Context, names: Names) -> Step | None:
    """Whether one file holds normalized values of the other."""
    per_row, rows = found.per_row, pair.rows
    gain, offset = (x[rows] if len(x) > 1 else x for x in (found.gain, found.offset))
    places = context.files
    if per_row:
        first, second = ([one for one in of if len(one.values) == len(rows)] for of in context.rows)
        places = (first, second)

    def fits(statistic: causes.Statistic) -> bool:
        return (statistic.gain, statistic.offset) == ("gain" in found.name, "offset" in found.name)

    def values(population: Population) -> np.ndarray:
        return population.values[rows] if per_row else population.values

    def step(file: int, statistic: causes.Statistic, over: str) -> Step:
        return Step(
            f"equal up to {found.name}: {names[file]} holds {statistic.name}, over {over}", statistic.order, 1 - file
        )

    for file in (FIRST, SECOND):
        rounded = (pair.of_F, pair.of_G)[file].name is not None
        for own in places[file]:
            statistic = causes.normalization(values(own), per_row, rounded)
            others = [causes.normalization(values(one), per_row, rounded) for one in places[1 - file]]
            if statistic and fits(statistic) and not any(other and other.gain == statistic.gain for other in others):
                return step(file, statistic, own.over)
    for file, its_gain, its_offset in ((FIRST, gain, offset), (SECOND, 1 / gain, -offset / gain)):
        for source in places[1 - file]:
            statistic = causes.by_statistics_of(values(source), its_gain, its_offset, per_row)
            if statistic and fits(statistic):
                return step(file, statistic, f"{source.over} of {names[1 - file]}")
    return None


def rounding_steps(pair: Pair, found: Relation, names: Names) -> list[Step]:
    """The roundings that are needed: without them the relation would not hold."""
    least = EQUAL * (np.abs(pair.F).max() + np.abs(found.gain) * np.abs(pair.G).max())
    exact = errors(pair, found.gain, found.offset) <= least
    if not (pair.counts & found.holds & ~exact).any():
        return []
    if not (pair.of_F.name or pair.of_G.name):
        return []
    coarse = [FIRST, SECOND] if pair.of_F.name and pair.of_G.name else [FIRST if pair.of_F.name else SECOND]
    steps = []
    for file in coarse:
        rounding = (pair.of_F, pair.of_G)[file]
        beginning = "equal" if found.name == AS_IT_IS and not found.bad_rows and not found.bad_frames else "it holds"
        sentence = f"{beginning} to the rounding of {rounding.name}, which {names[file]} shows"
        if rounding.name and "decimal" in rounding.name:
            sentence = f"{beginning} to the rounding of {names[file]} to {rounding.name}"
        steps.append(Step(sentence, f"round to {rounding.name}", 1 - file, 0.4))
    return steps


def floor_steps(pair: Pair, found: Relation, names: Names) -> list[Step]:
    """Floors and ceilings that hold apart what the relation would make equal."""
    apart = pair.edges & ~found.holds & ~pair.dead & pair.rows[:, None]
    if not apart.any():
        return []
    steps = []
    share = np.mean(apart)
    for file, x in enumerate((pair.F, pair.G)):
        for what, level in (("floor", x.min()), ("ceiling", x.max())):
            near = np.abs(x - level) <= 1e-6 * np.ptp(x)
            if (apart & near).any() and np.count_nonzero(near) >= REPEATED:
                sentence = f"{names[file]} has a {what} at {causes.level_in_words(float(level))}"
                sentence = sentence.removesuffix(", a floor")
                order = f"apply the same {what} ({level:.6g})"
                steps.append(Step(f"{sentence}: {np.mean(near):.2g} of its values stand there", order, 1 - file, 0.6))
    if not steps:
        sentence = f"{share:.2g} of the values stand at the least or greatest value of their rows and are not compared"
        return [Step(sentence, "", FIRST, 0.8, remark=True)]
    return [steps[0]] if len(steps) == 1 else steps


def mask_steps(pair: Pair, found: Relation, context: Context, names: Names) -> list[Step]:
    """Frames that are constant, or repeated, in one file where they are not in the other."""
    steps = []
    apart = pair.dead & ~found.holds[pair.rows].all(axis=0)
    for file, x in enumerate((pair.F, pair.G)):
        frames = np.flatnonzero(apart & dead_frames(x))
        if not frames.size:
            continue
        spans, values = runs(context.starts[file] + context.hops[file] * frames), x[:, frames]
        listed = ", ".join(span(*one).removeprefix("frames ").removeprefix("frame ") for one in spans[:MAX_LISTED])
        listed += ", ..." if len(spans) > MAX_LISTED else ""
        level = f"at {values.flat[0]:.6g}" if np.ptp(values) <= 1e-9 * max(np.abs(x).max(), TINY) else "within each row"
        kind = "frame" if frames.size == 1 else "frames"
        verb = "is" if frames.size == 1 else "are"
        sentence = f"{kind} {listed} of {names[file]} {verb} constant {level}: masked, or padded"
        steps.append(Step(sentence, f"leave out {count(frames.size, 'frame')} ({listed})", file, 0.8))
    return steps


def runs(indices: np.ndarray) -> list[tuple[int, int]]:
    """Ascending indices as runs, (first, last) each."""
    breaks = np.flatnonzero(np.diff(indices) > 1)
    return list(zip(indices[[0, *(breaks + 1)]].tolist(), indices[[*breaks, -1]].tolist(), strict=True))


def row_step(pair: Pair, found: Relation, row: int, names: Names) -> Step:
    """One row that differs while the others are equal."""
    A, B = pair.F[row], found.gain[row if len(found.gain) > 1 else 0] * pair.G[row]
    B = B + found.offset[row if len(found.offset) > 1 else 0]
    limit = float(np.max(np.broadcast_to(pair.tolerance(found.gain), pair.F.shape)[row]))
    gain = float(np.sum(A * B) / max(np.sum(B**2), TINY))
    differs = f"only row {row} differs"
    if found.name != AS_IT_IS:
        differs = f"row {row} differs besides"
    if np.abs(A - gain * B).max() <= limit:
        is_htk = min(abs(gain - 2**0.5), abs(gain - 0.5**0.5)) < KNOWN_ROW
        sentence = f"{differs}, by a factor of {gain:.5g}" + (
            " (HTK's c0 against an orthonormal one)" if is_htk else ""
        )
        return Step(sentence, f"multiply row {row} by {gain:.5g}", SECOND, 0.0)
    offset = float(np.median(A - B))
    if np.abs(A - B - offset).max() <= limit:
        cause = causes.offset_of_c0_cause(offset) or causes.offset_cause(offset)
        order = f"{'add' if offset >= 0 else 'subtract'} {abs(offset):.6g} {'to' if offset >= 0 else 'from'} row {row}"
        return Step(f"{differs}, by an offset of {offset:.6g}{cause}", order, SECOND, 0.0)
    if row in (0, len(pair.F) - 1):
        which = f"one of {names[0]} and {names[1]} may have c0 there, the other an energy"
        return Step(
            f"{differs}, not by a factor: {which}", f"compute row {row} alike: c0, or the same energy", SECOND, 0
        )
    return Step(f"{differs}, not by a factor", partial=True)


def frames_step(frames: np.ndarray, n_frames: int) -> Step:
    """Few frames that differ while the others are equal."""
    listed = ", ".join(map(str, frames[:MAX_LISTED])) + (", ..." if len(frames) > MAX_LISTED else "")
    if ((frames < EDGE * n_frames) | (frames > (1 - EDGE) * n_frames)).all():
        return Step(f"only frames near the edges differ ({listed}): different padding, or another first sample")
    differ = "1 frame differs" if len(frames) == 1 else f"{len(frames)} frames differ"
    return Step(f"only {differ} ({listed}): a floor, a limited dynamic range, or dither", partial=True)
