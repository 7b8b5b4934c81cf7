"""Where shards are extracted: in this process, in worker processes, by dask, or by any executor of the caller.

`run_shards` keeps a few shards in flight, tries a shard again when its task fails or its worker is lost, and comes
back to shards that another command has claimed.
"""

import errno
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dsp.corpus.shard import Job, Report, Shard, extract_shard
from dsp.files.extras import require
from dsp.files.naming import printable, shorten
from dsp.files.processes import WorkerKilledError, begin_worker

RETRIES = 2  # further attempts at a shard whose task failed
IN_FLIGHT = 256  # shards that wait in an executor of unknown size
CONNECT_S = 5  # within which a scheduler must answer
PAUSE_S = 0.5  # before another look at a shard that another command has claimed
FATAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EMFILE}


class ShardError(OSError):
    """Shards that failed in every attempt. One line."""


@dataclass
class Engine:
    """An executor, how many shards it takes at a time, and how to make another one if it breaks."""

    executor: Executor
    in_flight: int
    restart: Callable[[], Executor] | None = None


class InlineExecutor(Executor):
    """Runs every task at once, in this process."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future:
        future: Future = Future()
        try:
            future.set_result(function(*arguments, **named))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def open_engine(workers: int, scheduler: str | None, executor: Executor | None) -> Iterator[Engine]:
    """The engine that is asked for; a caller's executor is left open, others end with the block.

    Raises ValueError if a scheduler does not answer.
    """
    if executor is not None:
        yield Engine(executor, IN_FLIGHT)
    elif scheduler is not None:
        with _dask(workers, scheduler) as client:
            yield Engine(client.get_executor(pure=False), IN_FLIGHT)  # or another attempt gets the first one's error
    elif workers == 1:
        yield Engine(InlineExecutor(), 1)
    else:
        with _processes(workers) as engine:
            yield engine


@contextmanager
def _processes(workers: int) -> Iterator[Engine]:
    others = {child.pid for child in multiprocessing.active_children()}

    def start() -> Executor:
        engine.executor = ProcessPoolExecutor(workers, initializer=begin_worker)
        return engine.executor

    engine = Engine(InlineExecutor(), 2 * workers, start)
    start()
    try:
        yield engine
    except BaseException:  # a shard may be abandoned at any moment, so nobody waits for it
        for child in multiprocessing.active_children():
            if child.pid not in others:
                child.kill()
        raise
    finally:
        engine.executor.shutdown(cancel_futures=True)


@contextmanager
def _dask(workers: int, scheduler: str) -> Iterator[Any]:
    """A client of a cluster: of one on this machine for "dask", else of the one at that address."""
    import logging

    distributed = require("distributed", feature="--scheduler", extra="corpus")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters comes back as an exception
    if scheduler == "dask":
        with (
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
                preload=[__name__],
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    if "://" not in scheduler:
        raise ValueError(f"--scheduler {shorten(scheduler)}: 'dask' or an address such as tcp://HOST:8786 is expected")
    try:
        client = distributed.Client(scheduler, timeout=CONNECT_S)
    except (OSError, ValueError, ImportError) as error:
        reason = shorten(" ".join(str(error).split()) or type(error).__name__, 150)
        raise ValueError(f"--scheduler {shorten(scheduler)}: no dask scheduler answers there ({reason})") from None
    with client:
        yield client


def dask_setup(worker: Any) -> None:
    """What dask calls in a new worker: Ctrl-C reaches every process of a terminal, and the command handles it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def run_shards(engine: Engine, job: Job, shards: Sequence[Shard], remake: bool, done: Callable[[Report], None]) -> None:
    """Extracts the shards, and calls `done` with the report of each, in any order.

    Raises
    ------
    OSError  at once if nothing can be written, such as on a full disk. Whatever else a task raises costs the shard one
        of its attempts; if it has none left, ShardError follows after all other shards.

    Checked: tests/test_corpus_runs_anywhere.py
    """
    run = _Run(engine, job, remake, done)
    run.waiting.extend((shard, 0) for shard in shards)
    while run.waiting or run.running or run.claimed:
        if not run.waiting and not run.running:
            time.sleep(PAUSE_S)
            run.waiting, run.claimed = run.claimed, deque()
        while run.waiting and len(run.running) < engine.in_flight:
            run.submit(*run.waiting.popleft())
        finished, _ = wait(run.running, return_when=FIRST_COMPLETED)
        for future in finished:
            if future in run.running:  # it is not if the executor has broken
                run.collect(future)
    if run.failed:
        number, reason = next(iter(run.failed.items()))
        others = f" (and {len(run.failed) - 1} more)" if len(run.failed) > 1 else ""
        reason = shorten(printable(" ".join(reason.split())), 200)
        raise ShardError(f"shard {number}{others} failed {RETRIES + 1} times: {reason}")


class _Run:
    """The shards of one run, each with the number of attempts that failed."""

    def __init__(self, engine: Engine, job: Job, remake: bool, done: Callable[[Report], None]) -> None:
        self._engine, self._job, self._remake, self._done = engine, job, remake, done
        self.waiting: deque[tuple[Shard, int]] = deque()
        self.running: dict[Future, tuple[Shard, int]] = {}
        self.claimed: deque[tuple[Shard, int]] = deque()  # by another command
        self.failed: dict[int, str] = {}  # shard: the reason of its last attempt

    def submit(self, shard: Shard, attempt: int) -> None:
        try:
            future = self._engine.executor.submit(extract_shard, self._job, shard, self._remake)
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        self.running[future] = shard, attempt

    def collect(self, future: Future) -> None:
        shard, attempt = self.running.pop(future)
        try:
            report: Report = future.result()
        except BrokenExecutor as error:
            self._begin_again(shard, attempt, error)
        except OSError as error:
            if error.errno in FATAL:
                raise
            self._retry(shard, attempt, f"{type(error).__name__}: {error}")
        except Exception as error:
            self._retry(shard, attempt, f"{type(error).__name__}: {error}")
        else:
            if report.status == "taken":
                self.claimed.append((shard, attempt))
            else:
                self._done(report)

    def _retry(self, shard: Shard, attempt: int, reason: str) -> None:
        if attempt < RETRIES:
            self.waiting.append((shard, attempt + 1))
        else:
            self.failed[shard.number] = reason

    def _begin_again(self, shard: Shard, attempt: int, error: BrokenExecutor) -> None:
        """A new pool of workers after one was killed; every shard that was running loses an attempt."""
        if self._engine.restart is None:
            raise WorkerKilledError(f"the executor broke: {printable(str(error))}") from None
        for one, one_attempt in [(shard, attempt), *self.running.values()]:
            self._retry(one, one_attempt, "a worker process was killed, perhaps for want of memory")
        self.running.clear()
        self._engine.restart()
