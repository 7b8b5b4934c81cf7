"""The same command in several shells: every run is trained by one of them, and each ends with all results."""

import os
import re
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from experiments.common.locks import LockedError, exclusive_lock, run_unclaimed
from tests.conftest import ROOT

COMMANDS = [
    pytest.param("zheng_casia", ["--seed", "0", "1"], 2 * 2, marks=pytest.mark.slow),
    ("wang_cl", ["--model", "wang_control_3"], 3),
]


@pytest.mark.parametrize(("name", "options", "runs"), COMMANDS)
def test_two_processes_train_every_run_once(tmp_path, name, options, runs):
    """As much is printed as trained as there are runs; what one of the two trained, the other "finished earlier"."""
    command = [sys.executable, "-m", f"experiments.{name}", "--smoke", "--resume", "--protocol", "speaker", *options]
    command += ["--out", tmp_path]
    of_each = {"cwd": ROOT, "env": os.environ | {"OMP_NUM_THREADS": "1"}}
    pair = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **of_each) for _ in "ab"]
    printed = [process.communicate() for process in pair]
    assert [process.returncode for process in pair] == [0, 0], printed
    told = [out.decode() for out, _ in printed]
    trained = [len(re.findall("figures and network in", text)) for text in told]
    taken_over = [len(re.findall("finished earlier", text)) for text in told]
    assert len(list(tmp_path.rglob("result.json"))) == sum(trained) == runs
    assert taken_over == [runs - n for n in trained]
    assert not list(tmp_path.rglob("checkpoint*"))


def test_a_folder_is_taken_until_its_process_ends(tmp_path):
    folder = tmp_path / "deep" / "run"
    program = f"""
import sys, time
from pathlib import Path
from experiments.common.locks import exclusive_lock
with exclusive_lock(Path({str(folder)!r})):
    print("there", flush=True)
    time.sleep(600)
"""
    other = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"there\n"
    with pytest.raises(LockedError, match=str(folder)), exclusive_lock(folder, wait=False):
        pass
    other.kill()
    with exclusive_lock(folder):
        pass


def test_an_error_inside_is_not_taken_for_a_claim(tmp_path):
    with pytest.raises(BlockingIOError), exclusive_lock(tmp_path, wait=False):
        raise BlockingIOError
    with exclusive_lock(tmp_path, wait=False):
        pass


def test_what_is_taken_comes_last_and_results_stay_in_order(tmp_path, capsys):
    tried = []

    def do(item: str) -> str:
        with exclusive_lock(tmp_path / item, wait=False):
            tried.append(item)
            if item == "c":
                handed_back.start()
            return item.upper()

    claim = exclusive_lock(tmp_path / "b")
    claim.__enter__()
    handed_back = Thread(target=claim.__exit__, args=(None, None, None))
    assert run_unclaimed(do, ["a", "b", "c"], pause=0.01) == ["A", "B", "C"]
    assert tried == ["a", "c", "b"]
    assert capsys.readouterr().out.count("postponed") == 1


def test_nothing_to_do_is_done():
    assert run_unclaimed(Path, []) == []
