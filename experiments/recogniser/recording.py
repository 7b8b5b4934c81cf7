"""A recording of any rate, number of channels and length as one channel, with a list of what was done to it."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsp import AudioError, audio_duration, read_audio, read_beginning, resample
from experiments.data.recordings import to_mono

MAX_SECONDS = 60  # the rest is not even read, so time and memory stay bounded
RATES = (1_000, 192_000)  # Hz, minimum and maximum
MAX_TERMS = 100_000  # of the ratio of two rates; dsp.resample's filter has 312 times as many coefficients


@dataclass(frozen=True)
class Recording:
    """What was read of a file.

    signal : (n,) float64, the mean of its channels, at most MAX_SECONDS
    sample_rate : Hz, the file's own;  channels : the file's own;  seconds : of the whole file, as its header says
    steps : what was done, one line each
    """

    path: Path
    signal: np.ndarray
    sample_rate: int
    channels: int
    seconds: float
    steps: tuple[str, ...]


def read(path) -> Recording:
    """The first 60 s of a file that dsp.read_audio reads (WAV, FLAC, OGG, MP3, AIFF, ...), mixed to their mean.

    Raises AudioError, one line that names the file and the rule, for what dsp.read_audio refuses, for a rate outside
    1 .. 192 kHz, and for a signal that is constant, as silence is.

    Checked: tests/test_recogniser_core.py
    """
    path = Path(path)
    seconds = audio_duration(path)
    signal, sample_rate = read_audio(path) if seconds <= MAX_SECONDS else read_beginning(path, MAX_SECONDS)
    if not RATES[0] <= sample_rate <= RATES[1]:
        raise AudioError(f"{path}: {sample_rate} Hz; {RATES[0]} .. {RATES[1]} Hz are expected")
    steps = []
    n_read = signal.shape[-1]
    if seconds > MAX_SECONDS and n_read >= MAX_SECONDS * sample_rate:
        whole = f" of {_duration(seconds)}" if seconds < math.inf else ""
        steps.append(f"only the first {MAX_SECONDS} s{whole} were read")
    if seconds == math.inf or n_read < MAX_SECONDS * sample_rate:
        seconds = n_read / sample_rate  # a header may leave the length open or, of an MP3, only estimate it
    signal, channels = to_mono(signal)
    if channels > 1:
        steps.append(f"{channels} channels mixed to their mean")
    if np.ptp(signal) == 0:
        mixed = f" once its {channels} channels are mixed to their mean" if channels > 1 else ""
        raise AudioError(f"{path}: silent{mixed}, all {signal.size} samples are {signal[0]:g}")
    return Recording(path, signal, sample_rate, channels, seconds, tuple(steps))


def at_rate(recording: Recording, sample_rate: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """(signal, steps): the recording as a network takes it, by dsp.resample where the rates differ.

    signal : (n,) float64 at sample_rate

    Raises AudioError for a pair of rates whose filter would fill the memory (191,999 and 16,000 Hz).

    Checked: tests/test_recogniser_core.py
    """
    found = recording.sample_rate
    if found == sample_rate:
        return recording.signal, recording.steps
    if max(found, sample_rate) // math.gcd(found, sample_rate) > MAX_TERMS:
        rule = f"a ratio of numbers up to {MAX_TERMS} is expected"
        raise AudioError(f"{recording.path}: {found} Hz cannot be resampled to {sample_rate} Hz; {rule}")
    step = f"resampled from {found} Hz to {sample_rate} Hz"
    if found < sample_rate:
        step += f": nothing above {found / 2000:g} kHz"
    return resample(recording.signal, found, sample_rate), (*recording.steps, step)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
