"""Values that a logarithm takes at the customary floors, by name: what a constant matrix stands at."""

import math

import numpy as np

FLOORS = {
    "FLT_EPSILON": 2.0**-23,
    "2^-24": 2.0**-24,
    "DBL_EPSILON": 2.0**-52,
    "the least normal float32": 2.0**-126,
    **{f"1e-{n}": 10.0**-n for n in (2, 3, 5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 30)},
}
LOGARITHMS = {
    "ln": math.log,
    "log10": math.log10,
    "10 log10": lambda x: 10 * math.log10(x),
    "20 log10": lambda x: 20 * math.log10(x),
}
NEAR = 2e-6  # relative: what float32 leaves of such a value


def floor_names(value: float) -> tuple[str, ...]:
    """The floors that a constant value may be, as sentences have them: 'ln(FLT_EPSILON)'.

    Checked: tests/test_doctor_finds_changes.py
    """
    near = NEAR * abs(value)
    return tuple(
        f"{log}({name})" if log in ("ln", "log10") else f"{log} {name}"
        for name, floor in FLOORS.items()
        for log, function in LOGARITHMS.items()
        if abs(function(floor) - value) <= near
    )


def constant_sentence(matrix: np.ndarray) -> str | None:
    """What can be said of a matrix all of whose values are equal to their rounding; None for any other.

    Checked: tests/test_doctor_finds_changes.py
    """
    least, greatest = float(matrix.min()), float(matrix.max())
    if greatest - least > NEAR * max(abs(least), abs(greatest)):
        return None
    if least == 0:
        return "every value is 0: no sound was measured, or nothing was written; nothing can be said of the convention"
    names = floor_names(least)
    value = f"{least:.8g}"
    if names:
        known = " or ".join(names[:2])
        return f"every value stands at {value}, which is {known}, a floor: nothing can be said of the convention"
    return f"every value is {value}: nothing can be said of the convention"
