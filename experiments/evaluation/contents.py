"""What the modules of the papers say of them: claims, rows of the tables, comparisons."""

from importlib import import_module

import experiments

BESIDE = ("statistics_mlp", "baselines")  # no paper's


def papers() -> dict[str, dict]:
    """{stem: what its module says of the paper, without runs}. Imports every experiment, and with them PyTorch.

    Checked: tests/test_page_shows_results.py
    """
    return {stem: dict(import_module(f"experiments.{stem}").PAPER) for stem in (*experiments.PAPERS, *BESIDE)}
