"""Recall of every class beside the papers' own per-class tables."""

import math

from experiments.common.markdown import table
from experiments.evaluation.results import SIDE_BY_SIDE, summarize


def class_tables(paper: dict) -> dict[str, str]:
    """{corpus: table}: the published recalls, and ours under the protocols that stand side by side, in percent.

    paper : contents of a results file; its "published" has "recalls", {(system, variant, corpus): {class: percent}}

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
            if found:
                ours = {name: 100 * found["recall"].get(name, math.nan) for name in classes}
                cells = (f"{ours[name]:.1f}" for name in classes)
                lines.append([system, variant, f"{protocol}, here ({found['n_runs']})", *cells, _mean(ours)])
    return {
        corpus: table(["system", "variant", "protocol (runs)", *names[corpus], "mean"], lines)
        for corpus, lines in rows.items()
    }


def _mean(recalls: dict[str, float]) -> str:
    return f"{sum(recalls.values()) / len(recalls):.1f}"
