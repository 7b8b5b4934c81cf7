"""One shard: recordings in, their features and a record out. It runs in any process that sees both folders."""

import hashlib
import json
import re
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsp.audio import AudioError, read_audio
from dsp.conventions.fingerprint import fingerprint
from dsp.conventions.parameters import Convention
from dsp.conventions.sizes import sizes
from dsp.corpus.formats import FORMATS, Contents
from dsp.corpus.items import Item
from dsp.corpus.layout import SHARDS, claim, first_line, is_finished, json_line, record_of, remove_shard, shard_name
from dsp.engine.extract import FeatureKind, extract
from dsp.files.naming import file_error_line, printable
from dsp.files.reading import open_regular_file
from dsp.files.writing import write_atomically, write_text_atomically
from dsp.resampling import resample

BATCH_ITEMS, BATCH_SAMPLES = 32, 2**21  # that are computed together
MAX_WARNINGS = 8
BEYOND = re.compile(r"^.* reaches \S+, beyond full scale \(1\), and the convention multiplies it")
STEPS = ("decoding", "resampling", "features", "writing")  # whose time is measured


@dataclass(frozen=True)
class Job:
    """What all shards of an extraction share."""

    folder: str  # of the relative paths of recordings
    out: str
    convention: Convention
    kind: FeatureKind
    dtype: str
    format: str
    sample_rate: int  # of the features
    resample: bool  # whether recordings of other rates are resampled to it


@dataclass(frozen=True)
class Shard:
    """The items that are extracted together. `digest` stands for them, their recordings and what is made of them."""

    number: int
    items: tuple[Item, ...]
    digest: str


@dataclass
class Report:
    """What became of a shard: "written", "skipped" (it was finished) or "taken" (another command works on it)."""

    number: int
    status: str
    items: int = 0
    failed: int = 0
    audio_s: float = 0.0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STEPS, 0.0))
    warnings: list[str] = field(default_factory=list)


def extract_shard(job: Job, shard: Shard, remake: bool = False) -> Report:
    """Extracts one shard, unless it is finished or another command works on it.

    An item that cannot be extracted is recorded with the reason. Raises OSError if nothing can be written.
    """
    out = Path(job.out)
    with claim(out, shard_name(shard.number)) as is_mine:
        if not is_mine:
            return Report(shard.number, "taken", len(shard.items))
        if not remake and is_finished(out, shard.number, shard.digest):
            failed = (first_line(record_of(out, shard.number)) or {}).get("failed", 0)
            return Report(shard.number, "skipped", len(shard.items), failed)
        report = Report(shard.number, "written", len(shard.items))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            _write(job, shard, out, report)
        report.warnings = sorted({_of_corpus(str(one.message)) for one in caught})[:MAX_WARNINGS]
        return report


def _of_corpus(warning: str) -> str:
    """A warning of one signal as one of the corpus, so that thousands of them become one line."""
    return printable(
        BEYOND.sub("some recordings reach beyond full scale (1), and the convention multiplies them", warning)
    )


def _write(job: Job, shard: Shard, out: Path, report: Report) -> None:
    remove_shard(out, shard.number)
    known = FORMATS[job.format]
    data = out / SHARDS / (shard_name(shard.number) + ("" if known.is_folder else known.ending))
    size = sizes(job.convention, job.sample_rate)
    contents = Contents(job.dtype, job.kind, size.hop / job.sample_rate)
    name = {"fingerprint": fingerprint(job.convention)}
    lines: list[dict[str, Any]] = []

    def write(path: Path) -> None:
        writer = known.writer(path, contents)
        try:
            for item, about, features in _computed(job, shard, report):
                line = _about(item) | about
                if features is not None:
                    start = time.perf_counter()
                    try:
                        offset = writer.add(item.name, features)
                        file = f"{SHARDS}/{data.name}" + (f"/{item.name}{known.ending}" if known.is_folder else "")
                        rows, frames = features.shape
                        line |= {"rows": rows, "frames": frames, "file": file, "offset": offset, **name}
                    except ValueError as error:  # features that the format cannot hold
                        line = _about(item) | {"reason": str(error)}
                    report.seconds["writing"] += time.perf_counter() - start
                lines.append(line)
        except BaseException:
            _abandon(writer)
            raise
        writer.close()

    if known.is_folder:
        data.mkdir(parents=True)
        write(data)
    else:
        write_atomically(data, write)
    report.failed = sum("reason" in line for line in lines)
    first = {
        "shard": shard.number,
        "digest": shard.digest,
        "items": len(lines),
        "failed": report.failed,
        "data": data.name,
        "bytes": None if known.is_folder else data.stat().st_size,
    }
    write_text_atomically(record_of(out, shard.number), "".join(map(json_line, [first, *lines])))


def _abandon(writer: Any) -> None:
    """Closes a writer whose file is thrown away; it may fail again on what made it fail."""
    try:
        writer.close()
    except Exception:
        pass


def _about(item: Item) -> dict[str, Any]:
    return {
        "path": item.path,
        "name": item.name,
        "start": item.start,
        "end": item.end,
        "channel": item.channel,
        "speaker": item.speaker,
        "label": item.label,
    }


