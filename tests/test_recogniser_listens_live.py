"""Claim: --live answers every second as --audio does for the same three seconds, in real time, and says silence."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import dsp
from experiments.inputs.statistics import StatisticsStream, statistics
from experiments.recogniser import command, core, live, trained
from experiments.recogniser.recording import Recording, read
from tests.conftest import ROOT
from tests.test_recogniser_core import keep

RATE = 44_100


class Clock:
    """Time that passes only while somebody sleeps, and a little with every look at it."""

    def __init__(self):
        self.now, self.slept = 100.0, 0.0

    def monotonic(self) -> float:
        self.now += 1e-5
        return self.now

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= live.PIECE_S
        self.now, self.slept = self.now + seconds, self.slept + seconds


@pytest.fixture(scope="module")
def shipped():
    """The network that comes with the project, whose features are streamed."""
    return core.load_warm(trained.runs_under(trained.SHIPPED)[0])


@pytest.fixture(scope="module")
def recording_path(tmp_path_factory) -> Path:
    """8.4 s at 44.1 kHz in two channels: noise that swells, with 4 s of near silence in it."""
    path = tmp_path_factory.mktemp("live") / "speech.wav"
    rng, n = np.random.default_rng(0), int(8.4 * RATE)
    t = np.arange(n) / RATE
    loud = np.where((t < 2.5) | (t > 6.5), 0.2, 1e-5) * (1.1 + np.sin(2 * np.pi * 3 * t))
    soundfile.write(path, rng.standard_normal((n, 2)) * loud[:, None], RATE, "FLOAT")
    return path


def answer_of(network, window: np.ndarray) -> np.ndarray:
    """What --audio answers for a window."""
    rate = network.view.sample_rate
    return core.answer(network, Recording(Path("window"), window, rate, 1, window.size / rate, ())).probabilities


@pytest.mark.parametrize("system", ["shipped", "dey_td_cnn_bilstm"])
def test_answers_are_those_of_the_windows(system, shipped, recording_path, tmp_path):
    """Of a network with streamed features and of one that needs the whole window."""
    network = shipped if system == "shipped" else core.load_warm(keep(tmp_path / "run"))
    assert (network.view.stream is not None) == (system == "shipped")
    recording = read(recording_path)
    clock = Clock()
    moments = list(live.listen(network, live.file_in_real_time(recording, clock), RATE))
    assert clock.slept == pytest.approx(8.4, abs=0.1)  # real time, on this clock
    rate = network.view.sample_rate
    heard = dsp.resample(recording.signal, RATE, rate)
    assert [moment.time_s for moment in moments] == pytest.approx([1, 2, 3, 4, 5, 6, 7, 8, heard.size / rate])
    assert [moment.start_s for moment in moments] == [0, 0, 0, 1, 2, 3, 4, 5, 6]
    for moment in moments:
        window = heard[round(moment.start_s * rate) : round(moment.time_s * rate)]
        level = 10 * np.log10(window.var())
        assert moment.level_db == pytest.approx(level, abs=1e-6)
        if level < live.SILENCE_DB:
            assert moment.probabilities is None and moment.reason == "silence"
        else:
            assert moment.probabilities.tobytes() == answer_of(network, window).tobytes()
    silent = [moment.time_s for moment in moments if moment.probabilities is None]
    assert silent == [6]  # 3 .. 6 s; every other window hears some of the noise


def test_the_end_of_a_second_brings_the_line(shipped):
    """No line waits for more sound than its window and the resampler need."""
    rng = np.random.default_rng(1)
    n_pushed = 0

    def pieces():
        nonlocal n_pushed
        for _ in range(420):
            n_pushed += 480
            yield rng.standard_normal(480) / 10

    latency = dsp.Resampler(48_000, 16_000).latency
    for moment in live.listen(shipped, pieces(), 48_000):
        if moment.time_s == int(moment.time_s):
            assert 48_000 * moment.time_s <= n_pushed <= 48_000 * moment.time_s + latency + 480


def test_streamed_statistics_are_the_statistics():
    x = np.random.default_rng(2).standard_normal(20_000) / 10
    stream = StatisticsStream()
    for piece in np.array_split(x, 33):
        stream.push(piece)
    assert stream.finish().tobytes() == statistics(x, 16_000)[None].tobytes()


def test_windows_without_an_answer(shipped):
    """Digital silence, a constant, and a rest shorter than a frame."""
    moments = list(live.listen(shipped, [np.zeros(16_000)], 16_000))
    assert [(moment.reason, moment.level_db) for moment in moments] == [("silence", -np.inf)]
    constant = list(live.listen(shipped, [np.full(16_000, 0.25)], 16_000))
    assert constant[0].reason == "silence"
    (short,) = live.listen(shipped, [np.tile([0.1, -0.1], 50)], 16_000)
    assert short.reason == "no answer: 100 samples give no frame of 400 under the framing 'valid'"
    assert list(live.listen(shipped, [], 16_000)) == []


def test_lines(shipped):
    p = np.full(8, 0.05)
    p[2] = 0.65
    heard = live.Moment(3.0, 0.0, -20.04, p)
    assert live.line(shipped, heard) == f"   3.00 s  {shipped.classes[2]:<10} 65.0%  (chance 12.5%)"
    item = json.loads(live.line(shipped, heard, as_json=True))
    assert item["emotion"] == shipped.classes[2] and item["probabilities"][shipped.classes[2]] == 0.65
    assert item["time_s"] == item["window_s"] == 3.0 and item["level_db"] == -20.0 and item["chance"] == 0.125
    silence = live.Moment(4.0, 1.0, -np.inf, None, "silence")
    assert live.line(shipped, silence) == "   4.00 s  silence"
    assert json.loads(live.line(shipped, silence, as_json=True))["level_db"] is None


def test_the_command(recording_path, capsys):
    options = command.parse(["--live", str(recording_path), "--json"])
    assert command.answer_live(options, trained.SHIPPED, Clock()) == 0
    output = capsys.readouterr()
    items = [json.loads(line) for line in output.out.splitlines()]
    assert [item["time_s"] for item in items] == [1, 2, 3, 4, 5, 6, 7, 8, 8.4]
    assert "2 channels mixed to their mean" in output.err and "Ctrl+C" in output.err


def test_refusals(tmp_path, capsys, monkeypatch):
    assert command.main(["--live", str(tmp_path / "none.wav")]) == 2
    assert "none.wav" in capsys.readouterr().err
    (tmp_path / "text.wav").write_text("no audio")
    assert command.main(["--live", str(tmp_path / "text.wav")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    for module in ("PySide6", "PySide6.QtMultimedia"):
        monkeypatch.setitem(sys.modules, module, None)
    assert command.main(["--live"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "pip install" in line and "--live FILE" in line
    with pytest.raises(SystemExit) as exit_status:
        command.main(["--live", "a.wav", "--audio", "b.wav"])
    assert exit_status.value.code == 2


@pytest.mark.slow
def test_no_microphone_is_one_line():
    pytest.importorskip("PySide6.QtMultimedia", exc_type=ImportError)
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PULSE_SERVER": "/nowhere"}
    call = [sys.executable, "-m", "experiments.recogniser", "--live"]
    ended = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    if "listening" in ended.stderr:
        pytest.skip("there is a microphone")
    assert ended.returncode == 2 and ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line == "error: no recording: no microphone was found; --live FILE listens to a file"


@pytest.mark.slow
def test_ctrl_c_ends_with_130(recording_path):
    call = [sys.executable, "-m", "experiments.recogniser", "--live", str(recording_path)]
    process = subprocess.Popen(call, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert first.startswith("   1.00 s  ")
    assert process.returncode == 130 and err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err
