"""Live oracle: librosa, called as the EMO-DB paper's code calls it. Closed form: windows. Published: segment counts.

librosa keeps its mel bank in float32, and float32 is what comes out here: levels of up to 100 dB agree to 1e-5.
"""

import librosa
import numpy as np
import pytest

from experiments.data.corpora import Corpus, CorpusError, emodb
from experiments.inputs.dey_emodb import (
    MEL_2D_SIGN,
    MEL_2D_Z_SCORE,
    MEL_SEGMENTS,
    mel_2d,
    mel_segments,
    windows_1d,
    windows_of,
)

RATE = 16_000
DB = 2e-5


def speech(utterance):
    return utterance


def longer_than_8_s(utterance):
    return np.tile(utterance, 9)[: 9 * RATE]


def begins_and_ends_loud(utterance):  # what the mirrored edges are about
    return np.cos(np.arange(128_000) * 0.2) * 0.5 + 0.01 * longer_than_8_s(utterance)[:128_000]


def louder_than_80_db(utterance):
    return utterance * 2000


def mostly_negative(utterance):
    return np.minimum(utterance, 0.2 * utterance.max())


def quiet(utterance):  # without the division power_to_db's floor of 1e-10 would be 40 dB below the loudest band
    return utterance * 1e-4


SIGNALS = [speech, longer_than_8_s, begins_and_ends_loud, louder_than_80_db]


def level_2d(x: np.ndarray) -> np.ndarray:
    """As written for librosa 0.8, whose melspectrogram mirrors the edges."""
    x = np.pad(x[: 8 * RATE], (0, max(0, 8 * RATE - x.size)))
    mel = librosa.feature.melspectrogram(y=x, sr=RATE, n_fft=2048, hop_length=512, n_mels=128, pad_mode="reflect")
    return librosa.amplitude_to_db(mel)


@pytest.mark.parametrize("make", SIGNALS)
def test_mel_2d(make, utterance):
    x = make(utterance)
    level = level_2d(x)
    assert level.shape == (128, 251)
    image = mel_2d(x, "z-score")
    assert image.shape == (1, 128, 251) and image.dtype == np.float32
    np.testing.assert_allclose(image[0], (level - level.mean()) / level.std(), atol=DB)

    stacked = level[None, :, :, None]  # as Keras gets it: one channel, last
    length = np.linalg.norm(stacked, ord=2, axis=-1, keepdims=True)
    length[length == 0] = 1
    normalized = (stacked / length)[0, :, :, 0]  # keras.utils.normalize
    mask = mel_2d(x)
    assert mask.shape == (1, 128, 251) and mask.dtype == np.float32
    certain = np.abs(level) > 1e-4
    assert certain.mean() > 0.99
    np.testing.assert_array_equal(mask[0][certain], normalized[certain])
    np.testing.assert_array_equal(mask[0][certain], np.sign(level)[certain])


def test_the_edges_are_mirrored(utterance):
    """What the oracle's pad_mode is good for: zeros there give another first frame."""
    x = begins_and_ends_loud(utterance)
    zeros = librosa.amplitude_to_db(librosa.feature.melspectrogram(y=x, sr=RATE, pad_mode="constant"))
    assert np.abs(zeros - level_2d(x))[:, 0].max() > 1


def test_appended_zeros_are_minus_one_unless_the_level_exceeds_80_db(utterance):
    assert (mel_2d(utterance)[0, :, -1] == -1).all()
    assert (mel_2d(louder_than_80_db(utterance))[0, :, -1] == 1).all()


@pytest.mark.parametrize("make", [*SIGNALS, mostly_negative, quiet])
def test_mel_segments(make, utterance):
    x = make(utterance)
    y = x[:56_000]
    y = np.pad(y / max(y), (0, 56_000 - y.size))
    mel = librosa.feature.melspectrogram(y=y, sr=RATE, n_fft=512, hop_length=256, n_mels=128, pad_mode="constant")
    level = librosa.power_to_db(mel, ref=np.max)
    assert level.shape == (128, 219)
    pieces, k = [], 0
    while not k + 5 >= 94:  # the paper's code
        pieces.append(level[:, k : k + 5])
        k += 5
    segments = mel_segments(x)
    assert segments.shape == (18, 1, 128, 5) and segments.dtype == np.float32
    np.testing.assert_allclose(segments[:, 0], np.array(pieces), atol=DB)


def test_which_maximum_divides_does_not_matter(utterance):
    """Levels are relative to the loudest band. Even a click of magnitude 1 is 80 dB above the floor of 1e-10."""
    click = np.where(np.arange(56_000) == 128, 1.0, 0.0)  # as far from the centres of two frames as can be
    assert librosa.feature.melspectrogram(y=click, sr=RATE, n_fft=512, hop_length=256).max() > 1e-2
    x = mostly_negative(utterance)
    assert x.max() < 0.5 * np.abs(x).max()
    y = np.pad(x / np.abs(x).max(), (0, 56_000 - x.size))
    mel = librosa.feature.melspectrogram(y=y, sr=RATE, n_fft=512, hop_length=256, pad_mode="constant")
    level = librosa.power_to_db(mel, ref=np.max)
    np.testing.assert_allclose(mel_segments(x)[0, 0], level[:, :5], atol=DB)


