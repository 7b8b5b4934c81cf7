"""Trains a network on the synthetic corpus, in tens of seconds, for those who have none yet."""

import re
import sys
from pathlib import Path

from experiments import zheng_casia

COMMAND = "python -m experiments.recogniser --train"
SYNTHETIC = "SYNTHETIC: this network was trained on tones and noise; what it says about speech is worth nothing"
PERCENT = re.compile(r"(\d+)%\|")


def arguments(runs: Path, smoke: bool = False) -> list[str]:
    """Options of experiments.zheng_casia that put the run under `runs`."""
    return ["--out", str(Path(runs) / "zheng_casia"), *(["--smoke"] if smoke else [])]


def train(runs: Path, smoke: bool = False) -> int:
    """Trains in this process; returns the experiment's exit status."""
    return zheng_casia.main(arguments(runs, smoke))


def process(runs: Path, smoke: bool = False) -> tuple[str, list[str]]:
    """(program, arguments) of a process that trains."""
    return sys.executable, ["-m", "experiments.zheng_casia", *arguments(runs, smoke)]


def last_percentage(text: str) -> int | None:
    """The last percentage in the output of a progress bar.

    Checked: tests/test_recogniser_window.py
    """
    percentages = PERCENT.findall(text)
    return int(percentages[-1]) if percentages else None
