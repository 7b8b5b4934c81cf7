"""What the doctor found, as text for people and as a dict for programs."""

import dataclasses

import numpy as np

from dsp.conventions import fingerprint
from dsp.conventions.parameters import PARAMETERS
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor.compare import Comparison, said_kind
from dsp.doctor.identify import Diagnosis
from dsp.doctor.knowledge.phrases import difference
from dsp.doctor.knowledge.probe_signals import advice
from dsp.doctor.search.residuals import CLASSES

PARTIAL = 0.5  # a distance above which the nearest convention is not worth naming


def text_of(found: Diagnosis) -> str:
    """The diagnosis for people.

    Checked: tests/test_doctor_command.py
    """
    lines = [f"{found.verdict}{_opened(found)}"]
    rows, frames = found.error.shape
    held = f"{said_kind(found.kind)}, {rows} rows x {frames} frames" + (", time first" if found.transposed else "")
    if found.verdict == "unexplained":
        lines.append(f"no convention known here gives these numbers ({held})")
        lines += [f"  {note}" for note in found.notes]
        if found.nearest and found.distance < PARTIAL:
            lines.append(
                f"the nearest that was found, by {found.nearest}, leaves {found.distance:.2g} of them unexplained:"
            )
            lines.append(f"  {where(found.error)}")
        return "\n".join(lines)
    lines.append(f"{held}; the greatest error is {found.residual:.1g} of the greatest value")
    tool = CONVENTIONS[found.nearest].tool
    shown = {parameter: values for parameter, values in found.differences.items() if _matters(parameter, found)}
    lines.append(f"{'as' if not shown else 'nearest to'} {found.nearest}: {tool}")
    for parameter, (theirs, this) in shown.items():
        lines.append(f"  different: {difference(parameter, theirs, this, found.nearest, 'this file')}")
    lines += _unobservable(
        {parameter: values for parameter, values in found.unobservable.items() if _matters(parameter, found)}
    )
    lines.append(f"fingerprint {fingerprint(found.convention)}")
    return "\n".join(lines)


def _opened(found: Diagnosis) -> str:
    if found.left_open is None:
        return ""
    if found.left_open not in CLASSES or found.gain.size > 1:
        return f": {found.left_open}"
    return f": {found.left_open} (times {found.gain.item():.6g}, plus {found.offset.item():.6g})"


def _matters(parameter: str, found: Diagnosis) -> bool:
    """Whether a parameter has a place in these features at all."""
    of_cepstra = PARAMETERS[PARAMETERS.index("n_mfcc") :]
    if found.kind != "mfcc" and parameter in of_cepstra:
        return False
    return not (found.convention.delta_orders == 0 and parameter.startswith("delta_") and parameter != "delta_orders")


def _unobservable(parameters: dict[str, tuple]) -> list[str]:
    """The parameters that this clip does not show, with the values that would do as well, by the signal that would."""
    lines = ["  not observable on this clip (these values give the same numbers):"] if parameters else []
    by_advice = {}
    for parameter, values in parameters.items():
        by_advice.setdefault(advice(parameter), []).append(f"{parameter} ({_listed(values)})")
    return lines + [f"    {', '.join(named)}; {sentence}" for sentence, named in by_advice.items()]


def _listed(values: tuple) -> str:
    """Values of a parameter; of many numbers the least and the greatest."""
    numbers = [v for v in values if isinstance(v, int | float)]
    if len(numbers) == len(values) > 4:
        return f"{min(numbers):g} .. {max(numbers):g}"
    return ", ".join(f"{v:g}" if v in numbers else str(v) for v in values)


def where(error: np.ndarray) -> str:
    """In which rows and frames the error lies, as a sentence.

    Checked: tests/test_doctor_command.py
    """
    power = error**2
    total = max(power.sum(), 1e-300)
    of_rows, of_frames = power.sum(axis=1) / total, power.sum(axis=0) / total
    rows, frames = np.argsort(-of_rows, kind="stable"), np.argsort(-of_frames, kind="stable")
    if of_rows[rows[:2]].sum() > 0.9 and len(rows) > 4:
        return f"nine tenths of the error lie in row {' and '.join(str(r) for r in sorted(rows[:2]))} of {len(rows)}"
    few = max(2, len(frames) // 20)
    if of_frames[frames[:few]].sum() > 0.9 and len(frames) > 10:
        listed = ", ".join(str(f) for f in sorted(frames[:few])[:8])
        return f"nine tenths of the error lie in frames {listed} of {len(frames)}"
    return f"the error lies everywhere, most in row {rows[0]} and frame {frames[0]}"


def dict_of(found: Diagnosis) -> dict:
    """The diagnosis for programs: verdict, convention, differences, unobservable, residual, and what they rest on.

    Checked: tests/test_doctor_command.py
    """
    return {
        "verdict": found.verdict,
        "left_open": found.left_open,
        "kind": found.kind,
        "time_first": found.transposed,
        "nearest": found.nearest,
        "convention": None if found.verdict == "unexplained" else dataclasses.asdict(found.convention),
        "differences": {parameter: list(values) for parameter, values in found.differences.items()},
        "unobservable": {parameter: list(values) for parameter, values in found.unobservable.items()},
        "same": same(found),
        "residual": found.residual,
        "distance": found.distance,
        "gain": found.gain.ravel().tolist() if found.left_open else None,
        "offset": found.offset.ravel().tolist() if found.left_open else None,
        "where": where(found.error) if found.verdict == "unexplained" else None,
        "notes": list(found.notes),
        "seconds": round(found.seconds, 3),
    }


def same(found: Diagnosis) -> list[str]:
    """The parameters seen to be as the nearest preset's."""
    if found.verdict == "unexplained":
        return []
    return [
        parameter
        for parameter in PARAMETERS
        if parameter not in found.differences and parameter not in found.unobservable
    ]


def text_of_comparison(found: Comparison) -> str:
    """The comparison for people.

    Checked: tests/test_doctor_command.py
    """
    gap = "" if found.gap is None else f"; the gap is {found.gap:.2g} of the second"
    lines = [f"{found.verdict}{gap}", *(f"  {finding}" for finding in found.findings)]
    if found.error is not None and found.verdict != "equal":
        lines.append(f"  {where(found.error)}")
    return "\n".join(lines + [f"  not decided: {sentence}" for sentence in found.undecided])


def dict_of_comparison(found: Comparison) -> dict:
    """The comparison for programs.

    Checked: tests/test_doctor_command.py
    """
    return {
        "verdict": found.verdict,
        "findings": list(found.findings),
        "undecided": list(found.undecided),
        "differences": {parameter: list(values) for parameter, values in found.parameters.items()},
        "gap": found.gap,
        "a": found.a and dict_of(found.a),
        "b": found.b and dict_of(found.b),
    }
