"""Times everything in `dsp` beside `extract`'s common road: transforms, resampling, inversion, filters, starting.

    python -m experiments.benchmarks.signals [--only WORD] [--rounds N] [--store]

Example: python -m experiments.benchmarks.signals --only resample --rounds 3

Each row compares two calls that give the same result; that is checked first. The calls take turns, one thread, in
float64 unless the row says float32. A row states the ratio that is required, and holds if two of three runs (thirds of
the rounds) reach it. Where one does not hold, it says how fast ours works: in GFLOP/s and as a share of what this core
can multiply and add, or in GB/s. Of many similar pairs (rates, lengths, conventions) the table shows the median and
the worst; --store keeps them all. Features and images have their own programs: experiments.benchmark_features and
experiments.benchmarks.images.
"""

import argparse
import os
import sys

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # before NumPy

import math
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from dsp.files.commands import NO
from experiments.benchmarks import features, signal_tasks
from experiments.benchmarks.signal_tasks import Pair
from experiments.common import timing
from experiments.common.paths import ROOT

LEAST_SECONDS = 0.01  # of a call in a round: shorter ones are repeated
FIRST = "import numpy, dsp; x = numpy.sin(numpy.arange(32000.0)); dsp.extract([x], 16000, dtype='float32')"
SECOND = """
import time; started = time.perf_counter()
dsp.extract([x], 16000, dsp.CONVENTIONS["librosa"], "log_mel", "float32"); print(time.perf_counter() - started)
"""


def measure(pair: Pair, rounds: int, limits: dict[str, float]) -> dict:
    """The row of a pair. Raises DifferentError if the results differ by more than its tolerance."""
    gap = pair.gap() if pair.gap else 0.0
    if not gap <= pair.tolerance:
        raise timing.DifferentError(
            f"{pair.task}: {pair.ours_name} and {pair.peer_name} differ by {gap:.2g}, more than {pair.tolerance:g}"
        )
    pair.ours()  # which compiles, if nothing was compared
    started = time.perf_counter()
    pair.ours()
    repeats = max(1, min(1000, math.ceil(LEAST_SECONDS / (time.perf_counter() - started))))
    tasks = {pair.ours_name: repeated(pair.ours, repeats), pair.peer_name: repeated(pair.peer, repeats)}
    seconds = timing.alternate(tasks, rounds)
    seconds[pair.peer_name] = [s / pair.scale for s in seconds[pair.peer_name]]
    row = timing.comparison(pair.task, pair.ours_name, pair.peer_name, seconds, repeats)
    return row | timing.verdict(row, seconds, pair.required, pair.at_most) | work_rates(pair, row["fast_s"], limits)


def repeated(call: Callable[[], object], times: int) -> Callable[[], None]:
    def task() -> None:
        for _ in range(times):
            call()

    return task


def work_rates(pair: Pair, seconds: float, limits: dict[str, float]) -> dict:
    """How fast our call works, beside this core's limit: {"bound": text}."""
    if pair.at_most and pair.flops is None:
        return {}
    if pair.flops:
        limit = limits["float32 GFLOP/s"] / (1 if "float32" in pair.task else 2)
        rate = pair.flops / seconds / 1e9
        return {"bound": f"{rate:.1f} GFLOP/s, {rate / limit:.0%} of this core's {limit:.0f}"}
    if pair.bytes:
        return {"bound": f"{pair.bytes / seconds / 1e9:.2f} GB/s, copying in L2: {limits['GB/s']:.0f}"}
    return {}


