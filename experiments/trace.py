"""python -m experiments.trace: one recording through a convention, every stage drawn."""

import runpy

if __name__ == "__main__":
    runpy.run_module("experiments.figures.trace.command", run_name="__main__", alter_sys=True)
