"""The benchmark of the page starts its server, moves sliders, and stores nothing unless asked."""

import re

import pytest

from experiments.benchmarks import page as benchmark
from experiments.common.chromium import missing_for_chromium
from experiments.common.paths import BENCHMARKS

pytest.importorskip("panel")


@pytest.mark.slow
def test_a_short_one(capsys):
    if reason := missing_for_chromium():
        pytest.skip(reason)
    before = {path: path.read_bytes() for path in BENCHMARKS.glob("*.json")}
    assert benchmark.main(["--visitors", "2", "--moves", "2"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 8 and all(re.search(r"median +\d+ ms", line) for line in printed)
    assert all(re.search(r"server +[1-9]\d* ms", line) for line in printed[3:])
    assert before == {path: path.read_bytes() for path in BENCHMARKS.glob("*.json")}


def test_too_few_visitors_and_moves_are_refused(capsys):
    for arguments in (["--visitors", "0"], ["--moves", "1"]):
        with pytest.raises(SystemExit) as caught:
            benchmark.main(arguments)
        assert caught.value.code == 2
    assert "at least one visitor and two moves are expected" in capsys.readouterr().err
