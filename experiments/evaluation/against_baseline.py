"""Every network beside an SVM on statistics of features: the same test files, honest splits and unseen speakers."""

import math

from experiments.common.markdown import table
from experiments.evaluation.comparisons import format_difference, kappas_of
from experiments.evaluation.results import row_of
from experiments.evaluation.significance import holm, paired, right_answers

PROTOCOLS = ("honest", "speaker")
BASELINE = "svm"


def against_baseline_table(papers: dict[str, dict]) -> str:
    """A line for every network that was tested on the same files as the SVM; Holm's p is over the whole table.

    papers : contents of the results files by their stems, "baselines" among them

    Checked: tests/test_published_numbers_are_compared.py
    """
    lines = against_baseline(papers)
    adjusted = holm([line["p"] for line in lines])
    rows = []
    for line, p in zip(lines, adjusted, strict=True):
        shares = [f"{100 * line[name]:.1f}" for name in ("network", "svm")]
        row = [*line["key"], str(line["n_runs"]), *shares, format_difference(line), f"{line['p']:.2g}", f"{p:.2g}"]
        rows.append([*row, str(line["n_groups"])])
    header = ["system", "variant", "corpus", "protocol", "runs", "network %", "SVM %"]
    return table([*header, "network - SVM, points", "p", "p, Holm", "speakers"], rows)


def against_baseline(papers: dict[str, dict]) -> list[dict]:
    """The table's lines: significance.paired of each network and the SVM, with "key", "network" and "svm" (shares).

    Checked: tests/test_published_numbers_are_compared.py
    """
    kappas = kappas_of(list(papers.values()))
    svm = {
        (run["corpus"], run["protocol"], run["seed"], run["fold"]): run["answers"]
        for run in papers.get("baselines", {"runs": []})["runs"]
        if run["system"] == BASELINE
    }
    groups: dict[tuple, list[tuple[dict, dict]]] = {}
    for stem, paper in papers.items():
        if stem == "baselines":
            continue
        for run in paper["runs"]:
            other = svm.get((run["corpus"], run["protocol"], run["seed"], run["fold"]))
            answers = run.get("answers")
            if run["protocol"] in PROTOCOLS and other and answers and _same_files(answers, other):
                groups.setdefault(row_of(run), []).append((answers, other))
    lines = []
    for key, pairs in groups.items():
        found = paired(pairs, kappas.get(key[2], kappas[""]))
        shares = {name: _share(pairs, side) for side, name in enumerate(("network", "svm"))}
        lines.append({"key": key, **shares, **found})
    return [line for line in lines if not math.isnan(line["p"])]


def _same_files(one: dict, other: dict) -> bool:
    return (one["files"], one["true"]) == (other["files"], other["true"])


def _share(pairs: list[tuple[dict, dict]], side: int) -> float:
    """Right answers of all files of one side of the pairs."""
    right = [is_right for pair in pairs for is_right in right_answers(pair[side])]
    return sum(right) / len(right)
