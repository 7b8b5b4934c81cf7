"""The search for the convention behind a matrix: many starts, gains and offsets left open first, then exactly.

A wrong scale or base of the logarithm hides every other difference, so what depends on time and frequency (frames,
window, filters) is found first, while every row may have its own gain and offset; these are explained after it.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from dsp.doctor import candidates
from dsp.doctor.bench import Bench
from dsp.doctor.explaining import explained, floors
from dsp.doctor.fit import distance, row_distance
from dsp.doctor.lengths import grids, hops, with_lengths
from dsp.doctor.reading import LEVELS_BELOW, Reading, cells_above, columns_to_look_at
from dsp.presets import CONVENTIONS
from dsp.sizes import sizes
from dsp.switches import WORDS, Convention

MOST_STARTS = 10
HOPELESS = 0.45  # a shape as far as that is no neighbour of the right one
ROUNDING = {"float64": (1e-9, 2e-6), "float32": (2e-7, 2e-5)}  # distances: surely, and perhaps, mere rounding
OF_FRAMES = ("framing", "last_frame", "window_place", "rounding")
FAR = 9.0  # a distance for what does not fit
GENERIC = {
    "htk": Convention(preemphasis=0.97, floor=1e-20),
    "slaney": Convention(window="hann", n_mels=40, mel_scale="slaney", floor=1e-20),
}


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

    def presets(self) -> list[tuple[float, Convention]]:
        """The presets with their own lengths, where some framing gives the number of frames that there are."""
        found = {}
        for preset in CONVENTIONS.values():
            own = self.adapted(preset)
            for words in product(*(WORDS[name] for name in OF_FRAMES)):
                c = replace(own, **dict(zip(OF_FRAMES, words, strict=True)))
                if c not in found and self.bench.n_frames(c) == self.n_frames and not self.over():
                    found |= {other: self.shape(other) for other in (c, *self.kinds(c))}
        return self._nearest(found)

    def others(self) -> list[tuple[float, Convention]]:
        """The presets with other lengths: the frame grids, on which two generic conventions are nearest."""
        ranked = []
        for generic in GENERIC.values():
            c = self.adapted(generic)
            n_fft = self.n_fft if c.n_mels is None else None
            for fitted in grids(c, self.bench.rate, self.bench.signal.size, self.n_frames, n_fft):
                if self.over():
                    break
                size = sizes(fitted, self.bench.rate)
                ranked.append((self.shape(fitted), size.window, size.hop, fitted.framing, fitted.n_fft))
        found = {}
        for preset in CONVENTIONS.values():
            own = self.adapted(preset)
            nearest = [self.on_grid(own, *grid[1:]) for grid in sorted(ranked, key=lambda grid: grid[0])[:2]]
            for c in (*nearest, *self.with_fitting_hop(own, (own.framing, nearest[0].framing) if nearest else ())):
                if c not in found and not self.over():
                    found[c] = self.shape(c)
        return self._nearest(found)

    def _nearest(self, found: dict[Convention, float]) -> list[tuple[float, Convention]]:
        """The starts, nearest first, after one round of changes to the filters of the best of them."""
        distinct = {round(value, 12): c for c, value in reversed(found.items()) if value < FAR}
        starts = sorted(distinct.items(), key=lambda start: start[0])[:MOST_STARTS]
        if starts and 0.01 < starts[0][0] < 0.8:
            moved = [self.descend(c, self.shape, self.filters, rounds=1) for _, c in starts]
            starts = sorted(((self.shape(c), c) for c in dict.fromkeys(moved)), key=lambda start: start[0])
        return starts

    def kinds(self, c: Convention) -> Iterator[Convention]:
        """The convention with another kind of step in it, which no row's gain and offset can make up for."""
        if self.kind == "mfcc":
            yield replace(c, dct_type=3)
        elif not self.reading.linear and self.reading.matrix.min() >= 0:
            yield replace(c, log="ln", floor_rule="add", floor=1.0, dynamic_range=None, reference=None)  # ln(1 + x)

    def with_fitting_hop(self, c: Convention, framings: Iterable[str]) -> Iterator[Convention]:
        """The convention with its own frame length and the most customary hop that gives the number of frames."""
        try:
            size = sizes(c, self.bench.rate)
        except ValueError:
            return
        for framing in dict.fromkeys(framings):
            n_samples, n_frames = self.bench.signal.size, self.n_frames + (c.last_frame == "dropped")
            for hop in hops(size.frame, framing, n_samples, n_frames, self.bench.rate, most=1):
                yield with_lengths(replace(c, framing=framing), size.window, hop, self.bench.rate)

    def on_grid(self, c: Convention, window: int, hop: int, framing: str, n_fft) -> Convention:
        c = replace(c, framing=framing, last_frame="kept")
        own = self.bench.sizes(c)
        if isinstance(c.n_fft, int) and c.n_fft < window and not (own and own.n_fft == own.window):
            c = replace(c, n_fft=n_fft)
        return with_lengths(c, window, hop, self.bench.rate)

    def adapted(self, preset: Convention) -> Convention:
        """The preset with this matrix's number of rows."""
        c = replace(preset, dither=0.0, normalization=self.reading.normalization, delta_orders=0)
        if self.reading.deltas:
            c = replace(c, **self.reading.deltas)
        if c.f_max is not None and c.f_max > self.bench.rate / 2:
            c = replace(c, f_max=None)
        if not self.reading.linear:
            c = replace(c, log=c.log or "ln")
        if self.kind == "log_mel":
            if self.n_fft is not None:
                return replace(c, n_mels=None, n_fft=self.n_fft, n_mfcc=None)
            return replace(c, n_mels=self.n_static, n_mfcc=None)
        n_mfcc = self.n_static - (c.c0 == "last") - (c.energy in ("first", "last"))
        n_mels = 26 if c.n_mels is None else c.n_mels
        if isinstance(n_mels, int):
            n_mels = max(n_mels, n_mfcc + 1)
        return replace(c, n_mfcc=max(1, n_mfcc), n_mels=n_mels)

    def shaped(self, c: Convention) -> Convention:
        """From a start to the nearest shape that single changes find."""
        return self.descend(self.descend(c, self.shape, self.early), self.shape)

    def shaped_by_pairs(self, c: Convention) -> Convention:
        """On from there, by two changes at once."""
        for _ in range(2):
            if self.floor < self.shape(c) < HOPELESS and not self.over():
                c = self.descend(self.by_two(c), self.shape)
        return c

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
