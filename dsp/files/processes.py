"""Shares work among processes that end with the process that started them."""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from threading import Thread, current_thread, main_thread


class WorkerKilledError(OSError):
    """A worker process ended before its work was done. One line."""


def available_cores() -> int:
    """Number of cores this process may use (Linux tells), otherwise of all cores."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def mapped(function: Callable, items: Iterable, workers: int) -> Iterator:
    """Yields function(item) of every item, in order, computed by worker processes; one worker is this process itself.

    Raises WorkerKilledError if a worker was killed.

    Checked: tests/test_interrupted_runs_end_the_same.py, tests/test_inputs_are_kept.py
    """
    if workers <= 1:
        yield from map(function, items)
        return
    with ProcessPoolExecutor(workers, initializer=begin_worker) as processes:
        try:
            with _interrupts_wait():  # one between two starts would leave a worker that nobody ends
                results = processes.map(function, items)
            yield from results
        except BrokenProcessPool:
            raise WorkerKilledError("a worker process was killed, perhaps for want of memory") from None
        finally:
            processes.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Ctrl-C within comes at the end. Only the main thread is interrupted by it."""
    before = signal.getsignal(signal.SIGINT)
    if before is None or current_thread() is not main_thread():
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)


def begin_worker() -> None:
    """Ignores Ctrl-C, which reaches every process of a terminal: the parent handles it, and workers end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "only a worker has a parent"
    wait([parent.sentinel])
    os._exit(1)
