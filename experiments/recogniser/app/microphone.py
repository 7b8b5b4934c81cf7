"""Records from the microphone, if there is one: into a WAV file, or piece by piece for --live."""

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import soundfile
from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QCoreApplication,
    QIODevice,
    QObject,
    QTimer,
    Signal,
    qInstallMessageHandler,
)

from dsp.files.naming import FileError, file_error_line
from dsp.files.writing import write_atomically
from experiments.recogniser.live import PIECE_S
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
        self.format = choose_format(device)
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


class Microphone:
    """The default microphone, for a command without a window: what it hears, one channel, piece by piece."""

    def __init__(self) -> None:
        self._application = QCoreApplication.instance() or QCoreApplication([])
        messages = qInstallMessageHandler(lambda *_: None)  # Qt's own about a missing sound server
        try:
            reason = reason_without_recording()
        finally:
            qInstallMessageHandler(messages)
        if reason:
            raise FileError(f"{reason}; --live FILE listens to a file")
        device = QtMultimedia.QMediaDevices.defaultAudioInput()
        self._format = choose_format(device)
        self._source = QtMultimedia.QAudioSource(device, self._format)
        self.sample_rate = self._format.sampleRate()

    def __iter__(self) -> Iterator[np.ndarray]:
        channels, rest = self._format.channelCount(), b""
        heard = self._source.start()
        if heard is None:
            raise FileError(f"no recording: the microphone does not start ({self._source.error().name})")
        try:
            while True:
                self._application.processEvents()
                rest += bytes(heard.readAll())
                whole = len(rest) // self._format.bytesPerFrame() * self._format.bytesPerFrame()
                if whole:
                    yield as_samples(rest[:whole], self._format.sampleFormat().name, channels).mean(axis=1)
                    rest = rest[whole:]
                time.sleep(PIECE_S)
        finally:
            self._source.stop()


def choose_format(device) -> "QtMultimedia.QAudioFormat":
    """16 kHz, one channel, 16 bits, if the device has that; otherwise what it prefers."""
    wanted = QtMultimedia.QAudioFormat()
    wanted.setSampleRate(SAMPLE_RATE)
    wanted.setChannelCount(1)
    wanted.setSampleFormat(QtMultimedia.QAudioFormat.SampleFormat.Int16)
    return wanted if device.isFormatSupported(wanted) else device.preferredFormat()


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
