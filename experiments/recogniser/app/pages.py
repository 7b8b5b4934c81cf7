"""The window's four pages: no run yet, loading or ready, one recording, a folder of recordings."""

from pathlib import Path

from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dsp.files.naming import printable
from experiments.figures.matlab import DARK, GREEN, RED
from experiments.recogniser import training
from experiments.recogniser.app.work import Trainer
from experiments.recogniser.core import Answer
from experiments.recogniser.drawing import draw_answer
from experiments.recogniser.trained import Trained
from experiments.recogniser.verdict import verdict

MARGIN = 14  # pixels
HEADLINE, QUIET = "font-size: 17px; font-weight: 600;", "color: #444;"
NO_RUN, NOT_LOADED = "No trained network was found.", "The network could not be loaded."
HOW_TO_GET_ONE = (
    "Choose the folder of a trained run above, or train a network on the synthetic corpus here.\n"
    "That corpus is tones and noise: enough to see everything work, worth nothing on speech.\n\n"
    f"The same on the command line:  {training.COMMAND}"
)
READY = (
    "Drop recordings or a folder here, or open one (Ctrl+O).\n\n"
    "WAV, FLAC, OGG, Opus, MP3, AIFF, AU and CAF files are read; M4A, WebM, WMA and AMR files are not."
)


def _label(text: str = "", style: str = "", centered: bool = False) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setStyleSheet(style)
    if centered:
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


class NoRunPage(QWidget):
    """Says what is missing, and trains a network on the synthetic corpus on demand: began(), then trainer.ended."""

    began = Signal()

    def __init__(self, runs: Path, smoke: bool):
        super().__init__()
        self.runs, self.smoke = runs, smoke
        self.trainer = Trainer(self)
        self.trainer.percent.connect(self.show_percent)
        self.button = QPushButton("Train on the synthetic corpus")
        self.button.clicked.connect(self.train)
        self.progress = QProgressBar()
        self.progress.hide()
        self.trainer.ended.connect(self.progress.hide)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(60, MARGIN, 60, MARGIN)
        layout.setSpacing(MARGIN)
        layout.addStretch()
        self.headline = _label(NO_RUN, HEADLINE, centered=True)
        layout.addWidget(self.headline)
        layout.addWidget(_label(HOW_TO_GET_ONE, QUIET, centered=True))
        layout.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(self.progress)
        layout.addStretch()

    def train(self) -> None:
        self.show_percent(None)
        self.trainer.train(self.runs, self.smoke)
        self.began.emit()

    def show_percent(self, percent: int | None) -> None:
        """Shows the progress of the training; None means that it is not known yet."""
        self.progress.setRange(0, 0 if percent is None else 100)
        self.progress.setValue(percent or 0)
        self.progress.show()


class WaitingPage(QWidget):
    """Says that a network is being loaded, or what the window can do."""

    def __init__(self):
        super().__init__()
        layout = QVBoxLayout(self)
        self.text = _label(READY, "font-size: 17px; color: #555;", centered=True)
        layout.addWidget(self.text)

    def show_text(self, text: str = READY) -> None:
        self.text.setText(text)


class AnswerPage(QWidget):
    """One recording: the emotion, the picture, the steps and the times."""

    def __init__(self):
        super().__init__()
        self.headline = _label(style="font-size: 26px; font-weight: 600;")
        self.verdict = _label(style="font-size: 13px; color: #444;")
        self.figure = Figure(layout="constrained")
        self.canvas = FigureCanvasQTAgg(self.figure)
        self.canvas.setMinimumSize(560, 300)
        self.steps = _label(style=QUIET)
        self.times = _label(style=QUIET)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 4, MARGIN, 4)
        layout.setSpacing(4)
        for widget in (self.headline, self.verdict):
            layout.addWidget(widget)
        layout.addWidget(self.canvas, stretch=1)
        for widget in (self.steps, self.times):
            layout.addWidget(widget)

    def show_answer(self, trained: Trained, answer: Answer) -> None:
        recording, seconds = answer.recording, answer.seconds
        chance = f"chance {1 / len(answer.classes):.1%}"
        self.headline.setText(f"{answer.emotion}, {answer.probabilities.max():.1%} ({chance})")
        self.verdict.setText(verdict(trained, answer))
        draw_answer(self.figure, answer, trained.view)
        self.canvas.draw_idle()
        channels = "1 channel" if recording.channels == 1 else f"{recording.channels} channels"
        steps = "; ".join(answer.steps) or "nothing changed"
        file = f"{recording.seconds:.2f} s, {recording.sample_rate} Hz, {channels}"
        self.steps.setText(f"Recording: {file}. Steps: {steps}.")
        times = f"features {seconds['features'] * 1e3:.1f} ms, network {seconds['network'] * 1e3:.1f} ms"
        self.times.setText(f"Time: {times} (reading the file {seconds['reading'] * 1e3:.1f} ms)")


