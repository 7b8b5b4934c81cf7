"""Two readings, one truth: the compiled lane against the textbook lane on signals and sizes of every kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dsp

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
