"""The benchmark of dsp-extract finds what differs, counts kills, and stores its table."""

import json

import pytest

from experiments.benchmarks import corpus as benchmark
from experiments.common import timing
from tests.small_corpus import make_corpus


@pytest.mark.slow
def test_the_whole_benchmark(tmp_path, monkeypatch, capsys):
    """Small recordings; the cluster is left to tests/test_corpus_runs_anywhere.py."""
    make_corpus(tmp_path / "in", 8, rate=48_000)
    monkeypatch.setattr(benchmark, "FORMATS", ("ark",))
    monkeypatch.setattr(benchmark, "available_cores", lambda: 1)
    monkeypatch.setattr(benchmark, "peers", lambda: {})
    monkeypatch.setattr(
        benchmark, "on_a_cluster", lambda source, out, form: bool(benchmark.undisturbed(source, out, form, 1))
    )
    monkeypatch.setattr(timing, "BENCHMARKS", tmp_path)
    options = ["--data", str(tmp_path / "in"), "--kills", "1", "--files", "5", "--rounds", "1", "--store"]
    assert benchmark.main(options) == 0
    table = json.loads((tmp_path / "corpus.json").read_text())["tables"]["corpus"]
    assert table["header"] == benchmark.HEADER
    assert [row[-1] for row in table["rows"]] == ["", "yes", "yes", "", ""]
    assert table["rows"][1][1].startswith("ark, killed") and table["rows"][-1][1].endswith("index complete")


def test_a_difference_is_found(tmp_path, monkeypatch):
    make_corpus(tmp_path / "in", 2, rate=48_000)
    benchmark.undisturbed(tmp_path / "in", tmp_path / "out", "ark", 1)
    before = benchmark.digests(tmp_path / "out")
    assert {"index.jsonl", "shards/00000.ark"} < set(before)
    with open(tmp_path / "out" / "shards" / "00000.ark", "r+b") as file:
        file.seek(100)
        file.write(b"x")
    assert benchmark.digests(tmp_path / "out") != before
    assert benchmark.main(["--data", str(tmp_path / "nothing")]) == 2
