"""Optional packages: when one is missing, a single line names the feature and the command that installs it."""

import importlib
import shlex
from importlib import metadata
from pathlib import Path
from types import ModuleType

DISTRIBUTION = "ser-from-scratch"
NAMES = {"skimage": "scikit-image", "sklearn": "scikit-learn", "PIL": "Pillow", "torch": "PyTorch"}


class MissingPackageError(ImportError):
    """A package that only some features need is not installed. The message is one line that says how to install it."""


def require(package: str, *, feature: str, extra: str) -> ModuleType:
    """Imports an optional package.

    Parameters
    ----------
    package : the name it is imported by, such as "skimage" or "PySide6.QtWidgets"
    feature : what needs it, as the subject of "needs": "comparing images"
    extra : the extra in pyproject.toml that brings it, such as "images"

    Returns
    -------
    the module

    Raises
    ------
    MissingPackageError (an ImportError)  if the package is not installed
    ImportError  as the package raises it, if it is installed but cannot be loaded

    Checked: tests/test_package_installs.py
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if not f"{package}.".startswith(f"{error.name}."):
            raise
        raise missing_package(package, feature, extra) from None


def missing_package(package: str, feature: str, extra: str) -> MissingPackageError:
    """The error for a package that is not installed; the arguments are those of `require`."""
    top = package.partition(".")[0]
    return MissingPackageError(f"{feature} needs {NAMES.get(top, top)}: {install_command(extra)}", name=top)


def install_command(extra: str) -> str:
    """The pip command that installs an extra: by name where the distribution is installed, from the clone otherwise.

    Checked: tests/test_package_installs.py
    """
    try:
        metadata.distribution(DISTRIBUTION)
        target = DISTRIBUTION
    except metadata.PackageNotFoundError:
        target = str(Path(__file__).resolve().parents[2])
    return "pip install " + ("" if target == DISTRIBUTION else "-e ") + shlex.quote(f"{target}[{extra}]")
