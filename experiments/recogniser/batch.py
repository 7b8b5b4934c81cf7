"""A folder of recordings: every file answered or refused, and, where names tell emotions, scored."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from dsp import AudioError
from dsp.files.naming import printable
from dsp.files.writing import write_text_atomically
from experiments.evaluation.metrics import scores
from experiments.figures.keras import confusion_heatmap
from experiments.recogniser.core import as_json, recognise
from experiments.recogniser.trained import RUNS, Trained

SUFFIXES = (".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".w64", ".wav")


def recordings_in(folder) -> list[Path]:
    """The sound files in a folder and below it, by their suffix, in name order.

    Raises AudioError, one line, if there is no such folder or no such file.

    Checked: tests/test_recogniser_core.py
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise AudioError(f"{folder}: no such folder; one with recordings is expected")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise AudioError(f"{folder}: no recordings; files ending in {' '.join(SUFFIXES)} are expected")
    return found


def answers(trained: Trained, paths: Iterable[Path]) -> Iterator[dict]:
    """A JSON object for every file, in their order: core.as_json's, or {"file", "error"} of one that is refused.

    Checked: tests/test_recogniser_core.py
    """
    for path in paths:
        try:
            yield as_json(trained, recognise(trained, path))
        except AudioError as error:
            yield {"file": printable(path), "error": str(error)}


def summary(trained: Trained, objects: list[dict]) -> dict:
    """Counts, and of the files whose names tell a class of the run the scores of experiments.evaluation.metrics.

    caution: what the accuracy must not be taken for.

    Checked: tests/test_recogniser_core.py
    """
    answered = [item for item in objects if "error" not in item]
    labelled = [item for item in answered if item["label"] is not None]
    found = {"files": len(objects), "answered": len(answered), "refused": len(objects) - len(answered)}
    found |= {"labelled": len(labelled), "caution": None}
    if not labelled:
        return found
    place = {name: i for i, name in enumerate(trained.classes)}
    true, predicted = ([place[item[key]] for item in labelled] for key in ("label", "emotion"))
    found |= scores(true, predicted, trained.classes)
    n_known = sum(item["maybe_trained_on"] for item in labelled)
    if n_known:
        corpus = trained.result["corpus"]
        found["caution"] = f"{n_known} of these files may be of {corpus}, on part of which this network was trained"
    return found


def summary_lines(found: dict) -> list[str]:
    """The summary for people."""
    lines = [f"{found['answered']} of {found['files']} files answered, {found['refused']} refused"]
    if not found["labelled"]:
        return [*lines, "no file's name tells a class of this run: nothing to score"]
    rates = f"accuracy (WA) {found['accuracy']:.1%}, UAR {found['uar']:.1%} of the classes that occur"
    lines.append(f"{found['labelled']} with a label: {rates}")
    return [*lines, f"caution: {found['caution']}"] if found["caution"] else lines


def write(out, trained: Trained, objects: list[dict]) -> tuple[dict, Path | None]:
    """OUT/batch.json, and OUT/confusion.png if there is something to score.

    Returns
    -------
    found : summary(trained, objects);  figure : the path of the PNG, or None

    Checked: tests/test_recogniser_core.py
    """
    out, found, figure = Path(out), summary(trained, objects), None
    if found["labelled"]:
        figure = out / "confusion.png"
        title = f"{trained.result['system']} on {found['labelled']} files, accuracy {found['accuracy']:.1%}"
        confusion_heatmap(figure, found["confusion"], trained.classes, title, percent=False)
    else:
        (out / "confusion.png").unlink(missing_ok=True)  # an earlier batch's
    write_json(out / "batch.json", {"run": printable(trained.folder), "summary": found, "files": objects})
    return found, figure


def write_json(path, content) -> None:
    """`content` as a JSON file that is there whole or not at all."""
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    write_text_atomically(path, text)


def default_out(folder, runs=RUNS) -> Path:
    """Where a folder's batch is written if nothing else is said."""
    return Path(runs) / "recogniser" / (Path(folder).resolve().name or "root")
