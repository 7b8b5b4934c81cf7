"""What lies in the folder of an extraction, and how its files are read and written.

    OUT/extraction.json      what was asked for: fingerprint, kind, dtype, format, rate, channel; how it was cut
    OUT/convention.toml      the convention, as dsp.conventions.load reads it
    OUT/versions.json        the versions that it was computed with
    OUT/shards/00012.ark     the features of shard 12; a folder 00012/ in formats with a file for each item
    OUT/shards/00012.jsonl   its record, written last: a line that says that it is whole, then a line for each item
    OUT/index.jsonl, .parquet    all items, written when every shard is whole
    OUT/failures.jsonl       the items that could not be extracted, each with the reason
    OUT/feats.scp            with Kaldi archives: the index that Kaldi reads
    OUT/.locks/              claims of shards that a command works on

Every file is there whole or not at all.
"""

import contextlib
import importlib
import json
import os
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

from dsp._version import __version__
from dsp.corpus.formats import FORMATS
from dsp.files.naming import FileError
from dsp.files.reading import open_regular_file, read_regular_text
from dsp.files.writing import write_atomically, write_text_atomically

FORMAT = "dsp features 1"
SETTINGS, CONVENTION, VERSIONS = "extraction.json", "convention.toml", "versions.json"
INDEX, INDEX_PARQUET, FAILURES, KALDI_INDEX = "index.jsonl", "index.parquet", "failures.jsonl", "feats.scp"
SHARDS, LOCKS = "shards", ".locks"
CHOSEN = ("fingerprint", "kind", "dtype", "format", "sample_rate", "resample", "channel")  # one OUT has one of each
MAX_LINE = 2**20  # characters of a record's line
ARK_HEADER = 15  # bytes of an archive from \0B to the first number
COLUMNS = (
    *(("path", "string"), ("name", "string"), ("start", "float64"), ("end", "float64"), ("channel", "string")),
    *(("speaker", "string"), ("label", "string"), ("rows", "int64"), ("frames", "int64"), ("file", "string")),
    *(("offset", "int64"), ("fingerprint", "string"), ("sha256", "string")),
)
AT_ONCE = 4096  # lines of the index


def shard_name(number: int) -> str:
    """Shard 12 is 00012."""
    return f"{number:05d}"


def read_settings(out: Path) -> dict[str, Any] | None:
    """What the folder was extracted with; None if it holds no extraction. FileError if the file is damaged."""
    path = out / SETTINGS
    try:
        settings = json.loads(read_regular_text(path))
        if settings["format_version"] != FORMAT:
            raise ValueError(f"format {settings['format_version']!r}")
        if settings["format"] not in FORMATS or type(settings["sample_rate"]) is not int:
            raise ValueError("unknown format or rate")
        if settings["kind"] not in ("mfcc", "log_mel") or settings["dtype"] not in ("float32", "float64"):
            raise ValueError("unknown kind or dtype")
        if not all(name in settings for name in (*CHOSEN, "shards", "items")):
            raise ValueError("a value is missing")
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileError(f"{path}: damaged, or of another program ({type(error).__name__}: {error})") from None
    return settings


def write_json(path: Path, value: dict[str, Any]) -> None:
    """An indented JSON file, written only if its content changes."""
    text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
    with contextlib.suppress(OSError, ValueError):
        if read_regular_text(path) == text:
            return
    write_text_atomically(path, text)


