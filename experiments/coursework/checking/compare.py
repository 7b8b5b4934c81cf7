"""What can be said about a wrong array without giving the right one away: its shape, its dtype, and its relation to
the right one.
"""

import numpy as np

from experiments.coursework.checking.task import Task

ROUNDING = 3e-6  # relative to the largest value: what float32 loses on the way
HALF = 5e-3  # the same of float16


def is_close(got: np.ndarray, expected: np.ndarray, tolerance: float) -> bool:
    """Same shape, and no difference above tolerance x the largest expected value. NaN is never close.

    Checked: tests/test_coursework_labs.py
    """
    if got.shape != expected.shape:
        return False
    if expected.size == 0:
        return True
    with np.errstate(invalid="ignore", over="ignore"):
        return bool(np.abs(got - expected).max() <= tolerance * np.abs(expected).max())


def is_right(got: np.ndarray, expected: np.ndarray, tolerance: float) -> bool:
    """is_close, and complex only if complex numbers are expected."""
    return np.iscomplexobj(got) <= np.iscomplexobj(expected) and is_close(got, expected, tolerance)


def hint(got: np.ndarray, expected: np.ndarray, task: Task) -> str:
    """One line about the first thing that is wrong with `got`; it reveals nothing of `expected` but its shape.

    Checked: tests/test_coursework_labs.py
    """
    if got.shape != expected.shape:
        return shape_hint(got, expected, task)
    if np.iscomplexobj(got) and not np.iscomplexobj(expected):
        return f"dtype {got.dtype}: real numbers are expected"
    if np.iscomplexobj(expected) and not np.iscomplexobj(got):
        magnitudes = " (yours are the magnitudes)" if is_close(got, np.abs(expected), task.tolerance) else ""
        return f"dtype {got.dtype}: complex numbers are expected{magnitudes}"
    bad = np.count_nonzero(~np.isfinite(got))
    if bad:
        kind = "NaN" if np.isnan(got).sum() == bad else "infinite" if not np.isnan(got).any() else "NaN or infinite"
        count = "all values are" if bad == got.size > 1 else f"{bad} of {got.size} values {'is' if bad == 1 else 'are'}"
        return f"{count} {kind}: is something divided by 0?"
    if task.dtype and got.dtype != task.dtype and is_close(as_float(got), as_float(expected), 0):
        return f"the values are right, but their dtype is {got.dtype}; {task.dtype} is asked for"
    related = relation(as_float(got), as_float(expected), task)
    if got.dtype in ("float32", "complex64", "float16") and not related.startswith("equal"):
        exact = {"float32": "float64", "complex64": "complex128", "float16": "float64"}[str(got.dtype)]
        if is_close(got, expected, ROUNDING if got.dtype != "float16" else HALF):
            return f"dtype {got.dtype}: right, but only to its few digits; {exact} is expected"
    return related or "the shape is right, the values are wrong"


def as_float(array: np.ndarray) -> np.ndarray:
    """The array with integers and truth values as float64, so that they can be subtracted."""
    return array.astype(np.result_type(array, np.float64), copy=False)


def shape_hint(got: np.ndarray, expected: np.ndarray, task: Task) -> str:
    """The shape, the expected shape, and what the difference looks like."""
    wanted = f"yours is {got.shape}; {expected.shape} is expected"
    if len(task.axes) == expected.ndim > 1:
        wanted += f", ({', '.join(task.axes)})"
    if got.ndim == 2 and got.T.shape == expected.shape:
        right = is_close(got.T, expected, task.tolerance)
        rest = "right" if right else relation(got.T, expected, task)
        return f"{wanted}; rows and columns are exchanged" + (f", otherwise {rest}" if rest else "")
    if got.ndim == expected.ndim:
        different = [axis for axis in range(got.ndim) if got.shape[axis] != expected.shape[axis]]
        if len(different) == 1:
            return f"{wanted}; {one_axis(got, expected, different[0], task)}"
    return wanted


def one_axis(got: np.ndarray, expected: np.ndarray, axis: int, task: Task) -> str:
    """The difference along one axis in words: two frames too many, the first 9 are right."""
    n = got.shape[axis] - expected.shape[axis]
    name = task.axes[axis] if len(task.axes) == got.ndim else "value"
    words = f"{abs(n)} {name}{'s' * (abs(n) > 1)} too {'many' if n > 0 else 'few'}"
    common = min(got.shape[axis], expected.shape[axis])
    first, last = slice(0, common), slice(-common, None)
    for part, where in ((first, "first"), (last, "last")):
        here, there = (np.moveaxis(a, axis, 0)[part] for a in (got, expected))
        if common and is_close(here, there, task.tolerance):
            return f"{words}, the {where} {common} are right"
    return words


