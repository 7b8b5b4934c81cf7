"""Times the way from audio files to features on disk: python -m experiments.benchmark_features --end-to-end.

Everyone makes 80 log-mel levels every 10 ms from the same WAV and FLAC files, in float32, and writes them. Ours reads
16 files at a time with dsp.read_audio, and writes them as one Kaldi archive; kaldi-native-fbank gives the same numbers
(checked first) and also writes archives; librosa (np.save for each file) and lhotse (its own reading and storing)
do the same work with other windows and mel scales. Two workers are two processes, started before the clock.
"""

import multiprocessing
import struct
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from importlib import import_module, metadata
from pathlib import Path
from shutil import rmtree

import numpy as np
import soundfile

from dsp import CONVENTIONS, extract, read_audio, read_features
from dsp.files.processes import available_cores
from experiments.common import timing
from experiments.training.loop import reuse_freed_memory

RATE, SHARD = 16_000, 16  # Hz; files in an archive
FBANK = replace(CONVENTIONS["kaldi"], n_mels=80)
TOLERANCE = 2e-3  # of the natural logarithm of float32 power spectra
STAGES = ("decode", "compute", "write")
TWO_WORKERS, WAKING = "ours, two workers", 3.0  # seconds


def write_ark(path: Path, matrices: dict[str, np.ndarray]) -> None:
    """A binary Kaldi archive of float32 matrices: name, blank, \\0B, FM, both sizes, the rows."""
    with open(path, "wb") as file:
        for name, matrix in matrices.items():
            sizes = struct.pack("<bibi", 4, matrix.shape[0], 4, matrix.shape[1])
            file.write(name.encode() + b" \0BFM " + sizes + np.ascontiguousarray(matrix, "<f4").tobytes())


def ours(paths: list[Path], out: Path, pool: Executor | None = None, spent: dict[str, float] | None = None) -> None:
    """An archive of every 16 files, by the workers of the pool; without one, adds each stage's seconds to `spent`."""
    shards = [paths[i : i + SHARD] for i in range(0, len(paths), SHARD)]
    archives = [out / f"{number}.ark" for number in range(len(shards))]
    if pool:
        list(pool.map(_archive, shards, archives))
        return
    for shard, archive in zip(shards, archives, strict=True):
        _archive(shard, archive, spent)


def _archive(paths: list[Path], archive: Path, spent: dict[str, float] | None = None) -> None:
    times = [time.perf_counter()]
    signals = [read_audio(path)[0] for path in paths]
    times.append(time.perf_counter())
    levels = extract(signals, RATE, FBANK, "log_mel", "float32")
    times.append(time.perf_counter())
    write_ark(archive, {name_of(path): level.T for path, level in zip(paths, levels, strict=True)})
    times.append(time.perf_counter())
    if spent is not None:
        for stage, seconds in zip(STAGES, np.diff(times), strict=True):
            spent[stage] = spent.get(stage, 0.0) + float(seconds)


def name_of(path: Path) -> str:
    return f"{path.parent.name}_{path.stem}".replace(" ", "_")


def by_librosa(paths: list[Path], out: Path) -> None:
    tool = import_module("librosa")
    how = {"n_fft": 512, "win_length": 400, "hop_length": 160, "n_mels": 80, "center": False}
    for path in paths:
        x, _ = tool.load(path, sr=None)
        level = np.log(np.maximum(tool.feature.melspectrogram(y=x, sr=RATE, **how), 1e-10))
        np.save(out / f"{name_of(path)}.npy", level)


def by_kaldi(paths: list[Path], out: Path) -> None:
    tool = import_module("kaldi_native_fbank")
    options = tool.FbankOptions()
    options.frame_opts.dither, options.mel_opts.num_bins = 0, 80
    for number in range(0, len(paths), SHARD):
        levels = {}
        for path in paths[number : number + SHARD]:
            x, _ = soundfile.read(path, dtype="float32")
            computer = tool.OnlineFbank(options)
            computer.accept_waveform(RATE, (32768 * x).tolist())  # takes less time than with the array
            computer.input_finished()
            levels[name_of(path)] = np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)])
        write_ark(out / f"{number // SHARD}.ark", levels)


def by_lhotse(paths: list[Path], out: Path) -> None:
    tool = import_module("lhotse")
    recordings = tool.RecordingSet.from_recordings(
        tool.Recording.from_file(path, recording_id=name_of(path)) for path in paths
    )
    cuts = tool.CutSet.from_manifests(recordings=recordings)
    cuts.compute_and_store_features(
        tool.Fbank(), storage_path=out / "lhotse", storage_type=tool.NumpyFilesWriter, progress_bar=False
    )


