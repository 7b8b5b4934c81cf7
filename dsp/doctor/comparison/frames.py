"""Which frames of two matrices belong together: at which lag, and whether one has only every second one.

A block of frames is slid along the other matrix. Where it belongs, every row correlates with itself, whatever gain and
offset the row has.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

BLOCK, BLOCKS = 12, 7  # frames, and how many blocks of them vote on the lag
ROWS = 12  # that are slid: enough to exclude chance
MATCH = 0.97  # a mean squared correlation above which a block belongs there; unrelated smooth rows stay below 0.8
MIN_OVERLAP = 4  # frames: fewer fit each other after any gain and offset
MIN_SHARE = 0.2  # of the frames of the shorter file
MAX_LAGS = 3  # that are tried in full
MAX_STEP = 8  # of hops
TAIL = 12  # frames by which counts may differ from whole multiples
TINY = 1e-300


@dataclass(frozen=True)
class Alignment:
    """Frames a_start + a_step k of the first belong to b_start + b_step k of the second, for k < n."""

    a_start: int
    b_start: int
    n: int
    a_step: int = 1
    b_step: int = 1

    @property
    def a(self) -> slice:
        return slice(self.a_start, self.a_start + (self.n - 1) * self.a_step + 1, self.a_step)

    @property
    def b(self) -> slice:
        return slice(self.b_start, self.b_start + (self.n - 1) * self.b_step + 1, self.b_step)

    def reversed(self) -> "Alignment":
        return Alignment(self.b_start, self.a_start, self.n, self.b_step, self.a_step)


def at_lag(n_a: int, n_b: int, lag: int) -> Alignment:
    """The common frames if frame k + lag of the first is frame k of the second."""
    start_a, start_b = max(0, lag), max(0, -lag)
    return Alignment(start_a, start_b, min(n_a - start_a, n_b - start_b))


def alignments(A: np.ndarray, B: np.ndarray) -> Iterator[Alignment]:
    """Alignments worth trying, the likeliest first; the rows of both belong together."""
    if A.shape[1] > B.shape[1]:
        yield from (one.reversed() for one in alignments(B, A))
        return
    n_a, n_b = A.shape[1], B.shape[1]
    enough = max(MIN_OVERLAP, MIN_SHARE * n_a)
    tried = set()
    for lags in (lambda: [0, n_a - n_b], lambda: voted_lags(A, B)):  # the second takes longer
        for lag in lags():
            one = at_lag(n_a, n_b, lag)
            if one.n >= enough and lag not in tried:
                tried.add(lag)
                yield one
    for step in range(2, MAX_STEP + 1):
        if abs(n_b - step * n_a) > TAIL + step:
            continue
        for start in range(step):
            part = B[:, start::step]
            for lag in voted_lags(A, part)[:1]:
                one = at_lag(n_a, part.shape[1], lag)
                if one.n >= enough:
                    yield replace(one, b_start=start + step * one.b_start, b_step=step)


def voted_lags(A: np.ndarray, B: np.ndarray) -> list[int]:
    """The lags that blocks of A, the shorter, are found at in B; the most frequent first."""
    length = min(BLOCK, A.shape[1], B.shape[1])
    if length < MIN_OVERLAP:
        return []
    alive = np.flatnonzero(np.any(np.diff(A, axis=1) != 0, axis=0))
    if not alive.size:
        return []
    starts = np.clip(alive[np.linspace(0, alive.size - 1, BLOCKS).astype(int)] - length // 2, 0, A.shape[1] - length)
    votes: Counter[int] = Counter()
    for start in dict.fromkeys(map(int, starts)):
        lag = best_lag(A[:, start : start + length], B, start)
        if lag is not None:
            votes[lag] += 1
    return sorted(votes, key=lambda lag: (-votes[lag], abs(lag)))[:MAX_LAGS]


def best_lag(block: np.ndarray, B: np.ndarray, start: int) -> int | None:
    """start - the place where the block, which begins at `start`, lies in B; None where it lies nowhere."""
    spread = block.std(axis=1)
    rows = np.flatnonzero((spread > 1e-9 * max(np.abs(block).max(), TINY)) & (np.ptp(B, axis=1) > 0))
    if len(rows) < 2:
        return None
    rows = rows[np.linspace(0, len(rows) - 1, min(ROWS, len(rows))).astype(int)]
    f = block[rows] - block[rows].mean(axis=1, keepdims=True)
    f /= np.sqrt(np.sum(f * f, axis=1, keepdims=True))
    g = B[rows] - B[rows].mean(axis=1, keepdims=True)
    n = f.shape[1]
    windows = np.lib.stride_tricks.sliding_window_view(g, n, axis=1)  # (row, place, frame)
    cross = np.einsum("rpf,rf->rp", windows, f)
    sums, squares = (np.cumsum(np.pad(x, ((0, 0), (1, 0))), axis=1) for x in (g, g * g))
    power = squares[:, n:] - squares[:, :-n] - (sums[:, n:] - sums[:, :-n]) ** 2 / n
    score = np.median(cross**2 / np.maximum(power, 1e-12 * squares[:, -1:]), axis=0)
    best = float(score.max())
    if best < MATCH:
        return None
    near = np.flatnonzero(score > best - 1e-6)
    return start - int(near[np.argmin(np.abs(near - start))])
