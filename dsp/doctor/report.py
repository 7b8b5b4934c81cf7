"""What the doctor found, as text for people and as a dict for programs."""

import dataclasses
from typing import Any

import numpy as np

from dsp.conventions import fingerprint
from dsp.conventions.parameters import PARAMETERS
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor.compare import Comparison
from dsp.doctor.diagnosis import STATISTICS_LEFT_OPEN, Diagnosis
from dsp.doctor.knowledge.common_values import AFTER_LOG_MEL
from dsp.doctor.knowledge.phrases import difference, kind_of_features, two_digits
from dsp.doctor.knowledge.probe_signals import advice
from dsp.doctor.search.dither_and_resampling import DITHER
from dsp.doctor.search.residuals import CLASSES, TINY

PARTIAL = 0.5  # a distance above which the closest convention is not worth naming; unrelated features are near 1
MOST = 0.9  # of the error, for a few rows or frames to be named instead of all
MAX_ROWS = 2  # that are named instead of all
MAX_LISTED, MAX_LISTED_NUMBERS = 8, 4
MAX_SUMMARIZED = 3  # findings that one line holds


def diagnosis_text(found: Diagnosis, everything: bool = False) -> str:
    """The diagnosis for people; `everything` also lists what the clip does not show.

    Checked: tests/test_doctor_command.py, tests/test_doctor_sentences_are_pinned.py
    """
    rows, frames = found.error.shape
    contents = f"{kind_of_features(found.kind)}, {rows} rows x {frames} frames"
    if found.transposed:
        contents += ", time first"
    if found.verdict == "unexplained":
        lines = ["unexplained", f"no known convention gives these numbers ({contents})"]
        lines += [f"  {note}" for note in found.notes]
        if is_near(found):
            closest = f"the closest convention found, based on {found.nearest}"
            lines.append(f"{closest}, has a relative RMS error of {two_digits(found.distance)}:")
            lines.append(f"  {error_location(found.error)}")
        return "\n".join(lines)
    tool = CONVENTIONS[found.nearest].tool
    shown = {name: values for name, values in found.differences.items() if _matters(name, found)}
    lines = [f"{_verdict_line(found)}: {_what_made_it(found, shown)}", *_how_to_make_it(found, shown)]
    lines.append(f"{contents}; greatest error {found.residual:.1g} relative to the greatest value")
    lines += [f"  {note}" for note in found.notes]
    lines.append(f"{'closest to' if shown else 'same as'} {found.nearest}: {tool}")
    for parameter, (theirs, this) in shown.items():
        lines.append(f"  different: {difference(parameter, theirs, this, found.nearest, 'this file')}")
    hidden = {name: values for name, values in found.unobservable.items() if _matters(name, found)}
    if everything:
        lines += _unobservable(hidden)
    elif hidden:
        shown_nowhere = "parameter has" if len(hidden) == 1 else "parameters have"
        lines.append(f"  {len(hidden)} {shown_nowhere} other values that give the same numbers on this clip (--all)")
    lines.append(f"fingerprint {fingerprint(found.convention)}")
    return "\n".join(lines)


def is_near(found: Diagnosis) -> bool:
    """Whether the closest convention of an unexplained matrix is worth naming."""
    return bool(found.nearest) and found.distance < PARTIAL


def _verdict_line(found: Diagnosis) -> str:
    if found.left_open is None:
        return found.verdict
    if found.left_open == DITHER:
        return f"explained up to dither with a standard deviation of {found.convention.dither:g}"
    if found.left_open in CLASSES and found.gain.size == 1:
        fitted = f" (gain {found.gain.item():.6g}, offset {found.offset.item():.6g})"
        return f"explained up to {found.left_open}{fitted}"
    return f"explained up to {found.left_open}"


def _what_made_it(found: Diagnosis, shown: dict[str, tuple]) -> str:
    """The preset's name, how many of its parameters are different, and what was done beside it."""
    if found.kind == "stack":
        return "several features, one above the other"
    changed = f" with {len(shown)} parameter{'s' * (len(shown) > 1)} changed" if shown else ""
    return found.nearest + changed + (f"; {found.change}" if found.change else "")


def _how_to_make_it(found: Diagnosis, shown: dict[str, tuple]) -> list[str]:
    """The call that gives these numbers, ready to be copied; nothing for a stack of features."""
    if found.kind == "stack" or found.left_open == STATISTICS_LEFT_OPEN:
        return []
    convention = repr(found.nearest)
    if shown:
        changes = ", ".join(f"{name}={value!r}" for name, (_, value) in shown.items())
        convention = f"dataclasses.replace(dsp.CONVENTIONS[{convention}], {changes})"
    call = f"dsp.{found.kind}(x, sample_rate, {convention}){'.T' * found.transposed}"
    return [f"to get it{', up to that' * bool(found.left_open)}{', beside that step' * bool(found.change)}: {call}"]


def _matters(parameter: str, found: Diagnosis) -> bool:
    """Whether a parameter has a place in these features at all."""
    if found.kind != "mfcc" and parameter in AFTER_LOG_MEL:
        return False
    return not (found.convention.delta_orders == 0 and parameter.startswith("delta_") and parameter != "delta_orders")


