"""python -m experiments.results: writes the tables of results from what is stored (evaluation/tables.py)."""

from dsp.files.commands import exit_without

exit_without(
    "torch", "sklearn", "scipy", "matplotlib", "pandas", "tqdm", "filelock", feature="the tables", extra="train"
)

import sys
from importlib import import_module

from experiments import PAPERS
from experiments.evaluation import tables

BESIDE = ("statistics_mlp", "baselines")  # no paper's


def papers() -> dict[str, dict]:
    """{stem: what its module says of the paper: claims, rows of its table, comparisons}."""
    return {stem: dict(import_module(f"experiments.{stem}").PAPER) for stem in (*PAPERS, *BESIDE)}


def main(arguments: list[str] | None = None) -> int:
    return tables.main(papers(), arguments)


if __name__ == "__main__":
    sys.exit(main())
