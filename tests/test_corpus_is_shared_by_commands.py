"""Several commands on one folder share its shards: no work is done twice, no file is broken."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from dsp.corpus import executors, extract, open_features
from dsp.corpus.layout import claim
from dsp.corpus.shard import extract_shard
from tests.conftest import ROOT
from tests.small_corpus import digests, make_corpus

OPTIONS = {"convention": "kaldi", "format": "npz", "shard_s": 1.0}


@pytest.mark.parametrize("package", ["filelock", None])
def test_a_claim_excludes_others(package, tmp_path, monkeypatch):
    if package is None:
        monkeypatch.setitem(sys.modules, "filelock", None)
    with claim(tmp_path, "00000") as first, claim(tmp_path, "00000") as second, claim(tmp_path, "00001") as other:
        assert (first, second, other) == (True, False, True)
    with claim(tmp_path, "00000") as again:
        assert again


def test_a_shard_that_another_command_makes_is_waited_for(tmp_path, monkeypatch):
    """The first command holds shard 0 until the second one has done all others and looked at it again."""
    make_corpus(tmp_path / "in")
    monkeypatch.setattr(executors, "PAUSE_S", 0.01)
    first_is_in, second_waits, made = Event(), Event(), []

    def slow(job, shard, remake):
        with claim(tmp_path / "out", "in the first"):
            first_is_in.set()
            assert second_waits.wait(120)
        report = extract_shard(job, shard, remake)
        made.append((report.number, report.status, "first"))
        return report

    def fast(job, shard, remake):
        if shard.number == 0 and not second_waits.is_set():
            second_waits.set()
            return type("Report", (), {"status": "taken"})
        report = extract_shard(job, shard, remake)
        made.append((report.number, report.status, "second"))
        return report

    with ThreadPoolExecutor(1) as threads:
        monkeypatch.setattr(executors, "extract_shard", slow)
        first = threads.submit(extract, tmp_path / "in", tmp_path / "out", **OPTIONS)
        assert first_is_in.wait(120)
        monkeypatch.setattr(executors, "extract_shard", fast)
        assert extract(tmp_path / "in", tmp_path / "out", **OPTIONS).is_complete
        assert first.result(timeout=120).is_complete
    numbers = [number for number, status, _ in made if status == "written"]
    assert sorted(numbers) == sorted(set(numbers))  # none was made twice


@pytest.mark.slow
def test_two_commands_finish_together(tmp_path):
    """Each shard is made by one of them."""
    make_corpus(tmp_path / "in", 40)
    command = [sys.executable, "-m", "dsp.corpus", tmp_path / "in", tmp_path / "out", "--convention", "kaldi"]
    command += ["--format", "npz", "--shard-seconds", "1"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}
    both = [subprocess.Popen(list(map(str, command)), **pipes) for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert [errors for _, errors in outputs] == ["", ""]
    extract(tmp_path / "in", tmp_path / "whole", "kaldi", format="npz", shard_s=1)
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")
    skipped = sum(int(text.split("features, ")[1].split()[0]) for text, _ in outputs if "finished before" in text)
    assert skipped == 40  # what one has made, the other one has skipped


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_jobs_of_an_array_make_the_whole(count, tmp_path):
    make_corpus(tmp_path / "in")
    extract(tmp_path / "in", tmp_path / "whole", **OPTIONS)
    for index in range(count, 0, -1):
        summary = extract(tmp_path / "in", tmp_path / "out", **OPTIONS, shard=(index, count))
        assert summary.is_complete == (index == 1)
        assert (tmp_path / "out" / "index.jsonl").exists() == (index == 1)
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")
    assert len(open_features(tmp_path / "out")) == 6


def test_parts_that_do_not_exist_are_refused(tmp_path):
    make_corpus(tmp_path / "in", 2)
    for part in ((0, 2), (3, 2), (-1, 2), (1, 0), (1.5, 2)):
        with pytest.raises(ValueError):
            extract(tmp_path / "in", tmp_path / "out", **OPTIONS, shard=part)
    assert not (tmp_path / "out").exists()


def test_two_conventions_at_once_are_refused(tmp_path):
    """The second command sees what the first one has written down before any of its shards is there."""
    make_corpus(tmp_path / "in", 2)
    extract(tmp_path / "in", tmp_path / "out", **OPTIONS)
    for path in (tmp_path / "out" / "shards").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match="holds features with fingerprint"):
        extract(tmp_path / "in", tmp_path / "out", "kaldi_fbank", format="npz")
    assert json.loads((tmp_path / "out" / "extraction.json").read_text())["kind"] == "mfcc"
