"""Other conventions that give the same numbers on a clip: what the clip does not show, and the simplest of them."""

from dataclasses import replace

import numpy as np

from dsp.conventions import diff
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.conventions.sizes import sizes
from dsp.doctor.knowledge.common_values import AFTER_LOG_MEL, DYNAMIC_RANGES, USUAL_WORDS
from dsp.doctor.search import moves
from dsp.doctor.search.frame_grids import with_lengths
from dsp.doctor.search.residuals import fit_class
from dsp.doctor.search.stage_cache import BANK_PARAMETERS, POWER_PARAMETERS, Columns
from dsp.doctor.search.trials import Move, apply_move
from dsp.doctor.search.verdict import Outcome

LENGTHS = ("frame_length", "frame_length_s", "hop_length", "hop_length_s", "rounding")
CHOSEN_BY_CALLERS = (
    "window",
    "hop",
    "n_fft",
    "n_mels",
    "n_mfcc",
    "f_min",
    "f_max",
    "normalization",
    "normalization_ddof",
)
MANY = 5  # differences from the nearest preset; by trial
OF_LOGARITHM = ("floor", "floor_rule", "reference", "dynamic_range")
ERROR_FACTOR = 8  # an equivalent convention may miss the matrix by so many times as much as the one that was found
ROUNDING = 1e-12  # of the largest value: what float64 leaves where the convention misses by nothing at all

Alternatives = dict[str, tuple]  # {parameter: other values that give the same numbers}


def without_effect(c: Convention, kind: str) -> tuple[str, ...]:
    """The parameters of steps that these features do not take: cepstra, filters or logarithm."""
    return (
        *(AFTER_LOG_MEL if kind == "log_mel" else ()),
        *(BANK_PARAMETERS[1:] if c.n_mels is None else ()),
        *(OF_LOGARITHM if c.log is None else ()),
    )


def nearest_preset(c: Convention, sample_rate: float, kind: str, unobservable: Alternatives) -> str:
    """The name of the preset that visibly differs in the fewest parameters; lengths count in samples.

    Where even that one differs in many, what callers of every tool choose, such as lengths, counts half.
    """

    def differing(name: str) -> list[str]:
        other = CONVENTIONS[name]
        visible = [p for p, (_, value) in diff(c, other).items() if value not in unobservable.get(p, ())]
        found = [p for p in visible if p not in LENGTHS and p not in without_effect(c, kind)]
        try:
            a, b = sizes(other, sample_rate), sizes(c, sample_rate)
            return found + [length for length in ("window", "hop") if getattr(a, length) != getattr(b, length)]
        except ValueError:
            return [*found, "window", "hop"]

    of_presets = {name: differing(name) for name in CONVENTIONS}
    if min(map(len, of_presets.values())) < MANY:
        return min(of_presets, key=lambda name: len(of_presets[name]))
    return min(of_presets, key=lambda name: sum(0.5 if p in CHOSEN_BY_CALLERS else 1 for p in of_presets[name]))


def simplest_equivalent(outcome: Outcome) -> tuple[Convention, Alternatives]:
    """The plainest convention that gives the outcome's numbers on this clip, and what else would give them."""
    equivalence, c, search = Equivalence(outcome), outcome.convention, outcome.search
    unobservable = equivalence.unobservable(c)
    for _ in range(2):  # a simpler convention may have another nearest preset
        preset = CONVENTIONS[nearest_preset(c, search.cache.sample_rate, search.kind, unobservable)]
        c, unobservable = equivalence.simplest(c, preset, unobservable)
    return c, unobservable


