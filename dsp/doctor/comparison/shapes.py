"""Arrays of any shape as matrices of rows and frames: axes of length 1, channels, the time axis; and constant ones."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dsp.doctor.comparison.causes import level_in_words
from dsp.doctor.comparison.steps import FIRST, SECOND, Names, Step, count

MIN_VECTOR = 4  # numbers; fewer show no relation
MAX_CHANNELS = 8  # an axis of more is none of channels
USUAL_ROWS = {13, 20, 23, 26, 39, 40, 64, 80, 128}  # bands and cepstra that most tools write
OTHER_ROWS = {12, 14, 24, 25, 30, 32, 36, 42, 60, 72, 96, 120, 129, 161, 201, 257, 400, 513, 560, 1025}
NEARLY = 1e-6  # of the greatest value: rows that vary less are constant but for rounding
MAX_LISTED = 6


@dataclass(frozen=True)
class Matrix:
    """The values of one file. `channels` is the number of channels whose rows stand below each other."""

    values: np.ndarray  # (., .) float64
    steps: tuple[Step, ...]
    channels: int = 1

    @property
    def turned(self) -> np.ndarray:
        """The values with the other axis of each channel as time."""
        return turned(self.values, self.channels)


def turned(x: np.ndarray, channels: int) -> np.ndarray:
    """The transpose of a matrix, or of each of the channels whose rows stand below each other in it."""
    return np.concatenate([channel.T for channel in np.split(x, channels)])


def as_values(features, name: str, file: int) -> Matrix:
    """The finite values of an array as a matrix; complex ones become magnitudes.

    Axes of length 1 are removed, channels put below each other, and vectors read as one row; this is said.

    Raises ValueError for no values, other shapes or types, and NaN or infinity, with its place.
    """
    x = np.asarray(features)
    if x.dtype.kind not in "fciu":
        raise ValueError(f"{name} has dtype {x.dtype}; numbers are expected")
    if not x.size:
        raise ValueError(f"{name} has shape {x.shape}: no values")
    bad = ~np.isfinite(x)
    if bad.any():
        place = tuple(map(int, np.argwhere(bad)[0]))
        others = f", as are {count(int(bad.sum()) - 1, 'other value')}" if bad.sum() > 1 else ""
        raise ValueError(
            f"{name}{list(place)} is {x[place]}{others}; every value must be finite: replace masked values with numbers"
        )
    x = np.abs(x) if x.dtype.kind == "c" else x.astype(np.float64)
    steps: list[Step] = []
    if x.ndim == 1 and x.size >= MIN_VECTOR:
        steps.append(Step(f"{name} has shape {x.shape}: a vector, read as one row", "", file, remark=True))
        x = x[None]
    if x.ndim > 2 and 1 in x.shape:
        squeezed = [length for length in x.shape if length > 1]
        squeezed += [1] * (2 - len(squeezed))
        sentence = f"{name} has shape {x.shape}: read as {tuple(squeezed)}, without its axes of length 1"
        steps.append(Step(sentence, f"remove the axes of length 1 ({name} has shape {x.shape})", file, remark=True))
        x = x.reshape(squeezed)
    channels = 1
    if x.ndim == 3 and min(x.shape[0], x.shape[2]) <= MAX_CHANNELS:
        first = x.shape[0] <= MAX_CHANNELS
        channels = x.shape[0] if first else x.shape[2]
        where = "first" if first else "last"
        steps.append(Step(f"{name} has {channels} channels on its {where} axis", "", file, remark=True))
        x = (x if first else np.moveaxis(x, 2, 0)).reshape(-1, x.shape[2] if first else x.shape[1])
    if x.ndim != 2 or x.size < 4:
        raise ValueError(f"{name} has shape {x.shape}; a matrix of frames and coefficients is expected")
    return Matrix(x, tuple(steps), channels)


@dataclass(frozen=True)
class Orientation:
    """Both matrices with time last.

    time_first  whether each file has time first
    unlikely    whether another orientation fits the shapes much better
    """

    a: np.ndarray
    b: np.ndarray
    time_first: tuple[bool, bool]
    steps: tuple[Step, ...]
    unlikely: bool = False


def orientations(a: Matrix, b: Matrix, names: Names) -> Iterator[Orientation]:
    """The possible time axes of both, the likeliest first."""
    choices: list[tuple[float, int, np.ndarray, np.ndarray, tuple[bool, bool]]] = []
    for time_first in ((False, False), (False, True), (True, True), (True, False)):
        A, B = (x.turned if first else x.values for x, first in zip((a, b), time_first, strict=True))
        choices.append((-likelihood(A.shape, B.shape, time_first), len(choices), A, B, time_first))
    for *_, A, B, time_first in sorted(choices, key=lambda choice: choice[:2]):
        steps: tuple[Step, ...] = ()
        if time_first[0] != time_first[1]:
            sentence = f"{names[1]} has time on the other axis"
            which = "first" if time_first[1] else "last"
            steps = (Step(f"{sentence} ({which})", "transpose it", SECOND, 0.5),)
        elif time_first[0]:
            steps = (Step("both have time first", "", FIRST, 0.1, remark=True),)
        yield Orientation(A, B, time_first, steps)


def likelihood(a: tuple[int, ...], b: tuple[int, ...], time_first: tuple[bool, bool]) -> float:
    """How well two shapes (rows, frames) fit each other and what tools write; by trial."""
    score = 2.0 * (a[0] == b[0]) + 2.0 * (a[1] == b[1])
    for n_rows, n_frames in (a, b):
        score += 1.5 * (n_rows in USUAL_ROWS) + 0.7 * (n_rows in OTHER_ROWS)
        score += float(np.clip(0.3 * np.log2(n_frames / n_rows), -1, 1))
    (low, n_low), (tall, n_tall) = sorted((a, b))
    if tall > low and tall % low == 0 and n_low > 1.5 * n_tall and n_low <= (tall // low + 1) * n_tall:
        score += 2.0  # stacked frames
    return score - 0.3 * (time_first[0] != time_first[1]) - 0.2 * time_first[0]


def of_one_file(values: np.ndarray, name: str, file: int) -> tuple[Step, ...]:
    """What makes one matrix say nothing, or little: constant values, and rows that are constant."""
    most = np.abs(values).max()
    if np.ptp(values) <= NEARLY * most:
        level = f"{name}: every value stands at {level_in_words(float(values.flat[0]))}"
        return (Step(f"{level}; constant values show nothing of the features", "", file, remark=True),)
    constant = np.flatnonzero(np.ptp(values, axis=1) <= NEARLY * most)
    if not constant.size:
        return ()
    listed = ", ".join(map(str, constant[:MAX_LISTED])) + (", ..." if len(constant) > MAX_LISTED else "")
    rows = f"row {listed} of {name} is constant" if len(constant) == 1 else f"rows {listed} of {name} are constant"
    at = ""
    if np.ptp(values[constant]) <= NEARLY * most:
        at = f" at {level_in_words(float(values[constant[0], 0]))}"
    return (Step(f"{rows}{at}: not compared", "", file, 0.3, remark=True),)


def is_constant(values: np.ndarray) -> bool:
    """Whether all values are one but for rounding."""
    return bool(np.ptp(values) <= NEARLY * np.abs(values).max())
