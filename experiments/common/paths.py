"""Where the project keeps its files. All paths that depend on this tree are computed here."""

from pathlib import Path

EXPERIMENTS = Path(__file__).resolve().parent.parent
ROOT = EXPERIMENTS.parent
RESULTS = EXPERIMENTS / "results"  # one file per paper
BENCHMARKS = EXPERIMENTS / "benchmarks"  # stored benchmarks, beside the code that measures them
RUNS = EXPERIMENTS / "runs"  # all that can be computed again; not tracked by git
FEATURES = RUNS / "features"  # network inputs of whole corpora
