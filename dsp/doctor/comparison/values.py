"""Relations of values: the gain and offset, of all or of each row, that hold, beside floors and masked frames.

F and G have one shape, (n_rows, n_frames). A relation is fitted to a part of the frames and must hold in all cells that
count: those that stand at no floor, in frames that are not masked, in rows that vary.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from dsp.doctor.comparison.stored import EXACT, Rounding
from dsp.doctor.search.residuals import CLASSES

EQUAL = 2e-6  # of the largest value: about 2^-19, the rounding of float32 with sixteen steps of it to spare
TOLERANCE = 20 * EQUAL  # of the largest value: what two tools leave that compute one thing in float32
EDGE_CELLS = 1e-6  # of a row's range: cells so near to its least or greatest value stand there
REPEATED = 3  # cells of a row that make a floor or a ceiling
COUNTS = 5.0  # a row whose deviation is that many tolerances says whether a relation holds
MOST_ROWS = 0.5  # of the rows that vary must say so
MIN_IN_ROW = 6  # cells of a row that count, for the row to count
MIN_CELLS = 32  # that count; a relation of fewer is no evidence
FEW_ROWS = 2  # that differ are named one by one
MAX_BAD_FRAMES = 12  # that may differ; more are a change in time
EDGE = 0.1  # of the frames at either end; differences there come from padding
BAD_ROW = 0.3  # of its cells
MOST_FRAMES = 0.5  # of the cells that a partial relation must explain
AS_IT_IS = "as it is"
COSTS = {AS_IT_IS: 0.0, "a constant gain": 1.0, "a constant offset": 1.0, "a constant gain and offset": 1.6}
COSTS |= {"an offset per row": 2.8, "a gain per row": 3.0, "a gain and an offset per row": 3.6}
ROW_COST, FRAMES_COST = 1.2, 1.5
FREE = {AS_IT_IS: 0, "an offset per row": 1, "a gain per row": 1, "a gain and an offset per row": 2}
THIN = 200  # frames of a long file that a class must hold in before it is tried on all
TINY = 1e-300


@dataclass(frozen=True)
class Pair:
    """Two matrices of one shape with the roundings of both, and which of their cells count."""

    F: np.ndarray
    G: np.ndarray
    of_F: Rounding = EXACT
    of_G: Rounding = EXACT
    dead: np.ndarray = field(init=False)  # (n_frames,) constant or repeated frames of either
    edges: np.ndarray = field(init=False)  # cells at a floor or ceiling of either
    counts: np.ndarray = field(init=False)
    rows: np.ndarray = field(init=False)  # that vary in both

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "dead", dead_frames(self.F) | dead_frames(self.G))
        put(self, "edges", at_edges(self.F) | at_edges(self.G))
        free = np.count_nonzero(~self.edges & ~self.dead, axis=1) >= min(MIN_IN_ROW, self.F.shape[1] // 2)
        put(self, "rows", varies(self.F) & varies(self.G) & free)
        put(self, "counts", ~self.edges & ~self.dead & self.rows[:, None])

    def at(self, frames: slice | np.ndarray) -> "Pair":
        """Some of the frames; what counts is decided by all of them."""
        part = object.__new__(Pair)
        for name in ("F", "G", "edges", "counts"):
            object.__setattr__(part, name, getattr(self, name)[:, frames])
        for name in ("of_F", "of_G"):
            one: Rounding = getattr(self, name)
            error = one.error[:, frames] if isinstance(one.error, np.ndarray) else one.error
            object.__setattr__(part, name, one._replace(error=error))
        object.__setattr__(part, "dead", self.dead[frames])
        object.__setattr__(part, "rows", self.rows)
        return part

    def tolerance(self, gain: np.ndarray) -> np.ndarray:
        """(n_rows, n_frames) or broadcast to it: the greatest error that counts as none."""
        base = TOLERANCE * np.abs(self.F).max() + EQUAL * np.abs(self.G).max() * np.abs(gain)
        return base + self.of_F.error + np.abs(gain) * self.of_G.error


def varies(x: np.ndarray) -> np.ndarray:
    """The rows that are not constant but for rounding."""
    return np.ptp(x, axis=1) > 1e-6 * np.abs(x).max(axis=1)


def dead_frames(x: np.ndarray) -> np.ndarray:
    """Frames whose rows all have one value, and frames that repeat a neighbor."""
    dead = np.ptp(x, axis=0) <= 1e-9 * max(np.abs(x).max(), TINY) if len(x) > 2 else np.zeros(x.shape[1], bool)
    repeated = (np.diff(x, axis=1) == 0).all(axis=0)
    dead[1:] |= repeated
    dead[:-1] |= repeated
    return dead


def at_edges(x: np.ndarray) -> np.ndarray:
    """Cells at a value that is the least or the greatest of their row, or of all, and that is taken repeatedly."""
    low, high = x.min(axis=1, keepdims=True), x.max(axis=1, keepdims=True)
    near = EDGE_CELLS * (high - low)
    edges = np.zeros(x.shape, bool)
    for cells in (x <= low + near, x >= high - near):
        edges |= cells & (np.count_nonzero(cells, axis=1, keepdims=True) >= REPEATED)
    whole = EDGE_CELLS * np.ptp(x)
    for cells in (x <= x.min() + whole, x >= x.max() - whole):
        edges |= cells & (np.count_nonzero(cells) >= REPEATED)
    return edges


@dataclass(frozen=True)
class Relation:
    """F = gain * G + offset in the cells that count, but for the rows and frames that are named."""

    name: str
    gain: np.ndarray
    offset: np.ndarray
    holds: np.ndarray  # (n_rows, n_frames)
    bad_rows: tuple[int, ...]
    bad_frames: tuple[int, ...]

    @property
    def cost(self) -> float:
        return COSTS[self.name] + ROW_COST * len(self.bad_rows) + FRAMES_COST * bool(self.bad_frames)

    @property
    def per_row(self) -> bool:
        return self.name != AS_IT_IS and CLASSES[self.name][0]


def best_relation(pair: Pair) -> Relation | None:
    """The simplest relation that holds; None if none does."""
    if np.count_nonzero(pair.counts) < min(MIN_CELLS, pair.F.size / 2) or not pair.rows.any():
        return None
    n_frames = pair.F.shape[1]
    thin = pair.at(np.linspace(0, n_frames - 1, THIN).astype(int)) if n_frames > 2 * THIN else None
    best: Relation | None = None
    for name, cost in COSTS.items():
        if best is not None and best.cost <= cost:
            break
        if thin is not None and best_of_class(thin, name) is None:
            continue
        found = best_of_class(pair, name)
        if found is not None and (best is None or found.cost < best.cost):
            best = found
    return best


def best_of_class(pair: Pair, name: str) -> Relation | None:
    """The relation of that class with the fewest exceptions, of those fitted to different parts."""
    best: Relation | None = None
    for frames in parts(pair, name):
        found = fitted_relation(pair, name, frames)
        if found is not None and not found.bad_rows and not found.bad_frames:
            return found
        if found is not None and (best is None or found.cost < best.cost):
            best = found
    return best


def parts(pair: Pair, name: str) -> Iterator[np.ndarray]:
    """Frames to fit a relation to: every second one, then a third at the start, in the middle and at the end."""
    alive = np.flatnonzero(pair.counts.any(axis=0))
    if name == AS_IT_IS:
        yield alive
        return
    if alive.size < 4 + 2 * FREE.get(name, 0):
        return
    yield alive[::2]
    third = max(4, alive.size // 3)
    for start in (0, (alive.size - third) // 2, alive.size - third):
        yield alive[start : start + third]


def fitted_relation(pair: Pair, name: str, frames: np.ndarray) -> Relation | None:
    """The relation of that class, fitted to some frames, then to all cells where it holds."""
    chosen = np.zeros(pair.F.shape, bool)
    chosen[:, frames] = pair.counts[:, frames]
    gain, offset = robust_fit(pair, name, chosen)
    if not np.isfinite(gain).all() or (np.abs(gain[pair.rows if gain.size > 1 else ...]) < 1e-12).any():
        return None
    if name != AS_IT_IS:
        for slack in (4.0, 2.0):
            near = pair.counts & (errors(pair, gain, offset) <= slack * pair.tolerance(gain))
            if np.count_nonzero(near) < MOST_FRAMES * np.count_nonzero(pair.counts):
                return None
            gain, offset = least_squares(pair, name, near, gain, offset)
    tolerance = pair.tolerance(gain)
    holds = errors(pair, gain, offset) <= tolerance
    if not says_something(pair, tolerance):
        return None
    return with_exceptions(pair, name, gain, offset, holds)


def errors(pair: Pair, gain: np.ndarray, offset: np.ndarray) -> np.ndarray:
    return np.abs(pair.F - (gain * pair.G + offset))


def says_something(pair: Pair, tolerance: np.ndarray) -> bool:
    """Whether enough rows vary by more than the tolerance leaves open."""
    n = np.maximum(np.count_nonzero(pair.counts, axis=1), 1)
    f = np.where(pair.counts, pair.F, 0)
    mean = f.sum(axis=1) / n
    deviation = np.sqrt(np.where(pair.counts, (pair.F - mean[:, None]) ** 2, 0).sum(axis=1) / n)
    typical = np.median(np.broadcast_to(tolerance, pair.F.shape), axis=1)
    clear = np.count_nonzero(deviation[pair.rows] > COUNTS * typical[pair.rows])
    return bool(clear >= max(1, MOST_ROWS * np.count_nonzero(pair.rows)))


def with_exceptions(pair: Pair, name: str, gain, offset, holds: np.ndarray) -> Relation | None:
    """The relation with the few rows and frames where it does not hold; None if these are many."""
    bad = pair.counts & ~holds
    in_row = np.count_nonzero(bad, axis=1) / np.maximum(np.count_nonzero(pair.counts, axis=1), 1)
    rows = in_row > BAD_ROW
    if rows.sum() > FEW_ROWS or (rows.any() and len(rows) <= 2 * FEW_ROWS):
        return None
    frames = (bad & ~rows[:, None]).any(axis=0)
    if frames.sum() > min(max(2, EDGE * len(frames)), MAX_BAD_FRAMES):
        return None
    bad_rows = tuple(map(int, np.flatnonzero(rows)))
    return Relation(name, gain, offset, holds, bad_rows, tuple(map(int, np.flatnonzero(frames))))


def robust_fit(pair: Pair, name: str, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gain and offset by rows; for all rows the median, which a few other rows do not move."""
    one, zero = np.ones((1, 1)), np.zeros((1, 1))
    if name == AS_IT_IS:
        return one, zero
    per_row, has_gain, has_offset = CLASSES[name]
    gain, offset = row_fits(pair, has_gain, has_offset, chosen)
    if per_row:
        return gain, offset
    n = np.count_nonzero(chosen, axis=1)
    rows = n >= 3
    if not rows.any():
        return one * np.nan, zero
    constant = np.full((1, 1), np.median(gain[rows]))
    if not has_offset:
        return constant, zero
    f, g = (np.where(chosen, x, 0).sum(axis=1)[rows] / n[rows] for x in (pair.F, pair.G))
    return constant, np.full((1, 1), np.median(f - constant.item() * g))


