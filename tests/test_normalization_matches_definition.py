"""Definition and closed form of every normalisation; noise is seeded."""

import numpy as np
import pytest

import dsp

ATOL = 1e-12


def test_cmn_and_cmvn(rng):
    x = 5 + 3 * rng.standard_normal((4, 50))
    np.testing.assert_allclose(dsp.cmn(x).mean(axis=1), 0, atol=ATOL)
    np.testing.assert_allclose(dsp.cmvn(x).mean(axis=1), 0, atol=ATOL)
    np.testing.assert_allclose(dsp.cmvn(x).std(axis=1), 1, atol=ATOL)
    np.testing.assert_array_equal(dsp.cmvn(np.full((1, 7), 3.0)), np.zeros((1, 7)))


@pytest.mark.parametrize(("n", "window"), [(50, 7), (50, 8), (5, 600), (50, 50), (50, 1)])
def test_sliding(rng, n, window):
    x = rng.standard_normal((2, n))
    plain, scaled = dsp.sliding_cmn(x, window), dsp.sliding_cmn(x, window, variance=True)
    for t in range(n):
        start = min(max(t - window // 2, 0), max(n - window, 0))
        part = x[:, start : start + window]
        np.testing.assert_allclose(plain[:, t], x[:, t] - part.mean(axis=1), atol=ATOL)
        if window > 1:
            np.testing.assert_allclose(scaled[:, t], (x[:, t] - part.mean(axis=1)) / part.std(axis=1), atol=1e-10)


def test_an_utterance_shorter_than_the_window_is_one_window(rng):
    x = rng.standard_normal((3, 20))
    np.testing.assert_allclose(dsp.sliding_cmn(x, 600), dsp.cmn(x), atol=ATOL)


def test_min_max(rng):
    x = rng.standard_normal((3, 20))
    assert dsp.min_max(x).min() == 0 and dsp.min_max(x).max() == 1
    np.testing.assert_allclose(dsp.min_max(x, -1, 3), 4 * dsp.min_max(x) - 1, atol=ATOL)
    np.testing.assert_array_equal(dsp.min_max(np.full(4, 7.0)), np.zeros(4))


def test_standardize(rng):
    x = rng.standard_normal((2, 5))
    np.testing.assert_allclose(dsp.standardize(x, 2.0, 4.0), (x - 2) / 4, atol=ATOL)
    per_row = dsp.standardize(x, np.array([[1.0], [2.0]]), np.array([[0.0], [2.0]]))
    np.testing.assert_allclose(per_row, [np.zeros(5), (x[1] - 2) / 2], atol=ATOL)


def test_remove_dc(rng):
    x = rng.standard_normal((3, 40)) + 7
    np.testing.assert_allclose(dsp.remove_dc(x), x - x.mean(axis=1, keepdims=True), atol=ATOL)
    assert abs(dsp.remove_dc(x[0]).mean()) < ATOL


def test_dither_is_seeded_and_as_strong_as_said():
    x = np.zeros(20_000)
    a, b = (dsp.dither(x, 0.5, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert abs(a.std() - 0.5) < 0.01 and (dsp.dither(x, 0.0, np.random.default_rng(0)) == 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dsp.cmn(np.ones((3, 0))), "shape"),
        (lambda: dsp.sliding_cmn(np.ones((3, 5)), 0), "window=0"),
        (lambda: dsp.standardize(np.ones(3), 0, -1), "-1"),
        (lambda: dsp.dither(np.ones(3), -1, np.random.default_rng(0)), "amplitude=-1"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("width", [1, 3, 5, 9])
@pytest.mark.parametrize("n", [1, 2, 4, 30])
def test_smooth_repeats_the_edge_frames(rng, width, n):
    x = rng.standard_normal((3, n))
    padded = np.pad(x, ((0, 0), (width // 2, width // 2)), mode="edge")
    expected = np.stack([padded[:, t : t + width].mean(axis=1) for t in range(n)], axis=1)
    np.testing.assert_allclose(dsp.smooth(x, width), expected, atol=1e-15)
    with pytest.raises(ValueError, match="width=4 is even"):
        dsp.smooth(x, 4)


def test_the_divisor_and_the_small_constant_of_cmvn(rng):
    x = rng.standard_normal((4, 20))
    centered = x - x.mean(axis=1, keepdims=True)
    sample = x.std(axis=1, ddof=1, keepdims=True)
    np.testing.assert_allclose(dsp.cmvn(x, 1), centered / sample, atol=1e-14)
    np.testing.assert_allclose(dsp.cmvn(x, 1, 0.5), centered / (sample + 0.5), atol=1e-14)
    np.testing.assert_allclose(
        dsp.cmvn(x, 0, 0.5, "variance"), centered / np.sqrt(x.var(axis=1, keepdims=True) + 0.5), atol=1e-14
    )
    nearly = 7.3 + np.array([[0, 1e-15, 0, -1e-15, 0]])
    assert np.ptp(nearly) > 0 and not dsp.cmvn(nearly).any() and dsp.cmvn(nearly + np.array([0, 0, 0, 0, 1e-9])).any()
    assert not dsp.cmvn(np.float32([[7.3, 7.3000007, 7.3]])).any()
    assert not dsp.cmvn(x[:, :1], 1).any() and not dsp.cmvn(np.ones((2, 5)), 1, 1e-5).any()
