"""The recogniser's window, driven by real events on Qt's offscreen platform."""

import json
import os
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"  # before Qt is loaded

from experiments.recogniser.app import display

assert display.reason_without_window() is None, (
    display.reason_without_window()
)  # Qt and its libraries must be here: this is no test to be skipped

import numpy as np
import pytest
import soundfile
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PySide6.QtCore import QMimeData, QObject, QPoint, QPointF, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from experiments.data.synthetic import VOICES, synthetic_corpus
from experiments.figures.keras import TRAINING, VALIDATION
from experiments.recogniser import batch, core, training
from experiments.recogniser.app import microphone
from experiments.recogniser.app.window import Window
from experiments.recogniser.drawing import draw_answer
from experiments.recogniser.verdict import verdict
from tests.test_recogniser_core import keep

PATIENCE_S = 300  # a training on a busy machine


@pytest.fixture(scope="module")
def application():
    return QApplication.instance() or QApplication([])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return list(synthetic_corpus(tmp_path_factory.mktemp("wav"), n_sentences=1, voices=VOICES[:1]).paths)


@pytest.fixture
def open_window(application, tmp_path):
    """open_window() -> a shown window whose runs lie in tmp_path / "runs"; closed after the test."""
    windows = []

    def opened(with_run: bool = True) -> Window:
        runs = tmp_path / "runs"
        runs.mkdir(exist_ok=True)
        if with_run:
            keep(runs / "one")
        window = Window(runs, smoke=True)
        windows.append(window)
        window.show()
        wait(lambda: not window.busy())
        return window

    yield opened
    for window in windows:
        window.close()