def _unobservable(alternatives: dict[str, tuple]) -> list[str]:
    """The parameters that this clip does not show, with the values that would do as well, by the signal that would."""
    if not alternatives:
        return []
    by_advice: dict[str, list[str]] = {}
    for parameter, values in alternatives.items():
        by_advice.setdefault(advice(parameter), []).append(f"{parameter} ({list_values(values)})")
    lines = [f"    {', '.join(parameters)}: {sentence}" for sentence, parameters in by_advice.items()]
    return ["  not observable on this clip (these values give the same numbers):", *lines]


def list_values(values: tuple) -> str:
    """Values of a parameter; of many numbers, the least and the greatest."""
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(numbers) == len(values) > MAX_LISTED_NUMBERS:
        return f"{min(numbers):g} .. {max(numbers):g}"
    return ", ".join(f"{value:g}" if value in numbers else str(value) for value in values)


def error_location(error: np.ndarray) -> str:
    """In which rows and frames the error lies, as a sentence.

    Checked: tests/test_doctor_command.py, tests/test_doctor_sentences_are_pinned.py
    """
    power = error**2
    n_rows, n_frames = error.shape
    rows, frames = _largest(power.sum(axis=1)), _largest(power.sum(axis=0))
    if len(rows) <= MAX_ROWS and n_rows > 2 * MAX_ROWS:
        return f"over 90 % of the error is in {_listed('row', rows)} of {n_rows}"
    if len(frames) <= max(2, n_frames // 20) and n_frames > 10:
        return f"over 90 % of the error is in {_listed('frame', frames)} of {n_frames}"
    return f"the error is spread over rows and frames; it is largest in row {rows[0]} and in frame {frames[0]}"


def _largest(power: np.ndarray) -> np.ndarray:
    """The indices of the largest powers, in this order, that together hold MOST of the sum."""
    order = np.argsort(-power, kind="stable")
    shares = np.cumsum(power[order]) / max(power.sum(), TINY)
    return order[: np.searchsorted(shares, MOST, side="right") + 1]


def _listed(what: str, indices: np.ndarray) -> str:
    """Rows or frames by their numbers, in ascending order."""
    listed = ", ".join(map(str, sorted(indices)[:MAX_LISTED]))
    listed += ", ..." if len(indices) > MAX_LISTED else ""
    return f"{what} {listed}" if len(indices) == 1 else f"{what}s {listed}"


def diagnosis_dict(found: Diagnosis) -> dict[str, Any]:
    """The diagnosis for programs: verdict, convention, differences, unobservable, residual, and what they rest on.

    Checked: tests/test_doctor_command.py
    """
    explained = found.verdict != "unexplained"
    return {
        "verdict": found.verdict,
        "left_open": found.left_open,
        "kind": found.kind,
        "time_first": found.transposed,
        "change": found.change,
        "nearest": found.nearest,
        "convention": dataclasses.asdict(found.convention) if explained else None,
        "differences": {parameter: list(values) for parameter, values in found.differences.items()},
        "unobservable": {parameter: list(values) for parameter, values in found.unobservable.items()},
        "same": same_parameters(found),
        "residual": found.residual,
        "distance": found.distance,
        "gain": found.gain.ravel().tolist() if found.left_open else None,
        "offset": found.offset.ravel().tolist() if found.left_open else None,
        "where": None if explained else error_location(found.error),
        "notes": list(found.notes),
        "seconds": round(found.seconds, 3),
    }


def same_parameters(found: Diagnosis) -> list[str]:
    """The parameters that are visibly as in the nearest preset."""
    if found.verdict == "unexplained":
        return []
    return [name for name in PARAMETERS if name not in found.differences and name not in found.unobservable]


def comparison_text(found: Comparison) -> str:
    """The comparison for people: what differs, and what to change, in a line each; then the details.

    Checked: tests/test_doctor_command.py, tests/test_doctor_sentences_are_pinned.py
    """
    lines = [f"{found.verdict}: {summary(found)}" if summary(found) else found.verdict]
    if found.change:
        lines.append(found.change)
    details = [] if len(found.findings) <= MAX_SUMMARIZED else list(found.findings)
    details += found.remarks
    if found.distance is not None:
        details.append(f"relative RMS difference {two_digits(found.distance)}")
    if found.error is not None and found.verdict != "equal":
        details.append(error_location(found.error))
    details += [f"undecided: {sentence}" for sentence in found.undecided]
    return "\n".join(lines + [f"  {detail}" for detail in details])


def summary(found: Comparison) -> str:
    """The findings in one line, the first ones of many."""
    shown = found.findings if len(found.findings) <= MAX_SUMMARIZED else found.findings[: MAX_SUMMARIZED - 1]
    more = len(found.findings) - len(shown)
    return "; ".join([*shown, *([f"and {more} more differences"] if more else [])])


def comparison_dict(found: Comparison) -> dict[str, Any]:
    """The comparison for programs.

    Checked: tests/test_doctor_command.py
    """
    return {
        "verdict": found.verdict,
        "summary": summary(found),
        "change": found.change,
        "findings": list(found.findings),
        "remarks": list(found.remarks),
        "time_first": list(found.time_first),
        "undecided": list(found.undecided),
        "differences": {parameter: list(values) for parameter, values in found.differences.items()},
        "distance": found.distance,
        "a": found.a and diagnosis_dict(found.a),
        "b": found.b and diagnosis_dict(found.b),
    }
