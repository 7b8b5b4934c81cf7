"""The search for the convention behind one interpretation of the matrix.

A wrong scale or logarithm hides every other difference. So what depends on time and frequency (frames, window,
filters) is found first, while every row may have its own gain and offset: `fit_shape`. Gains and offsets are explained
after it: `explain_gains`, `fit_values`. `refine` puts right what the sampled frames show wrongly.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations, islice, product
from typing import NamedTuple

import numpy as np

from dsp.conventions import diff
from dsp.conventions.parameters import WORDS, Convention
from dsp.doctor.knowledge import common_values
from dsp.doctor.search import gain_and_offset, moves
from dsp.doctor.search.band_edges import fit_to_the_hertz
from dsp.doctor.search.coordinate_descent import (
    DOES_NOT_FIT,
    CoordinateDescent,
    Objective,
    Residual,
    golden_section,
    norm,
    residual_after,
)
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.interpretations import LINEAR_FLOOR, Interpretation, cells_above_floor, sample_columns
from dsp.doctor.search.moves import FRAME_PARAMETERS, Constraints
from dsp.doctor.search.residuals import AffineRows, center_rows, relative_distance, relative_residual
from dsp.doctor.search.stage_cache import Columns, StageCache
from dsp.doctor.search.trials import Move, apply_move

# The bounds down to WORTH_PAIRING were set by trial.
MAX_FILTERBANKS = 4  # other filterbanks that are fitted
TRIANGLES_PER_TRANSFORM = 2  # kinds of triangles that are fitted with each length of the transform
DESCENDED_TRANSFORMS = 4  # the nearest of them, from which the descent goes on
MAX_UNDONE = 120  # sets of undone moves of one size
MAX_FIRST_MOVES = 10  # single moves that each second move is tried after
ALMOST_AS_NEAR = 1.5  # of kinds of floors, those are tuned that are at most so much farther than the nearest
MUCH_NEARER = 0.3  # unusual band edges must bring the shape so much nearer; otherwise they make up for other errors
NEAR_SHAPE = 0.03  # a shape at which pairs of moves of the filters are tried at once
HOPELESS = 0.45  # a shape as far as that is no neighbor of the right one; other recordings and noise are above 0.96
WORTH_REFILTERING, WORTH_PAIRING = 0.9, 0.99  # a costly step is kept if the distance falls below this share
ROUNDING = {"float64": (1e-9, 2e-6), "float32": (2e-7, 2e-5), "float16": (5e-5, 2e-3)}  # surely rounding, and perhaps
TEXT = 5e-4  # numbers that are given more coarsely than that are float16, or text of three digits
FLOAT64_RESOLUTION = 1e-12  # numbers that are given more finely than that are float64
NO_FLOOR = 1e-30  # below every power of a signal in -1 .. 1 that is not digital silence
AS_LOGARITHM: Move = {  # how linear values are compared
    **{"log": "ln", "floor": LINEAR_FLOOR, "floor_rule": "fraction of maximum", "reference": None},
    **{"dynamic_range": None, "log_gain": 1.0, "log_offset": 0.0},
}
COARSE_STEP = 3  # every third column of the sample shows where frames lie
MIN_BINS_FFT = 64  # a transform; fewer rows than its bins are bands


class View(NamedTuple):
    """The matrix in some of its columns, ready to be compared with a convention's."""

    columns: Columns
    target: np.ndarray  # static rows; the logarithm of a linear spectrum
    cells: np.ndarray | None  # those above the floor, where the matrix is cut off below
    rows: AffineRows


