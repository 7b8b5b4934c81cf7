"""Invariant: Praat's features are named whether the preset or Praat's own rounding says where the frames begin."""

from dataclasses import replace

import numpy as np
import pytest

import dsp
from dsp.doctor import identify
from dsp.doctor.report import diagnosis_text

PRAAT = dsp.CONVENTIONS["praat"]


@pytest.fixture
def signal(utterance):
    """The utterance again and again, read at any rate."""
    return np.tile(utterance, 2)


def features(x, rate, window_s=0.015, hop_s=0.005, kind="mfcc"):
    """As test_praat_matches_parselmouth.py shows them to be Praat's."""
    c = replace(PRAAT, framing="valid", frame_length_s=2 * window_s, hop_length_s=2 * window_s, rounding="half up")
    return getattr(dsp, kind)(dsp.praat_frames(x, rate, 2 * window_s, hop_s), rate, c)


@pytest.mark.parametrize(
    ("n", "rate", "window_s", "hop_s", "kind"),
    [
        (15_998, 16_000, 0.015, 0.005, "mfcc"),
        (16_000, 16_000, 0.0125, 0.010, "log_mel"),
        (30_001, 44_100, 0.015, 0.005, "mfcc"),  # a hop of 220.5 samples
        (20_000, 22_050, 0.015, 0.010, "log_mel"),  # frames of 661.5
    ],
)
def test_its_own_rounding(n, rate, window_s, hop_s, kind, signal):
    x = signal[:n]
    found = identify(features(x, rate, window_s, hop_s, kind), x, rate)
    said = diagnosis_text(found)
    assert found.verdict == "exact" and found.nearest == "praat", said
    seconds = "" if (window_s, hop_s) == (0.015, 0.005) else f", {2 * window_s:g}, {hop_s:g}"
    assert f"x is dsp.praat_frames(x, sample_rate{seconds}): Praat rounds where each frame begins" in said
    again = getattr(dsp, kind)(dsp.praat_frames(x, rate, 2 * window_s, hop_s), rate, found.convention)
    np.testing.assert_allclose(again, features(x, rate, window_s, hop_s, kind), atol=1e-9)


def test_where_the_preset_gives_the_frames_nothing_is_added(signal):
    x = signal[:15_999]
    np.testing.assert_allclose(features(x, 16_000), dsp.mfcc(x, 16_000, "praat"), atol=1e-9)
    found = identify(features(x, 16_000), x, 16_000)
    assert found.verdict == "exact" and found.change is None and found.differences == {}


def test_frames_of_others_are_left_to_others(signal):
    """At 1 s, a hop of 10 ms gives Kaldi's 25 ms as many frames as Praat's."""
    x = signal[:16_000]
    found = identify(dsp.mfcc(x, 16_000, "kaldi"), x, 16_000)
    assert found.verdict == "exact" and found.nearest == "kaldi" and found.change is None
