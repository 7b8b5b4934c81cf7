"""Augmentation as steps: named and frozen, each drawn from the numpy Generator that it is given.

A step on signals is called as step(signal, rng) -> signal, before features are computed; one on features as
step(features, rng) -> features. Equal generators give equal results, so an item of `nets.FeatureDataset` depends on the
seed, the epoch and its number alone. `dsp` has the formulas.

    Speed, Reverberation, Noise      on signals
    SpecAugment                      on features
    parse_steps                      the same from one line of text
"""

import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

import dsp
from dsp.audio import AudioError, audio_header, read_one_channel
from dsp.augmentation import MAX_SPEED, MIN_SPEED, Level
from dsp.files.naming import FileError, printable, shorten

SOUNDS = (".wav", ".flac")
NUMBER = r"[0-9]+(?:\.[0-9]+)?"
Signal = NDArray[np.float64]
Step = Callable[[NDArray[Any], np.random.Generator], NDArray[Any]]


class AugmentationError(FileError):
    """A file or a folder of an augmentation that cannot be used. One line: the file, then the rule."""


@dataclass(frozen=True)
class Speed:
    """Plays the signal at one of several speeds, each as likely: duration and pitch change. See `dsp.change_speed`.

    factors : 0.1 .. 10 each; Kaldi's recipes use 0.9, 1 and 1.1

    Raises ValueError for other factors.

    Source: Ko et al. 2015, Audio augmentation for speech recognition. Checked: tests/test_datasets_serve_features.py
    """

    factors: tuple[float, ...] = (0.9, 1.0, 1.1)
    of: ClassVar[Literal["signal", "features"]] = "signal"

    def __post_init__(self) -> None:
        if not self.factors or not all(MIN_SPEED <= factor <= MAX_SPEED for factor in self.factors):
            raise ValueError(f"speed factors are {self.factors}; numbers in {MIN_SPEED} .. {MAX_SPEED} are expected")

    def __call__(self, signal: Signal, rng: np.random.Generator) -> Signal:
        return dsp.change_speed(signal, self.factors[rng.integers(len(self.factors))])


@dataclass(frozen=True)
class Reverberation:
    """The signal in one of several rooms, each as likely. See `dsp.reverberate`.

    paths : impulse responses, one channel each;  sample_rate : Hz, theirs and that of the signals

    Raises AugmentationError, one line, for a file that cannot be read, is silent, or has another rate.

    Source: as dsp.reverberate. Checked: tests/test_datasets_serve_features.py
    """

    paths: tuple[Path, ...]
    sample_rate: int
    of: ClassVar[Literal["signal", "features"]] = "signal"

    def __post_init__(self) -> None:
        _check_files(self.paths, self.sample_rate, "impulse response")

    def __call__(self, signal: Signal, rng: np.random.Generator) -> Signal:
        path = self.paths[rng.integers(len(self.paths))]
        room = _read(path, "impulse response")
        return dsp.reverberate(signal, room)


@dataclass(frozen=True)
class Noise:
    """The signal and a recorded noise, from a random place in one of several files. See `dsp.mix_at_snr`.

    The file, the place and the ratio are drawn uniformly. If the noise is silent for as long as the signal from there
    on, the place is that of its loudest sample.

    paths : noises, one channel each;  sample_rate : Hz, theirs and that of the signals
    low_db, high_db : dB, the range of the signal-to-noise ratio
    level : "all" or "active", the samples that the signal's power is measured over

    Raises AugmentationError, one line, for a file that cannot be read, is silent, or has another rate; ValueError for a
    bad range or level.

    Source: definition of the signal-to-noise ratio. Checked: tests/test_datasets_serve_features.py
    """

    paths: tuple[Path, ...]
    sample_rate: int
    low_db: float
    high_db: float
    level: Level = "all"
    of: ClassVar[Literal["signal", "features"]] = "signal"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low_db) and math.isfinite(self.high_db) and self.low_db <= self.high_db):
            raise ValueError(f"noise at {self.low_db} .. {self.high_db} dB: finite numbers in order are expected")
        if self.level not in ("all", "active"):
            raise ValueError(f"level is {self.level!r}; 'all' or 'active' is expected")
        _check_files(self.paths, self.sample_rate, "noise")

    def __call__(self, signal: Signal, rng: np.random.Generator) -> Signal:
        path = self.paths[rng.integers(len(self.paths))]
        noise = _read(path, "noise")
        start = int(rng.integers(noise.size))
        snr_db = float(rng.uniform(self.low_db, self.high_db))
        if not noise[(start + np.arange(signal.size)) % noise.size].any():
            start = int(np.argmax(np.abs(noise)))
        return dsp.mix_at_snr(signal, noise, snr_db, start, self.level)


