"""What a matrix may be, before any convention is tried: which axis is time, logarithms, deltas, normalisation."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from dsp.deltas import delta
from dsp.doctor.search.residuals import row_distance

MOST_CEPSTRA = 130  # rows
MOST_COLUMNS = 48
SURE, ALIKE = 0.01, 0.7  # distances of rows from what they should be; 0.7 is a correlation of 0.7
LIKELIER = 1.4  # bands are that much nearer to the band beside them than to the energy of all, or more
WIDTHS = (3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 25)
LEVELS_BELOW = 1e-12  # of the largest value: what a linear spectrum's logarithm does not go below here
_SECONDS = ("delta of delta", "curvature", "delta of delta, extended")


@dataclass(frozen=True)
class Reading:
    """One way to read the matrix."""

    matrix: np.ndarray  # (n_rows, n_frames) float64
    transposed: bool  # whether the file has time first
    kind: str  # "mfcc" or "log_mel" (which a spectrum is, too)
    linear: bool  # no logarithm was taken
    n_static: int  # rows without deltas
    deltas: dict  # parameters of the deltas
    normalization: str | None
    left_out: str | None = None  # what is said of the rows of the file that this matrix is without
    rows: slice = field(default_factory=lambda: slice(None))  # of the file

    @property
    def static(self) -> np.ndarray:
        return self.matrix[: self.n_static]


def as_matrix(features) -> np.ndarray:
    """The features as a finite (., .) float64 matrix, of magnitudes where they are complex.

    Raises ValueError for another number of axes, fewer than 2 rows or columns, NaN or infinity.
    """
    x = np.asarray(features)
    if x.ndim != 2 or min(x.shape) < 1 or x.size < 4:
        raise ValueError(f"features have shape {x.shape}; a matrix of frames and coefficients is expected")
    if x.dtype.kind not in "fciu":
        raise ValueError(f"features have dtype {x.dtype}; numbers are expected")
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise ValueError(f"features[{row}, {column}] is {x[row, column]}; every value must be finite")
    return np.abs(x) if x.dtype.kind == "c" else x.astype(np.float64)


def resolution(features) -> float:
    """How the numbers are rounded: 2^-52 of float64, 2^-23 where float32 holds them, or half a digit of text."""
    x = np.abs(np.asarray(features)) if np.iscomplexobj(features) else np.asarray(features)
    if x.dtype == np.float32 or x.dtype == np.complex64 or (x.astype(np.float32) == x).all():
        return float(np.finfo(np.float32).eps)
    largest = np.abs(x).max()
    for digits in range(0, 9):
        if (np.abs(x - np.round(x, digits)) <= 4 * np.finfo(np.float64).eps * largest).all():
            return max(0.5 * 10.0**-digits / largest, float(np.finfo(np.float64).eps))
    return float(np.finfo(np.float64).eps)


def readings(matrix: np.ndarray) -> Iterator[Reading]:
    """Every reading worth trying; time last first, as this program writes."""
    for transposed in (False, True):
        x = matrix.T if transposed else matrix
        n_rows, n_frames = x.shape
        if n_frames < 2:
            continue
        orders, deltas = deltas_in(x) if n_rows <= 3 * MOST_CEPSTRA else (0, {})
        n_static = n_rows // (orders + 1)
        if n_rows <= MOST_CEPSTRA:
            yield Reading(x, transposed, "mfcc", False, n_static, deltas, normalization_of(x[:n_static]))
        if looks_linear(x):
            yield Reading(x, transposed, "log_mel", True, n_rows, {}, None)
        yield Reading(x, transposed, "log_mel", False, n_rows, {}, None)
        for rows, left_out in _parts(x, orders, deltas):
            yield Reading(x[rows], transposed, "log_mel", False, len(x[rows]), {}, None, left_out, rows)


def _parts(x: np.ndarray, orders: int, rule: dict) -> Iterator[tuple[slice, str]]:
    """Rows that may be bands by themselves: before deltas, and beside a row that goes with their energy."""
    n = len(x) // (orders + 1)
    if orders:
        width = rule["delta_width"]
        others = _deltas(x[:n], width, rule["delta_edges"], orders, rule["delta_second"])
        if row_distance(x[n:], others) < SURE:
            yield slice(0, n), f"the first {n} rows alone; the others are deltas of theirs over {width} frames"
    elif n > 8:
        for row, beside, rows, place in (
            (x[0], x[1], slice(1, None), "first"),
            (x[-1], x[-2], slice(0, -1), "last"),
        ):
            energy = row_distance(row[None], np.logaddexp.reduce(x[rows], axis=0)[None])
            if energy < min(ALIKE, LIKELIER * row_distance(row[None], beside[None])):
                yield rows, f"all rows but the {place}, which goes with their energy"


def looks_linear(x: np.ndarray) -> bool:
    """Whether the values look like powers or magnitudes: none below 0, most far below the largest."""
    return x.min() >= 0 and np.median(x) < 0.05 * x.max()


def deltas_in(x: np.ndarray) -> tuple[int, dict]:
    """How many orders of deltas follow the first rows, and how they were made: found without the audio.

    Deltas are functions of the static rows, so that what a rule gives can be held against the rows that follow; a
    gain per row is left open.
    """
    n_rows, n_frames = x.shape
    best = (0.2, 0, {})  # what is left of the deltas must be less than that
    for width in WIDTHS:
        for edges in ("replicate", "interp"):
            if edges == "interp" and n_frames < width:
                continue
            for orders in (1, 2):
                if n_rows % (orders + 1) or n_rows // (orders + 1) < 2 or n_frames < 4:
                    continue
                static, rest = x[: n_rows // (orders + 1)], x[n_rows // (orders + 1) :]
                for second in _SECONDS[: 1 if orders == 1 else 3]:
                    left = row_distance(rest, _deltas(static, width, edges, orders, second))
                    if left < best[0] * 0.99:
                        rule = {"delta_orders": orders, "delta_width": width, "delta_edges": edges}
                        best = (left, orders, {**rule, "delta_second": second})
    return best[1], best[2]


def _deltas(static, width: int, edges: str, orders: int, second: str) -> np.ndarray:
    first = delta(static, width, edges)
    if orders == 1:
        return first
    if second == "curvature":
        return np.concatenate([first, delta(static, width, edges, order=2)])
    if second == "delta of delta":
        return np.concatenate([first, delta(first, width, edges)])
    extended = np.concatenate([static] + [static[:, -1:]] * (width // 2), axis=1)
    twice = delta(delta(extended, width, edges), width, edges)
    return np.concatenate([first, twice[:, : static.shape[1]]])


def normalization_of(static: np.ndarray) -> str | None:
    """The convention's word for it, if every row has mean 0 (and standard deviation 1)."""
    scale = np.abs(static).max(axis=1)
    if (np.abs(static.mean(axis=1)) > 1e-6 * np.maximum(scale, 1e-300)).any():
        return None
    deviation = static.std(axis=1)
    return "mean and variance" if (np.abs(deviation[deviation > 0] - 1) < 1e-5).all() else "mean"


