"""Two conventions compared: what differs, in words, and how far each difference moves the features.

No audio is needed: the effects are measured on one probe signal.
"""

import math
import warnings
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from dsp.conventions import named
from dsp.conventions.parameters import PARAMETERS, Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.conventions.sizes import sizes
from dsp.doctor.knowledge.known_issues import Quirk, quirks_of
from dsp.doctor.knowledge.phrases import difference, stated
from dsp.doctor.knowledge.probe_signals import probe
from dsp.mfcc import log_mel, mfcc

PROBE = "speech-like"


class Difference(NamedTuple):
    """One parameter: its values in both, a sentence, and how far a's features move with b's value.

    effect is the norm of the change over the norm of the features, None where they cannot be compared;
    `change` says it in words.
    """

    parameter: str
    value_a: object
    value_b: object
    sentence: str
    effect: float | None
    change: str


@dataclass(frozen=True)
class ProfileDiff:
    """What differs between two conventions at a sample rate: differences in the order of the pipeline."""

    a: str
    b: str
    sample_rate: float
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    quirks: tuple[Quirk, ...]

    def text(self) -> str:
        """All of it for people, a difference a line."""
        lines = [f"{self.a} and {self.b} at {self.sample_rate:g} Hz: {_counted(self.differences)}"]
        lines += [f"  {found.sentence} ({found.change})" for found in self.differences]
        lines += [f"note: {note}" for note in self.notes]
        for quirk in self.quirks:
            lines.append(
                f"known of {quirk.tool} ({quirk.versions}): {quirk.what} It hits {quirk.whom}. [{quirk.source}]"
            )
        return "\n".join(lines)

    def as_dict(self) -> dict:
        """All of it as lists, dicts, words and numbers, for JSON."""
        return {
            "a": self.a,
            "b": self.b,
            "sample_rate": self.sample_rate,
            "differences": [found._asdict() for found in self.differences],
            "notes": list(self.notes),
            "quirks": [dict(vars(quirk)) for quirk in self.quirks],
        }


def profile_diff(a, b, sample_rate: float = 16_000) -> ProfileDiff:
    """What differs between two conventions, names or Conventions, at a sample rate.

    Lengths and other values that depend on the rate are compared as they come out at it; parameters without effect
    in either convention are left out.

    Raises ValueError for an unknown name, or a convention that does not fit the sample rate.

    Checked: tests/test_doctor_says_it_in_words.py
    """
    names = (_name(a, "the first"), _name(b, "the second"))
    pair = (named(a), named(b))
    fixed = tuple(at_rate(c, sample_rate) for c in pair)
    measure = Measure(fixed, sample_rate)
    found = tuple(
        Difference(
            parameter, *_values(parameter, fixed), _sentence(parameter, fixed, names), *measure.effect(parameter)
        )
        for parameter in PARAMETERS
        if len(set(_values(parameter, fixed))) > 1 and any(is_used(parameter, c) for c in fixed)
    )
    quirks = tuple(dict.fromkeys(quirk for name in names if name in CONVENTIONS for quirk in quirks_of(name)))
    return ProfileDiff(
        *names, sample_rate, found, _notes(pair, fixed, names, sample_rate) + measure.notes(names), quirks
    )


def at_rate(c: Convention, sample_rate: float) -> Convention:
    """The convention with its lengths in samples, its number of bands a number and its highest frequency in Hz.

    Checked: tests/test_doctor_says_it_in_words.py
    """
    size = sizes(c, sample_rate)
    n_mels = math.floor(3 * math.log(sample_rate)) if c.n_mels == "3 ln rate" else c.n_mels
    return replace(
        c,
        frame_length=size.window,
        frame_length_s=None,
        hop_length=size.hop,
        hop_length_s=None,
        rounding="down",
        n_fft=size.n_fft,
        n_mels=n_mels,
        f_max=sample_rate / 2 if c.f_max is None else c.f_max,
    )


_NEEDS = {  # what a parameter needs to have an effect, and what a tool is said to do that lacks it
    "preemphasis_in preemphasis_first": (lambda c: c.preemphasis > 0, "does no pre-emphasis"),
    "window_symmetry": (lambda c: c.window != "rectangular", "has a rectangular one"),
    "window_alignment": (lambda c: c.n_fft != c.frame_length, "has a window as long as the transform"),
    "f_min f_max mel_scale mel_triangles mel_norm": (lambda c: c.n_mels is not None, "has no mel filters"),
    "floor floor_rule reference dynamic_range": (lambda c: c.log is not None, "takes no logarithm"),
    "dct_type dct_norm c0 lifter energy normalization delta_orders": (
        lambda c: c.n_mfcc is not None,
        "makes no cepstra",
    ),
    "lifter_first": (lambda c: c.n_mfcc is not None and c.lifter > 0, "does not lifter"),
    "energy_of energy_floor": (lambda c: c.n_mfcc is not None and c.energy is not None, "has no log energy"),
    "delta_width delta_edges": (lambda c: c.n_mfcc is not None and c.delta_orders > 0, "appends no deltas"),
    "delta_second": (lambda c: c.n_mfcc is not None and c.delta_orders == 2, "appends no second deltas"),
}
NEEDS = {parameter: need for parameters, need in _NEEDS.items() for parameter in parameters.split()}
AFTER_LOG_MEL = PARAMETERS[PARAMETERS.index("n_mfcc") :]


