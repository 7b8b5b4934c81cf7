"""The command: features of a whole corpus.

python -m dsp.corpus INPUT OUT [--convention NAME] [--format ark] [--resample 16000] [--workers 8] ...
"""

import argparse
import dataclasses
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

from dsp.conventions.assignments import read_assignment
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import named
from dsp.conventions.toml_files import load
from dsp.corpus.extraction import FileFormat, Summary, extract
from dsp.corpus.layout import FAILURES
from dsp.engine.extract import FeatureKind
from dsp.files.commands import DONE, NO, exit_status
from dsp.files.extras import MissingPackageError, require
from dsp.files.naming import printable
from dsp.files.processes import available_cores

DESCRIPTION = """\
Extracts the features of a corpus into a folder, in shards that many processes or machines share.

INPUT is a folder of recordings, or a manifest; with --manifest it is the folder at which relative paths start.
  .txt .lst .list   a path a line
  .csv .tsv         a header with path, and any of id, start, end (s), channel (from 0), speaker, label
  .jsonl            an object a line with the same names; or lhotse's .._recordings.. or .._supervisions..
  .scp              Kaldi's wav.scp, with segments and utt2spk beside it; commands (pipes) are refused
Each may be compressed (.gz). A relative path may not leave its folder; an absolute one counts as it stands.

OUT gets the features in shards/, an index of all items (index.jsonl, index.parquet), convention.toml, versions.json,
and failures.jsonl: the recordings that could not be used, each with the reason. In Python:
  features = dsp.corpus.open_features("OUT");  features[0];  features.index[0]["path"]
"""

EPILOG = """\
examples:
  dsp-extract RAVDESS OUT --convention kaldi_fbank --resample 16000 --channel mix --format ark --workers 8
  dsp-extract CORPUS OUT --manifest train.csv --convention whisper --set n_mels=128
  dsp-extract CORPUS OUT --convention my_course.toml --scheduler tcp://node1:8786

Resuming: run the same command again. Finished shards are skipped (--no-resume makes them again), so a command that is
killed at any moment loses the shards it was making and ends with the same files. Recordings that have changed, by size
or time, are extracted again. Several commands on one OUT share its shards.

Features are stored as they are. To normalize them by training files alone, compute their statistics and apply these
when reading: dsp.corpus.statistics("OUT", items=training_paths).save("train.npz").

A Slurm array without any scheduler of ours; every job extracts one part of OUT, and the last to end writes the index:
  #!/bin/bash
  #SBATCH --array=1-16
  #SBATCH --cpus-per-task=4
  srun dsp-extract CORPUS OUT --convention kaldi_fbank --workers $SLURM_CPUS_PER_TASK \\
       --shard $SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT
--dry-run says how many shards there are; jobs beyond that number have nothing to do (--shard-seconds makes more).

exit status: 0 all features are there; 1 some recordings could not be used, failures.jsonl has the reasons; 2 bad input
or usage, or OUT cannot be written; 130 interrupted.
"""


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    options = parser().parse_args(arguments)
    return exit_status(
        lambda: run(options), target=options.out, on_interrupt="interrupted; run the same command again to resume"
    )


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    started_as = Path(sys.argv[0]).stem
    made = argparse.ArgumentParser(
        prog=started_as if started_as == "dsp-extract" else "python -m dsp.corpus",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("source", metavar="INPUT", help="folder of recordings, or a manifest")
    made.add_argument("out", metavar="OUT", help="folder for the features; made if missing")
    of_features = made.add_argument_group("the features")
    of_features.add_argument(
        "--convention", default="librosa", metavar="NAME|FILE.toml", help="of a tool or paper, or your own (librosa)"
    )
    of_features.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="PARAMETER=VALUE",
        help='change parameters of the convention; "none" for None; help(dsp.Convention) explains all',
    )
    of_features.add_argument("--kind", choices=get_args(FeatureKind), help="(mfcc, if the convention has a cepstrum)")
    of_features.add_argument("--dtype", choices=("float32", "float64"), default="float32", help="(float32)")
    of_features.add_argument(
        "--format",
        choices=get_args(FileFormat),
        default="npy",
        help="npy, csv and htk make a file for each item, the others one for each shard (npy)",
    )
    of_sound = made.add_argument_group("the recordings")
    of_sound.add_argument("--manifest", metavar="FILE", help="names recordings in the folder INPUT")
    of_sound.add_argument(
        "--resample", type=int, metavar="HZ", help="bring all to this rate (default: refuse a corpus of several rates)"
    )
    of_sound.add_argument(
        "--channel",
        metavar="mix|all|N",
        help="of recordings with several: their mean, an item each, or one, from 0 (default: refuse them)",
    )
    of_work = made.add_argument_group("the work")
    of_work.add_argument("--workers", type=int, default=available_cores(), metavar="N", help="processes (one per core)")
    of_work.add_argument(
        "--scheduler",
        metavar="dask|ADDRESS",
        help="dask: a cluster of N workers here; or the address of a scheduler whose workers see INPUT and OUT",
    )
    of_work.add_argument("--shard", type=_part, metavar="I/N", help="extract part I of N, from 1, as a job of an array")
    of_work.add_argument(
        "--shard-seconds",
        type=float,
        metavar="S",
        help="of sound in a shard (default: a sixteenth of the corpus, within 60 and 7200)",
    )
    of_work.add_argument(
        "--resume", action=argparse.BooleanOptionalAction, default=True, help="skip finished shards (yes)"
    )
    of_work.add_argument(
        "--dry-run", action="store_true", help="check everything, say what there is to do, write nothing"
    )
    return made


