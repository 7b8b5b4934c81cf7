"""Results: one file per paper is their only home; every table is made from it.

experiments/results/<paper>.jsonl has a line of JSON for every run: {"paper", "system", "variant", "corpus", "protocol",
"seed", "fold", "n_test", "accuracy", "uar", "per_class", "confusion", "audit", "config", "commit", "versions",
"device", "seconds", ...}. Runs on the synthetic corpus are never stored there.

experiments/results/other_precision/ holds some of the same runs once more, trained in the other precision, for the
table that compares the two: an experiment's --precision and --out DIR, and DIR/<paper>.jsonl copied there.
"""

import json
import math
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from dsp.files.naming import FileError, file_error_line, printable
from dsp.files.reading import read_regular_file
from experiments.common.locks import exclusive_lock
from experiments.common.paths import RESULTS
from experiments.evaluation.metrics import grouped_scores, mean_interval
from experiments.evaluation.stored_run import check_run

TRAINED = 0.9  # accuracy on its own training files; a network below it is marked as not trained
PRECISION_PAIRS = RESULTS / "other_precision"
ROW = ("system", "variant", "corpus", "protocol")  # what runs that differ in seed or fold only have in common
SIDE_BY_SIDE = ("as-published", "honest", "speaker")  # protocols that have a column of their own in tables
IDENTITY = (*ROW, "seed", "fold")  # of two equal runs the later one counts
DURATIONS = ("seconds", "cpu_seconds")  # the only facts that differ when the same run is trained twice


class ResultsError(FileError):
    """A results file that cannot be read. One line: the file, then the reason."""


def row_of(run: dict) -> tuple[str, ...]:
    """The row of a run, or of a line of the table: system, variant, corpus, protocol."""
    return tuple(run[name] for name in ROW)


def record(path: Path, run: dict) -> None:
    """Appends `run` to a results file as one line of JSON; of two runs of the same identity the later line counts.

    A run that is there already, equal in everything but its durations, is not appended again: it was interrupted
    after it was stored, and resumed. The line is written in one call while no other process writes, so a killed
    process leaves whole lines before it.

    path : experiments/results/<paper>.jsonl; its stem is stored as the run's "paper"

    Raises OSError if the file cannot be written.

    Checked: tests/test_results_have_one_home.py
    """
    line = json.dumps({"paper": path.stem, **run}, ensure_ascii=False) + "\n"
    with exclusive_lock(path.parent), open(path, "ab+") as file:
        if file.tell():
            file.seek(0)
            if _is_last_of_its_identity(file.read().splitlines(), json.loads(line)):
                return
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # what a full disk or a killed process cut off stays a line of its own
                line = "\n" + line
        file.write(line.encode())


def _is_last_of_its_identity(lines: list[bytes], run: dict) -> bool:
    """Whether the last stored line with the run's identity is the run itself, apart from its durations."""
    for line in reversed(lines):
        try:
            stored = json.loads(line)
            if all(stored.get(name) == run.get(name) for name in IDENTITY):
                return stored | {name: run.get(name) for name in DURATIONS} == run | {n: run.get(n) for n in DURATIONS}
        except (ValueError, AttributeError, RecursionError):
            continue
    return False


def read(path: Path) -> tuple[list[dict], list[str]]:
    """(runs, problems) of a results file; a missing file has no runs.

    runs : sorted by identity, each once
    problems : a line for each damaged one, "file:number: reason"; the others are read all the same

    Raises ResultsError if the file cannot be read at all.

    Checked: tests/test_results_have_one_home.py
    """
    if not path.exists():
        return [], []
    try:
        lines = read_regular_file(path).splitlines()
    except OSError as error:
        raise ResultsError(file_error_line(error, path)) from None
    runs, problems, classes = {}, [], {}
    for number, line in enumerate(lines, start=1):
        try:
            run = json.loads(line)
            check_run(run)
            if classes.setdefault(row_of(run), list(run["per_class"])) != list(run["per_class"]):
                raise ValueError("its classes are not those of the earlier runs of its row")
        except (ValueError, RecursionError) as error:
            problems.append(f"{printable(path)}:{number}: not a stored run ({error})")
            continue
        runs[tuple(str(run.get(name)) for name in IDENTITY)] = run
    return [runs[key] for key in sorted(runs)], problems


def load(path: Path) -> list[dict]:
    """The runs of a results file; ResultsError with the first damaged line, if there is one."""
    runs, problems = read(path)
    if problems:
        raise ResultsError(problems[0])
    return runs


def by_row(runs: list[dict]) -> dict[tuple, list[dict]]:
    """Runs that differ in seed or fold only, together: {(system, variant, corpus, protocol): runs}."""
    rows = pd.DataFrame([row_of(run) for run in runs], columns=list(ROW))
    return {key: [runs[i] for i in places] for key, places in rows.groupby(list(ROW), sort=False).indices.items()}


def pooled_accuracy(runs: list[dict]) -> float:
    """The share of right answers of all runs together."""
    return sum(run["accuracy"] * run["n_test"] for run in runs) / sum(run["n_test"] for run in runs)