class Search:
    """The search for one interpretation of the matrix.

    It compares the columns of `sample` only, a few dozen frames, except where a method is given `whole`.
    """

    def __init__(self, cache: StageCache, interpretation: Interpretation, deadline: Deadline, resolution: float):
        held_by = "float64" if resolution < FLOAT64_RESOLUTION else "float16" if resolution > TEXT else "float32"
        least, self.perhaps_rounding = ROUNDING[held_by]
        self.descent = CoordinateDescent(deadline, least)
        self.cache, self.interpretation, self.resolution = cache, interpretation, resolution
        self.kind, self.n_static = interpretation.kind, interpretation.n_static
        self.n_frames = interpretation.matrix.shape[1]
        self.n_fft = self._transform_of_rows()
        self.whole = self._view(None)
        columns = sample_columns(interpretation, cache.signal)
        self.sample, self.coarse = self._view(columns), self._view(columns[::COARSE_STEP])

    def _view(self, columns: Columns) -> View:
        target = self.interpretation.static if columns is None else self.interpretation.static[:, columns]
        cells = cells_above_floor(target) if self.kind == "log_mel" and not self.interpretation.linear else None
        if self.interpretation.linear:
            target = np.log(np.maximum(target, LINEAR_FLOOR * target.max()))
        divided = self.interpretation.normalization == "mean and variance"  # by deviations, which are positive
        return View(columns, target, cells, AffineRows(target, cells, positive=divided))

    def _transform_of_rows(self) -> int | None:
        """The transform's length if the rows may be its bins: an even one, without a prime factor above 5."""
        n = 2 * (self.n_static - 1)
        rest = n
        for prime in (2, 3, 5):
            while rest and rest % prime == 0:
                rest //= prime
        return n if self.kind == "log_mel" and n >= MIN_BINS_FFT and rest == 1 else None

    def include_loudest_frames(self, c: Convention) -> None:
        """Extends the sample by the frames in which the clip is loudest under the convention: its maximum counts."""
        columns = np.arange(self.n_frames) if self.sample.columns is None else self.sample.columns
        for norm_of_filters in dict.fromkeys((c.mel_norm, None)):
            other = self.without_floor(replace(c, mel_norm=norm_of_filters), self.whole)
            if self.cache.n_frames(other) == self.n_frames:
                loudness = self.cache.static(other, "log_mel").max(axis=0)
                columns = np.union1d(columns, np.argsort(loudness)[-3:])
        self.sample = self._view(columns)

    # How far a convention is

    def levels(self, c: Convention, view: View | None = None) -> np.ndarray | None:
        """What the convention gives in the columns of the view; None where it does not fit."""
        view = view or self.sample
        if self.cache.n_frames(c) != self.n_frames:
            return None
        is_found_floor = c.floor not in common_values.FLOORS
        hides_gain = self.interpretation.normalization == "mean and variance"
        if (is_found_floor or hides_gain) and self.cache.is_drowned(c, view.columns):
            return None
        if self.interpretation.linear:
            c = apply_move(c, AS_LOGARITHM)
        try:
            levels = self.cache.static(c, self.kind, view.columns)
        except ValueError:
            return None
        return levels if levels.shape == view.target.shape else None

    def affine_distance(self, c: Convention, view: View | None = None) -> float:
        """How far the convention is when every row may have a gain and an offset."""
        return norm(self.affine_residual(c, view))

    def affine_residual(self, c: Convention, view: View | None = None) -> Residual:
        """What remains of every row. Where the matrix is cut off below, only what is above that counts."""
        view = view or self.sample
        levels = self.levels(self.without_floor(c, view), view)
        return None if levels is None else view.rows.residual(levels)

    def without_floor(self, c: Convention, view: View | None = None) -> Convention:
        """The convention without what cuts off below, where the matrix is cut off."""
        if (view or self.sample).cells is None:
            return c
        return apply_move(c, {"dynamic_range": None, "floor": NO_FLOOR if c.floor_rule == "at least" else c.floor})

    def distance_above_floor(self, c: Convention) -> float:
        """How far the convention is in the cells above the floor."""
        if self.sample.cells is None:
            return self.distance(c)
        levels = self.levels(self.without_floor(c))
        if levels is None:
            return DOES_NOT_FIT
        return relative_distance(self.sample.target[self.sample.cells], levels[self.sample.cells])

    def distance(self, c: Convention, view: View | None = None) -> float:
        """How far the convention is."""
        return norm(self.residual(c, view))

    def residual(self, c: Convention, view: View | None = None) -> Residual:
        """What remains of every value; of normalized rows, what their normalization leaves."""
        view = view or self.sample
        normalization = self.interpretation.normalization
        if normalization == "mean and variance":
            return self.affine_residual(c, view)
        levels = self.levels(c, view)
        if levels is not None and normalization == "mean":
            return relative_residual(center_rows(view.target), center_rows(levels))
        return None if levels is None else relative_residual(view.target, levels)

    def _residual_of_same_shape(self, distance: float) -> Objective:
        """The residual of conventions whose affine distance stays as it was."""
        most = max(gain_and_offset.SAME_SHAPE * distance, 10 * self.descent.least)
        return lambda c: self.residual(c) if self.affine_distance(c) <= most else None

    # The moves

    def limits(self, c: Convention) -> Constraints:
        bins_are_rows = self.kind == "log_mel" and c.n_mels is None
        cache = self.cache
        n_frames = self.n_frames if cache.kept is None else cache.frames_of_clip(c)
        return Constraints(cache.sample_rate, cache.signal.size, n_frames, self.kind, self.n_static, bins_are_rows)

    def early_moves(self, c: Convention) -> Iterator[Move]:
        yield from moves.spectrum_moves(c, self.limits(c))
        yield from self.filter_moves(c)

    def filter_moves(self, c: Convention) -> Iterator[Move]:
        yield from moves.filter_moves(c, self.limits(c))
        yield from moves.row_moves(c, self.limits(c))

    def late_moves(self, c: Convention) -> Iterator[Move]:
        yield from moves.late_moves(c, self.limits(c))

    def all_moves(self, c: Convention) -> Iterator[Move]:
        yield from moves.all_moves(c, self.limits(c))
        yield from self.floor_levels(c)

    def floor_levels(self, c: Convention) -> Iterator[Move]:
        """Floors at steps below the greatest value; where the matrix is cut off, only a floor that is added shows."""
        added_only = self.sample.cells is not None
        return moves.floor_levels(c, self.cache.greatest(c, self.sample.columns), added_only)

    def best_of(self, c: Convention, trials: Iterable[Move]) -> Convention:
        """The convention after the move that brings its shape nearest, or as it is."""
        return self.descent.best_of(c, trials, self.affine_residual)

    def _descend_shape(self, c: Convention) -> Convention:
        return self.descent.run(c, self.affine_residual, self.all_moves)

    # The shape

    def fit_shape(self, c: Convention) -> Convention:
        """From a start to the nearest shape that the descent finds; moves that misled it are undone."""
        start = c
        for _ in range(3):
            c = self.fit_band_edges(c)
            c = self.descent.run(c, self.affine_residual, self.early_moves)
            c = self.fit_band_edges(self.fit_floor(self._descend_shape(c)))
            fewer = self.best_of(c, self._undo_most(start, c))
            if fewer == c or self.descent.deadline.is_over():
                break
            c = fewer
        if self.perhaps_rounding < self.affine_distance(c) < NEAR_SHAPE:
            paired = self.best_of(c, moves.paired_filter_moves(c, self.limits(c)))
            if self.affine_distance(paired) < MUCH_NEARER * self.affine_distance(c):
                return self._descend_shape(paired)
        return c

    def _undo_most(self, start: Convention, c: Convention) -> Iterator[Move]:
        """All changes since the start undone but one, two or three: a wrong move misleads those after it."""
        if self.affine_distance(c) <= self.perhaps_rounding:
            return
        changed = [name for name in diff(start, c) if name not in FRAME_PARAMETERS]
        of_frames = tuple(name for name in FRAME_PARAMETERS if getattr(start, name) != getattr(c, name))
        groups = [group for group in (*((name,) for name in changed), of_frames) if group]
        for n in (1, 2, 3):
            for kept in islice(combinations(groups, n), MAX_UNDONE):
                names = {name for group in kept for name in group}
                yield {name: getattr(start, name) for name in (*changed, *FRAME_PARAMETERS) if name not in names}

    def fit_shape_by_pairs(self, c: Convention) -> Convention:
        """On from there with other transforms, with other filters altogether, then by two moves at once."""
        for step in (self.fit_transform, self.refit_filters, self.move_two, self.move_two):
            if self.perhaps_rounding < self.affine_distance(c) < HOPELESS and not self.descent.deadline.is_over():
                moved = step(c)
                c = moved if moved == c else self._descend_shape(moved)
        return c

    def fit_transform(self, c: Convention) -> Convention:
        """The convention with the transform that comes nearest, each length with its own triangles and floor."""
        if self.n_fft is not None:
            return c
        triangles = [c.mel_triangles] if c.n_mels is None else WORDS["mel_triangles"]
        of_length: dict[int, list[Convention]] = {}
        for n, kind in product(moves.transform_lengths(c, self.cache.sample_rate), triangles):
            other = apply_move(c, {"n_fft": n, "mel_triangles": kind})
            size = self.cache.sizes_or_none(other)
            if size and self.cache.n_frames(other) == self.n_frames:
                of_length.setdefault(size.n_fft, []).append(other)
        nearest = [
            other
            for fitting in of_length.values()
            for other in sorted(dict.fromkeys(fitting), key=self.affine_distance)[:TRIANGLES_PER_TRANSFORM]
        ]
        floored = sorted(map(self.fit_floor, nearest), key=self.affine_distance)
        descended = [
            self.descent.run(other, self.affine_residual, self.all_moves, rounds=2)
            for other in floored[:DESCENDED_TRANSFORMS]
            if self.affine_distance(other) > self.perhaps_rounding
        ]
        return min((c, *floored, *descended), key=self.affine_distance)

    def refit_filters(self, c: Convention) -> Convention:
        """On from there with filters of another kind, each fitted by itself: all their parameters may be wrong."""
        banks = list(moves.filterbanks(c, self.limits(c)))
        ranked = sorted((norm(residual_after(c, bank, self.affine_residual)), n) for n, bank in enumerate(banks))
        for _, n in ranked[:MAX_FILTERBANKS]:
            if self.descent.deadline.is_over():
                break
            moved = self.descent.run(replace(c, **banks[n]), self.affine_residual, self.filter_moves)
            if self.affine_distance(moved) < WORTH_REFILTERING * self.affine_distance(c):
                return moved
        return c

    def move_two(self, c: Convention) -> Convention:
        """Two moves that help together: a pair that helps much; else a good one and one that needs no new spectra."""
        now = self.affine_distance(c)
        paired = self.best_of(c, moves.paired_moves(c, self.limits(c)))
        if self.affine_distance(paired) < MUCH_NEARER * now:
            return paired
        singles = [
            (norm(residual_after(c, move, self.affine_residual)), n, move) for n, move in enumerate(self.all_moves(c))
        ]
        seen = set()  # parameters that were the first to move
        for distance, _, move in sorted(singles):
            if distance == now or tuple(move) in seen or self.descent.deadline.is_over():
                continue
            seen.add(tuple(move))
            if len(seen) > MAX_FIRST_MOVES:
                break
            try:
                moved = replace(c, **move)
            except ValueError:
                continue
            second = self.best_of(moved, self._moves_without_new_spectra(moved))
            if self.affine_distance(second) < WORTH_PAIRING * now:
                return second
        return paired

    def _moves_without_new_spectra(self, c: Convention) -> Iterator[Move]:
        yield from self.filter_moves(c)
        yield from self.late_moves(c)

    def fit_floor(self, c: Convention) -> Convention:
        """The floor and the range below the maximum as the numbers that bring the shape nearest.

        The norm of the filters is fitted with them, or without filters the choice of power or magnitude.
        """
        if c.log is None or self.affine_distance(c) <= self.perhaps_rounding:
            return c
        best = c
        name = "spectrum" if c.n_mels is None else "mel_norm"
        for word, dynamic_range in product(WORDS[name], dict.fromkeys((c.dynamic_range, None))):
            if self.descent.deadline.is_over():
                break
            other = replace(c, **{name: word}, dynamic_range=dynamic_range)
            levels = [*self.floor_levels(other)]
            kinds = dict.fromkeys(level.get("floor_rule") for level in levels)  # None: a range below the maximum
            floored = [self.best_of(other, [one for one in levels if one.get("floor_rule") == kind]) for kind in kinds]
            near = ALMOST_AS_NEAR * min(map(self.affine_distance, floored), default=0.0)
            tuned = [self._tune_levels(one) for one in dict.fromkeys(floored) if self.affine_distance(one) <= near]
            best = min((best, *tuned), key=self.affine_distance)
        return best

    def _tune_levels(self, c: Convention) -> Convention:
        for level in ("floor", "dynamic_range"):
            if getattr(c, level) is not None:
                c = self.best_of(c, [self._tune(c, level)])
        return c

    def _tune(self, c: Convention, name: str) -> Move:
        """The value of a parameter, within a factor of e, that brings the shape nearest.

        The levels that it starts from are half a decade apart, a factor of 3.2.
        """
        value = getattr(c, name)

        def distance_at(x: float) -> float:
            return norm(residual_after(c, {name: value * math.exp(x)}, self.affine_residual))

        return {name: value * math.exp(golden_section(distance_at, -1.0, 1.0))}

    def fit_band_edges(self, c: Convention) -> Convention:
        """The convention with unusual band edges, if these are what brings it near."""
        if self.affine_distance(c) <= self.perhaps_rounding or c.n_mels is None:
            return c
        other = fit_to_the_hertz(self, c)
        return other if self.affine_distance(other) < MUCH_NEARER * self.affine_distance(c) else c

    # The values

    def explain_gains(self, c: Convention) -> Convention:
        """A shape together with what explains its gains and offsets."""
        if self.interpretation.normalization == "mean and variance":
            return c
        return gain_and_offset.explain_gains(self, c)

    def fit_values(self, c: Convention) -> Convention:
        """From a shape to the nearest values."""
        if self.distance(c) <= self.descent.least:
            return c
        c = self.explain_gains(c)
        if self.distance(c) > self.perhaps_rounding:
            c = self.descent.best_of(c, gain_and_offset.floors_and_ranges(self, c), self.residual)
        if self.interpretation.normalization == "mean and variance":
            return self.fit_floor(c)
        c = self.descent.run(c, self._residual_of_same_shape(self.affine_distance(c)), self.all_moves)
        return self.descent.run(c, self.residual, self.all_moves) if self.distance(c) > self.perhaps_rounding else c

    def fit_eps(self, c: Convention) -> Convention:
        """The convention with the eps beside the deviation, as a preset has it, that brings the values nearest."""
        if self.interpretation.normalization != "mean and variance":
            return c
        return min((c, *(apply_move(c, move) for move in moves.normalization_eps())), key=self._distance_of_features)

    def _distance_of_features(self, c: Convention) -> float:
        F, features = self.interpretation.matrix, self.cache.features(c, self.kind)
        return relative_distance(F, features) if features.shape == F.shape else DOES_NOT_FIT

    def refine(self, c: Convention) -> Convention:
        """The convention after late moves, with all columns in view: what the sample shows wrongly is put right."""
        residual = partial(self.residual, view=self.whole)
        if norm(residual(c)) > self.perhaps_rounding:
            floors = moves.spectrum_floors(c), gain_and_offset.floors_and_ranges(self, c)
            c = min((self.descent.best_of(c, of, residual) for of in floors), key=lambda c: norm(residual(c)))
        return self.descent.run(c, residual, self.late_moves, rounds=4)
