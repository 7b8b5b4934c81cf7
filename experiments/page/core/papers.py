"""The tables of RESULTS.md, the chart of the papers, and the curves and confusion matrices of stored runs."""

import html
import json
import re
from dataclasses import dataclass

import numpy as np

from experiments.common.paths import EXPERIMENTS, RESULTS
from experiments.evaluation import results
from experiments.evaluation.contents import papers
from experiments.evaluation.tables import papers_rows

DOCUMENT = EXPERIMENTS / "RESULTS.md"
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
COLUMN_WORDS = ("published", "same protocol", "honest", "unseen speakers", "SVM, honest", "SVM, unseen speakers")


@dataclass(frozen=True)
class Table:
    """A table of the document: the heading it stands under, its columns and its rows of text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def document_tables() -> list[Table]:
    """Every table of RESULTS.md in its order, as text without Markdown.

    Checked: tests/test_page_shows_results.py
    """
    return tables_in(DOCUMENT.read_text(encoding="utf-8"))


def tables_in(text: str) -> list[Table]:
    """The Markdown tables of a text, each under the heading or the generated mark before it."""
    found, heading, mark, lines = [], "", "", []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            lines.append(_cells(line))
            continue
        if len(lines) > 2:
            title = f"{heading}: {mark}" if mark and mark.lower() not in heading.lower() else heading
            found.append(Table(title, lines[0], tuple(lines[2:])))
        lines = []
        if line.startswith("#"):
            heading, mark = line.lstrip("# "), ""
        elif match := re.fullmatch(r"<!-- ([^/].*) -->", line):
            mark = match[1]
        elif re.fullmatch(r"<!-- /.* -->", line):
            mark = ""
    return found


def _cells(line: str) -> tuple[str, ...]:
    cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    plain = (LINK.sub(r"\1", cell.strip()).replace("`", "").replace("**", "").replace("\\|", "|") for cell in cells)
    return tuple(html.unescape(cell) for cell in plain)


def chart() -> list[dict]:
    """A dict per paper: "paper", "corpus", and accuracy in percent (nan where there is none) for each of COLUMN_WORDS.

    The baseline is the SVM on statistics of the same splits.

    Checked: tests/test_page_shows_results.py
    """
    contents = papers()
    for stem, paper in contents.items():
        paper["runs"], _ = results.read(RESULTS / f"{stem}.jsonl")
    return [
        {
            "paper": row["paper"].split(",")[0],
            "corpus": row["corpus"],
            **dict(zip(COLUMN_WORDS, row["percent"], strict=True)),
        }
        for row in papers_rows(contents)
    ]


def list_runs() -> list[dict]:
    """A dict per stored run: "key" to ask for it, and what it is: paper, system, variant, corpus, protocol, scores.

    Checked: tests/test_page_shows_results.py
    """
    found = []
    for path in sorted(RESULTS.glob("*.jsonl")):
        for number, run in enumerate(_lines(path)):
            identity = {name: "" if run.get(name) is None else str(run[name]) for name in results.IDENTITY}
            facts = {"accuracy %": round(100 * run["accuracy"], 1), "UAR %": round(100 * run["uar"], 1)}
            curves = "yes" if run.get("history") else ""
            found.append({"key": f"{path.stem}:{number}", "paper": path.stem, **identity, **facts, "curves": curves})
    return found


def run_of(key: str) -> dict:
    """ "classes", "confusion" (counts) and "curves" ({name: values over epochs}) of a stored run.

    Raises ValueError for a key that list_runs does not give.

    Checked: tests/test_page_shows_results.py
    """
    stem, _, number = key.partition(":")
    paths = {path.stem: path for path in RESULTS.glob("*.jsonl")}
    runs = _lines(paths[stem]) if stem in paths else []
    if not number.isdigit() or int(number) >= len(runs):
        raise ValueError(f"{key[:60]!r}: no such stored run")
    run = runs[int(number)]
    curves = {name: np.asarray(values, np.float32) for name, values in run.get("history", {}).items()}
    return {"classes": tuple(run["per_class"]), "confusion": np.asarray(run["confusion"]), "curves": curves}


def _lines(path) -> list[dict]:
    """The runs of a results file as they stand there; a damaged line is left out (experiments.results names it)."""
    runs = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            run = json.loads(line)
            runs.append({**run, "accuracy": float(run["accuracy"]), "uar": float(run["uar"])})
        except (ValueError, KeyError, TypeError):
            continue
    return runs
