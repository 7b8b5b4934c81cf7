"""python -m experiments.benchmark_features: features beside every installed peer (benchmarks/features.py)."""

import sys

from experiments.benchmarks.features import main

if __name__ == "__main__":
    sys.exit(main())