@dataclass(frozen=True)
class SpecAugment:
    """Masks over rows and over frames. See `dsp.mask_bands` and `dsp.mask_frames`.

    max_rows, n_row_masks : F and m_F of the paper
    max_frames, n_frame_masks, max_share : T, m_T and p of the paper
    value : what the masks are filled with; None is the mean of the features

    Raises ValueError for values that the two functions refuse.

    Source: Park et al. 2019, SpecAugment, tab. 1. Checked: tests/test_datasets_serve_features.py
    """

    max_rows: int = 27
    n_row_masks: int = 1
    max_frames: int = 100
    n_frame_masks: int = 1
    max_share: float = 1.0
    value: float | None = None
    of: ClassVar[Literal["signal", "features"]] = "features"

    def __post_init__(self) -> None:
        self(np.zeros((1, 1)), np.random.default_rng(0))

    def __call__(self, features: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        fill = float(np.mean(features)) if self.value is None else self.value  # of the features without masks
        features = dsp.mask_bands(features, self.max_rows, self.n_row_masks, rng, fill)
        return dsp.mask_frames(features, self.max_frames, self.n_frame_masks, rng, self.max_share, fill)


POLICIES = {  # the paper's, without warping in time
    "LB": SpecAugment(27, 1, 100, 1, 1.0),
    "LD": SpecAugment(27, 2, 100, 2, 1.0),
    "SM": SpecAugment(15, 2, 70, 2, 0.2),
    "SS": SpecAugment(27, 2, 70, 2, 0.2),
}


def parse_steps(text: str, sample_rate: int) -> tuple[Step, ...]:
    """Steps from one line, such as "speed=0.9,1.0,1.1; reverberation=ROOMS; noise=NOISES@10..20dB; specaugment=SM".

    Parameters
    ----------
    text : steps in the order in which they are applied, with semicolons between them:
        speed=FACTOR,FACTOR,...
        reverberation=FOLDER      every .wav and .flac file in it and in its folders is an impulse response
        noise=FOLDER@LOW..HIGHdB  or FOLDER@SNRdB; every file is a noise
        specaugment=LB|LD|SM|SS   the paper's policies
    sample_rate : Hz, of the signals and of every file

    Returns
    -------
    steps : those on signals before those on features

    Raises
    ------
    ValueError  one line: the step that is not understood, or the file that cannot be used.

    Source: none; a notation of this project. Checked: tests/test_datasets_serve_features.py
    """
    steps = [_parse_step(part.strip(), sample_rate) for part in text.split(";") if part.strip()]
    order = [step.of for step in steps]
    if order != sorted(order, reverse=True):
        raise ValueError(f"{shorten(printable(text))}: steps on features (specaugment) come after those on signals")
    return tuple(steps)


def _parse_step(text: str, sample_rate: int) -> Any:
    name, _, value = (part.strip() for part in text.partition("="))
    if name == "speed" and re.fullmatch(rf"{NUMBER}(\s*,\s*{NUMBER})*", value):
        return Speed(tuple(float(factor) for factor in value.split(",")))
    if name == "reverberation" and value:
        return Reverberation(_sounds_in(Path(value)), sample_rate)
    if name == "specaugment" and value in POLICIES:
        return POLICIES[value]
    found = re.fullmatch(rf"(.+)@\s*(-?{NUMBER})(?:\.\.(-?{NUMBER}))?\s*dB", value)
    if name == "noise" and found:
        folder, low, high = found.groups()
        return Noise(_sounds_in(Path(folder)), sample_rate, float(low), float(high or low))
    forms = "speed=0.9,1.1, reverberation=FOLDER, noise=FOLDER@10..20dB or specaugment=LB|LD|SM|SS"
    raise ValueError(f"augmentation {shorten(printable(text))!r}: {forms} is expected")


def _sounds_in(folder: Path) -> tuple[Path, ...]:
    """Every .wav and .flac file under a folder, in order."""
    if not folder.is_dir():
        raise AugmentationError(f"{folder}: no such folder of recordings")
    found = sorted(
        Path(at, name) for at, _, names in os.walk(folder) for name in names if Path(name).suffix.lower() in SOUNDS
    )
    if not found:
        raise AugmentationError(f"{folder}: no {' or '.join(SOUNDS)} file in it")
    return tuple(found)


def _check_files(paths: Sequence[Path], sample_rate: int, kind: str) -> None:
    """Reads the header of every file. Raises AugmentationError for one of several channels or of another rate."""
    if not paths:
        raise ValueError(f"no {kind}; at least one file is expected")
    for path in paths:
        try:
            _, rate, channels = audio_header(path)
        except AudioError as error:
            raise AugmentationError(str(error)) from None
        if rate != sample_rate:
            raise AugmentationError(f"{path}: {kind} of {rate} Hz; {sample_rate} Hz, as the signals, is expected")
        if channels != 1:
            raise AugmentationError(f"{path}: {kind} of {channels} channels; one is expected")


def _read(path: Path, kind: str) -> Signal:
    signal, _ = read_one_channel(path, "augmentation")
    if not signal.any():
        raise AugmentationError(f"{path}: a silent {kind}")
    return signal
