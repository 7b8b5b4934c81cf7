"""The rules of a course, as a file: rates, lengths, window, filters, logarithm; profiles/*.toml are the known ones.

A file states what its course states; default.toml supplies the rest, and `assumed` lists it. An instructor's own file
is given by its path. (This module is not called profile.py, as Python has a module of that name, and a notebook in
this folder would find this one instead.)
"""

import math
import tomllib
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path

from dsp.files.naming import FileError, file_error_line
from dsp.files.reading import read_regular_text

FOLDER = Path(__file__).with_name("profiles")
WORDS = {
    "rounding": ("down", "half up"),
    "window": ("rectangular", "hamming", "hann"),
    "window_symmetry": ("symmetric", "periodic"),
    "mel_scale": ("htk", "kaldi", "slaney"),
    "mel_triangles": ("hz", "mel"),
    "edge_rounding": ("none", "floor", "round", "ceil", "floor round ceil"),
    "log": ("ln", "log10", "10 log10", "20 log10"),
}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The rules of one course. profiles/default.toml explains each field."""

    name: str
    course: str
    sample_rate: float
    preemphasis: float
    frame_ms: float
    hop_ms: float
    rounding: str
    window: str
    window_symmetry: str
    n_fft: int
    n_mels: int
    f_min: float
    f_max: float | None = None  # Hz; None: the Nyquist frequency
    mel_scale: str
    mel_triangles: str
    edge_rounding: str
    log: str
    floor: float
    n_mfcc: int
    lifter: float
    delta_width: int
    points: int
    assumed: tuple[str, ...] = ()  # fields that its file does not state

    def samples(self, length_ms: float, sample_rate: float) -> int:
        """Milliseconds in samples, rounded as the course does."""
        exact = length_ms * sample_rate / 1000
        return math.floor(exact + (0.5 if self.rounding == "half up" else 1e-9))  # 25 ms at 16 kHz are 400


KINDS = {field.name: field.type for field in fields(Profile) if field.name not in ("name", "assumed")}


def names() -> list[str]:
    """The names of the known profiles."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str = "default") -> Profile:
    """Loads the profile of that name, or a file whose name ends in .toml.

    Raises ValueError for an unknown name (naming the nearest), an unreadable file, an unknown field, or a value that
    its field does not allow.

    Checked: tests/test_coursework_labs.py
    """
    path = Path(name) if str(name).endswith(".toml") else FOLDER / f"{name}.toml"
    if path.parent == FOLDER and not path.exists():
        near = get_close_matches(str(name), names(), n=1, cutoff=0.4) or names()
        raise ValueError(f"unknown profile {name!r}; did you mean {', '.join(near)}?")
    stated = _read(path)
    values = {**_read(FOLDER / "default.toml"), **stated}
    assumed = tuple(field for field in KINDS if field not in stated) if path.stem != "default" else ()
    return Profile(name=path.stem, assumed=assumed, **values)


def describe(profile: Profile) -> str:
    """The profile's rules in two lines."""
    p = profile
    rounded = "" if p.edge_rounding == "none" else f", edges rounded to bins ({p.edge_rounding})"
    f_max = "Nyquist" if p.f_max is None else f"{p.f_max:g} Hz"
    return (
        f"{p.sample_rate:g} Hz, frames of {p.frame_ms:g} ms every {p.hop_ms:g} ms (rounded {p.rounding}), "
        f"{p.window} {p.window_symmetry}, pre-emphasis {p.preemphasis:g}, n_fft {p.n_fft},\n"
        f"{p.n_mels} mel bands {p.f_min:g} Hz to {f_max} ({p.mel_scale}, straight in {p.mel_triangles}{rounded}), "
        f"{p.log} of at least {p.floor:g}, {p.n_mfcc} cepstra, lifter {p.lifter:g}, deltas over {p.delta_width} frames"
    )


def _read(path: Path) -> dict:
    try:
        values = tomllib.loads(read_regular_text(path))
    except OSError as error:
        raise FileError(file_error_line(error, path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: not readable as TOML ({error})") from None
    for field, value in values.items():
        if field not in KINDS:
            near = get_close_matches(field, KINDS, n=1)
            raise FileError(f"{path}: unknown field {field!r}" + (f"; did you mean {near[0]}?" if near else ""))
        _check(path, field, value)
    return values


def _check(path: Path, field: str, value) -> None:
    kind = KINDS[field]
    if kind is str:
        if not isinstance(value, str):
            raise FileError(f"{path}: {field} = {value!r}; a word is expected")
        if field in WORDS and value not in WORDS[field]:
            raise FileError(f"{path}: {field} = {value!r} is none of {', '.join(WORDS[field])}")
        return
    wanted, words = (int, "a whole number") if kind is int else ((int, float), "a number")
    if isinstance(value, bool) or not isinstance(value, wanted) or not 0 <= value < math.inf:
        raise FileError(f"{path}: {field} = {value!r}; {words} >= 0 is expected")
    if value == 0 and field not in ("preemphasis", "f_min", "lifter", "points"):
        raise FileError(f"{path}: {field} = 0; more than 0 is expected")
