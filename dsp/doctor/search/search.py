"""The search for the convention behind a matrix: many starts, gains and offsets left open first, then exactly.

A wrong scale or base of the logarithm hides every other difference, so what depends on time and frequency (frames,
window, filters) is found first, while every row may have its own gain and offset; these are explained after it.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, islice, product

import numpy as np

from dsp.conventions import diff
from dsp.conventions.parameters import WORDS, Convention
from dsp.doctor.knowledge import common_values
from dsp.doctor.search import moves
from dsp.doctor.search.band_edges import to_the_hertz
from dsp.doctor.search.coordinate_descent import FAR, Descent, golden_section, norm
from dsp.doctor.search.gain_and_offset import explained, floors
from dsp.doctor.search.interpretations import LEVELS_BELOW, Reading, cells_above, columns_to_look_at
from dsp.doctor.search.moves import OF_GRID
from dsp.doctor.search.residuals import Rows, centred, distance, misfit
from dsp.doctor.search.stage_cache import Bench

MOST_REFILTERED = 4
MOST_TRANSFORMED = 6
MOST_KEPT = 120  # sets of changes of one size
MUCH_NEARER = 0.3
HOPELESS = 0.45  # a shape as far as that is no neighbour of the right one
ROUNDING = {"float64": (1e-9, 2e-6), "float32": (2e-7, 2e-5)}  # distances: surely, and perhaps, mere rounding


class Search(Descent):
    """One reading of the matrix, one signal."""

    def __init__(self, bench: Bench, reading: Reading, deadline: float, eps: float):
        least, self.floor = ROUNDING["float64" if eps < 1e-12 else "float32"]
        super().__init__(deadline, least)
        self.bench, self.reading = bench, reading
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
        scaled = self.reading.normalization == "mean and variance"  # by deviations, which are positive
        self.rows = Rows(self.target, self.cells, positive=scaled)

    def _bins(self) -> int | None:
        """The transform's length if the rows may be its bins: an even one, without a prime factor above 5."""
        n = 2 * (self.n_static - 1)
        rest = n
        for prime in (2, 3, 5):
            while rest and rest % prime == 0:
                rest //= prime
        return n if self.kind == "log_mel" and n >= 64 and rest == 1 else None

    def levels(self, c: Convention) -> np.ndarray | None:
        """What the convention gives in the columns looked at; None where it does not fit."""
        if self.bench.n_frames(c) != self.n_frames or (c.floor not in common_values.FLOORS and self.bench.drowned(c)):
            return None
        if self.reading.linear:
            c = replace(c, log="ln", floor=LEVELS_BELOW, floor_rule="fraction of maximum", reference=None)
            c = replace(c, dynamic_range=None, log_gain=1.0, log_offset=0.0)
        try:
            found = self.bench.static(c, self.kind)
        except ValueError:
            return None
        return found if found.shape == self.target.shape else None

    def shape(self, c: Convention) -> float:
        """How far the convention is when every row may have a gain and an offset."""
        return norm(self.shape_misfit(c))

    def shape_misfit(self, c: Convention) -> np.ndarray | None:
        """What is left of every row. Where the matrix is cut off below, only what is not cut off counts."""
        found = self.levels(self.free(c))
        return None if found is None else self.rows.misfit(found)

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
        return norm(self.value_misfit(c))

    def value_misfit(self, c: Convention) -> np.ndarray | None:
        """What is left of every value."""
        if self.reading.normalization == "mean and variance":
            return self.shape_misfit(c)
        found = self.levels(c)
        if found is not None and self.reading.normalization == "mean":
            return misfit(centred(self.target), centred(found))
        return None if found is None else misfit(self.target, found)

    def shaped(self, c: Convention) -> Convention:
        """From a start to the nearest shape that single changes find, most of them taken back where that is nearer."""
        start = c
        for _ in range(3):
            c = self.ranged(c)
            c = self.levelled(self.descend(self.descend(c, self.shape_misfit, self.early), self.shape_misfit))
            c = self.ranged(c)
            fewer = self.best_of(c, self.fewer(start, c), self.shape_misfit)
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
        """On from there, with other transforms, with other filters altogether, then by two changes at once."""
        for step in (self.transformed, self.refiltered, self.by_two, self.by_two):
            if self.floor < self.shape(c) < HOPELESS and not self.over():
                moved = step(c)
                c = moved if moved == c else self.descend(moved, self.shape_misfit)
        return c

    def transformed(self, c: Convention) -> Convention:
        """The convention with the transform that comes nearest, each length with triangles and floors of its own."""
        if self.n_fft is not None:
            return c
        triangles = [c.mel_triangles] if c.n_mels is None else WORDS["mel_triangles"]
        lengths = product(moves.transforms(c, self.bench.rate), triangles)
        others = [replace(c, n_fft=n, mel_triangles=kind) for n, kind in lengths]
        fitting = sorted((other for other in others if self.bench.n_frames(other) == self.n_frames), key=self.shape)
        return min((c, *map(self.levelled, fitting[:MOST_TRANSFORMED])), key=self.shape)

    def see_loudest(self, c: Convention) -> None:
        """Looks also at the frames in which the whole clip is loudest under the convention: its maximum counts."""
        self.look_at(None)
        for height in {c.mel_norm, None}:
            other = self.free(replace(c, mel_norm=height))
            if self.bench.n_frames(other) == self.n_frames:
                loudness = self.bench.static(other, "log_mel").max(axis=0)
                self.some = np.union1d(self.some, np.argsort(loudness)[-3:])
        self.look_at(self.some)

    def refiltered(self, c: Convention) -> Convention:
        """From there with filters of another kind, each fitted for itself: all parameters may be wrong together."""
        changes = list(moves.banks(c, self.at(c)))
        ranked = sorted((norm(self.tried(c, change, self.shape_misfit)), n) for n, change in enumerate(changes))
        for _, n in ranked[:MOST_REFILTERED]:
            if self.over():
                break
            moved = self.descend(replace(c, **changes[n]), self.shape_misfit, self.filters)
            if self.shape(moved) < 0.9 * self.shape(c):
                return moved
        return c

    def explained(self, c: Convention) -> Convention:
        """A shape with what explains its gains and offsets."""
        return c if self.reading.normalization == "mean and variance" else explained(self, c)

    def valued(self, c: Convention) -> Convention:
        """From a shape to the nearest values."""
        if self.value(c) <= self.least:
            return c
        c = self.explained(c)
        if self.value(c) > self.floor:
            c = self.best_of(c, floors(self, c), self.value_misfit)
        if self.reading.normalization == "mean and variance":
            return self.levelled(c)
        c = self.descend(c, self.value_of_shape(self.shape(c)))
        return self.descend(c, self.value_misfit) if self.value(c) > self.floor else c

    def polished(self, c: Convention) -> Convention:
        """The convention after late changes, all columns in view: what few columns show wrongly is put right."""
        self.look_at(None)
        if self.value(c) > self.floor:
            c = self.best_of(c, floors(self, c), self.value_misfit)
        return self.descend(c, self.value_misfit, lambda c: moves.late_changes(c, self.at(c)), rounds=4)

    def at(self, c: Convention) -> moves.Place:
        fixed_bins = self.kind == "log_mel" and c.n_mels is None
        return moves.Place(self.bench.rate, self.bench.signal.size, self.n_frames, self.kind, self.n_static, fixed_bins)

    def early(self, c: Convention) -> Iterator[dict]:
        yield from moves.spectrum_changes(c, self.at(c))
        yield from self.filters(c)

    def filters(self, c: Convention) -> Iterator[dict]:
        yield from moves.filter_changes(c, self.at(c))
        yield from moves.row_changes(c, self.at(c))

    def alternatives(self, c: Convention) -> Iterator[dict]:
        yield from moves.changes(c, self.at(c))
        if c.log is not None and self.cells is None:
            yield from moves.levels(c, self.bench.greatest(c))

    def levelled(self, c: Convention) -> Convention:
        """The floor and the range below the maximum as the numbers that bring the shape nearest.

        With them goes the filters' norm, or without filters whether they are in power or magnitude.
        """
        if c.log is None or self.cells is not None or self.shape(c) <= self.floor:
            return c
        best = c
        name = "spectrum" if c.n_mels is None else "mel_norm"
        for word, span in product(WORDS[name], {c.dynamic_range, None}):
            if self.over():
                break
            other = replace(c, **{name: word}, dynamic_range=span)
            other = self.best_of(other, moves.levels(other, self.bench.greatest(other)), self.shape_misfit)
            for level in ("floor", "dynamic_range"):
                if getattr(other, level) is not None:
                    other = self.best_of(other, [self.narrowed(other, level, 1.0)], self.shape_misfit)
            best = min(best, other, key=self.shape)
        return best

    def ranged(self, c: Convention) -> Convention:
        """The convention with a range of frequencies that nobody is used to, if that is what brings it near."""
        if self.shape(c) <= self.floor or c.n_mels is None:
            return c
        other = to_the_hertz(self, c)
        return other if self.shape(other) < MUCH_NEARER * self.shape(c) else c

    def narrowed(self, c: Convention, name: str, width: float) -> dict:
        """The value of a parameter, within a factor of e^width of this one, that brings the shape nearest."""
        value = getattr(c, name)

        def off(x: float) -> float:
            return norm(self.tried(c, {name: value * math.exp(x)}, self.shape_misfit))

        return {name: value * math.exp(golden_section(off, -width, width))}

    def value_of_shape(self, most: float) -> Callable:
        """The value, where the shape stays as near as it was."""
        return lambda c: self.value_misfit(c) if self.shape(c) <= max(1.01 * most, 10 * self.least) else None

    def by_two(self, c: Convention) -> Convention:
        """Two changes that help together: one of the best and any that needs no new spectra; else those of `pairs`."""
        now = self.shape(c)
        singles = [
            (norm(self.tried(c, change, self.shape_misfit)), n, change) for n, change in enumerate(self.alternatives(c))
        ]
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
            found = self.best_of(moved, self.cheap(moved), self.shape_misfit)
            if self.shape(found) < 0.99 * now:
                return found
        return self.best_of(c, moves.pairs(c, self.at(c)), self.shape_misfit)

    def cheap(self, c: Convention) -> Iterator[dict]:
        yield from self.filters(c)
        yield from moves.late_changes(c, self.at(c))
