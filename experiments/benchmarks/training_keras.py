"""Times an epoch of the networks of Dey, Yadav, Wang and Finch as the experiments train them against plain PyTorch.

    python -m experiments.benchmarks.training_keras [--networks NAME ...] [--rounds N] [--steps N] [--store]

Example: python -m experiments.benchmarks.training_keras --networks yadav_crnn --rounds 3

Ours is the fused network, KerasAdam (Finch: KerasRmsprop; Wang: torch.optim.Adam) and memory that is kept. Plain is
the same network as it is written, torch.optim.Adam (RMSprop) and PyTorch's defaults. Both have the same initial values,
inputs (random) and batches. The losses of the first step agree to 1e-4, or nothing is timed. Steps alternate between
two processes. An epoch has as many steps as the papers' training sets have batches: of 428 recordings, for the
one-dimensional networks of 1 733 windows, for Wang of 960 recordings.
"""

import argparse
import math
import multiprocessing
import sys
import time

import torch
from torch import nn

import nets
from dsp.files.commands import NO
from experiments.common.timing import DifferentError, comparison, show, store
from experiments.training.loop import Examples, _step, reuse_freed_memory
from experiments.training.optimizers import KerasAdam, KerasRmsprop
from nets.fused.fuse import fuse

RECORDINGS, WINDOWS, CASIA_TRAINING, CLASSES = 428, 1733, 960, 7
NETWORKS = {  # batch size, shape of an example, examples of an epoch, steps of a round
    "dey_2d_cnn_lstm": (4, (1, 128, 251), RECORDINGS, 6),
    "dey_td_cnn_lstm": (32, (18, 1, 128, 5), RECORDINGS, 2),
    "dey_td_cnn_bilstm": (32, (18, 1, 128, 5), RECORDINGS, 2),
    "dey_1d_cnn_lstm": (32, (1, 16000), WINDOWS, 2),
    "dey_1d_cnn_bilstm": (32, (1, 16000), WINDOWS, 2),
    "yadav_crnn": (16, (1, 128, 259), RECORDINGS, 1),
    "wang_cl": (5, (128, 141), CASIA_TRAINING, 6),
    "finch_dycnn_bilstm": (200, (1, 300, 39), RECORDINGS, 1),
    "finch_cnn_bilstm": (200, (1, 300, 39), RECORDINGS, 1),
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmarks.training_keras",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that are timed; one before is not")
    parser.add_argument("--steps", type=int, help="steps of a round; without it, about two seconds' worth")
    parser.add_argument("--store", action="store_true", help="keep the result for the table in BENCHMARKS.md")
    options = parser.parse_args(arguments)
    rows = []
    for name in options.networks:
        try:
            rows.append(compare(name, options.rounds, options.steps or NETWORKS[name][3]))
        except DifferentError as error:
            print(f"error: {error}", file=sys.stderr)
            return NO
        show(rows[-1])
    if options.store:
        store("training_keras", rows)
    return 0


def compare(name: str, rounds: int, steps: int) -> dict:
    """One process for each program, since they differ in how memory is kept; steps in turn."""
    size, _, examples, _ = NETWORKS[name]
    context = multiprocessing.get_context("spawn")
    programs, processes = {}, []
    for side in ("plain", "ours"):
        here, there = context.Pipe()
        processes.append(context.Process(target=program, args=(there, side, name), daemon=True))
        processes[-1].start()
        programs[side] = here
    per_epoch = math.ceil(examples / size)
    seconds, first_loss = {"plain PyTorch": [], "ours": []}, {}
    try:
        for turn in range(rounds + 1):
            for side, pipe in programs.items():
                pipe.send(steps)
                taken, losses = pipe.recv()
                if turn == 0:  # not counted: it warms both up and checks that they compute the same
                    first_loss[side] = losses[0]
                else:
                    seconds["ours" if side == "ours" else "plain PyTorch"].append(taken / steps * per_epoch)
            check(name, first_loss)
    finally:
        for process in processes:
            process.terminate()
            process.join()
    task = f"training, {name}, an epoch of {per_epoch} batches of {size}, {torch.get_num_threads()} threads"
    return comparison(task, "ours", "plain PyTorch", seconds)


def check(name: str, losses: dict[str, float]) -> None:
    """Only the first: the two Adams have their epsilons in different places, and part after one step."""
    if not abs(losses["plain"] - losses["ours"]) <= 1e-4:
        raise DifferentError(f"{name}: first losses {losses['plain']:.6f} (plain) and {losses['ours']:.6f} (ours)")


def program(pipe, side: str, name: str) -> None:
    """Sends (seconds, losses) of as many training steps as every request asks for."""
    net, batch = nets.build(name, CLASSES), random_batch(name)
    if side == "ours":
        reuse_freed_memory()
        step = our_step(net, name)
    else:
        step = plain_step(net, name)
    torch.manual_seed(0)  # both drop the same values
    while steps := pipe.recv():
        started = time.perf_counter()
        losses = [step(batch) for _ in range(steps)]
        pipe.send((time.perf_counter() - started, losses))


def our_step(net: nn.Sequential, name: str):
    fast = fuse(net).train()
    optimizers = {"finch": KerasRmsprop, "wang": torch.optim.Adam}
    optimizer = optimizers.get(name.partition("_")[0], KerasAdam)(fast.parameters())
    return lambda batch: _step(fast, optimizer, batch)[0]


def plain_step(net: nn.Sequential, name: str):
    optimizer = (torch.optim.RMSprop if name.startswith("finch") else torch.optim.Adam)(net.train().parameters())

    def step(batch: Examples) -> float:
        loss = nn.functional.cross_entropy(net(batch.inputs), batch.labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def random_batch(name: str) -> Examples:
    size, shape, *_ = NETWORKS[name]
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn((size, *shape), generator=generator)
    return Examples(inputs, torch.randint(0, CLASSES, (size,), generator=generator))


if __name__ == "__main__":
    sys.exit(main())
