"""What a matrix may be, before any convention is tried: which axis is time, whether there are logarithms or deltas."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dsp.conventions.parameters import WORDS, Convention, Normalization
from dsp.doctor.comparison.stored import has_digits, is_decimal, is_short
from dsp.doctor.search.residuals import TINY, affine_distance
from dsp.mfcc import compute_deltas

MAX_CEPSTRA = 130  # rows; 128 bands give at most 128 cepstra, and an energy may stand beside them
SAMPLE_COLUMNS = 48  # frames that the search looks at, about: the whole clip is checked at the end; by trial
SPREAD_COLUMNS = 16  # of them, spread evenly
LOUDEST_COLUMNS = 5  # for each measure of loudness
ALL_COLUMNS = SAMPLE_COLUMNS + 16  # a matrix of so few frames is looked at whole
DELTAS_FIT = 0.2  # a distance from deltas above which rows are no deltas: rounding leaves far less, other rows near 1
DELTAS_BETTER = 0.99  # a second rule of deltas must fit so much better than the first
DELTAS_SURE = 0.01  # a distance below which rows are the deltas of bands, so that these may be searched alone
ENERGY_ALIKE = 0.7  # a distance that belongs to a correlation of 0.7: an energy row follows the sum of all bands
ENERGY_LIKELIER = 1.4  # bands are at least so many times nearer to the band beside them than to the sum of all
SECOND_DELTAS = ("delta of delta", "curvature", "delta of delta, extended")  # the rarest last: it is almost the first
DELTA_WIDTHS = (3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 25)
BFLOAT16_BITS = 7  # of a significand, after the leading one
SIGNIFICANT_DIGITS = (3, 4, 5)  # of numbers in a text; with two, nothing would be left to tell
FEW_DECIMALS = 3  # small numbers of a text with so many significant digits have more
MANY_VALUES = 64  # fewer different values may be short by themselves
LINEAR_FLOOR = 1e-12  # of the largest value: the logarithm of a linear spectrum is cut off here, at 120 dB
LINEAR_MEDIAN = 0.05  # of the largest value: the median of a power or magnitude of speech lies far below it
MEAN_ZERO = 1e-5  # of the greatest value: what float32 leaves of a mean of 0
DEVIATION_ONE = 1e-4  # what float32, and an eps beside the deviation, leave of a standard deviation of 1
FLOOR_CELLS = 1e-6  # of the range of values: a cell no higher than that above the least one stands at the floor
FEW_CELLS = 0.99  # with more cells than that above the floor, the floor does not matter


@dataclass(frozen=True)
class Interpretation:
    """One way to read the matrix."""

    matrix: np.ndarray  # (n_rows, n_frames) float64
    transposed: bool  # whether the file has time first
    kind: str  # "mfcc", or "log_mel" for bands and spectra
    linear: bool  # whether no logarithm was taken
    n_static: int  # rows without deltas
    deltas: dict[str, Any]  # the parameters of the deltas
    normalization: Normalization
    ddof: int  # of its deviations
    left_out: str | None = None  # the rows of the file that this matrix lacks, in words
    rows: slice = field(default_factory=lambda: slice(None))  # of the file

    @property
    def static(self) -> np.ndarray:
        return self.matrix[: self.n_static]


def as_matrix(features) -> np.ndarray:
    """The features as a finite (., .) float64 matrix; complex ones become magnitudes, and axes of length 1 go.

    A vector becomes a matrix of one column. Raises ValueError for another number of axes, fewer than four values, NaN
    or infinity.
    """
    x = np.asarray(features)
    while x.ndim > 2 and 1 in x.shape:
        x = x.squeeze(axis=x.shape.index(1))
    if x.ndim == 1:
        x = x[:, None]
    if x.ndim != 2 or min(x.shape) < 1 or x.size < 4:
        raise ValueError(
            f"features have shape {np.shape(features)}; a matrix of frames and coefficients, or a vector of at least 4 "
            "statistics, is expected"
        )
    if x.dtype.kind not in "fciu":
        raise ValueError(f"features have dtype {x.dtype}; numbers are expected")
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise ValueError(f"features[{row}, {column}] is {x[row, column]}; every value must be finite")
    return np.abs(x) if x.dtype.kind == "c" else x.astype(np.float64)


def resolution(features) -> float:
    """The relative rounding of the numbers.

    It is 2^-52 for float64, 2^-23 where float32 holds the numbers, 2^-10 where float16 does, 2^-7 where bfloat16 does,
    which some tools cut off instead of rounding, and half a digit for text.
    """
    x = np.abs(np.asarray(features)) if np.iscomplexobj(features) else np.asarray(features)
    double = float(np.finfo(np.float64).eps)
    if x.dtype.kind == "f" and x.dtype.itemsize > 2 and np.unique(x).size > MANY_VALUES:
        wide = x.astype(np.float64)
        if is_short(wide, BFLOAT16_BITS) and not is_decimal(wide, 0):
            return 2.0**-BFLOAT16_BITS
        digits = next((n for n in SIGNIFICANT_DIGITS if has_digits(wide, n)), None)
        if digits and not is_decimal(wide, FEW_DECIMALS):
            return 0.5 * 10.0 ** (1 - digits)
    with np.errstate(over="ignore"):
        if x.dtype == np.float16 or (x.astype(np.float16) == x).all():
            return float(np.finfo(np.float16).eps)
    if x.dtype == np.float32 or x.dtype == np.complex64 or (x.astype(np.float32) == x).all():
        return float(np.finfo(np.float32).eps)
    largest = np.abs(x).max()
    for digits in range(0, 9):
        if (np.abs(x - np.round(x, digits)) <= 4 * double * largest).all():
            return max(0.5 * 10.0**-digits / largest, double)
    return double


def interpretations(matrix: np.ndarray) -> Iterator[Interpretation]:
    """Every interpretation worth trying; the one with time last, as this program writes, comes first."""
    for transposed in (False, True):
        x = matrix.T if transposed else matrix
        n_rows, n_frames = x.shape
        if n_frames < 2:
            continue
        orders, deltas = find_deltas(x) if n_rows <= 3 * MAX_CEPSTRA else (0, {})
        n_static = n_rows // (orders + 1)
        if n_rows <= MAX_CEPSTRA:
            yield Interpretation(x, transposed, "mfcc", False, n_static, deltas, *normalization_of(x[:n_static]))
        if looks_linear(x):
            yield Interpretation(x, transposed, "log_mel", True, n_rows, {}, None, 0)
        yield Interpretation(x, transposed, "log_mel", False, n_rows, {}, *normalization_of(x))
        for rows, left_out in _parts(x, orders, deltas):
            yield Interpretation(x[rows], transposed, "log_mel", False, len(x[rows]), {}, None, 0, left_out, rows)


def _parts(x: np.ndarray, orders: int, deltas: dict[str, Any]) -> Iterator[tuple[slice, str]]:
    """Rows that may be bands by themselves: before their deltas, or beside a row of energy."""
    n = len(x) // (orders + 1)
    if orders:
        if affine_distance(x[n:], _stacked_deltas(x[:n], deltas)) < DELTAS_SURE:
            width = deltas["delta_width"]
            yield slice(0, n), f"the rows from {n} on, which are deltas of the rows before over {width} frames"
    elif n > 8:
        for row, neighbor, rows, position in (
            (x[0], x[1], slice(1, None), "first"),
            (x[-1], x[-2], slice(0, -1), "last"),
        ):
            to_energy = affine_distance(row[None], np.logaddexp.reduce(x[rows], axis=0)[None])
            if to_energy < min(ENERGY_ALIKE, ENERGY_LIKELIER * affine_distance(row[None], neighbor[None])):
                yield rows, f"the {position} row, which follows the energy of the others"


def looks_linear(x: np.ndarray) -> bool:
    """Whether the values look like powers or magnitudes: none is negative, and most are far below the largest."""
    return x.min() >= 0 and np.median(x) < LINEAR_MEDIAN * x.max()


def find_deltas(x: np.ndarray) -> tuple[int, dict[str, Any]]:
    """How many orders of deltas follow the first rows, and by which rule; the audio is not needed for that.

    Deltas are functions of the static rows, so the rows that follow can be compared with what each rule gives, up to
    a gain per row.
    """
    n_rows, n_frames = x.shape
    best: tuple[float, int, dict[str, Any]] = (DELTAS_FIT, 0, {})
    for width in DELTA_WIDTHS:
        for edges in WORDS["delta_edges"]:
            if edges == "interp" and n_frames < width:
                continue
            for orders in (1, 2):
                if n_rows % (orders + 1) or n_rows // (orders + 1) < 2 or n_frames < 4:
                    continue
                static, rest = x[: n_rows // (orders + 1)], x[n_rows // (orders + 1) :]
                for second in SECOND_DELTAS[: 1 if orders == 1 else None]:
                    rule = {
                        "delta_orders": orders,
                        "delta_width": width,
                        "delta_edges": edges,
                        "delta_second": second,
                    }
                    distance = affine_distance(rest, _stacked_deltas(static, rule))
                    if distance < best[0] * DELTAS_BETTER:
                        best = (distance, orders, rule)
    return best[1], best[2]


def _stacked_deltas(static: np.ndarray, rule: dict[str, Any]) -> np.ndarray:
    return np.concatenate(compute_deltas(static, Convention(**rule)))


def normalization_of(static: np.ndarray) -> tuple[Normalization, int]:
    """The convention's word for it, if every row has mean 0 (and deviation 1), with the ddof of that deviation."""
    scale = np.abs(static).max(axis=1)
    if (np.abs(static.mean(axis=1)) > MEAN_ZERO * np.maximum(scale, TINY)).any():
        return None, 0
    for ddof in (0, 1):
        deviation = static.std(axis=1, ddof=ddof)
        beyond = deviation[deviation > 0] - 1  # an eps beside small deviations leaves them below 1
        if beyond.size and beyond.max() < DEVIATION_ONE and abs(np.median(beyond)) < DEVIATION_ONE:
            return "mean and variance", ddof
    return "mean", 0


