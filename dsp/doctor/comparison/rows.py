"""Which rows of two matrices belong together: all, the first or last ones, reversed, in another order, or stacked."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dsp.doctor.comparison.frames import MIN_OVERLAP, TINY
from dsp.doctor.comparison.steps import FIRST, SECOND, Names, Step
from dsp.doctor.comparison.values import at_edges

MIN_ROWS = 3  # that belong together; fewer fit by chance
SAME_ROW = 0.995  # a squared correlation above which a row is another
MOST = 0.8  # of the rows must be found in another order
MAX_STACK = 16  # frames in one
STACK_FITS = 0.98  # a mean squared correlation above which frames are stacked
TRIED_ROWS = 16
MAX_LISTED = 16  # rows


@dataclass(frozen=True)
class RowPairs:
    """Rows a[k] of the first belong to rows b[k] of the second. `steps` says how, but for rows that only one has."""

    a: np.ndarray
    b: np.ndarray
    steps: tuple[Step, ...] = ()


def row_pairs(A: np.ndarray, B: np.ndarray, channels: int, names: Names) -> Iterator[RowPairs]:
    """Pairs worth trying, the simplest first."""
    n_a, n_b = len(A), len(B)
    n = min(n_a, n_b)
    if n < MIN_ROWS and n_a != n_b:
        return
    first = np.arange(n)
    yield RowPairs(first, first)
    if n_a != n_b:
        yield RowPairs(first + n_a - n, first + n_b - n)
        if abs(n_a - n_b) > 2:
            for skipped in (1, 2):
                yield RowPairs(first + skipped * (n_a > n), first + skipped * (n_b > n))
    if n_a == n_b and n > 2 * MIN_ROWS:
        if n % 2 == 0:
            what = "the channels of the two files are swapped" if channels == 2 else "the two halves of the rows are"
            what += "" if channels == 2 else " swapped, as of stereo channels in another order"
            yield RowPairs(np.roll(first, n // 2), first, (Step(what, "swap the halves of the rows", SECOND, 0.8),))
        for turn in (-1, 1):
            yield RowPairs(first, np.roll(first, turn), (turned(turn, names),))
        yield RowPairs(
            first[::-1], first, (Step("the rows run in the reverse order", "reverse the rows", SECOND, 0.7),)
        )


def permuted_rows(A: np.ndarray, B: np.ndarray, names: Names) -> RowPairs | None:
    """The rows of the smaller in the order in which they are found in the larger; A and B have the same frames."""
    if A.shape[1] != B.shape[1] or A.shape[1] < 2 * MIN_OVERLAP or min(len(A), len(B)) < MIN_ROWS:
        return None
    if len(A) > len(B):
        pairs = permuted_rows(B, A, (names[1], names[0]))
        return pairs and RowPairs(pairs.b, pairs.a, pairs.steps)
    squares = (unit_rows(A) @ unit_rows(B).T) ** 2
    best = squares.argmax(axis=1)
    sure = squares[np.arange(len(A)), best] > SAME_ROW
    if np.count_nonzero(sure) < max(MIN_ROWS, MOST * len(A)) or len(set(best[sure])) < np.count_nonzero(sure):
        return None
    rows = np.flatnonzero(sure)
    found = best[sure]
    if np.array_equal(rows, found) and len(A) == len(B):
        return None  # a few rows differ, in their places
    if (np.diff(found) == 1).all():
        return RowPairs(rows, found)
    if len(found) == len(A) == len(B):
        for turn in (-1, 1):
            if np.array_equal(found, np.roll(np.arange(len(A)), turn)):
                return RowPairs(rows, found, (turned(turn, names),))
    order = ", ".join(map(str, found[:MAX_LISTED])) + (", ..." if len(found) > MAX_LISTED else "")
    sentence = f"the rows stand in another order: rows {order} of {names[1]}, counted from 0, are those of {names[0]}"
    return RowPairs(rows, found, (Step(sentence, f"put the rows into the order {order}", SECOND, 1.2),))


def turned(turn: int, names: Names) -> Step:
    """c0 at the other end: the first row of one file is the last of the other."""
    if turn < 0:
        sentence = f"the first row of {names[1]} is the last of {names[0]}, as c0 is with HTK"
        return Step(sentence, "move the first row to the end", SECOND, 0.7)
    sentence = f"the last row of {names[1]} is the first of {names[0]}, as c0 is with HTK"
    return Step(sentence, "move the last row to the front", SECOND, 0.7)


def unit_rows(x: np.ndarray) -> np.ndarray:
    """Each row about its mean, with length 1; constant rows are 0."""
    x = x - x.mean(axis=1, keepdims=True)
    length = np.sqrt(np.sum(x * x, axis=1, keepdims=True))
    return np.where(length > 1e-9 * max(float(length.max(initial=0)), TINY), x / np.maximum(length, TINY), 0)


def centered(x: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Each row about the mean of the cells that count, with length 1; the other cells are 0."""
    if counts.all():
        return unit_rows(x)
    n = np.maximum(np.count_nonzero(counts, axis=1), 1)[:, None]
    mean = np.where(counts, x, 0).sum(axis=1, keepdims=True) / n
    x = np.where(counts, x - mean, 0)
    return x / np.maximum(np.sqrt(np.sum(x * x, axis=1, keepdims=True)), TINY)


