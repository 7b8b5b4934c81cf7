"""Each run is a task: every executor trains it once, that of a lost worker begins again, a failing one stays alone."""

import argparse
import itertools
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from dsp.files.extras import install_command
from experiments import wang_cl
from experiments.training.scheduling import Listing, RunError, Selection, as_shard, run_command, run_tasks
from tests import stub_experiment
from tests.conftest import ROOT

EXECUTORS = [ThreadPoolExecutor, ProcessPoolExecutor]


def fail_until(path: Path, n: int) -> None:
    """Raises in the first n calls."""
    with open(path, "a") as file:
        file.write(".")
    if len(path.read_text()) <= n:
        raise ValueError(f"not\nyet {path.name}")


def end_process() -> None:
    os._exit(1)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_what_fails_is_tried_once_more_and_the_others_finish(executor, tmp_path):
    with executor(2) as pool:
        failed = run_tasks(pool, fail_until, [(tmp_path / "a", 0), (tmp_path / "b", 1), (tmp_path / "c", 2)])
    assert failed == {2: "not yet c"}
    assert [len((tmp_path / name).read_text()) for name in "abc"] == [1, 2, 2]


def test_a_broken_executor_is_a_reason(tmp_path):
    with ProcessPoolExecutor(1) as pool:
        failed = run_tasks(pool, end_process, [(), ()])
    assert list(failed) == [0, 1] and all("terminated abruptly" in reason for reason in failed.values())


@pytest.mark.parametrize(("n_runs", "n_shards"), [(7, 3), (3, 3), (2, 5)])
def test_shards_divide_the_runs_of_all_networks(n_runs, n_shards):
    """Runs come in several lists, one for each network; together the shards are the whole, and they differ by 1 run."""
    runs = list(range(n_runs))
    parts = []
    for i in range(1, n_shards + 1):
        selection = as_shard(f"{i}/{n_shards}")
        parts.append(selection.take(runs[:2]) + selection.take(runs[2:]))
    assert sorted(itertools.chain(*parts)) == runs and max(map(len, parts)) - min(map(len, parts)) <= 1
    assert Selection().take(runs) == runs and as_shard("1/2").take(runs) == runs[::2]
    listing = Listing()
    assert listing.take(runs) == [] and listing.n_runs == n_runs
    rest = Listing(left_out=frozenset({1}))
    assert rest.take(runs[:1]) + rest.take(runs[1:]) == [0, *runs[2:]]


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "-1/2", "1/2/3", "²/3", "a/b", "1/9999999999999999999"])
def test_bad_shards(text, capsys):
    with pytest.raises(argparse.ArgumentTypeError, match=r"I/N|I counts"):
        as_shard(text)
    with pytest.raises(SystemExit) as stop:
        wang_cl.main(["--shard", text])
    assert stop.value.code == 2 and "--shard" in capsys.readouterr().err.splitlines()[-1]


def test_shards_are_for_commands_without_a_scheduler(capsys):
    with pytest.raises(SystemExit) as stop:
        wang_cl.main(["--shard", "1/2", "--scheduler", "dask"])
    assert stop.value.code == 2 and "--shard divides" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("address", ["nonsense", "http://127.0.0.1:1", "tcp://127.0.0.1:1"])
def test_a_wrong_address_is_one_line(address, capsys, monkeypatch, tmp_path):
    pytest.importorskip("distributed")
    monkeypatch.setattr("dsp.corpus.executors.CONNECT_S", 0.5)
    assert stub_experiment.main(["--scheduler", address, "--out", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: --scheduler {address}: ")


def test_without_dask_one_line_says_what_to_install(capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert stub_experiment.main(["--scheduler", "dask", "--out", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"error: --scheduler needs distributed: {install_command('corpus')}"


def test_a_task_that_fails_names_its_last_line(tmp_path):
    arguments = ["--out", str(tmp_path), "--seed", "7"]
    with pytest.raises(RunError, match=r"^seed 7 never works$"):
        run_command(stub_experiment.__name__, arguments, str(ROOT), str(tmp_path / "log.txt"))
    with pytest.raises(RunError, match="No module named"):
        run_command("tests.no_experiment", arguments, str(ROOT), str(tmp_path / "log.txt"))


def test_a_paper_trains_the_runs_of_its_shard(tmp_path, capsys, monkeypatch):
    seen = []

    def catch(options, corpus, setting, training, validation, scored, facts):
        seen.append((setting.system, facts["fold"]))
        raise KeyboardInterrupt

    monkeypatch.setattr(wang_cl, "train_and_score", catch)
    command = ["--smoke", "--protocol", "speaker", "--out", str(tmp_path), "--model", "wang_cnn", "wang_lstm"]
    assert wang_cl.main([*command, "--shard", "5/6"]) == 130  # of the second network the second fold
    assert wang_cl.main([*command, "--shard", "2/6"]) == 130
    assert [system for system, _ in seen] == ["wang_lstm", "wang_cnn"] and seen[0][1] == seen[1][1]
    assert wang_cl.main([*command, "--shard", "7/7"]) == 0 and len(seen) == 2


@pytest.fixture
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None, silence_logs=60) as cluster:
        yield cluster


def wait_until(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_a_cluster_trains_each_run_once_although_a_worker_is_killed(cluster, tmp_path):
    """The run of the killed worker ends with it, and begins again elsewhere; the run that always fails is named."""
    (tmp_path / "hold").touch()
    command = [sys.executable, "-m", "tests.stub_experiment", "--out", str(tmp_path), "--seed", "0", "7", "2"]
    command += ["--scheduler", cluster.scheduler_address]
    driver = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: len(list(tmp_path.glob("run-*/started"))) == 2)
    first = next(iter(sorted(tmp_path.glob("run-*/started"))))
    pid = int(first.read_text())
    worker = int(re.search(r"PPid:\s*(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not is_running(pid))
    (tmp_path / "hold").unlink()
    printed, error = driver.communicate()
    assert driver.returncode == 1, (printed, error)
    assert sorted((tmp_path / "lines.txt").read_text().split()) == ["0", "2"]
    assert printed.startswith("3 runs; ") and printed.count("finished earlier") == 2 and "trained" not in printed
    (line,) = (line for line in error.splitlines() if line.startswith("error: "))
    assert "run 2 of 3 failed 2 times: seed 7 never works; see " in line
    assert Path(line.rpartition("; see ")[2]).read_text().count("seed 7 never works") == 2