def is_used(parameter: str, c: Convention) -> bool:
    """Whether a parameter has an effect in a convention that came from at_rate.

    Checked: tests/test_doctor_says_it_in_words.py
    """
    return parameter not in NEEDS or NEEDS[parameter][0](c)


def _moved(effect: float) -> str:
    if effect < 1e-12:
        return "moves nothing on its own"
    percent = 100 * effect
    return f"moves the features by {percent:.0f} %" if percent >= 10 else f"moves the features by {percent:.2g} %"


def _counted(differences) -> str:
    return "1 difference" if len(differences) == 1 else f"{len(differences)} differences"


def _values(parameter: str, pair) -> tuple:
    return tuple(getattr(c, parameter) for c in pair)


def _name(convention, otherwise: str) -> str:
    if isinstance(convention, str):
        return convention
    return next((name for name, preset in CONVENTIONS.items() if preset == convention), otherwise)


def _sentence(parameter: str, pair, names) -> str:
    """The sentence on both; a tool in which the parameter has no effect is said to lack what it is about."""
    if all(is_used(parameter, c) for c in pair):
        return difference(parameter, *_values(parameter, pair), *names)
    used, other = (0, 1) if is_used(parameter, pair[0]) else (1, 0)
    return f"{stated(parameter, getattr(pair[used], parameter), names[used])}, {names[other]} {NEEDS[parameter][1]}"


def _notes(pair, fixed, names, sample_rate: float) -> tuple[str, ...]:
    """Values that are given differently and are equal at this rate."""
    notes = []
    given = {"frame": ("frame_length", "frame_length_s"), "hop": ("hop_length", "hop_length_s")}
    given |= {"transform": ("n_fft",), "number of mel bands": ("n_mels",), "highest frequency": ("f_max",)}
    for what, parameters in given.items():
        as_given = [next((getattr(c, s) for s in parameters if getattr(c, s) is not None), None) for c in pair]
        fits = all(is_used(parameters[0], c) for c in fixed)
        if fits and as_given[0] != as_given[1] and len(set(_values(parameters[0], fixed))) == 1:
            texts = [_as_given(parameters, c, name) for c, name in zip(pair, names, strict=True)]
            notes.append(f"{texts[0]}, {texts[1]}: the same {what} at {sample_rate:g} Hz")
    if pair[0].rounding != pair[1].rounding and all(c.frame_length is None for c in pair):
        notes.append(difference("rounding", *_values("rounding", pair), *names))
    return tuple(notes)


def _as_given(parameters, c: Convention, name: str) -> str:
    if parameters[0] == "hop_length" and c.hop_length is None and c.hop_length_s is None:
        return f"{name}'s hop is half a frame"
    parameter = next((s for s in parameters if getattr(c, s) is not None), parameters[0])
    return stated(parameter, getattr(c, parameter), name)


class Measure:
    """How far the features of the probe move when one parameter of the first convention takes the second's value."""

    def __init__(self, pair, sample_rate: float):
        self.a, self.b = pair
        self.rate = sample_rate
        self.function = mfcc if self.a.n_mfcc and self.b.n_mfcc else log_mel
        self.signal = probe(PROBE, sample_rate)
        self.problem = ""
        try:
            self.before = self._features(self.a)
        except ValueError as error:
            self.problem = str(error)

    def _features(self, c: Convention) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of empty filters
            return self.function(self.signal, self.rate, c)

    def effect(self, parameter: str) -> tuple[float | None, str]:
        """(relative change or None, the same in words)."""
        if self.problem:
            return None, "not measured"
        if self.function is log_mel and parameter in AFTER_LOG_MEL:
            return 0.0, "comes after the log-mel values, which are compared here"
        change = {parameter: getattr(self.b, parameter)}
        beside = ""
        if parameter == "frame_length" and self.b.frame_length > self.a.n_fft:
            change["n_fft"] = 1 << (self.b.frame_length - 1).bit_length()
            beside = f", with a transform of {change['n_fft']} points"
        try:
            after = self._features(replace(self.a, **change))
        except ValueError as error:
            return None, f"cannot change alone: {error}"
        if after.shape != self.before.shape:
            (rows, frames), (new_rows, new_frames) = self.before.shape, after.shape
            return (
                None,
                f"makes {new_rows} x {new_frames} values of {rows} x {frames}, rows by frames, of one second{beside}",
            )
        norm = np.sqrt(np.sum(self.before**2))
        effect = float(np.sqrt(np.sum((after - self.before) ** 2)) / norm) if norm > 0 else 0.0
        return effect, _moved(effect) + beside

    def notes(self, names) -> tuple[str, ...]:
        """That nothing could be measured, and why."""
        return (
            (f"no effect was measured: {names[0]} does not work on the probe: {self.problem}",) if self.problem else ()
        )