def row_fits(pair: Pair, has_gain: bool, has_offset: bool, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least-squares gain and offset of each row over the chosen cells."""
    n = np.maximum(np.count_nonzero(chosen, axis=1), 1)[:, None]
    f, g = (np.where(chosen, x, 0.0) for x in (pair.F, pair.G))
    mean_f, mean_g = (x.sum(axis=1, keepdims=True) / n if has_offset else 0.0 * n for x in (f, g))
    gain = np.ones_like(mean_f)
    if has_gain:
        f, g = (np.where(chosen, x - mean, 0.0) for x, mean in ((pair.F, mean_f), (pair.G, mean_g)))
        power = np.sum(g * g, axis=1, keepdims=True)
        gain = np.where(power > 0, np.sum(f * g, axis=1, keepdims=True) / np.maximum(power, TINY), 1.0)
    return gain, (mean_f - gain * mean_g) if has_offset else 0.0 * gain


def least_squares(pair: Pair, name: str, cells: np.ndarray, gain, offset) -> tuple[np.ndarray, np.ndarray]:
    """The fit to the given cells; rows with too few of them keep their gain and offset."""
    per_row, has_gain, has_offset = CLASSES[name]
    if per_row:
        new_gain, new_offset = row_fits(pair, has_gain, has_offset, cells)
        enough = np.count_nonzero(cells, axis=1)[:, None] >= 4
        return np.where(enough, new_gain, gain), np.where(enough, new_offset, offset)
    f, g = pair.F[cells], pair.G[cells]
    mean_f, mean_g = (f.mean(), g.mean()) if has_offset else (0.0, 0.0)
    slope = 1.0
    if has_gain:
        slope = float(np.sum((f - mean_f) * (g - mean_g)) / max(np.sum((g - mean_g) ** 2), TINY))
    return np.full((1, 1), slope), np.full((1, 1), mean_f - slope * mean_g)
