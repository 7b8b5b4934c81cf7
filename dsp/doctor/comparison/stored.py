"""How the numbers of a file were rounded: what they show of the type that once held them, and how exact they are."""

from typing import NamedTuple

import numpy as np

FLOAT32_BITS = 23  # of a significand, without the leading one
SAMPLE = 4096  # values that are tested first
MAX_LEVELS = 300  # different values: more are no quantization to 8 bits
MAX_DECIMALS = 5
TINY = 1e-300


class Rounding(NamedTuple):
    """name: what rounded the numbers, None for float32 or finer; error: the greatest error that it leaves."""

    name: str | None
    error: np.ndarray | float


EXACT = Rounding(None, 0.0)


def rounding(x: np.ndarray) -> Rounding:
    """The coarsest rounding that explains all digits of x."""
    flat = x.ravel()
    some = flat[:: max(1, flat.size // SAMPLE)]
    if is_decimal(some, 0) and is_decimal(flat, 0):
        return Rounding("whole numbers", 0.5)
    for name, bits in (("bfloat16", 7), ("float16", 10)):
        if is_short(some, bits) and is_short(flat, bits):
            if name == "float16" and np.abs(flat).max() > 65504:
                return Rounding("TF32 (10 bits)", np.abs(x) * 2.0**-11)
            if name == "bfloat16":  # of which tools keep the upper half of a float32: a whole unit, not half of one
                return Rounding(name, np.abs(x) * 2.0**-bits)
            return Rounding(name, np.abs(x) * 2.0 ** -(bits + 1) + 2.0**-25)
    for digits in range(1, MAX_DECIMALS + 1):
        if is_decimal(some, digits) and is_decimal(flat, digits):
            return Rounding(f"{digits} decimal{'s' if digits > 1 else ''}", 0.5 * 10.0**-digits)
    for digits in (2, 3, 4, 5):
        if has_digits(some, digits) and has_digits(flat, digits):
            return Rounding(f"{digits} significant digits", 0.5 * 10.0 ** (1 - digits) * power_of_ten(x))
    step = level_step(some)
    if step and np.abs(flat / step - flat[0] / step - np.round(flat / step - flat[0] / step)).max() < 1e-2:
        return Rounding(f"levels in steps of {step:.4g}, as of whole numbers of 8 bits", step / 2)
    return EXACT


def is_decimal(x: np.ndarray, digits: int) -> bool:
    """Whether no value needs more decimals, as text or as float32 holds them."""
    error = np.abs(x - np.round(x, digits))
    return bool((error <= 1e-15 + 2.0**-24 * np.abs(x)).all() and (2.0**-22 * np.abs(x) < 10.0**-digits).all())


def is_short(x: np.ndarray, bits: int) -> bool:
    """Whether no significand needs more bits than that after its leading one."""
    significand = np.frexp(x)[0] * 2.0 ** (bits + 1)
    return bool((significand == np.round(significand)).all())


def has_digits(x: np.ndarray, digits: int) -> bool:
    """Whether no value needs more significant digits."""
    scaled = x / power_of_ten(x) * 10.0 ** (digits - 1)
    return bool((np.abs(scaled - np.round(scaled)) <= 2.0**-22 * np.abs(scaled)).all())


def power_of_ten(x: np.ndarray) -> np.ndarray:
    return 10.0 ** np.floor(np.log10(np.maximum(np.abs(x), TINY)) + 1e-9)


def level_step(x: np.ndarray) -> float | None:
    """The step between few, evenly spaced values."""
    levels = np.unique(x)
    if not 3 < len(levels) <= MAX_LEVELS or len(levels) > len(x) / 4:
        return None
    gaps = np.diff(levels)
    gaps = gaps[gaps > 1e-6 * np.ptp(levels)]
    if not gaps.size:
        return None
    step = float(gaps.min())
    return step if np.abs(gaps / step - np.round(gaps / step)).max() < 1e-2 else None
