"""A preset and what was changed of it: from controls, from a link, from a file, and back as a link, TOML or Python."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dsp.conventions import CONVENTIONS, Convention, diff, named, sizes
from dsp.conventions.assignments import chosen
from dsp.conventions.toml_files import NONE, as_toml
from dsp.mfcc import make_filterbank

CONTROLS = ("frame", "hop", "window", "n_fft", "preemphasis", "n_mels", "f_min", "f_max", "log", "n_mfcc", "lifter")


@dataclass(frozen=True)
class Setup:
    """A preset by name, and the parameters that were changed: {parameter: value}."""

    base: str = "librosa"
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def convention(self) -> Convention:
        """The convention. ValueError for a value that its parameter does not allow."""
        return replace(named(self.base), **self.changes)

    @property
    def name(self) -> str:
        n = len(self.changes)
        return self.base + (f" with {n} change{'s' * (n > 1)}" if n else "")

    def changed(self, values: Mapping[str, Any]) -> "Setup":
        """With further values; those that are the preset's own are no changes. ValueError as `convention`."""
        own = named(self.base)
        merged = {**self.changes, **values}
        made = Setup(self.base, {name: value for name, value in merged.items() if value != getattr(own, name)})
        replace(own, **made.changes)  # checks the values
        return made


def from_link(base: str, assignments: Mapping[str, str]) -> Setup:
    """A setup from the texts of a link: "kaldi", {"n_mels": "40"}. ValueError, one line, for what is not allowed.

    Checked: tests/test_page_explores_a_convention.py
    """
    named(base)  # a link names presets, never files of the server
    try:
        return _of(base, chosen(base, [f"{name}={value}" for name, value in assignments.items()]))
    except ValueError as error:
        raise ValueError(str(error).removeprefix("--set ")) from None


def from_convention(convention: Convention) -> Setup:
    """The setup of any convention, such as a file's: the nearest preset, and what differs from it."""
    return _of(min(CONVENTIONS, key=lambda name: len(diff(name, convention))), convention)


def _of(base: str, convention: Convention) -> Setup:
    return Setup(base, {name: values[1] for name, values in diff(base, convention).items()})


def as_link(setup: Setup) -> dict[str, str]:
    """The texts that from_link reads, {"convention": base, parameter: value ...}.

    Checked: tests/test_page_explores_a_convention.py
    """
    return {"convention": setup.base} | {k: NONE if v is None else f"{v}" for k, v in setup.changes.items()}


def as_toml_text(setup: Setup) -> str:
    """A file that dsp.conventions.load reads."""
    return as_toml(setup.convention)


def as_python(setup: Setup, signal_lines: list[str]) -> str:
    """The program that computes what is on the screen; signal_lines make `signal` and `sample_rate`.

    Checked: tests/test_page_explores_a_convention.py
    """
    changes = "".join(f", {name}={value!r}" for name, value in setup.changes.items())
    preset = f"dsp.CONVENTIONS[{setup.base!r}]"
    last = "log_mel" if setup.convention.n_mfcc is None else "mfcc"
    lines = [
        *(["import dataclasses", ""] if changes else []),
        "import dsp",
        *signal_lines,
        f"convention = dataclasses.replace({preset}{changes})" if changes else f"convention = {preset}",
        "steps = dsp.trace(signal, sample_rate, convention)  # every stage by name",
        f"features = dsp.{last}(signal, sample_rate, convention)  # (rows, frames)",
    ]
    return "\n".join(lines) + "\n"


def lines_of_synthetic(voice: str, emotion: str, n_samples: int, sample_rate: int) -> list[str]:
    """Python that makes the synthetic utterance of core.explore."""
    return [
        "import numpy as np",
        "from experiments.data.synthetic import VOICES, synthesize",
        "",
        f"voice = next(voice for voice in VOICES if voice.name == {voice!r})",
        f"signal = np.round(synthesize(voice, 0, {emotion!r}) * 32767)[:{n_samples}] / 32768",
        f"sample_rate = {sample_rate}",
    ]


def lines_of_recording(name: str, first: int, n_samples: int) -> list[str]:
    """Python that reads the shown section of a recording, its channels mixed to their mean as here."""
    return [
        "",
        f"signal, sample_rate = dsp.read_audio({name!r})",
        "signal = signal if signal.ndim == 1 else signal.mean(axis=0)",
        f"signal = signal[{first}:{first + n_samples}]",
    ]


def control_values(c: Convention, sample_rate: int) -> dict[str, Any]:
    """What the controls show at this rate: lengths in ms as they come out in samples; 0 bands or cepstra mean none."""
    size = sizes(c, sample_rate)
    return {
        "frame": round(1000 * size.window / sample_rate, 2),
        "hop": round(1000 * size.hop / sample_rate, 2),
        "window": c.window,
        "n_fft": c.n_fft,
        "preemphasis": c.preemphasis,
        "n_mels": 0 if c.n_mels is None else len(make_filterbank(size, sample_rate, c)),
        "f_min": c.f_min,
        "f_max": sample_rate / 2 if c.f_max is None else c.f_max,
        "log": NONE if c.log is None else c.log,
        "n_mfcc": c.n_mfcc or 0,
        "lifter": c.lifter,
    }


def moved(setup: Setup, control: str, value: Any, sample_rate: int) -> Setup:
    """The setup after a control was moved. ValueError if the value is not allowed.

    A frame that no longer fits a fixed n_fft makes it the next power of two.

    Checked: tests/test_page_explores_a_convention.py
    """
    c = setup.convention
    if control in ("frame", "hop"):
        values: dict[str, Any] = {f"{control}_length": max(1, round(float(value) / 1000 * sample_rate))}
        if control == "frame" and isinstance(c.n_fft, int) and c.n_fft < values["frame_length"]:
            values["n_fft"] = "power of two"
    elif control == "n_fft":
        values = {"n_fft": int(value) if str(value).isdigit() else str(value)}
    elif control in ("n_mels", "n_mfcc"):
        values = {control: int(value) or None}
    elif control == "f_max":
        values = {"f_max": None if float(value) >= sample_rate / 2 else float(value)}
    elif control == "log":
        values = {"log": None if value == NONE else str(value)}
    elif control == "window":
        values = {"window": str(value)}
    elif control in ("preemphasis", "f_min", "lifter"):
        values = {control: float(value)}
    else:
        raise ValueError(f"{str(control)[:40]!r}: no such control; {', '.join(CONTROLS)} are known")
    return setup.changed(values)
