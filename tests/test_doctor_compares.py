"""Two matrices compared: with audio the parameters that differ, without it what the values alone show."""

from dataclasses import replace

import numpy as np
import pytest

import dsp
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor import compare

RATE = 16_000


@pytest.fixture(scope="module")
def kaldi(utterance):
    return dsp.log_mel(utterance, RATE, "kaldi")


def found_in(found, *words):
    return any(all(word in finding for word in words) for finding in found.findings)


def test_equal(kaldi):
    found = compare(kaldi, kaldi.T.astype(np.float32))
    assert found.verdict == "equal" and found.transposed and found_in(found, "time on the other axis")


def test_one_parameter_with_audio(utterance):
    """A symmetric window against a periodic one: its share is 1, since it makes the whole difference."""
    periodic = dsp.log_mel(utterance, RATE, replace(CONVENTIONS["kaldi"], window_symmetry="periodic"))
    found = compare(
        dsp.log_mel(utterance, RATE, "kaldi"), periodic, utterance, RATE, ("mine", "theirs"), time_limit=120
    )
    assert found.verdict == "explained"
    assert list(found.differences) == ["window_symmetry"]
    assert found.differences["window_symmetry"][2] == pytest.approx(1, abs=1e-6)
    assert found_in(found, "mine", "theirs", "symmetric", "periodic", "accounts for 100 % of the difference on its own")


def test_parameters_come_in_the_order_of_their_weight(utterance):
    other = replace(CONVENTIONS["kaldi"], window_symmetry="periodic", preemphasis=0.0)
    a, b = dsp.log_mel(utterance, RATE, "kaldi"), dsp.log_mel(utterance, RATE, other)
    found = compare(a, b, utterance, RATE, time_limit=120)
    assert list(found.differences) == ["preemphasis", "window_symmetry"]
    assert found.differences["preemphasis"][2] > 100 * found.differences["window_symmetry"][2]


def test_shapes_that_differ_with_audio(utterance):
    found = compare(
        dsp.mfcc(utterance, RATE, "kaldi"), dsp.mfcc(utterance, RATE, "spafe"), utterance, RATE, time_limit=120
    )
    assert found.verdict == "explained" and found.error is not None
    more = compare(
        dsp.log_mel(utterance, RATE, "kaldi"), dsp.log_mel(utterance, RATE, "spafe"), utterance, RATE, time_limit=120
    )
    assert more.distance is None and more.differences["n_mels"][2] is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m + 2 * np.log(32768), ("a constant offset", "16-bit")),
        (lambda m: m - np.log(512), ("a constant offset", "512")),
        (lambda m: m * 10 / np.log(10), ("a constant gain", "decibels of power")),
        (lambda m: (m + 2 * np.log(32768)) / np.log(10), ("gain and offset", "base 10")),
        (lambda m: m * dsp.lifter(len(m), 22)[:, None], ("a gain per row", "length 22", "c0 as 0")),
        (lambda m: m + np.arange(len(m))[:, None], ("an offset per row",)),
        (lambda m: np.concatenate([m[:1] * np.sqrt(2), m[1:]]), ("only row 0", "HTK")),
        (lambda m: np.concatenate([np.abs(m[:1]) ** 1.5, m[1:]]), ("only row 0", "energy")),
        (lambda m: np.concatenate([m[:, :1] + 3, m[:, 1:]], axis=1), ("near the edges",)),
        (lambda m: np.concatenate([m[:, :40], m[:, 40:42] + 3, m[:, 42:]], axis=1), ("only 2 frames",)),
        (lambda m: np.roll(m, 2, axis=1), ("lags by 2 frames",)),
    ],
)
def test_without_audio(change, words, kaldi):
    found = compare(change(kaldi), kaldi)
    assert found_in(found, *words), found.findings


def test_frame_counts_without_audio(utterance):
    inside = dsp.log_mel(utterance, RATE, "kaldi")
    mirrored = dsp.log_mel(utterance, RATE, replace(CONVENTIONS["kaldi"], framing="symmetric"))
    assert found_in(compare(mirrored, inside), "frames", "padding")
    often = dsp.log_mel(utterance, RATE, replace(CONVENTIONS["kaldi"], hop_length_s=0.005))
    assert found_in(compare(often, inside), "a different hop", "2")


def test_what_audio_would_decide_is_said(utterance, kaldi):
    rectangular = dsp.log_mel(utterance, RATE, replace(CONVENTIONS["kaldi"], window="rectangular"))
    found = compare(rectangular, kaldi)
    assert found.verdict == "unexplained" and "without the audio" in found.undecided[0]
    other_rows = compare(dsp.log_mel(utterance, RATE, "spafe"), kaldi)
    assert found_in(other_rows, "24 rows", "23")


def test_unexplained_with_audio(utterance, kaldi, rng):
    noise = rng.standard_normal(kaldi.shape)
    found = compare(noise, kaldi, utterance, RATE, time_limit=4)
    assert found.verdict in ("unexplained", "partly explained") and not found.differences
    assert found_in(found, "does not explain")


def test_a_signal_needs_its_rate(kaldi, utterance):
    with pytest.raises(ValueError, match="sample rate"):
        compare(kaldi, kaldi, utterance)
