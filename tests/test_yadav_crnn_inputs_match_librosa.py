"""Live oracles: librosa and SciPy, step by step in the CRNN paper's order. Promises: augmentation, z-score.

librosa keeps its mel bank in float32, and float32 is what comes out here: levels agree to 2e-5 dB.
"""

import librosa
import numpy as np
import pytest
from scipy import signal as scipy_signal

import dsp
from experiments.inputs.yadav_crnn import (
    COPIES,
    N_SAMPLES,
    ORIGINALS,
    WITH_COPIES,
    augmented,
    copies,
    fit_z_score,
    log_mel_of,
    originals,
    prepared,
)

RATE = 44_100
DB = 2e-5


@pytest.fixture
def between_silences(utterance, rng):
    """Speech of 16 kHz with a second of faint noise, 80 dB and more below it, on both sides."""
    faint = 3e-6 * rng.standard_normal(16_000)
    return np.concatenate([faint, utterance, faint[::-1]])


def their_level(clip: np.ndarray) -> np.ndarray:
    y = clip[:132_300]
    y = np.pad(y, (0, 132_300 - y.size))
    mel = librosa.feature.melspectrogram(
        y=y,
        sr=RATE,
        n_fft=2048,
        hop_length=512,
        window="hann",
        center=True,
        pad_mode="constant",
        n_mels=128,
        fmax=22_050,
        htk=True,
        norm="slaney",
    )
    return librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=80.0)


@pytest.mark.parametrize("seconds", [0.05, 1.0, 2.999, 3.0, 3.2, 5.0])
def test_log_mel(seconds, rng, utterance):
    n = round(seconds * RATE)
    x = dsp.resample(np.tile(utterance, 4), 16_000, RATE)[:n] + 1e-3 * rng.standard_normal(n)
    level = log_mel_of(x)
    assert level.shape == (1, 128, 259) and level.dtype == np.float32
    np.testing.assert_allclose(level[0], their_level(x), atol=DB)


def test_prepared(between_silences):
    x = dsp.resample(between_silences, 16_000, RATE)
    trimmed, index = librosa.effects.trim(x)
    assert 0 < index[0] and index[1] < x.size  # there was something to cut off
    clip = prepared(between_silences, 16_000)
    assert clip.shape == trimmed.shape
    np.testing.assert_allclose(clip, scipy_signal.wiener(trimmed, 3), atol=1e-12)
    filtered = scipy_signal.wiener(x, 3)[slice(*index)]
    assert np.abs(filtered - clip).max() > 1e-5  # the order is to be seen
    np.testing.assert_array_equal(originals(between_silences, 16_000), log_mel_of(clip))


@pytest.mark.parametrize("sample_rate", [16_000, 44_100, 48_000])
def test_every_rate_becomes_44_1_khz(sample_rate):
    x = np.sin(2 * np.pi * 1000 * np.arange(sample_rate) / sample_rate) * np.hanning(sample_rate)
    clip = prepared(x, sample_rate)
    assert abs(clip.size - RATE) <= 512
    spectrum = np.abs(np.fft.rfft(clip))
    assert abs(np.argmax(spectrum) * RATE / clip.size - 1000) < 3


def test_speech_of_16_khz_is_at_the_floor_above_8_khz(utterance):
    level = originals(utterance, 16_000)[0]
    centres = dsp.mel_to_hz(np.linspace(0, dsp.hz_to_mel(22_050, "htk"), 130)[1:-1], "htk")
    sounding = level[:, 20:60]
    assert (sounding[centres > 9000] < level.max() - 60).all() and (sounding[centres < 4000] > level.max() - 60).any()


