"""Several processes share one job: the same command in several shells trains no run twice."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

FOREVER_S = 1e9
LOCK_FILE = ".lock"

Item = TypeVar("Item")
Result = TypeVar("Result")


class LockedError(Exception):
    """Another process is working in the folder that the message names."""


@contextmanager
def exclusive_lock(folder: Path, wait: bool = True) -> Iterator[None]:
    """Lets one process at a time work in `folder`; creates the folder. The lock ends with its process.

    What is locked is the file .lock in the folder, so machines that share a folder over a network take turns too. The
    empty file stays.

    Raises LockedError if another process holds the lock and `wait` is False, OSError if the file cannot be made.

    Checked: tests/test_processes_share_runs.py
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK_FILE, thread_local=False)
    try:
        lock.acquire(timeout=FOREVER_S if wait else 0)  # without a time, filelock takes another thread's for a deadlock
    except Timeout:
        raise LockedError(folder) from None
    try:
        yield
    finally:
        lock.release()


def run_unclaimed(do: Callable[[Item], Result], items: list[Item], pause: float = 5.0) -> list[Result]:
    """[do(item) for item in items]. If `do` raises LockedError for an item, it tries that item again later.

    pause : seconds before the next attempt at the remaining items

    Checked: tests/test_processes_share_runs.py
    """
    results, postponed = {}, set()
    while True:
        for index in [index for index in range(len(items)) if index not in results]:
            try:
                results[index] = do(items[index])
            except LockedError as error:
                if index not in postponed:
                    print(f"{error}: another process is working there; postponed", flush=True)
                postponed.add(index)
        if len(results) == len(items):
            return [results[index] for index in range(len(items))]
        time.sleep(pause)
