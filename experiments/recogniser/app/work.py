"""Work that the window does not wait for: a thread for answers and a process for training."""

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QThread, Signal

from dsp import AudioError
from dsp.files.naming import file_error_line
from experiments.common.paths import ROOT
from experiments.recogniser import training
from experiments.recogniser.trained import RunError


class Job(QThread):
    """Runs the generator `steps()` to its end, or until stop() is called between two items.

    Emits came(item) for every item, failed(line) if something was raised, and in any case QThread's own finished().
    """

    came = Signal(object)
    failed = Signal(str)

    def __init__(self, steps: Callable[[], Iterator], parent: QObject):
        super().__init__(parent)
        self._steps = steps

    def run(self) -> None:
        try:
            for item in self._steps():
                if self.isInterruptionRequested():
                    return
                self.came.emit(item)
        except (RunError, AudioError) as error:
            self.failed.emit(str(error))
        except OSError as error:
            self.failed.emit(file_error_line(error))
        except Exception as error:  # whatever it is, the window shows it and stays open
            self.failed.emit(f"{type(error).__name__}: {error}".splitlines()[0])

    def stop(self) -> None:
        """Returns when the current item is done, after seconds at most."""
        self.requestInterruption()
        self.wait()


class Trainer(QProcess):
    """Trains on the synthetic corpus; emits printed(line) and percent(int), then ended(error or "")."""

    printed = Signal(str)
    percent = Signal(int)
    ended = Signal(str)

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self.last_line = ""
        self.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        self.setWorkingDirectory(str(ROOT))
        self.readyRead.connect(self._on_output)
        self.finished.connect(self._on_end)
        self.errorOccurred.connect(self._on_error)

    def train(self, runs: Path, smoke: bool) -> None:
        self.last_line = ""
        self.start(*training.process(runs, smoke))

    def is_running(self) -> bool:
        return self.state() != QProcess.ProcessState.NotRunning

    def stop(self) -> None:
        """Ends it silently."""
        self.blockSignals(True)
        self.kill()
        self.waitForFinished()
        self.blockSignals(False)

    def _on_output(self) -> None:
        text = bytes(self.readAll().data()).decode("utf-8", "replace")
        percent = training.last_percentage(text)
        if percent is not None:
            self.percent.emit(percent)
        lines = [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
        if lines:
            self.last_line = lines[-1]
            self.printed.emit(self.last_line)

    def _on_end(self, status: int, how: QProcess.ExitStatus) -> None:
        good = status == 0 and how == QProcess.ExitStatus.NormalExit
        self.ended.emit("" if good else f"the training ended without a network: {self.last_line or 'it was stopped'}")

    def _on_error(self, kind: QProcess.ProcessError) -> None:
        if kind == QProcess.ProcessError.FailedToStart:  # after other errors, finished() is emitted
            self.ended.emit(f"the training did not start: {self.errorString()}")
