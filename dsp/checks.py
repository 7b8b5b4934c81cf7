"""The questions every public function asks of its input, so that each is asked in one way.

Numbers are never repaired here: a wrong shape, an integer sample or a NaN is named and refused.
"""

import math
import operator

import numpy as np

MOST = 2**28  # a vector of that many float64 takes 2 GB; a longer one is a mistake, found before memory is gone


def as_signal(signal, name: str = "signal") -> np.ndarray:
    """`signal` as a finite float64 vector, shape (n,), n >= 1.

    Raises ValueError for a signal that is empty, not one-dimensional, complex, of integers
    (their scale is the caller's to choose: 16-bit samples are divided by 32768) or not finite.

    Checked: tests/test_bad_signals_are_refused.py
    """
    return as_samples(signal, name).astype(np.float64, copy=False)


def as_samples(signal, name: str = "signal") -> np.ndarray:
    """as_signal without the conversion: float32 stays float32. Needs no room beside the signal.

    Checked: tests/test_bad_signals_are_refused.py
    """
    signal = np.asarray(signal)
    if signal.ndim != 1:
        raise ValueError(f"{name} has shape {signal.shape}; one channel, shape (n,), is expected")
    if signal.size == 0:
        raise ValueError(f"{name} is empty; at least one sample is expected")
    if signal.dtype.kind != "f":
        raise ValueError(
            f"{name} has dtype {signal.dtype}; real floating-point samples are expected "
            "(scale integers first, as in samples / 32768)"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        total = signal.sum()
    if not math.isfinite(total):  # a sum is finite only if all its terms are; a sum of finite terms may overflow
        finite = np.isfinite(signal)
        if not finite.all():
            first = int(np.argmin(finite))
            raise ValueError(f"{name}[{first}] is {signal[first]}; every sample must be finite")
    return signal


def as_count(value, name: str, at_least: int = 1, at_most: int = MOST) -> int:
    """`value` as an int in at_least .. at_most; ValueError names the argument otherwise.

    Checked: tests/test_bad_signals_are_refused.py
    """
    try:
        count = operator.index(value)
    except TypeError:
        raise ValueError(f"{name}={value!r} is not a whole number") from None
    if count < at_least:
        raise ValueError(f"{name}={count} is too small; at least {at_least} is expected")
    if count > at_most:
        raise ValueError(f"{name}={count} is too large; at most {at_most} is expected")
    return count
