"""Work for several processes, which end with the one that asked for it."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from threading import Thread


class WorkerKilledError(OSError):
    """A worker process is gone before its work was done. One line."""


def mapped(function: Callable, items: Iterable, workers: int) -> Iterator:
    """function(item) of every item, in order, by worker processes; one worker is this process itself.

    Raises WorkerKilledError if a worker was killed.

    Checked: tests/test_interrupted_runs_end_the_same.py, tests/test_inputs_are_kept.py
    """
    if workers <= 1:
        yield from map(function, items)
        return
    with ProcessPoolExecutor(workers, initializer=_begin_worker) as processes:
        try:
            yield from processes.map(function, items)
        except BrokenProcessPool:
            raise WorkerKilledError("a worker process was killed, perhaps for want of memory") from None
        finally:
            processes.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """Ctrl-C reaches every process of a terminal: the first one answers it, and the workers end when it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
