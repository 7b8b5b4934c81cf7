"""python -m experiments.doctor_report: what the doctor finds, as a picture (experiments/figures/doctor)."""

from dsp.files.commands import exit_without

exit_without("matplotlib", feature="drawing", extra="train")

import sys

from experiments.figures.doctor.command import main

if __name__ == "__main__":
    sys.exit(main())
