"""Decides what contains a submission on this machine, and how the process that runs it is started.

bubblewrap  a private root: read-only views of Python, the installed packages and the system's libraries, a tmpfs of
            limited size as the only writable folder; no network, no /proc, a process namespace that dies as a whole.
            The solutions, the teacher's files and other submissions are not there, nor are packages that a lab refuses.
Landlock    the same list of paths, but enforced by the kernel in the one root (Linux 5.13). It refuses to open
            anything else, but shows which files exist. Files may be made in a temporary folder, and are counted.
nothing     only with --unsafe.

With both, limits.py also removes capabilities and filters the system calls: no process can be started, so one process
is all there is to limit and to end. A submission is never run unprotected unless the teacher says --unsafe.

What none of them stops: a fault in the kernel. A submission that may not be trusted at all belongs on a machine of
its own.
"""

import functools
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from experiments.common.paths import ROOT
from experiments.coursework.sandbox.limits import landlock_works
from experiments.coursework.sandbox.system_calls import PROCESSORS

BUBBLEWRAP, LANDLOCK, NOTHING = "bubblewrap", "landlock", "nothing"
FORCED = "COURSEWORK_CONTAINMENT"  # for tests: bubblewrap, landlock or refused; no value makes a check less strict
INSIDE = "/student"  # the writable folder within bubblewrap
MAX_WRITTEN = 64 << 20  # bytes in the writable folder
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
# Of this project, what the process needs: its own code and dsp. The tasks with the solutions are not in the list.
OWN = (
    "dsp",
    "experiments/__init__.py",
    "experiments/coursework/__init__.py",
    "experiments/coursework/sandbox",
)
SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime")


class NotContained(ValueError):
    """Nothing here contains a submission, so it is not run. The message is one line.

    Checked: tests/test_check_contains_student_code.py
    """


def choose(unsafe: bool = False) -> str:
    """What contains a submission here: "bubblewrap", else "landlock"; else NotContained, or "nothing" if unsafe.

    Checked: tests/test_check_contains_student_code.py
    """
    forced = os.environ.get(FORCED)
    if forced in (None, BUBBLEWRAP) and bubblewrap_works():
        return BUBBLEWRAP
    if forced in (None, LANDLOCK) and landlock_works():
        return LANDLOCK
    if unsafe:
        return NOTHING
    raise NotContained(
        "submissions are not run: neither bubblewrap (apt install bubblewrap) nor Landlock works here; "
        "--unsafe runs them without protection"
    )


@functools.cache
def bubblewrap_works() -> bool:
    """Whether a process starts under bubblewrap; it does not in some containers, nor before version 0.7."""
    if platform.machine() not in PROCESSORS or not shutil.which("bwrap"):
        return False
    command = command_line(BUBBLEWRAP, INSIDE, ("-I", "-S", "-c", "pass"))
    try:
        return (
            subprocess.run(command, env={}, capture_output=True, stdin=subprocess.DEVNULL, timeout=60).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def command_line(containment: str, folder: str, arguments, without: tuple[str, ...] = ()) -> list[str]:
    """The command that starts Python, in `folder`, with the arguments, and without the packages named last."""
    python = [sys.executable, *arguments]
    if containment != BUBBLEWRAP:
        return python
    bound = [word for path in visible_paths() for word in ("--ro-bind", path, path)]
    bound += [word for device in DEVICES if os.path.exists(device) for word in ("--dev-bind", device, device)]
    for path in hidden_paths(without):
        if os.path.isdir(path):
            bound += ["--tmpfs", path, "--remount-ro", path]
        else:
            bound += ["--ro-bind", "/dev/null", path]
    return [
        shutil.which("bwrap"),
        *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--uid", "65534"),
        *("--gid", "65534", "--hostname", "check", *bound),
        *("--size", str(MAX_WRITTEN), "--tmpfs", folder, "--remount-ro", "/", "--chdir", folder, "--"),
        *python,
    ]


@functools.cache
def visible_paths() -> tuple[str, ...]:
    """What a submission may read: Python, its packages, the system's libraries, and of this project what OWN names.

    If Python lies around this project, as in a folder of projects that is itself an environment, the way down to the
    project is split up into what lies beside it.
    """
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, *python_paths()}
    folders |= {path for path in SYSTEM if os.path.exists(path)}
    folders |= {os.path.dirname(os.path.realpath(sys.executable)), os.path.dirname(sys.executable)}
    folders |= {path for path in os.environ.get("LD_LIBRARY_PATH", "").split(":") if os.path.isdir(path)}
    paths = {part for folder in folders for part in around(Path(folder), {ROOT})}
    return tuple(sorted(paths | {str(ROOT / name) for name in OWN}))


def hidden_paths(without: tuple[str, ...]) -> list[str]:
    """Where the modules of these names lie: "dsp", "numpy.fft". A name that is no module of its own has no place."""
    places = []
    for base in (*map(Path, python_paths()), ROOT):
        for name in without:
            path = base.joinpath(*name.split("."))
            places += [path] * path.is_dir() + [
                *path.parent.glob(f"{path.name}.py"),
                *path.parent.glob(f"{path.name}.*.so"),
            ]
    return [str(path) for path in places]


def rules(without: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """For Landlock: the paths that may be read, and the folders that may be listed so that Python finds modules.

    Landlock cannot take a part out of a folder, so a folder with a hidden part is split up into the other parts.
    """
    hidden = {Path(path).resolve() for path in hidden_paths(without)}
    read = [part for path in visible_paths() for part in around(Path(path), hidden)]
    return read, python_paths() if hidden else []


def around(folder: Path, hidden: set[Path]) -> list[str]:
    """The folder, or, if something hidden lies in it, everything in it that does not lead there.

    A link to such a folder (as lib64 to lib in an environment) is left out; what it shows is there under its own name.
    """
    real = folder.resolve()
    if real in hidden or not real.exists():
        return []
    if not any(real in path.parents for path in hidden):
        return [str(folder)]
    return [] if folder.is_symlink() else [part for inner in folder.iterdir() for part in around(inner, hidden)]


def python_paths() -> list[str]:
    """The parts of sys.path that hold Python and packages: not the working folder, which holds other submissions."""
    paths = [Path(path) for path in sys.path if os.path.exists(path)]
    prefixes = {Path(sys.prefix), Path(sys.base_prefix)}
    return [
        str(path)
        for path in paths
        if path.is_absolute() and (path.name in ("site-packages", "dist-packages") or prefixes & {*path.parents})
    ]
