"""A trained network's answers for recordings that somebody handed in. Everything here runs in a worker process."""

import io
import json
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from dsp.files.naming import FileError, printable, shorten
from dsp.files.reading import read_regular_text
from experiments.page.uploads import safe_path
from experiments.recogniser import batch
from experiments.recogniser.core import Answer, load_warm, recognize
from experiments.recogniser.trained import SHIPPED, Trained, runs_under, title_of
from experiments.recogniser.training import SYNTHETIC
from experiments.recogniser.verdict import verdict

MAX_UNPACKED = 512 * 2**20  # bytes of all recordings of an archive
MAX_MEMBERS = 2_000
MAX_RATIO = 100  # of a member; audio hardly shrinks to a third
CHUNK = 1 << 20
CARD = "MODEL_CARD.md"


class ArchiveError(FileError):
    """An archive that is not unpacked. One line."""


def list_runs(runs: str) -> list[tuple[str, str]]:
    """[(folder, title)] of the trained runs below a folder, newest first; the network that comes along is the last.

    Checked: tests/test_page_recognizes.py
    """
    folders = [*runs_under(runs), *runs_under(SHIPPED)]
    return [(str(folder), f"{title_of(folder)}{' (comes along)' if folder == SHIPPED else ''}") for folder in folders]


@lru_cache(maxsize=2)
def network_of(folder: str) -> Trained:
    """The network of a run, loaded once per worker."""
    return load_warm(folder)


def card_of(folder: str) -> dict:
    """{"card": the model card as Markdown, "classes", "chance"} of a run: its own card, or what its result records.

    Raises RunError as trained.load does.

    Checked: tests/test_page_recognizes.py
    """
    network = network_of(folder)
    path = Path(folder) / CARD
    if path.is_file():
        card = re.sub(r"<!--.*?-->\n", "", read_regular_text(path))  # marks of tables
    else:
        shown = {
            k: network.result.get(k)
            for k in ("system", "corpus", "variant", "protocol", "seed", "fold", "accuracy", "uar")
        }
        lines = [f"{name}: {value}" for name, value in shown.items() if value is not None]
        note = [SYNTHETIC] if network.result["corpus"] == "synthetic" else []
        config = json.dumps(network.result["config"], indent=1)
        card = "\n".join([*note, *lines, "", config])
    return {"card": card, "classes": network.classes, "chance": 1 / len(network.classes)}


def probabilities_of(folder: str, path: str) -> dict:
    """The probabilities alone, for a recording that still goes on."""
    network = network_of(folder)
    found = recognize(network, path)
    return {"classes": found.classes, "probabilities": found.probabilities, "emotion": found.emotion}


def answer_file(folder: str, path: str) -> dict:
    """The whole answer to one recording, and a picture of what the network saw.

    Raises AudioError or RunError, one line, as the recogniser's command does.

    Checked: tests/test_page_recognizes.py
    """
    network = network_of(folder)
    found = recognize(network, path)
    return {
        "classes": found.classes,
        "probabilities": found.probabilities,
        "emotion": found.emotion,
        "verdict": verdict(network, found),
        "steps": _steps(found),
        "png": _picture(network, found),
    }


def _steps(found: Answer) -> str:
    recording, seconds = found.recording, found.seconds
    steps = "; ".join(found.steps) or "nothing changed"
    times = f"features {seconds['features'] * 1e3:.1f} ms, network {seconds['network'] * 1e3:.1f} ms"
    channels = "1 channel" if recording.channels == 1 else f"{recording.channels} channels"
    return f"{recording.seconds:.2f} s at {recording.sample_rate} Hz, {channels}; {steps}; {times}"


def _picture(network: Trained, found: Answer) -> bytes:
    """The view's own drawing of the network's input, as the window shows it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots()
    title = network.view.draw(axes, found.inputs, found.example_probabilities, found.classes, found.signal_s)
    axes.set_title(title, size=9, loc="left")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def answer_files(folder: str, paths: list[str]) -> Iterator[dict]:
    """A dict per recording ("file" and core.as_json's, or "error"), then {"summary", "lines", "classes"}.

    An archive stands for the recordings in it.

    Raises ArchiveError, one line.

    Checked: tests/test_page_recognizes.py
    """
    network, items, files = network_of(folder), [], []
    for path in map(Path, paths):
        files += unpack(path) if path.suffix.lower() == ".zip" else [path]
    yield {"count": len(files)}
    for item in batch.answer_files(network, files):
        item["file"] = Path(item["file"]).name
        items.append(item)
        yield item
    summary = batch.summarize(network, items)
    yield {"summary": summary, "lines": batch.summary_lines(summary), "classes": network.classes}


def unpack(path: Path) -> list[Path]:
    """The recordings of a ZIP archive, written beside it, in name order.

    Refused with an ArchiveError: what is no archive, an encrypted one, names that leave the folder, links, too many
    members, too much in all, and a member that grows more than MAX_RATIO times, as bombs do. Nothing is written before
    all that the archive declares is checked.

    Checked: tests/test_page_recognizes.py
    """
    name = printable(path.name)
    target = path.with_name("unpacked")
    target.mkdir(mode=0o700)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [
                one for one in _checked(archive, name) if PurePosixPath(one.filename).suffix.lower() in batch.SUFFIXES
            ]
            if not members:
                raise ArchiveError(f"{name}: no recordings; files ending in {' '.join(batch.SUFFIXES)} are expected")
            written = []
            for number, one in enumerate(sorted(members, key=lambda member: member.filename)):
                file = target / str(number) / safe_path(one.filename)
                file.parent.mkdir(mode=0o700, parents=True)
                _extract(archive, one, file)
                written.append(file)
            return written
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        shutil.rmtree(target, ignore_errors=True)
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(f"{name}: not a ZIP archive that can be read ({shorten(str(error) or 'damaged')})") from None


def _checked(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The members that are files, if all of what the archive declares is acceptable."""
    members = [one for one in archive.infolist() if not one.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise ArchiveError(f"{name}: {len(members)} files; at most {MAX_MEMBERS} are taken")
    total = sum(one.file_size for one in members)
    if total > MAX_UNPACKED:
        raise ArchiveError(f"{name}: {total / 2**20:.0f} MB unpacked; at most {MAX_UNPACKED // 2**20} MB are taken")
    for one in members:
        inside = f"{name}: {shorten(printable(one.filename))}"
        if PurePosixPath(one.filename).is_absolute() or ".." in PurePosixPath(one.filename).parts:
            raise ArchiveError(f"{inside} leaves the archive's folder")
        if stat.S_ISLNK(one.external_attr >> 16):
            raise ArchiveError(f"{inside} is a link")
        if one.flag_bits & 1:
            raise ArchiveError(f"{inside} is encrypted")
        if one.file_size > MAX_RATIO * max(one.compress_size, 1) + CHUNK:
            raise ArchiveError(f"{inside} grows more than {MAX_RATIO} times when it is unpacked")
    return members


def _extract(archive: zipfile.ZipFile, one: zipfile.ZipInfo, file: Path) -> None:
    """Writes one member; zipfile gives no more than the member declares, and refuses what does not fit its checksum."""
    with archive.open(one) as source, open(file, "xb") as to:
        shutil.copyfileobj(source, to, CHUNK)