class Equivalence:
    """Which other conventions give an outcome's numbers, within what it leaves open and what rounding may change."""

    def __init__(self, outcome: Outcome):
        search = outcome.search
        self.cache, self.interpretation, self.left_open = search.cache, search.interpretation, outcome.left_open
        self.limits = search.limits(outcome.convention)
        self.columns = None if self.interpretation.normalization else search.sample.columns
        error = self.interpretation.matrix - outcome.fit.fitted
        rounding = ROUNDING * np.abs(self.interpretation.matrix).max()
        self.tolerance = ERROR_FACTOR * np.abs(error).max() + rounding
        self.typical = ERROR_FACTOR * np.abs(error).mean() + rounding  # one weak band may be far off, the rest is not

    def gives(self, c: Convention, columns: Columns = None) -> bool:
        """Whether a convention gives the matrix, too: in some columns of its static rows, or as a whole."""
        F, kind = self.interpretation.matrix, self.interpretation.kind
        if self.cache.n_frames(c) != F.shape[1]:
            return False
        if columns is not None:
            F = self.interpretation.static[:, columns]
        try:
            G = self.cache.features(c, kind) if columns is None else self.cache.static(c, kind, columns)
        except ValueError:
            return False
        if G.shape != F.shape:
            return False
        if self.left_open is not None:
            G = fit_class(F, G, self.left_open).fitted
        off = np.abs(F - G)
        return bool(off.max() <= self.tolerance and (columns is not None or off.mean() <= self.typical))

    def gives_after(self, c: Convention, move: Move, columns: Columns = None) -> bool:
        """Whether the convention gives the matrix after a move."""
        try:
            moved = replace(c, **move) if columns is None else apply_move(c, move)  # a quick look skips the checks
            return self.gives(moved, columns)
        except ValueError:
            return False

    def unobservable(self, c: Convention) -> Alternatives:
        """{parameter: other values that give the same numbers}."""
        trials = [*moves.all_moves(c, self.limits), *({"rounding": word} for word in USUAL_WORDS["rounding"])]
        if self.interpretation.kind == "mfcc":
            names = ("delta_edges", "delta_second", "normalization")
            trials += [{name: word} for name in names for word in USUAL_WORDS[name]]
            trials += [{"delta_width": width} for width in (3, 5, 7, 9, 11)]
        if c.n_mels is None and c.log in ("10 log10", "20 log10"):
            trials += moves.SAME_BINS
        trials = [{name: value for name, value in move.items() if getattr(c, name) != value} for move in trials]
        for columns in (self.columns, None):  # most moves show in a few frames
            trials = [move for move in trials if move and self.gives_after(c, move, columns)]
        alternatives: dict[str, list] = {}
        for move in trials:
            for name, value in move.items():
                if value not in alternatives.setdefault(name, []):
                    alternatives[name].append(value)
        return {name: tuple(values) for name, values in alternatives.items()}

    def simplest(
        self, c: Convention, preset: Convention, unobservable: Alternatives
    ) -> tuple[Convention, Alternatives]:
        """The convention, every parameter as in the preset where that changes nothing; what is unobservable then."""
        c = replace(c, **{name: getattr(preset, name) for name in without_effect(c, self.interpretation.kind)})
        for trial in self._closer_conventions(c, preset):
            if len(diff(trial, preset)) <= len(diff(c, preset)) and self.gives_after(trial, {}):
                c = trial
        for parameter, (_, value) in diff(c, preset).items():
            if parameter not in LENGTHS and self.gives_after(c, {parameter: value}):
                others = (*unobservable.get(parameter, ()), getattr(c, parameter))
                unobservable = {**unobservable, parameter: tuple(other for other in others if other != value)}
                c = replace(c, **{parameter: value})
        return c, unobservable

    def _closer_conventions(self, c: Convention, preset: Convention) -> list[Convention]:
        """The convention closer to the preset in several parameters at once."""
        size = sizes(c, self.cache.sample_rate)
        styled = replace(c, **{name: getattr(preset, name) for name in LENGTHS})
        trials = [with_lengths(styled, size.window, size.hop, self.cache.sample_rate)]
        power = {name: getattr(preset, name) for name in POWER_PARAMETERS}
        trials += [replace(c, **power | {"energy_of": word}) for word in USUAL_WORDS["energy_of"] if c.energy]
        logarithms = dict.fromkeys([preset.log, c.log]) if c.log and preset.log else ()
        for log in logarithms:  # a range may look like another floor
            floors = {name: getattr(preset, name) for name in OF_LOGARITHM} | {"log": log}
            ranges = [*DYNAMIC_RANGES[log][::-1], preset.dynamic_range]  # what comes last stays
            trials += [replace(c, **floors | {"dynamic_range": value}) for value in ranges]
        return trials
