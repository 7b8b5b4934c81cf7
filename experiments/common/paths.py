"""Where the project keeps things. Every path that depends on this tree is computed here."""

from pathlib import Path

EXPERIMENTS = Path(__file__).resolve().parent.parent
ROOT = EXPERIMENTS.parent
RESULTS = EXPERIMENTS / "results"  # one file per paper
BENCHMARKS = EXPERIMENTS / "benchmarks"  # stored benchmarks, beside the code that makes them
RUNS = EXPERIMENTS / "runs"  # everything that can be made again; not tracked by git
FEATURES = RUNS / "features"  # inputs of whole corpora
