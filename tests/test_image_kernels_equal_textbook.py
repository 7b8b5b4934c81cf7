"""Invariant: the fast lane of render makes the textbook's image, byte for byte, for any parameters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrogram_images import (
    COLORMAPS,
    ImageParameters,
    colormap,
    imresize,
    ind2rgb,
    jet,
    render,
    render_by_definition,
    round_half_away,
    to_uint8,
)
from spectrogram_images.kernels import color_and_resize, color_and_resize_power
from spectrogram_images.parameters import WINDOWS


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


@settings(max_examples=60, deadline=None)
@given(
    window=st.sampled_from(WINDOWS),
    sampling=st.sampled_from(["symmetric", "periodic"]),
    window_length=st.integers(8, 600),
    overlap_share=st.floats(0, 0.95),
    nfft=st.sampled_from([600, 640, 777, 1024]),
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    colormap=st.sampled_from(COLORMAPS),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_parameters(window, sampling, window_length, overlap_share, nfft, size, colormap, seed):
    noverlap = min(int(overlap_share * window_length), window_length - 1)
    parameters = ImageParameters(window, window_length, sampling, noverlap, nfft, size, colormap)
    x = np.random.default_rng(seed).standard_normal(5000) * np.exp(3 * np.sin(np.arange(5000) / 700))
    image = render(x, parameters)
    assert image.shape == (*size, 3) and image.dtype == np.uint8
    np.testing.assert_array_equal(image, render_by_definition(x, parameters))


@pytest.mark.parametrize(
    ("shape", "size"),
    [((257, 224), (224, 224)), ((20, 9), (31, 64)), ((40, 300), (16, 8)), ((9, 8), (9, 8)), ((9, 30), (5, 13))],
)
@pytest.mark.parametrize("name", ["jet", "hot", "hsv"])
def test_colors_of_any_size(rng, shape, size, name):
    level = rng.standard_normal(shape)
    scaled = (level - level.min()) / (level.max() - level.min()) * 255
    expected = to_uint8(imresize(ind2rgb(round_half_away(scaled), colormap(name)), size))
    np.testing.assert_array_equal(color_and_resize(level, colormap(name), size), expected)


@pytest.mark.parametrize("away", [0.3, 1e-4, 1e-6, 1e-7, 1e-8])
def test_levels_near_a_half_are_rounded_as_the_logarithm_says(away):
    """Powers whose color numbers lie a little below and above 0.5, 1.5, .., 254.5."""
    halves = np.arange(255) + 0.5
    numbers = np.concatenate([[0.0, 255.0], halves - away, halves + away])
    assert_colors_of_powers(10 ** ((-40 + 100 * numbers / 255) / 10))


@pytest.mark.parametrize("smallest", [0.0, 1e-300, 1e-40, 5e-32, 1e-30, 1e-28, 1e-20])
def test_magnitudes_as_small_as_eps(smallest):
    powers = np.concatenate([[smallest, 4.0], smallest * np.linspace(1, 9, 300), np.geomspace(1e-36, 3, 210)])
    assert_colors_of_powers(powers)


def assert_colors_of_powers(powers):
    """One color per power: a gray map that is not resized."""
    power = np.ascontiguousarray(np.resize(powers, (8, 64)))
    level = 20 * np.log10(np.sqrt(power) + 2.0**-52)
    expected = to_uint8(round_half_away((level - level.min()) / (level.max() - level.min()) * 255) / 255)
    gray = np.repeat(np.append(np.arange(1, 256), 255)[:, None] / 255, 3, axis=1)  # the number itself; 0 becomes 1
    image = color_and_resize_power(power, level.min(), level.max(), gray, power.shape)
    np.testing.assert_array_equal(image[..., 0], np.maximum(expected, 1))


def test_the_256th_color_is_never_used(rng):
    """255 is the 255th color of a map that counts from 1, so its last color may be anything."""
    level, colors = rng.standard_normal((20, 30)), jet(256)
    colors[-1] = [0.3, 0.7, 0.1]
    np.testing.assert_array_equal(color_and_resize(level, colors, (9, 9)), color_and_resize(level, jet(256), (9, 9)))
