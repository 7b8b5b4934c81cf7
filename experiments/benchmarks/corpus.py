"""Times the extraction of a corpus, and checks that nothing that happens to it changes a byte.

    python -m experiments.benchmarks.corpus --data RAVDESS [--kills 10] [--files 20000] [--rounds 5] [--store]

The recordings of RAVDESS (1,440, 48 kHz) become Kaldi's filter bank levels at 16 kHz, by the command dsp-extract:

1. as ark and as hdf5, undisturbed: files per second, and the share of decoding in the work
2. as ark and as hdf5, the command and its workers killed at random moments, then repeated to the end: equal bytes?
3. as ark on a dask cluster of two workers, one of which is killed: equal bytes?
4. short synthetic recordings, 20,000 of them: is every one in the index, and how much memory does it take?
5. ours beside kaldi-native-fbank and lhotse, in turns: 48 kHz recordings to features at 16 kHz on disk, one process

Without --data the corpus is synthetic and small.
"""

import argparse
import hashlib
import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module, metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import soundfile

import dsp.corpus
from dsp.corpus import Summary
from dsp.files.commands import BAD_INPUT, NO
from dsp.files.extras import require
from dsp.files.processes import available_cores
from experiments.benchmarks.end_to_end import emptied, name_of, write_ark
from experiments.common import markdown, timing
from experiments.common.paths import ROOT
from experiments.data.synthetic import synthetic_corpus

RATE, CONVENTION = 16_000, "kaldi_fbank"
FORMATS = ("ark", "hdf5")
PEER_FILES = 120
SHARD_S = 120.0  # short shards, so that ten commands can be killed before the last one is made
HEADER = ["recordings", "what", "files per second", "x real time", "decoding", "peak memory", "the same bytes"]
PROGRAM = """
import resource, sys
from dsp.corpus.__main__ import main
status = main(sys.argv[1:])
with open("/proc/self/status") as file:  # getrusage would say how large the program was that started this one
    own = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
print("memory", own // 1024, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(status)
"""


def arguments(source: Path, out: Path, file_format: str, *more: str) -> list[str]:
    """What dsp-extract is told."""
    wanted = ["--convention", CONVENTION, "--resample", str(RATE), "--channel", "mix", "--format", file_format]
    return [str(source), str(out), *wanted, "--shard-seconds", str(SHARD_S), *more]


def undisturbed(source: Path, out: Path, file_format: str, workers: int) -> Summary:
    return dsp.corpus.extract(
        source, out, CONVENTION, resample=RATE, channel="mix", format=file_format, workers=workers, shard_s=SHARD_S
    )


def killed(source: Path, out: Path, file_format: str, kills: int, seconds: float) -> int:
    """Kills the command so often, each time within `seconds` of its first new shard, and lets the last one finish.

    Returns how often it was killed before it had ended by itself.
    """
    moments, n_killed = random.Random(0), 0
    command = [sys.executable, "-m", "dsp.corpus", *arguments(source, out, file_format, "--workers", "2")]
    while True:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
        if n_killed < kills:
            n_before = n_records(out)
            while n_records(out) == n_before and process.poll() is None:
                time.sleep(0.01)
            time.sleep(moments.uniform(0, seconds))
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if process.wait() == 0:
            return n_killed
        n_killed += 1


def n_records(out: Path) -> int:
    return len(list((out / "shards").glob("*.jsonl")))


def on_a_cluster(source: Path, out: Path, file_format: str) -> bool:
    """Extracts on a dask cluster of two workers, and kills one of them after the first shard."""
    distributed = require("distributed", feature="the cluster", extra="corpus")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    n_killed = 0
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        ) as cluster,
        distributed.Client(cluster) as client,
    ):

        def kill_one(what: str, n_done: int, total: int) -> None:
            nonlocal n_killed
            if what == "items" and n_done and not n_killed:
                os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
                n_killed += 1

        dsp.corpus.extract(
            source,
            out,
            CONVENTION,
            resample=RATE,
            channel="mix",
            format=file_format,
            shard_s=SHARD_S,
            executor=client.get_executor(),
            progress=kill_one,
        )
    return n_killed == 1


