"""The window's bar: its actions, by mouse and by keys, and the trained network that answers."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QToolBar

from dsp.files.naming import printable
from experiments.recogniser.trained import RUNS, SHIPPED, runs_under, title_of


class Bar(QToolBar):
    """Actions (opening, folder, recording, saving, other) and the list of runs, which emits chosen(folder)."""

    chosen = Signal(object)

    def __init__(self):
        super().__init__("Actions", movable=False)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setStyleSheet("QToolBar { spacing: 4px; padding: 4px; }")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.opening = self._action("Open…", "Ctrl+O", "Recordings to recognize")
        self.folder = self._action("Folder…", "Ctrl+D", "All recordings in a folder")
        self.recording = self._action("Record", "Ctrl+R", "Record from the microphone, at most a minute")
        self.saving = self._action("Save JSON…", "Ctrl+S", "Save what is shown as a JSON file")
        self.addSeparator()
        self.addWidget(QLabel(" Network: "))
        self.list = QComboBox()
        self.list.setMinimumWidth(220)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.list.activated.connect(self._on_activated)
        self.addWidget(self.list)
        self.other = self._action(
            "Other run…", "Ctrl+L", "Choose a trained run: the folder of network.pt and result.json"
        )

    def _action(self, text: str, keys: str, tip: str) -> QAction:
        action = self.addAction(text)
        action.setShortcut(QKeySequence(keys))
        action.setToolTip(f"{tip} ({keys})")
        return action

    def _on_activated(self, index: int) -> None:
        self.chosen.emit(Path(self.list.itemData(index)))

    def look_for_runs(self, folder: Path) -> Path | None:
        """Fills the list with the runs under a folder, newest first; returns the newest, if there is one.

        Below the project's own folder of runs, the shipped network is the last.
        """
        self.list.clear()
        runs = runs_under(folder) + (runs_under(SHIPPED) if folder == RUNS else [])
        for run in runs:
            self._insert(self.list.count(), run)
        return runs[0] if runs else None

    def show_run(self, run: Path) -> None:
        """Selects the run in the list, and adds it first if it is not there."""
        index = self.list.findData(str(run))
        if index < 0:
            index = 0
            self._insert(index, run)
        self.list.setCurrentIndex(index)

    def _insert(self, index: int, run: Path) -> None:
        self.list.insertItem(index, title_of(run), str(run))
        self.list.setItemData(index, printable(run), Qt.ItemDataRole.ToolTipRole)
