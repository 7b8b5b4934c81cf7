"""Measures how well the front ends outside `dsp` agree with it, for every preset: error, size and time.

    python -m experiments.benchmarks.agreement [--road NAME ...] [--only PRESET ...] [--rounds N] [--store]

Example: python -m experiments.benchmarks.agreement --road front_end --only kaldi librosa

A road is a way from samples to features: nets.front_end, an ONNX graph, a C file, a MATLAB function. For each preset
and each kind of features (log_mel; mfcc if the preset has cepstra) the features of every signal are compared with
dsp.extract in float64. Printed are the largest error over speech and noise; the largest error over the other golden
signals (dsp/export/signals.py) with the name of that signal; the size of what the road ships; and the median time for
10 s of sound on one thread. Errors are absolute, in the unit of the features; without a logarithm they are shares of
the greatest value. A signal that dsp refuses must be refused by the road, too; a road may also refuse signals that are
shorter than it documents. --store keeps a road's result for the table in BENCHMARKS.md; it measures all presets.

To add a road: write a function like `front_end` below and enter it in ROADS.
"""

import argparse
import atexit
import os
import sys

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # before NumPy

import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

import dsp
from dsp.conventions.sizes import sizes
from dsp.export.golden import RATES
from dsp.export.signals import golden_signals
from dsp.files.commands import BAD_INPUT, NO
from experiments.common import timing
from experiments.evaluation.agreement import PREFIX

NOISE_S, CLIP_S = 0.5, 10.0  # seconds of noise that is compared, and of the sound that is timed
COMMON = ("speech", "noise")  # the signals of the first error; all others count for the second
SCALE_WORDS = {None: "of the greatest", "ln": "nat", "log10": "log10", "10 log10": "dB", "20 log10": "dB"}


@dataclass(frozen=True)
class Road:
    """One preset made ready: what a road's function returns."""

    features: Callable[[np.ndarray], np.ndarray]  # (n,) float64 in -1 .. 1 -> (rows, frames); ValueError: refused
    size_bytes: int  # of what is shipped: buffers, graph, source with its tables
    ms: Callable[[np.ndarray], float] | None = None  # milliseconds of one call, if timing `features` would mislead
    min_samples: int = 1  # of the shortest signal that gives a frame, by the road's own documentation


