"""How often the doctor finds a random convention, and in what time.

    python -m tests.measure_doctor FOLDER --number 200 --seed 1000

FOLDER holds recordings (.wav, .flac); the first three seconds of each are used. A case is a preset with one to six
parameters changed at random, to words that more than one preset has; most of its log-mel values lie above the least.
It counts as found if the verdict is "exact" and the convention gives the same numbers.
"""

import argparse
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import dsp
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor import identify
from dsp.doctor.knowledge.common_values import USUAL_WORDS

LATE = {"n_mfcc", "dct_norm", "dct_type", "c0", "lifter", "lifter_first", "energy", "energy_of", "energy_floor"}
AFTER_LEVELS = LATE | {"delta_orders", "delta_width", "delta_edges", "delta_second", "normalization"}


@dataclass(frozen=True)
class Case:
    """One random convention: the verdict, whether the convention found gives the same numbers, and the times."""

    convention: Convention
    verdict: str
    same: bool
    seconds: float
    processor_seconds: float


def draw_case(rng, x, rate):
    """A preset with one to six parameters changed that fits the clip, and its features."""
    numbers = {
        "scale": (1.0, 32_768.0),
        "preemphasis": (0.0, 0.9, 0.95, 0.97, 1.0),
        "frame_length_s": (0.02, 0.025, 0.032, 0.04),
        "hop_length_s": (0.005, 0.008, 0.01, 0.0125, 0.016),
        "n_fft": ("power of two", 512, 1024, 2048),
        "n_mels": (20, 23, 26, 32, 40, 64, 80, 128),
        "f_min": (0.0, 20.0, 50.0, 64.0, 100.0, 133.0, 300.0),
        "f_max": (None, 3800.0, 4000.0, 6800.0, 7600.0, 7800.0),
        "floor": (1e-10, 1e-12, 1e-8, 1e-6, 1.0),
        "dynamic_range": (None, 60.0, 80.0),
        "lifter": (0.0, 12.0, 22.0),
        "n_mfcc": (12, 13, 20, 26),
        "dct_type": (2, 3),
        "delta_orders": (0, 1, 2),
        "delta_width": (3, 5, 9),
    }
    while True:
        c = CONVENTIONS[str(rng.choice(list(CONVENTIONS)))]
        if (c.f_max or 0) > rate / 2:
            c = replace(c, f_max=None)
        kind = "mfcc" if c.n_mfcc and rng.random() < 0.5 else "log_mel"
        names = [name for name in (*numbers, *USUAL_WORDS) if kind == "mfcc" or name not in AFTER_LEVELS]
        names.remove("mel_energy")  # the search names such a row, but does not explain it
        flips = {}
        for name in rng.choice(names, rng.integers(1, 7), replace=False):
            values = [value for value in numbers.get(name, USUAL_WORDS.get(name)) if value != getattr(c, name)]
            flips[str(name)] = values[rng.integers(len(values))]
        lengths = {name[:-2]: None for name in ("frame_length_s", "hop_length_s") if name in flips}
        if kind == "mfcc" and flips.get("log", "") is None:
            continue
        try:
            c = replace(c, **flips, **lengths)
            features = (dsp.mfcc if kind == "mfcc" else dsp.log_mel)(x, rate, c)
        except ValueError:
            continue
        if features.std() > 1e-9 and features.shape[1] > 7 and not lies_at_a_floor(x, rate, c):
            return c, features


def lies_at_a_floor(x, rate, c) -> bool:
    """Whether most log-mel values stand at the least one, so that the features show no convention."""
    levels = dsp.log_mel(x, rate, replace(c, normalization=None))
    return np.mean(levels > levels.min()) < 0.5


def measure(signals, rate, n: int, seed, time_limit: float | None, effort: float = 1.0) -> Iterator[Case]:
    """n cases drawn from a seed, each on one of the signals."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        x = signals[rng.integers(len(signals))]
        c, features = draw_case(rng, x, rate)
        begun, used = time.monotonic(), time.process_time()
        found = identify(features, x, rate, time_limit, effort)
        times = time.monotonic() - begun, time.process_time() - used
        same = False
        if found.verdict != "unexplained":
            again = (dsp.mfcc if found.kind == "mfcc" else dsp.log_mel)(x, rate, found.convention)
            again = again.T if found.transposed else again
            same = again.shape == features.shape and np.abs(again - features).max() <= 1e-4 * np.abs(features).max()
        yield Case(c, found.verdict, bool(same), *times)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure_doctor", description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path, help="with recordings, in folders of any depth")
    parser.add_argument("--number", type=int, default=200, help="of cases (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="of the random draws (default: 0)")
    parser.add_argument(
        "--time-limit", type=float, metavar="SECONDS", help="for each search (default: the doctor's own)"
    )
    options = parser.parse_args()
    files = sorted(path for path in options.folder.rglob("*") if path.suffix in (".wav", ".flac"))
    if not files:
        parser.error(f"{options.folder} holds no .wav or .flac file")
    warnings.simplefilter("ignore")  # of empty filters
    cases = []
    for k in range(options.number):
        path = files[np.random.default_rng([options.seed, k]).integers(len(files))]
        x, rate = dsp.read_audio(path)
        x = x if x.ndim == 1 else x[0]
        cases += measure([x[: 3 * rate]], rate, 1, [options.seed, k, 1], options.time_limit)
        case = cases[-1]
        nearest = min(CONVENTIONS, key=lambda name: len(dsp.conventions.diff(name, case.convention)))
        changes = {name: b for name, (_, b) in dsp.conventions.diff(nearest, case.convention).items()}
        print(k, path.name, case.verdict, f"{case.processor_seconds:.1f} s,", nearest, changes, flush=True)
    exact = [case for case in cases if case.verdict == "exact"]
    print(f"exact and the same numbers: {sum(case.same for case in exact)} of {len(cases)}")
    print(f"exact but other numbers: {sum(not case.same for case in exact)}")
    for name, of in (("processor", "processor_seconds"), ("wall", "seconds")):
        times = [getattr(case, of) for case in cases]
        print(f"{name} time: median {np.median(times):.2f} s, greatest {max(times):.2f} s")


if __name__ == "__main__":
    main()