def relation(got: np.ndarray, expected: np.ndarray, task: Task) -> str:
    """The simple relation between two arrays of one shape, or ""."""

    def close(a, b):
        return is_close(a, b, max(task.tolerance, 1e-9))

    if is_close(got, expected, ROUNDING):
        return "right up to rounding, but not to float64's precision: is something float32 or rounded?"
    if not np.any(got) or not np.any(expected):
        return "" if np.any(got) else "all zeros"
    if close(-got, expected):
        return "the opposite sign"
    if np.iscomplexobj(expected) and close(np.conj(got), expected):
        return "the complex conjugate: the sign of the imaginary part"
    for axis in range(got.ndim):
        if close(np.flip(got, axis), expected):
            return "the right values in reverse order"
    if got.ndim == 2 and got.shape[0] == got.shape[1] and close(got.T, expected):
        return "rows and columns are exchanged"
    if np.unique(expected).size < 3:  # a factor fits any constant and would reveal it
        return ""
    if close(got * np.vdot(got, expected) / np.vdot(got, got), expected):
        factor = np.vdot(expected, got) / np.vdot(expected, expected)
        number = f"{factor.real:.6g}" if abs(factor.imag) < 1e-9 * abs(factor) else f"{factor:.6g}"
        return f"equal up to a factor of {number}"
    if close(got - np.mean(got - expected), expected):
        return f"equal up to an added constant of {np.mean(got - expected):.6g}"
    return line_by_line(got, expected, names_of(got, task), close)


def names_of(array: np.ndarray, task: Task) -> tuple[str, ...]:
    """What each axis counts."""
    if len(task.axes) == array.ndim:
        return task.axes
    return ("row", "column")[: array.ndim] if array.ndim < 3 else tuple(f"axis {axis}" for axis in range(array.ndim))


def line_by_line(got: np.ndarray, expected: np.ndarray, names: tuple[str, ...], close) -> str:
    """Whether it is right up to a gain and an offset, up to a gain per row or column, or shifted by one."""
    if not np.iscomplexobj(got):
        gain, offset = np.polyfit(got.ravel(), expected.ravel(), 1) if np.ptp(got) > 0 else (0.0, 0.0)
        if gain and close(gain * got + offset, expected):
            return "equal up to a factor and an added constant"
    if got.ndim == 2 and min(got.shape) > 1:
        for axis, name in ((1, names[0]), (0, names[1])):
            power = np.sum(np.abs(got) ** 2, axis=axis, keepdims=True)
            gains = np.sum(np.conj(got) * expected, axis=axis, keepdims=True) / np.where(power > 0, power, 1)
            if close(got * gains, expected):
                return f"every {name} is right up to a factor of its own"
    if got.shape[-1] > 2:
        if close(got[..., 1:], expected[..., :-1]) or close(got[..., :-1], expected[..., 1:]):
            return "shifted by one along the last axis"
    return ""


def first_difference(got: np.ndarray, expected: np.ndarray, task: Task) -> str:
    """Where the first difference is, the range of all of them, and, to one digit, how large they are.

    Checked: tests/test_coursework_labs.py
    """
    if got.shape != expected.shape or got.size == 0:
        return ""
    scale = np.abs(expected).max()
    difference = np.abs(np.nan_to_num(got, nan=np.inf, posinf=np.inf, neginf=-np.inf) - expected)
    wrong = np.argwhere(difference > task.tolerance * scale)
    if not len(wrong):
        return ""
    names = names_of(got, task)
    first = ", ".join(f"{name} {i}" for name, i in zip(names, wrong[0], strict=True))
    words = f"first difference at {first}; {len(wrong)} of {got.size} values differ"
    if len(wrong) == got.size > 1:
        words = f"all {got.size} values differ"
    elif len(wrong) == 1:
        words = f"only one value differs, at {first}"
    elif places := ", ".join(filter(None, map(place, names, wrong.T, got.shape))):
        words += f", in {places}"
    if np.unique(expected).size < 3 or not (np.isfinite(difference).all() and scale > 0):
        return words
    largest = float(f"{100 * difference.max() / scale:.1g}")
    return f"{words}, by up to about {largest:g} % of the largest value"


def place(name: str, indices: np.ndarray, n: int) -> str:
    """Where indices lie on an axis of n: "frame 3 of 0..9", "frames 2..5 of 0..9"; "" if they span all of it."""
    low, high = indices.min(), indices.max()
    if low == 0 and high == n - 1:
        return ""
    return f"{name} {low} of 0..{n - 1}" if low == high else f"{name}s {low}..{high} of 0..{n - 1}"
