"""Changes to a convention as a command takes them: --set n_mels=80 --set "framing=center, zeros"."""

from collections.abc import Iterable
from dataclasses import replace

from dsp.checks import suggest
from dsp.conventions.parameters import CHOICES, PARAMETERS, Convention
from dsp.conventions.registry import named
from dsp.conventions.toml_files import load


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
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise ValueError(f"--set {text}: NAME=VALUE is expected, such as n_mels=80")
        if name not in PARAMETERS:
            near = suggest(name, PARAMETERS) or "; help(dsp.Convention) explains all"
            raise ValueError(f"--set {text}: unknown parameter {name!r}{near}")
        changes[name] = _value(name, value)
    return replace(c, **changes)  # type: ignore[arg-type]


def _value(name: str, text: str) -> str | int | float | None:
    """A number if the text is one, None for "none" where that is no word of the parameter, else the text."""
    if text == "none" and "none" not in CHOICES.get(name, ()):
        return None
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    return text.strip("\"'")
