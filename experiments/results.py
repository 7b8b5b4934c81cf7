"""python -m experiments.results: writes the tables of results from what is stored (evaluation/tables.py)."""

import sys

from experiments.evaluation.tables import main

if __name__ == "__main__":
    sys.exit(main())
