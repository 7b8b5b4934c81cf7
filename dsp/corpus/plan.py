"""What an extraction is going to do: the headers of all recordings, the channels, and the cut into shards.

The cut depends on the recordings alone, never on the number of workers, so every way to run it gives the same files.
A shard's digest names everything that its features depend on. A shard is finished if its record has that digest.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from dsp.audio import AudioError, audio_header
from dsp.corpus.items import Item, with_names
from dsp.corpus.shard import Shard, digest_of
from dsp.files.naming import printable
from dsp.files.processes import available_cores

Channel = Literal["mix", "all"]
N_SHARDS = 16  # of a small corpus, so that many workers share it
MIN_SHARD_S, MAX_SHARD_S = 60.0, 7200.0  # of sound: on one core 0.1 s and 10 s of work
ITEM_S = 0.2  # s of sound that cost as much as opening and writing an item


@dataclass(frozen=True, slots=True)
class Header:
    """What the file system and its header say about a recording; all 0, and the problem, if it cannot be read."""

    n_samples: int = 0
    sample_rate: int = 0
    channels: int = 0
    n_bytes: int = 0
    modified_s: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Plan:
    """The shards of an extraction, and the rate of its features."""

    shards: list[Shard]
    sample_rate: int
    n_items: int
    audio_s: float
    unreadable: int  # recordings whose header cannot be read

    @property
    def digest(self) -> str:
        return digest_of([shard.digest for shard in self.shards])


def read_headers(folder: Path, items: Sequence[Item], progress: Callable[[int, int], None]) -> dict[str, Header]:
    """The header of every recording by its path."""
    paths = list(dict.fromkeys(item.path for item in items))
    headers: dict[str, Header] = {}
    with ThreadPoolExecutor(min(32, 4 * available_cores())) as threads:
        for path, header in zip(paths, threads.map(lambda path: _header(folder / path), paths), strict=True):
            headers[path] = header
            progress(len(headers), len(paths))
    return headers


def _header(path: Path) -> Header:
    try:
        n_samples, rate, channels = audio_header(path)
        status = os.stat(path)
        n_samples = status.st_size if n_samples is None else n_samples
        return Header(n_samples, rate, channels, status.st_size, int(status.st_mtime))
    except (AudioError, OSError) as error:
        return Header(problem=str(error).removeprefix(f"{printable(path)}: "))


def make_plan(
    items: Sequence[Item],
    headers: dict[str, Header],
    settings: dict[str, Any],
    shard_s: float | None = None,
) -> Plan:
    """The shards of a corpus.

    Parameters
    ----------
    items : with or without names
    headers : of their recordings, from `read_headers`
    settings : what the features depend on beside their recordings; "resample" and "channel" among them
    shard_s : s of sound in a shard; None takes a sixteenth of the corpus, within 1 minute and 2 hours

    Raises
    ------
    ValueError  if recordings have several rates and "resample" is None, or several channels and nothing says which one
        is wanted, or none can be read.

    Checked: tests/test_corpus_is_cut_the_same.py
    """
    readable = [item for item in items if headers[item.path].sample_rate]
    if not readable:
        first = items[0].path
        raise ValueError(f"none of the {len(items)} recordings can be read; {first!r}: {headers[first].problem}")
    rate = _rate(readable, headers, settings["resample"])
    named = with_names(_with_channels(items, headers, settings["channel"]))
    lengths = [_seconds(item, headers[item.path]) for item in named]
    if shard_s is None:
        shard_s = min(MAX_SHARD_S, max(MIN_SHARD_S, (sum(lengths) + ITEM_S * len(named)) / N_SHARDS))
    shards = []
    for number, members in enumerate(_cut(named, lengths, shard_s)):
        about = [[*_fields(item), *_fields(headers[item.path])] for item in members]
        shards.append(Shard(number, tuple(members), digest_of([settings, rate, about])))
    missing = sum(not header.sample_rate for header in headers.values())
    return Plan(shards, rate, len(named), sum(lengths), missing)


def part_of(shards: Sequence[Shard], index: int, count: int) -> list[Shard]:
    """The shards of part `index` of `count`, counted from 1, as equally many in each as possible.

    Checked: tests/test_corpus_is_cut_the_same.py
    """
    return [shard for shard in shards if shard.number % count == index - 1]


def _fields(one: Any) -> list[Any]:
    return [getattr(one, name) for name in one.__slots__]


def _rate(items: Sequence[Item], headers: dict[str, Header], resample: int | None) -> int:
    """The rate of the features; ValueError if the recordings have several and none was chosen."""
    if resample is not None:
        return resample
    rates = Counter(headers[path].sample_rate for path in {item.path for item in items})
    if len(rates) > 1:
        found = ", ".join(f"{count} at {rate} Hz" for rate, count in rates.most_common())
        raise ValueError(f"recordings of {len(rates)} sample rates: {found}; choose one with --resample")
    return next(iter(rates))


def _with_channels(items: Sequence[Item], headers: dict[str, Header], channel: str | int | None) -> Iterator[Item]:
    """The items with the channel that was asked for; "all" makes one of each channel."""
    several = [item for item in items if item.channel is None and headers[item.path].channels > 1]
    if several and channel is None:
        counts = Counter(headers[item.path].channels for item in several)
        found = ", ".join(f"{count} with {n} channels" for n, count in sorted(counts.items()))
        raise ValueError(
            f"recordings of several channels: {found}, the first is {several[0].path!r}; "
            "choose --channel mix, all or a number"
        )
    for item in items:
        n_channels = headers[item.path].channels
        if item.channel is not None or channel in (None, "mix"):
            yield item
        elif channel == "all":
            if n_channels < 2:
                yield item
            else:
                for number in range(n_channels):
                    name = f"{item.name}-c{number}" if item.name else ""
                    yield replace(item, channel=number, name=name)
        else:
            yield item if int(channel) == 0 and n_channels == 1 else replace(item, channel=int(channel))


def _seconds(item: Item, header: Header) -> float:
    """How much sound an item is, as far as the header says."""
    whole = header.n_samples / header.sample_rate if header.sample_rate else 0.0
    end = whole if item.end is None else min(item.end, whole)
    return max(0.0, end - item.start)


def _cut(items: Sequence[Item], lengths: Sequence[float], shard_s: float) -> Iterator[list[Item]]:
    """Successive items with at least `shard_s` of sound together; the last shard may have less."""
    members: list[Item] = []
    total = 0.0
    for item, length in zip(items, lengths, strict=True):
        members.append(item)
        total += length + ITEM_S
        if total >= shard_s:
            yield members
            members, total = [], 0.0
    if members:
        yield members
