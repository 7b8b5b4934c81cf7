"""The same command in several shells: one of them makes each image and trains each run; each ends with all results."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from filelock import FileLock

from experiments.common.locks import LockedError, exclusive_lock, run_unclaimed
from spectrogram_images.folder import convert, find_recordings
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


SHELL = """
import sys
from spectrogram_images.__main__ import main
from spectrogram_images.render import load_kernels
load_kernels()
print("ready", flush=True)
sys.stdin.readline()
sys.exit(main(sys.argv[1:]))
"""


def start_shells(arguments: list[str], n: int) -> list[subprocess.Popen]:
    """Processes that have loaded everything and begin when they are told to."""
    command, pipes = [sys.executable, "-c", SHELL, *arguments], dict.fromkeys(("stdin", "stdout", "stderr"), -1)
    shells = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(n)]
    assert [shell.stdout.readline() for shell in shells] == ["ready\n"] * n
    return shells


@pytest.fixture
def recordings(write_wav, tmp_path) -> Path:
    for i in range(40):
        write_wav(f"wavs/e/{i:02}.wav", np.sin(np.arange(8000) ** (1.1 + i / 100)))
    return tmp_path / "wavs"


def test_two_shells_make_the_images_of_one_folder_together(recordings, tmp_path):
    """Each image is made once, by one of them, and the bytes are those of a single run."""
    (alone,) = start_shells([str(recordings), str(tmp_path / "alone"), "--any-layout", "--workers=1"], 1)
    assert "40 images written, 0 were there already, 0 failed" in alone.communicate("\n")[0]
    pair = start_shells([str(recordings), str(tmp_path / "both"), "--any-layout", "--workers=1"], 2)
    for shell in pair:
        shell.stdin.write("\n")
        shell.stdin.flush()
    printed = [shell.communicate() for shell in pair]
    assert [shell.returncode for shell in pair] == [0, 0], printed
    counts = [list(map(int, re.findall(r"\d+", out))) for out, _ in printed]  # written, there already, failed
    assert all(sum(count) == 40 for count in counts), printed  # on a busy machine one of them may make all
    assert sum(count[0] for count in counts) == 40, printed
    files = {path.name: path.read_bytes() for path in (tmp_path / "alone" / "e").iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "both" / "e").iterdir()} == files


def test_an_image_claimed_elsewhere_comes_last_and_outcomes_stay_in_order(recordings, tmp_path):
    """The one who claimed it dies without having made it; the other one makes it then."""
    png = tmp_path / "png" / "e" / "e1.png"
    png.parent.mkdir(parents=True)
    claim = FileLock(png.with_name(".e1.png.lock"), thread_local=False)
    claim.acquire()
    found, _ = find_recordings(recordings, any_layout=True)
    outcomes = convert(found[:20], tmp_path / "png", workers=1)
    let_go = Thread(target=lambda: (wait_for(png.with_name("e8.png")), claim.release()))
    let_go.start()
    assert next(outcomes).status == "written"
    let_go.join()
    order = sorted(png.parent.glob("*.png"), key=lambda path: path.stat().st_mtime_ns)
    assert [path.name for path in order] == [*(f"e{i}.png" for i in range(2, 9)), "e1.png"]
    assert [outcome.status for outcome in outcomes] == ["written"] * 19
    assert not list(png.parent.glob(".*"))


def wait_for(path: Path) -> None:
    for _ in range(12_000):
        if path.exists():
            return
        time.sleep(0.01)


def test_without_locks_images_are_made_all_the_same(recordings, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise NotImplementedError("this file system has no locks")

    monkeypatch.setattr(FileLock, "acquire", refuse)
    found, _ = find_recordings(recordings, any_layout=True)
    assert [outcome.status for outcome in convert(found[:2], tmp_path / "png", workers=1)] == ["written"] * 2
