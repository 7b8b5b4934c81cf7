"""A recording of any rate, length and number of channels as one channel, with a note of every step."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsp import AudioError, audio_duration, read_audio, read_beginning, resample
from dsp.files.naming import printable
from experiments.data.recordings import to_mono

MAX_SECONDS = 60  # the rest is not even read: time and memory stay bounded
SAMPLE_RATES = (1_000, 192_000)  # Hz, lowest and highest


@dataclass(frozen=True)
class Recording:
    """What was read of a file.

    signal : (n,) float64, the mean of the channels, at most MAX_SECONDS
    sample_rate, channels : the file's own, rate in Hz;  seconds : the duration of the whole file
    steps : what was done, one line each
    is_whole : whether the whole file was read
    """

    path: Path
    signal: np.ndarray
    sample_rate: int
    channels: int
    seconds: float
    steps: tuple[str, ...]
    is_whole: bool = True


def read(path) -> Recording:
    """The first 60 s of an audio file, its channels mixed down to their mean.

    The formats are those of dsp.read_audio: WAV, FLAC, OGG, Opus, MP3, AIFF, AU, CAF. M4A/AAC, WebM, WMA and AMR
    are not read.

    Raises AudioError, one line that names the file and the rule it breaks: what dsp.read_audio refuses, a sample
    rate outside of 1 .. 192 kHz, and a signal that is constant, as silence is.

    Checked: tests/test_recogniser_core.py
    """
    path, name = Path(path), printable(path)
    seconds = audio_duration(path)
    signal, sample_rate = read_audio(path) if seconds <= MAX_SECONDS else read_beginning(path, MAX_SECONDS)
    if not SAMPLE_RATES[0] <= sample_rate <= SAMPLE_RATES[1]:
        raise AudioError(f"{name}: {sample_rate} Hz; {SAMPLE_RATES[0]} .. {SAMPLE_RATES[1]} Hz are expected")
    steps = []
    n_read = signal.shape[-1]
    is_whole = seconds <= MAX_SECONDS or n_read < MAX_SECONDS * sample_rate
    if not is_whole:
        duration = f" of {_duration(seconds)}" if seconds < math.inf else ""
        steps.append(f"only the first {MAX_SECONDS} s{duration} were read")
    if seconds == math.inf or n_read < MAX_SECONDS * sample_rate:
        seconds = n_read / sample_rate  # a header may leave the length open or, in an MP3, only estimate it
    signal, channels = to_mono(signal)
    if channels > 1:
        steps.append(f"{channels} channels mixed to their mean")
    if np.ptp(signal) == 0:
        mixed = f" once its {channels} channels are mixed to their mean" if channels > 1 else ""
        raise AudioError(f"{name}: silent{mixed}, all {signal.size} samples are {signal[0]:g}")
    return Recording(path, signal, sample_rate, channels, seconds, tuple(steps), is_whole)


def resample_to(recording: Recording, sample_rate: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """(signal, steps): the recording at the rate of a network, by dsp.resample if the rates differ.

    signal : (n,) float64 at sample_rate

    Checked: tests/test_recogniser_core.py
    """
    own_rate = recording.sample_rate
    if own_rate == sample_rate:
        return recording.signal, recording.steps
    step = f"resampled from {own_rate} Hz to {sample_rate} Hz"
    if own_rate < sample_rate:
        step += f": nothing above {own_rate / 2000:g} kHz"
    return resample(recording.signal, own_rate, sample_rate), (*recording.steps, step)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
