"""What to extract: a folder, or a manifest that names recordings or parts of them.

    folder                 every audio file in it and in its folders, in the order of names
    .txt, .lst, .list      a path a line
    .csv, .tsv             a header with path and any of id, start, end, channel, speaker, label
    .jsonl                 an object a line with the same names; or lhotse's recordings or supervisions
    wav.scp, *.scp         Kaldi's, with segments and utt2spk beside it where they are; commands (pipes) are refused

A name may end in .gz too. A relative path starts at the folder, or at the manifest's own folder if no folder is
given, and may not leave it; an absolute path counts as it stands. Whatever a path names is only ever read as audio.

Source: lhotse, documentation of RecordingSet and SupervisionSet; Kaldi, "Data preparation".
Checked: tests/test_corpus_manifests_are_read.py
"""

import csv
import gzip
import json
import math
import os
import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dsp.checks import suggest
from dsp.corpus.foreign_manifests import (
    is_lhotse,
    items_of_kaldi,
    items_of_recordings,
    items_of_supervisions,
)
from dsp.corpus.items import Item
from dsp.files.naming import FileError, file_error_line, shorten
from dsp.files.reading import open_regular_file

AUDIO = {
    *(".wav", ".wave", ".rf64", ".w64", ".flac", ".ogg", ".oga", ".opus", ".mp3"),
    *(".aif", ".aiff", ".aifc", ".au", ".snd", ".caf"),
}
COLUMNS = ("path", "id", "start", "end", "channel", "speaker", "label")
LISTS, TABLES = (".txt", ".lst", ".list"), {".csv": ",", ".tsv": "\t"}
MAX_LINE, MAX_ITEMS = 2**20, 5_000_000
MAX_SECONDS, MAX_CHANNEL = 1e9, 1023


class ManifestError(FileError):
    """A manifest that cannot be used. The message is one printable line: the file, the line, the rule."""


def read_items(
    source: str | os.PathLike[str], manifest: str | os.PathLike[str] | None = None, without: Path | None = None
) -> tuple[Path, list[Item]]:
    """The items of a corpus, and the folder at which their relative paths start.

    Parameters
    ----------
    source : a folder or a manifest
    manifest : names recordings in the folder `source`; None takes all of them
    without : a folder whose files do not count, such as the one that is written into

    Returns
    -------
    folder : Path
    items : list of Item, not empty

    Raises
    ------
    ManifestError (a ValueError)  for a missing or empty folder, and for a manifest that is missing, of unknown form,
        damaged, empty, or that names a command, an unknown column or a time or path that is not allowed.

    Checked: tests/test_corpus_manifests_are_read.py
    """
    source = Path(source)
    listing: Path | str | os.PathLike[str] | None
    try:
        if manifest is None and not source.is_dir():
            folder, listing = source.parent, source
        else:
            folder, listing = source, manifest
            if not folder.is_dir():
                raise ManifestError(f"{source}: a folder is expected beside a manifest")
        items = _scan(folder, without) if listing is None else _read(Path(listing))
        if not items:
            kinds = "" if listing else f" ({', '.join(sorted(AUDIO))})"
            raise ManifestError(f"{listing or folder}: no recordings in it{kinds}")
    except OSError as error:
        raise ManifestError(file_error_line(error, source)) from None
    return folder, items


def _scan(folder: Path, without: Path | None) -> list[Item]:
    """Every audio file of a folder; hidden ones and folders behind links do not count."""
    found = []
    skipped = None if without is None else os.path.realpath(without)
    for here, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = sorted(
            name for name in folders if name[0] != "." and os.path.realpath(os.path.join(here, name)) != skipped
        )
        prefix = "" if here == os.fspath(folder) else os.path.relpath(here, folder).replace(os.sep, "/") + "/"
        found += [
            Item(prefix + name)
            for name in sorted(files)
            if name[0] != "." and os.path.splitext(name)[1].lower() in AUDIO
        ]
    return sorted(found, key=lambda item: item.path.split("/"))


def _raise(error: OSError) -> None:
    raise error


def _read(path: Path) -> list[Item]:
    os.stat(path)  # whether it is there comes before its ending
    suffixes = [suffix.lower() for suffix in path.suffixes]
    ending = suffixes[-2] if suffixes[-1:] == [".gz"] and len(suffixes) > 1 else "".join(suffixes[-1:])
    try:
        if ending in LISTS:
            items = _checked((number, {"path": line}) for number, line in _lines(path))
        elif ending in TABLES:
            items = _checked(_table(path, TABLES[ending]))
        elif ending == ".jsonl":
            items = _json_lines(path)
        elif ending == ".scp":
            items = _checked(items_of_kaldi(path, _lines))
        else:
            known = ", ".join((*LISTS, *TABLES, ".jsonl", ".scp"))
            raise ValueError(
                f"unknown ending {ending!r}; a folder or a manifest ({known}, or one of them with .gz) is expected"
            )
        return items
    except UnicodeDecodeError:
        raise ManifestError(f"{path}: not UTF-8 text") from None
    except (csv.Error, EOFError, gzip.BadGzipFile) as error:
        raise ManifestError(f"{path}: damaged ({error})") from None
    except ManifestError:
        raise
    except ValueError as error:
        raise ManifestError(f"{path}: {error}") from None