def versions() -> dict[str, str]:
    """The versions that numbers and files depend on; of optional packages those that are installed."""
    found = {"dsp": __version__, "python": platform.python_version(), "machine": platform.machine()}
    for name in ("numpy", "numba", "soundfile", "h5py", "pyarrow"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    with contextlib.suppress(Exception):
        found["libsndfile"] = importlib.import_module("soundfile").__libsndfile_version__
    return found


def other_versions(out: Path) -> list[str]:
    """Which versions the finished shards of a folder were made with, where these are not the present ones."""
    try:
        before = json.loads(read_regular_text(out / VERSIONS))
        changed = {name: str(before.get(name)) for name, now in versions().items() if before.get(name) != now}
    except (OSError, ValueError, AttributeError, RecursionError):
        return []
    return [f"{name} {number}" for name, number in changed.items()] if numbers_of_records(out) else []


def record_of(out: Path, number: int) -> Path:
    """The path of a shard's record."""
    return out / SHARDS / f"{shard_name(number)}.jsonl"


def is_finished(out: Path, number: int, digest: str) -> bool:
    """Whether a shard is there whole, made from these recordings in this way."""
    first = first_line(record_of(out, number))
    return first is not None and first.get("digest") == digest and _data_is_there(out, first)


def first_line(path: Path) -> dict[str, Any] | None:
    """The first line of a record, or None if there is no record or it is damaged."""
    try:
        with open_regular_file(path) as file:
            line = json.loads(file.readline(MAX_LINE))
        return line if isinstance(line, dict) else None
    except (OSError, ValueError, RecursionError):
        return None


def _data_is_there(out: Path, first: dict[str, Any]) -> bool:
    data = out / SHARDS / str(first.get("data"))
    if first.get("data") is None:
        return True  # no item of it could be extracted
    with contextlib.suppress(OSError):
        return data.is_dir() or data.stat().st_size == first.get("bytes")
    return False


def remove_shard(out: Path, number: int) -> None:
    """Removes a shard, its record first."""
    record_of(out, number).unlink(missing_ok=True)
    for known in FORMATS.values():
        path = out / SHARDS / (shard_name(number) + ("" if known.is_folder else known.ending))
        if known.is_folder and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif not known.is_folder:
            path.unlink(missing_ok=True)


def numbers_of_records(out: Path) -> list[int]:
    """The numbers of the shards that have records, in order."""
    names = (path.stem for path in (out / SHARDS).glob("*.jsonl"))
    return sorted(int(name) for name in names if name.isascii() and name.isdigit() and len(name) == 5)


def items_of_record(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a record, one for each item; those that failed have a "reason". FileError if it is damaged."""
    with open_regular_file(path) as file:
        file.readline()
        for line in file:
            try:
                item = json.loads(line)
                if "reason" not in item and not all(name in item for name, _ in COLUMNS):
                    raise ValueError("a value is missing")
            except (ValueError, TypeError, RecursionError):
                raise FileError(f"{path}: damaged; remove it, and run the same command again") from None
            yield item


@contextlib.contextmanager
def claim(out: Path, name: str, wait: bool = False) -> Iterator[bool]:
    """Whether this process may work on what `name` says; False while another one does. A claim ends with its process.

    Where filelock is not installed, flock does the same on POSIX systems.

    Checked: tests/test_corpus_is_shared_by_commands.py
    """
    folder = out / LOCKS
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.lock"
    try:
        filelock = importlib.import_module("filelock")
    except ImportError:
        with _flock(path, wait) as is_mine:
            yield is_mine
        return
    lock = filelock.FileLock(path, timeout=-1 if wait else 0)
    try:
        lock.acquire()
    except filelock.Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextlib.contextmanager
def _flock(path: Path, wait: bool) -> Iterator[bool]:
    try:
        fcntl = importlib.import_module("fcntl")
    except ImportError:  # Windows
        yield True
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)


def write_index(out: Path, settings: dict[str, Any]) -> None:
    """Writes the index and the failures from the records of all shards."""
    numbers = range(settings["shards"])

    def lines(is_failure: bool) -> Iterator[dict[str, Any]]:
        for number in numbers:
            for item in items_of_record(record_of(out, number)):
                if ("reason" in item) == is_failure:
                    yield item

    def write(items: Iterator[dict[str, Any]], file: TextIO) -> None:
        for item in items:
            file.write(json_line(item))

    def write_to(is_failure: bool, temporary: Path) -> None:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            write(lines(is_failure), file)

    def write_scp(temporary: Path) -> None:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            for item in lines(False):
                file.write(f"{item['name']} {item['file']}:{item['offset'] - ARK_HEADER}\n")

    write_atomically(out / FAILURES, lambda temporary: write_to(True, temporary))
    if settings["format"] == "ark":
        write_atomically(out / KALDI_INDEX, write_scp)
    _write_parquet(out / INDEX_PARQUET, lines(False))
    write_atomically(out / INDEX, lambda temporary: write_to(False, temporary))  # last: it says that all is there


def _write_parquet(path: Path, items: Iterator[dict[str, Any]]) -> None:
    """The index as Parquet, if pyarrow is installed."""
    try:
        pa = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        return
    schema = pa.schema([(name, getattr(pa, kind)()) for name, kind in COLUMNS])

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as disk, parquet.ParquetWriter(disk, schema) as file:
            batch: list[dict[str, Any]] = []
            for item in items:
                channel = None if item["channel"] is None else str(item["channel"])
                batch.append({**item, "channel": channel, "path": _utf8(item["path"])})
                if len(batch) == AT_ONCE:
                    file.write_table(pa.Table.from_pylist(batch, schema))
                    batch = []
            file.write_table(pa.Table.from_pylist(batch, schema))

    write_atomically(path, write)


def _utf8(text: str) -> str:
    """The text; bytes of a file name that are not UTF-8 as \\xNN."""
    return os.fsencode(text).decode("utf-8", "backslashreplace") if not _is_utf8(text) else text


def json_line(value: dict[str, Any]) -> str:
    """One line; names that are not valid UTF-8 are escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return (text if text.isascii() or _is_utf8(text) else json.dumps(value, allow_nan=False)) + "\n"


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def out_is_free(out: Path) -> bool:
    """Whether a folder is new or empty; what a command leaves that is killed as it begins does not count."""
    begun = (LOCKS, f".{SETTINGS}.part")
    return not out.exists() or all(name in begun for name in os.listdir(out))
