"""Times `python -m spectrogram_images` against a straightforward NumPy script that makes the same images.

    python -m experiments.benchmarks.images [--data CASIA] [--files N] [--rounds N] [--store]

Example: python -m experiments.benchmarks.images --data CASIA --rounds 5

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
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from dsp.files.commands import BAD_INPUT
from dsp.files.processes import available_cores
from experiments.common.timing import alternate, comparison, show, store, verdict
from experiments.data.synthetic import synthetic_corpus
from spectrogram_images import jet, render
from spectrogram_images.folder import convert, find_recordings

JET = jet(256)
RATE = 16_000  # Hz
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


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmarks.images",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="a WAV tree; default: the synthetic corpus")
    parser.add_argument("--files", type=int, default=240, help="recordings per round, spread over the tree")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="default: 7")
    parser.add_argument("--store", action="store_true", help="keep the result for the table in BENCHMARKS.md")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        root = options.data or folder / "wav"
        if options.data is None:
            synthetic_corpus(root)
        recordings, problems = find_recordings(root, any_layout=True)
        if problems or not recordings:
            print(f"error: {problems[0] if problems else root}", file=sys.stderr)
            return BAD_INPUT
        recordings = recordings[:: max(1, len(recordings) // options.files)]
        signals = [soundfile.read(wav)[0] for wav, _ in recordings]
        if not all(np.array_equal(render(x), plain_render(x)) for x in signals):
            print("error: the two programs do not make the same images", file=sys.stderr)
            return 1
        print(f"{len(recordings)} recordings, equal images, {options.rounds} rounds")
        rows = one_core(recordings, signals, folder, options.rounds) + two_cores(root, folder, options.rounds)
    for row in rows:
        show(row)
    if options.store:
        store("images", rows)
    return 0


def one_core(recordings, signals, folder: Path, rounds: int) -> list[dict]:
    """In this process: the image in memory, then file to file."""
    memory = {"ours": partial(map_list, render, signals), "NumPy": partial(map_list, plain_render, signals)}
    files = {
        "ours": emptied(folder, lambda: our_command(recordings, folder / "png")),
        "NumPy": emptied(folder, lambda: plain_command(recordings, folder / "png")),
    }
    of_three_seconds = [np.resize(x, 3 * RATE) for x in signals[:: max(1, len(signals) // 40)]]
    longer = {
        "ours": partial(map_list, render, of_three_seconds),
        "NumPy": partial(map_list, plain_render, of_three_seconds),
    }
    rows = []
    for label, task, per, required in (
        ("one image in memory", memory, len(signals), None),
        ("one image of 3 s in memory", longer, len(of_three_seconds), 12.0),
        ("one WAV file to a PNG file", files, len(signals), None),
    ):
        seconds = alternate(task, rounds)
        row = comparison(label, "ours", "NumPy", seconds, per=per)
        rows.append(row | verdict(row, seconds, required) if required and rounds >= 3 else row)
    return rows


def map_list(function: Callable, signals: list) -> list:
    return [function(x) for x in signals]


def two_cores(root: Path, folder: Path, rounds: int) -> list[dict]:
    """Two workers against one: the work alone, and the command as a process with its start-up."""
    if available_cores() < 2:
        print("  two workers: not measured, this process may use one core only")
        return []
    recordings, _ = find_recordings(root, any_layout=True)

    def work(workers: int) -> Callable[[], None]:
        return emptied(folder, lambda: our_command(recordings, folder / "png", workers))

    def process(workers: int) -> Callable[[], None]:
        arguments = ["-m", "spectrogram_images", str(root), str(folder / "png"), "--workers", str(workers)]
        return emptied(folder, lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True))

    tasks = ((f"{len(recordings)} WAV files to PNG files", work), ("the same as a command, with its start-up", process))
    return [
        comparison(
            label, "two workers", "one worker", alternate({"two workers": task(2), "one worker": task(1)}, rounds)
        )
        for label, task in tasks
    ]


def emptied(folder: Path, command: Callable[[], object]) -> Callable[[], None]:
    """`command` with no images there before it."""

    def task() -> None:
        shutil.rmtree(folder / "png", ignore_errors=True)
        command()

    return task


if __name__ == "__main__":
    sys.exit(main())
