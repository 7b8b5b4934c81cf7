"""The runs of one command on other processors: one task a run, by Slurm, dask or any concurrent.futures.Executor.

The runs of a command are numbered in its own order (network, seed, fold). `--shard I/N` trains every N-th of them,
beginning with number I, so an array of jobs needs no scheduler but its own:

    #!/bin/sh
    #SBATCH --array=1-15 --cpus-per-task=1
    export OMP_NUM_THREADS=1
    cd CLONE
    python -m experiments.yadav_crnn --corpus ravdess --data RAVDESS --protocol speaker --resume \\
        --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"

`--scheduler dask` gives each core of this machine one run after the other; `--scheduler tcp://HOST:8786` gives the
runs to the workers of a cluster. These need the same clone, the same packages and the same folders, and are started by

    dask scheduler                                                                on HOST
    PYTHONPATH=CLONE OMP_NUM_THREADS=1 dask worker tcp://HOST:8786 --nthreads 1       one for each run at a time

Each task is this very command with `--resume --shard I/N`, in a process of its own that ends with its worker. So a run
whose worker is lost begins again after its last finished epoch, a finished run is skipped, and two tasks never train
the same run. What a run prints is in the folder `logs` of --out. Ctrl-C ends the workers of this machine with their
runs; on a cluster the runs that have begun go on to their end. Where threads are as many, the results are those of
the command without --scheduler.
"""

import argparse
import contextlib
import importlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TypeVar

from dsp.corpus.executors import open_engine
from dsp.files.commands import BAD_INPUT, INTERRUPTED, NO
from dsp.files.naming import printable
from dsp.files.processes import available_cores
from experiments.common.paths import ROOT

ATTEMPTS = 2  # at each run
Run = TypeVar("Run")


class RunError(Exception):
    """A run that ended without a result. One line: the last that it printed."""


@dataclass
class Selection:
    """Which runs of a command this process trains: every n_shards-th, beginning with number `shard` (from 1)."""

    shard: int = 1
    n_shards: int = 1
    n_runs: int = 0  # of the command, as far as they have been listed

    def take(self, runs: list[Run]) -> list[Run]:
        """Those of further runs of the command that this process trains."""
        chosen = [run for i, run in enumerate(runs, self.n_runs) if i % self.n_shards == self.shard - 1]
        self.n_runs += len(runs)
        return chosen


@dataclass
class Listing(Selection):
    """Trains all runs but those in `left_out` (numbers from 0); None leaves out all, which only counts them."""

    left_out: frozenset[int] | None = None

    def take(self, runs: list[Run]) -> list[Run]:
        first, self.n_runs = self.n_runs, self.n_runs + len(runs)
        return [] if self.left_out is None else [run for i, run in enumerate(runs, first) if i not in self.left_out]


def as_shard(text: str) -> Selection:
    """The value of --shard, I/N.

    Raises argparse.ArgumentTypeError unless 1 <= I <= N.

    Checked: tests/test_trainings_run_anywhere.py
    """
    first, _, second = text.partition("/")
    if not (first.isascii() and first.isdigit() and second.isascii() and second.isdigit() and len(text) < 20):
        raise argparse.ArgumentTypeError(f"{text!r}: I/N is expected, such as 1/4")
    if not 1 <= int(first) <= int(second):
        raise argparse.ArgumentTypeError(f"{text!r}: I counts from 1 to N")
    return Selection(int(first), int(second))


