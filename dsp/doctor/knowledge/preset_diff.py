"""Two conventions compared: what differs, in words, and how far each difference moves the features.

No audio is needed: the effects are measured on one probe signal.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from dsp.conventions import named
from dsp.conventions.parameters import PARAMETERS, Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.conventions.sizes import sizes
from dsp.doctor.knowledge.common_values import AFTER_LOG_MEL
from dsp.doctor.knowledge.known_issues import KnownIssue, known_issues_of
from dsp.doctor.knowledge.phrases import difference, percent, statement
from dsp.doctor.knowledge.probe_signals import probe
from dsp.mfcc import log_mel, mfcc

PROBE = "speech-like"
NOTHING = 1e-12  # of the features: rounding leaves up to 5e-15; the least real effect between presets is 2e-12

Pair = tuple[Convention, Convention]
Names = tuple[str, str]


class Difference(NamedTuple):
    """One parameter: its values in both, a sentence, and how far a's features move with b's value.

    effect is the norm of the change relative to that of the features, None where the two cannot be compared;
    `change` says it in words.
    """

    parameter: str
    value_a: Any
    value_b: Any
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
    known_issues: tuple[KnownIssue, ...]

    def text(self) -> str:
        """All of it for people, a difference a line."""
        count = "1 difference" if len(self.differences) == 1 else f"{len(self.differences)} differences"
        lines = [f"{self.a} and {self.b} at {self.sample_rate:g} Hz: {count}"]
        lines += [f"  {one.sentence} ({one.change})" for one in self.differences]
        lines += [f"note: {note}" for note in self.notes]
        lines += [issue.text() for issue in self.known_issues]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """All of it as lists, dicts, words and numbers, for JSON."""
        return {
            "a": self.a,
            "b": self.b,
            "sample_rate": self.sample_rate,
            "differences": [one._asdict() for one in self.differences],
            "notes": list(self.notes),
            "known_issues": [dict(vars(issue)) for issue in self.known_issues],
        }


def profile_diff(a: str | Convention, b: str | Convention, sample_rate: float = 16_000) -> ProfileDiff:
    """What differs between two conventions at a sample rate.

    Lengths and other values that depend on the rate are compared as they come out at it. Parameters without an effect
    in either convention are left out.

    Parameters
    ----------
    a, b : names of presets, or Conventions
    sample_rate : Hz

    Returns
    -------
    diff : ProfileDiff

    Raises
    ------
    ValueError  for an unknown name, or a convention that does not fit the sample rate.

    Source: the two conventions. Checked: tests/test_doctor_says_it_in_words.py
    """
    names = (_name(a, "the first"), _name(b, "the second"))
    pair = (named(a), named(b))
    fixed = (at_rate(pair[0], sample_rate), at_rate(pair[1], sample_rate))
    measure = EffectMeasure(fixed, sample_rate)
    differences = tuple(
        Difference(
            parameter, *_values(parameter, fixed), _sentence(parameter, fixed, names), *measure.effect(parameter)
        )
        for parameter in PARAMETERS
        if len(set(_values(parameter, fixed))) > 1 and any(is_used(parameter, c) for c in fixed)
    )
    issues = dict.fromkeys(issue for name in names if name in CONVENTIONS for issue in known_issues_of(name))
    notes = _notes(pair, fixed, names, sample_rate) + measure.notes(names)
    return ProfileDiff(*names, sample_rate, differences, notes, tuple(issues))


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


class Control(NamedTuple):
    """A parameter that takes away the effect of others, and the values with which it does."""

    parameter: str
    is_off: Callable[[Convention], bool]
    stated_as: Any = None  # the value that the sentence states, where it is not the convention's own


_CEPSTRA = Control("n_mfcc", lambda c: c.n_mfcc is None)
_ENERGY = [
    Control("n_mfcc", lambda c: c.n_mfcc is None and c.mel_energy is None),
    Control("energy", lambda c: c.energy is None and c.mel_energy is None),
]
_DEVIATION = Control("normalization", lambda c: c.normalization != "mean and variance")
_CONTROLS = {
    "preemphasis_in preemphasis_first": [Control("preemphasis", lambda c: c.preemphasis == 0)],
    "window_symmetry": [Control("window", lambda c: c.window == "rectangular")],
    "window_alignment": [Control("n_fft", lambda c: c.n_fft == c.frame_length, "frame length")],
    "spectrum_floor": [Control("spectrum", lambda c: c.spectrum == "power")],
    "spectrum_floor_rule": [
        Control("spectrum", lambda c: c.spectrum == "power"),
        Control("spectrum_floor", lambda c: c.spectrum_floor == 0),
    ],
    "f_min f_max mel_scale mel_triangles mel_norm": [Control("n_mels", lambda c: c.n_mels is None)],
    "floor floor_rule reference dynamic_range": [Control("log", lambda c: c.log is None)],
    "dct_type dct_norm c0 lifter energy smoothing delta_orders": [_CEPSTRA],
    "lifter_first": [_CEPSTRA, Control("lifter", lambda c: c.lifter == 0)],
    "energy_of energy_floor": _ENERGY,
    "delta_width delta_edges": [_CEPSTRA, Control("delta_orders", lambda c: c.delta_orders == 0)],
    "normalization_ddof normalization_eps": [_DEVIATION],
    "normalization_eps_to": [_DEVIATION, Control("normalization_eps", lambda c: c.normalization_eps == 0)],
    "delta_second": [_CEPSTRA, Control("delta_orders", lambda c: c.delta_orders < 2)],
}
CONTROLS = {parameter: controls for names, controls in _CONTROLS.items() for parameter in names.split()}


def control_of(parameter: str, c: Convention) -> Control | None:
    """What takes away a parameter's effect in a convention that came from at_rate; None if nothing does."""
    return next((control for control in CONTROLS.get(parameter, ()) if control.is_off(c)), None)


