"""Every published accuracy beside the runs that repeat it: do they differ, and did the network train at all?

A published accuracy comes from one run on n files, so it is as uncertain as ours. The design effect reduces n where
answers belong to windows of one recording, and overdispersion reduces it where seeds vary more than n independent
answers would (see significance.py). Nothing here depends on Student's t of three seeds.
"""

import re
from itertools import chain

from experiments.common.markdown import table
from experiments.evaluation.metrics import share_interval
from experiments.evaluation.results import TRAINED, by_row, percent, pooled_accuracy, row_of, summarize
from experiments.evaluation.significance import design_effect, holm, overdispersion, right_answers, two_sample_p

SAME_SPLIT = {"zheng_casia": "wang_cl"}  # papers whose random 80:20 of the same corpus and seed is the same split


def published_table(papers: dict[str, dict]) -> str:
    """A line for every published accuracy that a run repeats.

    papers : contents of the results files by their stems; "baselines" gives the SVM's column

    Checked: tests/test_published_numbers_are_compared.py
    """
    lines = published_rows(papers)
    adjusted = holm([line["p"] for line in lines])
    header = [
        "system",
        "variant",
        "corpus",
        "protocol",
        "published %",
        "n",
        "here %, 95 % interval",
        "training files %",
    ]
    header += ["p", "p, Holm", "published is", "SVM, same split %", "best epoch on the test set %", "remarks"]
    cells = []
    for line, p in zip(lines, adjusted, strict=True):
        verdict = "not different" if line["p"] >= 0.05 else "different"
        row = [*line["key"], line["published"], str(line["n_published"]), line["here"], line["training"]]
        row += [f"{line['p']:.2g}", f"{p:.2g}", verdict, line["svm"], line["best_epoch"], line["note"]]
        cells.append(row)
    return table(header, cells)


def published_rows(papers: dict[str, dict]) -> list[dict]:
    """What the table says, a dict for every published accuracy that a run repeats; its keys are the table's columns.

    Checked: tests/test_published_numbers_are_compared.py
    """
    baselines = papers.get("baselines", {"runs": []})["runs"]
    networks = {stem: paper for stem, paper in papers.items() if stem != "baselines"}
    phi = overdispersion(chain.from_iterable(map(_as_published_groups, networks.values())))
    lines = []
    for stem, paper in networks.items():
        runs_of = by_row(paper["runs"])
        for row in paper["rows"]:
            runs = runs_of.get(row_of(row), [])
            if runs and row.get("published", "-") != "-":
                lines.append(_line(stem, row, runs, phi, baselines))
    return lines


def _line(stem: str, row: dict, runs: list[dict], phi: float, baselines: list[dict]) -> dict:
    share, n = published_share(row)
    effect = phi * _windows_effect(runs)
    found = pooled_accuracy(runs)
    n_here = sum(run["n_test"] for run in runs)
    low, high = share_interval(found, max(round(n_here / effect), 1))
    of_runs = f"{len(runs)} runs of {runs[0]['n_test']}" if len(runs) > 1 else f"one run of {n_here}"
    summary = summarize(runs)[row_of(row)]
    return {
        "key": row_of(row),
        "number": row.get("number", row["system"]),  # the system whose published accuracy it is
        "published": row["published"],
        "n_published": n,
        "here": f"{100 * found:.1f} ({100 * low:.1f} .. {100 * high:.1f}, {of_runs})",
        "training": format_training(runs),
        "p": two_sample_p(share, n / effect, found, n_here / effect),
        "svm": _svm(stem, runs, baselines),
        "best_epoch": percent(summary["best_epoch"]) if summary["best_epoch"] else "-",
        "note": "; ".join([*summary["shortened"], row.get("note", "-")]),
    }


def published_share(row: dict) -> tuple[float, int]:
    """(share, n) of a row's published accuracy: of "80.68 (71/88)" 71 / 88 and 88, else "published_n" of the row.

    Raises ValueError for an accuracy of which neither says n.

    Checked: tests/test_published_numbers_are_compared.py
    """
    counts = re.search(r"\((\d+)/(\d+)\)", row["published"])
    if counts:
        right, n = map(int, counts.groups())
        return right / n, n
    if "published_n" not in row:
        raise ValueError(f"{row['published']} of {' '.join(row_of(row))}: of how many files?")
    return float(row["published"].split()[0]) / 100, row["published_n"]


def format_training(runs: list[dict]) -> str:
    """Accuracy on the network's own training files, and the word where it is no trained network.

    Runs made before this was measured tell the accuracy of the last epoch's batches instead.

    Checked: tests/test_published_numbers_are_compared.py
    """
    measured = [run["training_accuracy"] for run in runs if "training_accuracy" in run]
    batches = [run["training_accuracy_last_epoch"] for run in runs if "training_accuracy_last_epoch" in run]
    if not (measured or batches):
        return "-"
    values = measured or batches
    text = f"{100 * sum(values) / len(values):.1f}" + ("" if measured else " (batches of the last epoch)")
    return text if min(values) >= TRAINED else f"{text}: does not train to {100 * TRAINED:.0f}"


def _as_published_groups(paper: dict) -> list[list[tuple[float, int]]]:
    """(accuracy, n) of the runs of every row that repeats a published accuracy."""
    runs = [run for run in paper["runs"] if run["protocol"].startswith("as-published")]
    return [[(run["accuracy"], run["n_test"]) for run in group] for group in by_row(runs).values()]


def _windows_effect(runs: list[dict]) -> float:
    """The design effect of windows of recordings; 1 where a recording answers once, or no answers are stored."""
    effects = []
    for run in runs:
        answers = run.get("answers")
        if answers:
            files = answers["files"].split()
            effects.append(design_effect(files, right_answers(answers)) if len(set(files)) < len(files) else 1.0)
    return sum(effects) / len(effects) if effects else 1.0


def _svm(stem: str, runs: list[dict], baselines: list[dict]) -> str:
    """The SVM's accuracy on the splits of these runs; '-' where one of them is missing."""
    system, corpus, of = (runs[0][name] for name in ("system", "corpus", "protocol"))
    names = (stem, SAME_SPLIT.get(stem), system, system.replace("bilstm", "lstm").removesuffix("_256"))
    protocols = {of, *(f"{of} of {name}" for name in names)}
    found = {
        (run["seed"], run["fold"]): run["accuracy"]
        for run in baselines
        if run["system"] == "svm" and run["corpus"] == corpus and run["protocol"] in protocols
    }
    wanted = [(run["seed"], run["fold"]) for run in runs]
    if not set(wanted) <= set(found):
        return "-"
    return f"{100 * sum(found[key] for key in wanted) / len(wanted):.1f}"
