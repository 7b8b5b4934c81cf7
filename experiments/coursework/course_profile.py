"""The rules of a course, as a file: rates, lengths, window, filters, logarithm; profiles/*.toml are the known ones.

A file states what its course states; default.toml supplies the rest, and `assumed` lists it. An instructor's own file
is given by its path. Rules that cannot hold together are refused when the file is loaded. (This module is not called
profile.py, as Python has a module of that name, and a notebook in this folder would find this one instead.)
"""

import json
import math
import tomllib
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path

import numpy as np

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
    "spectrum": ("power", "magnitude"),
    "spectrum_norm": ("none", "n_fft"),
    "mel_norm": ("none", "slaney", "sum"),
    "log": ("ln", "log10", "10 log10", "20 log10"),
    "dct_norm": ("ortho", "htk", "none"),
    "normalization": ("none", "mean", "mean and variance"),
}
LOGARITHMS = {"ln": np.log, "log10": np.log10}
MAY_BE_ZERO = ("preemphasis", "f_min", "lifter", "points", "seed")


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The rules of one course. profiles/default.toml explains each field."""

    name: str
    course: str
    sample_rate: float
    scale: float
    preemphasis: float
    frame_ms: float
    hop_ms: float
    rounding: str
    window: str
    window_symmetry: str
    n_fft: int
    spectrum: str
    spectrum_norm: str
    n_mels: int
    f_min: float
    f_max: float | None = None  # Hz; None: the Nyquist frequency
    mel_scale: str
    mel_triangles: str
    edge_rounding: str
    mel_norm: str
    log: str
    floor: float
    n_mfcc: int
    dct_norm: str
    lifter: float
    delta_width: int
    normalization: str
    points: float
    lab_points: dict | None = None  # points of single labs, by number; None: every lab has `points`
    seed: int
    assumed: tuple[str, ...] = ()  # fields that its file does not state

    def samples(self, length_ms: float, sample_rate: float) -> int:
        """Milliseconds in samples, rounded as the course does."""
        exact = length_ms * sample_rate / 1000
        return math.floor(exact + (0.5 if self.rounding == "half up" else 1e-9))  # 25 ms at 16 kHz are 400

    def points_of(self, lab: int) -> float:
        """The points of a lab."""
        return (self.lab_points or {}).get(str(lab), self.points)

    def compress(self, spectrum) -> np.ndarray:
        """The course's logarithm of max(spectrum, floor)."""
        factor, _, name = self.log.rpartition(" ")
        return float(factor or 1) * LOGARITHMS[name](np.maximum(spectrum, self.floor))


KINDS = {field.name: field.type for field in fields(Profile) if field.name not in ("name", "assumed")}


def names() -> list[str]:
    """The names of the known profiles."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str = "default") -> Profile:
    """Loads the profile of that name, or a file whose name ends in .toml.

    Raises ValueError for an unknown name (naming the nearest), an unreadable file, an unknown field, a value that its
    field does not allow, or rules that cannot hold together.

    Checked: tests/test_coursework_labs.py
    """
    path = Path(name) if str(name).endswith(".toml") else FOLDER / f"{name}.toml"
    if path.parent == FOLDER and not path.exists():
        near = get_close_matches(str(name), names(), n=1, cutoff=0.4) or names()
        raise ValueError(f"unknown profile {name!r}; did you mean {', '.join(near)}?")
    stated = _read(path)
    values = {**_read(FOLDER / "default.toml"), **stated}
    _check_together(path, values, stated)
    assumed = tuple(field for field in KINDS if field not in stated) if path.stem != "default" else ()
    return Profile(name=path.stem, assumed=assumed, **values)


def describe(profile: Profile) -> str:
    """The profile's rules in three lines."""
    p = profile
    rounded = "" if p.edge_rounding == "none" else f", edges rounded to bins ({p.edge_rounding})"
    height = {"none": "height 1", "slaney": "height 2 / width in Hz", "sum": "sum 1"}[p.mel_norm]
    dct = {"ortho": "orthonormal", "htk": "scaled by sqrt(2 / bands)", "none": "not scaled"}[p.dct_norm]
    scale = "" if p.scale == 1 else f"samples times {p.scale:g}, "
    spectrum = p.spectrum + (" / n_fft" if p.spectrum_norm == "n_fft" else "")
    f_max = "Nyquist" if p.f_max is None else f"{p.f_max:g} Hz"
    return (
        f"{p.sample_rate:g} Hz, {scale}frames of {p.frame_ms:g} ms every {p.hop_ms:g} ms (rounded {p.rounding}), "
        f"{p.window} {p.window_symmetry}, pre-emphasis {p.preemphasis:g}, n_fft {p.n_fft},\n"
        f"{spectrum} spectrum, {p.n_mels} mel bands {p.f_min:g} Hz to {f_max} "
        f"({p.mel_scale}, straight in {p.mel_triangles}{rounded}, {height}), {p.log} of at least {p.floor:g},\n"
        f"{p.n_mfcc} cepstra, DCT {dct}, lifter {p.lifter:g}, deltas over {p.delta_width} frames, "
        f"normalization: {p.normalization}"
    )


