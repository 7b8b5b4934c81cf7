"""python -m experiments.recogniser.page: the recogniser as a static page (command.py)."""

from dsp.files.commands import exit_without

exit_without("torch", "sklearn", "scipy", "matplotlib", "pandas", "tqdm", feature="the page", extra="train")
exit_without("onnx", "onnxruntime", feature="the page", extra="export")

import sys

from experiments.recogniser.page.command import main

if __name__ == "__main__":
    sys.exit(main())