def _computed(job: Job, shard: Shard, report: Report) -> Iterator[tuple[Item, dict[str, Any], NDArray[Any] | None]]:
    """(item, what else the index says about it, its features) in order; None and a reason for one that fails."""
    batch: list[tuple[Item, dict[str, Any], NDArray[np.float64] | None]] = []
    n_samples = 0
    for item, about, signal in _decoded(job, shard, report):
        batch.append((item, about, signal))
        n_samples += 0 if signal is None else signal.size
        if len(batch) == BATCH_ITEMS or n_samples >= BATCH_SAMPLES:
            yield from _features(job, batch, report)
            batch, n_samples = [], 0
    yield from _features(job, batch, report)


def _features(job: Job, batch: list[Any], report: Report) -> Iterator[Any]:
    start = time.perf_counter()
    signals = [signal for _, _, signal in batch if signal is not None]
    try:
        features: list[Any] = extract(signals, job.sample_rate, job.convention, job.kind, job.dtype)
    except ValueError:  # of one of them, such as one that is too short: then one by one
        features = [_one(signal, job) for signal in signals]
    report.seconds["features"] += time.perf_counter() - start
    of_signals = iter(features)
    for item, about, signal in batch:
        made = None if signal is None else next(of_signals)
        if isinstance(made, str):
            yield item, {"reason": made}, None
        else:
            yield item, about, made


def _one(signal: NDArray[np.float64], job: Job) -> NDArray[Any] | str:
    """The features of a signal, or why it has none."""
    try:
        return extract([signal], job.sample_rate, job.convention, job.kind, job.dtype)[0]
    except ValueError as error:
        return str(error).removeprefix("signals[0]: ")


def _decoded(job: Job, shard: Shard, report: Report) -> Iterator[tuple[Item, dict[str, Any], NDArray[Any] | None]]:
    """(item, channel and hash of its recording, its samples at the rate of the job); None and a reason if it fails."""
    current: str | None = None  # parts of one recording follow each other; it is read once
    recording: tuple[NDArray[np.float64], int, str] | str = ""
    for item in shard.items:
        start = time.perf_counter()
        if item.path != current:
            current, recording = item.path, ""
            recording = _read(Path(job.folder) / item.path)
        report.seconds["decoding"] += time.perf_counter() - start
        if isinstance(recording, str):
            yield item, {"reason": recording}, None
            continue
        signal, rate, sha256 = recording
        start = time.perf_counter()
        try:
            samples = _prepared(signal, rate, item, job)
        except ValueError as error:
            yield item, {"reason": printable(str(error))}, None
            continue
        report.seconds["resampling"] += time.perf_counter() - start
        report.audio_s += samples.size / job.sample_rate
        channel = "mix" if item.channel is None and signal.ndim == 2 else item.channel
        yield item, {"channel": channel, "sha256": sha256}, samples


def _prepared(signal: NDArray[np.float64], rate: int, item: Item, job: Job) -> NDArray[np.float64]:
    """The part and the channel that an item names, at the rate of the job."""
    signal = _part(_channel(signal, item.channel), rate, item)
    if rate == job.sample_rate:
        return signal
    if not job.resample:
        raise ValueError(f"{rate} Hz; {job.sample_rate} Hz is expected")
    return resample(signal, rate, job.sample_rate)


def _read(path: Path) -> tuple[NDArray[np.float64], int, str] | str:
    """Samples, rate and SHA-256 of a recording, or why it cannot be read."""
    try:
        signal, rate = read_audio(path)
        with open_regular_file(path) as file:
            file_digest: Any = hashlib.file_digest  # typeshed wants more of a file than it needs
            return signal, rate, file_digest(file, "sha256").hexdigest()
    except AudioError as error:
        return str(error).removeprefix(f"{printable(path)}: ")
    except OSError as error:
        return file_error_line(error, path).removeprefix(f"{printable(path)}: ")


def _channel(signal: NDArray[np.float64], channel: int | None) -> NDArray[np.float64]:
    """One channel of a recording; None mixes all."""
    if signal.ndim == 1:
        signal = signal[None]
    if channel is None:
        return signal[0] if len(signal) == 1 else signal.mean(axis=0)
    if not 0 <= channel < len(signal):
        raise ValueError(f"no channel {channel}: the recording has {len(signal)}, counted from 0")
    return signal[channel]


def _part(signal: NDArray[np.float64], rate: int, item: Item) -> NDArray[np.float64]:
    """The samples from start to end; ValueError if these lie beyond the recording's end."""
    start = round(item.start * rate)
    end = signal.size if item.end is None else round(item.end * rate)
    if end > signal.size or start >= signal.size:
        beyond = item.end if item.end is not None and end > signal.size else item.start
        raise ValueError(f"{beyond:g} s is beyond the end of the recording, {signal.size / rate:g} s")
    if start >= end:
        raise ValueError(f"nothing lies between {item.start:g} s and {item.end:g} s")
    return signal[start:end]


def digest_of(values: Any) -> str:
    """A digest of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]
