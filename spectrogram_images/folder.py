"""Turns a folder of recordings into a folder of images.

WAV_ROOT/<emotion>/*.wav -> PNG_ROOT/<emotion>/<emotion><i>.png, where i is the 1-based position of the
recording in name order (by code point, as MATLAB's dir lists them). A recording that cannot be used keeps
its number and is reported; the others are converted. Every image carries the hash of its recording and the
parameters it was made with. A second call therefore skips what is finished, remakes what has changed,
leaves other people's files alone, and refuses a folder whose images were made with other parameters.
Several commands on one PNG_ROOT share the work: each claims the image that it makes, and the others go on
with the next ones.
"""

import contextlib
import hashlib
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dsp import AudioError
from dsp.files.extras import require
from dsp.files.naming import file_error_line, printable
from dsp.files.processes import WorkerKilledError, mapped
from dsp.files.reading import open_regular_file
from dsp.files.writing import write_atomically
from spectrogram_images.parameters import PAPER, ImageParameters
from spectrogram_images.png import encode_png, png_text
from spectrogram_images.render import render_file

EMOTIONS = ("angry", "fear", "happy", "neutral", "sad", "surprise")  # the folders of the paper's script
_KEY = "Source"
_PAPERS_RECIPE = "MATLAB jet spectrogram 224x224"
_OTHER_RECIPE = "MATLAB spectrogram, "
_HASH = ", recording sha256 "
_BATCH = 8  # recordings that a worker takes at a time
_POLL_S = 0.02  # between two looks at another process's claim
_FOREVER_S = 1e9  # waiting without a limit, filelock takes the claim of another thread for a deadlock
_MAX_WORKERS = 61  # as many processes as Windows can wait for


class OutputError(OSError):
    """No image can be written: a full disk, no permission, a killed worker. Going on has no use. One line."""


@dataclass(frozen=True)
class Outcome:
    """What became of one recording: "written", "skipped" (it was finished) or "failed", and why."""

    status: str
    reason: str = ""


def find_recordings(wav_root: Path, any_layout: bool = False) -> tuple[list[tuple[Path, str]], list[str]]:
    """The recordings with the names of their images, and what is wrong with the folders.

    Parameters
    ----------
    wav_root : the folder; in the paper's layout it holds folders named for the six emotions
    any_layout : takes every folder under wav_root that holds WAV files as a class, and wav_root itself too

    Returns
    -------
    recordings : (recording, "<emotion>/<emotion><i>.png") in name order; empty if the layout is refused
    problems : one line per folder that is missing, is left out or has no WAV files

    Checked: tests/test_image_folders.py
    """
    if not wav_root.is_dir():
        return [], [f"{printable(wav_root)}: no such folder; <emotion>/*.wav is expected under it"]
    try:
        return _every_folder(wav_root) if any_layout else _papers_folders(wav_root)
    except OSError as error:
        return [], [file_error_line(error, wav_root)]


def prepare_output(png_root: Path, parameters: ImageParameters = PAPER) -> None:
    """Makes the folder and tries it, so that a bad one is found before any work is done.

    Raises OutputError if nothing can be written there, or if it holds images made with other parameters.

    Checked: tests/test_image_folders.py
    """
    trial = png_root / f".trial-{os.getpid()}"
    try:
        write_atomically(trial, lambda path: path.write_bytes(b"\0"))
        trial.unlink()
        for png in sorted(png_root.rglob("*.png")):
            recipe = _recipe_of(png) if png.is_file() else None
            if recipe not in (None, _recipe(parameters)):
                raise OutputError(_made_otherwise(png, recipe, parameters))
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"{printable(png_root)}: {error.strerror or error}") from None


