"""Other conventions that give the same numbers on a clip: what it does not show, and the simplest of them."""

from dataclasses import replace

import numpy as np

from dsp.conventions import diff
from dsp.conventions.parameters import PARAMETERS, WORDS, Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.conventions.sizes import sizes
from dsp.doctor.knowledge.common_values import DYNAMIC_RANGES
from dsp.doctor.search import moves
from dsp.doctor.search.frame_grids import with_lengths
from dsp.doctor.search.residuals import nearest
from dsp.doctor.search.search import Search
from dsp.doctor.search.stage_cache import OF_BANK, OF_POWER, Bench

LENGTHS = ("frame_length", "frame_length_s", "hop_length", "hop_length_s", "rounding")


OF_CEPSTRA = PARAMETERS[PARAMETERS.index("n_mfcc") :]
OF_LOGARITHM = ("floor", "floor_rule", "reference", "dynamic_range")


def without_part(c: Convention, kind: str) -> tuple[str, ...]:
    """The parameters without a part in these features: of cepstra, filters, logarithm where there are none."""
    return (
        *(OF_CEPSTRA if kind == "log_mel" else ()),
        *(OF_BANK[1:] if c.n_mels is None else ()),
        *(OF_LOGARITHM if c.log is None else ()),
    )


def nearest_preset(c: Convention, rate: float, kind: str, unobservable: dict) -> str:
    """The name of the preset that differs in the fewest parameters, in what can be seen; lengths count in samples."""

    def differing(name: str) -> int:
        other = CONVENTIONS[name]
        found = [s for s, values in diff(c, other).items() if values[1] not in unobservable.get(s, ())]
        found = [parameter for parameter in found if parameter not in without_part(c, kind)]
        n = sum(parameter not in LENGTHS for parameter in found)
        try:
            a, b = sizes(other, rate), sizes(c, rate)
            return n + (a.window != b.window) + (a.hop != b.hop)
        except ValueError:
            return n + 2

    return min(CONVENTIONS, key=differing)


class Same:
    """Which other conventions give the same numbers on this clip, within what was left open and what rounding left."""

    def __init__(self, bench: Bench, search: Search, c: Convention, name: str | None, error: np.ndarray):
        reading = search.reading
        self.at = search.at(c)
        self.columns = None if reading.normalization else search.some
        self.bench, self.reading, self.name = bench, reading, name
        self.least = 8 * np.abs(error).max() + 1e-12 * np.abs(reading.matrix).max()

    def gives(self, c: Convention) -> bool:
        """Whether a convention gives the matrix, too."""
        F = self.reading.matrix
        if self.bench.n_frames(c) != F.shape[1]:
            return False
        if self.bench.columns is not None:
            F = F[: self.reading.n_static, self.bench.columns]
        try:
            G = (self.bench.features if self.bench.columns is None else self.bench.static)(c, self.reading.kind)
        except ValueError:
            return False
        if G.shape != F.shape:
            return False
        if self.name is not None:
            G = nearest(F, G, self.name).fitted
        return bool(np.abs(F - G).max() <= self.least)

    def _changed_alike(self, c: Convention, change: dict) -> bool:
        try:
            return self.gives(replace(c, **change))
        except ValueError:
            return False

    def simplest(self, c: Convention, preset: Convention, unobservable: dict) -> tuple[Convention, dict]:
        """The convention with every parameter as the preset's where that changes nothing; what is unobservable then."""
        c = replace(c, **{name: getattr(preset, name) for name in without_part(c, self.reading.kind)})
        size = sizes(c, self.bench.rate)
        styled = replace(c, **{name: getattr(preset, name) for name in LENGTHS})
        trials = [with_lengths(styled, size.window, size.hop, self.bench.rate)]
        together = {name: getattr(preset, name) for name in OF_POWER}
        trials += [replace(c, energy_of=word, **together) for word in WORDS["energy_of"] if c.energy]
        logarithms = dict.fromkeys([preset.log, c.log]) if c.log and preset.log else ()
        for log in logarithms:  # a range may look like another floor
            floors = {name: getattr(preset, name) for name in OF_LOGARITHM} | {"log": log}
            ranges = [*DYNAMIC_RANGES[log][::-1], preset.dynamic_range]  # what comes last stays
            trials += [replace(c, **floors | {"dynamic_range": value}) for value in ranges]
        for trial in trials:
            if len(diff(trial, preset)) <= len(diff(c, preset)) and self._alike(trial):
                c = trial
        for parameter, (_, value) in diff(c, preset).items():
            if parameter not in LENGTHS and self._changed_alike(c, {parameter: value}):
                others = (*unobservable.get(parameter, ()), getattr(c, parameter))
                unobservable = {**unobservable, parameter: tuple(other for other in others if other != value)}
                c = replace(c, **{parameter: value})
        return c, unobservable

    def _alike(self, c: Convention) -> bool:
        return self._changed_alike(c, {})

    def unobservable(self, c: Convention) -> dict:
        """{parameter: other values that give the same numbers}."""
        reading, found = self.reading, {}
        tried = list(moves.changes(c, self.at))
        tried += [{"rounding": word} for word in WORDS["rounding"]]
        if reading.kind == "mfcc":
            tried += [{name: word} for name in ("delta_edges", "delta_second", "normalization") for word in WORDS[name]]
            tried += [{"delta_width": width} for width in (3, 5, 7, 9, 11)]
        if c.n_mels is None and c.log in ("10 log10", "20 log10"):
            tried += moves.ONE_RESULT
        tried = [{name: value for name, value in change.items() if getattr(c, name) != value} for change in tried]
        for columns in (self.columns, None):  # most changes show in a few frames
            self.bench.look_at(columns)
            tried = [change for change in tried if change and self._changed_alike(c, change)]
        for change in tried:
            for name, value in change.items():
                if value not in found.setdefault(name, []):
                    found[name].append(value)
        return {name: tuple(values) for name, values in found.items()}
