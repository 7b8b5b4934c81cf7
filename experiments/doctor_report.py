"""python -m experiments.doctor_report: what the doctor finds, as a picture."""

import runpy

if __name__ == "__main__":
    runpy.run_module("experiments.figures.doctor.command", run_name="__main__", alter_sys=True)
