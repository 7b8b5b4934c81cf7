"""Two readings, one truth: the compiled lane against the textbook lane on signals and sizes of every kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dsp
from spectrogram_images import imresize, ind2rgb, jet, render, render_by_definition, round_half_away, to_uint8
from spectrogram_images.kernels import colour_and_resize

DECIBELS = 1e-9  # at the level of the frame; float64 leaves about 1e-13


@settings(max_examples=60, deadline=None)
@given(
    n_fft_log2=st.integers(3, 11),
    window_share=st.floats(0.05, 1),
    hop_share=st.floats(0.05, 1),
    n_frames=st.integers(1, 40),
    extra=st.integers(0, 200),
    seed=st.integers(0, 2**32 - 1),
)
def test_log_spectrogram(n_fft_log2, window_share, hop_share, n_frames, extra, seed):
    rng = np.random.default_rng(seed)
    n_fft = 2**n_fft_log2
    length = max(1, int(window_share * n_fft))
    hop = max(1, int(hop_share * length))
    x = rng.standard_normal(length + (n_frames - 1) * hop + extra % hop)
    window = rng.random(length) + 0.1
    fast = dsp.log_spectrogram(x, window, length - hop, n_fft, offset=1e-10)
    slow = dsp.amplitude_to_db(np.abs(dsp.stft(x, window, hop, n_fft)), offset=1e-10)
    assert fast.shape == slow.shape == (n_fft // 2 + 1, n_frames)
    # A deep null has no digits left in either: compare amplitudes there, levels elsewhere.
    difference = np.abs(10 ** (fast / 20) - 10 ** (slow / 20)).max(axis=0)
    assert (difference <= 1e-14 * 10 ** (slow / 20).max(axis=0) + 1e-15).all() or np.abs(fast - slow).max() <= DECIBELS


@pytest.mark.parametrize("nfft", [12, 100, 97, 4, 2])
def test_log_spectrogram_of_any_length_goes_through_the_textbook(rng, nfft):
    x = rng.standard_normal(400)
    level = dsp.log_spectrogram(x, np.ones(2), 0, nfft, offset=1e-10)
    expected = dsp.amplitude_to_db(np.abs(dsp.stft(x, np.ones(2), 2, nfft)), 1e-10)
    np.testing.assert_allclose(level, expected, atol=DECIBELS)


# Frames: 1 .. 7 (no full register), 8, 9, 223 .. 225, 256 .. 258 (where the first dimension changes), many.
@pytest.mark.parametrize("n_frames", [1, 2, 7, 8, 9, 15, 60, 100, 223, 224, 225, 256, 257, 258, 300, 455, 1000, 3000])
def test_render_equals_its_definition(rng, n_frames):
    n = 128 * n_frames + 128 + int(rng.integers(0, 128))
    x = rng.standard_normal(n) * np.exp(3 * np.sin(np.arange(n) / 5000)) / 40
    np.testing.assert_array_equal(render(x), render_by_definition(x))


def test_render_of_speechlike_and_extreme_signals(utterance):
    impulse = np.zeros(5000)
    impulse[2000] = 1
    square = np.sign(np.sin(np.arange(9000) / 20.0))
    quiet = np.concatenate([utterance[:4000], np.zeros(8000), utterance[4000:8000]])
    chirp = np.sin(1e-5 * np.arange(40000.0) ** 2)
    for x in (utterance, impulse, square, quiet, chirp, 1e-9 * utterance, utterance.astype(np.float32)):
        np.testing.assert_array_equal(render(x), render_by_definition(x))


@pytest.mark.parametrize(
    ("shape", "size"), [((257, 224), (224, 224)), ((20, 9), (31, 64)), ((40, 300), (16, 8)), ((9, 8), (9, 8))]
)
def test_colours_of_any_size(rng, shape, size):
    level = rng.standard_normal(shape)
    scaled = (level - level.min()) / (level.max() - level.min()) * 255
    expected = to_uint8(imresize(ind2rgb(round_half_away(scaled), jet(256)), size))
    np.testing.assert_array_equal(colour_and_resize(level, size), expected)
