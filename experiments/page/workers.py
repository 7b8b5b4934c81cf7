"""Heavy work in a few processes: bounded in time and memory, shared fairly, killed when nobody waits for it any more.

A job names a function as "module:function". What it returns, or each item that it yields, comes back to the thread
that waits for the process; the job's callbacks are called there.
"""

import importlib
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_BYTES = 8 * 2**30  # of a worker's address space; PyTorch maps some of it without using it
NICENESS = 5  # so that the pages stay quick
STARTING_S = 120.0  # for a process to import what a job needs; the job's own time begins after it


class JobError(ValueError):
    """A job that gave no answer. The message is one line."""


@dataclass(eq=False)
class Job:
    """One piece of work of one session.

    on_item : gets every item of a function that yields;  on_done : gets the result;  on_error : gets one line
    """

    owner: str
    function: str
    arguments: tuple
    on_done: Callable[[Any], None]
    on_error: Callable[[str], None]
    on_item: Callable[[Any], None] | None = None
    limit_s: float = 60.0
    is_cancelled: threading.Event = field(default_factory=threading.Event)


class Workers:
    """`n` processes, each driven by a thread. Sessions take turns; each has at most `max_waiting` jobs in the queue."""

    def __init__(self, n: int, max_waiting: int = 8):
        self.max_waiting = max_waiting
        self.waiting: dict[str, deque[Job]] = {}
        self.running: set[Job] = set()
        self.changed = threading.Condition()
        self.is_closed = False
        self.threads = [threading.Thread(target=self._drive, daemon=True) for _ in range(n)]
        for thread in self.threads:
            thread.start()

    def submit(self, job: Job) -> int:
        """Queues a job; returns how many wait before it. JobError if the session has too many already."""
        with self.changed:
            own = self.waiting.setdefault(job.owner, deque())
            if len(own) >= self.max_waiting:
                raise JobError("this page still waits for earlier work; try again when it is done")
            before = sum(map(len, self.waiting.values()))
            own.append(job)
            self.changed.notify()
            return before

    def cancel(self, owner: str) -> None:
        """Ends the work of a session: what waits is dropped, what runs is killed."""
        with self.changed:
            self.waiting.pop(owner, None)
            for job in self.running:
                if job.owner == owner:
                    job.is_cancelled.set()

    def close(self) -> None:
        with self.changed:
            self.is_closed = True
            self.waiting.clear()
            for job in self.running:
                job.is_cancelled.set()
            self.changed.notify_all()
        for thread in self.threads:
            thread.join(10)

    def _next(self) -> Job | None:
        """The next job, of the session that has waited longest since its last; None at the end."""
        with self.changed:
            while not self.is_closed and not any(self.waiting.values()):
                self.changed.wait()
            if self.is_closed:
                return None
            owner = next(owner for owner, jobs in self.waiting.items() if jobs)
            jobs = self.waiting.pop(owner)
            job = jobs.popleft()
            if jobs:
                self.waiting[owner] = jobs  # last in line now
            self.running.add(job)
            return job

    def _drive(self) -> None:
        process = _Process()
        while (job := self._next()) is not None:
            try:
                result = process.do(job)
            except JobError as error:
                if not job.is_cancelled.is_set():
                    job.on_error(str(error))
            except Exception as error:  # a fault of the work, which must not end the thread
                job.on_error(f"this failed inside the program: {type(error).__name__}: {error}".splitlines()[0])
            else:
                if not job.is_cancelled.is_set():
                    job.on_done(result)
            finally:
                with self.changed:
                    self.running.discard(job)
        process.kill()


class _Process:
    """One worker process, started when it is needed and again after it was killed."""

    def __init__(self):
        self.process = self.connection = None
        self.start()

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")  # a thread may hold a lock that a fork would copy
        self.connection, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other,), daemon=True)
        self.process.start()
        other.close()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()

    def do(self, job: Job) -> Any:
        """The job's result. JobError if it fails, takes too long, is cancelled or loses its process."""
        if not self.process.is_alive():
            self.start()
        try:
            self.connection.send((job.function, job.arguments))
            return self._receive(job)
        except (EOFError, OSError):
            self.kill()
            self.start()
            raise JobError("the process that worked on this ended, perhaps for want of memory") from None

    def _receive(self, job: Job) -> Any:
        limit = left = STARTING_S
        while True:
            if job.is_cancelled.is_set():
                self._begin_anew("cancelled")
            if not self.connection.poll(0.1):
                left -= 0.1
                if left <= 0:
                    self._begin_anew(f"stopped: this takes longer than {limit:g} s")
                continue
            kind, content = self.connection.recv()
            if kind == "imported":
                limit = left = job.limit_s
            if kind == "done":
                return content
            if kind == "error":
                raise JobError(content)
            if kind == "item" and job.on_item is not None:
                job.on_item(content)

    def _begin_anew(self, reason: str) -> None:
        self.kill()
        self.start()
        raise JobError(reason)


def _serve(connection) -> None:
    """What a worker process does: calls functions until its parent closes the pipe."""
    _limit()
    while True:
        try:
            name, arguments = connection.recv()
        except (EOFError, OSError):
            return
        try:
            module, _, function = name.partition(":")
            work = getattr(importlib.import_module(module), function)
            connection.send(("imported", None))
            result = work(*arguments)
            if isinstance(result, Iterator):
                for item in result:
                    connection.send(("item", item))
                result = None
            connection.send(("done", result))
        except MemoryError:
            connection.send(("error", "not enough memory for this"))
        except (ValueError, OSError, ImportError) as error:
            connection.send(("error", one_line(error)))
        except Exception as error:
            connection.send(("error", f"this failed inside the program: {type(error).__name__}: {one_line(error)}"))


def one_line(error: BaseException) -> str:
    """What an error says, in one printable line."""
    from dsp.files.naming import file_error_line, printable

    text = file_error_line(error) if isinstance(error, OSError) else str(error)
    return printable(" ".join(text.split())) or type(error).__name__


def _limit() -> None:
    """Ends with the parent, ignores Ctrl+C (the parent handles it), and takes little of the machine."""
    import resource

    from dsp.files.processes import begin_worker

    begin_worker()
    os.nice(NICENESS)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