def _lines(path: Path, keep_empty: bool = False) -> Iterator[tuple[int, str]]:
    """(number, line without its end) of every line, or of those that are not empty."""
    with open_regular_file(path) as file:
        stream: Any = gzip.GzipFile(fileobj=file) if path.suffix.lower() == ".gz" else file
        number = 0
        while line := stream.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                raise ValueError(f"line {number} is longer than {MAX_LINE} bytes")
            text = line.decode("utf-8-sig" if number == 1 else "utf-8", "surrogateescape").rstrip("\r\n")
            if keep_empty or text.strip():
                yield number, text


def _table(path: Path, separator: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, row) of a table with a header. A name between quotes may hold a line break."""
    numbers = [0]

    def lines() -> Iterator[str]:
        for number, text in _lines(path, keep_empty=True):
            numbers[0] = number
            yield text + "\n"

    rows = csv.reader(lines(), delimiter=separator, strict=True)
    header = [name.strip().lower() for name in next(rows, [])]
    if not header:
        raise ValueError("no recordings in it")
    _check_columns(header, "column", "line 1: ")
    for row in rows:
        if not row:
            continue
        if len(row) != len(header):
            raise ValueError(f"line {numbers[0]}: {len(row)} values; the header has {len(header)} columns")
        yield numbers[0], dict(zip(header, row, strict=True))


def _check_columns(names: Iterable[str], what: str, where: str) -> None:
    names = list(names)
    for name in names:
        if name not in COLUMNS:
            near = suggest(name, COLUMNS) or f"; known are {', '.join(COLUMNS)}"
            raise ValueError(f"{where}unknown {what} {shorten(name)!r}{near}")
    if len(set(names)) < len(names):
        raise ValueError(f"{where}a {what} appears twice")
    if "path" not in names:
        raise ValueError(f"{where}no {what} 'path'")


def _json_lines(path: Path) -> list[Item]:
    objects = _objects(path)
    first = next(objects, None)
    if first is None:
        return []
    kind = is_lhotse(first[1])

    def all_objects() -> Iterator[tuple[int, dict[str, Any]]]:
        yield first
        yield from objects

    if kind == "recordings":
        return _checked(items_of_recordings(all_objects()))
    if kind == "supervisions":
        beside = path.with_name(path.name.replace("supervisions", "recordings"))
        if beside == path or not beside.exists():
            raise ValueError(
                "lhotse supervisions without their recordings; name the files .._supervisions.. and .._recordings.."
            )
        return _checked(items_of_supervisions(all_objects(), _objects(beside), beside.name))
    if kind == "cuts":
        raise ValueError("lhotse cuts; recordings or supervisions are expected")
    return _checked(_own_objects(all_objects()))


def _own_objects(objects: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, value in objects:
        _check_columns(value, "name", f"line {number}: ")
        yield number, value


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in _lines(path):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"line {number}: not JSON ({shorten(str(error), 100)})") from None
        if not isinstance(value, dict):
            raise ValueError(f"line {number}: an object is expected")
        yield number, value


def _checked(rows: Iterable[tuple[int, dict[str, Any]]]) -> list[Item]:
    """Items of rows whose values come from a file."""
    items: list[Item] = []
    for number, row in rows:
        if len(items) == MAX_ITEMS:
            raise ValueError(f"more than {MAX_ITEMS} items")
        try:
            items.append(_item(row))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return items


def _item(row: dict[str, Any]) -> Item:
    start = _seconds(row, "start")
    end = _seconds(row, "end")
    if end is not None and end <= (start or 0.0):
        raise ValueError(f"end {end:g} s is not after start {start or 0:g} s")
    return Item(
        path=_path(row["path"]),
        name=_text(row, "id"),
        start=start or 0.0,
        end=end,
        channel=_channel(row.get("channel")),
        speaker=_text(row, "speaker"),
        label=_text(row, "label"),
    )


def _path(path: Any) -> str:
    if not isinstance(path, str) or not path.strip():
        raise ValueError(f"path {path!r} is no name of a file")
    if "\0" in path or len(path) > 4096:
        raise ValueError("path holds a zero byte or is longer than 4096 characters")
    if not posixpath.isabs(path) and posixpath.normpath(path).split("/")[0] == "..":
        raise ValueError(f"path {shorten(path)!r} leaves the folder; an absolute path may lie anywhere")
    return path


def _seconds(row: dict[str, Any], name: str) -> float | None:
    value = row.get(name)
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool):
            raise ValueError
        seconds = float(value)
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{name} {shorten(str(value))!r} is not a number of seconds") from None
    if not 0 <= seconds <= MAX_SECONDS:  # NaN is not either
        raise ValueError(f"{name} {seconds:g} is not within 0 .. {MAX_SECONDS:g} s")
    return seconds


def _channel(value: Any) -> int | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise ValueError
        channel = int(value)
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"channel {shorten(str(value))!r} is not a whole number") from None
    if not 0 <= channel <= MAX_CHANNEL:
        raise ValueError(f"channel {shorten(str(channel))} is not within 0 .. {MAX_CHANNEL}")
    return channel


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{name} is not a text")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} is {value}")
    text = str(value)
    if len(text) > 1000:
        raise ValueError(f"{name} is longer than 1000 characters")
    return text
