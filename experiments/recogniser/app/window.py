"""The window. It shows what core computes; long work runs in a thread or in a process of its own."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QMainWindow,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from dsp.files.naming import printable
from experiments.figures.matlab import RED
from experiments.recogniser import batch, core, trained, training
from experiments.recogniser.app import microphone
from experiments.recogniser.app.bar import Bar
from experiments.recogniser.app.pages import NO_RUN, NOT_LOADED, READY, AnswerPage, BatchPage, NoRunPage, WaitingPage
from experiments.recogniser.app.work import Job
from experiments.recogniser.trained import Trained, title_of

SOUNDS = f"Recordings ({' '.join('*' + suffix for suffix in batch.SUFFIXES)});;All files (*)"


class Window(QMainWindow):
    """The main window.

    runs : the folder of trained runs; the newest is loaded.  smoke : a tiny training, for tests

    Checked: tests/test_recogniser_window.py
    """

    def __init__(self, runs: Path, smoke: bool = False):
        super().__init__()
        self.runs = Path(runs)
        self.network: Trained | None = None
        self.result: dict | None = None  # what Save writes
        self.job: Job | None = None
        self.on_item = None  # the function that takes what the job yields
        self.recorder = None
        self.no_microphone = microphone.reason_without_recording()
        self.setWindowTitle("Speech emotion recogniser")
        self.resize(1120, 760)
        self.setAcceptDrops(True)
        self._build(smoke)
        self._connect()
        self.look_for_runs()

    def _build(self, smoke: bool) -> None:
        self.bar = Bar()
        if self.no_microphone:
            self.bar.recording.setToolTip(self.no_microphone)
        self.addToolBar(self.bar)
        self.trouble = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText, visible=False)
        self.trouble.setStyleSheet(f"background: {RED}; color: #5c1510; padding: 8px; border-radius: 4px;")
        self.trouble.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.no_run, self.waiting = NoRunPage(self.runs, smoke), WaitingPage()
        self.one, self.many = AnswerPage(), BatchPage()
        self.trainer = self.no_run.trainer
        self.pages = QStackedWidget()
        for page in (self.no_run, self.waiting, self.one, self.many):
            self.pages.addWidget(page)
        self.halt = QPushButton("Stop", visible=False)
        self.statusBar().addPermanentWidget(self.halt)
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(8, 8, 8, 0)
        layout.addWidget(self.trouble)
        layout.addWidget(self.pages, stretch=1)
        self.setCentralWidget(middle)

    def _connect(self) -> None:
        self.bar.opening.triggered.connect(self.ask_for_files)
        self.bar.folder.triggered.connect(self.ask_for_folder)
        self.bar.recording.triggered.connect(self.record)
        self.bar.saving.triggered.connect(self.ask_where_to_save)
        self.bar.other.triggered.connect(self.ask_for_run)
        self.bar.chosen.connect(self.use_run)
        QShortcut(QKeySequence("Ctrl+Q"), self).activated.connect(self.close)
        self.halt.clicked.connect(self.stop_work)
        self.no_run.began.connect(lambda: self._refresh("training on the synthetic corpus"))
        self.trainer.printed.connect(self.statusBar().showMessage)
        self.trainer.ended.connect(self._on_trained)

    # trained runs

    def look_for_runs(self) -> None:
        run = self.bar.look_for_runs(self.runs)
        if run is not None:
            self.use_run(run)
        else:
            self.no_run.headline.setText(NO_RUN)
            self.pages.setCurrentWidget(self.no_run)
            self._refresh("")

    def use_run(self, folder: Path) -> None:
        """Loads a run, warms it up, and shows it in the list."""

        def steps():
            yield core.load_warm(folder)

        name = printable(folder.name)
        self._show_waiting(f"Loading the network {name} …")
        self._work(steps, self._on_loaded, f"loading {name}")

    def _on_loaded(self, network: Trained) -> None:
        self.network = network
        self._show_waiting()
        synthetic = network.result["corpus"] == "synthetic"
        self.statusBar().showMessage(training.SYNTHETIC if synthetic else f"ready: {title_of(network.folder)}")

    def _on_trained(self, trouble: str) -> None:
        self._refresh("")
        self.show_trouble(trouble)
        if not trouble:
            self.look_for_runs()

    def _show_waiting(self, text: str = READY) -> None:
        """Clears an earlier result, so that nothing on the page belongs to another file or network."""
        self.result = None
        self.waiting.show_text(text)
        self.pages.setCurrentWidget(self.waiting)

    # recordings

    def take(self, paths: list[Path]) -> None:
        """Recognizes what was opened or dropped: a file, several files, or a folder."""
        if self.busy():
            self.show_trouble("busy: wait for the work in progress or stop it, then try again")
        elif self.network is None:
            self.show_trouble("no network is loaded: choose a trained run, or train one")
        elif len(paths) == 1 and not paths[0].is_dir():
            self.recognize(paths[0])
        elif paths:
            self.recognize_all(paths)

    def recognize(self, path: Path) -> None:
        def steps():
            yield core.recognize(self.network, path)

        name = printable(path.name)
        self._show_waiting(f"Recognizing {name} …")
        self._work(steps, self._on_answer, f"recognizing {name}")

    def _on_answer(self, answer: core.Answer) -> None:
        self.one.show_answer(self.network, answer)
        self.result = core.as_json(self.network, answer)
        self.pages.setCurrentWidget(self.one)
        self.statusBar().showMessage(printable(answer.recording.path))

    def recognize_all(self, given: list[Path]) -> None:
        """Recognizes files and folders as one batch; its figure and its JSON are written below `runs`."""
        where = given[0] if given[0].is_dir() else given[0].parent
        out = batch.default_out(where, self.runs)
        try:
            paths = [path for item in given for path in (batch.find_recordings(item) if item.is_dir() else [item])]
        except ValueError as error:
            self._show_waiting()
            self.show_trouble(str(error))
            self._refresh("")
            return

        def steps():
            objects = []
            for item in batch.answer_files(self.network, paths):
                objects.append(item)
                yield item
            yield objects, *batch.write(out, self.network, objects), out

        self.result = None
        self.many.begin(len(paths), printable(where))
        self.pages.setCurrentWidget(self.many)
        self._work(steps, self._on_batch, f"recognizing {len(paths)} files")

    def _on_batch(self, item) -> None:
        if isinstance(item, dict):
            self.many.add(item)
            return
        objects, summary, written, out = item
        figure = next((path for path in written if path.suffix == ".png"), None)
        self.many.end(batch.summary_lines(summary), figure, out)
        self.result = {"run": printable(self.network.folder), "summary": summary, "files": objects}
        self.statusBar().showMessage(f"{summary['answered']} of {summary['files']} files answered")

    def record(self) -> None:
        """Starts a recording, or ends it."""
        if self.recorder is not None:
            self.recorder.stop()
            return
        self.recorder = microphone.Recorder(self)
        self.recorder.recorded.connect(self._on_recorded)
        self.recorder.failed.connect(self._on_recorded)
        self.recorder.start()
        self._refresh("recording from the microphone")

    def _on_recorded(self, recorded: Path | str) -> None:
        self.recorder.deleteLater()
        self.recorder = None
        self._refresh("")
        if isinstance(recorded, Path):
            self.take([recorded])
        else:
            self.show_trouble(recorded)

    # dialogs

    def ask_for_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Recordings to recognize", "", SOUNDS)
        if names:
            self.take([Path(name) for name in names])

    def ask_for_folder(self) -> None:
        if name := QFileDialog.getExistingDirectory(self, "A folder of recordings"):
            self.take([Path(name)])

    def ask_for_run(self) -> None:
        if name := QFileDialog.getExistingDirectory(self, "The folder of a trained run", str(self.runs)):
            try:
                self.use_run(trained.newest(name))
            except ValueError as error:
                self.show_trouble(str(error))

    def ask_where_to_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the result", "result.json", "JSON (*.json)")
        if name:
            try:
                batch.write_json(name, self.result)
                self.statusBar().showMessage(f"saved: {printable(name)}")
            except OSError as error:
                self.show_trouble(printable(f"{name}: {error.strerror or error}"))

    # work, and how the window shows it

    def busy(self) -> bool:
        return self.job is not None or self.trainer.is_running() or self.recorder is not None

    def _work(self, steps, on_item, message: str) -> None:
        """Runs `steps()` in a thread and gives what it yields to on_item in this thread."""
        self.show_trouble("")
        self.job, self.on_item = Job(steps, self), on_item
        self.job.came.connect(self._on_item)
        self.job.failed.connect(self.show_trouble)
        self.job.finished.connect(self._on_work_end)
        self._refresh(message)
        self.job.start()

    def _on_item(self, item) -> None:
        self.on_item(item)

    def _on_work_end(self) -> None:
        self.job.deleteLater()
        self.job = None
        self.many.stop()
        if self.network is None:
            self.no_run.headline.setText(NOT_LOADED)
            self.pages.setCurrentWidget(self.no_run)
        else:
            self.bar.show_run(self.network.folder)  # also if another one could not be loaded
            if self.pages.currentWidget() is self.waiting:  # the file or the other network was refused
                self._show_waiting()
        self._refresh("" if self.trouble.text() else None)

    def stop_work(self) -> None:
        if self.job is not None:
            self.job.requestInterruption()
            self.statusBar().showMessage("stopping")
        if self.trainer.is_running():
            self.trainer.kill()

    def _refresh(self, message: str | None) -> None:
        """Enables what can be clicked now, and shows a new message in the status line if there is one."""
        idle, has_network = not self.busy(), self.network is not None
        self.bar.opening.setEnabled(idle and has_network)
        self.bar.folder.setEnabled(idle and has_network)
        self.bar.saving.setEnabled(idle and self.result is not None)
        self.bar.recording.setEnabled(not self.no_microphone and has_network and (idle or self.recorder is not None))
        self.bar.recording.setText("Record" if self.recorder is None else "Stop recording")
        self.bar.list.setEnabled(idle and self.bar.list.count() > 0)
        self.bar.other.setEnabled(idle)
        self.no_run.button.setEnabled(idle)
        self.halt.setVisible(self.job is not None or self.trainer.is_running())
        if message is not None:
            self.statusBar().showMessage(message)

    def show_trouble(self, line: str) -> None:
        self.trouble.setText(line)
        self.trouble.setVisible(bool(line))

    # events

    def dragEnterEvent(self, event) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.take(paths)
        else:
            self.show_trouble("only files on this computer can be dropped here")

    def closeEvent(self, event) -> None:
        """Ends what is running; it waits for the current recording to be finished, which takes seconds at most."""
        self.hide()
        if self.trainer.is_running():
            self.trainer.stop()
        if self.recorder is not None:
            self.recorder.source.stop()
        if self.job is not None:
            self.job.stop()
        event.accept()
