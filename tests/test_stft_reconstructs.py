"""Invariants and closed forms: istft undoes stft; a sine stands in its bin; frames are what they say."""

import numpy as np
import pytest

import dsp

ATOL = 1e-13


@pytest.mark.parametrize(
    ("length", "hop", "n_fft"), [(64, 16, 64), (64, 32, 128), (50, 10, 50), (51, 17, 60), (64, 64, 64)]
)
@pytest.mark.parametrize("padding", [None, "zeros"])
def test_istft_undoes_stft(rng, length, hop, n_fft, padding):
    window = dsp.hamming(length, periodic=True)
    x = rng.standard_normal(10 * length)
    y = dsp.istft(dsp.stft(x, window, hop, n_fft, padding), window, hop, n_fft, padding)
    known = min(x.size, y.size)
    assert known >= x.size - max(hop, length)
    np.testing.assert_allclose(y[:known], x[:known], atol=ATOL)


@pytest.mark.parametrize("n", [640, 641, 655, 671, 1000])
@pytest.mark.parametrize(("window", "hop", "n_fft"), [(64, 16, 64), (64, 32, 64), (51, 17, 51), (64, 16, 128)])
def test_with_the_length_every_sample_comes_back(rng, n, window, hop, n_fft):
    """The tail after the last whole hop, too, which the frames alone do not tell."""
    w = dsp.hamming(window, periodic=True)
    x = rng.standard_normal(n)
    y = dsp.istft(dsp.stft(x, w, hop, n_fft, "zeros"), w, hop, n_fft, "zeros", length=n)
    if n_fft == window:
        np.testing.assert_allclose(y, x, atol=ATOL)
    assert y.size == n
    without = dsp.istft(dsp.stft(x, w, hop, n_fft, "zeros"), w, hop, n_fft, "zeros")
    np.testing.assert_array_equal(y[: without.size], without[:n])


def test_samples_that_no_frame_reaches_are_zero(rng):
    w = np.ones(8)
    x = 1 + rng.random(21)  # two frames of 8 fit, the last five samples lie in none
    y = dsp.istft(dsp.stft(x, w, 8), w, 8, length=21)
    np.testing.assert_allclose(y[:16], x[:16], atol=ATOL)
    assert y.size == 21 and not y[16:].any()
    assert dsp.istft(dsp.stft(x, w, 8), w, 8, length=5).size == 5


@pytest.mark.parametrize("length", [0, -3, 2.5, True])
def test_bad_lengths_are_refused(length):
    with pytest.raises(ValueError, match="length"):
        dsp.istft(np.ones((5, 3)), np.ones(8), 8, length=length)


def test_samples_under_no_window_come_back_as_zero(rng):
    x = 1 + rng.random(256)
    window = dsp.hann(64)  # begins and ends with 0
    y = dsp.istft(dsp.stft(x, window, 32), window, 32)
    assert y[0] == 0 and y[-1] == 0
    np.testing.assert_allclose(y[1:-1], x[1 : y.size - 1], atol=1e-10)


def test_every_column_is_the_dft_of_a_windowed_frame(rng):
    x, window = rng.standard_normal(500), dsp.hamming(48)
    X = dsp.stft(x, window, 20, 64)
    assert X.shape == (33, 1 + (500 - 48) // 20)
    for t in (0, 7, X.shape[1] - 1):
        frame = np.pad(x[20 * t : 20 * t + 48] * window, (0, 16))
        np.testing.assert_allclose(X[:, t], dsp.dft(frame)[:33], atol=ATOL)


def test_padding_centres_the_frames():
    impulse = np.zeros(1000)
    impulse[400] = 1
    power = np.abs(dsp.stft(impulse, dsp.hann(64, periodic=True), 40, padding="zeros")) ** 2
    assert power.sum(axis=0).argmax() == 10  # frame 10 is centred on sample 400
    assert power.shape == (33, 1 + 1000 // 40)


def test_a_sine_stands_in_its_bin():
    t = np.arange(2000) / 8000
    X = np.abs(dsp.stft(np.sin(2 * np.pi * 1000 * t), dsp.hann(256, periodic=True), 64))
    assert (X.argmax(axis=0) == 32).all()  # 1000 Hz * 256 / 8000 Hz
    np.testing.assert_allclose(X[32], 0.5 * 128, rtol=1e-12)  # half of the window's sum


def test_parseval(rng):
    x = rng.standard_normal(256)
    X = dsp.stft(x, np.ones(256), 256)[:, 0]
    energy = (np.abs(X) ** 2 * np.r_[1, 2 * np.ones(127), 1]).sum() / 256
    np.testing.assert_allclose(energy, (x**2).sum(), rtol=1e-14)
