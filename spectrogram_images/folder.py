"""A folder of recordings becomes a folder of images.

WAV_ROOT/<emotion>/*.wav -> PNG_ROOT/<emotion>/<emotion><i>.png, i the 1-based place of the recording
in name order (by code point, as MATLAB's dir lists them). A recording that cannot be used keeps its
number and is reported; the others are not disturbed. Every image carries the hash of the recording it
was made from, so a second call skips what is finished, makes again what has changed, and leaves
files that somebody else wrote alone.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dsp import AudioError
from dsp.files.processes import WorkerKilledError, mapped
from dsp.files.writing import write_atomically
from spectrogram_images.png import encode_png, png_text
from spectrogram_images.render import render_file

EMOTIONS = ("angry", "fear", "happy", "neutral", "sad", "surprise")  # the folders of the paper's script
_KEY, _RECIPE = "Source", "MATLAB jet spectrogram 224x224, recording sha256 "
_BATCH = 8  # recordings that a worker takes at a time
_MOST_WORKERS = 61  # as many processes as Windows can wait for


class OutputError(OSError):
    """The images cannot be made (no room, no permission, a worker killed): no use to go on. One line."""


@dataclass(frozen=True)
class Outcome:
    """What became of one recording: "written", "skipped" (it was finished) or "failed", and why."""

    status: str
    reason: str = ""


def find_recordings(wav_root: Path) -> tuple[list[tuple[Path, str]], list[str]]:
    """The recordings with the names of their images, and what is wrong with the folders.

    Returns
    -------
    recordings : (recording, "<emotion>/<emotion><i>.png") in name order
    problems : one line per folder that is missing or has no WAV files
    """
    if not wav_root.is_dir():
        return [], [f"{wav_root}: no such folder; <emotion>/*.wav is expected under it"]
    folders = sorted(path for path in wav_root.iterdir() if path.is_dir())
    names = {folder.name for folder in folders}
    problems = []
    if not folders:
        problems.append(f"{wav_root}: no emotion folders; <emotion>/*.wav is expected under it")
    if names & set(EMOTIONS):
        problems += [f"{wav_root / name}: emotion folder missing" for name in EMOTIONS if name not in names]
    recordings = []
    for folder in folders:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".wav")
        if not files:
            problems.append(f"{folder}: no WAV files")
        recordings += [(path, f"{folder.name}/{folder.name}{i}.png") for i, path in enumerate(files, 1)]
    return recordings, problems


def convert(recordings: list[tuple[Path, str]], png_root: Path, workers: int) -> Iterator[Outcome]:
    """Makes the images that are not there yet, by `workers` processes; yields each recording's outcome in order.

    Processes, for threads would share one interpreter: two of them reach 1.4 times the speed of one, not 1.9.
    One worker is this process itself.

    Raises OutputError at the first image that cannot be written. What is finished stays.

    Checked: tests/test_bad_files_are_named.py, tests/test_interrupted_runs_end_the_same.py
    """
    batches = [recordings[i : i + _BATCH] for i in range(0, len(recordings), _BATCH)]
    workers = min(workers, len(batches), _MOST_WORKERS)
    if workers <= 1:
        batches = [[recording] for recording in recordings]
    try:
        for outcomes in mapped(partial(_convert_batch, png_root), batches, workers):
            yield from outcomes
    except WorkerKilledError as error:
        raise OutputError(str(error)) from None


def _convert_batch(png_root: Path, batch: list[tuple[Path, str]]) -> list[Outcome]:
    return [_convert_one(png_root, recording) for recording in batch]


def _convert_one(png_root: Path, recording: tuple[Path, str]) -> Outcome:
    wav, png = recording[0], png_root / recording[1]
    try:
        source = _RECIPE + hashlib.sha256(wav.read_bytes()).hexdigest()
    except OSError as error:
        return Outcome("failed", f"{wav}: {error.strerror or error}")
    try:
        if png.exists():
            text = png_text(png)
            if text is None or not text.get(_KEY, "").startswith(_RECIPE):
                return Outcome("failed", f"{png}: already there and not written by this program; it is left as it is")
            if text[_KEY] == source:
                return Outcome("skipped")
    except OSError as error:
        return Outcome("failed", f"{png}: {error.strerror or error}")
    try:
        image = render_file(wav)
    except AudioError as error:
        return Outcome("failed", str(error))
    except OSError as error:  # not the recording: Numba could not keep what it has compiled
        raise OutputError(f"{error.filename or 'the cache of compiled code'}: {error.strerror or error}") from None
    try:
        write_atomically(png, lambda path: path.write_bytes(encode_png(image, {_KEY: source})))
    except OSError as error:
        raise OutputError(f"{png}: {error.strerror or error}") from None
    return Outcome("written")