def run(options: argparse.Namespace) -> int:
    """Does what the options ask for; returns the exit status."""
    convention = _convention(options.convention, options.set)
    with _progress_bar() as progress:
        summary = extract(
            options.source,
            options.out,
            convention,
            kind=options.kind,
            dtype=options.dtype,
            format=options.format,
            manifest=options.manifest,
            resample=options.resample,
            channel=options.channel,
            workers=options.workers,
            scheduler=options.scheduler,
            shard=options.shard,
            shard_s=options.shard_seconds,
            resume=options.resume,
            dry_run=options.dry_run,
            progress=progress,
        )
    for line in summary.warnings:
        print(f"warning: {line}", file=sys.stderr)
    print(_dry_line(summary) if options.dry_run else describe(summary, options.out))
    return NO if summary.failed else DONE


def describe(summary: Summary, out: str) -> str:
    """What an extraction did, in a few lines.

    Checked: tests/test_corpus_command.py
    """
    made = summary.items - summary.skipped
    lines = [f"{printable(out)}: {summary.items - summary.failed} items with features"]
    if summary.skipped:
        lines[0] += f", {summary.skipped} of them finished before"
    if made and summary.audio_s:
        work = sum(summary.seconds.values())
        shares = ", ".join(f"{step} {spent / work:.0%}" for step, spent in summary.seconds.items())
        speed = f"{made / summary.wall_s:.0f} files/s, {summary.audio_s / summary.wall_s:.0f} x real time"
        lines.append(
            f"{made} files, {summary.audio_s / 60:.1f} min of sound in {summary.wall_s:.1f} s: {speed}; {shares}"
        )
    if summary.failed:
        lines.append(f"{summary.failed} could not be used; {FAILURES} has the reasons")
    if not summary.is_complete:
        lines.append(f"{summary.shards} of {summary.n_shards} shards; the index is written when all are there")
    return "\n".join(lines)


def _dry_line(summary: Summary) -> str:
    todo = summary.items - summary.skipped
    unreadable = f", {summary.failed} recordings cannot be read" if summary.failed else ""
    return (
        f"{todo} items to extract, {summary.skipped} are finished, in {summary.shards} of {summary.n_shards} shards; "
        f"{summary.audio_s / 60:.1f} min of sound in all{unreadable}; nothing was written"
    )


def _convention(name: str, changes: list[str]) -> Convention:
    """The convention of that name, or of that TOML file, with PARAMETER=VALUE changed."""
    convention = load(name) if name.lower().endswith(".toml") else named(name)
    known = [one.name for one in dataclasses.fields(Convention)]
    values = dict(read_assignment(change, known, "PARAMETER=VALUE is expected") for change in changes)
    try:
        return dataclasses.replace(convention, **values)  # type: ignore[arg-type]
    except ValueError as error:
        raise ValueError(f"--set: {error}") from None


def _part(text: str) -> tuple[int, int]:
    index, slash, count = text.partition("/")
    if not slash or not (index.isascii() and index.isdigit() and count.isascii() and count.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r}: I/N is expected, such as 3/16")
    return int(index), int(count)


@contextmanager
def _progress_bar() -> Iterator[Any]:
    """What extract calls with its progress: a bar on a terminal, if tqdm is installed, else nothing."""
    try:
        tqdm = require("tqdm", feature="the progress bar", extra="corpus").tqdm
    except MissingPackageError as error:
        if sys.stderr.isatty():
            print(f"no progress is shown: {error}", file=sys.stderr)
        yield None
        return
    bars: dict[str, Any] = {}

    def show(what: str, n_done: int, total: int) -> None:
        if what not in bars:
            for other in bars.values():
                other.close()
            bars[what] = tqdm(total=total, desc=what, unit="file", leave=False, disable=None)  # none in a log file
        bars[what].update(n_done - bars[what].n)

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()


if __name__ == "__main__":
    sys.exit(main())
