"""Records from the microphone, if there is one, into a WAV file."""

from datetime import datetime
from pathlib import Path

import numpy as np
import soundfile
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QTimer, Signal

from dsp.files.naming import file_error_line
from dsp.files.writing import write_atomically
from experiments.recogniser.recording import MAX_SECONDS
from experiments.recogniser.trained import RUNS

try:
    from PySide6 import QtMultimedia
except ImportError as error:  # a system library is missing, usually PulseAudio's
    QtMultimedia, NOT_LOADED = None, str(error)

RECORDINGS = RUNS / "recogniser" / "recordings"
SAMPLE_RATE = 16_000  # Hz, if the microphone supports it; otherwise its own preferred rate


def reason_without_recording() -> str | None:
    """Why nothing can be recorded here, in one line; None if there is a microphone.

    Checked: tests/test_recogniser_window.py
    """
    if QtMultimedia is None:
        return f"no recording: QtMultimedia cannot be loaded ({NOT_LOADED})"
    if QtMultimedia.QMediaDevices.defaultAudioInput().isNull():
        return "no recording: no microphone was found"
    return None


class Recorder(QObject):
    """Records from start() to stop(), for at most a minute; then emits recorded(path) or failed(line)."""

    recorded = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject):
        super().__init__(parent)
        device = QtMultimedia.QMediaDevices.defaultAudioInput()
        wanted = QtMultimedia.QAudioFormat()
        wanted.setSampleRate(SAMPLE_RATE)
        wanted.setChannelCount(1)
        wanted.setSampleFormat(QtMultimedia.QAudioFormat.SampleFormat.Int16)
        self.format = wanted if device.isFormatSupported(wanted) else device.preferredFormat()
        self.source = QtMultimedia.QAudioSource(device, self.format, self)
        self.bytes = QByteArray()
        self.buffer = QBuffer(self.bytes, self)
        self.limit = QTimer(self, singleShot=True, interval=MAX_SECONDS * 1000)
        self.limit.timeout.connect(self.stop)

    def start(self) -> None:
        self.buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self.source.start(self.buffer)
        self.limit.start()

    def stop(self) -> None:
        self.limit.stop()
        self.source.stop()
        self.buffer.close()
        try:
            samples = as_samples(bytes(self.bytes), self.format.sampleFormat().name, self.format.channelCount())
            self.recorded.emit(write_recording(samples, self.format.sampleRate()))
        except ValueError as error:
            self.failed.emit(f"microphone: {error}")
        except OSError as error:
            self.failed.emit(file_error_line(error, RECORDINGS))


def as_samples(data: bytes, sample_format: str, channels: int) -> np.ndarray:
    """The samples that a sound card delivers, UInt8, Int16, Int32 or Float, as (n, channels) float64 in [-1, 1).

    Raises ValueError for another format and if nothing was recorded.

    Checked: tests/test_recogniser_window.py
    """
    kinds = {"UInt8": (np.uint8, 128, 128), "Int16": (np.int16, 0, 2**15), "Int32": (np.int32, 0, 2**31)}
    kinds |= {"Float": (np.float32, 0, 1)}
    if sample_format not in kinds:
        raise ValueError(f"samples of format {sample_format!r}; {', '.join(kinds)} are expected")
    kind, zero, scale = kinds[sample_format]
    frame = channels * np.dtype(kind).itemsize
    raw = np.frombuffer(data[: len(data) // frame * frame], kind)
    if raw.size == 0:
        raise ValueError("nothing was recorded")
    return (raw.reshape(-1, channels).astype(np.float64) - zero) / scale


def write_recording(samples: np.ndarray, sample_rate: int, home: Path | None = None) -> Path:
    """Writes recording-<date>-<time>.wav, 32-bit float, and returns its path."""
    path = (home or RECORDINGS) / f"recording-{datetime.now():%Y%m%d-%H%M%S}.wav"
    write_atomically(path, lambda new: soundfile.write(new, samples, sample_rate, "FLOAT", format="WAV"))
    return path