def digests(folder: Path) -> dict[str, str]:
    """{file: hash of its content}; claims do not count."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".locks" not in path.parts
    }


def write_recordings(folder: Path, count: int) -> None:
    """So many different recordings of 0.25 to 0.5 s, a thousand in a folder."""
    noise = np.random.default_rng(0).integers(-3000, 3000, 100_000).astype(np.int16)
    for number in range(count):
        path = folder / f"{number // 1000:03d}" / f"{number:06d}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        start = number * 7 % 90_000
        soundfile.write(path, noise[start : start + 4000 + number % 4000], RATE)


def memory(source: Path, out: Path, workers: int) -> tuple[list[int], str]:
    """MB of the command and of its largest worker at their peaks; and its lines."""
    command = [sys.executable, "-c", PROGRAM, *arguments(source, out, "ark", "--workers", str(workers))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    *lines, last = done.stdout.splitlines()
    return [int(word) for word in last.split()[1:]], "\n".join(lines)


def by_us(paths: list[Path], out: Path) -> None:
    listing = out / "list.txt"
    listing.write_text("".join(f"{path}\n" for path in paths))
    dsp.corpus.extract(listing, out / "features", CONVENTION, resample=RATE, channel="mix", format="ark", shard_s=1e6)


def by_kaldi(paths: list[Path], out: Path) -> None:
    """soxr resamples, as kaldi-native-fbank does not."""
    tool, soxr = import_module("kaldi_native_fbank"), import_module("soxr")
    options = tool.FbankOptions()
    options.frame_opts.dither, options.mel_opts.num_bins = 0, 80
    levels = {}
    for path in paths:
        x, rate = soundfile.read(path, dtype="float32", always_2d=True)
        computer = tool.OnlineFbank(options)
        computer.accept_waveform(RATE, (32768 * soxr.resample(x.mean(axis=1), rate, RATE)).tolist())
        computer.input_finished()
        levels[name_of(path)] = np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)])
    write_ark(out / "0.ark", levels)


def by_lhotse(paths: list[Path], out: Path) -> None:
    tool = import_module("lhotse")
    recordings = tool.RecordingSet.from_recordings(
        tool.Recording.from_file(path, recording_id=name_of(path)) for path in paths
    )
    cuts = tool.CutSet.from_manifests(recordings=recordings.resample(RATE))
    cuts.compute_and_store_features(
        tool.Fbank(), storage_path=out / "lhotse", storage_type=tool.NumpyFilesWriter, progress_bar=False
    )


PEERS = {
    "kaldi-native-fbank": ("kaldi_native_fbank", "soxr + ark", by_kaldi),
    "lhotse": ("lhotse", "numpy files", by_lhotse),
}


def peers() -> dict[str, Callable]:
    """{name with its version: recordings to features} of the PEERS that can be imported."""
    found = {}
    for package, (module, how, call) in PEERS.items():
        with suppress(ImportError, OSError):
            import_module(module)
            found[f"{package} {metadata.version(package)} + {how}"] = call
    return found


def beside_others(paths: list[Path], scratch: Path, rounds: int) -> list[dict]:
    """A row for each peer; each of them, and we, in turns."""
    out = scratch / "peers"
    tasks = {name: emptied(out, partial(call, paths, out)) for name, call in {"ours": by_us, **peers()}.items()}
    seconds = timing.alternate(tasks, rounds)
    task = "48 kHz WAV file to Kaldi filter bank levels at 16 kHz on disk"
    return [timing.comparison(task, "ours", name, seconds, len(paths)) for name in tasks if name != "ours"]


def line(recordings: str, what: str, summary: Summary | None = None, megabytes: str = "", same: str = "") -> list[str]:
    """A line of the table."""
    if summary is None:
        return [recordings, what, "", "", "", megabytes, same]
    made = summary.items - summary.skipped
    speed = [f"{made / summary.wall_s:.0f}", f"{summary.audio_s / summary.wall_s:,.0f}"]
    return [recordings, what, *speed, f"{summary.decoding_share:.0%}", megabytes, same]


def measure(source: Path, scratch: Path, options: argparse.Namespace) -> tuple[list[list[str]], bool]:
    """The lines of the table, and whether all that was promised holds."""
    lines, holds, whole = [], True, {}

    def add(*cells: Any, **named: Any) -> None:
        lines.append(line(*cells, **named))
        print("  " + ", ".join(filter(None, lines[-1])), flush=True)

    for file_format in FORMATS:
        for workers in sorted({1, available_cores()}):
            out = scratch / f"{file_format}-{workers}"
            summary = undisturbed(source, out, file_format, workers)
            recordings = f"{summary.items:,}, {summary.audio_s / 60:.0f} min"
            same = "" if workers == 1 else answer(digests(out) == whole[file_format])
            whole.setdefault(file_format, digests(out))
            holds &= same != "no" and summary.is_complete and not summary.failed
            many = f"{workers} worker" + "s" * (workers > 1)
            add(recordings, f"{file_format}, {many}", summary, same=same)
    for file_format in FORMATS:
        out = scratch / f"{file_format}-killed"
        n_killed = killed(source, out, file_format, options.kills, options.seconds)
        same = digests(out) == whole[file_format]
        holds &= same
        add(recordings, f"{file_format}, killed {n_killed} times and repeated", same=answer(same))
    was_killed = on_a_cluster(source, scratch / "cluster", "ark")
    same = digests(scratch / "cluster") == whole["ark"]
    holds &= same and was_killed
    add(recordings, "ark, dask cluster of 2 workers, 1 of them killed", same=answer(same))
    write_recordings(scratch / "short", options.files)
    for workers in (1, 2):
        out = scratch / f"short-{workers}"
        megabytes, _ = memory(scratch / "short", out, workers)
        index = [json.loads(text) for text in (out / "index.jsonl").read_text().splitlines()]
        complete = len({item["path"] for item in index}) == options.files
        holds &= complete
        text = f"{megabytes[0]} MB" + (f", workers {megabytes[1]} MB each" if workers > 1 else "")
        many = f"ark, {workers} worker" + "s" * (workers > 1)
        many += ", index complete" if complete else ", index incomplete"
        add(f"{options.files:,} short ones", many, megabytes=text)
    return lines, holds


def answer(same: bool) -> str:
    return "yes" if same else "no"


def main(given: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmarks.corpus",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="a WAV tree; default: synthetic")
    parser.add_argument("--kills", type=int, default=10, metavar="N", help="of the command in each format; default: 10")
    parser.add_argument(
        "--seconds", type=float, default=0.1, metavar="S", help="after a shard, within which it is killed; default: 0.1"
    )
    parser.add_argument("--files", type=int, default=20_000, metavar="N", help="short recordings; default: 20000")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="beside the others; default: 5")
    parser.add_argument("--store", action="store_true", help="keep the result for the table in BENCHMARKS.md")
    options = parser.parse_args(given)
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        if options.data is None:
            synthetic_corpus(scratch / "synthetic")
        source = (options.data or scratch / "synthetic").absolute()
        paths = sorted(source.rglob("*.wav"))
        if not paths:
            print(f"error: {source}: no WAV files", file=sys.stderr)
            return BAD_INPUT
        undisturbed(source, scratch / "warm", "npz", 1)  # compiles the kernels
        lines, holds = measure(source, scratch, options)
        rows = beside_others(paths[:: -(-len(paths) // PEER_FILES)], scratch, options.rounds)
    for row in rows:
        timing.show(row)
    print(markdown.table(HEADER, lines))
    if options.store:
        timing.store("corpus", rows, {"tables": {"corpus": {"header": HEADER, "rows": lines}}})
    return 0 if holds else NO


if __name__ == "__main__":
    sys.exit(main())
