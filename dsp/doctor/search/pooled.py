"""Vectors: statistics over time of a clip's features, such as the mean of 40 MFCC of many a tutorial.

So few numbers do not determine a convention. They are compared with the presets as they are; a preset that gives every
number is named, and that others may give the same is said.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dsp.conventions.parameters import Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor.search.changes import CUSTOMARY
from dsp.doctor.search.residuals import TINY
from dsp.doctor.search.stage_cache import StageCache

STATISTICS = {
    "mean": lambda x: x.mean(axis=1),
    "standard deviation": lambda x: x.std(axis=1),
    "sample standard deviation": lambda x: x.std(axis=1, ddof=1),
    "variance": lambda x: x.var(axis=1),
    "maximum": lambda x: x.max(axis=1),
    "minimum": lambda x: x.min(axis=1),
    "median": lambda x: np.median(x, axis=1),
    "range": lambda x: np.ptp(x, axis=1),
}
MAX_PARTS = 6  # statistics, one after the other
NEAR = 0.5  # of the largest value: with nothing nearer, no preset is worth naming; noise is near 1
SAME = 1e-4  # of the largest value: what float32 leaves of a statistic


class Pooled(NamedTuple):
    """A preset and the statistics over time of its features."""

    preset: str
    convention: Convention
    kind: str  # "mfcc" or "log_mel"
    statistics: tuple[str, ...]
    distance: float  # the greatest difference, relative to the largest value
    values: np.ndarray

    def is_same(self) -> bool:
        return self.distance <= SAME

    def sentence(self) -> str:
        """What the vector is, or is near."""
        rows = len(self.values) // len(self.statistics)
        name = f"{rows} {'MFCC' if self.kind == 'mfcc' else 'log-mel bands'} of {self.preset}"
        c = self.convention
        if isinstance(c.n_fft, int) and c.hop_length is not None and c.n_fft != CONVENTIONS[self.preset].n_fft:
            name += f" with {c.n_mels} bands, n_fft {c.n_fft}, frames of {c.frame_length} and a hop of {c.hop_length}"
        over = " and the ".join(self.statistics)
        if self.is_same():
            return f"the numbers are the {over} over time of {name}; other conventions may give the same"
        if self.distance > NEAR:
            return "no preset's features have statistics over time that come near"
        return f"nearest are the {over} over time of {name}, with a relative error of {self.distance:.2g}"


def pooled(vector: np.ndarray, cache: StageCache) -> Pooled | None:
    """The preset and the statistics over time that come nearest to a vector; None where no preset fits the clip.

    Checked: tests/test_doctor_finds_changes.py
    """
    return min(_candidates(vector, cache), key=lambda one: one.distance, default=None)


def _candidates(vector: np.ndarray, cache: StageCache) -> Iterator[Pooled]:
    largest = max(float(np.abs(vector).max()), TINY)
    for name, preset in (*CONVENTIONS.items(), *(("librosa", c) for c in CUSTOMARY)):
        for n_parts in range(1, MAX_PARTS + 1):
            rows = vector.size // n_parts
            if vector.size % n_parts or rows < 2:
                continue
            for kind, c in _with_rows(preset, rows):
                try:
                    features = cache.features(c, kind)
                except ValueError:  # the convention does not fit the clip, or has no such rows
                    continue
                if len(features) != rows or not features.size:
                    continue
                found = {statistic: function(features) for statistic, function in STATISTICS.items()}
                chosen = [
                    min(found, key=lambda statistic: np.abs(found[statistic] - part).max())
                    for part in vector.reshape(n_parts, rows)
                ]
                values = np.concatenate([found[statistic] for statistic in chosen])
                yield Pooled(name, c, kind, tuple(chosen), float(np.abs(values - vector).max()) / largest, values)


def _with_rows(preset: Convention, rows: int) -> Iterator[tuple[str, Convention]]:
    """The preset with so many cepstra, or so many bands."""
    plain = replace(preset, dither=0.0, delta_orders=0)
    if preset.n_mfcc is not None:
        n_mels = preset.n_mels if not isinstance(preset.n_mels, int) else max(preset.n_mels, rows)
        yield "mfcc", replace(plain, n_mfcc=rows, n_mels=n_mels)
        orders = preset.delta_orders
        if orders and rows % (orders + 1) == 0:
            yield "mfcc", replace(plain, n_mfcc=rows // (orders + 1), delta_orders=orders)
    if preset.n_mels is not None:
        yield "log_mel", replace(plain, n_mels=rows, n_mfcc=None)
