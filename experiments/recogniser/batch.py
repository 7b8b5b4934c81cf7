"""A folder of recordings: every file is answered or refused, and scored if its name states an emotion."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from dsp import AudioError
from dsp.files.naming import printable
from dsp.files.writing import write_text_atomically
from experiments.common.paths import RUNS
from experiments.evaluation.metrics import scores
from experiments.figures.keras import confusion_heatmap
from experiments.recogniser.core import as_json, recognize
from experiments.recogniser.trained import Trained

SUFFIXES = (".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".w64", ".wav")
UNREADABLE_SUFFIXES = (".3gp", ".aac", ".amr", ".m4a", ".mp4", ".webm", ".wma")  # listed, so that each is refused


def find_recordings(folder) -> list[Path]:
    """The audio files in a folder and below it, by their suffix, in name order.

    Files in formats that are not read (UNREADABLE_SUFFIXES) are among them: they are refused by name later instead
    of being passed over in silence.

    Raises AudioError, one line, if there is no such folder or no such file.

    Checked: tests/test_recogniser_core.py
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise AudioError(f"{printable(folder)}: no such folder; a folder of recordings is expected")
    suffixes = SUFFIXES + UNREADABLE_SUFFIXES
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes and not path.is_dir())
    if not paths:
        raise AudioError(f"{printable(folder)}: no recordings; files ending in {' '.join(SUFFIXES)} are expected")
    return paths


def answer_files(trained: Trained, paths: Iterable[Path]) -> Iterator[dict]:
    """One JSON object per file, in order: core.as_json's, or {"file", "error"} for a file that is refused.

    Checked: tests/test_recogniser_core.py
    """
    for path in paths:
        try:
            yield as_json(trained, recognize(trained, path))
        except AudioError as error:
            yield {"file": printable(path), "error": str(error)}


def summarize(trained: Trained, objects: list[dict]) -> dict:
    """Counts, the chance level, and the scores (experiments.evaluation.metrics) of the files that have a label.

    caution : why the accuracy is not one on unseen recordings, or None

    Checked: tests/test_recogniser_core.py
    """
    answered = [item for item in objects if "error" not in item]
    labeled = [item for item in answered if item["label"] is not None]
    summary = {"files": len(objects), "answered": len(answered), "refused": len(objects) - len(answered)}
    summary |= {"labeled": len(labeled), "chance": 1 / len(trained.classes), "caution": None}
    if not labeled:
        return summary
    index = {name: i for i, name in enumerate(trained.classes)}
    true, predicted = ([index[item[key]] for item in labeled] for key in ("label", "emotion"))
    summary |= scores(true, predicted, trained.classes)
    n_known = sum(item["trained_on"] is True for item in labeled)
    if n_known:
        summary["caution"] = f"the network was trained or selected on {n_known} of these {len(labeled)} recordings"
    elif any(item["trained_on"] is None for item in labeled):
        corpus = trained.result["corpus"]
        summary["caution"] = f"this run on {corpus} does not record its training files, which may include some of these"
    return summary


def summary_lines(summary: dict) -> list[str]:
    """The summary for people."""
    lines = [f"{summary['answered']} of {summary['files']} files answered, {summary['refused']} refused"]
    if not summary["labeled"]:
        return [*lines, "no file's name states one of this network's emotions: nothing to score"]
    rates = f"accuracy (WA) {summary['accuracy']:.1%}, UAR {summary['uar']:.1%}, chance {summary['chance']:.1%}"
    lines.append(f"{summary['labeled']} files with a label: {rates}")
    return [*lines, f"caution: {summary['caution']}"] if summary["caution"] else lines


def write(out, trained: Trained, objects: list[dict]) -> tuple[dict, list[Path]]:
    """Writes OUT/batch.json, and OUT/confusion.png if there is something to score.

    Returns
    -------
    summary : summarize(trained, objects);  paths : the files written

    Checked: tests/test_recogniser_core.py
    """
    out, summary = Path(out), summarize(trained, objects)
    paths, figure = [out / "batch.json"], out / "confusion.png"
    if summary["labeled"]:
        title = f"{trained.result['system']} on {summary['labeled']} files, accuracy {summary['accuracy']:.1%}"
        confusion_heatmap(figure, summary["confusion"], trained.classes, title, percent=False)
        paths.append(figure)
    else:
        figure.unlink(missing_ok=True)  # an earlier batch's
    write_json(paths[0], {"run": printable(trained.folder), "summary": summary, "files": objects})
    return summary, paths


def write_json(path, content) -> None:
    """Writes `content` as a JSON file that is there whole or not at all."""
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    write_text_atomically(path, text)


def default_out(folder, runs=RUNS) -> Path:
    """Where the results of a folder go without --out."""
    return Path(runs) / "recogniser" / (printable(Path(folder).resolve().name) or "root")
