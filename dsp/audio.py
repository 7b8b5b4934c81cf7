"""Audio files in, samples out. (Files of features are read in dsp/feature_files.py.)

Conventions: float64 samples as MATLAB's `audioread` scales them; time is the last axis; the
sample rate is the file's own. Nothing is resampled, mixed down, clipped or repaired.
"""

import os
import struct
from pathlib import Path

import numpy as np

from dsp.files.naming import FileError

_LENGTH_UNKNOWN = {0xFFFFFFFF, 0x7FFFFFFF}  # what programs that write to a pipe put into a header


class AudioError(FileError):
    """A file that cannot be used as audio. The message is one printable line: the file, then the rule."""


def read_audio(path) -> tuple[np.ndarray, int]:
    """Samples of an audio file, scaled as MATLAB's audioread scales them.

    integer of b bits:  signal = sample / 2**(b - 1)     8-bit WAV: (byte - 128) / 128
    floating point:     signal = sample

    Parameters
    ----------
    path : str or path of a WAV, FLAC or other file that libsndfile reads

    Returns
    -------
    signal : (n,) float64 for one channel, (channels, n) float64 for more; integers give [-1, 1)
    sample_rate : int, Hz

    Raises
    ------
    AudioError (a ValueError)  if the file is missing, unreadable, empty, not audio, cut off
        (its header promises samples that are not there), without samples, or holds NaN or inf.

    Source: MathWorks, documentation of audioread ("double": integers are scaled to [-1, 1)).
    Checked: tests/test_audio_is_scaled_as_audioread.py
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise AudioError(f"{path}: empty file (0 bytes)")
            missing = _bytes_missing(file)
    except OSError as error:
        raise AudioError(f"{path}: {error.strerror or error}") from None
    if missing:
        raise AudioError(f"{path}: cut off, {missing} bytes of the samples its header promises are missing")
    return _samples(path)


def read_beginning(path, seconds: float) -> tuple[np.ndarray, int]:
    """The first seconds of an audio file, as read_audio returns a whole one; what lies behind is not looked at.

    Parameters
    ----------
    path : as read_audio takes it
    seconds : more than 0; of a shorter file everything is read

    Returns
    -------
    signal, sample_rate : as of read_audio

    Raises
    ------
    AudioError (a ValueError)  if the file is missing, unreadable, not audio, or, as far as it is read, without
        samples or with NaN or inf. Whether it is cut off further back is not noticed.

    Source: as read_audio. Checked: tests/test_audio_is_scaled_as_audioread.py
    """
    return _samples(Path(path), seconds)


def _samples(path: Path, seconds: float | None = None) -> tuple[np.ndarray, int]:
    try:
        import soundfile  # here: what does not read files needs NumPy and Numba alone
    except ImportError:
        raise AudioError(f"{path}: reading audio needs the package soundfile (pip install soundfile)") from None
    try:
        frames = -1 if seconds is None else int(seconds * soundfile.info(path).samplerate)
        signal, sample_rate = soundfile.read(path, frames, dtype="float64")
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = getattr(error, "error_string", str(error)).strip().rstrip(".")
        raise AudioError(f"{path}: not readable as audio ({reason})") from None
    if signal.size == 0:
        raise AudioError(f"{path}: no samples")
    if not np.isfinite(signal).all():
        raise AudioError(f"{path}: holds NaN or infinite samples")
    return (signal if signal.ndim == 1 else np.ascontiguousarray(signal.T)), int(sample_rate)


def _bytes_missing(file) -> int:
    """Bytes of the data chunk that a WAV header promises beyond the end of the file (else 0)."""
    size = os.fstat(file.fileno()).st_size
    if file.read(4) != b"RIFF":
        return 0
    file.seek(12)
    while len(header := file.read(8)) == 8:
        name, length = struct.unpack("<4sI", header)
        if name == b"data":
            present = size - file.tell()
            return max(0, length - present) if length not in _LENGTH_UNKNOWN else 0
        file.seek(length + length % 2, os.SEEK_CUR)
    return 0