def convert(
    recordings: list[tuple[Path, str]], png_root: Path, workers: int, parameters: ImageParameters = PAPER
) -> Iterator[Outcome]:
    """Makes the missing images with `workers` processes; yields each recording's outcome in order.

    Processes, because threads share one interpreter: two of them reach 1.4 times the speed of one, not 1.9.
    One worker is this process itself. An image that another command is making is left to it, and looked at again
    later.

    Raises OutputError at the first image that cannot be written. What is finished stays.

    Checked: tests/test_bad_files_are_named.py, tests/test_interrupted_runs_end_the_same.py,
    tests/test_processes_share_runs.py
    """
    batches = [recordings[i : i + _BATCH] for i in range(0, len(recordings), _BATCH)]
    workers = min(workers, len(batches), _MAX_WORKERS)
    if workers <= 1:
        yield from _convert_each(png_root, parameters, recordings)
        return
    try:
        for outcomes in mapped(partial(_convert_batch, png_root, parameters), batches, workers):
            yield from outcomes
    except WorkerKilledError as error:
        raise OutputError(str(error)) from None


def _papers_folders(wav_root: Path) -> tuple[list[tuple[Path, str]], list[str]]:
    """Recordings and problems of <emotion>/*.wav."""
    folders = sorted(path for path in wav_root.iterdir() if path.is_dir() and not path.name.startswith("."))
    names, loose = {folder.name for folder in folders}, _wav_files(wav_root)
    if not names & set(EMOTIONS):
        holds = [f"{len(loose)} WAV files"] if loose else []
        if names:
            first = ", ".join(sorted(names)[:4]) + (", ..." if len(names) > 4 else "")
            holds.append(f"the folder{'s' * (len(names) > 1)} {printable(first)}")
        layout = f"the paper's layout is expected, <emotion>/*.wav in the folders {', '.join(EMOTIONS)}"
        advice = "--any-layout takes every folder of WAV files as a class"
        return [], [f"{printable(wav_root)}: {layout}; it holds {' and '.join(holds) or 'nothing'} ({advice})"]
    problems = [f"{printable(wav_root / name)}: emotion folder missing" for name in EMOTIONS if name not in names]
    if loose:
        left_out = "not in an emotion's folder, so no image is made (--any-layout takes them)"
        problems.append(
            f"{printable(loose[0])}" + (f" and {len(loose) - 1} more" if loose[1:] else "") + f": {left_out}"
        )
    recordings = []
    for folder in folders:
        files = _wav_files(folder)
        if folder.name in EMOTIONS:
            recordings += [(path, f"{folder.name}/{folder.name}{i}.png") for i, path in enumerate(files, 1)]
            problems += [] if files else [f"{printable(folder)}: no WAV files"]
        elif files:
            problems.append(f"{printable(folder)}: not one of the paper's emotions (--any-layout takes it)")
    return recordings, problems


def _every_folder(wav_root: Path) -> tuple[list[tuple[Path, str]], list[str]]:
    """Recordings of every folder that holds WAV files, at any depth; the images' folders are named alike."""
    problems: list[str] = []
    recordings, seen = [], set()

    def report(error: OSError) -> None:
        problems.append(file_error_line(error, wav_root))

    for name, folders, _ in os.walk(wav_root, onerror=report, followlinks=True):
        folder = Path(name)
        if folder.resolve() in seen:  # a link back to where we were
            folders.clear()
            continue
        seen.add(folder.resolve())
        folders[:] = sorted(child for child in folders if not child.startswith("."))
        inside = folder.relative_to(wav_root)
        stem = folder.name if inside.parts else wav_root.resolve().name or "root"
        recordings += [(path, str(inside / f"{stem}{i}.png")) for i, path in enumerate(_wav_files(folder), 1)]
    if not recordings:
        problems.append(f"{printable(wav_root)}: no WAV files in it or in its folders")
    return recordings, problems


def _wav_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == ".wav")


def _recipe(parameters: ImageParameters) -> str:
    """What an image says about its making: the paper's parameters go without saying."""
    return _PAPERS_RECIPE if _as_paper(parameters) else _OTHER_RECIPE + parameters.describe()


def _as_paper(parameters: ImageParameters) -> bool:
    return parameters.describe() == PAPER.describe()  # all that enters the image: not the sample rate


