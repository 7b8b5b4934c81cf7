"""python -m experiments.results: writes the tables of results from what is stored (evaluation/tables.py)."""

from dsp.files.commands import exit_without

exit_without(
    "torch", "sklearn", "scipy", "matplotlib", "pandas", "tqdm", "filelock", feature="the tables", extra="train"
)

import sys

from experiments.evaluation import tables
from experiments.evaluation.contents import papers


def main(arguments: list[str] | None = None) -> int:
    return tables.main(papers(), arguments)


if __name__ == "__main__":
    sys.exit(main())
