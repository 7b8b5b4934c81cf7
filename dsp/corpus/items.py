"""One item is one matrix of features: a recording, or a part of one, or one channel of it; and the name that it gets.

A name is safe everywhere that it is used: as the name of a file, of a Kaldi utterance, of a member of an .npz archive
and of a dataset in HDF5. Two items of one corpus never share a name, also on file systems that ignore case.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

UNSAFE = re.compile(r"[^\w.+@=-]+")  # \w: letters and digits of every script, and _
MAX_NAME_BYTES = 150  # file systems allow 255 bytes, endings included


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a manifest.

    path : of the recording, absolute or relative to the folder of the corpus
    name : of the features; "" until `with_names` chooses one
    start, end : s; None is the end of the recording
    channel : counted from 0; None for what --channel says
    speaker, label : any text
    """

    path: str
    name: str = ""
    start: float = 0.0
    end: float | None = None
    channel: int | None = None
    speaker: str = ""
    label: str = ""


def with_names(items: Iterable[Item]) -> list[Item]:
    """The items, each with a name of its own: the one it has, else its path without the ending, made safe.

    A part gets its times in milliseconds, and a channel its number. A name that was given already gets "-2", "-3" ...

    Checked: tests/test_corpus_manifests_are_read.py
    """
    used: set[str] = set()
    repeats: dict[str, int] = {}
    named = []
    for item in items:
        stem = safe_name(item.name or _described(item))
        name, number = stem, repeats.get(stem.casefold(), 1)
        while name.casefold() in used:
            number += 1
            name = f"{stem}-{number}"
        repeats[stem.casefold()] = number
        used.add(name.casefold())
        named.append(replace(item, name=name))
    return named


def safe_name(text: str) -> str:
    """The text as a name: composed letters, digits, and . + @ = - _; all else becomes "_"; at most 150 bytes.

    Checked: tests/test_corpus_manifests_are_read.py
    """
    name = UNSAFE.sub("_", unicodedata.normalize("NFC", text.replace("/", "-"))).strip(".-_") or "item"
    encoded = name.encode("utf-8", "replace")
    return encoded[:MAX_NAME_BYTES].decode("utf-8", "ignore") if len(encoded) > MAX_NAME_BYTES else name


def _described(item: Item) -> str:
    path = PurePosixPath(item.path)
    kept = path.name if path.is_absolute() else str(path)
    text = kept.removesuffix(path.suffix)
    if item.start or item.end is not None:
        end = "end" if item.end is None else f"{item.end * 1000:.0f}"
        text += f"-{item.start * 1000:.0f}-{end}"
    return text if item.channel is None else f"{text}-c{item.channel}"
