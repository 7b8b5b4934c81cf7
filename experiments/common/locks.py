"""Several processes, one job: the same command in several shells, and no run is trained twice."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class LockedError(Exception):
    """Another process is at work in the folder that is named."""


@contextmanager
def exclusive_lock(folder: Path, wait: bool = True) -> Iterator[None]:
    """One process at a time in `folder`, which is made. Whatever ends a process ends its claim.

    Raises TakenError if another process is there and `wait` is False.

    Checked: tests/test_processes_share_runs.py
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(folder) from None
        yield
    finally:
        os.close(handle)


def run_unclaimed(do: Callable[[Item], Result], items: list[Item], pause: float = 5.0) -> list[Result]:
    """[do(item) for item in items], where an item for which `do` raises TakenError is tried again later.

    pause : seconds before what is left is tried again

    Checked: tests/test_processes_share_runs.py
    """
    results, late = {}, set()
    while True:
        for place in [place for place in range(len(items)) if place not in results]:
            try:
                results[place] = do(items[place])
            except LockedError as error:
                if place not in late:
                    print(f"{error}: another process is at work there; left for later", flush=True)
                late.add(place)
        if len(results) == len(items):
            return [results[place] for place in range(len(items))]
        time.sleep(pause)
