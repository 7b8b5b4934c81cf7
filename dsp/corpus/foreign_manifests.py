"""Manifests of lhotse and Kaldi, as rows with the names that manifests.py knows.

lhotse's recordings name a file each; its supervisions are parts of them. A source that is no file (a command, a URL,
bytes) and a recording with transforms are refused, as the features would not be those of the file. The label is
custom.label, else custom.emotion.

Source: lhotse, documentation of Recording and SupervisionSegment; Kaldi, "Data preparation".
Checked: tests/test_corpus_manifests_are_read.py
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dsp.files.naming import shorten

Rows = Iterator[tuple[int, dict[str, Any]]]
Lines = Callable[[Path], Iterator[tuple[int, str]]]


def is_lhotse(value: dict[str, Any]) -> str | None:
    """What kind of lhotse's manifests an object is from: "recordings", "supervisions", "cuts" or None."""
    if "sources" in value and "sampling_rate" in value:
        return "recordings"
    if "recording_id" in value and "duration" in value:
        return "supervisions"
    return "cuts" if "recording" in value or str(value.get("type", "")).endswith("Cut") else None


def items_of_recordings(objects: Rows) -> Rows:
    """A row for every file of every recording."""
    for number, value in objects:
        sources = _sources(value, f"line {number}: ")
        for path, channels in sources:
            name = str(value.get("id", ""))
            yield number, {"path": path, "id": name if len(sources) == 1 else f"{name}-c{channels[0]}"}


def items_of_supervisions(objects: Rows, recordings: Rows, name: str) -> Rows:
    """A row for every supervision, with the file of its recording; `name` is the file of the recordings."""
    files = {str(value.get("id", "")): _sources(value, f"{name}, line {number}: ") for number, value in recordings}
    for number, value in objects:
        recording = str(value.get("recording_id", ""))
        if recording not in files:
            raise ValueError(f"line {number}: recording {shorten(recording)!r} is not in {name}")
        path, channel = _channel_of(files[recording], value.get("channel", 0), number)
        start, duration = value.get("start"), value.get("duration")
        if not isinstance(start, int | float) or not isinstance(duration, int | float):
            raise ValueError(f"line {number}: start and duration are numbers of seconds")
        custom = value.get("custom")
        custom = custom if isinstance(custom, dict) else {}
        yield (
            number,
            {
                "path": path,
                "id": value.get("id", ""),
                "start": start,
                "end": round(start + duration, 8),  # as lhotse rounds it
                "channel": channel,
                "speaker": value.get("speaker"),
                "label": custom.get("label", custom.get("emotion")),
            },
        )


def _sources(value: dict[str, Any], where: str) -> list[tuple[str, list[int]]]:
    """(path, channels) of each file of a recording."""
    if value.get("transforms"):
        raise ValueError(f"{where}a recording with transforms; only the file itself is read")
    sources = value.get("sources")
    if not isinstance(sources, list) or not sources:
        raise ValueError(f"{where}a recording without sources")
    found: list[tuple[str, list[int]]] = []
    for source in sources:
        if not isinstance(source, dict) or not isinstance(source.get("channels"), list) or not source["channels"]:
            raise ValueError(f"{where}a damaged source")
        if source.get("type") != "file":
            kind = shorten(str(source.get("type")))
            raise ValueError(f"{where}a source of type {kind!r}, which is never run or fetched; files are read")
        found.append((str(source.get("source", "")), source["channels"]))
    return found


def _channel_of(sources: list[tuple[str, list[int]]], channel: Any, number: int) -> tuple[str, int | None]:
    """The file in which a channel of a recording lies, and its place there; None where the file has no other."""
    if isinstance(channel, list):
        if len(channel) != 1:
            raise ValueError(f"line {number}: {len(channel)} channels; one is expected")
        channel = channel[0]
    for path, channels in sources:
        if channel in channels:
            return path, None if len(channels) == 1 else channels.index(channel)
    raise ValueError(f"line {number}: its recording has no channel {shorten(str(channel))}")


def items_of_kaldi(path: Path, read_lines: Lines) -> Rows:
    """A row for each line of segments beside a wav.scp, or for each recording where there are none."""
    recordings: dict[str, tuple[int, str]] = {}
    for number, line in read_lines(path):
        fields = line.split(maxsplit=1)
        if len(fields) != 2:
            raise ValueError(f"line {number}: 'NAME FILE' is expected")
        name, target = fields[0], fields[1].strip()
        if target.endswith("|") or target.startswith("|"):
            raise ValueError(f"line {number}: a command, which is never run; write its output into a file")
        if name in recordings:
            raise ValueError(f"line {number}: a second recording {shorten(name)!r}")
        recordings[name] = number, target
    speakers = dict(
        (fields[0], fields[1])
        for _, line in _beside(path, "utt2spk", read_lines)
        if len(fields := line.split(maxsplit=1)) == 2
    )
    if not path.with_name("segments").exists():
        for name, (number, target) in recordings.items():
            yield number, {"path": target, "id": name, "speaker": speakers.get(name, "").strip()}
        return
    for number, line in _beside(path, "segments", read_lines):
        fields = line.split()
        if len(fields) != 4:
            raise ValueError(f"segments, line {number}: 'NAME RECORDING START END' is expected")
        name, recording, start, end = fields
        if recording not in recordings:
            raise ValueError(f"segments, line {number}: recording {shorten(recording)!r} is not in {path.name}")
        yield (
            number,
            {
                "path": recordings[recording][1],
                "id": name,
                "start": start,
                "end": None if end == "-1" else end,
                "speaker": speakers.get(name, "").strip(),
            },
        )


def _beside(path: Path, name: str, read_lines: Lines) -> Iterator[tuple[int, str]]:
    other = path.with_name(name)
    return read_lines(other) if other.exists() else iter(())