@pytest.mark.parametrize(
    ("n", "n_windows"),
    [
        (1, 1),
        (15_998, 1),
        (15_999, 1),
        (16_000, 1),
        (16_001, 2),
        (23_999, 2),
        (24_000, 2),
        (24_001, 3),
        (31_999, 3),
        (32_000, 3),
        (32_001, 4),
    ],
)
def test_windows(n, n_windows, rng):
    x = rng.standard_normal(n) + 2
    s = x / np.sqrt(np.mean(x**2))
    windows = windows_1d(x)
    assert windows.shape == (n_windows, 1, 16_000) and windows.dtype == np.float32
    expected, start = [], 0
    if n < 16_000:
        before = (16_000 - n) // 2
        expected.append(np.concatenate([np.zeros(before), s, np.zeros(16_000 - n - before)]))
    else:
        while start + 16_000 < n:
            expected.append(s[start : start + 16_000])
            start += 8_000
        rest = s[start:]
        expected.append(np.concatenate([rest, np.zeros(16_000 - rest.size)]))
    np.testing.assert_array_equal(windows[:, 0], np.array(expected, np.float32))
    assert not n > 16_000 or windows[-1, 0, 0] != 0  # no window of nothing but zeros


def test_a_short_utterance_stands_in_the_middle():
    window = windows_1d(np.ones(10_001))[0, 0]
    assert np.flatnonzero(window).tolist() == list(range(2999, 13_000))


def test_windows_have_the_power_of_the_utterance(utterance):
    np.testing.assert_allclose(windows_1d(utterance), windows_1d(utterance * 7), atol=1e-6)
    x = np.tile(utterance, 2)[:24_000]
    whole = np.concatenate([windows_1d(x)[0, 0, :8000], windows_1d(x)[1, 0]])
    assert abs(np.mean(whole.astype(float) ** 2) - 1) < 1e-6


def test_windows_of_a_corpus(write_wav, utterance):
    paths = (write_wav("a.wav", utterance[:9000]), write_wav("b.wav", utterance[:16_500]))
    windows, files = windows_of(Corpus("made up", ("x",), paths, np.zeros(2, int)))
    assert files.tolist() == [0, 1, 1] and windows.shape == (3, 1, 16_000)
    np.testing.assert_allclose(windows[1:], windows_1d(np.round(utterance[:16_500] * 32_768) / 32_768), atol=1e-6)
    bad = (*paths, write_wav("c.wav", utterance, 8000), write_wav("d.wav", np.zeros(20_000)))
    with pytest.raises(CorpusError, match=r"c.wav: 8000 Hz; .* 16000 Hz, .* \(and 1 more bad files\)"):
        windows_of(Corpus("made up", ("x",), bad, np.zeros(4, int)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: mel_2d(x, "l2"), "normalize='l2' is neither sign nor z-score"),
        (lambda x: mel_2d(0 * x), "silent: all"),
        (lambda x: mel_2d(np.full(9, np.nan)), "nan"),
        (lambda x: mel_segments(0 * x), "silent: all"),
        (lambda x: mel_segments(np.concatenate([np.zeros(56_000), x])), "silent: all 56000"),
        (lambda x: mel_segments(-np.abs(x) - 0.1), "no sample is positive"),
        (lambda x: windows_1d(0 * x), "silent: all"),
        (lambda x: MEL_2D_SIGN.features(x, 8000), "8000 Hz; the networks need 16000 Hz"),
    ],
)
def test_what_cannot_be_used(call, message, utterance):
    with pytest.raises(ValueError, match=message):
        call(utterance)


def test_front_ends(utterance):
    np.testing.assert_array_equal(MEL_2D_SIGN.features(utterance, RATE), mel_2d(utterance, "sign"))
    np.testing.assert_array_equal(MEL_2D_Z_SCORE.features(utterance, RATE), mel_2d(utterance, "z-score"))
    np.testing.assert_array_equal(MEL_SEGMENTS.features(utterance, RATE), mel_segments(utterance))


@pytest.mark.corpus
def test_the_published_numbers_of_windows(corpora):
    """Per class, in name order: round(0.8 n) for training, of which the last round(0.2 .) are for validation."""
    corpus = emodb(corpora / "emodb")
    _, files = windows_of(corpus)
    of_file = np.bincount(files)
    utterances, windows = np.zeros(3, int), np.zeros(3, int)
    for label in range(len(corpus.classes)):
        of_class = np.flatnonzero(corpus.labels == label)
        t = round(0.8 * of_class.size)
        v = round(0.2 * t)
        for side, part in enumerate((of_class[: t - v], of_class[t - v : t], of_class[t:])):
            utterances[side] += part.size
            windows[side] += of_file[part].sum()
    assert utterances.tolist() == [344, 85, 106]
    assert windows.tolist() == [1733, 416, 561]  # published: 416 and 561; training 55 batches of 32
    assert -(-windows[0] // 32) == 55
