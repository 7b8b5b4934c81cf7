"""Invariant: pieces of any size give the bits of the whole signal, and no output comes later than stated."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dsp

PAIRS = [(44100, 16000), (16000, 8000), (8000, 24000), (16000, 22050), (1009, 997), (5, 5), (48000, 11000)]


def in_pieces(resampler: dsp.Resampler, x: np.ndarray, sizes) -> np.ndarray:
    parts, start, turn = [], 0, 0
    while start < x.size:
        parts.append(resampler.push(x[start : start + sizes[turn % len(sizes)]]))
        start, turn = start + sizes[turn % len(sizes)], turn + 1
    return np.concatenate([*parts, resampler.finish()])


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(PAIRS), st.integers(1, 60_000), st.lists(st.integers(1, 5000), min_size=1, max_size=20))
def test_pieces_of_any_size(pair, n, sizes):
    x = np.random.default_rng(n).standard_normal(n)
    np.testing.assert_array_equal(in_pieces(dsp.Resampler(*pair), x, sizes), dsp.resample(x, *pair))


def test_single_samples(rng):
    x = rng.standard_normal(700)
    np.testing.assert_array_equal(in_pieces(dsp.Resampler(3, 2), x, [1]), dsp.resample(x, 3, 2))


def test_one_piece_of_many_blocks(rng):
    x = rng.standard_normal(200_000).astype(np.float32)
    np.testing.assert_array_equal(in_pieces(dsp.Resampler(44100, 16000), x, [x.size]), dsp.resample(x, 44100, 16000))


@pytest.mark.parametrize("pair", PAIRS)
def test_outputs_come_within_the_latency(rng, pair):
    resampler = dsp.Resampler(*pair)
    n_pushed = n_out = 0
    for _ in range(200):
        n_pushed += 300
        n_out += resampler.push(rng.standard_normal(300)).size
        due = math.ceil(max(0, n_pushed - resampler.latency) * pair[1] / pair[0])
        assert due <= n_out <= math.ceil(n_pushed * pair[1] / pair[0])
    assert n_out > 0 and (resampler.latency == 0) == (pair[0] == pair[1])


def test_a_long_signal_keeps_little():
    resampler = dsp.Resampler(16000, 8000)
    for _ in range(300):
        resampler.push(np.zeros(5000))
        assert resampler._samples.size < 2 * resampler._plan.source.n + 5000


def test_finish_and_reset_begin_again(rng):
    x, other = rng.standard_normal((2, 20_000))
    resampler = dsp.Resampler(16000, 22050)
    assert resampler.finish().size == 0
    first = in_pieces(resampler, x, [777])
    resampler.push(other)
    resampler.reset()
    np.testing.assert_array_equal(in_pieces(resampler, x, [4001]), first)


def test_an_empty_piece_is_nothing(rng):
    x = rng.standard_normal(9000)
    resampler = dsp.Resampler(2, 1)
    assert resampler.push(x[:0]).size == resampler.push([]).size == 0
    np.testing.assert_array_equal(in_pieces(resampler, x, [4000]), dsp.resample(x, 2, 1))


def test_a_refused_piece_changes_nothing(rng):
    x = rng.standard_normal(9000)
    resampler = dsp.Resampler(2, 1)
    refused = (x * np.nan, r"samples\[0\] is nan"), (np.ones((2, 9)), r"\(2, 9\)"), (np.ones(3, int), "int64")
    for bad, message in refused:
        with pytest.raises(ValueError, match=message):
            resampler.push(bad)
    np.testing.assert_array_equal(in_pieces(resampler, x, [4000]), dsp.resample(x, 2, 1))


@pytest.mark.parametrize(("pair", "message"), [((0, 1), "sample_rate=0"), ((1, 2000), "too far apart")])
def test_bad_rates(pair, message):
    with pytest.raises(ValueError, match=message):
        dsp.Resampler(*pair)
