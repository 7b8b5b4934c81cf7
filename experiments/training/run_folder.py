"""What each paper's command does around its method: devices, finished runs, stored scores, errors in one line."""

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
from experiments.training.scheduling import run_scheduled

TRAINING_CONTENT = "training_content.json"
CROSS = ("emodb to ravdess", "ravdess to emodb")  # two corpora as one: what is trained on, what is tested on
# Runs on other corpora stay in the run folder.
STORED_CORPORA = ("casia", "casia_author_images", "emodb", "ravdess", "iemocap", *CROSS)


def run_cli(run: Callable[[argparse.Namespace], None], options: argparse.Namespace) -> int:
    """Runs an experiment. Errors that the user can fix become one line on standard error and an exit status.

    0 done, 1 a run failed on the scheduler, 2 bad input or output, 130 interrupted. The output folder is checked before
    the work starts. With --scheduler, the runs are trained elsewhere.

    Checked: tests/test_experiment_refuses_bad_input.py, tests/test_trainings_run_anywhere.py
    """

    def task() -> object:
        check_output_folder(options.out)
        return run_scheduled(run, options) if vars(options).get("scheduler") else run(options)

    line = "interrupted; the same command with --resume continues after the last finished epoch"
    return exit_status(task, target=options.out, on_interrupt=line)


def resolve_device(name: str) -> str:
    """ "cpu" or "cuda" for "auto", "cpu" or "cuda". Raises ValueError for another name or a missing GPU."""
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device {name!r}: auto, cpu or cuda is expected")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device 'cuda': PyTorch finds no GPU that it can use")
    return "cuda" if name != "cpu" and torch.cuda.is_available() else "cpu"


def describe_device(device: str, precision: str = "float32") -> str:
    """The device of a run in words, for its result; `precision` is that of the convolutions in training."""
    where = torch.cuda.get_device_name() if device == "cuda" else f"cpu, {torch.get_num_threads()} threads"
    return where if precision == "float32" else f"{where}, convolutions trained in {precision}"


def training_content(content: np.ndarray, split: Split, kind: str = "samples") -> dict:
    """The hashes of a run's training and validation files. Later they show which recordings the network knows.

    Parameters
    ----------
    content : (n,) strings, one hash per file (leakage.digests)
    kind : what was hashed: "samples" of the recording as one channel, or "images"

    Checked: tests/test_recogniser_core.py
    """
    parts = {"training": split.train, "validation": split.validation}
    return {"kind": kind} | {name: sorted(set(map(str, content[files]))) for name, files in parts.items()}


def finished_run(folder: Path, config: dict) -> dict | None:
    """The result of an earlier run with the same config in `folder`, or None."""
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
    """Scores a finished run, draws its figures, stores it and prints it.

    Parameters
    ----------
    folder : receives figures, network.pt, training_content.json and, last, result.json
    results_file : the results file for runs on real corpora
    test : indices of the test examples;  predicted : (n_test,) int
    facts : facts about the run: system, variant, corpus, protocol, seed, fold, audit, config, ...
    draw : function(folder, corpus, result, history, title) that draws the figures in the paper's style

    Returns
    -------
    result : the run as stored
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
    """Scores and stores a run without a network: another epoch of a run that has one. Parameters as in keep_run."""
    result = scored_run(corpus, test, predicted, history, facts)
    if corpus.name in STORED_CORPORA:
        record(results_file, result)
    return result


def scored_run(corpus: Corpus, test: np.ndarray, predicted: np.ndarray, history: History, facts: dict) -> dict:
    """The run as stored: scores, facts, course of training, provenance."""
    per_epoch = len(history.loss) // len(history.seconds)
    facts = {name: fact for name, fact in facts.items() if name != "training_content"}  # it has its own file
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
    """One value per epoch: the means over its batches, the validation set, and the test set if it was watched.

    A run without validation files watches its test set instead, and selects nothing by it.
    """
    n_epochs = len(history.seconds)
    watched = "validation" if facts.get("audit", {}).get("validation", 1) else "test"
    values = {
        "training_loss": np.reshape(history.loss, (n_epochs, -1)).mean(1),
        "training_accuracy": np.reshape(history.accuracy, (n_epochs, -1)).mean(1),
        f"{watched}_loss": history.validation_loss,
        f"{watched}_accuracy": history.validation_accuracy,
    }
    if history.watched:
        values["test_accuracy"] = (np.array(history.watched) == true).mean(1)
    return {name: [round(float(value), 4) for value in curve] for name, curve in values.items() if len(curve)}