def sample_columns(interpretation: Interpretation, signal: np.ndarray) -> np.ndarray:
    """The frames that the search looks at: both edges, some from everywhere, the quietest, and the loudest.

    The loudest frames decide a clip's maximum.
    """
    n_frames = interpretation.matrix.shape[1]
    if n_frames <= ALL_COLUMNS:
        return np.arange(n_frames)
    loudness = []
    for of_signal in (signal, np.diff(signal)):  # the second one: its high frequencies
        starts = np.arange(n_frames) * of_signal.size // n_frames
        loudness.append(np.add.reduceat(of_signal**2, starts))
    if interpretation.kind == "mfcc":
        loudness += [interpretation.static[0], interpretation.static[-1]]
    else:
        loudness += [interpretation.static.max(axis=0)]
    loudest = np.concatenate([np.argsort(level)[-LOUDEST_COLUMNS:] for level in loudness])
    edges = [0, 1, 2, 3, n_frames - 4, n_frames - 3, n_frames - 2, n_frames - 1]
    spread = np.linspace(0, n_frames - 1, SPREAD_COLUMNS).astype(int)
    return np.unique(np.concatenate([spread, edges, loudest, [np.argmin(loudness[-1])]]))


def cells_above_floor(levels: np.ndarray) -> np.ndarray | None:
    """A mask of the cells above the least value; None where almost all cells are."""
    least, greatest = levels.min(), levels.max()
    above = levels - least > FLOOR_CELLS * (greatest - least)
    has_empty_bands = not above.any(axis=1).all()
    return above if has_empty_bands or np.mean(above) < FEW_CELLS else None
