"""What every paper's command does around its method: devices, finished runs, scores into files, errors in a line."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from dsp.files.commands import check_output_folder, exit_status
from dsp.files.reading import read_regular_text
from dsp.files.writing import write_atomically, write_text_atomically
from experiments.common.provenance import provenance
from experiments.data.corpora import Corpus
from experiments.data.splits import Split
from experiments.evaluation.metrics import averages, report_lines, scores
from experiments.evaluation.results import record
from experiments.training.loop import History

TRAINING_CONTENT = "training_content.json"
STORED_CORPORA = ("casia", "casia_author_images", "emodb", "ravdess", "iemocap")  # others stay in the run's folder


def run_cli(run: Callable[[argparse.Namespace], None], options: argparse.Namespace) -> int:
    """Runs an experiment; what the user can mend becomes one line on standard error and an exit status.

    0 done, 2 bad input or output, 130 interrupted. The folder for the outputs is tried before the work.

    Checked: tests/test_experiment_refuses_bad_input.py
    """

    def task() -> None:
        check_output_folder(options.out)
        run(options)

    line = "interrupted; the same command with --resume continues after the last finished epoch"
    return exit_status(task, target=options.out, on_interrupt=line)


def resolve_device(name: str) -> str:
    """ "cpu" or "cuda" for "auto", "cpu" or "cuda". ValueError for another name, or a GPU that is not there."""
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device {name!r}: auto, cpu or cuda is expected")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device 'cuda': there is no GPU that PyTorch can use")
    return "cuda" if name != "cpu" and torch.cuda.is_available() else "cpu"


def describe_device(device: str, precision: str = "float32") -> str:
    """What a run was trained on, for its result; precision : of the convolutions in training."""
    where = torch.cuda.get_device_name() if device == "cuda" else f"cpu, {torch.get_num_threads()} threads"
    return where if precision == "float32" else f"{where}, convolutions trained in {precision}"


def training_content(content: np.ndarray, split: Split, kind: str = "samples") -> dict:
    """The hashes of the files that a run trains on and chooses its epoch on; later they show what the network knows.

    Parameters
    ----------
    content : (n,) strings, one hash per file (leakage.digests)
    kind : what was hashed: "samples" of the recording in one channel, or "images" made of it

    Checked: tests/test_recogniser_core.py
    """
    parts = {"training": split.train, "validation": split.validation}
    return {"kind": kind} | {name: sorted(set(map(str, content[files]))) for name, files in parts.items()}


def finished_run(folder: Path, config: dict) -> dict | None:
    """The result in `folder` of an earlier run with an equal config, if there is one."""
    try:
        result = json.loads(read_regular_text(folder / "result.json"))
    except (OSError, ValueError):
        return None
    return result if result.get("config") == json.loads(json.dumps(config)) else None


def keep_run(
    folder: Path,
    results_file: Path,
    corpus: Corpus,
    test: np.ndarray,
    predicted: np.ndarray,
    net: torch.nn.Module,
    history: History,
    facts: dict,
    draw: Callable[[Path, Corpus, dict, History, str], None],
) -> dict:
    """Scores a finished run, draws it, stores it and prints it.

    Parameters
    ----------
    folder : gets figures, network.pt, training_content.json and, last of all, result.json
    results_file : where runs on real corpora are recorded
    test : indices of the test examples;  predicted : (n_test,) int
    facts : what the experiment knows of the run: system, variant, corpus, protocol, seed, fold, audit, config, ...
    draw : the figures as the paper has them: folder, corpus, result, history, title

    Returns
    -------
    result : the run as it is recorded
    """
    result = scored_run(corpus, test, predicted, history, facts)
    if "training_content" in facts:
        write_text_atomically(folder / TRAINING_CONTENT, json.dumps(facts["training_content"], indent=1))
    title = f"{result['system']}, {corpus.name}, {result['variant']} variant, {folder.name}"
    draw(folder, corpus, result, history, title)
    write_atomically(folder / "network.pt", lambda path: torch.save(net.state_dict(), path))
    if corpus.name in STORED_CORPORA:
        record(results_file, result)
    text = json.dumps(result, indent=1)
    write_text_atomically(folder / "result.json", text)
    print("\n".join(report_lines(result, corpus.classes)))
    print(f"loss {result['loss_first']:.2f} -> {result['loss_last_epoch']:.2f}; figures and network in {folder}")
    return result


def store_run(
    results_file: Path,
    corpus: Corpus,
    test: np.ndarray,
    predicted: np.ndarray,
    history: History,
    facts: dict,
) -> dict:
    """Scores and stores a run of which no network is kept: another epoch of one that is. Parameters as keep_run's."""
    result = scored_run(corpus, test, predicted, history, facts)
    if corpus.name in STORED_CORPORA:
        record(results_file, result)
    return result


def scored_run(corpus: Corpus, test: np.ndarray, predicted: np.ndarray, history: History, facts: dict) -> dict:
    """The run as it is recorded: its scores, its facts, how it was trained and on what."""
    per_epoch = len(history.loss) // len(history.seconds)
    facts = {name: fact for name, fact in facts.items() if name != "training_content"}  # it has a file of its own
    result = scores(corpus.labels[test], predicted, corpus.classes)
    result |= {"averages": averages(result), **facts}
    result |= {
        "loss_first": round(float(np.mean(history.loss[:10])), 4),
        "loss_last_epoch": round(float(np.mean(history.loss[-per_epoch:])), 4),
        "training_accuracy_last_epoch": round(float(np.mean(history.accuracy[-per_epoch:])), 4),
        "epochs": len(history.seconds),
        "kept_epoch": history.kept_epoch,
        "seconds": round(sum(history.seconds), 1),
        "cpu_seconds": round(sum(history.cpu_seconds), 1),
        "history": curves(history, corpus.labels[test], facts),
        **provenance(),
    }
    if history.validation_accuracy:
        result["best_epoch_accuracy"] = round(max(history.validation_accuracy), 4)
    return result


def curves(history: History, true: np.ndarray, facts: dict) -> dict[str, list[float]]:
    """One value for every epoch: the means over its batches, validation, and the test set where it was watched.

    A run without validation files watches its test set in their place, and selects nothing.
    """
    n_epochs = len(history.seconds)
    watched = "validation" if facts.get("audit", {}).get("validation", 1) else "test"
    found = {
        "training_loss": np.reshape(history.loss, (n_epochs, -1)).mean(1),
        "training_accuracy": np.reshape(history.accuracy, (n_epochs, -1)).mean(1),
        f"{watched}_loss": history.validation_loss,
        f"{watched}_accuracy": history.validation_accuracy,
    }
    if history.watched:
        found["test_accuracy"] = (np.array(history.watched) == true).mean(1)
    return {name: [round(float(value), 4) for value in values] for name, values in found.items() if len(values)}
