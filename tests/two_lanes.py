"""How tests compare the features of dsp.extract with those of the textbook lane."""

import math
from dataclasses import replace

import numpy as np

import dsp
from dsp import Convention

EPS = {"float64": np.finfo(np.float64).eps, "float32": np.finfo(np.float32).eps}


def textbook(x, rate, convention, kind):
    return dsp.mfcc(x, rate, convention) if kind == "mfcc" else dsp.log_mel(x, rate, convention)


LN = {None: 1.0, "ln": 1.0, "log10": 1 / math.log(10), "10 log10": 10 / math.log(10), "20 log10": 20 / math.log(10)}


def assert_levels_equal(found, expected, c: Convention, dtype: str, limit: float, largest: float = 0.0):
    """Equal as levels; or, where a level is far below the loudest, as what it is the logarithm of.

    largest : of the levels before their normalization, which leaves the rounding of these
    """
    if c.log is None:
        assert np.abs(found - expected).max() <= limit * max(largest, np.abs(expected).max())
        return
    unit = c.log_gain * LN[c.log]
    loudest = expected.max()
    linear = np.abs(np.exp((found - loudest) / unit) - np.exp((expected - loudest) / unit))
    close = np.abs(found - expected) <= limit * max(1e-3, np.abs(expected).max())
    assert (close | (linear <= 100 * EPS[dtype])).all()


def assert_equal(x, rate, convention, kind, dtype, limit):
    c = dsp.conventions.named(convention)
    if dtype == "float32" and kind == "log_mel" and c.normalization == "mean and variance":
        c = replace(c, normalization=None)  # division by the deviation spreads the rounding of quiet levels
    expected = textbook(x, rate, c, kind)
    (found,) = dsp.extract([x], rate, c, kind, dtype)
    assert found.shape == expected.shape and found.dtype == dtype
    if kind == "log_mel":
        plain = expected if c.normalization is None else textbook(x, rate, replace(c, normalization=None), kind)
        return assert_levels_equal(found, expected, c, dtype, limit, np.abs(plain).max())
    steps = dsp.trace(x, rate, c, until="log_mel")
    # a weak band feels the rounding of its whole frame's power, and a sum of levels that of its terms
    weakest = np.maximum(steps["mel"], c.floor * (steps["mel"].max() if c.floor_rule == "fraction of maximum" else 1))
    drift = np.log1p(30 * EPS[dtype] * steps["power"].sum(axis=0) / np.maximum(weakest, 1e-30)).max()
    level = abs(c.log_gain) * LN[c.log] * drift + 30 * EPS[dtype] * np.abs(steps["log_mel"]).max()
    tolerance = limit * np.abs(expected).max() + 2 * np.sqrt(len(weakest)) * max(1.0, c.lifter) * level
    assert np.abs(found - expected).max() <= tolerance
