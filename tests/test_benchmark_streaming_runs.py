"""The benchmark of streams compares equal numbers, refuses other ones, and stores nothing unless asked."""

import pytest

from experiments.benchmarks import streaming as benchmark
from experiments.common.paths import BENCHMARKS


@pytest.fixture(autouse=True)
def a_second_of_sound(monkeypatch):
    monkeypatch.setattr(benchmark, "SECONDS", 1)
    pytest.importorskip("kaldi_native_fbank")


def test_a_short_one(capsys):
    before = {path: path.read_bytes() for path in BENCHMARKS.glob("*.json")}
    assert benchmark.main(["--rounds", "1"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 4 and all("real-time factor 0." in line for line in printed)
    assert sum("kaldi-native-fbank" in line for line in printed) == 2
    assert before == {path: path.read_bytes() for path in BENCHMARKS.glob("*.json")}


def test_other_numbers_are_noticed(monkeypatch, capsys):
    real = benchmark.ours
    monkeypatch.setattr(benchmark, "ours", lambda x, case: real(x, case) + 0.5)
    assert benchmark.main(["--rounds", "1"]) == 1
    assert "by us differ by 0.5" in capsys.readouterr().err
