"""Recall of every class beside the papers' own per-class tables."""

import math

from experiments.common.markdown import table
from experiments.evaluation.results import SIDE_BY_SIDE, summarize


def class_tables(stem: str, paper: dict, baselines: list[dict]) -> dict[str, str]:
    """{corpus: table}: the published recalls, ours under the protocols that stand side by side, and the SVM's; percent.

    paper : contents of <stem>.jsonl; its "published" has "recalls", {(system, variant, corpus): {class: percent}}
    baselines : the runs of baselines.jsonl

    Checked: tests/test_class_tables_are_the_papers.py
    """
    summaries = summarize(paper["runs"]) if paper["runs"] else {}
    rows: dict[str, list[list[str]]] = {}
    names: dict[str, list[str]] = {}
    for (system, variant, corpus), recalls in paper["published"]["recalls"].items():
        classes = names.setdefault(corpus, list(recalls))
        lines = rows.setdefault(corpus, [])
        lines.append([system, variant, "published", *(f"{recalls[name]:.1f}" for name in classes), _mean(recalls)])
        for protocol in SIDE_BY_SIDE:
            found = summaries.get((system, variant, corpus, protocol))
            lines += [_row(system, variant, protocol, found, classes)] if found else []
    svm = summarize([run for run in baselines if run["system"] == "svm"]) if baselines else {}
    for corpus, lines in rows.items():
        for protocol, of in (
            (f"as-published of {stem}", SIDE_BY_SIDE[0]),
            *((name, name) for name in SIDE_BY_SIDE[1:]),
        ):
            found = svm.get(("svm", "statistics", corpus, protocol))
            lines += [_row("svm", "statistics", of, found, names[corpus])] if found else []
    return {
        corpus: table(["system", "variant", "protocol (runs)", *names[corpus], "mean"], lines)
        for corpus, lines in rows.items()
    }


def _row(system: str, variant: str, protocol: str, found: dict, classes: list[str]) -> list[str]:
    ours = {name: 100 * found["recall"].get(name, math.nan) for name in classes}
    cells = (f"{ours[name]:.1f}" for name in classes)
    return [system, variant, f"{protocol}, here ({found['n_runs']})", *cells, _mean(ours)]


def _mean(recalls: dict[str, float]) -> str:
    return f"{sum(recalls.values()) / len(recalls):.1f}"
