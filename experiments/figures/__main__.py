"""python -m experiments.figures: how two papers prepare a recording for their networks (preprocessing.py)."""

from dsp.files.commands import exit_without

exit_without("matplotlib", feature="drawing", extra="train")

import sys

from experiments.figures.preprocessing import main

if __name__ == "__main__":
    sys.exit(main())
