"""Definition: the transforms against sums written out, for lengths of every kind."""

import cmath

import numpy as np
import pytest

import dsp

ATOL = 1e-12  # of the signal's norm; float64 keeps about 1e-15
LENGTHS = [*range(1, 70), 97, 100, 121, 127, 128, 143, 210, 256, 257, 360, 401, 509, 512, 961, 1000, 1021, 1024, 1369]


def test_dft_is_the_sum():
    x = np.array([1.0, 2.0 - 1.0j, 0.5j, -3.0, 4.0])
    for k, X in enumerate(dsp.dft(x)):
        assert abs(X - sum(x[n] * cmath.exp(-2j * cmath.pi * k * n / 5) for n in range(5))) < 1e-14


@pytest.mark.parametrize("n", LENGTHS)
def test_fft_equals_dft(rng, n):
    x = rng.standard_normal((3, n)) + 1j * rng.standard_normal((3, n))
    assert np.abs(dsp.fft(x) - dsp.dft(x)).max() <= ATOL * np.linalg.norm(x)


@pytest.mark.parametrize("n", LENGTHS)
def test_rfft_is_the_first_half_of_dft(rng, n):
    x = rng.standard_normal((2, n))
    X = dsp.rfft(x)
    assert X.shape == (2, n // 2 + 1)
    assert np.abs(X - dsp.dft(x)[:, : n // 2 + 1]).max() <= ATOL * np.linalg.norm(x)


@pytest.mark.parametrize("n", LENGTHS)
def test_the_inverses_give_the_signal_back(rng, n):
    x = rng.standard_normal(n)
    assert np.abs(dsp.irfft(dsp.rfft(x), n) - x).max() <= ATOL * np.linalg.norm(x)
    z = x + 1j * rng.standard_normal(n)
    assert np.abs(dsp.ifft(dsp.fft(z)) - z).max() <= ATOL * np.linalg.norm(z)


@pytest.mark.parametrize("n", [8, 12, 35, 64, 74])
def test_zeros_are_appended(rng, n):
    x = rng.standard_normal((2, 7))
    padded = np.pad(x, ((0, 0), (0, n - 7)))
    np.testing.assert_array_equal(dsp.fft(x, n), dsp.fft(padded))
    np.testing.assert_array_equal(dsp.rfft(x, n), dsp.rfft(padded))


def test_any_leading_shape_and_memory_order(rng):
    x = rng.standard_normal((12, 2, 5)).transpose(2, 1, 0)
    assert dsp.fft(x).shape == (5, 2, 12)
    np.testing.assert_array_equal(dsp.fft(x)[3, 1], dsp.fft(x[3, 1]))
    np.testing.assert_array_equal(dsp.rfft(x)[4, 0], dsp.rfft(x[4, 0]))


def test_the_input_is_left_alone(rng):
    x = rng.standard_normal((2, 64))
    before = x.copy()
    dsp.fft(x), dsp.rfft(x), dsp.dft(x), dsp.ifft(x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("n", [1, 2, 31, 32, 37])
def test_an_impulse_is_flat_and_a_constant_is_an_impulse(n):
    impulse = np.zeros(n)
    impulse[0] = 1
    np.testing.assert_allclose(dsp.fft(impulse), np.ones(n), atol=1e-15)
    np.testing.assert_allclose(dsp.fft(np.ones(n)), n * impulse, atol=1e-13)


def test_integers_and_booleans_are_numbers_too():
    np.testing.assert_array_equal(dsp.fft(np.array([1, 2, 3])), dsp.fft(np.array([1.0, 2.0, 3.0])))
    np.testing.assert_array_equal(dsp.rfft(np.array([True, False])), [1, 1])
