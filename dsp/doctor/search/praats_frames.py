"""Praat's features where the rounding of Praat, not that of the preset, says at which sample each frame begins."""

from dataclasses import replace
from itertools import product

import numpy as np

from dsp.conventions.registry import CONVENTIONS
from dsp.doctor.search.changes import Altered, Change, Oriented
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.guesses import WORTH_FITTING, outcome_of_shape
from dsp.doctor.search.initial_guesses import adapt
from dsp.doctor.search.stage_cache import StageCache
from dsp.doctor.search.verdict import Outcome
from dsp.framing import first_sample, frame_count, praat_frames, praat_starts

PRAAT = CONVENTIONS["praat"]
WINDOWS_S = (0.015, 0.0125, 0.020, 0.025, 0.010)  # as Praat states them: half of a frame; its default first
MAX_SAMPLES = 30_000_000  # of all frames together: 240 MB
HOPS_S = (0.005, 0.010, 0.0025, 0.0125, 0.015, 0.020)


def search_praat(
    orientations: list[Oriented], cache: StageCache, eps: float, deadline: Deadline
) -> tuple[Outcome, Change] | None:
    """The outcome for Praat's own frames that explains the matrix, with a customary window and hop; None without one.

    Frames that the preset gives, too, are left to it.

    Checked: tests/test_doctor_knows_praats_frames.py
    """
    rate = cache.sample_rate
    for window_s, hop_s in product(WINDOWS_S, HOPS_S):
        length_s = 2 * window_s
        if hop_s * rate < 1:
            continue
        starts, length = praat_starts(cache.signal.size, rate, length_s, hop_s)
        fitting = [one for one in orientations if one.matrix.shape[1] == starts.size]
        if not fitting or starts.size * length > MAX_SAMPLES:
            continue
        if _are_the_presets(starts, length, cache.signal.size, rate, (length_s, hop_s)):
            continue
        frames = Altered.as_given(praat_frames(cache.signal, rate, length_s, hop_s))
        lengths = "" if (window_s, hop_s) == (WINDOWS_S[0], HOPS_S[0]) else f", {length_s:g}, {hop_s:g}"
        sentence = f"x is dsp.praat_frames(x, sample_rate{lengths}): Praat rounds where each frame begins"
        shape = replace(PRAAT, framing="valid", frame_length_s=length_s, hop_length_s=length_s, rounding="half up")
        for oriented in fitting:
            change = Change(sentence, frames, rate, oriented)
            for search in change.searches(deadline, eps):
                c = adapt(search, shape)
                if search.affine_distance(c) < WORTH_FITTING:
                    outcome = outcome_of_shape(search, c)
                    if outcome.explains():
                        return outcome, change
    return None


def _are_the_presets(
    starts: np.ndarray, length: int, n_samples: int, rate: float, seconds: tuple[float, float]
) -> bool:
    """Whether the preset's rule gives the same frames: whole lengths, and the later of two samples throughout."""
    length_s, hop_s = seconds
    hop = round(hop_s * rate)
    if abs(hop - hop_s * rate) > 1e-6 or abs(length - length_s * rate) > 1e-6:
        return False
    n_frames = frame_count(n_samples, length, hop, PRAAT.framing)
    first = first_sample(n_samples, length, hop, PRAAT.framing)
    return np.array_equal(starts, first + hop * np.arange(n_frames))
