"""python -m experiments.benchmark_features: features beside every installed peer."""

import runpy

if __name__ == "__main__":
    runpy.run_module("experiments.benchmarks.features", run_name="__main__", alter_sys=True)
