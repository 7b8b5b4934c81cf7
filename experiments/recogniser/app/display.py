"""Opens the window, or says in one line why none can be opened here and what to install."""

import ctypes
import os
import sys
import traceback
from pathlib import Path

from dsp.files.extras import MissingPackageError, require

WITHOUT = "--audio FILE and --folder DIR answer without a window"
PLATFORMS = {
    "WAYLAND_DISPLAY": "qwayland",
    "DISPLAY": "qxcb",
}  # set where a display is, and Qt's plugin for it
LIBRARIES = "on Debian: libegl1 libgl1 libxkbcommon-x11-0 libfontconfig1 libdbus-1-3 libxcb-cursor0 libxcb-icccm4 "
LIBRARIES += "libxcb-keysyms1 libxcb-image0 libxcb-render-util0"


def reason_without_window() -> str | None:
    """Why no window can be opened here and what to install, in one line; None if Qt and a display are there.

    Checked: tests/test_recogniser_window.py
    """
    try:
        QtWidgets = require("PySide6.QtWidgets", feature="the window", extra="window")
    except MissingPackageError as error:
        return f"{error}; {WITHOUT}"
    except ImportError as error:
        return f"the window cannot load Qt: {error} ({LIBRARIES}); {WITHOUT}"
    if os.environ.get("QT_QPA_PLATFORM") or not sys.platform.startswith("linux"):
        return None
    plugins = [plugin for variable, plugin in PLATFORMS.items() if os.environ.get(variable)]
    if not plugins:
        return f"the window needs a display: neither {' nor '.join(PLATFORMS)} is set; {WITHOUT}"
    folder = Path(QtWidgets.__file__).parent / "Qt" / "plugins" / "platforms"
    reasons = [reason for plugin in plugins if (reason := _missing(folder / f"lib{plugin}.so"))]
    return f"the window cannot load Qt: {reasons[0]} ({LIBRARIES}); {WITHOUT}" if len(reasons) == len(plugins) else None


def _missing(plugin: Path) -> str | None:
    """What the loader says about a plugin that cannot be loaded; Qt itself would end the process."""
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return str(error)
    return None


def show(runs: Path) -> int:
    """Shows the window until it is closed; returns its exit status. Errors that nobody caught are shown in it."""
    from PySide6.QtWidgets import QApplication

    from experiments.recogniser.app.window import Window

    application = QApplication.instance() or QApplication(sys.argv[:1])
    window = Window(runs)

    def on_error(kind, error, trace) -> None:
        traceback.print_exception(kind, error, trace)
        window.show_trouble(f"{kind.__name__}: {error}")

    sys.excepthook = on_error
    window.show()
    return application.exec()
