"""Conventions as TOML files, so that a course or a paper can ship its own.

# my_course.toml
base = "kaldi"          # optional: a preset's name; what follows changes it
tool = "DT2119 lab 1"
n_mels = 40
f_max = "none"          # None, where a parameter allows it
fingerprint = "1f0c..." # optional: refused if the parameters have another
"""

import json
import os
from dataclasses import fields, replace
from typing import Any

from dsp.checks import suggest
from dsp.conventions.fingerprint import changed_parameters, fingerprint
from dsp.conventions.parameters import CHOICES, Convention
from dsp.conventions.registry import named
from dsp.files.reading import read_regular_text
from dsp.files.writing import write_text_atomically

NONE = "none"  # TOML has no None
BESIDE = ("base", "fingerprint")  # keys that are no fields of Convention


def load(path: str | os.PathLike[str]) -> Convention:
    """The convention in a TOML file: a table of fields of Convention; what it leaves out has its default.

    Beside the fields it may have `base`, the name of a preset whose values stand for what is left out, and
    `fingerprint`, which must then be that of the convention.

    Parameters
    ----------
    path : of the file

    Returns
    -------
    convention : Convention

    Raises
    ------
    ValueError  naming the file, for anything that is not TOML, an unknown key (with the nearest one), a value that its
        field does not allow, an unknown base, or another fingerprint.
    OSError  if the file cannot be read.

    Source: toml.io, TOML 1.0. Checked: tests/test_conventions_are_files.py
    """
    where = os.fspath(path)
    try:
        text = read_regular_text(path)
    except ValueError as error:  # bytes that are no UTF-8
        raise ValueError(f"{where}: not TOML: {error}") from None
    return from_toml(text, where)


def from_toml(text: str, where: str) -> Convention:
    """The convention that a text in TOML describes, as `load` reads it.

    Raises ValueError as `load`, which begins with `where`.

    Checked: tests/test_conventions_are_files.py
    """
    import tomllib  # here, because few programs need it and it takes 5 ms

    try:
        table = tomllib.loads(text)
    except ValueError as error:
        raise ValueError(f"{where}: not TOML: {' '.join(str(error).split())}") from None
    known = [field.name for field in fields(Convention)]
    for key in table:
        if key not in known and key not in BESIDE:
            near = suggest(key, [*known, *BESIDE]) or "; help(dsp.Convention) explains all"
            raise ValueError(f"{where}: unknown parameter {key!r}{near}")
    expected = table.pop("fingerprint", None)
    try:
        base = named(table.pop("base")) if "base" in table else Convention()
        convention = replace(base, **{name: _from_toml(name, value) for name, value in table.items()})
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    found = fingerprint(convention)
    if expected is not None and expected != found:
        raise ValueError(f"{where}: fingerprint={expected!r}, but the parameters have {found!r}")
    return convention


def save(convention: str | Convention, path: str | os.PathLike[str]) -> None:
    """Writes a convention as a TOML file that `load` reads: what differs from the defaults, and the fingerprint.

    Parameters
    ----------
    convention : a name or a Convention
    path : of the file; it is written whole or not at all

    Raises
    ------
    ValueError  for an unknown name.
    OSError  if the file cannot be written.

    Source: toml.io, TOML 1.0. Checked: tests/test_conventions_are_files.py
    """
    write_text_atomically(path, as_toml(convention))


def as_toml(convention: str | Convention) -> str:
    """The text that `save` writes.

    Checked: tests/test_conventions_are_files.py
    """
    c = named(convention)
    values = {"tool": c.tool, "status": c.status, **changed_parameters(c), "fingerprint": fingerprint(c)}
    return "".join(f"{name} = {_to_toml(value)}\n" for name, value in values.items())


def _from_toml(name: str, value: Any) -> Any:
    if name in ("tool", "status"):
        if not isinstance(value, str):
            raise ValueError(f"{name}={value!r} is no text")
        return value
    if not isinstance(value, str | int | float):  # a date, a list or a table
        raise ValueError(f"{name}={str(value)[:60]!r} is neither a word nor a number")
    return none_or_word(name, value)


def none_or_word(name: str, value: Any) -> Any:
    """None for "none" where that is no word of the parameter, else the value as it is.

    Checked: tests/test_conventions_are_files.py
    """
    return None if value == NONE and NONE not in CHOICES.get(name, ()) else value


def _to_toml(value: Any) -> str:
    """A word with JSON's escapes, which TOML shares (U+007F excepted, which it wants escaped too), or a number."""
    if value is None:
        return f'"{NONE}"'
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f") if isinstance(value, str) else repr(value)
