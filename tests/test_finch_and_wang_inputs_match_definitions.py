"""What the last two papers' networks see, beside SciPy, the textbook lane and NumPy; what they refuse."""

import numpy as np
import pytest
from scipy import signal as scipy_signal

import dsp
from experiments.inputs import finch_dycnn, wang_cl
from experiments.inputs.finch_dycnn import FEATURES, FRAMES, fit_row_z_score

RATE = 16_000


def speech(seconds: float, seed: int = 0) -> np.ndarray:
    n = np.arange(int(seconds * RATE))
    rng = np.random.default_rng(seed)
    return 0.3 * np.sin(2 * np.pi * (200 + 50 * np.sin(n / 3000)) * n / RATE) + 0.01 * rng.standard_normal(n.size)


@pytest.mark.parametrize("name, kind", [("mfcc", "mfcc"), ("log-mel", "log_mel")])
@pytest.mark.parametrize("seconds, frames", [(1.0, 98), (4.0, 300)])
def test_finch_rows_are_the_textbook_s(name, kind, seconds, frames):
    x = speech(seconds)
    image = FEATURES[name].features(x, RATE)
    assert image.shape == (1, 300, 39) and image.dtype == np.float32
    expected = getattr(dsp, kind)(x, RATE, FEATURES[name].convention)
    assert expected.shape[0] == 39 and min(expected.shape[1], 300) == frames
    np.testing.assert_allclose(image[0, :frames].T, expected[:, :frames], rtol=1e-5, atol=1e-5)
    assert np.isnan(image[0, frames:]).all()


def test_finch_cepstra_step_by_step():
    """From the samples on in NumPy and SciPy: statics and deltas of the paper's words."""
    x = speech(0.5)
    y = np.append(x[0], x[1:] - 0.97 * x[:-1])
    frames = np.lib.stride_tricks.sliding_window_view(y, 400)[::160] * np.hamming(400)
    power = np.abs(np.fft.rfft(frames, 512)) ** 2
    c = FEATURES["mfcc"].convention
    bank = dsp.mel_filterbank(40, 512, RATE, scale="htk", norm=None)
    log_mel = np.log(np.maximum(power @ bank.T, c.floor))
    from scipy.fft import dct

    statics = dct(log_mel, norm="ortho")[:, :13]
    padded = np.pad(statics, ((2, 2), (0, 0)), mode="edge")
    deltas = (padded[3:-1] - padded[1:-3] + 2 * (padded[4:] - padded[:-4])) / 10
    image = FEATURES["mfcc"].features(x, RATE)[0, : len(statics)]
    np.testing.assert_allclose(image[:, :13], statics, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(image[:, 13:26], deltas, rtol=1e-4, atol=1e-4)


def test_row_z_score_is_of_training_frames_alone():
    images = np.stack([FEATURES["mfcc"].features(speech(s, k), RATE) for k, s in enumerate((1.0, 2.0, 4.0))])
    z_score = fit_row_z_score(images, [0, 1])
    y = z_score(images)
    frames = y[:2].reshape(-1, 39)[~np.isnan(images[:2].reshape(-1, 39)[:, 0])]
    np.testing.assert_allclose(frames.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(frames.std(0), 1, rtol=1e-4)
    assert not y[0, 0, 98:].any() and y.dtype == np.float32 and y.shape == images.shape
    changed = images.copy()
    changed[2] += 100
    np.testing.assert_array_equal(fit_row_z_score(changed, [0, 1]).mean, z_score.mean)
    with pytest.raises(ValueError, match="without training examples"):
        fit_row_z_score(images, [])


def wang_by_hand(x) -> tuple[np.ndarray, np.ndarray]:
    """Spectrogram and MFCC before scaling, (n_frames, 128) and (n_frames, 13), by SciPy."""
    y = np.append(x[0], x[1:] - 0.97 * x[:-1])
    _, _, spectrum = scipy_signal.stft(
        y, window=scipy_signal.get_window("hamming", 512, fftbins=False), nperseg=512, noverlap=256, boundary=None,
        padded=False, scaling="spectrum",
    )  # fmt: skip
    power = np.abs(spectrum * np.hamming(512).sum()) ** 2
    pairs = (power[1:].reshape(128, 2, -1)).mean(1)
    cepstra = dsp.mfcc(x, RATE, wang_cl.CEPSTRA)
    return 10 * np.log10(np.maximum(pairs, 1e-10)).T, cepstra.T


def min_max(x):
    return (x - x.min()) / (x.max() - x.min())


@pytest.mark.parametrize("seconds", [1.0, 2.064, 4.0])
def test_wang_first_frames(seconds):
    x = speech(seconds)
    found = wang_cl.FEATURES["first-frames"].features(x, RATE)
    assert found.shape == (128, 141) and found.dtype == np.float32
    level, cepstra = (feature[:128] for feature in wang_by_hand(x))
    n = len(level)
    assert n == min(128, 1 + (x.size - 512) // 256)
    np.testing.assert_allclose(found[:n, :128], min_max(level), atol=1e-5)
    np.testing.assert_allclose(found[:n, 128:], min_max(cepstra), atol=1e-5)
    assert not found[n:].any()


@pytest.mark.parametrize("seconds", [0.04, 1.0, 4.0])
def test_wang_whole_clip(seconds):
    x = speech(seconds)
    found = wang_cl.FEATURES["whole-clip"].features(x, RATE)
    level, cepstra = wang_by_hand(x)
    for columns, feature in ((slice(0, 128), level), (slice(128, 141), cepstra)):
        places = np.arange(128) * (len(feature) - 1) / 127
        before = np.minimum(places.astype(int), max(len(feature) - 2, 0))
        share = (places - before)[:, None]
        after = np.minimum(before + 1, len(feature) - 1)
        expected = min_max(feature[before] * (1 - share) + feature[after] * share)
        np.testing.assert_allclose(found[:, columns], expected, atol=1e-5)


ALL = [*finch_dycnn.FEATURES.values(), *wang_cl.FEATURES.values()]


@pytest.mark.parametrize("front_end", ALL, ids=lambda front_end: front_end.name)
@pytest.mark.parametrize(
    "x, rate, message",
    [
        (np.zeros(RATE), RATE, "silent"),
        (speech(1.0), 44_100, "44100 Hz; the networks need 16000 Hz"),
        (np.append(speech(1.0), np.nan), RATE, "finite"),
        (speech(0.02), RATE, "320 samples give no frame of"),
    ],
)
def test_refused(front_end, x, rate, message):
    with pytest.raises(ValueError, match=message):
        front_end.features(x, rate)


@pytest.mark.parametrize("front_end", ALL, ids=lambda front_end: front_end.name)
def test_as_the_cache_takes_them(front_end):
    found = front_end.features(speech(1.0), RATE)
    assert found.shape == front_end.shape and found.dtype == np.float32
    assert front_end.identity() == front_end.identity() and FRAMES == 300


def test_unknown_length():
    with pytest.raises(ValueError, match="neither 'first-frames' nor 'whole-clip'"):
        wang_cl.inputs(speech(1.0), RATE, "half")
