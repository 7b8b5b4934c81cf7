"""How far one matrix of features is from another: as it is, and up to gains and offsets.

F is always the matrix to be explained and G what a convention gives; both have shape (n_rows, n_frames).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from dsp.files.compiled import keep_on_disk

CLASSES = {  # what a fit may leave open, from the least to the most: (one value per row?, a gain?, an offset?)
    "a constant gain": (False, True, False),
    "a constant offset": (False, False, True),
    "a constant gain and offset": (False, True, True),
    "an offset per row": (True, False, True),
    "a gain per row": (True, True, False),
    "a gain and an offset per row": (True, True, True),
}
MIN_CELLS = 4  # of a row that counts: a line through three points always fits nearly
CONSTANT = 1e-12  # of the largest value: float64 leaves about 1e-15 when a mean is subtracted
TINY = 1e-300  # keeps a division by zero finite


class Fit(NamedTuple):
    """The matrix gain * G + offset that is nearest to F."""

    fitted: np.ndarray  # (n_rows, n_frames)
    gain: np.ndarray  # (1, 1) or (n_rows, 1)
    offset: np.ndarray  # (1, 1) or (n_rows, 1)


def as_it_is(G: np.ndarray) -> Fit:
    """The fit that leaves nothing open."""
    return Fit(G, np.ones((1, 1)), np.zeros((1, 1)))


def fit_class(F: np.ndarray, G: np.ndarray, name: str) -> Fit:
    """The least-squares fit of F by G that leaves open what the class of that name leaves open."""
    per_row, has_gain, has_offset = CLASSES[name]
    axis = 1 if per_row else None
    mean_f = F.mean(axis=axis, keepdims=True) if has_offset else np.zeros((1, 1))
    mean_g = G.mean(axis=axis, keepdims=True) if has_offset else np.zeros((1, 1))
    gain = np.ones_like(mean_f)
    if has_gain:
        f, g = F - mean_f, G - mean_g
        power = np.sum(g * g, axis=axis, keepdims=True)
        gain = np.sum(f * g, axis=axis, keepdims=True) / np.where(power > 0, power, 1)
    offset = mean_f - gain * mean_g
    return Fit(gain * G + offset, gain, offset)


def relative_distance(F: np.ndarray, G: np.ndarray) -> float:
    """The root mean square of F - G, relative to that of F about its mean."""
    return float(np.linalg.norm(relative_residual(F, G)))


def relative_residual(F: np.ndarray, G: np.ndarray) -> np.ndarray:
    """F - G as a vector whose norm is their relative distance."""
    return ((F - G) / np.sqrt(max(np.sum((F - F.mean()) ** 2), TINY))).ravel()


def affine_distance(F: np.ndarray, G: np.ndarray, cells: np.ndarray | None = None) -> float:
    """The distance of F from G when every row of G may have its own gain and offset: sqrt(mean over rows of 1 - r^2).

    r is the correlation of a row of F with the same row of G. A row that is constant in both has distance 0. `cells`
    masks the values that count; a row with fewer than MIN_CELLS of them does not count at all.
    """
    return float(np.linalg.norm(AffineRows(F, cells).residual(G)))


class AffineRows:
    """The rows of F, ready to be compared with many matrices G up to a gain and an offset per row.

    A gain may have either sign unless `positive` is set.
    """

    def __init__(self, F: np.ndarray, cells: np.ndarray | None = None, positive: bool = False):
        self.positive = positive
        self.selected = slice(None) if cells is None else np.count_nonzero(cells, axis=1) >= MIN_CELLS
        self.cells = None if cells is None else cells[self.selected]
        f = center_rows(F[self.selected], self.cells)
        power = np.sum(f * f, axis=1, keepdims=True)
        self.constant = power <= 0
        self.counted = np.ones(f.shape, bool) if self.cells is None else self.cells
        self.f = f / np.sqrt(np.where(self.constant, 1, power) * max(1, len(f)))

    def residual(self, G: np.ndarray) -> np.ndarray:
        """What remains of F as a vector in which every row of F has the same weight; its norm is affine_distance."""
        if not self.f.size:
            return np.ones(1)
        return affine_remainder(self.f, G[self.selected], self.counted, self.constant[:, 0], self.positive).ravel()


@keep_on_disk
@njit
def affine_remainder(f, G, counted, constant, positive):
    """f minus the multiple of each row of G, about its mean, that is nearest to it; see AffineRows.

    The rows of f have mean 0. A row that is constant in f alone leaves a vector as long as any other row of f.
    """
    n_rows, n_columns = f.shape
    remainder = np.zeros((n_rows, n_columns))
    centered = np.zeros((n_rows, n_columns))
    largest = np.zeros(n_rows)
    for m in range(n_rows):
        total, n = 0.0, 0
        for t in range(n_columns):
            if counted[m, t]:
                total += G[m, t]
                n += 1
        for t in range(n_columns):
            if counted[m, t]:
                centered[m, t] = G[m, t] - total / n
                largest[m] = max(largest[m], abs(centered[m, t]))
    rounding = CONSTANT * max(TINY, largest.max())
    for m in range(n_rows):
        power, product = 0.0, 0.0
        if largest[m] > rounding:
            for t in range(n_columns):
                power += centered[m, t] * centered[m, t]
                product += f[m, t] * centered[m, t]
        gain = product / power if power > 0 else 0.0
        if positive and gain < 0:
            gain = 0.0
        for t in range(n_columns):
            remainder[m, t] = f[m, t] - gain * centered[m, t]
            if constant[m] and power > 0:
                remainder[m, t] = 1 / np.sqrt(f.size)
    return remainder


def center_rows(x: np.ndarray, cells: np.ndarray | None = None) -> np.ndarray:
    """x with the mean of each row, over the cells that count, subtracted; rows that only rounding moves become 0."""
    if cells is None:
        x = x - x.mean(axis=1, keepdims=True)
    else:
        n = np.count_nonzero(cells, axis=1)[:, None]
        x = np.where(cells, x - np.where(cells, x, 0).sum(axis=1, keepdims=True) / n, 0)
    largest = np.abs(x).max(axis=1, initial=0)
    x[largest <= CONSTANT * max(TINY, largest.max(initial=0))] = 0
    return x