def is_used(parameter: str, c: Convention) -> bool:
    """Whether a parameter has an effect in a convention that came from at_rate.

    Checked: tests/test_doctor_says_it_in_words.py
    """
    return control_of(parameter, c) is None


def effect_in_words(effect: float) -> str:
    """How far the features move."""
    return "changes nothing on its own" if effect < NOTHING else f"changes the features by {percent(effect)}"


def _values(parameter: str, pair: Pair) -> tuple[Any, Any]:
    return getattr(pair[0], parameter), getattr(pair[1], parameter)


def _name(convention: str | Convention, otherwise: str) -> str:
    if isinstance(convention, str):
        return convention
    return next((name for name, preset in CONVENTIONS.items() if preset == convention), otherwise)


def _sentence(parameter: str, pair: Pair, names: Names) -> str:
    """The sentence on both; of a tool in which the parameter has no effect it says what takes that away."""
    used, other = (0, 1) if is_used(parameter, pair[0]) else (1, 0)
    control = control_of(parameter, pair[other])
    if control is None:
        return difference(parameter, *_values(parameter, pair), *names)
    off = getattr(pair[other], control.parameter) if control.stated_as is None else control.stated_as
    stated = statement(parameter, getattr(pair[used], parameter), names[used])
    return f"{stated}, while {statement(control.parameter, off, names[other])}"


def _notes(pair: Pair, fixed: Pair, names: Names, sample_rate: float) -> tuple[str, ...]:
    """Values that are given differently and are equal at this rate."""
    notes = []
    given: dict[str, tuple[str, ...]] = {
        "frame length": ("frame_length", "frame_length_s"),
        "hop": ("hop_length", "hop_length_s"),
        "transform": ("n_fft",),
        "number of mel bands": ("n_mels",),
        "highest frequency": ("f_max",),
    }
    for what, parameters in given.items():
        as_given = [next((getattr(c, p) for p in parameters if getattr(c, p) is not None), None) for c in pair]
        fits = all(is_used(parameters[0], c) for c in fixed)
        if fits and as_given[0] != as_given[1] and len(set(_values(parameters[0], fixed))) == 1:
            texts = [_as_given(parameters, c, name) for c, name in zip(pair, names, strict=True)]
            notes.append(f"{texts[0]}, while {texts[1]}: the same {what} at {sample_rate:g} Hz")
    if pair[0].rounding != pair[1].rounding and all(c.frame_length is None for c in pair):
        notes.append(difference("rounding", *_values("rounding", pair), *names))
    return tuple(notes)


def _as_given(parameters: tuple[str, ...], c: Convention, name: str) -> str:
    if parameters[0] == "hop_length" and c.hop_length is None and c.hop_length_s is None:
        return f"{name}'s hop is half a frame"
    parameter = next((p for p in parameters if getattr(c, p) is not None), parameters[0])
    return statement(parameter, getattr(c, parameter), name)


class EffectMeasure:
    """How far the features of the probe move when one parameter of the first convention takes the second's value."""

    def __init__(self, pair: Pair, sample_rate: float):
        self.a, self.b = pair
        self.sample_rate = sample_rate
        self.compute = mfcc if self.a.n_mfcc and self.b.n_mfcc else log_mel
        self.signal = probe(PROBE, sample_rate)
        self.problem = ""
        try:
            self.before = self._features(self.a)
        except ValueError as error:
            self.problem = str(error)

    def _features(self, c: Convention) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of empty filters
            return self.compute(self.signal, self.sample_rate, c)

    def effect(self, parameter: str) -> tuple[float | None, str]:
        """(relative change or None, the same in words)."""
        if self.problem:
            return None, "not measured"
        if self.compute is log_mel and parameter in AFTER_LOG_MEL:
            return 0.0, "acts after the log-mel values, which are compared here"
        change: dict[str, Any] = {parameter: getattr(self.b, parameter)}
        beside = ""
        if parameter == "frame_length" and change["frame_length"] > self.a.n_fft:  # at_rate has made both numbers
            change["n_fft"] = 1 << (change["frame_length"] - 1).bit_length()
            beside = f", with a transform of {change['n_fft']} points"
        try:
            after = self._features(replace(self.a, **change))
        except ValueError as error:
            return None, f"cannot be changed alone: {error}"
        if after.shape != self.before.shape:
            (rows, frames), (new_rows, new_frames) = self.before.shape, after.shape
            shapes = f"{rows} x {frames} to {new_rows} x {new_frames}"
            return None, f"changes one second from {shapes}, rows by frames{beside}"
        norm = np.linalg.norm(self.before)
        effect = float(np.linalg.norm(after - self.before) / norm) if norm > 0 else 0.0
        return effect, effect_in_words(effect) + beside

    def notes(self, names: Names) -> tuple[str, ...]:
        """That nothing could be measured, and why."""
        if not self.problem:
            return ()
        return (f"no effect was measured, because {names[0]} does not fit the probe signal: {self.problem}",)
