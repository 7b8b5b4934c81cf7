"""Closed form: ten times the amplitude is 20 dB, ten times the power 10 dB; silence has a level only with an offset."""

import numpy as np

import dsp


def test_known_levels():
    np.testing.assert_allclose(dsp.amplitude_to_db([1.0, 10.0, 0.001]), [0.0, 20.0, -60.0], atol=1e-13)
    np.testing.assert_allclose(dsp.power_to_db([1.0, 10.0, 0.001]), [0.0, 10.0, -30.0], atol=1e-13)
    np.testing.assert_allclose(dsp.power_to_db(2.0), 3.010299956639812, atol=1e-15)


def test_power_of_an_amplitude():
    amplitude = np.linspace(0.01, 3, 50)
    np.testing.assert_allclose(dsp.power_to_db(amplitude**2), dsp.amplitude_to_db(amplitude), atol=1e-12)


def test_silence():
    assert dsp.amplitude_to_db(0.0) == -np.inf and dsp.power_to_db(0.0) == -np.inf
    np.testing.assert_allclose(dsp.amplitude_to_db(0.0, offset=dsp.EPS), -313.0711963, atol=1e-6)
    np.testing.assert_allclose(dsp.power_to_db(0.0, offset=dsp.EPS), -156.5355982, atol=1e-6)


def test_eps_is_matlabs():
    assert 1 + dsp.EPS > 1 == 1 + dsp.EPS / 2


def test_shape_and_type():
    level = dsp.power_to_db(np.ones((2, 3, 4), np.float32))
    assert level.shape == (2, 3, 4) and level.dtype == np.float64
    assert dsp.power_to_db(np.ones((0, 3))).shape == (0, 3)
