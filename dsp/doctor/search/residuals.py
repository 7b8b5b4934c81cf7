"""How far one matrix is from another: as it is, and up to gains and offsets that some tools leave open.

Conventions: F is the matrix in question, G what a convention gives, both (n_rows, n_frames).
"""

from dataclasses import dataclass

import numpy as np

CLASSES = {  # what is left open, from the least to the most: (per row?, gain?, offset?)
    "a constant gain": (False, True, False),
    "a constant offset": (False, False, True),
    "a constant gain and offset": (False, True, True),
    "an offset per row": (True, False, True),
    "a gain per row": (True, True, False),
    "a gain and an offset per row": (True, True, True),
}


@dataclass(frozen=True)
class Fit:
    """G times gain plus offset, the nearest to F within a class."""

    gain: np.ndarray  # (1, 1) or (n_rows, 1)
    offset: np.ndarray
    fitted: np.ndarray  # gain G + offset


def distance(F: np.ndarray, G: np.ndarray) -> float:
    """Root mean square of F - G, as a share of that of F about its mean."""
    return float(np.linalg.norm(misfit(F, G)))


def misfit(F: np.ndarray, G: np.ndarray) -> np.ndarray:
    """F - G as a vector, its norm their distance."""
    return ((F - G) / np.sqrt(max(np.sum((F - F.mean()) ** 2), 1e-300))).ravel()


def row_distance(F: np.ndarray, G: np.ndarray, cells: np.ndarray | None = None) -> float:
    """What is left of F when every row of G may have its own gain and offset: sqrt(mean over rows of 1 - r^2).

    r is the correlation of a row of F with that of G; a row that is constant in both is at distance 0. `cells` is a
    mask of those that count; rows with fewer than four do not count at all.
    """
    return float(np.linalg.norm(Rows(F, cells).misfit(G)))


class Rows:
    """The rows of F, to hold many matrices G against them up to an offset and a gain, of any sign or positive."""

    def __init__(self, F: np.ndarray, cells: np.ndarray | None = None, positive: bool = False):
        self.positive = positive
        self.which = slice(None) if cells is None else np.count_nonzero(cells, axis=1) > 3
        self.cells = None if cells is None else cells[self.which]
        f = centred(F[self.which], self.cells)
        power = np.sum(f * f, axis=1, keepdims=True)
        self.constant = power <= 0
        self.f = f / np.sqrt(np.where(self.constant, 1, power) * max(1, len(f)))

    def misfit(self, G: np.ndarray) -> np.ndarray:
        """What is left of F as a vector, every row of F having the same norm; its norm is row_distance."""
        if not self.f.size:
            return np.ones(1)
        g = centred(G[self.which], self.cells)
        power = np.sum(g * g, axis=1, keepdims=True)
        gain = np.sum(self.f * g, axis=1, keepdims=True) / np.where(power > 0, power, 1)
        left = self.f - (np.maximum(gain, 0) if self.positive else gain) * g
        return np.where(self.constant & (power > 0), 1 / np.sqrt(self.f.size), left).ravel()


def nearest(F: np.ndarray, G: np.ndarray, name: str) -> Fit:
    """The least squares fit of F by G within the class of that name."""
    per_row, gain, offset = CLASSES[name]
    axis = 1 if per_row else None
    mean_f = F.mean(axis=axis, keepdims=True) if offset else np.zeros((1, 1))
    mean_g = G.mean(axis=axis, keepdims=True) if offset else np.zeros((1, 1))
    a = np.ones_like(mean_f)
    if gain:
        f, g = F - mean_f, G - mean_g
        power = np.sum(g * g, axis=axis, keepdims=True)
        a = np.sum(f * g, axis=axis, keepdims=True) / np.where(power > 0, power, 1)
    b = mean_f - a * mean_g
    return Fit(a, b, a * G + b)


def centred(x: np.ndarray, cells: np.ndarray | None = None) -> np.ndarray:
    if cells is None:
        x = x - x.mean(axis=1, keepdims=True)
    else:
        n = np.count_nonzero(cells, axis=1)[:, None]
        x = np.where(cells, x - np.where(cells, x, 0).sum(axis=1, keepdims=True) / n, 0)
    largest = np.abs(x).max(axis=1, initial=0)
    x[largest <= 1e-12 * max(1e-300, largest.max(initial=0))] = 0  # constant but for rounding
    return x
