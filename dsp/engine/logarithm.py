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


def _series_to(last: int):
    """The logarithm of a register by the series up to s^last."""

    def log_of(x):
        m = mantissa(x)
        s = (m - 1.0) / (m + 1.0)
        z = s * s
        series = fma(z, 1.0 / last, 1.0 / (last - 2))
        for n in range(last - 4, 1, -2):
            series = fma(series, z, 1.0 / n)
        return exponent(x) * LN2 + 2.0 * (s + s * (z * series))

    return log_of


_SERIES = {LANES32: _series_to(9), LANES64: _series_to(21)}


@overload(log, jit_options={"error_model": "numpy"})
def _log(x):
    return _SERIES.get(x)