def columns_to_look_at(reading: Reading, signal: np.ndarray) -> np.ndarray:
    """Frames for the search: both edges, some from everywhere, and the loudest, which decide a clip's maximum."""
    n_frames = reading.matrix.shape[1]
    if n_frames <= MOST_COLUMNS + 16:
        return np.arange(n_frames)
    loudness = []
    for of_signal in (signal, np.diff(signal)):  # the second: its high frequencies
        places = np.arange(n_frames) * of_signal.size // n_frames
        loudness.append(np.add.reduceat(of_signal**2, places))
    if reading.kind == "mfcc":
        loudness += [reading.static[0], reading.static[-1]]
    else:
        loudness += [reading.static.max(axis=0)]
    loudest = np.concatenate([np.argsort(level)[-5:] for level in loudness])
    edges = [0, 1, 2, 3, n_frames - 4, n_frames - 3, n_frames - 2, n_frames - 1]
    some = np.linspace(0, n_frames - 1, MOST_COLUMNS - 32).astype(int)
    return np.unique(np.concatenate([some, edges, loudest, [np.argmin(loudness[-1])]]))


def cells_above(levels: np.ndarray) -> np.ndarray | None:
    """The cells that do not stand at the least value; None where only a few do."""
    least, most = levels.min(), levels.max()
    above = levels - least > 1e-6 * (most - least)
    return above if np.mean(above) < 0.99 else None
