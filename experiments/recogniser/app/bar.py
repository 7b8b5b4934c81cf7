"""The window's bar: what can be done, by mouse and by keys, and which trained network does it."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QToolBar

from experiments.recogniser.trained import runs_under, title_of


class Bar(QToolBar):
    """Buttons as actions (opening, folder, recording, saving, other), and the list of runs: chosen(folder)."""

    chosen = Signal(object)

    def __init__(self):
        super().__init__("Actions", movable=False)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setStyleSheet("QToolBar { spacing: 4px; padding: 4px; }")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.opening = self._action("Open…", "Ctrl+O", "Recordings to recognise")
        self.folder = self._action("Folder…", "Ctrl+D", "All recordings in a folder")
        self.recording = self._action("Record", "Ctrl+R", "Record from the microphone, a minute at most")
        self.saving = self._action("Save JSON…", "Ctrl+S", "What is shown, as a JSON file")
        self.addSeparator()
        self.addWidget(QLabel(" Network: "))
        self.list = QComboBox()
        self.list.setMinimumWidth(220)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.list.activated.connect(self._on_activated)
        self.addWidget(self.list)
        self.other = self._action("Other run…", "Ctrl+L", "The folder of a trained run: network.pt and result.json")

    def _action(self, text: str, keys: str, tip: str) -> QAction:
        action = self.addAction(text)
        action.setShortcut(QKeySequence(keys))
        action.setToolTip(f"{tip} ({keys})")
        return action

    def _on_activated(self, place: int) -> None:
        self.chosen.emit(Path(self.list.itemData(place)))

    def look_for_runs(self, folder: Path) -> Path | None:
        """Fills the list with the runs under a folder, newest first; the newest, if there is one."""
        self.list.clear()
        found = runs_under(folder)
        for run in found:
            self._insert(self.list.count(), run)
        return found[0] if found else None

    def show_run(self, run: Path) -> None:
        """The run as the chosen one; it joins the list if it is not there."""
        place = self.list.findData(str(run))
        if place < 0:
            place = 0
            self._insert(place, run)
        self.list.setCurrentIndex(place)

    def _insert(self, place: int, run: Path) -> None:
        self.list.insertItem(place, title_of(run), str(run))
        self.list.setItemData(place, str(run), Qt.ItemDataRole.ToolTipRole)