def wait(condition) -> None:
    """Lets events happen until the condition holds."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "it never happened"
        QTest.qWait(20)


def idle(window) -> None:
    wait(lambda: not window.busy())


def drop(window, paths) -> bool:
    """Drags files over the window and lets them fall; whether they were taken."""
    return drop_urls(window, [QUrl.fromLocalFile(str(path)) for path in paths])


def drop_urls(window, urls) -> bool:
    data = QMimeData()
    data.setUrls(urls)
    action, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # this way of making an event
        enter = QDragEnterEvent(QPoint(200, 200), action, data, left, none)
    QApplication.sendEvent(window, enter)
    fall = QDropEvent(QPointF(200, 200), action, data, left, none)
    fall.setAccepted(False)
    if enter.isAccepted():
        QApplication.sendEvent(window, fall)
    return enter.isAccepted() and fall.isAccepted()


def axes_titled(window, word):
    (found,) = [axes for axes in window.one.figure.axes if word in axes.get_title(loc="left")]
    return found


def test_open_by_keys_shows_the_answer(open_window, files, monkeypatch):
    window = open_window()
    asked = []
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: asked.append(1) or ([str(files[0])], ""))
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    QTest.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: asked)
    idle(window)
    found = core.recognize(window.network, files[0])
    assert window.pages.currentWidget() is window.one and window.trouble.isHidden()
    assert window.one.headline.text() == f"{found.emotion}, {found.probabilities.max():.1%} (chance 16.7%)"
    assert window.result["probabilities"] == dict(zip(found.classes, map(float, found.probabilities), strict=True))
    assert "1 channel" in window.one.steps.text() and "network" in window.one.times.text()
    assert "SYNTHETIC" in window.one.verdict.text() and "angry" in window.one.verdict.text()
    bars = axes_titled(window, "probabilities")
    np.testing.assert_allclose([bar.get_width() for bar in bars.patches[:6]], found.probabilities)
    assert axes_titled(window, "log-mel").get_xlabel() == "Time (s)"
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph that the font has not
        window.one.canvas.draw()
    window.resize(700, 520)
    QTest.qWait(50)


def test_the_verdict_says_what_the_name_states(open_window, files):
    network = replace(open_window().network, result={"corpus": "casia"})
    found = core.recognize(network, files[0])
    right, wrong = (replace(found, probabilities=np.eye(6)[k], label="angry", trained_on=False) for k in (0, 4))
    assert verdict(network, right) == "Right: the file's name says angry."
    assert verdict(network, wrong) == "Wrong: the file's name says angry."
    assert verdict(network, replace(right, trained_on=True)).endswith("trained or selected on this very recording.")
    assert "This run on casia does not record its training files," in verdict(network, replace(right, trained_on=None))
    assert "not one of this network's emotions" in verdict(network, replace(found, named_emotion="calm", label=None))
    assert verdict(network, replace(found, named_emotion=None, label=None)) == "The file's name states no emotion."
    for one, colour in ((right, TRAINING), (wrong, VALIDATION)):
        figure = Figure()
        draw_answer(figure, one, network.view)
        (bars,) = [axes for axes in figure.axes if axes.get_xlabel() == "Probability"]
        assert to_hex(bars.patches[int(one.probabilities.argmax())].get_facecolor()) == colour
        assert bars.get_xlim() == (0, 1)
        (chance,) = bars.lines
        assert chance.get_xdata() == pytest.approx([1 / 6, 1 / 6]) and chance.get_label() == "chance, 16.7%"


def test_a_dropped_file_is_recognised(open_window, files):
    window = open_window()
    assert window.acceptDrops() and drop(window, files[1:2])
    idle(window)
    assert window.result["file"] == str(files[1]) and window.pages.currentWidget() is window.one
    assert not drop_urls(window, [QUrl("https://example.org/a.wav")])
    assert window.trouble.isVisible() and "only files on this computer" in window.trouble.text()


def test_a_bad_file_is_named_and_the_next_is_answered(open_window, files, tmp_path):
    window = open_window()
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"to whom it may concern")
    assert drop(window, [bad])
    idle(window)
    assert window.trouble.isVisible() and window.trouble.text().startswith(f"{bad}: not readable as audio")
    assert window.result is None and not window.bar.saving.isEnabled()
    drop(window, files[:1])
    idle(window)
    assert window.trouble.isHidden() and window.result["file"] == str(files[0])
    assert window.pages.currentWidget() is window.one
    drop(window, [bad])
    idle(window)  # the answer to the file before is gone
    assert window.result is None and window.pages.currentWidget() is window.waiting
    assert "Drop recordings" in window.waiting.text.text() and window.trouble.isVisible()


def test_while_a_network_is_loaded_the_window_says_so(application, tmp_path):
    keep(tmp_path / "one")
    window = Window(tmp_path)
    window.show()
    assert window.busy() and window.pages.currentWidget() is window.waiting
    assert window.waiting.text.text() == "Loading the network one …"
    idle(window)
    assert "Drop recordings" in window.waiting.text.text()
    window.close()


def test_a_first_network_that_cannot_be_loaded(application, tmp_path):
    (keep(tmp_path / "one") / "network.pt").write_bytes(b"spoiled")
    window = Window(tmp_path)
    window.show()
    idle(window)
    assert window.pages.currentWidget() is window.no_run
    assert window.no_run.headline.text() == "The network could not be loaded."
    assert "not the weights" in window.trouble.text()
    window.close()


def test_what_nobody_thought_of_is_shown_too(open_window, files, monkeypatch):
    window = open_window()
    monkeypatch.setattr(core, "recognize", lambda *_: 1 // 0)
    drop(window, files[:1])
    idle(window)
    assert window.trouble.isVisible() and "ZeroDivisionError" in window.trouble.text()


@pytest.mark.slow
def test_without_a_run_one_is_trained(open_window, files, tmp_path):
    window = open_window(with_run=False)
    assert window.pages.currentWidget() is window.no_run
    assert not window.bar.opening.isEnabled() and not window.bar.list.isEnabled()
    drop(window, files[:1])
    assert "no network is loaded" in window.trouble.text()
    seen = []
    window.trainer.percent.connect(seen.append)
    QTest.mouseClick(window.no_run.button, Qt.MouseButton.LeftButton)
    assert window.trainer.is_running() and not window.no_run.button.isEnabled()
    wait(lambda: window.network is not None and not window.busy())
    assert window.network.training_content["kind"] == "images" and len(window.network.training_content["training"]) > 9
    assert window.network.result["corpus"] == "synthetic" and "SYNTHETIC" in window.statusBar().currentMessage()
    assert seen and (tmp_path / "runs" / "zheng_casia").is_dir() and window.bar.list.count() == 1
    drop(window, files[:1])
    idle(window)
    assert window.result["file"] == str(files[0]) and axes_titled(window, "image").get_ylabel() == "Frequency (kHz)"


def test_a_training_that_fails_says_so(open_window, monkeypatch):
    window = open_window(with_run=False)
    monkeypatch.setattr(training, "process", lambda *_: ("python3", ["-c", "raise SystemExit('no disk')"]))
    window.no_run.train()
    wait(lambda: not window.trainer.is_running())
    QTest.qWait(50)
    assert "ended without a network: no disk" in window.trouble.text() and window.no_run.button.isEnabled()
    monkeypatch.setattr(training, "process", lambda *_: ("no-such-program", []))
    window.no_run.train()
    wait(lambda: "did not start" in window.trouble.text())
    assert (
        training.last_percentage("a  40%|## | 2/5 a  60%|###| 3/5") == 60
        and training.last_percentage("loss 1.2") is None
    )


def test_without_a_microphone_the_button_says_why(open_window, monkeypatch):
    reason = microphone.reason_without_recording()
    assert reason is None or reason.startswith("no recording: ")
    monkeypatch.setattr(microphone, "reason_without_recording", lambda: "no recording: no microphone was found")
    window = open_window()
    assert not window.bar.recording.isEnabled()
    assert window.bar.recording.toolTip() == "no recording: no microphone was found"


class PretendedRecorder(QObject):
    """Hears a file instead of a microphone."""

    recorded, failed = Signal(object), Signal(str)
    heard = None

    def start(self):
        pass

    def stop(self):
        if isinstance(self.heard, Path):
            self.recorded.emit(self.heard)
        else:
            self.failed.emit(self.heard)


def test_what_was_recorded_is_recognised(open_window, files, monkeypatch):
    monkeypatch.setattr(microphone, "reason_without_recording", lambda: None)
    monkeypatch.setattr(microphone, "Recorder", PretendedRecorder)
    window = open_window()
    for heard in (files[2], "microphone: nothing was recorded"):
        PretendedRecorder.heard = heard
        window.bar.recording.trigger()
        assert window.busy() and window.bar.recording.text() == "Stop recording" and not window.bar.opening.isEnabled()
        window.bar.recording.trigger()
        idle(window)
    assert window.result["file"] == str(files[2])
    assert window.trouble.text() == "microphone: nothing was recorded"


def test_samples_of_sound_cards(tmp_path):
    x = np.array([[0.0, 0.5], [-1.0, 0.25], [-0.5, 0.75]])
    for name, kind, zero, scale in (
        ("UInt8", np.uint8, 128, 128),
        ("Int16", np.int16, 0, 2**15),
        ("Int32", np.int32, 0, 2**31),
        ("Float", np.float32, 0, 1),
    ):
        data = (x * scale + zero).astype(kind).tobytes()
        np.testing.assert_array_equal(microphone.as_samples(data + b"\0", name, 2), x)  # half a frame at the end
    for data, name, rule in ((b"", "Int16", "nothing was recorded"), (b"1234", "Unknown", "UInt8, Int16")):
        with pytest.raises(ValueError, match=rule):
            microphone.as_samples(data, name, 1)
    read, rate = soundfile.read(microphone.write_recording(x, 48_000, tmp_path))
    assert rate == 48_000 and np.array_equal(read, x)


def test_a_folder_is_a_batch(open_window, files, tmp_path):
    window = open_window()
    folder = files[0].parent.parent
    assert drop(window, [folder])
    assert window.pages.currentWidget() is window.many
    idle(window)
    out = tmp_path / "runs" / "recogniser" / folder.name
    assert window.many.table.rowCount() == 6 and window.many.progress.isHidden()
    assert "accuracy" in window.many.headline.text() and "caution" in window.many.note.text()
    assert (out / "confusion.png").exists() and not window.many.matrix.pixmap().isNull()
    kept = json.loads((out / "batch.json").read_text())
    assert kept["summary"] == window.result["summary"] and len(window.result["files"]) == 6
    answer = window.many.table.item(0, 1).text()
    assert answer == kept["files"][0]["emotion"] and window.many.table.item(0, 3).text() == "angry"
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"")
    drop(window, [files[0], bad])
    idle(window)
    assert window.many.table.item(1, 1).text() == "refused: empty file (0 bytes)"
    assert window.many.table.columnSpan(1, 1) == 4 and "1 refused" in window.many.note.text()
    (tmp_path / "nothing").mkdir()
    drop(window, [tmp_path / "nothing"])
    assert "no recordings" in window.trouble.text() and window.pages.currentWidget() is window.waiting


def test_what_is_shown_is_saved(open_window, files, tmp_path, monkeypatch):
    window = open_window()
    drop(window, files[:1])
    idle(window)
    for target in (tmp_path / "saved.json", files[0] / "in a file.json"):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, target=target: (str(target), ""))
        window.bar.saving.trigger()
    assert json.loads((tmp_path / "saved.json").read_text()) == window.result
    assert window.trouble.isVisible() and "in a file.json" in window.trouble.text()


def test_another_run_is_chosen(open_window, tmp_path, monkeypatch):
    window = open_window()
    other = keep(tmp_path / "elsewhere" / "deep" / "run", "dey_1d_cnn_lstm", "windows_1d")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "elsewhere"))
    window.bar.other.trigger()
    idle(window)
    assert window.network.folder == other and window.bar.list.currentData() == str(other)
    (other / "network.pt").write_bytes(b"spoiled")
    window.use_run(other)
    idle(window)
    assert "not the weights" in window.trouble.text()
    window.bar.list.setCurrentIndex(1)
    window.bar.list.activated.emit(1)
    idle(window)
    assert window.network.folder == tmp_path / "runs" / "one" and window.trouble.isHidden()


@pytest.fixture
def slow(monkeypatch) -> list:
    """Every answer of a batch takes a fifth of a second; the list grows by one with each."""
    answer, given = core.recognize, []

    def recognize(*arguments):
        time.sleep(0.2)
        given.append(1)
        return answer(*arguments)

    monkeypatch.setattr(batch, "recognize", recognize)
    return given


def test_the_window_lives_while_work_is_done_and_closes_in_it(open_window, files, slow):
    window = open_window()
    ticks = []
    timer = QTimer(interval=10)
    timer.timeout.connect(lambda: ticks.append(1))
    timer.start()
    window.take(files * 20)
    wait(lambda: window.many.table.rowCount() >= 2)
    assert len(ticks) > 5 and not window.bar.opening.isEnabled() and window.halt.isVisible()
    drop(window, files[:1])
    assert "busy" in window.trouble.text()
    job = window.job
    QTest.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: not window.isVisible())
    assert job.isFinished() and len(slow) < 60
    QTest.qWait(100)  # what was on its way arrives at a closed window
    timer.stop()


def test_work_is_stopped(open_window, files, slow):
    window = open_window()
    window.take(files * 20)
    wait(lambda: window.many.table.rowCount() >= 1)
    QTest.mouseClick(window.halt, Qt.MouseButton.LeftButton)
    idle(window)
    assert len(slow) < 60 and "stopped after" in window.many.headline.text() and window.bar.opening.isEnabled()


def test_closing_ends_a_training(open_window, monkeypatch):
    window = open_window(with_run=False)
    monkeypatch.setattr(training, "process", lambda *_: ("python3", ["-c", "import time; time.sleep(600)"]))
    window.no_run.train()
    wait(lambda: window.trainer.processId() != 0)
    window.close()
    assert not window.trainer.is_running()


def test_a_window_that_cannot_be_opened_says_what_to_install(monkeypatch):
    monkeypatch.delenv("QT_QPA_PLATFORM")
    for name in display.PLATFORMS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(display.sys, "platform", "linux")
    assert "needs a display" in display.reason_without_window()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(display, "_missing", lambda path: "libxcb-icccm.so.4: cannot open shared object file")
    line = display.reason_without_window()
    assert "libxcb-icccm.so.4" in line and "libxcb-icccm4" in line and "--audio" in line and "\n" not in line
    monkeypatch.setattr(display, "_missing", lambda path: None)
    assert display.reason_without_window() is None
    monkeypatch.setitem(sys.modules, "PySide6", None)
    monkeypatch.delitem(sys.modules, "PySide6.QtWidgets")
    line = display.reason_without_window()
    assert line.startswith("the window needs PySide6: pip install ") and "[window]" in line and "libx" not in line
