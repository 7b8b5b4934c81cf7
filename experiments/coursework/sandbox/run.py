"""Runs a student's function in a process of its own, with limits; only numbers and words come back, never code.

containment.py decides what contains the process, limits.py what it gives up, values.py how it talks. This module holds
the pipes. It opens no file that the process has made, waits for nothing without a deadline, and takes nothing that
comes back at its word. The process sees only inputs; expected values stay in the checking process.
"""

import contextlib
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

import numpy as np

from experiments.common.paths import ROOT
from experiments.coursework.sandbox import containment, values
from experiments.coursework.sandbox.source import read_submission
from experiments.coursework.sandbox.watch import Watch

START_S = 60.0  # for Python, NumPy and Numba to start on a busy machine
IN_ALL = 3  # all calls together may take this many times as long as one
MAX_PRINTED = 2000  # characters that are kept of what a call prints
MAX_EXTRA = 20  # helper files
LOOK_S = 0.1  # between two looks at threads and files
CHILD = """import sys
sys.path.append(sys.argv[1])
from experiments.coursework.sandbox.child import main
main(int(sys.argv[2]))"""
ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x1b\\|\x07|$)|\x1b[ -/]*[0-~]?", re.DOTALL)


@dataclass(frozen=True)
class Outcome:
    """The result of a call: an array, or the reason why there is none; and the end of what the call printed."""

    array: np.ndarray | None = None
    problem: str = ""  # "did not end within 10 s"
    printed: str = ""


class Ended(Exception):
    """The process has ended or was stopped; the message says how."""


class NotStarted(ValueError):
    """The process did not get as far as the submission, which is no fault of the student's."""


def run(
    file,
    function: str,
    calls: list[dict],
    seconds: float = 10.0,
    megabytes: int = 1024,
    *,
    source: bytes | None = None,
    extra: dict[str, bytes] | None = None,
    without: tuple[str, ...] = (),
    unsafe: bool = False,
) -> list[Outcome]:
    """The outcomes of function(**arguments) for each of `calls`, in order.

    A call that does not end, or that ends the process, is reported, and the next call gets a new process. After
    3 x seconds in total, the remaining calls are not run.

    Parameters
    ----------
    file : the student's file
    function : its name in the file
    calls : arguments by name: numbers, words, None and NumPy arrays
    seconds : for one call
    megabytes : memory, beyond what Python and NumPy need themselves
    source : the program, if it is not simply what `file` holds (a notebook); then `file` is not read
    extra : helper files by name, which lie in the working folder and can be imported
    without : packages and modules that are not there, as "dsp" or "numpy.fft", however they are imported
    unsafe : run it even if nothing here contains it

    Raises FileError if `file` cannot be read, NotContained if nothing contains it here, NotStarted if the sandbox
    fails; all of them are ValueErrors of one line.

    Checked: tests/test_check_contains_student_code.py
    """
    chosen = containment.choose(unsafe)
    submission = {"source": read_submission(file) if source is None else source, "extra": check_names(extra or {})}
    submission["without"] = tuple(without)
    outcomes, left, process = [], IN_ALL * seconds, None
    try:
        for arguments in calls:
            if left <= 0:
                outcomes.append(Outcome(problem=f"was not called: all calls together may take {IN_ALL * seconds:g} s"))
                continue
            begun = time.monotonic()
            try:
                if process is None:
                    process = Process(chosen, submission, function, seconds, megabytes)
                    process.start()
                    begun = time.monotonic()
                    process.load()
                outcomes.append(process.call(arguments, min(seconds, left)))
            except Ended as ended:
                outcomes.append(Outcome(problem=str(ended), printed=process.printed()))
                if process.calls == 0:  # the file itself fails; a new process would not get further
                    return outcomes * len(calls)
                process = process.stop()
            left -= time.monotonic() - begun
    finally:
        if process is not None:
            process.stop()
    return outcomes


def check_names(extra: dict[str, bytes]) -> dict[str, bytes]:
    """The helper files; ValueError unless every name is a plain one."""
    for name in extra:
        if not re.fullmatch(r"\w[\w.+ -]{0,99}", name) or name == "student.py":
            raise ValueError(f"{name!r} cannot come along: letters, digits, and _ . + - are expected in a name")
    if len(extra) > MAX_EXTRA or sum(map(len, extra.values())) > containment.MAX_WRITTEN // 2:
        raise ValueError(f"at most {MAX_EXTRA} files and {containment.MAX_WRITTEN >> 21} MB can come along")
    return extra