def front_end(c: dsp.Convention, rate: float, kind: str, folder: Path, dtype: str = "float32") -> Road:
    """The torch module, in inference mode on one thread."""
    import torch

    import nets

    torch.set_num_threads(1)
    module = nets.front_end(c, rate, kind=kind).to(getattr(torch, dtype)).eval()

    def features(x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return module(torch.from_numpy(x).to(getattr(torch, dtype)))[0].numpy()

    tensors = [*module.parameters(), *module.buffers()]
    return Road(features, sum(tensor.numel() * tensor.element_size() for tensor in tensors))


def browser(c: dsp.Convention, rate: float, kind: str, folder: Path) -> Road:
    """The small ONNX graph in Chromium, by ONNX Runtime Web; its time is taken there."""
    from dsp.export import onnx
    from experiments.benchmarks.in_browser import load_graph

    path = folder / "graph.onnx"
    shortest = int(onnx(c, rate, path, kind=kind)["min_samples"])
    run = load_graph(path.read_bytes())
    return Road(lambda x: run(x)[0], path.stat().st_size, ms=lambda x: run(x)[1], min_samples=shortest)


def onnx_graph(c: dsp.Convention, rate: float, kind: str, folder: Path, form: str) -> Road:
    """The ONNX graph, by ONNX Runtime on one thread."""
    from dsp.export import load_onnx, onnx

    path = folder / "graph.onnx"
    shortest = int(onnx(c, rate, path, kind=kind, form=form)["min_samples"])
    return Road(load_onnx(path, rate), path.stat().st_size, min_samples=shortest)


def c_code(c: dsp.Convention, rate: float, kind: str, folder: Path, precision: str = "float") -> Road:
    """The C file, compiled by gcc -O2; its size is that of code and tables, compiled for size, and of the state."""
    from dsp.export.c_code import write_c
    from experiments.common.c_programs import CFeatures, compile_library, compiled_bytes

    files = write_c(c, rate, folder, kind=kind, precision=precision)
    code = CFeatures(compile_library([files], folder), files)
    size = compiled_bytes(files) + files.state_bytes
    return Road(code.extract, size, min_samples=files.min_samples)


def matlab(c: dsp.Convention, rate: float, kind: str, folder: Path) -> Road:
    """The MATLAB function in one process of GNU Octave, which also takes the time; the size is that of the file."""
    from dsp.export.matlab_code import write_matlab

    name = f"{next(name for name, preset in dsp.CONVENTIONS.items() if preset == c)}_{kind}"
    file = write_matlab(c, rate, folder / f"{name}.m", kind=kind).path
    process = _octave()

    def milliseconds(x: np.ndarray) -> float:
        process.call(file, x)
        return process.ms

    return Road(lambda x: process.call(file, x), file.stat().st_size, ms=milliseconds)


@cache
def _octave():
    """One process for all presets."""
    from experiments.common.octave import Octave

    folder = tempfile.TemporaryDirectory()
    process = Octave(Path(folder.name))
    atexit.register(folder.cleanup)
    atexit.register(process.close)  # called first
    return process


# A road gets (convention, sample rate, kind, an empty folder) and returns a Road; it raises ValueError for a
# convention that it refuses. What it needs and lacks (a package, a compiler) is an ImportError or an OSError.
ROADS: dict[str, Callable[[dsp.Convention, float, str, Path], Road]] = {
    "front_end": front_end,
    "front_end_64": partial(front_end, dtype="float64"),
    "onnx_small": partial(onnx_graph, form="small"),
    "onnx_exact": partial(onnx_graph, form="exact"),
    "browser": browser,
    "c": c_code,
    "c_64": partial(c_code, precision="double"),
    "matlab": matlab,
}


def rate_of(c: dsp.Convention) -> int:
    """The first customary rate that the convention fits."""
    for rate in RATES:
        try:
            dsp.extract([golden_signals(rate)["speech"] / 32_768], rate, c, kinds_of(c)[-1])
        except ValueError:
            continue
        return rate
    raise ValueError(f"{c.tool}: none of the rates {RATES} fits")


def kinds_of(c: dsp.Convention) -> list[str]:
    return ["log_mel"] if c.n_mfcc is None else ["log_mel", "mfcc"]


def unit_of(c: dsp.Convention) -> str:
    """The unit of log-mel values; the cepstra of an orthonormal DCT have it, too."""
    if c.normalization == "mean and variance":
        return "deviations"
    word = SCALE_WORDS[c.log]
    return word if c.log_gain == 1 or c.log is None else f"{1 / c.log_gain:g} {word}"


def signals_at(rate: int) -> dict[str, np.ndarray]:
    """Speech and noise, then what ports fail on: (n,) float64."""
    rng = np.random.default_rng(1)
    made = {name: x / 32_768 for name, x in golden_signals(rate).items()}
    noise = {"noise": 0.1 * rng.standard_normal(round(NOISE_S * rate))}
    return {"speech": made.pop("speech")} | noise | made


def error_of(road: Road, x: np.ndarray, rate: int, c: dsp.Convention, kind: str) -> float | None:
    """The largest error; None for a signal that dsp refuses. DifferentError if shapes or refusals differ."""
    try:
        expected = dsp.extract([x], rate, c, kind)[0]
    except ValueError as error:
        expected = error
    try:
        found = road.features(x)
    except ValueError as error:
        found = error
    refused = [isinstance(of, ValueError) or of.shape[1] == 0 for of in (expected, found)]
    if all(refused) or (refused == [False, True] and x.size < road.min_samples):
        return None
    if any(refused) or found.shape != expected.shape:
        of_dsp, of_road = (str(of) if isinstance(of, ValueError) else str(of.shape) for of in (expected, found))
        raise timing.DifferentError(f"dsp gives {of_dsp}, the road {of_road}")
    scale = max(float(np.abs(expected).max()), 1e-300) if c.log is None else 1.0
    difference = float(np.abs(found - expected).max()) / scale
    if not np.isfinite(difference):
        raise timing.DifferentError("a value is not finite")
    return difference


def milliseconds(road: Road, x: np.ndarray, rounds: int) -> float:
    """The median time of a call, after one that is not counted."""
    if road.ms is not None:
        return statistics.median([road.ms(x) for _ in range(rounds)])
    road.features(x)
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        road.features(x)
        taken.append(1e3 * (time.perf_counter() - started))
    return statistics.median(taken)


def measure(build: Callable, preset: str, kind: str, rounds: int) -> dict:
    """One row: {"preset", "kind", "unit", "rate", "largest_error", "worst_signal", "worst_error", "size_bytes", "ms"};
    or with "refused" instead of the last five."""
    c = dsp.CONVENTIONS[preset]
    rate = rate_of(c)
    row = {"preset": preset, "kind": kind, "unit": unit_of(c), "rate": rate}
    with tempfile.TemporaryDirectory() as folder:
        try:
            road = build(c, rate, kind, Path(folder))
        except ValueError as error:
            return row | {"refused": str(error)}
        signals, errors = signals_at(rate), {}
        for name, x in signals.items():
            try:
                error = error_of(road, x, rate, c, kind)
            except timing.DifferentError as different:
                raise timing.DifferentError(f"{preset}, {kind}, {name}: {different}") from None
            if error is not None:
                errors[name] = error
        worst = max((name for name in errors if name not in COMMON), key=lambda name: errors[name])
        clip = np.resize(signals["speech"], round(CLIP_S * rate))
        size = sizes(c, rate)
        return row | {
            "largest_error": max(errors[name] for name in COMMON),
            "worst_signal": worst,
            "worst_error": errors[worst],
            "size_bytes": road.size_bytes,
            "ms": milliseconds(road, clip, rounds),
            "n_fft": size.n_fft,
        }


def measure_road(road: str, presets: list[str], rounds: int) -> Iterator[dict]:
    for preset in presets:
        for kind in kinds_of(dsp.CONVENTIONS[preset]):
            yield measure(ROADS[road], preset, kind, rounds)


def show(road: str, row: dict) -> None:
    said = row.get("refused") and f"refused: {row['refused']}"
    said = said or (
        f"{row['largest_error']:.1e} {row['unit']}, {row['worst_signal']} {row['worst_error']:.1e}, "
        f"{row['size_bytes'] / 1e3:.0f} kB, {row['ms']:.2f} ms"
    )
    print(f"  {road}: {row['preset']}, {row['kind']}: {said}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmarks.agreement",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--road", nargs="+", default=list(ROADS), choices=ROADS, metavar="NAME", help="default: all")
    parser.add_argument("--only", nargs="+", metavar="PRESET", help="default: every preset of dsp.CONVENTIONS")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="calls that are timed; default: 5")
    parser.add_argument("--store", action="store_true", help="keep the result for the table in BENCHMARKS.md")
    options = parser.parse_args(arguments)
    if options.rounds < 1 or (options.store and options.only):
        parser.error("--rounds is at least 1" if options.rounds < 1 else "--store keeps all presets: leave out --only")
    unknown = [name for name in options.only or () if name not in dsp.CONVENTIONS]
    if unknown:
        parser.error(f"--only {unknown[0]}: no such preset")
    for road in options.road:
        rows = []
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of empty filters at low rates
                for row in measure_road(road, options.only or list(dsp.CONVENTIONS), options.rounds):
                    rows.append(row)
                    show(road, row)
        except timing.DifferentError as error:
            print(f"error: {road}: {error}", file=sys.stderr)
            return NO
        except (ImportError, OSError) as error:
            print(f"error: {road}: {error}", file=sys.stderr)
            return BAD_INPUT
        if options.store:
            timing.store(f"{PREFIX}{road}", [], {"agreement": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