def summarize(runs: list[dict]) -> dict[tuple, dict]:
    """Runs that differ in seed or fold only, averaged: {(system, variant, corpus, protocol): summary}."""
    return {
        key: {
            "n_runs": len(group),
            "n_seeds": len({run["seed"] for run in group}),
            "n_test": [run["n_test"] for run in group],
            **scores_of(group),
            "recall": {
                name: sum(run["per_class"][name]["recall"] for run in group) / len(group)
                for name in group[0]["per_class"]
            },
            "shortened": [*sorted({run["shortened"] for run in group if run.get("shortened")}), *_folds_missing(group)],
            "lookup_table": sum(run["audit"]["lookup_table"] for run in group) / len(group),
            "best_epoch": _best_epoch_on_test(group),
            "trains_to": _trains_to(group),
        }
        for key, group in by_row(runs).items()
    }


def scores_of(runs: list[dict]) -> dict[str, tuple[float, float]]:
    """{"accuracy", "uar"}: mean and half-width of the interval over runs that differ in seed or fold only.

    Where speakers were left out, all answers are taken together, and the speakers are what is independent: folds of
    several seeds test the same ones again and again.

    Checked: tests/test_results_have_one_home.py
    """
    if runs[0]["protocol"] == "speaker":
        found = grouped_scores(_by_speaker(runs))
    else:
        found = {name: mean_interval([run[name] for run in runs]) for name in ("accuracy", "uar")}
    return {name: within_bounds(*score) for name, score in found.items()}


def within_bounds(mean: float, half_width: float) -> tuple[float, float]:
    """No interval (nan) where it would reach beyond 0 .. 1, as it does for few runs that differ much.

    Checked: tests/test_results_have_one_home.py
    """
    return mean, half_width if 0 <= mean - half_width and mean + half_width <= 1 else math.nan


def _by_speaker(runs: list[dict]) -> list[np.ndarray]:
    """A confusion matrix for every speaker; in results without answers a fold is one speaker."""
    n_classes = len(runs[0]["per_class"])
    of = defaultdict(lambda: np.zeros((n_classes, n_classes), int))
    for run in runs:
        if "answers" not in run:
            of[run["fold"]] += np.asarray(run["confusion"])
            continue
        columns = (run["answers"][name].split() for name in ("speakers", "true", "predicted"))
        for speaker, true, predicted in zip(*columns, strict=True):
            of[speaker][int(true), int(predicted)] += 1
    return [of[speaker] for speaker in sorted(of, key=str)]


def _folds_missing(group: list[dict]) -> list[str]:
    """'folds that test 300 of 1440 files' where folds are not all there: together they test every file once."""
    seeds = {run["seed"] for run in group}
    tested = sum(run["n_test"] for run in group) // len(seeds)
    n_files = sum(group[0]["audit"].get(side, 0) for side in ("train", "validation", "test"))
    missing = group[0]["fold"] is not None and tested < n_files
    return [f"folds that test {tested} of {n_files} files"] if missing else []


def _trains_to(group: list[dict]) -> float | None:
    """Mean accuracy of networks on their own training files; None for a classifier that is no network.

    Runs made before this was measured tell the accuracy of the last epoch's batches instead.
    """
    names = ("training_accuracy", "training_accuracy_last_epoch")
    values = [next((run[name] for name in names if name in run), None) for run in group if "epochs" in run]
    return sum(values) / len(values) if values and None not in values else None


def _best_epoch_on_test(group: list[dict]) -> tuple[float, float] | None:
    """The accuracy of the epoch that is best on the very test set, where every run watched it; nothing is chosen so."""
    best = [best_on_test(run) for run in group]
    return mean_interval(best) if None not in best else None


def best_on_test(run: dict) -> float | None:
    """The accuracy of the epoch that is best on the test files themselves; None if the run did not watch them."""
    curve = run.get("history", {}).get("test_accuracy")
    if curve:
        return max(curve)
    return run["best_epoch_accuracy"] if "best_epoch_accuracy" in run and run["audit"]["validation"] == 0 else None


def percent(mean_and_interval: tuple[float, float]) -> str:
    """'77.9 +- 2.1' in percent; no interval for a single run."""
    mean, half_width = mean_and_interval
    return f"{100 * mean:.1f}" if half_width != half_width else f"{100 * mean:.1f} ± {100 * half_width:.1f}"


def not_run(row: dict) -> str:
    """'not run', with the reason where the row gives one."""
    return f"not run: {row['not_run_reason']}" if row.get("not_run_reason") else "not run"


def describe_runs(found: dict) -> str:
    """'4 of one seed', '1, at most 20 of 150 epochs': how many runs, and what they lack; three seeds are wanted.

    A network below 90 % on its own training files is marked: '3, trains to 40.0 %'.
    """
    seeds = {1: " of one seed", 2: " of two seeds"}.get(found["n_seeds"], "")
    has_folds = found["n_runs"] > found["n_seeds"]
    untrained = found["trains_to"] is not None and found["trains_to"] < TRAINED
    marks = [f"trains to {100 * found['trains_to']:.1f} %"] if untrained else []
    return ", ".join([f"{found['n_runs']}{seeds if has_folds else ''}", *found["shortened"], *marks])