def run_scheduled(run: Callable[[argparse.Namespace], object], options: argparse.Namespace) -> int:
    """Trains all runs of a command by the scheduler that --scheduler names, then prints their results.

    options : also `module` and `arguments`, the command that a task repeats for its run

    Returns
    -------
    status : 0, or 1 if a run failed twice; the others have been trained then

    Raises
    ------
    ValueError  one line, if the scheduler cannot be reached.
    Whatever `run` raises for bad input: it has read the corpus before the first task is submitted.

    Checked: tests/test_trainings_run_anywhere.py
    """
    with open_engine(available_cores(), options.scheduler, None) as engine:
        options.selection, options.resume = Listing(), True
        with contextlib.redirect_stdout(io.StringIO()):  # it is said once more, with the results
            run(options)
        n_runs = options.selection.n_runs
        log = Path(options.out).absolute() / "logs"
        tasks = [_task_of(options, i, n_runs, log) for i in range(1, n_runs + 1)]
        print(f"{n_runs} runs; each prints to a file in {log}", flush=True)
        failed = run_tasks(engine.executor, run_command, tasks)
    options.selection = Listing(left_out=frozenset(failed))
    if len(failed) < n_runs:
        run(options)
    for i, reason in failed.items():
        print(f"error: run {i + 1} of {n_runs} failed {ATTEMPTS} times: {reason}; see {tasks[i][-1]}", file=sys.stderr)
    return NO if failed else 0


def run_tasks(executor: Executor, function: Callable, tasks: Sequence[tuple]) -> dict[int, str]:
    """Calls function(*task) for every task; what raises is tried once more. Shows a progress bar.

    executor : any concurrent.futures.Executor

    Returns
    -------
    failed : {index: reason} of the tasks that raised twice, in order

    Checked: tests/test_trainings_run_anywhere.py
    """
    from tqdm import tqdm

    attempts, failed = dict.fromkeys(range(len(tasks)), 0), {}
    running: dict[Future, int] = {}

    def submit(i: int) -> bool:
        attempts[i] += 1
        try:
            running[executor.submit(function, *tasks[i])] = i
        except RuntimeError as error:  # an executor that is broken or shut down takes no more
            failed[i] = _in_one_line(error)
        return i not in failed

    with tqdm(total=len(tasks), desc="trainings", unit="run", leave=False, disable=None) as bar:
        bar.update(sum(not submit(i) for i in range(len(tasks))))
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                i = running.pop(future)
                try:
                    future.result()
                except (Exception, CancelledError) as error:
                    if attempts[i] < ATTEMPTS and submit(i):
                        continue
                    failed.setdefault(i, _in_one_line(error))
                bar.update()
    return dict(sorted(failed.items()))


def run_command(module: str, arguments: list[str], folder: str, log: str) -> None:
    """Runs python -m MODULE ARGUMENTS in a process that ends with this one; appends what it prints to `log`.

    A process, because a training sets PyTorch's random state, which the threads of a worker share.

    Raises RunError, with the last line printed, if the status is not 0.

    Checked: tests/test_trainings_run_anywhere.py
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", __name__, module, *arguments]
    with (
        open(log, "ab") as file,
        subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": paths},
            stdin=subprocess.PIPE,  # nothing is written; it is closed when this process ends
            stdout=file,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        status = process.wait()
    if status:
        printed = Path(log).read_text(encoding="utf-8", errors="replace").strip().splitlines() if status > 0 else []
        raise RunError(printed[-1].removeprefix("error: ") if printed else f"killed by signal {-status}")


def _task_of(options: argparse.Namespace, i: int, n_runs: int, logs: Path) -> tuple[str, list[str], str, str]:
    """The arguments of run_command for run i of n_runs, from 1: later options override earlier ones."""
    arguments = [*options.arguments, "--scheduler", "", "--resume", "--shard", f"{i}/{n_runs}"]
    name = options.module.rpartition(".")[2]
    return options.module, arguments, os.getcwd(), str(logs / f"{name}-{i}-of-{n_runs}.txt")


def _in_one_line(error: BaseException) -> str:
    return printable(" ".join(str(error).split()) or type(error).__name__)


def _main(module: str, *arguments: str) -> int:
    """A task's process: the command, until its own end or that of the worker, which holds the other end of stdin."""
    Thread(target=_end_with_worker, daemon=True).start()
    return importlib.import_module(module).main(list(arguments))


def _end_with_worker() -> None:
    while os.read(0, 1):
        pass
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]) if len(sys.argv) > 1 else BAD_INPUT)
