"""Checks many submissions in worker processes; one that ends or stops answering costs its own submission only.

A worker reads a line of JSON per submission and answers with a line, the report of one_file.check. The student's code
does not run in the worker but in the sandbox that the worker starts. A worker ends when its input ends, so workers
outlive nobody: also not a command that was killed.

    python -m experiments.coursework.classroom.workers        (the command starts it; not for people)
"""

import contextlib
import json
import os
import queue
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

from dsp.files.naming import FileError
from experiments.common.paths import ROOT
from experiments.coursework.checking.one_file import check

START_S = 120.0  # for a worker to start and to read a submission on a busy machine
CALLS = 4  # all calls of one submission together may take this many times the limit of one, and a little more


def graded(requests: dict[int, dict], workers: int, seconds: float) -> Iterator[tuple[int, dict]]:
    """Yields (number, report) of every request as it is done, in any order.

    requests : number -> the arguments of one_file.check, ready for JSON
    seconds : the time limit of one call

    A report has the key "error" (one line) if there was nothing to check, and "failed" if the check itself broke.

    Checked: tests/test_a_class_is_graded.py
    """
    waiting: queue.SimpleQueue = queue.SimpleQueue()
    done: queue.SimpleQueue = queue.SimpleQueue()
    for item in requests.items():
        waiting.put(item)
    running: list[Worker] = []
    limit = START_S + CALLS * seconds
    for _ in range(min(workers, len(requests))):
        worker = Worker(limit)
        running.append(worker)
        threading.Thread(target=worker.work, args=(waiting, done), daemon=True).start()
    try:
        for _ in requests:
            yield done.get()
    finally:
        for worker in running:
            worker.stop()


class Worker:
    """One worker process and the thread that talks to it; the process is started again whenever it is needed."""

    def __init__(self, limit: float):
        self.limit, self.process, self.stopped = limit, None, False

    def work(self, waiting: queue.SimpleQueue, done: queue.SimpleQueue) -> None:
        while not self.stopped:
            try:
                number, request = waiting.get_nowait()
            except queue.Empty:
                break
            done.put((number, self.report(request)))
        self.end()

    def report(self, request: dict) -> dict:
        try:
            if self.process is None or self.process.poll() is not None:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "experiments.coursework.classroom.workers"],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
            answer = json.loads(self.line(self.process.stdout))
            assert isinstance(answer, dict)
            return answer
        except (OSError, ValueError, AssertionError, AttributeError) as error:  # AttributeError: stop() came between
            self.end()
            return {"failed": f"the check itself {error or 'ended'}"}

    def line(self, output) -> bytes:
        """The next line of the worker's output; ValueError if none comes in time."""
        until, received = time.monotonic() + self.limit, b""
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            while not received.endswith(b"\n"):
                if not selector.select(max(0.0, until - time.monotonic())):
                    raise ValueError(f"did not end within {self.limit:g} s")
                piece = os.read(output.fileno(), 1 << 20)
                if not piece:
                    raise ValueError("ended without an answer")
                received += piece
        return received

    def stop(self) -> None:
        self.stopped = True
        self.end()

    def end(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()


def serve() -> None:
    """The worker's side."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing that is printed gets between the answers
    lines: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=read_lines, args=(lines,), daemon=True).start()
    while True:
        request = json.loads(lines.get())
        try:
            report = check(**request)
        except FileError as error:
            report = {"error": " ".join(str(error).split())}
        except Exception as error:  # whatever it is, it is one submission's
            report = {"failed": f"the check itself raised {type(error).__name__}: {' '.join(str(error).split())[:200]}"}
        answers.write(json.dumps(report) + "\n")
        answers.flush()


def read_lines(lines: queue.SimpleQueue) -> None:
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)  # whoever asked is gone


if __name__ == "__main__":
    serve()
