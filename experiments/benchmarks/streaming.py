"""Times features of sound that comes in pieces of 10 ms: `dsp.Stream` beside kaldi-native-fbank's OnlineFbank.

    python -m experiments.benchmarks.streaming [--rounds N] [--store]

Example: python -m experiments.benchmarks.streaming --rounds 5

Both take the same pieces, of 16 kHz sound, and give a frame for each, float32, one thread; their numbers are compared
first. What the peer does not compute is compared with dsp.extract of the whole signal: that is what pieces cost. The
tasks take turns, and what counts is the ratio of each round. The real-time factor is the time that a piece takes,
divided by its 10 ms.
"""

import argparse
import os
import sys

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # before NumPy

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module, metadata

import numpy as np

from dsp import CONVENTIONS, Convention, Stream, extract, resample
from dsp.files.commands import NO
from experiments.common import timing

RATE, PIECE, SECONDS = 16_000, 160, 20  # a piece is 10 ms
TOLERANCE = 1e-2  # of log-mel values in nats, and of cepstra: Kaldi's own float32
FBANK = CONVENTIONS["kaldi_fbank"]
MFCC = replace(CONVENTIONS["kaldi"], energy=None)


@dataclass(frozen=True)
class Case:
    """A task: what it is called, our convention and kind, and the peer that gives the same numbers, if one does."""

    task: str
    convention: Convention
    kind: str
    peer: Callable[[np.ndarray], np.ndarray] | None = None
    resample_from: int | None = None


def fbank_by_kaldi(x: np.ndarray) -> np.ndarray:
    options = import_module("kaldi_native_fbank").FbankOptions()
    options.mel_opts.num_bins = 80
    return _by_kaldi(x, options, "OnlineFbank")


def mfcc_by_kaldi(x: np.ndarray) -> np.ndarray:
    options = import_module("kaldi_native_fbank").MfccOptions()
    options.use_energy = False
    return _by_kaldi(x, options, "OnlineMfcc")


def _by_kaldi(x: np.ndarray, options, name: str) -> np.ndarray:
    """(rows, n_frames); it gets a list, which takes it less time than an array."""
    options.frame_opts.dither = 0
    computer = getattr(import_module("kaldi_native_fbank"), name)(options)
    frames = []
    for start in range(0, x.size, PIECE):
        computer.accept_waveform(RATE, (32768 * x[start : start + PIECE]).tolist())
        while len(frames) < computer.num_frames_ready:
            frames.append(computer.get_frame(len(frames)))
    return np.stack(frames, axis=1)


def ours(x: np.ndarray, case: Case) -> np.ndarray:
    stream = Stream(case.convention, RATE, kind=case.kind, dtype="float32", resample_from=case.resample_from)
    piece = PIECE * (case.resample_from or RATE) // RATE
    return np.concatenate([stream.push(x[start : start + piece]) for start in range(0, x.size, piece)], axis=1)


def whole(x: np.ndarray, case: Case) -> np.ndarray:
    if case.resample_from:
        x = resample(x, case.resample_from, RATE)
    return extract([x], RATE, case.convention, case.kind, "float32")[0]


CASES = [
    Case("80 log-mel values", FBANK, "log_mel", fbank_by_kaldi),
    Case("13 MFCC", MFCC, "mfcc", mfcc_by_kaldi),
    Case("13 MFCC with two orders of deltas", replace(MFCC, delta_orders=2), "mfcc"),
    Case("80 log-mel values of 48 kHz", FBANK, "log_mel", resample_from=48_000),
]


def measure(case: Case, rounds: int) -> dict:
    """The row of a case. Raises DifferentError if the peer's numbers are others."""
    rate = case.resample_from or RATE
    x = (np.random.default_rng(0).standard_normal(SECONDS * rate) / 10).astype(np.float32)
    n_pieces = SECONDS * RATE // PIECE
    tasks = {"ours in pieces": lambda: ours(x, case)}
    if case.peer is None:
        tasks["ours, whole signal"] = lambda: whole(x, case)
    else:
        package = "kaldi-native-fbank"
        kaldi = f"{package} {metadata.version(package)}"
        tasks[kaldi] = lambda: case.peer(x)
        theirs, mine = case.peer(x), ours(x, case)
        gap = np.abs(theirs - mine).max() if theirs.shape == mine.shape else np.inf
        if not gap <= TOLERANCE:
            raise timing.DifferentError(f"{case.task} by {kaldi} and by us differ by {gap:.2g}, more than {TOLERANCE}")
    seconds = timing.alternate(tasks, rounds)
    mine, other = tasks
    sides = (mine, other) if case.peer is not None else (other, mine)
    row = timing.comparison(f"10 ms of a stream: {case.task}", *sides, seconds, n_pieces)
    side = "fast" if case.peer is not None else "slow"
    factor = row[f"{side}_s"] / (PIECE / RATE)
    return row | {side: f"{mine}, real-time factor {factor:.4f}:"}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmarks.streaming",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="default: 15")
    parser.add_argument("--store", action="store_true", help="keep the result for the table in BENCHMARKS.md")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds is at least 1")
    rows = []
    for case in CASES:
        try:
            rows.append(measure(case, options.rounds))
        except (ImportError, timing.DifferentError) as error:
            line = f"not installed: {error}" if isinstance(error, ImportError) else str(error)
            print(f"error: {line}", file=sys.stderr)
            return NO
        timing.show(rows[-1])
    if options.store:
        timing.store("streaming", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
