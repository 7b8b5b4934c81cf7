"""Extracts the features of a corpus: what is asked for is checked first, then shards are made wherever they run."""

import os
import time
import warnings
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from dsp.checks import as_count, as_float_dtype, as_word
from dsp.conventions.fingerprint import fingerprint
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import named
from dsp.conventions.sizes import sizes
from dsp.conventions.toml_files import save
from dsp.corpus.executors import open_engine, run_shards
from dsp.corpus.formats import FORMATS
from dsp.corpus.items import Item
from dsp.corpus.layout import (
    CHOSEN,
    CONVENTION,
    FORMAT,
    SETTINGS,
    VERSIONS,
    claim,
    is_finished,
    items_of_record,
    numbers_of_records,
    other_versions,
    out_is_free,
    read_settings,
    record_of,
    remove_shard,
    versions,
    write_index,
    write_json,
)
from dsp.corpus.manifests import read_items
from dsp.corpus.plan import Plan, make_plan, part_of, read_headers
from dsp.corpus.shard import STEPS, Job, Report, Shard
from dsp.engine.extract import FeatureKind
from dsp.engine.extract import extract as extract_features
from dsp.files.commands import check_output_folder
from dsp.files.extras import require
from dsp.files.naming import FileError, printable, shorten
from dsp.files.writing import remove_abandoned

FileFormat = Literal["npy", "npz", "hdf5", "ark", "htk", "parquet", "csv"]
MAX_WORKERS, MAX_SHARDS = 1024, 100_000
Progress = Callable[[str, int, int], None]  # (what is done, how many of it are, of how many)


@dataclass
class Summary:
    """What an extraction did.

    items : of this command's shards;  failed : of these, without features, each in failures.jsonl with the reason
    skipped : items of shards that were finished before;  shards : of this command, of n_shards in all
    is_complete : whether every shard is there, so that the index could be written
    audio_s : s of sound of the items that were extracted now;  wall_s : s that it took
    seconds : s that all workers together spent on decoding, resampling, features and writing
    """

    items: int = 0
    failed: int = 0
    skipped: int = 0
    shards: int = 0
    n_shards: int = 0
    is_complete: bool = False
    audio_s: float = 0.0
    wall_s: float = 0.0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STEPS, 0.0))
    warnings: list[str] = field(default_factory=list)

    @property
    def decoding_share(self) -> float:
        """The share of decoding in the work, 0 .. 1."""
        return self.seconds["decoding"] / (sum(self.seconds.values()) or 1.0)

    def add(self, report: Report) -> None:
        """Counts a shard."""
        self.items += report.items
        self.failed += report.failed
        self.skipped += report.items if report.status == "skipped" else 0
        self.audio_s += report.audio_s
        for step, spent in report.seconds.items():
            self.seconds[step] += spent
        self.warnings = sorted({*self.warnings, *report.warnings})


