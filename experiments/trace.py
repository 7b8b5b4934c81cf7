"""python -m experiments.trace: one recording through a convention, every stage drawn (experiments/figures/trace)."""

from dsp.files.commands import exit_without

exit_without("matplotlib", feature="drawing", extra="train")

import sys

from experiments.figures.trace.command import main

if __name__ == "__main__":
    sys.exit(main())
