"""python -m experiments.audit: what folders of recordings share (experiments/data/audit.py)."""

import sys

from experiments.data.audit import main

if __name__ == "__main__":
    sys.exit(main())
