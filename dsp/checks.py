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
    samples = as_samples(signal, name)
    check_finite(samples, name)
    return samples.astype(np.float64, copy=False)


def as_samples(signal, name: str = "signal") -> np.ndarray:
    """as_signal without the look at every sample: float32 stays float32, NaN may be there.

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
    return signal


def check_finite(signal: np.ndarray, name: str = "signal") -> None:
    """Raises ValueError if a sample is NaN or infinite. Needs no room beside the signal.

    Checked: tests/test_bad_signals_are_refused.py
    """
    if not (math.isfinite(signal.min()) and math.isfinite(signal.max())):  # NaN is both
        first = int(np.argmin(np.isfinite(signal)))
        raise ValueError(f"{name}[{first}] is {signal[first]}; every sample must be finite")


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
