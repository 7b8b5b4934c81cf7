"""A recording that somebody handed in, as plain values that travel between processes."""

from pathlib import Path

from experiments.recogniser.recording import read


def read_for_page(path: str) -> dict:
    """{"signal", "sample_rate", "name", "steps"}: the first 60 s as one channel. AudioError as recording.read.

    Checked: tests/test_page_takes_files.py
    """
    found = read(Path(path))
    return {
        "signal": found.signal,
        "sample_rate": found.sample_rate,
        "name": Path(path).name,
        "steps": found.steps,
    }
