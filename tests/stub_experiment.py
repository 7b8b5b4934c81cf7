"""An experiment whose runs train nothing: what tests/test_trainings_run_anywhere.py gives to workers.

A run writes its process id to run-<seed>/started, waits while the file `hold` is there, and stores one line. Seed 7
always fails. It takes the options of a paper's command, and imports no PyTorch.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from dsp.files.commands import exit_status
from experiments.common.locks import exclusive_lock
from experiments.training.scheduling import Selection, as_shard, run_scheduled


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seed", type=int, nargs="+", default=[0])
    parser.add_argument("--scheduler")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--shard", type=as_shard)
    options = parser.parse_args(arguments)
    options.arguments, options.module = list(sys.argv[1:] if arguments is None else arguments), "tests.stub_experiment"
    options.selection = options.shard or Selection()
    return exit_status(lambda: run_scheduled(run, options) if options.scheduler else run(options))


def run(options: argparse.Namespace) -> None:
    for seed in options.selection.take(options.seed):
        folder = options.out / f"run-{seed}"
        with exclusive_lock(folder):
            if (folder / "result").exists():
                print("finished earlier")
                continue
            (folder / "started").write_text(str(os.getpid()))
            while (options.out / "hold").exists():
                time.sleep(0.02)
            if seed == 7:
                raise ValueError("seed 7 never works")
            with open(options.out / "lines.txt", "a") as file:
                file.write(f"{seed}\n")
            (folder / "result").touch()
            print(f"trained {seed}")


if __name__ == "__main__":
    sys.exit(main())
