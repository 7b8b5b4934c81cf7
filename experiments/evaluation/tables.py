"""The README's tables, made from the results files.

    python -m experiments.results            rewrites the tables between the marks in README.md
    python -m experiments.results --check    only says whether they are up to date

A mark is <!-- name --> before a table and <!-- /name --> after it; what is written outside stays.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from itertools import groupby

from dsp.files.writing import write_text_atomically
from experiments.common import timing
from experiments.common.markdown import table
from experiments.common.paths import BENCHMARKS, RESULTS, ROOT
from experiments.evaluation.comparisons import comparisons_table, precision_table
from experiments.evaluation.metrics import share_interval
from experiments.evaluation.results import (
    PRECISION_PAIRS,
    ROW,
    ResultsError,
    describe_runs,
    load,
    not_run,
    percent,
    row_of,
    summarize,
)

SIDE_BY_SIDE = ("as-published", "honest", "speaker")  # protocols with a column of their own


def results_table(papers: list[dict]) -> str:
    """A line per system, recipe and corpus: the published accuracy, and ours under every protocol."""
    rows = []
    for paper in papers:
        summaries = summarize(paper["runs"])
        for key, of_one in groupby(paper["rows"], lambda row: [row[name] for name in ROW[:3]]):
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


def published_table(papers: list[dict]) -> str:
    """Every published accuracy beside the interval of the runs that repeat it, and why they differ."""
    rows = []
    for paper in papers:
        summaries = summarize(paper["runs"])
        for row in paper["rows"]:
            key = row_of(row)
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
    """Per-class recall in percent, averaged over the runs of each row, and what the look-up table scores there."""
    summaries, names = summarize(paper["runs"]), paper["classes"]
    rows = [["published", "", "", "-", *_percents(paper["published"]["recall"][name] for name in names)]]
    for row in paper["rows"]:
        key = row_of(row)
        if key in summaries:
            found = summaries[key]
            rows.append([*key[1:], *_percents([found["lookup_table"], *(found["recall"][name] for name in names)])])
    return table([*ROW[1:], "look-up table %", *names], rows)


def _percents(shares: Iterable[float]) -> list[str]:
    return [f"{100 * share:.1f}" for share in shares]


def replace_between_marks(text: str, name: str, table: str) -> str:
    """`text` with everything between <!-- name --> and <!-- /name --> replaced by `table`.

    Raises ResultsError if the marks are not there exactly once.
    """
    start, stop = f"<!-- {name} -->", f"<!-- /{name} -->"
    if text.count(start) != 1 or text.count(stop) != 1 or text.index(start) > text.index(stop):
        raise ResultsError(f"README.md: the marks {start} and {stop} must stand there once, in this order")
    return text[: text.index(start) + len(start)] + "\n" + table + "\n" + text[text.index(stop) :]


def updated_readme(text: str) -> str:
    """README.md with every generated table made anew from the results files."""
    papers = {path.stem: load(path) for path in sorted(RESULTS.glob("*.json"))}
    text = replace_between_marks(text, "results", results_table(list(papers.values())))
    later = {stem: paper for stem, paper in papers.items() if stem != "zheng_casia"}
    twins = {path.stem: load(path) for path in sorted(PRECISION_PAIRS.glob("*.json"))}
    text = replace_between_marks(text, "published", published_table(list(later.values())))
    text = replace_between_marks(text, "comparisons", comparisons_table(later, twins))
    text = replace_between_marks(text, "precision", precision_table(papers, twins))
    benchmarks = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(BENCHMARKS.glob("*.json"))]
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