def core_limits(rounds: int) -> dict[str, float]:
    """What this core does at best: multiplications and additions in registers (float32), and copying in its L2."""
    room = np.ones(2**18, np.float32)
    room = room[-room.ctypes.data % 64 // 4 :]
    tasks = {
        "float32 GFLOP/s": (partial(features.multiply_and_add, room, 100_000), 1e5 * 512),
        "GB/s": (partial(features.copy, room[: 2**16], room[2**16 : 2**17], 40), 40 * 2**19),
    }
    seconds = timing.alternate({name: task for name, (task, _) in tasks.items()}, rounds)
    return {name: work / min(seconds[name]) / 1e9 for name, (_, work) in tasks.items()}


def summary(label: str, rows: list[dict]) -> list[dict]:
    """Of many rows the median one and the worst one, which keep their numbers under a new name."""
    at_most = rows[0].get("at_most", False)
    ordered = sorted(rows, key=lambda row: row["ratio"], reverse=not at_most)  # from the best to the worst
    chosen = {"median": ordered[len(ordered) // 2], "worst": ordered[-1]}
    return [row | {"task": f"{label}, {name} of {len(rows)}: {row['task']}"} for name, row in chosen.items()]


def starting(rounds: int) -> list[dict]:
    """Seconds until the first and the second result of a new process, beside the limits that are required."""
    with tempfile.TemporaryDirectory() as scratch:
        kept = {"NUMBA_CACHE_DIR": f"{scratch}/kept"}
        run_first(kept)
        second = {"NUMBA_CACHE_DIR": f"{scratch}/kept"}
        run_second(second)
        seconds = {"with": [], "without": [], "second": []}
        for i in range(rounds):
            seconds["with"].append(run_first(kept))
            seconds["without"].append(run_first({"NUMBA_CACHE_DIR": f"{scratch}/{i}"}))
            seconds["second"].append(run_second({"NUMBA_CACHE_DIR": f"{scratch}/second {i}"}))
    rows = []
    for name, task, limit in (
        ("without", "first result in a new process, no compile cache", 2.0),
        ("with", "first result in a new process, with a compile cache", 0.5),
        ("second", "result of a second convention, no compile cache", 0.3),
    ):
        both = {"ours": seconds[name], "the limit": [limit] * rounds}
        row = timing.comparison(task, "ours", "the limit", both)
        rows.append(row | timing.verdict(row, both, 1.0))
    return rows


def run_first(environment: dict) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", FIRST], check=True, cwd=ROOT, env=os.environ | environment)
    return time.perf_counter() - started


def run_second(environment: dict) -> float:
    how = {"check": True, "cwd": ROOT, "env": os.environ | environment, "capture_output": True, "text": True}
    return float(subprocess.run([sys.executable, "-c", FIRST + SECOND], **how).stdout)


def groups() -> dict[str, Callable[[], list[Pair]]]:
    """{name: its Pairs}; a name in SUMMARIZED becomes two rows."""
    return {
        "front ends": signal_tasks.front_ends,
        "resample": signal_tasks.resampling,
        "odd rates": signal_tasks.odd_rate,
        **{name: partial(signal_tasks.transforms, name) for name in signal_tasks.TRANSFORMS},
        "stft": signal_tasks.short_time,
        "griffin_lim and vocoder": signal_tasks.phases,
        "filters": signal_tasks.filters,
        "conventions": signal_tasks.conventions,
    }


SUMMARIZED = ("resample", "conventions", *signal_tasks.TRANSFORMS)


def measure_all(only: str, rounds: int) -> tuple[list[dict], dict[str, list[dict]]]:
    """The rows of the table, and all rows of the groups of which it shows two. Prints each as it comes."""
    limits, rows, whole = core_limits(3), [], {}
    for name, pairs in groups().items():
        if only in name:
            measured = [measure(pair, rounds, limits) for pair in pairs()]
            if name in SUMMARIZED:
                whole[name] = measured
                measured = summary(name, measured)
            rows += shown(measured)
    if only in "starting":
        rows += shown(starting(min(rounds, 5)))
    return rows, whole


def shown(rows: Iterable[dict]) -> list[dict]:
    rows = list(rows)
    for row in rows:
        timing.show(row)
        sys.stdout.flush()
    return rows


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmarks.signals",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", default="", metavar="WORD", help="groups whose name contains it; default: all")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="at least 3; default: 9")
    parser.add_argument("--store", action="store_true", help="keep the result for the table in BENCHMARKS.md")
    options = parser.parse_args(arguments)
    if options.rounds < 3 or (options.store and options.only):
        parser.error("--rounds is at least 3" if options.rounds < 3 else "--store keeps all groups: leave out --only")
    if not any(options.only in name for name in (*groups(), "starting")):
        parser.error(f"--only {options.only}: no such group; one of {', '.join((*groups(), 'starting'))} is expected")
    warnings.filterwarnings("ignore", module="librosa")
    try:
        rows, whole = measure_all(options.only, options.rounds)
    except timing.DifferentError as error:
        print(f"error: {error}", file=sys.stderr)
        return NO
    missed = [row["task"] for row in rows if row.get("holds") is False]
    print(f"{len(rows)} rows, {len(missed)} of them short of what is required{':' * bool(missed)}")
    for task in missed:
        print(f"  {task}")
    if options.store:
        timing.store("signals", rows, {"all": whole})
    return 0


if __name__ == "__main__":
    sys.exit(main())
