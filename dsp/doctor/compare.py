"""What differs between two matrices of features, in words; with the audio, which parameters make the difference.

Without audio, only what the numbers themselves show can be decided: counts of frames and rows, gains and offsets of all
values or of rows, a shift in time, and which rows or frames differ at all.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dsp.conventions import diff
from dsp.dct import lifter
from dsp.doctor.identify import Diagnosis, identify
from dsp.doctor.knowledge.phrases import difference, kind_of_features, percent, two_digits
from dsp.doctor.search.interpretations import as_matrix
from dsp.doctor.search.residuals import CLASSES, TINY, Fit, affine_distance, fit_class, relative_distance
from dsp.mfcc import log_mel, mfcc

EQUAL = 2e-6  # of the largest value: about 2^-19, the rounding of float32 with sixteen steps of it to spare
TOLERANCE = 20 * EQUAL  # of the largest value: what two tools leave that compute one thing in float32
KNOWN_FACTOR = 1e-4  # a gain, an offset or a lifter is one of those below if it agrees to 1 in 10,000
MAX_SHIFT = 5  # frames; more is no longer a matter of padding
CLEARLY_NEARER = 0.7  # a shift is believed if it brings the distance below this share of the unshifted one
MIN_OVERLAP = 4  # frames: fewer fit each other after any gain and offset
SAME_HOP = 6  # frames by which the counts may differ under one hop: padding adds no more
FEW_ROWS = 2  # that differ are named one by one
EDGE = 0.1  # of the frames at either end; differences there come from padding
MAX_LISTED = 6  # frames

Names = tuple[str, str]

OFFSETS = {  # of natural logarithms of powers
    2 * np.log(32768): "16-bit samples against samples between -1 and 1, 2 ln 32768",
    np.log(32768): "magnitudes of 16-bit samples against samples between -1 and 1, ln 32768",
    np.log(512): "a division by n_fft = 512, ln 512",
    np.log(400): "a division by n_fft = 400, ln 400",
    np.log(1024): "a division by n_fft = 1024, ln 1024",
    np.log(2048): "a division by n_fft = 2048, ln 2048",
    np.log(2): "a doubled power of the one-sided spectrum, ln 2",
}
GAINS = {
    10 / np.log(10): "decibels of power against natural logarithms, 10 / ln 10",
    20 / np.log(10): "20 log10 against natural logarithms, 20 / ln 10",
    1 / np.log(10): "logarithms to base 10 against natural ones, 1 / ln 10",
    10.0: "10 log10 against log10",
    20.0: "20 log10 against log10",
    2.0: "power against magnitude, or 20 log10 against 10 log10 of one spectrum",
}


@dataclass(frozen=True)
class Comparison:
    """What compare found.

    verdict      "equal", "explained" (every difference is named), "partly explained" or "unexplained"
    findings     sentences, what matters most first
    undecided    what the numbers at hand cannot decide, as sentences
    differences  with audio: {parameter: (in a, in b, share)}; share is the size of the change that this parameter makes
                 on its own, relative to the whole difference, or None where it, or another, changes the shape
    distance     relative RMS difference: that of a - b, relative to b about its mean; None where the shapes differ
    error        a - b where both have one shape, (n_rows, n_frames)
    transposed   whether b has time on the other axis
    a, b         with audio: what identify found for each
    """

    verdict: str
    findings: tuple[str, ...]
    undecided: tuple[str, ...] = ()
    differences: dict[str, tuple[Any, Any, float | None]] = field(default_factory=dict)
    distance: float | None = None
    error: np.ndarray | None = field(default=None, repr=False)
    transposed: bool = False
    a: Diagnosis | None = None
    b: Diagnosis | None = None


def compare(
    a,
    b,
    signal=None,
    sample_rate: float | None = None,
    names: Names = ("the first", "the second"),
    time_limit: float | None = None,
) -> Comparison:
    """Two matrices of features of one clip: what differs and why.

    Parameters
    ----------
    a, b : (n_rows, n_frames) or (n_frames, n_rows) real, or complex spectra
    signal : (n,) real, the audio of both, or None
    sample_rate : Hz, with the signal
    names : what the two are called in the sentences
    time_limit : s for the search of each, as for identify

    Returns
    -------
    comparison : Comparison

    Raises
    ------
    ValueError  for features that are no finite matrix, a bad signal, a signal without its sample rate, or a time
        limit that is not positive.

    Source: signatures in closed form; the conventions of both. Checked: tests/test_doctor_compares.py
    """
    if (signal is None) != (sample_rate is None):
        raise ValueError("a signal and its sample rate are needed together")
    A, B = as_matrix(a), as_matrix(b)
    transposed = _is_transposed(A, B)
    B = B.T if transposed else B
    error = A - B if A.shape == B.shape else None
    distance = None if error is None else relative_distance(B, A)
    found = Comparison("unexplained", (), distance=distance, error=error, transposed=transposed)
    if transposed:
        found = _with_findings(found, f"{names[1]} has time on the other axis")
    if error is not None and np.abs(error).max() <= EQUAL * np.abs(B).max():
        return replace(_with_findings(found, "the values are equal to within float32 rounding"), verdict="equal")
    if signal is not None and sample_rate is not None:
        of_a, of_b = (identify(one, signal, sample_rate, time_limit) for one in (a, b))
        if "unexplained" not in (of_a.verdict, of_b.verdict):
            return compare_conventions(found, of_a, of_b, signal, sample_rate, names)
        sentence = "the audio does not explain the difference: no known convention gives one of the two"
        found = _with_findings(found, sentence)
    return compare_values(found, A, B, names)


def _with_findings(found: Comparison, *sentences: str) -> Comparison:
    return replace(found, findings=(*found.findings, *sentences))


def _is_transposed(A: np.ndarray, B: np.ndarray) -> bool:
    """Whether the axes of B fit those of A better the other way round."""
    as_it_is = (A.shape[0] == B.shape[0]) + (A.shape[1] == B.shape[1])
    return (A.shape[0] == B.shape[1]) + (A.shape[1] == B.shape[0]) > as_it_is


def compare_conventions(
    found: Comparison, of_a: Diagnosis, of_b: Diagnosis, signal, sample_rate: float, names: Names
) -> Comparison:
    """The comparison by the conventions of both, what changes the shape or weighs most first."""
    compute = mfcc if of_a.kind == "mfcc" else log_mel
    base = compute(signal, sample_rate, of_a.convention)
    error = found.error.T if found.error is not None and of_a.transposed else found.error
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
    return replace(
        _with_findings(found, *sentences),
        verdict="explained" if of_a.verdict == of_b.verdict == "exact" else "partly explained",
        differences={parameter: differences[parameter] for parameter in order},
        error=error,
        a=of_a,
        b=of_b,
    )


def _weight(changes_shape: bool, share: float | None) -> str:
    if changes_shape:
        return ": changes the shape"
    return "" if share is None else f": accounts for {percent(share)} of the difference on its own"


def compare_values(found: Comparison, A: np.ndarray, B: np.ndarray, names: Names) -> Comparison:
    """The comparison by the numbers alone."""
    if A.shape[0] != B.shape[0]:
        rows = f"{names[0]} has {A.shape[0]} rows, while {names[1]} has {B.shape[0]}"
        return replace(
            _with_findings(found, f"{rows}: different numbers of bands or coefficients"),
            verdict="partly explained",
            undecided=("with different numbers of rows, the values cannot be compared without the audio",),
        )
    same_frames = A.shape[1] == B.shape[1]
    if not same_frames:
        found = _with_findings(found, _frame_counts(A.shape[1], B.shape[1], names))
    A, B, shift = _align(A, B)
    if shift:
        later, frames = names[0] if shift > 0 else names[1], "1 frame" if abs(shift) == 1 else f"{abs(shift)} frames"
        found = _with_findings(found, f"{later} lags by {frames}: different padding at the start, or a causal filter")
    sentences = _explain_values(A, B, names)
    if sentences is None:
        remaining = (
            f"a gain and an offset per row leave a relative RMS difference of {two_digits(affine_distance(A, B))}: it "
            "comes "
            "from frames, window, spectrum or filters, which cannot be told apart without the audio"
        )
        verdict = "partly explained" if found.findings else "unexplained"
        return replace(found, verdict=verdict, undecided=(remaining,))
    found = _with_findings(found, *sentences)
    if same_frames:
        return replace(found, verdict="explained")
    return replace(found, verdict="partly explained")


def _frame_counts(a: int, b: int, names: Names) -> str:
    counts = f"{names[0]} has {a} frames, while {names[1]} has {b}"
    if abs(a - b) <= SAME_HOP:
        return f"{counts}: different padding, or another rule for the tail"
    return f"{counts}: a different hop, since one has {max(a, b) / min(a, b):.3g} times as many"


def _align(A: np.ndarray, B: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """The common frames of both at the shift where their rows fit best; a positive shift means that A lags."""
    best = None
    for shift in sorted(range(-MAX_SHIFT, MAX_SHIFT + 1), key=abs):
        a, b = A[:, max(0, shift) :], B[:, max(0, -shift) :]
        n = min(a.shape[1], b.shape[1])
        if n < MIN_OVERLAP:
            continue
        distance = affine_distance(a[:, :n], b[:, :n])
        if best is None or distance < CLEARLY_NEARER * best[0]:
            best = (distance, a[:, :n], b[:, :n], shift)
    return (A, B, 0) if best is None else best[1:]


def _explain_values(A: np.ndarray, B: np.ndarray, names: Names) -> list[str] | None:
    """Sentences that explain all differences between two matrices of one shape; None if nothing does."""
    limit = TOLERANCE * np.abs(B).max()
    differs = np.abs(A - B) > limit
    if not differs.any():
        return []
    rows, frames = differs.any(axis=1), differs.any(axis=0)
    if rows.sum() <= FEW_ROWS and len(rows) > 2 * FEW_ROWS:
        return [_row_difference(A, B, row, names, limit) for row in map(int, np.flatnonzero(rows))]
    if frames.sum() <= max(2, EDGE * len(frames)):
        return [_frame_difference(np.flatnonzero(frames), len(frames))]
    for name in CLASSES:
        fit = fit_class(A, B, name)
        if np.abs(A - fit.fitted).max() <= limit * max(1, np.abs(fit.gain).max()):
            return [f"equal up to {name}{_cause_of_class(fit, name, names)}"]
    return None


def _row_difference(A: np.ndarray, B: np.ndarray, row: int, names: Names, limit: float) -> str:
    gain = float(np.sum(A[row] * B[row]) / max(np.sum(B[row] ** 2), TINY))
    differs = f"only row {row} differs"
    if np.abs(A[row] - gain * B[row]).max() <= limit:
        is_htk = min(abs(gain - 2**0.5), abs(gain - 0.5**0.5)) < KNOWN_FACTOR
        return f"{differs}, by a factor of {gain:.5g}" + (" (HTK's c0 against an orthonormal one)" if is_htk else "")
    if row in (0, len(A) - 1):
        return f"{differs}, not by a factor: one of {names[0]} and {names[1]} may have c0 there, the other an energy"
    return f"{differs}, not by a factor"


def _frame_difference(frames: np.ndarray, n_frames: int) -> str:
    listed = ", ".join(map(str, frames[:MAX_LISTED])) + (", ..." if len(frames) > MAX_LISTED else "")
    if ((frames < EDGE * n_frames) | (frames > (1 - EDGE) * n_frames)).all():
        return f"only frames near the edges differ ({listed}): different padding, or another first sample"
    differ = "1 frame differs" if len(frames) == 1 else f"{len(frames)} frames differ"
    return f"only {differ} ({listed}): a floor, a limited dynamic range, or dither"


def _cause_of_class(fit: Fit, name: str, names: Names) -> str:
    per_row, has_gain, has_offset = CLASSES[name]
    if per_row:
        return (
            _cause_of_row_gains(fit.gain[:, 0], names)
            if has_gain
            else ": mel filters of another height, or a mean subtracted"
        )
    parts = []
    if has_gain:
        gain = float(fit.gain[0, 0])
        parts.append(f"gain {gain:.6g}{_known_cause(gain, GAINS, inverse=lambda x: 1 / x)}")
    if has_offset:
        offset = float(fit.offset[0, 0])
        parts.append(f"offset {offset:.6g}{_known_cause(offset, OFFSETS, inverse=lambda x: -x)}")
    return ": " + ", ".join(parts)


def _known_cause(value: float, causes: dict[float, str], inverse) -> str:
    for known, cause in causes.items():
        if any(abs(value / candidate - 1) < KNOWN_FACTOR for candidate in (known, inverse(known))):
            return f" ({cause})"
    return ""


def _cause_of_row_gains(gain: np.ndarray, names: Names) -> str:
    for length in range(2, 61):
        for first in (0, 1):
            weights = lifter(len(gain), length, first)
            if np.abs(weights).min() < 1e-9:
                continue
            for known, name in ((weights, names[0]), (1 / weights, names[1])):
                if np.allclose(gain / known, (gain / known)[-1], rtol=KNOWN_FACTOR, atol=0):
                    return f": {name} applies a sine lifter of length {length} that counts c0 as {first}"
    return ": a lifter, another DCT, or a division by the standard deviation"
