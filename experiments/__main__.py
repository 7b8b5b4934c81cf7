"""Lists the papers: what each claims, its command, what it costs, and the results so far."""

import argparse
import ast
import sys
from pathlib import Path

from experiments import PAPERS
from experiments.results import HOME, IDENTITY, ResultsError, load, percent, summarize


def main(arguments: list[str] | None = None) -> int:
    argparse.ArgumentParser(prog="python -m experiments", description=__doc__).parse_args(arguments)
    for stem in PAPERS:
        source = Path(__file__).with_name(f"{stem}.py").read_text(encoding="utf-8")
        print(f"{stem}\n{'-' * len(stem)}\n{ast.get_docstring(ast.parse(source))}\n")
        if not (HOME / f"{stem}.json").exists():
            print("  not run yet\n")
            continue
        try:
            paper = load(HOME / f"{stem}.json")
        except ResultsError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        summaries = summarize(paper["runs"])
        width = max(len(label_of(row)) for row in paper["rows"])
        for row in paper["rows"]:
            found = summaries.get(tuple(row[key] for key in IDENTITY[:4]))
            ours = f"{percent(found['accuracy'])} % ({found['n_runs']} runs)" if found else "not run"
            print(f"  {label_of(row):<{width}}  accuracy {ours:<24} published {row.get('published', '-')}")
        print()
    return 0


def label_of(row: dict) -> str:
    return " ".join(row[key] for key in IDENTITY[:4])


if __name__ == "__main__":
    sys.exit(main())
