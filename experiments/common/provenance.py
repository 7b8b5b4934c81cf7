"""The origin of a number: commit, versions and processor."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from experiments.common.paths import ROOT


def provenance() -> dict:
    """Commit and versions of a run, as needed to repeat it."""
    packages = ("numpy", "numba", "torch", "scikit-learn", "soundfile")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", "*.py")
    return {
        "commit": _git("rev-parse", "--short=12", "HEAD") + ("+changes" if changed else ""),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
    }


def processor() -> str:
    """The processor's name as Linux reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
