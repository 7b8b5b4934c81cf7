"""The tables of README.md, experiments/RESULTS.md and experiments/BENCHMARKS.md, made from what is stored.

    python -m experiments.results            rewrites the tables
    python -m experiments.results --check    only says whether they are up to date

A table stands between the marks <!-- name --> and <!-- /name -->; the text outside the marks stays as it is.
A damaged line of a results file is named and left out, and the exit status is 2.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from dsp.files.writing import write_text_atomically
from experiments.common import timing
from experiments.common.markdown import table
from experiments.common.paths import BENCHMARKS, EXPERIMENTS, RESULTS, ROOT
from experiments.evaluation.against_baseline import against_baseline_table
from experiments.evaluation.agreement import agreement_table, load_roads
from experiments.evaluation.calibration import calibration_table
from experiments.evaluation.comparisons import comparisons_table, precision_table
from experiments.evaluation.ensembles import ensembles_table
from experiments.evaluation.findings import findings
from experiments.evaluation.leaks import leaks_table
from experiments.evaluation.model_card import SYSTEM, card_tables
from experiments.evaluation.per_class import class_tables
from experiments.evaluation.published import published_table
from experiments.evaluation.results import (
    PRECISION_PAIRS,
    ROW,
    SIDE_BY_SIDE,
    TRAINED,
    ResultsError,
    describe_runs,
    load,
    not_run,
    percent,
    read,
    row_of,
    summarize,
)

MODEL_CARD = EXPERIMENTS / "recogniser" / "shipped" / "MODEL_CARD.md"


def results_table(papers: list[dict]) -> str:
    """A line per system, variant and corpus: the published accuracy, and ours under every protocol."""
    rows = []
    for paper in papers:
        summaries = summarize(paper["runs"])
        shown = [row for row in paper["rows"] if not row.get("optional") or row_of(row) in summaries]
        for key, of_one in groupby(shown, lambda row: [row[name] for name in ROW[:3]]):
            rows.append([*key, *_line(list(of_one), summaries)])
    header = [*ROW[:3], "published %", *SIDE_BY_SIDE, "other protocols", "command"]
    return table(header, rows)


def _line(of_one: list[dict], summaries: dict) -> list[str]:
    """The cells of one line of the table, from rows that differ in their protocol alone."""
    published = dict.fromkeys(row["published"] for row in of_one if row.get("published", "-") != "-")
    cells = {row["protocol"]: _cell(row, summaries.get(row_of(row))) for row in of_one}
    side_by_side = [cells.pop(name, "-") for name in SIDE_BY_SIDE]
    others = "; ".join(f"{name} {cell}" for name, cell in cells.items())
    command = of_one[0]["command"].replace(f"--protocol {of_one[0]['protocol']}", "--protocol P")
    return [", ".join(published) or "-", *side_by_side, others or "-", f"`{command}`"]


def _cell(row: dict, found: dict | None) -> str:
    """'74.8 / 71.2 (3)': accuracy, UAR, and how many runs."""
    return f"{percent(found['accuracy'])} / {percent(found['uar'])} ({describe_runs(found)})" if found else not_run(row)


def recall_table(paper: dict) -> str:
    """Per-class recall in percent, averaged over the runs of each row, and what the look-up table scores there."""
    summaries, names = summarize(paper["runs"]), paper["classes"]
    rows = [["published", "", "", "-", *_percents(paper["published"]["recall"][name] for name in names)]]
    for row in paper["rows"]:
        key = row_of(row)
        if key in summaries:
            found = summaries[key]
            recalls = (found["recall"].get(name, math.nan) for name in names)
            rows.append([*key[1:], *_percents([found["lookup_table"], *recalls])])
    return table([*ROW[1:], "look-up table %", *names], rows)


def _percents(shares: Iterable[float]) -> list[str]:
    return [f"{100 * share:.1f}" for share in shares]


def papers_table(papers: dict[str, dict]) -> str:
    """A line per paper: what it claims, what its main network scores here, and what an SVM without a network scores."""
    rows = [
        [row["paper"], row["corpus"], row["published"], *row["cells"], f"`python -m experiments.{row['stem']}`"]
        for row in papers_rows(papers)
    ]
    header = ["paper", "corpus", "published %", "same protocol %", "honest %", "unseen speakers %"]
    return table([*header, "SVM, honest %", "SVM, unseen speakers %", "command"], rows)


def papers_rows(papers: dict[str, dict]) -> list[dict]:
    """What the table of papers says, a dict per paper: "stem", "paper", "corpus", "published" and "cells" as text.

    percent : the accuracies of the same columns, the published one first; nan where there is none

    Checked: tests/test_page_shows_results.py
    """
    svm = summarize(papers["baselines"]["runs"]) if "baselines" in papers else {}
    rows = []
    for stem, paper in papers.items():
        if "main" not in paper:
            continue
        summaries, corpus = summarize(paper["runs"]), paper["main"][2]
        scores = [summaries.get((*paper["main"], name)) for name in SIDE_BY_SIDE]
        scores += [svm.get(("svm", "statistics", corpus, name)) for name in ("honest", "speaker")]
        published = next(row["published"] for row in paper["rows"] if row_of(row) == (*paper["main"], SIDE_BY_SIDE[0]))
        rows.append(
            {
                "stem": stem,
                "paper": paper["paper"],
                "corpus": corpus,
                "published": published,
                "cells": [_with_remark(summary) if summary else "not run" for summary in scores],
                "percent": [
                    float(published.split()[0]) if published[:1].isdigit() else math.nan,
                    *(100 * summary["accuracy"][0] if summary else math.nan for summary in scores),
                ],
            }
        )
    return rows


def _with_remark(found: dict) -> str:
    """'34.9 ± 6.7 (trains to 39.7 %)': the accuracy, with a remark if the network does not know its training files."""
    trained = found["trains_to"]
    untrained = trained is not None and trained < TRAINED
    return percent(found["accuracy"]) + (f" (trains to {100 * trained:.1f} %)" if untrained else "")


def tables_of(papers: dict[str, dict]) -> dict[Path, dict[str, str]]:
    """{document: {mark: table}}: every generated table from the stored results and benchmarks."""
    later = {stem: paper for stem, paper in papers.items() if stem not in ("zheng_casia", "baselines", SYSTEM)}
    pairs = {stem: {"runs": load(PRECISION_PAIRS / f"{stem}.jsonl")} for stem in papers}
    pairs = {stem: pair for stem, pair in pairs.items() if pair["runs"]}
    recalls = {
        f"{stem} {corpus} recall": text
        for stem, paper in papers.items()
        if "recalls" in paper["published"]
        for corpus, text in class_tables(stem, paper, papers["baselines"]["runs"]).items()
    }
    benchmarks = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(BENCHMARKS.glob("*.json"))]
    return {
        ROOT / "README.md": {"papers": papers_table(papers)},
        EXPERIMENTS / "RESULTS.md": {
            "results": results_table(list(papers.values())),
            "findings": findings(papers, pairs),
            "published": published_table(papers),
            "svm": against_baseline_table(papers),
            "comparisons": comparisons_table(later, pairs),
            "precision": precision_table(papers, pairs),
            "casia recall": recall_table(papers["zheng_casia"]),
            "leaks": leaks_table(papers),
            "ensembles": ensembles_table(papers),
            "calibration": calibration_table(papers),
            **recalls,
        },
        MODEL_CARD: card_tables(papers[SYSTEM]["runs"]),
        EXPERIMENTS / "BENCHMARKS.md": {
            "speed": timing.table(benchmarks),
            **timing.further_tables(benchmarks),
            "agreement": agreement_table(load_roads()),
        },
    }


def replace_between_marks(text: str, name: str, table: str) -> str:
    """`text` with everything between <!-- name --> and <!-- /name --> replaced by `table`.

    Raises ResultsError if the marks are not there exactly once.
    """
    start, stop = f"<!-- {name} -->", f"<!-- /{name} -->"
    if text.count(start) != 1 or text.count(stop) != 1 or text.index(start) > text.index(stop):
        raise ResultsError(f"the marks {start} and {stop} must occur once each, in this order")
    return text[: text.index(start) + len(start)] + "\n" + table + "\n" + text[text.index(stop) :]


def updated(document: Path, tables: dict[str, str]) -> tuple[str, str]:
    """(text, text with every table made anew) of a document. ResultsError names it if a mark is missing."""
    old = new = document.read_text(encoding="utf-8")
    try:
        for name, content in tables.items():
            new = replace_between_marks(new, name, content)
    except ResultsError as error:
        raise ResultsError(f"{document}: {error}") from None
    return old, new


def main(papers: dict[str, dict], arguments: list[str] | None = None) -> int:
    """papers : {stem: what its module says of the paper, without runs}"""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.results", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a document is not up to date")
    options = parser.parse_args(arguments)
    problems, stale = [], []
    try:
        for stem, paper in papers.items():
            paper["runs"], damaged = read(RESULTS / f"{stem}.jsonl")
            problems += damaged
        for document, tables in tables_of(papers).items():
            old, new = updated(document, tables)
            name = document.relative_to(ROOT)
            if old == new:
                print(f"{name}: up to date")
            elif options.check:
                stale.append(document)
                print(f"{name}: out of date; run python -m experiments.results")
            else:
                write_text_atomically(document, new)
                print(f"{name}: tables rewritten")
    except (OSError, ValueError) as error:
        problems.append(str(error))
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 2 if problems else int(bool(stale))
