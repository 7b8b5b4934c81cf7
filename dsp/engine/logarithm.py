"""The natural logarithm of a register.

Checked: tests/test_lanes_match_numpy.py
"""

import math

from numba.extending import overload

from dsp.engine.lanes import LANES32, LANES64, exponent, fma, mantissa

LN2 = math.log(2.0)


def log(x):
    """Natural logarithm of positive normal numbers, to about an ulp of max(1, |log x|).

    x = 2^k m,  s = (m - 1) / (m + 1),  log x = k log 2 + 2 (s + s^3/3 + s^5/5 + ...)

    The series ends at s^9 for float32 and at s^21 for float64.
    """
    raise NotImplementedError("only inside an @njit function")


def _log32(x):
    m = mantissa(x)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = fma(z, 1 / 9, 1 / 7)
    series = fma(series, z, 1 / 5)
    series = fma(series, z, 1 / 3)
    return exponent(x) * LN2 + 2.0 * (s + s * (z * series))


def _log64(x):
    m = mantissa(x)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = fma(z, 1 / 21, 1 / 19)
    series = fma(series, z, 1 / 17)
    series = fma(series, z, 1 / 15)
    series = fma(series, z, 1 / 13)
    series = fma(series, z, 1 / 11)
    series = fma(series, z, 1 / 9)
    series = fma(series, z, 1 / 7)
    series = fma(series, z, 1 / 5)
    series = fma(series, z, 1 / 3)
    return exponent(x) * LN2 + 2.0 * (s + s * (z * series))


@overload(log)
def _log(x):
    return {LANES32: _log32, LANES64: _log64}.get(x)
