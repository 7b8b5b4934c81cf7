"""A network for those who have none: an experiment on its synthetic corpus, in tens of seconds."""

import re
import sys
from pathlib import Path

from experiments import zheng_casia

COMMAND = "python -m experiments.recogniser --train"
SYNTHETIC = (
    "SYNTHETIC: this network has heard tones and noise made by this program; what it says of speech is worth nothing"
)
PERCENT = re.compile(r"(\d+)%\|")


def arguments(runs: Path, smoke: bool = False) -> list[str]:
    """Options of experiments.zheng_casia: the run comes to lie under `runs`."""
    return ["--out", str(Path(runs) / "zheng_casia"), *(["--smoke"] if smoke else [])]


def train(runs: Path, smoke: bool = False) -> int:
    """Trains in this process; the experiment's exit status."""
    return zheng_casia.main(arguments(runs, smoke))


def process(runs: Path, smoke: bool = False) -> tuple[str, list[str]]:
    """(program, arguments) that train in a process of their own."""
    return sys.executable, ["-m", "experiments.zheng_casia", *arguments(runs, smoke)]


def percent_of(text: str) -> int | None:
    """The last percentage that a progress bar wrote.

    Checked: tests/test_recogniser_window.py
    """
    found = PERCENT.findall(text)
    return int(found[-1]) if found else None
