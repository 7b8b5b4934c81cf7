"""Lists the papers: what each claims, its command, what it costs, and the results so far.

python -m experiments              everything
python -m experiments | less       a screen at a time
"""

from dsp.files.commands import exit_without

exit_without(
    "torch", "sklearn", "scipy", "matplotlib", "pandas", "tqdm", "filelock", feature="the list of papers", extra="train"
)

import argparse
import ast
import sys
from pathlib import Path

from experiments.common.paths import RESULTS
from experiments.evaluation.results import ResultsError, describe_runs, load, not_run, percent, row_of, summarize
from experiments.results import papers


def main(arguments: list[str] | None = None) -> int:
    form = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser("python -m experiments", description=__doc__, formatter_class=form).parse_args(arguments)
    for stem, paper in papers().items():
        source = Path(__file__).with_name(f"{stem}.py").read_text(encoding="utf-8")
        print(f"{stem}\n{'-' * len(stem)}\n{ast.get_docstring(ast.parse(source))}\n")
        try:
            summaries = summarize(load(RESULTS / f"{stem}.jsonl"))
        except ResultsError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        rows = [row for row in paper["rows"] if not row.get("optional") or row_of(row) in summaries]
        width = max(len(label_of(row)) for row in rows)
        for row in rows:
            found = summaries.get(row_of(row))
            ours = f"accuracy {percent(found['accuracy'])} %, runs: {describe_runs(found)}" if found else not_run(row)
            print(f"  {label_of(row):<{width}}  published {row.get('published', '-'):<15}  {ours}")
        print()
    return 0


def label_of(row: dict) -> str:
    return " ".join(row_of(row))


if __name__ == "__main__":
    sys.exit(main())