class Process:
    """One contained process and the pipes to it."""

    def __init__(self, chosen: str, submission: dict, function: str, seconds: float, megabytes: int):
        self.containment, self.seconds, self.megabytes = chosen, seconds, megabytes
        self.tail, self.received, self.calls, self.watch = b"", bytearray(), 0, None
        self.settings = {"function": function, "seconds": IN_ALL * seconds, "megabytes": megabytes}
        self.submission = submission
        self.temporary, self.folder = None, containment.INSIDE
        if chosen != containment.BUBBLEWRAP:
            self.temporary = tempfile.TemporaryDirectory(prefix="check_", ignore_cleanup_errors=True)
            self.folder = os.path.realpath(self.temporary.name)
        self.answers, to_answer = os.pipe()
        arguments = ("-I", "-B", "-u", "-c", CHILD, str(ROOT), str(to_answer))
        try:
            self.process = subprocess.Popen(
                containment.command_line(chosen, self.folder, arguments, submission["without"]),
                cwd="/" if chosen == containment.BUBBLEWRAP else self.folder,
                env=environment(self.folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[to_answer],
                start_new_session=True,
            )
        finally:
            os.close(to_answer)
        self.requests, self.prints = self.process.stdin.fileno(), self.process.stdout.fileno()
        self.selector = selectors.DefaultSelector()
        for pipe in (self.answers, self.prints):
            os.set_blocking(pipe, False)
            self.selector.register(pipe, selectors.EVENT_READ)
        os.set_blocking(self.requests, False)

    def start(self) -> None:
        """Hands over the submission and waits until the process has given up what it does not need."""
        until = time.monotonic() + START_S
        paths = [*containment.python_paths(), str(ROOT)]
        settings = self.settings | {"containment": self.containment, "folder": self.folder, "paths": paths}
        read, listed = containment.rules(self.submission["without"]) if self.temporary else ([], [])
        settings |= {"readable": read, "listed": listed, "without": self.submission["without"]}
        settings |= {"extra": [*self.submission["extra"]]}
        parts = [self.submission["source"], *self.submission["extra"].values()]
        try:
            self.send(values.SETTINGS, settings, parts, until)
            self.expect(values.PREPARED, until)
            self.watch = Watch(self.process.pid, self.containment, self.folder)
            limit = self.watch.address_space() + (self.megabytes << 20)
            self.write(values.frame(values.GO, b"%d" % limit), until)
            self.expect(values.READY, until)
            self.printed()  # what libraries say while they are imported is not the student's
        except Ended as ended:
            words = " ".join(self.printed().split())[-300:]
            raise NotStarted(f"the sandbox ({self.containment}) did not start: {words or ended}") from None

    def load(self) -> None:
        """Waits until the file is loaded."""
        letter, content = self.answer(time.monotonic() + self.seconds)
        if letter == values.PROBLEM:
            raise Ended(one_line(content))
        if letter != values.LOADED:
            raise Ended("disturbed the check's own pipe")

    def call(self, arguments: dict, seconds: float) -> Outcome:
        """The outcome of one call; raises Ended."""
        until = time.monotonic() + seconds
        arrays = {name: values.pack_file(value) for name, value in arguments.items() if isinstance(value, np.ndarray)}
        rest = {name: value for name, value in arguments.items() if name not in arrays}
        self.calls += 1
        self.send(values.CALL, {"arguments": rest, "arrays": [*arrays]}, [*arrays.values()], until)
        letter, content = self.answer(until)
        if letter == values.PROBLEM:
            return Outcome(problem=one_line(content), printed=self.printed())
        if letter != values.ARRAY:
            raise Ended("disturbed the check's own pipe")
        try:
            array = values.unpack_answer(content)
        except ValueError:
            raise Ended("returned something that cannot be read as an array") from None
        return Outcome(array=array, printed=self.printed())

    def send(self, letter: bytes, settings: dict, parts: list[bytes], until: float) -> None:
        """Sends one line of JSON with the byte strings after it."""
        line = json.dumps(settings | {"lengths": [len(part) for part in parts]}).encode()
        self.write(values.frame(letter, b"".join((line, b"\n", *parts))), until)

    def write(self, content: bytes, until: float) -> None:
        """Sends bytes, and meanwhile reads what is printed: neither side may wait for the other for ever."""
        rest = memoryview(content)
        self.selector.register(self.requests, selectors.EVENT_WRITE)
        try:
            while rest.nbytes:
                if self.requests in self.wait(until):
                    with contextlib.suppress(BlockingIOError):
                        rest = rest[os.write(self.requests, rest) :]
        except OSError:
            raise Ended(self.how_it_ended()) from None
        finally:
            self.selector.unregister(self.requests)

    def expect(self, letter: bytes, until: float) -> None:
        if self.answer(until)[0] != letter:
            raise Ended("disturbed the check's own pipe")

    def answer(self, until: float) -> tuple[bytes, bytes]:
        """The next answer: its letter and content. Raises Ended if it is not one, or not there in time."""
        head = values.FRAME.size
        self.receive(head, until)
        letter, size = values.FRAME.unpack_from(self.received)
        largest = {values.PROBLEM: values.MAX_PROBLEM, values.ARRAY: values.MAX_ARRAY}.get(letter, 0)
        if letter not in (values.PREPARED, values.READY, values.LOADED, values.PROBLEM, values.ARRAY) or size > largest:
            raise Ended("disturbed the check's own pipe")
        self.receive(head + size, until)
        content = bytes(self.received[head : head + size])
        del self.received[: head + size]
        self.read_prints()
        return letter, content

    def receive(self, size: int, until: float) -> None:
        """Reads until so many bytes of answers are there."""
        while len(self.received) < size:
            if self.answers in self.wait(until):
                piece = os.read(self.answers, 1 << 20)
                if not piece:
                    raise Ended(self.how_it_ended())
                self.received += piece

    def wait(self, until: float) -> set[int]:
        """The pipes that are ready, after what is printed has been read; looks after the process meanwhile."""
        left = until - time.monotonic()
        if left <= 0:
            raise Ended(f"did not end within {self.seconds:g} s")
        ready = {key.fd for key, _ in self.selector.select(min(left, LOOK_S))}
        if self.watch is not None and (excess := self.watch.excess()):
            raise Ended(excess)
        if self.prints in ready:
            self.read_prints()
        return ready

    def read_prints(self) -> None:
        """Reads what has been printed so far, as far as the pipe holds it."""
        for _ in range(64):
            try:
                piece = os.read(self.prints, 1 << 16)
            except BlockingIOError:
                return
            if not piece:
                if self.prints in self.selector.get_map():
                    self.selector.unregister(self.prints)
                return
            self.tail = (self.tail + piece)[-4 * MAX_PRINTED :]

    def printed(self) -> str:
        """The end of what was printed since the last call of this method, without escape sequences."""
        self.read_prints()
        text, self.tail = self.tail.decode(errors="replace"), b""
        return without_escapes(text)[-MAX_PRINTED:]

    def how_it_ended(self) -> str:
        try:
            status = self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "disturbed the check's own pipe"
        if self.containment == containment.BUBBLEWRAP and status > 128:  # bubblewrap reports a signal as a shell does
            status = 128 - status
        if status == -signal.SIGXCPU or status == -signal.SIGKILL:
            return "was stopped by the system: too much processor time or memory"
        if status < 0:
            name = signal.Signals(-status).name if -status in {*signal.Signals} else f"signal {-status}"
            return f"crashed Python ({name})"
        return f"ended Python (exit status {status})"

    def stop(self) -> None:
        """Ends the process and whatever it started, and waits until nothing holds its pipe any more."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.process.wait()
        until = time.monotonic() + 5
        os.set_blocking(self.answers, False)
        while time.monotonic() < until:
            try:
                if not os.read(self.answers, 1 << 20):
                    break
            except BlockingIOError:
                time.sleep(0.002)
        self.selector.close()
        os.close(self.answers)
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except OSError:  # something was still to be sent
            pass
        if self.temporary:
            self.temporary.cleanup()


def without_escapes(text: str) -> str:
    """The text without terminal escapes and control characters; lines and tabs remain."""
    text = ESCAPES.sub("", text.replace("\r\n", "\n"))
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def one_line(content: bytes) -> str:
    """A sentence of the process's as one line of at most 500 characters that a terminal shows as it is."""
    return " ".join(without_escapes(content.decode(errors="replace")).split())[:500]


def environment(folder: str) -> dict[str, str]:
    """The few environment variables that Python needs; one thread per library."""
    kept = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "NUMBA_CACHE_DIR", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    return (
        {name: os.environ[name] for name in kept if name in os.environ}
        | dict.fromkeys(threads, "1")
        | {"HOME": folder, "TMPDIR": folder, "MPLCONFIGDIR": folder, "MPLBACKEND": "Agg"}
        | {"PATH": "/usr/bin:/bin", "USER": "student", "MALLOC_ARENA_MAX": "1", "PYTHONUTF8": "1"}
    )


if sys.platform == "win32":
    raise ImportError("submissions are checked on Linux or macOS; on Windows, use WSL")
