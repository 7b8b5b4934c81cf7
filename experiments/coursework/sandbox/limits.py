"""Keeps a process from writing outside one folder, starting programs, using the network, and taking more memory.

There are three layers. The operating system limits memory, processor time and file sizes. An audit hook sees what
Python is about to do and refuses it with a sentence that the student can read. On Linux 5.13 and later, Landlock makes
the kernel itself refuse to write outside the folder, to run programs and (6.7) to open TCP connections.

The audit hook cannot stop code that bypasses Python: code that changes the interpreter's memory or its library
functions, C code, and code that opens a file relative to an open folder. (os._exit has no event, but it only ends the
process.) Landlock still works there, for writing and running but not for chmod; without it (macOS) nothing does.
Reading is not restricted: a submission can read and print whatever the account that runs the check can read. This
contains the mistakes and the mischief of a course; to check strangers' code, run the check in a container.
"""

import ctypes
import os
import re
import resource
import struct
import sys
from pathlib import Path

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
REFUSED = {  # event or family of events: its description
    **dict.fromkeys(("subprocess", "pty", "os.system", "os.exec", "os.spawn", "os.posix_spawn"), "starting a program"),
    **dict.fromkeys(("os.fork", "os.forkpty", "os.startfile"), "starting a process"),
    **dict.fromkeys(("os.kill", "os.killpg", "signal.pthread_kill"), "sending a signal"),
    **dict.fromkeys(("socket", "urllib", "http", "ftplib", "smtplib", "poplib", "imaplib"), "the network"),
    **dict.fromkeys(("ctypes.dlopen", "ctypes.call_function"), "calling C"),
    **dict.fromkeys(("resource.setrlimit", "resource.prlimit"), "changing a limit"),
}
PATHS = {  # event: how many of its first arguments are paths that it changes
    **dict.fromkeys(("os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.utime"), 1),
    **dict.fromkeys(("os.chmod", "os.lchmod", "os.chown", "os.lchown", "os.chflags"), 1),
    **dict.fromkeys(("os.setxattr", "os.removexattr", "shutil.rmtree"), 1),
    **dict.fromkeys(("os.rename", "os.link", "shutil.move"), 2),
}
LAST_IS_FOLDER = {"os.remove", "os.rmdir", "os.mkdir", "os.rename", "os.link", "os.symlink", "os.chmod", "os.utime"}


def confine(folder: Path, megabytes: int, seconds: float) -> None:
    """From now on, this process can write only below `folder`. This cannot be undone.

    megabytes : memory, beyond what the process has now
    seconds : processor time, from now

    Checked: tests/test_check_contains_student_code.py
    """
    limit(megabytes, seconds)
    landlocked = landlock(folder)
    sys.addaudithook(refusal(folder, landlocked))


def limit(megabytes: int, seconds: float) -> None:
    """Sets the limits of the operating system, except those that it does not have."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    wanted = {
        "RLIMIT_AS": address_space() + (megabytes << 20),
        "RLIMIT_CPU": int(used.ru_utime + used.ru_stime + seconds) + 2,
        "RLIMIT_FSIZE": 64 << 20,
        "RLIMIT_CORE": 0,
        "RLIMIT_NPROC": 0,  # no further process or thread; not for root
    }
    for name, value in wanted.items():
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (AttributeError, ValueError, OSError):
            pass


def address_space() -> int:
    """Bytes that this process has mapped (on Linux; elsewhere 4 GB are assumed)."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 4 << 30


def refusal(folder: Path, landlocked: bool):
    """The audit hook: it raises PermissionError for everything that is refused."""
    inside, realpath, fspath = os.path.realpath(folder), os.path.realpath, os.fsdecode
    other_process = re.compile(r"/proc/(?!self/)\d+/")
    own = f"/proc/{os.getpid()}/"
    compiles = "numba" in sys.modules  # Numba calls its compiler through ctypes

    def check_path(path) -> None:
        if isinstance(path, int):
            return
        target = realpath(fspath(path))
        if target != inside and not target.startswith(inside + os.sep) and target != os.devnull:
            raise PermissionError(f"refused: writing to {target}; only the working folder may be changed")

    def hook(event: str, arguments: tuple) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & WRITING:
                check_path(path)
            elif isinstance(path, str) and path.startswith("/proc") and other_process.match(realpath(path)):
                if not realpath(path).startswith(own):
                    raise PermissionError("refused: looking into another process")
        elif event in ("ctypes.cdata", "ctypes.dlsym"):
            if not compiles or (event == "ctypes.dlsym" and not str(arguments[1]).startswith("LLVMPY_")):
                raise PermissionError("refused: calling C")
        elif event in PATHS or event == "os.symlink":
            for path in arguments[1:2] if event == "os.symlink" else arguments[: PATHS[event]]:
                check_path(path)
            if event in LAST_IS_FOLDER and not landlocked and isinstance(arguments[-1], int) and arguments[-1] >= 0:
                raise PermissionError("refused: changing a file that is named relative to an open folder")
        elif what := REFUSED.get(event) or REFUSED.get(event.partition(".")[0]):
            raise PermissionError(f"refused: {what}")

    return hook


# Landlock: system calls 444 .. 446 on every architecture of Linux; the numbers are those of linux/landlock.h.
EXECUTE, WRITE_FILE, MAKE_AND_REMOVE, REFER, TRUNCATE = 1 << 0, 1 << 1, 0x1FF << 4, 1 << 13, 1 << 14
TCP, SCOPES = 0b11, 0b11  # bind and connect; abstract sockets and signals


def landlock(folder: Path) -> bool:
    """Asks the kernel to refuse writing outside `folder` and running programs; returns whether it does so now."""
    if sys.platform != "linux":
        return False
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    version = syscall(444, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    writing = WRITE_FILE | MAKE_AND_REMOVE | (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0)
    rules = struct.pack("QQQ", EXECUTE | writing, TCP, SCOPES)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = syscall(444, rules, ctypes.c_size_t(len(rules)), 0)
    if ruleset < 0:
        return False
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    done = (
        syscall(445, ruleset, 1, struct.pack("=Qi", writing, opened), 0) == 0
        and ctypes.CDLL(None).prctl(38, 1, 0, 0, 0) == 0  # no new privileges
        and syscall(446, ruleset, 0) == 0
    )
    os.close(opened)
    os.close(ruleset)
    return done
