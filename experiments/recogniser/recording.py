"""A recording of any rate, number of channels, length and format, as one channel; what was done to it is told."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from dsp import AudioError, read_audio, read_beginning, resample

LONGEST_S = 60  # what lies behind is not even read: time and memory stay bounded
RATES = (1_000, 192_000)  # Hz, least and greatest
MOST_TERMS = 100_000  # of the ratio of two rates; dsp.resample's filter has 312 times as many coefficients


@dataclass(frozen=True)
class Recording:
    """What was read of a file.

    signal : (n,) float64, the mean of its channels, at most LONGEST_S
    sample_rate : Hz, the file's own;  channels : the file's own;  seconds : of the whole file
    steps : what was done, a line each
    """

    path: Path
    signal: np.ndarray
    sample_rate: int
    channels: int
    seconds: float
    steps: tuple[str, ...]


def read(path) -> Recording:
    """The first 60 s of a file that libsndfile reads (WAV, FLAC, OGG, MP3, AIFF, ...), mixed to their mean.

    Raises AudioError, one line that names the file and the rule: what dsp.read_audio refuses; a rate outside of
    1 .. 192 kHz; a signal that is the same number throughout, as silence is.

    Checked: tests/test_recogniser_core.py
    """
    path = Path(path)
    seconds = _seconds(path)
    signal, sample_rate = read_audio(path) if seconds <= LONGEST_S else read_beginning(path, LONGEST_S)
    if not RATES[0] <= sample_rate <= RATES[1]:
        raise AudioError(f"{path}: {sample_rate} Hz; {RATES[0]} .. {RATES[1]} Hz are expected")
    steps = []
    if seconds > LONGEST_S:
        steps.append(f"only the first {LONGEST_S} s of {_duration(seconds)} were read")
    channels = 1 if signal.ndim == 1 else len(signal)
    if channels > 1:
        signal = signal.mean(axis=0)
        steps.append(f"{channels} channels mixed to their mean")
    if np.ptp(signal) == 0:
        mixed = f" once its {channels} channels are mixed to their mean" if channels > 1 else ""
        raise AudioError(f"{path}: silent{mixed}, all {signal.size} samples are {signal[0]:g}")
    return Recording(path, signal, sample_rate, channels, seconds or signal.size / sample_rate, tuple(steps))


def at_rate(recording: Recording, sample_rate: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """(signal, steps): the recording as a network takes it, by dsp.resample where the rates differ.

    signal : (n,) float64 at sample_rate

    Raises AudioError for a pair of rates whose filter would fill the memory (191,999 and 16,000 Hz).

    Checked: tests/test_recogniser_core.py
    """
    found = recording.sample_rate
    if found == sample_rate:
        return recording.signal, recording.steps
    if max(found, sample_rate) // math.gcd(found, sample_rate) > MOST_TERMS:
        rule = f"a ratio of numbers up to {MOST_TERMS} is expected"
        raise AudioError(f"{recording.path}: {found} Hz cannot be resampled to {sample_rate} Hz; {rule}")
    step = f"resampled from {found} Hz to {sample_rate} Hz"
    if found < sample_rate:
        step += f": nothing above {found / 2000:g} kHz"
    return resample(recording.signal, found, sample_rate), (*recording.steps, step)


def _seconds(path: Path) -> float:
    """Duration as the header has it; 0 if there is none: dsp.read_audio then says what is wrong."""
    try:
        found = soundfile.info(path)
    except (soundfile.LibsndfileError, RuntimeError, OSError):
        return 0.0
    return found.frames / found.samplerate if found.samplerate else 0.0


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
