"""Invariant: a command killed at ten random moments and started again leaves what an uninterrupted one leaves."""

import hashlib
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest
import torch

from dsp.files.writing import write_atomically
from experiments.data.synthetic import VOICES, synthetic_corpus
from spectrogram_images.folder import OutputError, convert
from tests.conftest import ROOT

SOMETIMES_KILLED = [signal.SIGINT, signal.SIGKILL]


def interrupted_ten_times(command: list[str], seconds: float, out: Path) -> None:
    """Starts the command, stops it at a random moment within `seconds`, ten times; then lets it finish."""
    moments = random.Random(5)
    for attempt in range(10):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(moments.uniform(0.1, seconds))
            break  # it was faster than the moment
        except subprocess.TimeoutExpired:
            process.send_signal(SOMETIMES_KILLED[attempt % 2])
            process.wait(120)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def timed(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()
    }


@pytest.mark.slow
def test_images(tmp_path):
    synthetic_corpus(tmp_path / "wav", n_sentences=12, voices=VOICES)
    command = [sys.executable, "-m", "spectrogram_images", str(tmp_path / "wav")]
    timed([*command, str(tmp_path / "warm")])
    seconds = timed([*command, str(tmp_path / "whole")])
    interrupted_ten_times([*command, str(tmp_path / "broken")], seconds, tmp_path / "broken")
    whole = hashes(tmp_path / "whole")
    assert len(whole) == 288 and hashes(tmp_path / "broken") == whole


@pytest.mark.slow
def test_no_worker_outlives_a_killed_command(tmp_path):
    synthetic_corpus(tmp_path / "wav", n_sentences=12, voices=VOICES)
    command = [sys.executable, "-m", "spectrogram_images", str(tmp_path / "wav"), str(tmp_path / "png"), "--workers=3"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not list(tmp_path.glob("png/*/*.png")):
        assert process.poll() is None
        time.sleep(0.001)
    process.kill()
    process.communicate(timeout=120)  # ends when the last process that could write here has ended
    assert len(list(tmp_path.glob("png/*/*.png"))) < 288, "it was faster than the kill: nothing was shown"


def test_a_killed_worker_is_reported(tmp_path):
    """A recording that takes minutes to read (64 GB of nothing) holds the worker until it is killed."""
    (tmp_path / "x.wav").touch()
    os.truncate(tmp_path / "x.wav", 2**36)
    outcomes = convert([(tmp_path / "x.wav", f"e/e{i}.png") for i in range(99)], tmp_path / "png", workers=2)

    def kill_a_worker():
        while not multiprocessing.active_children():
            time.sleep(0.001)
        multiprocessing.active_children()[0].kill()

    killer = Thread(target=kill_a_worker)
    killer.start()
    with pytest.raises(OutputError, match="a worker process was killed"):
        next(outcomes)
    killer.join()


BETWEEN_STARTS = """
import os, signal
from concurrent.futures import ProcessPoolExecutor
from dsp.files.processes import mapped
start = ProcessPoolExecutor._spawn_process
def start_and_interrupt(self):
    start(self)
    os.kill(os.getpid(), signal.SIGINT)
ProcessPoolExecutor._spawn_process = start_and_interrupt
try:
    print(list(mapped(abs, range(9), 2)))
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupt_between_the_starts_of_two_workers_ends_both():
    done = subprocess.run([sys.executable, "-c", BETWEEN_STARTS], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr


@pytest.mark.slow
def test_training(tmp_path):
    command = [sys.executable, "-m", "experiments.zheng_casia", "--smoke", "--protocol", "honest", "--resume", "--out"]
    timed([*command, str(tmp_path / "warm")])
    seconds = timed([*command, str(tmp_path / "whole")])
    interrupted_ten_times([*command, str(tmp_path / "broken")], seconds, tmp_path / "broken")
    run = Path("synthetic") / "zheng_cnn_lstm" / "published" / "honest-seed0"
    results = [json.loads((tmp_path / side / run / "result.json").read_text()) for side in ("whole", "broken")]
    for result in results:
        del result["seconds"], result["cpu_seconds"]
    assert results[0] == results[1]
    networks = [torch.load(tmp_path / side / run / "network.pt", weights_only=True) for side in ("whole", "broken")]
    assert all(torch.equal(networks[0][key], networks[1][key]) for key in networks[0])
    whole, broken = hashes(tmp_path / "whole"), hashes(tmp_path / "broken")
    assert set(whole) == set(broken)
    pictures_and_sounds = {name for name in whole if name.endswith((".wav", ".png"))}
    assert len(pictures_and_sounds) == 36 + 4
    assert all(whole[name] == broken[name] for name in pictures_and_sounds)


def test_write_atomically(tmp_path):
    target = tmp_path / "deep" / "file"
    write_atomically(target, lambda path: path.write_text("one"))
    assert target.read_text() == "one"

    def fail(path):
        path.write_text("half")
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        write_atomically(target, fail)
    assert target.read_text() == "one" and os.listdir(target.parent) == ["file"]


def test_two_writers_of_one_file_do_not_disturb_each_other(tmp_path):
    """The second one starts and ends while the first one writes."""
    target = tmp_path / "file"

    def slow(path):
        path.write_text("slow, first half, ")
        write_atomically(target, lambda other: other.write_text("quick"))
        assert target.read_text() == "quick"
        with path.open("a") as file:
            file.write("second half")

    write_atomically(target, slow)
    assert target.read_text() == "slow, first half, second half" and os.listdir(tmp_path) == ["file"]


def test_what_a_killed_writer_leaves_is_written_over(tmp_path):
    (tmp_path / ".file.part").write_text("left by a killed process, longer than the new content")
    write_atomically(tmp_path / "file", lambda path: path.write_text("new"))
    assert (tmp_path / "file").read_text() == "new" and os.listdir(tmp_path) == ["file"]
