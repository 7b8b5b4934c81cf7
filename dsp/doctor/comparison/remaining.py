"""What can be said of two matrices whose difference is not explained: their sizes, and how far they agree."""

import numpy as np

from dsp.doctor.comparison.extras import SAME_HOP
from dsp.doctor.comparison.frames import MIN_OVERLAP
from dsp.doctor.comparison.steps import Names, count
from dsp.doctor.knowledge.phrases import two_digits
from dsp.doctor.search.residuals import affine_distance

MAX_SHIFT = 5  # frames; more is no longer a matter of padding
CLEARLY_NEARER = 0.7  # a shift is believed if it brings the distance below this share of the unshifted one
UNRELATED = 0.85  # a distance from which rows do not follow each other at all


def remaining(A: np.ndarray, B: np.ndarray, names: Names) -> tuple[list[str], str]:
    """(findings, what is undecided) for two unexplained matrices with time last."""
    findings = []
    if len(A) != len(B):
        rows = f"{names[0]} has {len(A)} rows, while {names[1]} has {len(B)}"
        findings.append(f"{rows}: different numbers of bands or coefficients")
    if A.shape[1] != B.shape[1]:
        if len(A) == len(B):
            findings.append(f"both have {count(len(A), 'row')}")
        findings.append(frame_counts(A.shape[1], B.shape[1], names))
    if len(A) != len(B):
        return findings, "with different numbers of rows, the values cannot be compared without the audio"
    a, b, shift = common_frames(A, B)
    distance = affine_distance(a, b)
    if distance > UNRELATED:
        undecided = "the rows of the two do not follow each other: another clip, or another kind of features"
        return findings, undecided
    if shift:
        later = names[0] if shift > 0 else names[1]
        findings.append(f"{later} seems to lag by {count(abs(shift), 'frame')}: different padding at the start?")
    return findings, (
        f"a gain and an offset per row leave a relative RMS difference of {two_digits(distance)}: it comes from "
        "frames, window, spectrum or filters, which cannot be told apart without the audio"
    )


def frame_counts(a: int, b: int, names: Names) -> str:
    counts = f"{names[0]} has {a} frames, while {names[1]} has {b}"
    if abs(a - b) <= SAME_HOP:
        return f"{counts}: different padding, or another rule for the tail"
    return f"{counts}: a different hop, since one has {max(a, b) / min(a, b):.3g} times as many"


def common_frames(A: np.ndarray, B: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
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
    n = min(A.shape[1], B.shape[1])
    return (A[:, :n], B[:, :n], 0) if best is None else best[1:]