PEERS = {
    "librosa": ("np.save", by_librosa),
    "kaldi-native-fbank": ("ark", by_kaldi),
    "lhotse": ("numpy files", by_lhotse),
}


def peers() -> dict[str, Callable]:
    """{name with its version: files to features} of the PEERS that can be imported."""
    found = {}
    for package, (how, call) in PEERS.items():
        with suppress(ImportError, OSError):
            import_module(package.replace("-", "_"))
            found[f"{package} {metadata.version(package)} + {how}"] = call
    return found


def emptied(out: Path, task: Callable[[], object]) -> Callable[[], None]:
    """`task` with an empty folder `out` before it."""

    def run() -> None:
        rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        task()

    return run


def different(paths: list[Path], out: Path) -> str | None:
    """One line if ours and kaldi-native-fbank's archives do not hold the same numbers."""
    if not any("kaldi" in name for name in peers()):
        return None
    archives = []
    for folder, program in ((out / "ours", ours), (out / "theirs", by_kaldi)):
        folder.mkdir(parents=True)
        program(paths, folder)
        archives.append({name_of(path): read_features(folder / "0.ark", name_of(path)) for path in paths[:SHARD]})
    mine, theirs = archives
    gap = max(np.abs(mine[k] - theirs[k]).max() if mine[k].shape == theirs[k].shape else np.inf for k in mine)
    return None if gap <= TOLERANCE else f"features by kaldi-native-fbank and by us differ by {gap:.2g}"


def as_flac(paths: list[Path], folder: Path) -> list[Path]:
    """The same recordings as 16-bit FLAC files."""
    copies = []
    for path in paths:
        copy = folder / path.parent.name / f"{path.stem}.flac"
        copy.parent.mkdir(parents=True, exist_ok=True)
        samples, rate = soundfile.read(path, dtype="int16")
        soundfile.write(copy, samples, rate)
        copies.append(copy)
    return copies


def measure(paths: list[Path], scratch: Path, rounds: int) -> tuple[list[dict], list[list[str]]]:
    """Rows beside the peers and with two workers; and a line for each program: files per second and shares."""
    rows, lines = [], []
    with ExitStack() as stack:
        pool = None
        if available_cores() >= 2:
            pool = stack.enter_context(ProcessPoolExecutor(2, multiprocessing.get_context("spawn"), _load_kernels))
            list(pool.map(time.sleep, [WAKING] * 2))  # until both are there
        for kind, files in (("WAV", paths), ("FLAC", as_flac(paths, scratch / "flac"))):
            seconds, shares = _timed(files, scratch / "features", pool, rounds)
            rows += _rows(f"{kind} file to features on disk", seconds, len(files))
            lines += [[kind, *line] for line in _lines(seconds, shares, paths)]
    return rows, lines


def _load_kernels() -> None:
    reuse_freed_memory()  # as the program that starts the workers does
    extract([np.sin(np.arange(2.0 * RATE))], RATE, FBANK, "log_mel", "float32")


def _timed(files: list[Path], out: Path, pool: Executor | None, rounds: int) -> tuple[dict, dict[str, float]]:
    """Seconds of every program in every round; and what share of our time each stage takes."""
    spent = {}
    tasks = {"ours": emptied(out, partial(ours, files, out, spent=spent))}
    tasks |= {name: emptied(out, partial(call, files, out)) for name, call in peers().items()}
    if pool:
        tasks[TWO_WORKERS] = emptied(out, partial(ours, files, out, pool))
    seconds = timing.alternate(tasks, rounds)
    return seconds, {stage: spent[stage] / sum(spent.values()) for stage in STAGES}


def _rows(task: str, seconds: dict[str, list[float]], n_files: int) -> list[dict]:
    others = [name for name in seconds if name not in ("ours", TWO_WORKERS)]
    pairs = [("ours", name) for name in others] + [(TWO_WORKERS, "ours")] * (TWO_WORKERS in seconds)
    return [timing.comparison(task, fast, slow, seconds, n_files) for fast, slow in pairs]


def _lines(seconds: dict[str, list[float]], shares: dict[str, float], paths: list[Path]) -> list[list[str]]:
    duration = sum(soundfile.info(path).duration for path in paths)
    lines = []
    for name, of_rounds in seconds.items():
        middle = float(np.median(of_rounds))
        speed = [f"{len(paths) / middle:.0f}", f"{duration / middle:,.0f}"]
        lines.append([name, *speed, *(f"{shares[stage]:.0%}" if name == "ours" else "" for stage in STAGES)])
    return lines


HEADER = ["files", "program", "files per second", "x real time", *STAGES]
