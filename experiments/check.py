"""python -m experiments.check: compares a student's function with the course's (experiments/coursework/check.py)."""

import sys

from experiments.coursework.check import main

if __name__ == "__main__":
    sys.exit(main())