def as_toml(profile: Profile) -> str:
    """A file that states every rule of the profile.

    Checked: tests/test_course_profiles.py
    """

    def text(value) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{name} = {text(one)}" for name, one in value.items()) + " }"
        return json.dumps(value) if isinstance(value, str) else repr(value)  # JSON's texts are TOML's

    stated = {field: value for field in KINDS if (value := getattr(profile, field)) is not None}
    return "".join(f"{field} = {text(value)}\n" for field, value in stated.items())


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
    """Raises FileError for a value that its field does not allow, whatever the other fields say."""
    kind = KINDS[field]
    if field == "lab_points":
        if not isinstance(value, dict) or not all(lab.isdecimal() and _is_number(v) for lab, v in value.items()):
            raise FileError(f"{path}: lab_points = {value!r}; a table such as {{ 5 = 12.5 }} is expected")
        return
    if kind is str:
        if not isinstance(value, str):
            raise FileError(f"{path}: {field} = {value!r}; a word is expected")
        if field in WORDS and value not in WORDS[field]:
            raise FileError(f"{path}: {field} = {value!r} is none of {', '.join(WORDS[field])}")
        return
    if field == "points" and _is_number(value) and round(value, 2) != value:
        raise FileError(f"{path}: points = {value!r}; at most two decimals are expected")
    words = "a whole number" if kind is int else "a number"
    if not _is_number(value) or (kind is int and not isinstance(value, int)):
        raise FileError(f"{path}: {field} = {value!r}; {words} >= 0 is expected")
    if value == 0 and field not in MAY_BE_ZERO:
        raise FileError(f"{path}: {field} = 0; more than 0 is expected")


def _is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf


def _check_together(path: Path, values: dict, stated: dict) -> None:
    """Raises FileError for rules that cannot hold together: more cepstra than bands, a frame beyond the transform."""

    def refuse(field: str, rule: str, *others: str) -> None:
        """Names the field (one that the file states, if possible), the rule, and which values are assumed."""
        numbers = {name: values[name] for name in (field, *others)}
        assumed = [f"{name} = {value:g} is assumed" for name, value in numbers.items() if name not in stated]
        note = f" ({', '.join(assumed)}; state it)" if assumed else ""
        raise FileError(f"{path}: {field} = {values[field]:g}; {rule}{note}")

    rate, n_fft, f_max = values["sample_rate"], values["n_fft"], values.get("f_max", values["sample_rate"] / 2)
    extra = 0.5 if values["rounding"] == "half up" else 1e-9
    frame, hop = (math.floor(values[name] * rate / 1000 + extra) for name in ("frame_ms", "hop_ms"))
    if values["preemphasis"] > 1:
        refuse("preemphasis", "at most 1 is expected")
    if frame < 2:
        refuse("frame_ms", f"a frame of {frame} samples at {rate:g} Hz; at least 2 are expected", "sample_rate")
    if hop < 1:
        refuse("hop_ms", f"less than one sample at {rate:g} Hz", "sample_rate")
    if n_fft < frame:
        refuse("n_fft", f"a frame has {frame} samples, and n_fft must hold it", "sample_rate", "frame_ms")
    if f_max > rate / 2:
        refuse("f_max", f"the Nyquist frequency, {rate / 2:g} Hz, is the highest", "sample_rate")
    if values["f_min"] >= f_max:
        refuse("f_min", f"less than f_max, {f_max:g} Hz, is expected")
    if values["n_mfcc"] > values["n_mels"]:
        refuse("n_mfcc", f"at most n_mels = {values['n_mels']} is possible", "n_mels")
    if values["delta_width"] % 2 == 0 or values["delta_width"] < 3:
        refuse("delta_width", "an odd number of frames, at least 3, is expected")
