"""python -m experiments.check: compares a student's function with the course's."""

import runpy

if __name__ == "__main__":
    runpy.run_module("experiments.coursework.check", run_name="__main__", alter_sys=True)
