"""Results: one JSON file per paper is their only home; every table is made from it.

    python -m experiments.results            rewrites the tables between the marks in README.md
    python -m experiments.results --check    only says whether they are up to date

experiments/results/<paper>.json = {"paper", "classes", "published", "rows": the lines of the table, run or
not, "runs": [{"system", "recipe", "corpus", "protocol", "seed", "fold", "n_test", "accuracy", "uar",
"per_class", "confusion", "audit", "config", "commit", "versions", "device", "seconds", ...}]}.
Runs on the synthetic corpus are never stored there.

experiments/results/other_precision/ holds some of the same runs once more, trained in the other precision, for the
table that compares the two: an experiment's --precision and --out DIR, and DIR/<paper>.json copied there.
"""

import argparse
import fcntl
import json
import os
import sys
from collections import defaultdict
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import numpy as np

from experiments import timing
from experiments.comparisons import ROW, comparisons_table, precision_table
from experiments.markdown import table
from experiments.metrics import grouped_scores, mean_interval, share_interval
from spectrogram_images.files import write_text_atomically

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(__file__).with_name("results")
TWINS = HOME / "other_precision"
IDENTITY = (*ROW, "seed", "fold")  # of two equal runs the later one counts


class ResultsError(ValueError):
    """A results file that cannot be read. One line: the file, then the reason."""


def record(path, paper: dict, run: dict) -> None:
    """Puts `run` into the results file `path`, in place of an earlier run of the same identity.

    paper : {"paper", "classes", "published", "rows"}, written at the head of the file

    Raises ResultsError if the file is there and is not a results file; it is left as it is.

    Checked: tests/test_results_have_one_home.py
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path.parent):
        runs = load(path)["runs"] if path.exists() else []
        runs = [known for known in runs if any(known.get(key) != run.get(key) for key in IDENTITY)]
        runs = sorted([*runs, run], key=lambda known: [str(known.get(key)) for key in IDENTITY])
        text = json.dumps({**paper, "runs": runs}, indent=1, ensure_ascii=False) + "\n"
        write_text_atomically(path, text)


@contextmanager
def _alone(folder: Path):
    """One process at a time: experiments that run side by side record into the same file."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def load(path) -> dict:
    """A results file as a dict with "runs"; ResultsError if it is damaged."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        content["runs"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{path}: not a results file ({error})") from None
    return content


def summarize(runs: list[dict]) -> dict[tuple, dict]:
    """Runs that differ in seed or fold only, averaged: {(system, recipe, corpus, protocol): summary}."""
    groups: dict[tuple, list[dict]] = {}
    for run in runs:
        groups.setdefault(tuple(run[name] for name in ROW), []).append(run)
    return {
        key: {
            "n_runs": len(group),
            "n_test": [run["n_test"] for run in group],
            **scores_of(group),
            "recall": {
                name: sum(run["per_class"][name]["recall"] for run in group) / len(group)
                for name in group[0]["per_class"]
            },
            "shortened": [*sorted({run["shortened"] for run in group if run.get("shortened")}), *_folds_missing(group)],
            "lookup_table": sum(run["audit"]["lookup_table"] for run in group) / len(group),
            "best_epoch": _best_epoch_on_test(group),
        }
        for key, group in groups.items()
    }


def scores_of(runs: list[dict]) -> dict[str, tuple[float, float]]:
    """{"accuracy", "uar"}: mean and half-width of the interval over runs that differ in seed or fold only.

    Where speakers were left out, all answers are taken together, and the speakers are what is independent: folds of
    several seeds test the same ones again and again.

    Checked: tests/test_results_have_one_home.py
    """
    if runs[0]["protocol"] == "speaker":
        return grouped_scores(_by_speaker(runs))
    return {name: mean_interval([run[name] for run in runs]) for name in ("accuracy", "uar")}


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
    return [of[speaker] for speaker in sorted(of)]


def _folds_missing(group: list[dict]) -> list[str]:
    """'folds that test 300 of 1440 files' where folds are not all there: together they test every file once."""
    seeds = {run["seed"] for run in group}
    tested = sum(run["n_test"] for run in group) // len(seeds)
    n_files = sum(group[0]["audit"].get(side, 0) for side in ("train", "validation", "test"))
    missing = group[0]["fold"] is not None and tested < n_files
    return [f"folds that test {tested} of {n_files} files"] if missing else []


def _best_epoch_on_test(group: list[dict]) -> tuple[float, float] | None:
    """The accuracy of the epoch that is best on the very test set, where every run watched it; nothing is chosen so."""
    if all("best_epoch_accuracy" in run and run["audit"]["validation"] == 0 for run in group):
        return mean_interval([run["best_epoch_accuracy"] for run in group])
    return None


def percent(mean_and_interval: tuple[float, float]) -> str:
    """'77.9 +- 2.1' in percent; no interval for a single run."""
    mean, half_width = mean_and_interval
    return f"{100 * mean:.1f}" if half_width != half_width else f"{100 * mean:.1f} ± {100 * half_width:.1f}"


def replace_between_marks(text: str, name: str, table: str) -> str:
    """`text` with everything between <!-- name --> and <!-- /name --> replaced by `table`.

    Raises ResultsError if the marks are not there exactly once.
    """
    start, stop = f"<!-- {name} -->", f"<!-- /{name} -->"
    if text.count(start) != 1 or text.count(stop) != 1 or text.index(start) > text.index(stop):
        raise ResultsError(f"README.md: the marks {start} and {stop} must stand there once, in this order")
    return text[: text.index(start) + len(start)] + "\n" + table + "\n" + text[text.index(stop) :]


def results_table(papers: list[dict]) -> str:
    """The README's table: a line per system, recipe, corpus and protocol, published value beside ours.

    Protocols that nobody ran yet share a line, with the command of the first of them.
    """
    rows = []
    for paper in papers:
        summaries = summarize(paper["runs"])
        for _, of_one in groupby(paper["rows"], lambda row: [row[key] for key in ROW[:3]]):
            waiting = []
            for row in of_one:
                found = summaries.get(tuple(row[name] for name in ROW))
                if found:
                    rows.append(_line([row], _figures(found)))
                else:
                    waiting.append(row)
            if waiting:
                rows.append(_line(waiting, ["0", not_run(waiting[0]), "-", "-"]))
    header = ["system", "recipe", "corpus", "protocol", "runs", "accuracy (WA) %", "UAR %"]
    return table([*header, "look-up table %", "published %", "command"], rows)


def _line(rows: list[dict], figures: list[str]) -> list[str]:
    """The cells of one line of the table, for rows that differ in their protocol alone."""
    first, protocols = rows[0], ", ".join(row["protocol"] for row in rows)
    published = ", ".join(row["published"] for row in rows if row.get("published", "-") != "-") or "-"
    return [*(first[key] for key in ROW[:3]), protocols, *figures, published, f"`{first['command']}`"]


def _figures(found: dict) -> list[str]:
    """Runs, accuracy, UAR and the look-up table's accuracy."""
    return [runs_told(found), percent(found["accuracy"]), percent(found["uar"]), f"{100 * found['lookup_table']:.1f}"]