class BatchPage(QWidget):
    """A folder: progress, one row per file, the confusion matrix and the scores."""

    COLUMNS = ("file", "answer", "p", "label", "ms")
    WIDTHS = (96, 50, 96, 54)  # pixels, without the file's

    def __init__(self):
        super().__init__()
        self.headline = _label(style=HEADLINE)
        self.progress = QProgressBar()
        self.progress.hide()
        self.table = QTableWidget(0, len(self.COLUMNS))
        self.table.setHorizontalHeaderLabels(self.COLUMNS)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # the reason of a refusal must not widen a column
        for column, width in enumerate(self.WIDTHS, start=1):
            self.table.setColumnWidth(column, width)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.matrix = Picture()
        parts = QSplitter()
        for part, stretch in ((self.table, 3), (self.matrix, 2)):
            parts.addWidget(part)
            parts.setStretchFactor(parts.count() - 1, stretch)
        parts.setSizes([600, 480])
        self.note = _label(style=QUIET)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 4, MARGIN, 4)
        layout.setSpacing(6)
        layout.addWidget(self.headline)
        layout.addWidget(self.progress)
        layout.addWidget(parts, stretch=1)
        layout.addWidget(self.note)

    def begin(self, n_files: int, where: str) -> None:
        self.headline.setText(f"{where}: {n_files} files")
        self.progress.setRange(0, n_files)
        self.progress.setValue(0)
        self.progress.show()
        self.table.clearSpans()
        self.table.setRowCount(0)
        self.matrix.show_file(None)
        self.note.setText("")

    def add(self, item: dict) -> None:
        """Adds the row of a file; the reason of a refusal stands in place of the answer."""
        row = self.table.rowCount()
        self.table.insertRow(row)
        name = Path(item["file"]).name
        if "error" in item:
            tip = item["error"].removeprefix(f"{item['file']}: ")
            cells, color = (name, f"refused: {tip}"), DARK
            self.table.setSpan(row, 1, 1, len(self.COLUMNS) - 1)
        else:
            ms = 1e3 * (item["seconds"]["features"] + item["seconds"]["network"])
            p = item["probabilities"][item["emotion"]]
            cells = (name, item["emotion"], f"{p:.0%}", item["label"] or item["named_emotion"] or "-", f"{ms:.0f}")
            color, tip = {True: GREEN, False: RED, None: None}[item["right"]], "; ".join(item["steps"])
        for column, text in enumerate(cells):
            cell = QTableWidgetItem(text)
            cell.setToolTip(f"{item['file']}\n{tip}")
            if color and column == 1:
                cell.setBackground(QBrush(QColor(color)))
                cell.setForeground(QBrush(QColor("black")))
            self.table.setItem(row, column, cell)
        if "error" in item:
            self.table.resizeRowToContents(row)
        self.progress.setValue(row + 1)

    def stop(self) -> None:
        """Says how far the work came if it ended before the last file."""
        if not self.progress.isHidden():
            self.progress.hide()
            self.headline.setText(f"stopped after {self.table.rowCount()} of {self.progress.maximum()} files")

    def end(self, lines: list[str], figure: Path | None, where: Path) -> None:
        self.progress.hide()
        self.headline.setText(lines[1] if len(lines) > 1 else lines[0])
        self.note.setText("\n".join([lines[0], *lines[2:], f"Written to {printable(where)}"]))
        self.matrix.show_file(figure)


class Picture(QLabel):
    """A picture file, as large as it fits without changing its proportions."""

    def __init__(self):
        super().__init__()
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumSize(260, 220)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.whole = QPixmap()

    def show_file(self, path: Path | None) -> None:
        self.whole = QPixmap(str(path)) if path else QPixmap()
        self._fit()

    def resizeEvent(self, event) -> None:
        self._fit()
        super().resizeEvent(event)

    def _fit(self) -> None:
        if self.whole.isNull():
            self.clear()
            return
        ratio = self.devicePixelRatioF()
        room = self.contentsRect().size() * ratio
        shown = self.whole.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
        shown.setDevicePixelRatio(ratio)
        self.setPixmap(shown)
