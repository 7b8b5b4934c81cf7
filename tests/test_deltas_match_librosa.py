"""Live oracles: librosa.feature.delta, every edge rule and order; python_speech_features. Frozen: torchaudio."""

import librosa
import numpy as np
import pytest
import python_speech_features

import dsp
from tests.conftest import GOLDEN

ATOL = 1e-13
FLOAT32 = 2e-6  # of the largest value: torchaudio computes in float32


@pytest.mark.parametrize("width", [3, 5, 9, 11])
@pytest.mark.parametrize("order", [1, 2])
def test_librosa(rng, width, order):
    x = rng.standard_normal((13, 40))
    for edges, mode in (("interp", "interp"), ("replicate", "nearest")):
        expected = librosa.feature.delta(x, width=width, order=order, mode=mode)
        np.testing.assert_allclose(dsp.delta(x, width, edges, order), expected, atol=ATOL)


def test_python_speech_features(rng):
    x = rng.standard_normal((30, 13))
    for n in (1, 2, 4):
        ours = dsp.delta(x.T, 2 * n + 1, "replicate")
        np.testing.assert_allclose(ours, python_speech_features.delta(x, n).T, atol=ATOL)


def test_torchaudio():
    golden = np.load(GOLDEN / "features_torchaudio.npz")
    deltas = dsp.delta(golden["mfcc"], 5, "replicate")
    np.testing.assert_allclose(deltas, golden["deltas"], atol=FLOAT32 * np.abs(golden["deltas"]).max())


def test_slopes_and_curvatures_are_exact_for_polynomials():
    t = np.arange(30.0)
    np.testing.assert_allclose(dsp.delta(3 * t + 1, 9), 3, atol=ATOL)
    np.testing.assert_allclose(dsp.delta(2 * t**2, 9, order=2), 4, atol=1e-11)
    np.testing.assert_allclose(dsp.delta(t, 5, "replicate")[:3], [0.5, 0.8, 1.0], atol=ATOL)


@pytest.mark.parametrize("n_frames", [1, 2, 3])
def test_short_utterances_with_repeated_edges(rng, n_frames):
    x = rng.standard_normal((2, n_frames))
    assert dsp.delta(x, 9, "replicate").shape == x.shape


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dsp.delta(np.ones(20), 4), "width=4 is even"),
        (lambda: dsp.delta(np.ones(20), 1), "width=1"),
        (lambda: dsp.delta(np.ones(8), 9), "8 frames"),
        (lambda: dsp.delta(np.ones(20), 9, "wrap"), "wrap"),
        (lambda: dsp.delta(np.ones(20), 9, order=3), "order=3"),
        (lambda: dsp.delta(np.ones((3, 0)), 3), "shape"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