def not_run(row: dict) -> str:
    """'not run', and why where the row says it."""
    return f"not run: {row['why']}" if row.get("why") else "not run"


def runs_told(found: dict) -> str:
    """'1, at most 20 of 150 epochs': how many runs, and what they lack."""
    return ", ".join([str(found["n_runs"]), *found["shortened"]])


def published_table(papers: list[dict]) -> str:
    """Every published accuracy beside the interval of the runs that repeat it, and why they differ."""
    rows = []
    for paper in papers:
        summaries = summarize(paper["runs"])
        for row in paper["rows"]:
            key = tuple(row[name] for name in ROW)
            if row.get("published", "-") == "-" or key not in summaries:
                continue
            found, low, high = _with_interval(summaries[key])
            word = "inside" if low <= float(row["published"].split()[0]) / 100 <= high else "outside"
            best = summaries[key]["best_epoch"]
            rows.append([*key, row["published"], found, word, percent(best) if best else "-", row.get("note", "-")])
    header = ["system", "recipe", "corpus", "protocol", "published %", "here %, 95 % interval", "published is"]
    return table([*header, "here, best epoch on the test set", "why"], rows)


def _with_interval(summary: dict) -> tuple[str, float, float]:
    """Accuracy in words, low, high: Student's interval over runs; of one run Wilson's over its answers."""
    mean, half_width = summary["accuracy"]
    if summary["n_runs"] > 1:
        return percent((mean, half_width)), mean - half_width, mean + half_width
    (n,) = summary["n_test"]
    low, high = share_interval(mean, n)
    return f"{100 * mean:.1f} ({100 * low:.1f} .. {100 * high:.1f}, one run of {n})", low, high


def recall_table(paper: dict) -> str:
    """Per-class recall in percent, averaged over the runs of each row of `results_table`."""
    summaries = summarize(paper["runs"])
    names = paper["classes"]
    rows = [["published", "", "", *(f"{100 * paper['published']['recall'][name]:.1f}" for name in names)]]
    for row in paper["rows"]:
        key = tuple(row[name] for name in ROW)
        if key in summaries:
            recall = summaries[key]["recall"]
            rows.append([*key[1:], *(f"{100 * recall[name]:.1f}" for name in names)])
    return table(["recipe", "corpus", "protocol", *names], rows)


def updated_readme(text: str) -> str:
    """README.md with every generated table made anew from the results files."""
    papers = {path.stem: load(path) for path in sorted(HOME.glob("*.json"))}
    text = replace_between_marks(text, "results", results_table(list(papers.values())))
    later = {stem: paper for stem, paper in papers.items() if stem != "zheng_casia"}
    twins = {path.stem: load(path) for path in sorted(TWINS.glob("*.json"))}
    text = replace_between_marks(text, "published", published_table(list(later.values())))
    text = replace_between_marks(text, "comparisons", comparisons_table(later, twins))
    text = replace_between_marks(text, "precision", precision_table(papers, twins))
    benchmarks = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(timing.HOME.glob("*.json"))]
    text = replace_between_marks(text, "speed", timing.table(benchmarks))
    return replace_between_marks(text, "casia recall", recall_table(papers["zheng_casia"]))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.results", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if README.md is not up to date")
    options = parser.parse_args(arguments)
    readme = ROOT / "README.md"
    try:
        old = readme.read_text(encoding="utf-8")
        new = updated_readme(old)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.check:
        print(
            "README.md is up to date" if new == old else "README.md is out of date: run python -m experiments.results"
        )
        return int(new != old)
    write_text_atomically(readme, new)
    print(f"{readme}: tables rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main())