def test_augmented(between_silences):
    clip = prepared(between_silences, 16_000)
    noisy, faster, slower, higher = augmented(clip, np.random.default_rng(5))
    draw = np.random.default_rng(5)
    u, g = draw.random(), draw.standard_normal(clip.size)
    np.testing.assert_allclose(noisy, clip + 0.1 * u * np.abs(clip).max() * g, atol=1e-15)
    assert faster.size == round(clip.size / 1.1) and slower.size == round(clip.size / 0.8)
    for stretched, rate in ((faster, 1.1), (slower, 0.8)):
        theirs = librosa.effects.time_stretch(clip, rate=rate)
        sure = slice(0, stretched.size - 1536 - round(512 / rate) - 1)  # see dsp.time_stretch
        np.testing.assert_allclose(stretched[sure], theirs[sure], atol=1e-9 * np.abs(clip).max())
    assert higher.size == clip.size


def test_higher_is_one_and_a_half_semitones():
    clip = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    higher = augmented(clip, np.random.default_rng(0))[3]
    spectrum = np.abs(np.fft.rfft(higher * np.hanning(higher.size), 8 * RATE))
    assert abs(12 * np.log2(np.argmax(spectrum) / 8 / 1000) - 1.5) < 0.01


def test_copies(between_silences):
    five = copies(between_silences, 16_000)
    assert five.shape == (5, 1, 128, 259) == WITH_COPIES.shape and five.dtype == np.float32
    assert len(COPIES) == 5 and COPIES[0] == "original"
    np.testing.assert_array_equal(five[0], ORIGINALS.features(between_silences, 16_000))
    clip = prepared(between_silences, 16_000)
    for level, rest in zip(five[2:], augmented(clip, np.random.default_rng(0))[1:], strict=True):
        np.testing.assert_array_equal(level, log_mel_of(rest))


def test_noise_depends_on_the_recording_alone(utterance):
    """Not on what was drawn before, by whom, or in which order: the same bits every time."""
    other = utterance[::-1].copy()
    first, second = copies(utterance, 16_000)[1], copies(other, 16_000)[1]
    np.random.seed(1)
    np.random.random(7)
    np.testing.assert_array_equal(copies(other, 16_000)[1], second)
    np.testing.assert_array_equal(copies(utterance.copy(), 16_000)[1], first)


def test_other_recordings_get_other_noise(utterance):
    """Two recordings that differ in one last bit: noise of another strength and shape."""
    changed = utterance.copy()
    changed[9000] += 2.0**-15
    one, two = copies(utterance, 16_000), copies(changed, 16_000)
    assert np.abs(one[0] - two[0]).mean() < 0.1 < np.abs(one[1] - two[1]).mean()


def test_z_score_is_fitted_on_training_examples_alone(rng):
    features = rng.normal(-30, 20, (10, 5, 1, 4, 6)).astype(np.float32)
    train, rest = np.array([0, 3, 4, 8]), np.array([1, 2, 5, 6, 7, 9])
    z_score = fit_z_score(features, train)
    assert abs(z_score.mean - features[train].mean(dtype=float)) < 1e-12
    assert abs(z_score.sd - features[train].std(dtype=float)) < 1e-12
    harmed = features.copy()
    harmed[rest] = np.nan
    assert fit_z_score(harmed, train) == z_score
    assert fit_z_score(features, np.arange(10)) != z_score
    for some in (train, rest):  # one rule for all of them
        scored = z_score(features[some])
        assert scored.dtype == np.float32 and scored.shape == features[some].shape
        np.testing.assert_allclose(scored, (features[some] - z_score.mean) / z_score.sd, atol=1e-5)
    scored = z_score(features[train]).astype(float)
    assert abs(scored.mean()) < 1e-6 and abs(scored.std() - 1) < 1e-6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: prepared(0 * x, 16_000), "silent: all .* samples are 0"),
        (lambda x: prepared(x[9000:9500], 16_000), "1379 samples at 44100 Hz between silences, fewer than a frame"),
        (lambda x: prepared(np.stack([x, x]), 16_000), "one channel"),
        (lambda x: fit_z_score(x, []), "without training examples"),
    ],
)
def test_what_cannot_be_used(call, message, utterance):
    with pytest.raises(ValueError, match=message):
        call(utterance)


def test_three_seconds_are_259_frames():
    assert N_SAMPLES == 3 * RATE and 1 + N_SAMPLES // 512 == 259