def extract(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    convention: str | Convention = "librosa",
    *,
    kind: FeatureKind | None = None,
    dtype: DTypeLike = "float32",
    format: FileFormat = "npy",
    manifest: str | os.PathLike[str] | None = None,
    resample: int | None = None,
    channel: str | int | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    executor: Executor | None = None,
    shard: tuple[int, int] | None = None,
    shard_s: float | None = None,
    resume: bool = True,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Extracts the features of a corpus into a folder, shard by shard; `open_features` reads them.

    A recording that cannot be used is left out and listed in failures.jsonl with the reason. Finished shards are
    skipped, so a call that was interrupted or killed at any moment goes on when it is repeated, and ends with the same
    bytes. Two calls on one folder share the shards. An interrupted call loses the shards that were being made.

    Memory grows with the list of items (a few hundred bytes each) and the longest recording, which is decoded whole.

    Parameters
    ----------
    source : a folder of recordings, or a manifest, as `python -m dsp.corpus --help` lists them
    out : the folder to write; new, empty, or of the same convention and settings
    convention : a name or a Convention
    kind : "mfcc" or "log_mel"; None takes mfcc if the convention has a cepstrum
    dtype : "float32" or "float64", as of dsp.extract
    format : "npy", "npz", "hdf5", "ark", "htk", "parquet" or "csv"
    manifest : names recordings in the folder `source`
    resample : Hz, to which all recordings are brought by dsp.resample; None refuses a corpus of several rates
    channel : of recordings with several: "mix" (their mean), "all" (an item each) or a number from 0; None refuses them
    workers : int in 1 .. 1024, processes; 1 is this process
    scheduler : "dask" for a cluster of `workers` processes on this machine, or the address of a dask scheduler, whose
        workers must see both folders under the same paths
    executor : any concurrent.futures.Executor, used instead and left open
    shard : (i, n) extracts part i of n, counted from 1, as a job of an array does
    shard_s : s of sound in a shard; None takes a sixteenth of the corpus, within 1 minute and 2 hours
    resume : False extracts finished shards again
    dry_run : True checks everything and writes nothing
    progress : called with what is done ("headers" or "items"), how many, and of how many

    Returns
    -------
    summary : Summary

    Raises
    ------
    ValueError  for a bad argument or manifest, a convention that does not fit the rate, several rates or channels of
        which none was chosen, and a folder with features of another convention or of other recordings.
    OSError  if nothing can be written, or a shard failed three times; what is finished stays.

    Source: none; a pipeline of this project. Checked: tests/test_corpus_formats_read_back.py,
    tests/test_corpus_resumes_to_the_same_bytes.py, tests/test_corpus_reports_bad_input.py
    """
    began = time.perf_counter()
    c = named(convention)
    out = Path(out)
    settings = _settings(c, kind, dtype, format, resample, channel)
    workers = as_count(workers, "workers", max_value=MAX_WORKERS)
    part = _part(shard)
    if shard_s is not None and not 0 < shard_s < 1e9:
        raise ValueError(f"shard_s is {shard_s!r}; a number of seconds above 0 is expected")
    for package in FORMATS[settings["format"]].packages:
        require(package, feature=f"the format {settings['format']}", extra="corpus")
    check_output_folder(out)
    folder, items = read_items(source, manifest, without=out)
    if dry_run:
        plan, summary = _plan(folder, items, c, settings, shard_s, out, progress)
        _count(summary, out, plan, part_of(plan.shards, *part), resume)
        return summary
    with open_engine(workers, scheduler, executor) as engine:
        plan, summary = _plan(folder, items, c, settings, shard_s, out, progress)
        shards = part_of(plan.shards, *part)
        summary.shards = len(shards)
        job = Job(
            str(folder.absolute()),
            str(out.absolute()),
            c,
            settings["kind"],
            settings["dtype"],
            settings["format"],
            plan.sample_rate,
            resample is not None,
        )
        summary.warnings += _prepare(out, c, settings, plan)
        total = sum(len(one.items) for one in shards)

        def done(report: Report) -> None:
            summary.add(report)
            if progress is not None:
                progress("items", summary.items, total)

        run_shards(engine, job, shards, not resume, done)
    summary.is_complete = _finish(out, plan)
    summary.wall_s = time.perf_counter() - began
    return summary


def _plan(
    folder: Path,
    items: list[Item],
    c: Convention,
    settings: dict[str, Any],
    shard_s: float | None,
    out: Path,
    progress: Progress | None,
) -> tuple[Plan, Summary]:
    """The shards, after everything that can be refused before the work has been."""

    def tick(n_done: int, total: int) -> None:
        if progress is not None:
            progress("headers", n_done, total)

    plan = make_plan(items, read_headers(folder, items, tick), settings, shard_s)
    if len(plan.shards) > MAX_SHARDS:
        raise ValueError(f"{len(plan.shards)} shards; at most {MAX_SHARDS} are allowed: make them longer")
    summary = Summary(n_shards=len(plan.shards), warnings=_check_convention(c, plan.sample_rate, settings))
    _check_out(out, settings | {"sample_rate": plan.sample_rate}, plan)
    return plan, summary


def _count(summary: Summary, out: Path, plan: Plan, shards: list[Shard], resume: bool) -> None:
    """What there is to do, for a dry run."""
    finished = [one for one in shards if resume and is_finished(out, one.number, one.digest)]
    summary.shards = len(shards)
    summary.items = sum(len(one.items) for one in shards)
    summary.skipped = sum(len(one.items) for one in finished)
    summary.failed, summary.audio_s = plan.unreadable, plan.audio_s


def _settings(c: Convention, kind: Any, dtype: Any, format: Any, resample: Any, channel: Any) -> dict[str, Any]:
    """What the features depend on beside the recordings, checked."""
    kind = ("log_mel" if c.n_mfcc is None else "mfcc") if kind is None else as_word(kind, "kind", FeatureKind)
    if kind == "mfcc" and c.n_mfcc is None:
        raise ValueError(f"{c.tool or 'this convention'} has no cepstrum (n_mfcc is None); log_mel is what it computes")
    format = as_word(format, "format", FileFormat)
    dtype = as_float_dtype(dtype)
    if format == "htk" and dtype != "float32":
        raise ValueError("format htk stores float32; dtype float64 is not possible")
    if resample is not None:
        resample = as_count(resample, "resample", max_value=1_000_000)
    if channel is not None and channel not in ("mix", "all"):
        if not str(channel).isascii() or not str(channel).isdigit() or int(channel) > 1023:
            raise ValueError(f"channel is {channel!r}; mix, all or a number from 0 is expected")
        channel = int(channel)
    return {
        "fingerprint": fingerprint(c),
        "kind": kind,
        "dtype": dtype,
        "format": format,
        "resample": resample,
        "channel": channel,
    }


def _part(shard: tuple[int, int] | None) -> tuple[int, int]:
    if shard is None:
        return 1, 1
    index, count = shard
    count = as_count(count, "N of shard I/N", max_value=MAX_SHARDS)
    if not 1 <= as_count(index, "I of shard I/N", max_value=MAX_SHARDS) <= count:
        raise ValueError(f"shard {index}/{count}; the first number counts from 1 to the second")
    return index, count


def _check_convention(c: Convention, sample_rate: int, settings: dict[str, Any]) -> list[str]:
    """Computes features of a short noise, so that a convention that does not fit the rate is refused at the start.

    Returns what dsp warns of, such as filters without a bin.
    """
    size = sizes(c, sample_rate)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, size.frame + 50 * size.hop)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        extract_features([noise], sample_rate, c, settings["kind"], settings["dtype"])
    return sorted({printable(str(one.message)) for one in caught})


def _check_out(out: Path, settings: dict[str, Any], plan: Plan) -> None:
    """Raises FileError if the folder holds anything but features of these settings and of some of these recordings."""
    before = read_settings(out)
    if before is None:
        if not out_is_free(out):
            raise FileError(f"{out}: holds files that are no features of a corpus; a new or empty folder is expected")
        return
    for name in CHOSEN:
        if before[name] != settings[name]:
            raise FileError(
                f"{out}: holds features with {name} {before[name]}, not {settings[name]}; choose another folder"
            )
    if before.get("plan") == plan.digest:
        return
    paths = {item.path for shard in plan.shards for item in shard.items}
    records = [record_of(out, number) for number in numbers_of_records(out)]
    if records and not any(item.get("path") in paths for record in records for item in items_of_record(record)):
        raise FileError(
            f"{out}: holds features of other recordings, none of which is wanted now; choose another folder"
        )


def _prepare(out: Path, c: Convention, settings: dict[str, Any], plan: Plan) -> list[str]:
    """Writes what was asked for into the folder, one command at a time, and removes shards that no longer exist.

    Returns a warning if finished shards were made with other versions.
    """
    out.mkdir(parents=True, exist_ok=True)
    chosen = settings | {"sample_rate": plan.sample_rate}
    with claim(out, "settings", wait=True):
        _check_out(out, chosen, plan)  # another command may have come first
        about = {name: chosen[name] for name in CHOSEN}
        write_json(  # first, so that the folder is known as ours
            out / SETTINGS,
            {"format_version": FORMAT, **about, "items": plan.n_items, "shards": len(plan.shards), "plan": plan.digest},
        )
        save(c, out / CONVENTION)
        others = other_versions(out)
        write_json(out / VERSIONS, versions())
        for number in numbers_of_records(out):
            if number >= len(plan.shards):
                remove_shard(out, number)
    if not others:
        return []
    return [shorten(f"finished shards were made with {', '.join(others)}; --no-resume makes all of them again", 200)]


def _finish(out: Path, plan: Plan) -> bool:
    """Writes the index if every shard is there; returns whether it is."""
    with claim(out, "index", wait=True):
        if not all(is_finished(out, shard.number, shard.digest) for shard in plan.shards):
            return False
        settings = read_settings(out)
        if settings is None or settings.get("plan") != plan.digest:
            return False  # another command has other recordings
        remove_abandoned(out)
        write_index(out, settings)
        return True
