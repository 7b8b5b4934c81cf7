"""python -m experiments.recogniser: the emotion in recordings (command.py)."""

from dsp.files.commands import exit_without

exit_without(
    "torch", "sklearn", "scipy", "matplotlib", "pandas", "tqdm", "filelock", feature="the recogniser", extra="train"
)

import sys

from experiments.recogniser.command import main

if __name__ == "__main__":
    sys.exit(main())
