"""Runs a student's function in a process of its own, with limits; only numbers and words come back, never code.

Inputs go in as .npz files in a temporary folder, one call at a time; results come back over a pipe as .npy bytes and
are read without pickle. The process sees only inputs; expected values stay in the checking process. The solutions are
in this repository all the same (tasks/), so hidden cases are hidden from the check's output, not from a reader.
limits.py explains what contains the process and what does not.
"""

import io
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.common.paths import ROOT

START_S = 60.0  # for Python, NumPy and Numba to start on a busy machine
IN_ALL = 3  # all calls together may take this many times as long as one
MAX_PRINTED = 2000  # characters that are kept of what a call prints
MAX_HEADER = 1 << 16  # bytes of an answer's first line


@dataclass(frozen=True)
class Outcome:
    """The result of a call: an array, or the reason why there is none; and the end of what the call printed."""

    array: np.ndarray | None = None
    problem: str = ""  # "did not end within 10 s"
    printed: str = ""


class Ended(Exception):
    """The process has ended or was stopped; the message says how."""


def run(file, function: str, calls: list[dict], seconds: float = 10.0, megabytes: int = 1024) -> list[Outcome]:
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

    Checked: tests/test_check_contains_student_code.py
    """
    outcomes, left, process = [], IN_ALL * seconds, None
    with tempfile.TemporaryDirectory(prefix="check_") as folder:
        try:
            for arguments in calls:
                if left <= 0:
                    outcomes.append(
                        Outcome(problem=f"was not called: all calls together may take {IN_ALL * seconds:g} s")
                    )
                    continue
                begun = time.monotonic()
                try:
                    if process is None:
                        process = Process(Path(file).resolve(), function, folder, seconds, megabytes)
                        begun = process.ready
                        process.answer(seconds)  # the file is loaded
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


class Process:
    """One confined process and the pipes to it."""

    def __init__(self, file: Path, function: str, folder: str, seconds: float, megabytes: int):
        self.folder, self.seconds, self.megabytes = folder, seconds, megabytes
        self.tail, self.received, self.calls = b"", b"", 0
        answers, to_answer = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "experiments.coursework.sandbox.child"],
            cwd=ROOT,
            env=environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[to_answer],
            start_new_session=True,
        )
        os.close(to_answer)
        self.answers, self.prints = answers, self.process.stdout.fileno()
        os.set_blocking(self.prints, False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.answers, selectors.EVENT_READ)
        self.selector.register(self.prints, selectors.EVENT_READ)
        settings = {"file": str(file), "function": function, "folder": folder, "answers": to_answer}
        self.send(settings | {"megabytes": megabytes, "seconds": IN_ALL * seconds})
        self.answer(START_S)
        self.ready = time.monotonic()

    def call(self, arguments: dict, seconds: float) -> Outcome:
        """The outcome of one call; raises Ended."""
        arrays = {name: value for name, value in arguments.items() if isinstance(value, np.ndarray)}
        rest = {name: value for name, value in arguments.items() if name not in arrays}
        path = Path(self.folder, f".call_{self.calls}.npz") if arrays else None
        self.calls += 1
        if path:
            np.savez(path, **arrays)
        self.send({"arguments": rest, "arrays": str(path) if path else None})
        header, content = self.answer(seconds)
        if "problem" in header:
            return Outcome(problem=str(header["problem"])[:500], printed=self.printed())
        try:
            array = np.load(io.BytesIO(content), allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise Ended("returned something that cannot be read as an array") from error
        return Outcome(array=array, printed=self.printed())

    def send(self, request: dict) -> None:
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            raise Ended(self.how_it_ended()) from None

    def answer(self, seconds: float) -> tuple[dict, bytes]:
        """The next answer: its first line and the bytes that this line announces. Raises Ended after `seconds`."""
        until = time.monotonic() + seconds
        while b"\n" not in self.received[:MAX_HEADER]:
            if len(self.received) >= MAX_HEADER:
                raise Ended("disturbed the check's own pipe")
            self.receive(until)
        line, _, self.received = self.received.partition(b"\n")
        try:
            header = json.loads(line)
            size = int(header.get("bytes", 0))
        except (ValueError, AttributeError, TypeError):
            raise Ended("disturbed the check's own pipe") from None
        if not 0 <= size <= self.megabytes << 20:
            raise Ended(f"returned {size >> 20} MB; {self.megabytes} MB are allowed")
        parts, missing = [self.received[:size]], size - len(self.received)
        self.received = self.received[size:]
        while missing > 0:
            self.receive(until)
            parts.append(self.received[:missing])
            self.received, missing = self.received[missing:], missing - len(parts[-1])
        self.read_prints()
        if "problem" in header and not self.calls:
            raise Ended(str(header["problem"])[:500])
        return header, b"".join(parts)

    def receive(self, until: float) -> None:
        """Reads more of the answer, or of what is printed."""
        left = until - time.monotonic()
        ready = {key.fd for key, _ in self.selector.select(left)} if left > 0 else set()
        if not ready:
            raise Ended(f"did not end within {self.seconds:g} s")
        if self.prints in ready:
            self.read_prints()
        if self.answers in ready:
            piece = os.read(self.answers, 1 << 20)
            if not piece:
                raise Ended(self.how_it_ended())
            self.received += piece

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
        """The end of what was printed since the last call of this method."""
        self.read_prints()
        text, self.tail = self.tail.decode(errors="replace"), b""
        return text[-MAX_PRINTED:]

    def how_it_ended(self) -> str:
        try:
            status = self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "disturbed the check's own pipe"
        if status == -signal.SIGXCPU or status == -signal.SIGKILL:
            return "was stopped by the system: too much processor time or memory"
        if status < 0:
            return f"crashed Python ({signal.Signals(-status).name})"
        return f"ended Python (exit status {status})"

    def stop(self) -> None:
        """Ends the process and whatever it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.selector.close()
        os.close(self.answers)
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except OSError:  # something was still to be sent
            pass


def environment(folder: str) -> dict[str, str]:
    """The few environment variables that Python needs; one thread per library."""
    kept = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "NUMBA_CACHE_DIR")
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    return (
        {name: os.environ[name] for name in kept if name in os.environ}
        | dict.fromkeys(threads, "1")
        | {"HOME": folder, "TMPDIR": folder, "MPLCONFIGDIR": folder, "MPLBACKEND": "Agg"}
        | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    )
