"""Lists the papers: what each claims, its command, what it costs, and the results so far."""

import argparse
import ast
import sys
from pathlib import Path

from experiments import PAPERS
from experiments.common.paths import RESULTS
from experiments.evaluation.results import ResultsError, describe_runs, load, not_run, percent, row_of, summarize


def main(arguments: list[str] | None = None) -> int:
    argparse.ArgumentParser(prog="python -m experiments", description=__doc__).parse_args(arguments)
    for stem in PAPERS:
        source = Path(__file__).with_name(f"{stem}.py").read_text(encoding="utf-8")
        print(f"{stem}\n{'-' * len(stem)}\n{ast.get_docstring(ast.parse(source))}\n")
        if not (RESULTS / f"{stem}.json").exists():
            print("  not run yet\n")
            continue
        try:
            paper = load(RESULTS / f"{stem}.json")
        except ResultsError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        summaries = summarize(paper["runs"])
        width = max(len(label_of(row)) for row in paper["rows"])
        for row in paper["rows"]:
            found = summaries.get(row_of(row))
            ours = f"accuracy {percent(found['accuracy'])} %, runs: {describe_runs(found)}" if found else not_run(row)
            print(f"  {label_of(row):<{width}}  published {row.get('published', '-'):<15}  {ours}")
        print()
    return 0


def label_of(row: dict) -> str:
    return " ".join(row_of(row))


if __name__ == "__main__":
    sys.exit(main())
