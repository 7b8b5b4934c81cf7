"""Audio files in, samples out. (dsp/feature_files.py reads files of features.)

Samples are float64 and scaled as MATLAB's `audioread` scales them; time is the last axis; the sample rate is the
file's own. Nothing is resampled, mixed down, clipped or repaired.
"""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from dsp.files.audio_headers import foreign_format, missing_sample_bytes, with_its_length
from dsp.files.mp3_frames import Frames, count_frames, is_mp3
from dsp.files.naming import FileError, file_error_line
from dsp.files.reading import open_regular_file

FORMATS = "WAV, RF64, W64, FLAC, OGG (Vorbis, Opus), MP3, AIFF, AU and CAF"  # the common ones that libsndfile reads
_LENGTH_UNKNOWN = 2**62  # frames: libsndfile says 2**63 - 1 where a header leaves the length open
_BLOCK_VALUES = 2**20  # values read at a time where the promised length is not plausible
_MAX_EXPANSION = 32  # bytes of float64 per byte of file that are plausible, and thus allocated at once


class AudioError(FileError):
    """A file that cannot be used as audio. The message is one printable line: the file, then the rule."""


def read_audio(path: str | os.PathLike[str]) -> tuple[np.ndarray, int]:
    """Samples of an audio file, scaled as MATLAB's audioread scales them.

    integer of b bits:  signal = sample / 2**(b - 1)     8-bit WAV: (byte - 128) / 128
    floating point:     signal = sample

    libsndfile recognizes the format by the content, not by the file's name: WAV, RF64, W64, FLAC, OGG (Vorbis,
    Opus), MP3, AIFF, AU, CAF and some rarer ones. M4A/AAC, WebM, WMA and AMR files are not read; convert them first.

    Parameters
    ----------
    path : str or path of a regular file

    Returns
    -------
    signal : (n,) float64 for one channel, (channels, n) float64 for more; integers give [-1, 1)
    sample_rate : int, Hz

    Raises
    ------
    AudioError (a ValueError)  if the file is missing, unreadable, empty, not a regular file, not audio, cut off
        (its header promises samples that are not there), without samples, or holds NaN or inf. A missing end is
        noticed in WAV, RF64, W64, FLAC, AIFF, AU, CAF and MP3 files; other formats need not say their length. An MP3 of
        variable bit rate that does not say it is refused too, as libsndfile would return only a part. What SoX, FFmpeg
        and others write to a pipe promises no samples, or 2 or 4 GiB of them: such a file is read to its end.

    Source: MathWorks, documentation of audioread ("double": integers are scaled to [-1, 1)).
    Checked: tests/test_audio_is_scaled_as_audioread.py, tests/test_damaged_audio_is_refused.py
    """
    return _read(Path(path), None)


def read_one_channel(path: str | os.PathLike[str], use: str = "features") -> tuple[np.ndarray, int]:
    """The samples of a recording of one channel, as read_audio returns them; several channels are refused.

    Parameters
    ----------
    path : as read_audio takes it
    use : what is made from the one channel, for the error: "2 channels; features are made from one"

    Returns
    -------
    signal : (n,) float64;  sample_rate : int, Hz

    Raises
    ------
    AudioError (a ValueError)  as read_audio, and if the recording has several channels.

    Source: as read_audio. Checked: tests/test_audio_is_scaled_as_audioread.py
    """
    signal, sample_rate = read_audio(path)
    if signal.ndim != 1:
        raise AudioError(f"{os.fspath(path)}: {len(signal)} channels; {use} are made from one")
    return signal, sample_rate


def read_beginning(path: str | os.PathLike[str], seconds: float) -> tuple[np.ndarray, int]:
    """The first seconds of an audio file, as read_audio returns a whole one; the rest is not read.

    Parameters
    ----------
    path : as read_audio takes it
    seconds : more than 0; a shorter file is read whole

    Returns
    -------
    signal, sample_rate : as of read_audio

    Raises
    ------
    AudioError (a ValueError)  if the file is missing, unreadable, empty, not a regular file, not audio, or, as far
        as it is read, cut off, without samples or with NaN or inf. Damage behind that is not noticed.
    ValueError  if seconds is not a number above 0.

    Source: as read_audio. Checked: tests/test_audio_is_scaled_as_audioread.py
    """
    if not 0 < seconds < math.inf:
        raise ValueError(f"seconds is {seconds!r}; a finite number above 0 is expected")
    return _read(Path(path), seconds)


def audio_duration(path: str | os.PathLike[str]) -> float:
    """Seconds of sound that the header of an audio file promises; no sample is read.

    Parameters
    ----------
    path : as read_audio takes it

    Returns
    -------
    duration : float, s; inf if the header leaves the length open

    Raises
    ------
    AudioError (a ValueError)  if the file is missing, unreadable, empty, not a regular file or not audio.

    Source: as read_audio. Checked: tests/test_audio_is_scaled_as_audioread.py
    """
    with _opened(Path(path), check_length=False) as sound:
        return sound.frames / sound.samplerate if sound.frames < _LENGTH_UNKNOWN else math.inf


