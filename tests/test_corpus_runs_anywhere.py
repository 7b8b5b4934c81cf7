"""Processes, threads and dask give the same files; tasks that fail and workers that are lost are tried again."""

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from dsp.corpus import executors, extract
from dsp.corpus.executors import ShardError
from tests.conftest import ROOT
from tests.small_corpus import digests, make_corpus

OPTIONS = {"convention": "kaldi", "format": "ark", "shard_s": 1.0}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A corpus of 6 shards in "in", extracted undisturbed in "whole"."""
    folder = tmp_path_factory.mktemp("corpus")
    make_corpus(folder / "in", 12)
    extract(folder / "in", folder / "whole", **OPTIONS)
    return folder


def test_processes_and_executors_give_the_same_files(corpus, tmp_path):
    extract(corpus / "in", tmp_path / "processes", **OPTIONS, workers=2)
    with ThreadPoolExecutor(2) as threads:
        summary = extract(corpus / "in", tmp_path / "threads", **OPTIONS, executor=threads)
        assert threads.submit(int).result() == 0  # it is left open
    assert summary.items == 12
    assert digests(corpus / "whole") == digests(tmp_path / "processes") == digests(tmp_path / "threads")


class Failing:
    """extract_shard that raises for one shard, so many times."""

    def __init__(self, error, times):
        self.error, self.times, self.real = error, times, executors.extract_shard

    def __call__(self, job, shard, remake):
        if shard.number == 1 and self.times:
            self.times -= 1
            raise self.error
        return self.real(job, shard, remake)


def test_a_task_that_fails_twice_is_done_the_third_time(corpus, tmp_path, monkeypatch):
    failing = Failing(RuntimeError("a bad moment"), 2)
    monkeypatch.setattr(executors, "extract_shard", failing)
    assert extract(corpus / "in", tmp_path, **OPTIONS).is_complete
    assert failing.times == 0 and digests(tmp_path) == digests(corpus / "whole")


def test_a_task_that_always_fails_ends_in_one_line_after_the_others(corpus, tmp_path, monkeypatch):
    failing = Failing(RuntimeError("two\nlines"), 99)
    monkeypatch.setattr(executors, "extract_shard", failing)
    with pytest.raises(ShardError, match="shard 1 failed 3 times: RuntimeError: two lines"):
        extract(corpus / "in", tmp_path, **OPTIONS)
    assert failing.times == 96
    monkeypatch.undo()
    n_shards = len(list((corpus / "whole" / "shards").glob("*.ark")))
    assert len(list((tmp_path / "shards").glob("*.ark"))) == n_shards - 1
    extract(corpus / "in", tmp_path, **OPTIONS)
    assert digests(tmp_path) == digests(corpus / "whole")


def test_a_full_disk_ends_at_once(corpus, tmp_path, monkeypatch):
    failing = Failing(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 99)
    monkeypatch.setattr(executors, "extract_shard", failing)
    with pytest.raises(OSError, match="No space left"):
        extract(corpus / "in", tmp_path, **OPTIONS)
    assert failing.times == 98


def extract_or_die(job, shard, remake):
    """Kills its process when it comes to shard 2 for the first time."""
    from dsp.corpus.shard import extract_shard

    mark = os.path.join(os.environ["DIE_ONCE"], "died")
    if shard.number == 2 and not os.path.exists(mark):
        with open(mark, "w"):
            os.kill(os.getpid(), signal.SIGKILL)
    return extract_shard(job, shard, remake)


def test_a_worker_process_that_is_killed_is_replaced(corpus, tmp_path, monkeypatch):
    monkeypatch.setenv("DIE_ONCE", str(tmp_path))
    monkeypatch.setattr(executors, "extract_shard", extract_or_die)
    assert extract(corpus / "in", tmp_path / "out", **OPTIONS, workers=2).is_complete
    assert (tmp_path / "died").exists()
    assert digests(tmp_path / "out") == digests(corpus / "whole")


@pytest.mark.slow
def test_a_dask_worker_that_is_killed_is_replaced(corpus, tmp_path, monkeypatch):
    monkeypatch.setenv("DIE_ONCE", str(tmp_path))
    monkeypatch.setattr(executors, "extract_shard", extract_or_die)
    assert extract(corpus / "in", tmp_path / "out", **OPTIONS, workers=2, scheduler="dask").is_complete
    assert (tmp_path / "died").exists()
    assert digests(tmp_path / "out") == digests(corpus / "whole")


def test_a_wrong_scheduler_is_one_line(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "CONNECT_S", 0.5)
    for address, reason in (
        ("tcp://127.0.0.1:9", "no dask scheduler answers there"),
        ("pigeon://loft:1", "no dask scheduler answers there"),
        ("somewhere", "'dask' or an address such as tcp://HOST:8786 is expected"),
    ):
        with pytest.raises(ValueError, match=reason) as caught:
            extract(corpus / "in", tmp_path / "out", **OPTIONS, scheduler=address)
        assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_ctrl_c_ends_the_workers(corpus, tmp_path):
    """Status 130, one line, and nobody is left who writes."""
    command = [sys.executable, "-m", "dsp.corpus", corpus / "in", tmp_path / "out", "--convention", "kaldi"]
    command += ["--workers", "2", "--shard-seconds", "0.1"]
    process = subprocess.Popen(list(map(str, command)), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob("out/shards/*.jsonl")) and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) in (
        (130, "interrupted; run the same command again to resume\n"),
        (0, ""),  # it had just finished
    )