def _recipe_of(png: Path) -> str | None:
    """The recipe in an image that this program wrote; None for other people's files. Raises OSError."""
    recipe, found, _ = ((png_text(png) or {}).get(_KEY, "")).rpartition(_HASH)
    return recipe if found and recipe.startswith((_PAPERS_RECIPE, _OTHER_RECIPE)) else None


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open_regular_file(path) as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def _made_otherwise(png: Path, recipe: str, parameters: ImageParameters) -> str:
    theirs = PAPER.describe() if recipe == _PAPERS_RECIPE else recipe.removeprefix(_OTHER_RECIPE)
    advice = "choose another PNG_ROOT or delete these images"
    return f"{printable(png)}: made with {printable(theirs)}, not with {parameters.describe()}; {advice}"


def _convert_batch(png_root: Path, parameters: ImageParameters, batch: list[tuple[Path, str]]) -> list[Outcome]:
    return list(_convert_each(png_root, parameters, batch))


def _convert_each(png_root: Path, parameters: ImageParameters, recordings: list[tuple[Path, str]]) -> Iterator[Outcome]:
    """The outcomes in order. An image that another process is making waits for up to _BATCH later ones."""
    pending: deque[tuple[tuple[Path, str], Outcome | None]] = deque()
    for i, recording in enumerate(recordings, 1):
        pending.append((recording, _convert_claimed(png_root, parameters, recording, wait=False)))
        while pending and (pending[0][1] or len(pending) == _BATCH or i == len(recordings)):
            first, outcome = pending.popleft()
            outcome = outcome or _convert_claimed(png_root, parameters, first, wait=True)
            assert outcome is not None, "it was waited for"
            yield outcome


def _convert_claimed(
    png_root: Path, parameters: ImageParameters, recording: tuple[Path, str], wait: bool
) -> Outcome | None:
    """The outcome, or None if another process is at this image and `wait` is False."""
    with _claim(png_root / recording[1], wait) as ours:
        return _convert_one(png_root, parameters, recording) if ours else None


@contextlib.contextmanager
def _claim(png: Path, wait: bool) -> Iterator[bool]:
    """Whether this process may make the image: no other one has claimed it. A claim ends with its process.

    A claim saves work and nothing else: images are written atomically, so two processes that made the same one would
    not disturb each other. Where no lock can be had, work therefore goes on without it.
    """
    filelock = require("filelock", feature="converting a folder", extra="images")
    lock = filelock.FileLock(png.with_name(f".{png.name}.lock"), poll_interval=_POLL_S)
    try:
        png.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(
            timeout=_FOREVER_S if wait else 0
        )  # without a time, filelock takes another thread's for a deadlock
    except filelock.Timeout:
        yield False
        return
    except (OSError, NotImplementedError):
        yield True
        return
    try:
        yield True
    finally:
        with contextlib.suppress(OSError):
            os.unlink(lock.lock_file)
        lock.release()


def _convert_one(png_root: Path, parameters: ImageParameters, recording: tuple[Path, str]) -> Outcome:
    wav, png = recording[0], png_root / recording[1]
    try:
        source = _recipe(parameters) + _HASH + _sha256(wav)
    except OSError as error:
        return Outcome("failed", file_error_line(error, wav))
    try:
        if os.path.lexists(png):
            recipe = _recipe_of(png)
            if recipe is None:
                foreign = "already there and not written by this program; it is left as it is"
                return Outcome("failed", f"{printable(png)}: {foreign}")
            if recipe != _recipe(parameters):
                return Outcome("failed", _made_otherwise(png, recipe, parameters))
            if (png_text(png) or {})[_KEY] == source:
                return Outcome("skipped")
    except OSError as error:
        return Outcome("failed", file_error_line(error, png))
    try:
        image = render_file(wav, parameters)
    except AudioError as error:
        return Outcome("failed", str(error))
    except OSError as error:  # not the recording: Numba could not store what it has compiled
        raise OutputError(file_error_line(error, "the cache of compiled code")) from None
    try:
        write_atomically(png, lambda path: path.write_bytes(encode_png(image, {_KEY: source})))
    except OSError as error:
        raise OutputError(f"{printable(png)}: {error.strerror or error}") from None
    return Outcome("written")