def audio_header(path: str | os.PathLike[str]) -> tuple[int | None, int, int]:
    """What the header of an audio file promises; no sample is read.

    Parameters
    ----------
    path : as read_audio takes it

    Returns
    -------
    n_samples : int, of each channel; None if the header leaves it open
    sample_rate : int, Hz
    channels : int

    Raises
    ------
    AudioError (a ValueError)  as audio_duration.

    Source: as read_audio. Checked: tests/test_corpus_reports_bad_input.py
    """
    with _opened(Path(path), check_length=False) as sound:
        n_samples = sound.frames if sound.frames < _LENGTH_UNKNOWN else None
        return n_samples, int(sound.samplerate), int(sound.channels)


def _read(path: Path, seconds: float | None) -> tuple[np.ndarray, int]:
    with _opened(path, check_length=seconds is None) as sound:
        sample_rate = int(sound.samplerate)
        n_promised = sound.frames if seconds is None else min(sound.frames, int(seconds * sample_rate))
        signal = _decoded(sound, n_promised, os.stat(path).st_size)
        is_estimate = sound.format == "MP3" or sound.frames >= _LENGTH_UNKNOWN
    if len(signal) == 0:
        raise AudioError(f"{path}: no samples")
    if len(signal) < n_promised and not is_estimate:
        missing = n_promised - len(signal)
        raise AudioError(f"{path}: cut off, {missing} of the {n_promised} samples its header promises are missing")
    if not np.isfinite(signal).all():
        raise AudioError(f"{path}: holds NaN or infinite samples")
    return (signal[:, 0] if signal.shape[1] == 1 else np.ascontiguousarray(signal.T)), sample_rate


@contextmanager
def _opened(path: Path, check_length: bool) -> Iterator[Any]:
    """The file as a soundfile.SoundFile; whatever goes wrong until it is closed becomes an AudioError."""
    try:
        import soundfile  # type: ignore[import-untyped]  # here, as the rest of dsp needs NumPy and Numba alone
    except ImportError:
        raise AudioError(f"{path}: reading audio needs the package soundfile (pip install soundfile)") from None
    beginning, is_open = b"", False
    try:
        with open_regular_file(path) as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise AudioError(f"{path}: empty file (0 bytes)")
            if check_length and (missing := missing_sample_bytes(file)):
                raise AudioError(f"{path}: cut off, {missing} bytes of the samples its header promises are missing")
            file.seek(0)
            beginning = file.read(16)
            frames = _frames(path, file) if check_length and is_mp3(beginning) else None
            source: Any = with_its_length(file) or file
            file.seek(0)
            if os.name == "posix" and source is file:  # a descriptor saves libsndfile the way through Python
                source = file.fileno()
                os.lseek(source, 0, os.SEEK_SET)
            with soundfile.SoundFile(source, closefd=False) as sound:
                is_open = True
                if frames and sound.format == "MP3" and sound.frames < frames.n_samples - 4 * frames.samples_per_frame:
                    part = f"{sound.frames} of its {frames.n_samples} samples"
                    raise AudioError(f"{path}: an MP3 without its length, of which libsndfile reads {part}; convert it")
                if sound.frames >= _LENGTH_UNKNOWN:  # soundfile seeks after each read, which fails at such a file's end
                    sound.seekable = lambda: False
                yield sound
    except OSError as error:
        raise AudioError(file_error_line(error, path)) from None
    except MemoryError:
        raise AudioError(f"{path}: its samples do not fit into the memory") from None
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = str(getattr(error, "error_string", error)).strip().rstrip(".").removeprefix("Error : ")
        if is_open:
            raise AudioError(f"{path}: damaged or cut off ({reason})") from None
        reason = foreign_format(beginning) or reason
        raise AudioError(f"{path}: not readable as audio ({reason}); {FORMATS} are read") from None


def _frames(path: Path, file: BinaryIO) -> Frames | None:
    """The frames of an MP3 file, as far as they can be counted; AudioError if some of them or a part is missing."""
    frames = count_frames(file)
    if frames and (missing := (frames.n_promised or 0) - frames.n_present) > 1:
        raise AudioError(f"{path}: cut off, {missing} of the {frames.n_promised} MP3 frames promised are missing")
    if frames and frames.n_cut:
        raise AudioError(f"{path}: cut off, {frames.n_cut} bytes of its last MP3 frame are missing")
    return frames


def _decoded(sound: Any, n_frames: int, file_bytes: int) -> np.ndarray:
    """(n, channels) float64, n at most n_frames: read at once if that many are plausible, block by block if not."""
    n_bytes = 8 * n_frames * sound.channels
    if n_bytes <= max(8 * _BLOCK_VALUES, _MAX_EXPANSION * file_bytes):
        return sound.read(n_frames, dtype="float64", always_2d=True)
    blocks, remaining = [], n_frames
    length = max(1, _BLOCK_VALUES // sound.channels)
    while remaining > 0:
        blocks.append(sound.read(min(length, remaining), dtype="float64", always_2d=True))
        remaining -= length
        if len(blocks[-1]) < length:
            break
    return np.concatenate(blocks)
