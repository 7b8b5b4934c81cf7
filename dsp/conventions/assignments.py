"""Changes to a convention as a command takes them: --set n_mels=80 --set "framing=center, zeros"."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from dsp.checks import suggest
from dsp.conventions.parameters import PARAMETERS, Convention
from dsp.conventions.registry import named
from dsp.conventions.toml_files import load, none_or_word


def chosen(convention: str, assignments: Iterable[str] = ()) -> Convention:
    """The convention that a command names: a preset, or a TOML file that ends in .toml; then changed.

    Parameters
    ----------
    convention : the name of a preset, or the path of a TOML file
    assignments : texts such as "n_mels=80", "f_max=none" or "framing=center, zeros"

    Returns
    -------
    convention : Convention

    Raises
    ------
    ValueError  for an unknown name or parameter (with the nearest one), a text without "=", or a value that its
        parameter does not allow.
    OSError  if the file cannot be read.

    Checked: tests/test_conventions_are_files.py
    """
    c = load(convention) if convention.endswith(".toml") else named(convention)
    changes: dict[str, str | int | float | None] = {}
    for text in assignments:
        tidy = "=".join(part.strip() for part in text.split("=", 1))
        name, value = read_assignment(tidy, PARAMETERS, "NAME=VALUE is expected, such as n_mels=80")
        changes[name] = value.strip("\"'") if isinstance(value, str) else value
    return replace(c, **changes)  # type: ignore[arg-type]


def read_assignment(text: str, known: Collection[str], expected: str) -> tuple[str, str | int | float | None]:
    """(parameter, value) of "NAME=VALUE": a number if the value is one, None for "none" that is no word, else the text.

    Parameters
    ----------
    text : the assignment
    known : the parameters that may be assigned
    expected : what the error says of a text without "="

    Raises
    ------
    ValueError  for a text without "=", or an unknown parameter (with the nearest one).

    Checked: tests/test_conventions_are_files.py, tests/test_corpus_command.py
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--set {text}: {expected}")
    if name not in known:
        near = suggest(name, known) or "; help(dsp.Convention) explains all"
        raise ValueError(f"--set {text}: unknown parameter {name!r}{near}")
    for number in (int, float):
        try:
            return name, number(value)
        except ValueError:
            pass
    return name, none_or_word(name, value)
