"""The search for the convention behind a matrix: many starts, gains and offsets left open first, then exactly.

A wrong scale or base of the logarithm hides every other difference, so what depends on time and frequency (frames,
window, filters) is found first, while every row may have its own gain and offset; these are explained after it.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations, islice

import numpy as np

from dsp.conventions import diff
from dsp.doctor import candidates
from dsp.doctor.bench import Bench
from dsp.doctor.candidates import OF_GRID
from dsp.doctor.explaining import explained, floors
from dsp.doctor.fit import distance, row_distance
from dsp.doctor.reading import LEVELS_BELOW, Reading, cells_above, columns_to_look_at
from dsp.doctor.starts import FAR
from dsp.switches import Convention

MOST_KEPT = 120  # sets of changes of one size
HOPELESS = 0.45  # a shape as far as that is no neighbour of the right one
ROUNDING = {"float64": (1e-9, 2e-6), "float32": (2e-7, 2e-5)}  # distances: surely, and perhaps, mere rounding


class Search:
    """One reading of the matrix, one signal."""

    def __init__(self, bench: Bench, reading: Reading, deadline: float, eps: float):
        self.bench, self.reading, self.deadline = bench, reading, deadline
        self.least, self.floor = ROUNDING["float64" if eps < 1e-12 else "float32"]
        self.kind, self.n_static = reading.kind, reading.n_static
        self.n_frames = reading.matrix.shape[1]
        self.n_fft = self._bins()
        self.some = columns_to_look_at(reading, bench.signal)
        self.look_at(self.some)

    def look_at(self, columns) -> None:
        """Compare these columns from now on (None: all)."""
        self.bench.look_at(columns)
        self.target = self.reading.static if columns is None else self.reading.static[:, columns]
        self.cells = cells_above(self.target) if self.kind == "log_mel" and not self.reading.linear else None
        if self.reading.linear:
            self.target = np.log(np.maximum(self.target, LEVELS_BELOW * self.target.max()))

    def _bins(self) -> int | None:
        """The transform's length if the rows may be its bins: an even one, without a prime factor above 5."""
        n = 2 * (self.n_static - 1)
        rest = n
        for prime in (2, 3, 5):
            while rest and rest % prime == 0:
                rest //= prime
        return n if self.kind == "log_mel" and n >= 64 and rest == 1 else None

    def over(self) -> bool:
        return time.monotonic() > self.deadline

    def levels(self, c: Convention) -> np.ndarray | None:
        """What the convention gives in the columns looked at; None where it does not fit."""
        if self.bench.n_frames(c) != self.n_frames:
            return None
        if self.reading.linear:
            c = replace(c, log="ln", floor=LEVELS_BELOW, floor_rule="share of maximum", reference=None)
            c = replace(c, dynamic_range=None, log_gain=1.0, log_offset=0.0)
        try:
            found = self.bench.static(c, self.kind)
        except ValueError:
            return None
        return found if found.shape == self.target.shape else None

    def shape(self, c: Convention) -> float:
        """How far the convention is when every row may have a gain and an offset.

        Where the matrix is cut off below, only what is not cut off counts.
        """
        found = self.levels(self.free(c))
        return FAR if found is None else row_distance(self.target, found, self.cells)

    def free(self, c: Convention) -> Convention:
        """The convention without what cuts off below, where the matrix is cut off."""
        if self.cells is None:
            return c
        return replace(c, dynamic_range=None, floor=1e-30 if c.floor_rule == "at least" else c.floor)

    def free_value(self, c: Convention) -> float:
        """How far the convention is, but for what is cut off."""
        if self.cells is None:
            return self.value(c)
        found = self.levels(self.free(c))
        return FAR if found is None else distance(self.target[self.cells], found[self.cells])

    def value(self, c: Convention) -> float:
        """How far the convention is."""
        if self.reading.normalization:
            return self.shape(c)
        found = self.levels(c)
        return FAR if found is None else distance(self.target, found)

    def shaped(self, c: Convention) -> Convention:
        """From a start to the nearest shape that single changes find, most of them taken back where that is nearer."""
        start = c
        for _ in range(3):
            c = self.descend(self.descend(c, self.shape, self.early), self.shape)
            fewer = self.best_of(c, self.fewer(start, c), self.shape)
            if fewer == c or self.over():
                break
            c = fewer
        return c

    def fewer(self, start: Convention, c: Convention) -> Iterator[dict]:
        """All but one, two or three of the changes since the start taken back: a wrong step misleads those after it."""
        if self.shape(c) <= self.floor:
            return
        changed = [name for name in diff(start, c) if name not in OF_GRID]
        groups = [(name,) for name in changed] + [
            tuple(name for name in OF_GRID if getattr(start, name) != getattr(c, name))
        ]
        for n in (1, 2, 3):
            for kept in islice(combinations([group for group in groups if group], n), MOST_KEPT):
                names = {name for group in kept for name in group}
                yield {name: getattr(start, name) for name in (*changed, *OF_GRID) if name not in names}

    def shaped_by_pairs(self, c: Convention) -> Convention:
        """On from there, by two changes at once."""
        for _ in range(2):
            if self.floor < self.shape(c) < HOPELESS and not self.over():
                c = self.descend(self.by_two(c), self.shape)
        return c

    def explained(self, c: Convention) -> Convention:
        """A shape with what explains its gains and offsets."""
        return c if self.reading.normalization else explained(self, c)

    def valued(self, c: Convention) -> Convention:
        """From a shape to the nearest values."""
        if not self.reading.normalization and self.value(c) > self.least:
            c = explained(self, c)
            if self.value(c) > self.floor:
                c = self.best_of(c, floors(self, c), self.value)
            c = self.descend(c, self.value_of_shape(self.shape(c)))
            if self.value(c) > self.floor:
                c = self.descend(c, self.value)
        return c

    def polished(self, c: Convention) -> Convention:
        """The convention after late changes, all columns in view: what few columns show wrongly is put right."""
        self.look_at(None)
        return self.descend(c, self.value, lambda c: candidates.late_changes(c, self.at(c)), rounds=4)

    def at(self, c: Convention) -> candidates.Place:
        fixed_bins = self.kind == "log_mel" and c.n_mels is None
        return candidates.Place(
            self.bench.rate, self.bench.signal.size, self.n_frames, self.kind, self.n_static, fixed_bins
        )

    def early(self, c: Convention) -> Iterator[dict]:
        yield from candidates.spectrum_changes(c, self.at(c))
        yield from self.filters(c)

    def filters(self, c: Convention) -> Iterator[dict]:
        yield from candidates.filter_changes(c, self.at(c))
        yield from candidates.row_changes(c, self.at(c))

    def alternatives(self, c: Convention) -> Iterator[dict]:
        return candidates.changes(c, self.at(c))

    def value_of_shape(self, most: float) -> Callable:
        """The value, where the shape stays as near as it was."""
        return lambda c: self.value(c) if self.shape(c) <= max(1.01 * most, 10 * self.least) else FAR

    def by_two(self, c: Convention) -> Convention:
        """Two changes that help together: one of the best and any that needs no new spectra; else those of `pairs`."""
        now = self.shape(c)
        singles = [(self.tried(c, change, self.shape), n, change) for n, change in enumerate(self.alternatives(c))]
        seen = set()
        for value, _, change in sorted(singles):
            if value == now or tuple(change) in seen or self.over():
                continue
            seen.add(tuple(change))
            if len(seen) > 10:
                break
            try:
                moved = replace(c, **change)
            except ValueError:
                continue
            found = self.best_of(moved, self.cheap(moved), self.shape)
            if self.shape(found) < 0.99 * now:
                return found
        return self.best_of(c, candidates.pairs(c, self.at(c)), self.shape)

    def cheap(self, c: Convention) -> Iterator[dict]:
        yield from self.filters(c)
        yield from candidates.late_changes(c, self.at(c))

    def best_of(self, c: Convention, changes: Iterable[dict], objective: Callable) -> Convention:
        best = (objective(c), c)
        for change in changes:
            value = self.tried(c, change, objective)
            if value < 0.999 * best[0]:
                best = (value, replace(c, **change))
            if self.over():
                break
        return best[1]

    def descend(
        self, c: Convention, objective: Callable, alternatives: Callable | None = None, rounds: int = 30
    ) -> Convention:
        """Change by change to a smaller distance: all are tried, then taken from the best on while they help."""
        best = objective(c)
        for _ in range(rounds):
            if best <= self.least or self.over():
                break
            trials = []
            for change in (alternatives or self.alternatives)(c):
                value = self.tried(c, change, objective)
                if value < best * 0.999:
                    trials.append((value, len(trials), change))
                if self.over():
                    break
            improved, touched = False, set()
            for _, _, change in sorted(trials)[:40]:
                if touched & set(change):
                    continue
                value = self.tried(c, change, objective)
                if value < best * 0.999:
                    c, best, improved = replace(c, **change), value, True
                    touched |= set(change)
            if not improved:
                break
        return c

    def tried(self, c: Convention, change: dict, objective: Callable) -> float:
        """The objective after a change; FAR where the change is impossible."""
        try:
            return objective(replace(c, **change))
        except ValueError:
            return FAR
