"""What differs between two matrices of features, in the user's words; with the audio, by which parameters.

Without audio only what one matrix says about the other can be decided: numbers of frames and rows, gains and offsets of
all values or of rows, a shift in time, and which rows or frames differ at all.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from dsp.conventions import diff
from dsp.dct import lifter
from dsp.doctor.identify import Diagnosis, identify
from dsp.doctor.knowledge.phrases import difference
from dsp.doctor.search.interpretations import as_matrix
from dsp.doctor.search.residuals import CLASSES, distance, nearest, row_distance
from dsp.mfcc import log_mel, mfcc

EQUAL = 2e-6  # of the largest value: the rounding of float32
MOST_SHIFT = 5  # frames
OFFSETS = {  # of natural logarithms of powers
    2 * np.log(32768): "samples of 16 bits against -1 .. 1 (2 ln 32768)",
    np.log(32768): "magnitudes of samples of 16 bits against -1 .. 1 (ln 32768)",
    np.log(512): "a division by n_fft = 512 (ln 512)",
    np.log(400): "a division by n_fft = 400 (ln 400)",
    np.log(1024): "a division by n_fft = 1024 (ln 1024)",
    np.log(2048): "a division by n_fft = 2048 (ln 2048)",
    np.log(2): "twice the power: both sides of the spectrum against one (ln 2)",
}
GAINS = {
    10 / np.log(10): "decibels of power against natural logarithms (10 / ln 10)",
    20 / np.log(10): "20 log10 against natural logarithms (20 / ln 10)",
    1 / np.log(10): "logarithms to base 10 against natural ones (1 / ln 10)",
    10.0: "10 log10 against log10",
    20.0: "20 log10 against log10",
    2.0: "power against magnitude, or 20 log10 against 10 log10 of one spectrum",
}


@dataclass(frozen=True)
class Comparison:
    """What compare found.

    verdict    "equal", "explained" (every difference is named), "partly explained" or "unexplained"
    findings   sentences, what weighs most first
    undecided  what the numbers at hand cannot tell, as sentences
    parameters with audio: {parameter: (in a, in b, share)}; the share of the gap that this parameter alone makes, or
               None where it, or another, changes the shape
    gap        rms of a - b as a share of that of b about its mean; None where the shapes differ
    error      a - b where both have one shape, (n_rows, n_frames)
    a, b       with audio: what identify found of each
    """

    verdict: str
    findings: tuple[str, ...]
    undecided: tuple[str, ...] = ()
    parameters: dict = field(default_factory=dict)
    gap: float | None = None
    error: np.ndarray | None = field(default=None, repr=False)
    a: Diagnosis | None = None
    b: Diagnosis | None = None


def compare(
    a, b, signal=None, sample_rate: float | None = None, names=("the first", "the second"), seconds: float = 9.0
) -> Comparison:
    """Two matrices of features of one clip: what differs and why.

    Parameters
    ----------
    a, b : (n_rows, n_frames) or (n_frames, n_rows) real, or complex spectra
    signal : (n,) real, the audio of both, or None
    sample_rate : Hz, with the signal
    names : what the two are called in the sentences
    seconds : for each of both, time after which a search stops where it is

    Returns
    -------
    comparison : Comparison

    Raises
    ------
    ValueError  for features that are no finite matrix, a bad signal, or a signal without its sample rate.

    Source: signatures in closed form; the conventions of both. Checked: tests/test_doctor_compares.py
    """
    if (signal is None) != (sample_rate is None):
        raise ValueError("a signal and its sample rate are needed together")
    A, B = as_matrix(a), as_matrix(b)
    B, turned = _turned(A, B)
    findings = [f"{names[1]} has time on the other axis"] if turned else []
    error = A - B if A.shape == B.shape else None
    gap = None if error is None else distance(B, A)
    if error is not None and np.abs(error).max() <= EQUAL * np.abs(B).max():
        return Comparison("equal", (*findings, "the values are equal to the rounding of float32"), gap=gap, error=error)
    if signal is not None:
        both = (identify(a, signal, sample_rate, seconds), identify(b, signal, sample_rate, seconds))
        of_audio = _by_convention(both, signal, sample_rate, names, findings, gap, error)
        if of_audio is not None:
            return of_audio
        findings.append("the audio does not explain both: no known convention gives one of them")
    return _without_audio(A, B, names, findings, gap, error)


def _turned(A: np.ndarray, B: np.ndarray) -> tuple[np.ndarray, bool]:
    """B with the axes of A."""
    as_it_is = (A.shape[0] == B.shape[0]) + (A.shape[1] == B.shape[1])
    if (A.shape[0] == B.shape[1]) + (A.shape[1] == B.shape[0]) > as_it_is:
        return B.T, True
    return B, False


def _by_convention(both, signal, sample_rate, names, findings, gap, error) -> Comparison | None:
    """The comparison by the conventions of both; None if one is unexplained."""
    of_a, of_b = both
    if "unexplained" in (of_a.verdict, of_b.verdict):
        return None
    compute = mfcc if of_a.kind == "mfcc" else log_mel
    base = compute(signal, sample_rate, of_a.convention)
    if error is not None and of_a.transposed:
        error = error.T
    parameters, shaping = {}, set()  # those that change the shape
    for parameter, (in_a, in_b) in diff(of_a.convention, of_b.convention).items():
        if in_b in of_a.unobservable.get(parameter, ()):
            continue
        changed = _changed(compute, signal, sample_rate, of_a.convention, {parameter: in_b})
        if changed is None or changed.shape != base.shape:
            shaping.add(parameter)
        comparable = error is not None and parameter not in shaping
        share = float(np.sqrt(np.sum((changed - base) ** 2) / np.sum(error**2))) if comparable else None
        parameters[parameter] = (in_a, in_b, share)
    order = sorted(parameters, key=lambda parameter: (parameter not in shaping, -(parameters[parameter][2] or 0.0)))
    for parameter in order:
        in_a, in_b, share = parameters[parameter]
        findings.append(f"{difference(parameter, in_a, in_b, *names)}{_weight(parameter in shaping, share)}")
    for one, name in ((of_a, names[0]), (of_b, names[1])):
        if one.left_open:
            findings.append(f"{name} is explained up to {one.left_open}")
    if of_a.kind != of_b.kind:
        findings.insert(0, f"{names[0]} holds {said_kind(of_a.kind)}, {names[1]} {said_kind(of_b.kind)}")
    verdict = "explained" if of_a.verdict == of_b.verdict == "exact" else "partly explained"
    found = {parameter: parameters[parameter] for parameter in order}
    return Comparison(verdict, tuple(findings), (), found, gap, error, of_a, of_b)


def said_kind(kind: str) -> str:
    """A kind of features in words."""
    return "cepstra" if kind == "mfcc" else "bands or spectra"


def _changed(compute, signal, sample_rate, c, change: dict) -> np.ndarray | None:
    try:
        return compute(signal, sample_rate, replace(c, **change))
    except ValueError:
        return None


def _weight(shapes: bool, share: float | None) -> str:
    if shapes:
        return ": changes the shape"
    return "" if share is None else f": {share:.2g} of the gap by itself"


def _without_audio(A, B, names, findings, gap, error) -> Comparison:
    undecided = []
    if A.shape[0] != B.shape[0]:
        findings.append(
            f"{names[0]} has {A.shape[0]} rows, {names[1]} {B.shape[0]}: other numbers of bands or coefficients"
        )
        undecided.append("with other numbers of rows, values cannot be held against each other without the audio")
        return Comparison("partly explained", tuple(findings), tuple(undecided), gap=gap, error=error)
    if A.shape[1] != B.shape[1]:
        findings.append(_of_frames(A.shape[1], B.shape[1], names))
    A, B, shift = _aligned(A, B)
    if shift:
        later = names[0] if shift > 0 else names[1]
        findings.append(f"{later} runs {abs(shift)} frames late: other padding at the beginning, or a causal filter")
    explained = _of_values(A, B, names, findings)
    if not explained:
        undecided.append(
            "what is left after gains and offsets of rows "
            f"({row_distance(A, B):.2g} of the values) lies in frames, window, spectrum or filters: "
            "that cannot be told apart without the audio"
        )
    verdict = "explained" if explained and gap is not None else "partly explained" if findings else "unexplained"
    return Comparison(verdict, tuple(findings), tuple(undecided), gap=gap, error=error)


def _of_frames(a: int, b: int, names) -> str:
    few = abs(a - b) <= 6
    rule = (
        "other padding or another rule for the tail"
        if few
        else f"another hop: {max(a, b) / min(a, b):.3g} times as many"
    )
    return f"{names[0]} has {a} frames, {names[1]} {b}: {rule}"


def _aligned(A: np.ndarray, B: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """The common frames of both at the shift where their rows go together best; > 0: A is late."""
    best = None
    for shift in sorted(range(-MOST_SHIFT, MOST_SHIFT + 1), key=abs):
        a, b = A[:, max(0, shift) :], B[:, max(0, -shift) :]
        n = min(a.shape[1], b.shape[1])
        if n < 4:
            continue
        left = row_distance(a[:, :n], b[:, :n])
        if best is None or left < 0.7 * best[0]:
            best = (left, a[:, :n], b[:, :n], shift)
    return (A, B, 0) if best is None else best[1:]


def _of_values(A: np.ndarray, B: np.ndarray, names, findings: list) -> bool:
    """Adds what can be said of values of one shape; whether that is all."""
    limit = 20 * EQUAL * np.abs(B).max()
    differs = np.abs(A - B) > limit
    if not differs.any():
        return True
    rows, frames = differs.any(axis=1), differs.any(axis=0)
    if rows.sum() <= 2 and len(rows) > 4:
        return _of_rows(A, B, np.flatnonzero(rows), names, findings, limit)
    if frames.sum() <= max(2, 0.1 * len(frames)):
        return _of_some_frames(np.flatnonzero(frames), len(frames), findings)
    for name in CLASSES:
        fit = nearest(A, B, name)
        if np.abs(A - fit.fitted).max() <= limit * max(1, np.abs(fit.gain).max()):
            findings.append(f"equal up to {name}" + _signature(fit, name))
            return True
    return False


def _of_rows(A, B, rows, names, findings, limit) -> bool:
    for row in rows:
        gain = float(np.sum(A[row] * B[row]) / max(np.sum(B[row] ** 2), 1e-300))
        where = f"only row {row} differs"
        if np.abs(A[row] - gain * B[row]).max() <= limit:
            root = (
                " (HTK's c0 against the orthonormal one)"
                if min(abs(gain - 2**0.5), abs(gain - 0.5**0.5)) < 1e-4
                else ""
            )
            findings.append(f"{where}, by a factor of {gain:.5g}{root}")
        elif row in (0, len(A) - 1):
            findings.append(f"{where}, and not by a factor: c0 against the frame's energy, of {names[0]} or {names[1]}")
        else:
            findings.append(f"{where}, and not by a factor")
    return True


def _of_some_frames(frames, n_frames: int, findings) -> bool:
    first, last = int(frames.min()), int(frames.max())
    if last < 0.1 * n_frames or first > 0.9 * n_frames or all(f < 0.1 * n_frames or f > 0.9 * n_frames for f in frames):
        findings.append(
            f"only frames near the edges differ ({_listed(frames)}): other padding, or another first sample"
        )
    else:
        findings.append(
            f"only {len(frames)} frames differ ({_listed(frames)}): a floor, a range below the maximum, or dither"
        )
    return True


def _listed(frames) -> str:
    return ", ".join(str(f) for f in frames[:6]) + (" .." if len(frames) > 6 else "")


def _signature(fit, name: str) -> str:
    per_row, gain, offset = CLASSES[name]
    if per_row:
        return (
            _of_row_gains(fit.gain[:, 0]) if gain else ": mel filters of another height, or a mean that was taken off"
        )
    said = ""
    if gain:
        a = float(fit.gain[0, 0])
        said += f", gain {a:.6g}" + _known(a, GAINS, lambda x, y: x / y)
    if offset:
        b = float(fit.offset[0, 0])
        said += f", offset {b:.6g}" + _known(b, OFFSETS, lambda x, y: x / y)
    return said


def _known(value: float, table: dict, ratio) -> str:
    for known, meaning in table.items():
        for candidate in (known, 1 / known) if table is GAINS else (known, -known):
            if abs(ratio(value, candidate) - 1) < 1e-4:
                return f": {meaning}"
    return ""


def _of_row_gains(gain: np.ndarray) -> str:
    for length in range(2, 61):
        for first in (0, 1):
            weights = lifter(len(gain), length, first)
            if np.abs(weights).min() < 1e-9:
                continue
            for known, verb in ((weights, "is liftered"), (1 / weights, "is not liftered, the second is")):
                if np.allclose(gain / known, (gain / known)[-1], rtol=1e-4, atol=0):
                    return f": the first {verb} (length {length}, counted from {'one' if first else 'zero'})"
    return ": a lifter, another DCT, or a variance that was divided by"
