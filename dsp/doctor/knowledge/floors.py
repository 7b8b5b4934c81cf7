"""What a matrix shows of itself, without any convention: constant values, at a floor or not, rows, and frames."""

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
NEARLY = 1e-4  # relative: values that differ by less are the rounding of a computation, or noise beside the sound
ONE_VALUE = 0.5  # of the cells: with more of them at one value, that is worth saying
MAX_LISTED = 8


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
    return f"every value {level_in_words(least)}: nothing can be said of the convention"


def level_in_words(value: float) -> str:
    """A level, with the floors that it may be: 'stands at -100, which is 10 log10 1e-10, a floor'; or 'is 3.25'."""
    names = floor_names(value)
    if not names:
        return f"is {value:.8g}"
    return f"stands at {value:.8g}, which is {' or '.join(names[:2])}, a floor"


def remarks(matrix: np.ndarray) -> tuple[str, ...]:
    """What an unexplained matrix shows by itself: values that hardly vary, not along one axis, or stand at one level.

    matrix : as the file has it, (., .)

    Checked: tests/test_doctor_finds_changes.py
    """
    most = float(np.abs(matrix).max())
    spread = float(np.ptp(matrix))
    if spread <= NEARLY * most:
        level = float(np.median(matrix))
        return (f"every value is {level:.6g} but for {spread:.2g}, which is no more than rounding or faint noise",)
    for axis, name in ((1, "second"), (0, "first")):
        within = np.ptp(matrix, axis=axis).max()
        if matrix.shape[axis] > 1 and within <= NEARLY * most:
            vary = "do not vary" if within <= NEAR * most else "hardly vary"
            return (f"the values {vary} along the {name} axis: if that is time, they show nothing of the sound",)
    values, counts = np.unique(matrix, return_counts=True)
    share, level = counts.max() / matrix.size, float(values[counts.argmax()])
    if share >= ONE_VALUE:
        return (f"{100 * share:.3g} % of the values are alike: each {level_in_words(level)}",)
    constant = np.flatnonzero(np.ptp(matrix, axis=1) <= NEAR * np.abs(matrix).max(axis=1))
    if not constant.size:
        return ()
    listed = ", ".join(map(str, constant[:MAX_LISTED])) + (", ..." if constant.size > MAX_LISTED else "")
    return (f"row {listed} is constant" if constant.size == 1 else f"rows {listed} are constant",)
