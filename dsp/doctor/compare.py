"""What differs between two matrices of features, in words, and what to change to get one from the other.

With the audio, both are explained by conventions, and every parameter that differs is weighed by the change that it
makes on its own. Without audio, only what the numbers themselves show can be decided; dsp/doctor/comparison/ finds it.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dsp.conventions import diff
from dsp.doctor.comparison.remaining import remaining
from dsp.doctor.comparison.search import explain
from dsp.doctor.comparison.shapes import as_values, is_constant, of_one_file, orientations
from dsp.doctor.comparison.steps import FIRST, SECOND, Names, changes_in_words
from dsp.doctor.comparison.values import EQUAL
from dsp.doctor.diagnosis import STATISTICS_LEFT_OPEN, Diagnosis
from dsp.doctor.identify import identify
from dsp.doctor.knowledge.phrases import difference, kind_of_features, percent
from dsp.doctor.search.residuals import relative_distance
from dsp.mfcc import log_mel, mfcc

MAX_PARAMETERS = 12  # that are listed as settings to change


@dataclass(frozen=True)
class Comparison:
    """What compare found.

    verdict      "equal", "explained" (every difference is named), "partly explained" or "unexplained"
    findings     sentences, what matters most first
    change       what to change to get one from the other, as a sentence; empty where that is unknown
    remarks      sentences on what is no difference: axes of length 1, constant rows, the time axis of both
    undecided    what the numbers at hand cannot decide, as sentences
    differences  with audio: {parameter: (in a, in b, share)}; share is the size of the change that this parameter makes
                 on its own, relative to the whole difference, or None where it, or another, changes the shape
    distance     relative RMS difference: that of a - b, relative to b about its mean; None where the shapes differ
    matrices     both as they were compared, (n_rows, n_frames), time last
    error        a - b where both have one shape, (n_rows, n_frames)
    transposed   whether b has time on the other axis
    time_first   whether each has time first, (a, b)
    gain, offset of the rows and frames that both have: a = gain * b + offset, (1, 1) or one per row; or None
    a, b         with audio: what identify found for each
    """

    verdict: str
    findings: tuple[str, ...]
    change: str = ""
    remarks: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    differences: dict[str, tuple[Any, Any, float | None]] = field(default_factory=dict)
    distance: float | None = None
    error: np.ndarray | None = field(default=None, repr=False)
    transposed: bool = False
    time_first: tuple[bool, bool] = (False, False)
    gain: np.ndarray | None = field(default=None, repr=False)
    offset: np.ndarray | None = field(default=None, repr=False)
    a: Diagnosis | None = None
    b: Diagnosis | None = None
    matrices: tuple[np.ndarray, np.ndarray] = field(default=(np.empty((0, 0)), np.empty((0, 0))), repr=False)


def compare(
    a,
    b,
    signal=None,
    sample_rate: float | None = None,
    names: Names = ("the first", "the second"),
    time_limit: float | None = None,
    effort: float = 1.0,
) -> Comparison:
    """Two matrices of features of one clip: what differs, why, and what to change.

    Parameters
    ----------
    a, b : (n_rows, n_frames) or (n_frames, n_rows) real, or complex spectra, or vectors of statistics over time, (n,);
        axes of length 1 are removed, and channels, (n_channels, n_rows, n_frames) or (n_rows, n_frames, n_channels),
        are compared as further rows
    signal : (n,) real, the audio of both, or None
    sample_rate : Hz, with the signal
    names : what the two are called in the sentences
    time_limit, effort : for the search of each, as for identify

    Returns
    -------
    comparison : Comparison; a verdict above "unexplained" holds in every value that it does not name as an exception

    Raises
    ------
    ValueError  for features that are no finite matrix, a bad signal, a signal without its sample rate, or a time
        limit that is not positive.

    Source: signatures in closed form; the conventions of both.
    Checked: tests/test_doctor_compares.py, tests/test_doctor_compares_changed_files.py
    """
    if (signal is None) != (sample_rate is None):
        raise ValueError("a signal and its sample rate are needed together")
    found, matrices = compare_values(a, b, names)
    if signal is None or sample_rate is None or found.verdict == "equal" or any(map(is_constant, matrices)):
        return found
    of_a, of_b = (identify(one, signal, sample_rate, time_limit, effort) for one in matrices)
    if "unexplained" not in (of_a.verdict, of_b.verdict):
        if _is_named_by_rows(of_a) or _is_named_by_rows(of_b):
            return compare_stacks(found, of_a, of_b, names)
        return compare_conventions(replace(found, findings=()), of_a, of_b, signal, sample_rate, names)
    sentence = "the audio does not explain the difference: no known convention gives one of the two"
    return replace(found, findings=(*found.findings, sentence))


def compare_values(a, b, names: Names) -> tuple[Comparison, tuple[np.ndarray, np.ndarray]]:
    """(the comparison by the numbers alone, both as matrices)."""
    first, second = as_values(a, names[0], FIRST), as_values(b, names[1], SECOND)
    said = [step.sentence for step in (*first.steps, *second.steps)]
    matrices = (first.values, second.values)
    likeliest = next(orientations(first, second, names))
    constant = any(map(is_constant, matrices))
    explanation = None if constant else explain(first, second, names)
    shown = explanation or likeliest
    A, B = shown.a, shown.b
    for file, x in enumerate((A, B)):
        said += [step.sentence for step in of_one_file(x, names[file], file)]
    found = Comparison(
        "unexplained",
        (),
        remarks=tuple(said),
        distance=relative_distance(B, A) if A.shape == B.shape else None,
        error=A - B if A.shape == B.shape else None,
        transposed=shown.time_first[0] != shown.time_first[1],
        time_first=shown.time_first,
        matrices=(A, B),
    )
    if found.error is not None and np.abs(found.error).max() <= EQUAL * np.abs(B).max():
        turned = (f"{names[1]} has time on the other axis",) if found.transposed else ()
        findings = (*turned, "the values are equal to within float32 rounding")
        return replace(found, verdict="equal", findings=findings), matrices
    if constant:
        return found, matrices
    if explanation is None:
        seen, undecided = remaining(A, B, names)
        axes = [step.sentence for step in likeliest.steps]
        found = replace(found, findings=tuple(seen), undecided=(undecided,))
        if found.transposed:
            return replace(found, findings=(*axes, *found.findings)), matrices
        return replace(found, remarks=(*found.remarks, *axes)), matrices
    steps = [step for step in explanation.steps if step.sentence]
    findings = tuple(step.sentence for step in steps if not step.remark)
    if not any(not step.remark for step in steps):
        findings = ("the values are equal to within what float32 computations leave",)
    found = replace(
        found,
        verdict="partly explained" if any(step.partial for step in steps) else "explained",
        findings=findings,
        remarks=(*found.remarks, *(step.sentence for step in steps if step.remark)),
        change=changes_in_words(tuple(steps), names),
        gain=explanation.gain,
        offset=explanation.offset,
    )
    return found, matrices


def compare_conventions(
    found: Comparison, of_a: Diagnosis, of_b: Diagnosis, signal, sample_rate: float, names: Names
) -> Comparison:
    """The comparison by the conventions of both, what changes the shape or weighs most first."""
    compute = mfcc if of_a.kind == "mfcc" else log_mel
    base = compute(signal, sample_rate, of_a.convention)
    error = found.error
    differences: dict[str, tuple[Any, Any, float | None]] = {}
    shaping = set()  # the parameters that change the shape
    for parameter, (in_a, in_b) in diff(of_a.convention, of_b.convention).items():
        if in_b in of_a.unobservable.get(parameter, ()):
            continue
        try:
            changed = compute(signal, sample_rate, replace(of_a.convention, **{parameter: in_b}))
        except ValueError:
            changed = None
        share = None
        if changed is None or changed.shape != base.shape:
            shaping.add(parameter)
        elif error is not None:
            share = float(np.sqrt(np.sum((changed - base) ** 2) / np.sum(error**2)))
        differences[parameter] = (in_a, in_b, share)
    order = sorted(differences, key=lambda parameter: (parameter not in shaping, -(differences[parameter][2] or 0.0)))
    sentences = []
    if of_a.kind != of_b.kind:
        kinds = [f"{name} contains {kind_of_features(of.kind)}" for name, of in zip(names, (of_a, of_b), strict=True)]
        sentences.append(", while ".join(kinds))
    for parameter in order:
        in_a, in_b, share = differences[parameter]
        sentences.append(difference(parameter, in_a, in_b, *names) + _weight(parameter in shaping, share))
    for of, name in ((of_a, names[0]), (of_b, names[1])):
        if of.left_open:
            sentences.append(f"{name} is explained up to {of.left_open}")
        if of.change:
            sentences.append(f"{name}: {of.change}")
    return replace(
        found,
        findings=(*found.findings, *sentences),
        change=settings_in_words(differences, order, of_a.kind != of_b.kind, names),
        undecided=(),
        verdict="explained" if of_a.verdict == of_b.verdict == "exact" else "partly explained",
        differences={parameter: differences[parameter] for parameter in order},
        error=error,
        a=of_a,
        b=of_b,
    )


def compare_stacks(found: Comparison, of_a: Diagnosis, of_b: Diagnosis, names: Names) -> Comparison:
    """The comparison where a file holds several features, or statistics: what only one of the two has, by name."""
    rows = [of.notes if _is_named_by_rows(of) else (_rows_in_words(of),) for of in (of_a, of_b)]
    sides = ((rows[0], rows[1], names[0]), (rows[1], rows[0], names[1]))
    only = [f"{name}: {group}" for groups, other, name in sides for group in groups if group not in other]
    return replace(
        found,
        verdict="explained",
        findings=tuple(only) or found.findings,
        change="",
        remarks=(),  # on the axes, which the audio knows better
        undecided=(),
        distance=None,
        error=None,
        time_first=(of_a.transposed, of_b.transposed),
        matrices=(of_a.matrix, of_b.matrix),
        a=of_a,
        b=of_b,
    )


def _is_named_by_rows(of: Diagnosis) -> bool:
    """Whether the notes say what the numbers are, and not one convention."""
    return of.kind == "stack" or of.left_open == STATISTICS_LEFT_OPEN


def _rows_in_words(of: Diagnosis) -> str:
    n = len(of.matrix)
    return f"rows 0 to {n - 1}: {kind_of_features(of.kind)} of {of.nearest}"


def _weight(changes_shape: bool, share: float | None) -> str:
    if changes_shape:
        return ": changes the shape"
    return "" if share is None else f": accounts for {percent(share)} of the difference on its own"


def settings_in_words(differences, order: list[str], other_kind: bool, names: Names) -> str:
    """The parameters of one convention that give the other."""
    if not order or other_kind:
        return ""
    settings = [f"{parameter}={differences[parameter][1]!r}" for parameter in order[:MAX_PARAMETERS]]
    more = f" and {len(order) - MAX_PARAMETERS} more" if len(order) > MAX_PARAMETERS else ""
    return f"to get {names[1]} from the convention of {names[0]}: {', '.join(settings)}{more}"
