"""python -m experiments.page: the page in the browser (command.py)."""

import sys

if __name__ == "__main__":  # worker processes read this file, too
    from dsp.files.commands import exit_without

    needed = ("panel", "bokeh", "tqdm", "pandas", "matplotlib", "scipy", "sklearn", "torch")
    exit_without(*needed[:2], feature="the page", extra="page")
    exit_without(*needed[2:], feature="the page", extra="train")

    from experiments.page.command import main

    sys.exit(main())