@dataclass(frozen=True)
class Stack:
    """Frame k of the stacked matrix is frames hop k - lead .. hop k - lead + size - 1, below each other."""

    size: int
    hop: int
    lead: int
    by_row: bool  # whether the frames of one row stand together

    def of(self, x: np.ndarray, n_frames: int) -> np.ndarray:
        """x stacked; the first and last frame are repeated at the ends."""
        index = self.hop * np.arange(n_frames) - self.lead + np.arange(self.size)[:, None]
        parts = x[:, np.clip(index, 0, x.shape[1] - 1)]  # (row, position, frame)
        parts = parts if self.by_row else parts.swapaxes(0, 1)
        return parts.reshape(-1, n_frames)

    def step(self, stacked: int, names: Names) -> Step:
        hop = f"every {self.hop} frames" if self.hop != 1 else "at every frame"
        sentence = f"{names[stacked]} has {self.size} frames of {names[1 - stacked]} below each other, {hop}"
        if self.lead:
            sentence += f", beginning {self.lead} before the first (the first frame repeated)"
        if self.size > 1 and self.hop > 1 and (self.hop != self.size or self.lead):
            sentence += f": low frame rate, lfr_m={self.size}, lfr_n={self.hop}"
        order = f"stack {self.size} frames, {hop}" + (f", {self.lead} before the first included" if self.lead else "")
        return Step(sentence, order, 1 - stacked, 1.0)


def stacks(A: np.ndarray, B: np.ndarray) -> Iterator[tuple[int, Stack]]:
    """(the file that is stacked, how) where one has a multiple of the other's rows and its frames hold the other's."""
    stacked = FIRST if len(A) > len(B) else SECOND
    tall, low = (A, B) if stacked == FIRST else (B, A)
    size = len(tall) // len(low)
    if len(tall) % len(low) or not 2 <= size <= MAX_STACK or len(low) < 2 or tall.shape[1] < 2 * MIN_OVERLAP:
        return
    inner = np.arange(tall.shape[1])[2:-2]
    rows = np.linspace(0, len(low) - 1, min(TRIED_ROWS, len(low))).astype(int)
    free, low_free = ~at_edges(tall), ~at_edges(low)
    best: tuple[float, Stack] | None = None
    for hop in range(1, size + 1):
        if abs(low.shape[1] - hop * tall.shape[1]) > hop * 2 + size:
            continue
        for by_row in (False, True):
            of_first = rows * size if by_row else rows
            first, counts = tall[of_first][:, inner], free[of_first][:, inner]
            for lead in range(size):
                index = np.clip(hop * inner - lead, 0, low.shape[1] - 1)
                both = counts & low_free[rows][:, index]
                squares = np.sum(centered(first, both) * centered(low[rows][:, index], both), axis=1) ** 2
                score = float(np.median(squares))
                if score > STACK_FITS and (best is None or score > best[0] + 1e-6):
                    best = (score, Stack(size, hop, lead, by_row))
    if best:
        yield stacked, best[1]
