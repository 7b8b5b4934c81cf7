"""Live oracle: scipy.signal.wiener. Closed form: a worked vector, and what noise a spectral gain leaves."""

import numpy as np
import pytest
import scipy.signal

import dsp
from dsp.wiener import _estimate_noise, spectral_wiener, wiener

RTOL = 1e-12  # of the peak: scipy takes v from E[x^2] - m^2, here it is E[(x - m)^2]; measured: 8e-15
BACK_ATOL = 1e-13  # istft undoes stft
E1 = 0.21938393439552  # exponential integral E1(1) = integral_1^inf (p - 1)^2 / p exp(-p) dp
E1_RTOL = 0.03  # 2^18 samples: 0.7 % is one standard deviation; the real bins 0 and L/2 are 2 of L
KNOWN_NOISE_GAIN_DB = 6.5  # 10 log10(1 / E1) = 6.6 of what is only noise; measured: 7.3, as frames overlap
ESTIMATED_NOISE_GAIN_DB = 6.0  # the quietest frames underrate the noise; measured: 6.7 to 7.1


@pytest.mark.parametrize("n", [1, 2, 3, 4, 50, 1001])
@pytest.mark.parametrize("width", [3, 5, 11])
@pytest.mark.parametrize("noise", [None, 0.3])
@pytest.mark.parametrize("offset", [0.0, 5.0])
def test_equals_scipy(rng, n, width, noise, offset):
    for scale in (1e-3, 1.0, 1e3):
        x = scale * (rng.standard_normal(n) + offset)
        noise_power = noise and noise * scale**2
        expected = scipy.signal.wiener(x, width, noise_power)
        np.testing.assert_allclose(wiener(x, width, noise_power), expected, rtol=0, atol=RTOL * np.abs(x).max())


def test_a_worked_vector():
    # m = 0 1 1 1 0, v = 0 2 2 2 0, noise = 6/5, (v - noise) / v = 0.4 in the middle
    np.testing.assert_allclose(wiener(np.array([0.0, 0, 3, 0, 0])), [0, 0.6, 1.8, 0.6, 0], rtol=1e-15)


def test_zeros_stay_zero_where_scipy_divides_by_them():
    np.testing.assert_array_equal(wiener(np.zeros(9)), np.zeros(9))
    with np.errstate(invalid="ignore", divide="ignore"):
        assert np.isnan(scipy.signal.wiener(np.zeros(9), 3)).all()
    x = np.array([0.0, 0, 0, 0, 1, -1, 2, 0, 0, 0])
    np.testing.assert_allclose(wiener(x, noise=0), x, rtol=1e-15)  # m + (x - m) rounds


def test_a_constant_stays_but_at_the_ends():
    n = 30
    y = wiener(np.full(n, 0.7))
    np.testing.assert_allclose(y[1:-1], 0.7, rtol=1e-15)
    np.testing.assert_allclose(y[[0, -1]], 0.7 * (1 - 2 / (3 * n)), rtol=1e-14)


def test_width_one_has_no_neighbours(rng):
    x = rng.standard_normal(20)
    np.testing.assert_array_equal(wiener(x, 1), x)


@pytest.mark.parametrize(
    ("window", "hop"), [(dsp.hann(256, periodic=True), 64), (dsp.hamming(51), 17), (np.ones(5), 5), (np.ones(1), 1)]
)
@pytest.mark.parametrize("n", [1, 16, 255, 256, 257, 1000])
def test_no_noise_leaves_the_signal(rng, window, hop, n):
    x = rng.standard_normal(n)
    np.testing.assert_allclose(spectral_wiener(x, window, hop, noise_power=0), x, atol=BACK_ATOL)


def test_white_noise_of_known_power_leaves_its_closed_form(rng):
    sigma, L = 0.3, 512
    x = sigma * rng.standard_normal(2**18)
    y = spectral_wiener(x, np.ones(L), L, noise_power=sigma**2 * L)  # no overlap: the gain is all there is
    np.testing.assert_allclose(np.mean(y**2) / sigma**2, E1, rtol=E1_RTOL)


@pytest.mark.parametrize("input_snr_db", [20, 10, 0])
@pytest.mark.parametrize("known", [True, False])
def test_the_signal_to_noise_ratio_of_a_sine_rises(rng, input_snr_db, known):
    window = dsp.hann(512, periodic=True)
    sine = np.sqrt(2 * 10 ** (input_snr_db / 10)) * np.sin(np.arange(64000) * 0.4)
    sine[:8000] = 0  # an eighth is noise alone: the quietest tenth lies there
    noise = rng.standard_normal(sine.size)
    y = spectral_wiener(sine + noise, window, 128, np.sum(window**2) if known else None)
    rise = 10 * np.log10(np.sum(noise**2) / np.sum((y - sine) ** 2))
    assert rise >= (KNOWN_NOISE_GAIN_DB if known else ESTIMATED_NOISE_GAIN_DB)


def test_noise_is_given_per_bin():
    window, n = dsp.hann(256, periodic=True), np.arange(20000)
    low, high = np.sin(2 * np.pi * 16 / 256 * n), np.sin(2 * np.pi * 96 / 256 * n)
    noise_power = np.where(np.arange(129) < 56, 1e9, 0.0)
    y = spectral_wiener(low + high, window, 64, noise_power)
    np.testing.assert_allclose(y[256:-256], high[256:-256], atol=1e-6)  # what a Hann window leaks 40 bins away


@pytest.mark.parametrize(("n_frames", "quietest"), [(1, 1), (10, 1), (20, 2), (21, 3)])
def test_noise_is_estimated_over_the_quietest_tenth(rng, n_frames, quietest):
    P = np.sort(rng.random((4, n_frames)), axis=1)[:, ::-1]  # every bin quieter from frame to frame
    np.testing.assert_allclose(_estimate_noise(P), P[:, n_frames - quietest :].mean(axis=1), rtol=1e-15)


def test_a_silent_tenth_means_no_noise(rng):
    x = rng.standard_normal(10000)
    x[4000:6000] = 0
    y = spectral_wiener(x, dsp.hann(256, periodic=True), 64)
    np.testing.assert_allclose(y, x, atol=BACK_ATOL)
    np.testing.assert_array_equal(spectral_wiener(np.zeros(1000), dsp.hann(256, periodic=True), 64), np.zeros(1000))


X = np.sin(np.arange(1000.0))
WINDOW = dsp.hann(64, periodic=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wiener(X, 4), "width=4 has no middle"),
        (lambda: wiener(X, 0), "width=0"),
        (lambda: wiener(X, 3, -1.0), "noise=-1.0"),
        (lambda: wiener(X, 3, np.nan), "noise=nan"),
        (lambda: wiener(X, 3, np.ones(1000)), r"noise=an array of shape \(1000,\)"),
        (lambda: wiener(X[:0]), "empty"),
        (lambda: spectral_wiener(X, WINDOW, 65), "hop_length=65 leaves samples"),
        (lambda: spectral_wiener(X, WINDOW, 64), "hop_length=64 leaves samples"),  # the window begins with 0
        (lambda: spectral_wiener(X, WINDOW, 0), "hop_length=0"),
        (lambda: spectral_wiener(X, WINDOW, 16, -np.ones(33)), "noise_power"),
        (lambda: spectral_wiener(X, WINDOW, 16, 1j), "noise_power"),
        (lambda: spectral_wiener(X, WINDOW, 16, np.ones(32)), r"\(32,\); \(\) or \(33,\) is expected"),
        (lambda: spectral_wiener(X.reshape(2, 500), WINDOW, 16), r"\(2, 500\)"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
