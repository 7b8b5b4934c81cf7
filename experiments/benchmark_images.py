"""Times `python -m spectrogram_images` against a straightforward NumPy script that makes the same images.

    python -m experiments.benchmark_images [--data CASIA] [--files N] [--rounds N]

Both read the WAVs with soundfile and make equal pixels (checked first); the script then uses np.fft, einsum
and Pillow, as one would write it. Rounds alternate (ours, script, ours, ...), every library is held to one
thread, and the medians and their ratio are printed; absolute times are this machine's and say little.
"""

import argparse
import os
import sys

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"  # before NumPy is imported

import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from experiments.synthetic import synthetic_corpus
from spectrogram_images import jet, render
from spectrogram_images.folder import convert, find_recordings

JET = jet(256)
WINDOW = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(256) / 255)


def plain_render(signal: np.ndarray) -> np.ndarray:
    """The image by NumPy alone: frames, np.fft.rfft, a colour table, einsum over the taps of the resize."""
    n_frames = (signal.size - 128) // 128
    frames = np.lib.stride_tricks.sliding_window_view(signal, 256)[::128][:n_frames]
    S = 20 * np.log10(np.abs(np.fft.rfft(frames * WINDOW, 512).T) + 2.0**-52)
    S = (S - S.min()) / (S.max() - S.min()) * 255
    rgb = JET[np.clip(np.floor(S + 0.5).astype(int), 1, 256) - 1]
    for dimension in np.argsort([224 / rgb.shape[0], 224 / rgb.shape[1]], kind="stable"):
        taps, weights = plain_taps(rgb.shape[dimension], 224)
        if dimension == 0:
            rgb = np.einsum("ot,otkc->okc", weights, rgb[taps])
        else:
            rgb = np.einsum("ot,kotc->koc", weights, rgb[:, taps])
    return np.floor(np.clip(rgb, 0, 1) * 255 + 0.5).astype(np.uint8)


def plain_taps(n_in: int, n_out: int) -> tuple[np.ndarray, np.ndarray]:
    scale = n_out / n_in
    shrink = min(scale, 1.0)
    u = np.arange(1, n_out + 1) / scale + 0.5 * (1 - 1 / scale)
    index = np.floor(u - 2 / shrink)[:, None] + np.arange(int(np.ceil(4 / shrink)) + 2)
    d = np.abs(shrink * (u[:, None] - index))
    weights = (1.5 * d**3 - 2.5 * d**2 + 1) * (d <= 1) + (-0.5 * d**3 + 2.5 * d**2 - 4 * d + 2) * ((d > 1) & (d <= 2))
    weights /= weights.sum(axis=1, keepdims=True)
    mirror = np.concatenate([np.arange(n_in), np.arange(n_in)[::-1]])
    return mirror[(index.astype(int) - 1) % (2 * n_in)], weights


def plain_command(recordings, png_root: Path) -> None:
    for wav, png in recordings:
        signal, _ = soundfile.read(wav)
        (png_root / png).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(plain_render(signal)).save(png_root / png)


def our_command(recordings, png_root: Path, workers: int = 1) -> None:
    for _ in convert(recordings, png_root, workers):
        pass


def alternate(tasks: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Seconds of every task in every round, the tasks in turn; one round before that is not counted."""
    seconds = {name: [] for name in tasks}
    for turn in range(rounds + 1):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def ratio(seconds: dict[str, list[float]], slow: str, fast: str) -> str:
    """Median of the ratios round by round, with the least and the greatest."""
    ratios = sorted(a / b for a, b in zip(seconds[slow], seconds[fast], strict=True))
    return f"{statistics.median(ratios):5.2f}x [{ratios[0]:.2f} .. {ratios[-1]:.2f}]"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.benchmark_images", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a WAV tree such as CASIA; without it, the synthetic corpus")
    parser.add_argument("--files", type=int, default=240, help="recordings per round, spread over the tree")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        root = options.data or folder / "wav"
        if options.data is None:
            synthetic_corpus(root)
        recordings, problems = find_recordings(root)
        if problems or not recordings:
            print(f"error: {problems[0] if problems else root}", file=sys.stderr)
            return 1
        recordings = recordings[:: max(1, len(recordings) // options.files)]
        signals = [soundfile.read(wav)[0] for wav, _ in recordings]
        if not all(np.array_equal(render(x), plain_render(x)) for x in signals):
            print("error: the two programs do not make the same images", file=sys.stderr)
            return 1
        report(recordings, signals, folder, options.rounds)
        report_scaling(root, folder, options.rounds)
    return 0


def report(recordings, signals, folder: Path, rounds: int) -> None:
    """In this process, one core: the image in memory, then file to file."""
    print(f"{len(recordings)} recordings, {rounds} rounds, milliseconds per image (median), one thread")
    memory = {"ours": lambda: [render(x) for x in signals], "plain": lambda: [plain_render(x) for x in signals]}
    files = {
        "ours": emptied(folder, lambda: our_command(recordings, folder / "png")),
        "plain": emptied(folder, lambda: plain_command(recordings, folder / "png")),
    }
    for label, tasks in (("image in memory", memory), ("WAV file to PNG", files)):
        seconds = alternate(tasks, rounds)
        ours, plain = (1e3 * statistics.median(seconds[name]) / len(signals) for name in ("ours", "plain"))
        print(f"  {label}   ours {ours:6.2f}  NumPy {plain:6.2f}  {ratio(seconds, 'plain', 'ours')}")


def report_scaling(root: Path, folder: Path, rounds: int) -> None:
    """Two workers against one: the work alone, and the command as a process with its start-up."""
    if len(os.sched_getaffinity(0)) < 2:
        print("  two workers       not measured, this process may use one core only")
        return
    recordings, _ = find_recordings(root)

    def work(workers: int) -> Callable[[], None]:
        return emptied(folder, lambda: our_command(recordings, folder / "png", workers))

    def process(workers: int) -> Callable[[], None]:
        arguments = ["-m", "spectrogram_images", str(root), str(folder / "png"), "--workers", str(workers)]
        return emptied(folder, lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True))

    for label, task in (("two workers", work), ("whole command", process)):
        seconds = alternate({"one": task(1), "two": task(2)}, rounds)
        print(f"  {label:<15}   {ratio(seconds, 'one', 'two')} with two workers, {len(recordings)} recordings")


def emptied(folder: Path, command: Callable[[], object]) -> Callable[[], None]:
    """`command` with no images there before it."""

    def task() -> None:
        shutil.rmtree(folder / "png", ignore_errors=True)
        command()

    return task


if __name__ == "__main__":
    sys.exit(main())
