"""The checks that every public function runs on its arguments, so that each rule and each message exists once.

Nothing is repaired here: a wrong shape, an integer sample or a NaN is named and refused. Every message names the
argument, what was given, and what is allowed.
"""

import math
import operator
import sys
from collections.abc import Collection, Iterable
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

MAX_COUNT = 2**28  # a vector of that many float64 takes 2 GB; a longer one is a mistake, found before memory runs out
REAL, NUMERIC = "biuf", "biufc"  # kinds of dtype


def as_signal(signal: Any, name: str = "signal") -> NDArray[np.float64]:
    """`signal` as a finite float64 vector, shape (n,), n >= 1.

    Raises ValueError for a signal that is empty, masked, not one-dimensional, complex, not finite, or of integers,
    whose scale only the caller knows (16-bit samples are divided by 32768).

    Checked: tests/test_bad_signals_are_refused.py
    """
    samples = as_samples(signal, name)
    check_finite(samples, name)
    return samples.astype(np.float64, copy=False)


def as_samples(signal: Any, name: str = "signal") -> NDArray[np.floating]:
    """as_signal without reading the samples: float32 stays float32, and NaN passes.

    Checked: tests/test_bad_signals_are_refused.py
    """
    samples = _as_unmasked(signal, name)
    if samples.ndim == 0 and samples.dtype.kind in NUMERIC:
        raise ValueError(
            f"{name}={signal!r} is a single number; samples of shape (n,) are expected "
            "(the signal comes before the sample rate)"
        )
    if samples.ndim != 1:
        raise ValueError(f"{name} has shape {samples.shape}; one channel, shape (n,), is expected")
    if samples.size == 0:
        raise ValueError(f"{name} is empty; at least one sample is expected")
    if samples.dtype.kind != "f":
        raise ValueError(
            f"{name} has dtype {samples.dtype}; real floating-point samples are expected "
            "(scale integers first, as in samples / 32768)"
        )
    return samples


def check_finite(values: NDArray[Any], name: str = "signal") -> None:
    """Raises ValueError if a value is NaN or infinite. Allocates nothing beside the array.

    Checked: tests/test_bad_signals_are_refused.py
    """
    if values.dtype.kind not in "fc" or values.size == 0:
        return
    if values.dtype.kind == "c":
        finite = bool(np.isfinite(values).all())
    else:
        finite = math.isfinite(values.min()) and math.isfinite(values.max())  # NaN is both minimum and maximum
    if not finite:
        index = np.unravel_index(int(np.argmin(np.isfinite(values))), values.shape)
        where = ", ".join(str(int(i)) for i in index)
        raise ValueError(f"{name}[{where}] is {values[index]}; every value must be finite")


def as_array(
    values: Any,
    name: str,
    dimensions: Collection[int] | Literal["any"] | None = None,
    kinds: str = REAL,
    finite: bool = False,
) -> NDArray[Any]:
    """`values` as an array of numbers, its dtype kept.

    dimensions : the numbers of axes allowed; None allows any number but 0; "any" also allows a single number and an
        empty array, which the others refuse
    kinds : of dtype, REAL or NUMERIC (which adds complex numbers)
    finite : also refuse NaN and infinity

    Raises ValueError for a masked array, another dtype, another number of axes, or an empty array.

    Checked: tests/test_public_functions_refuse_bad_arguments.py
    """
    array = _as_unmasked(values, name)
    if array.dtype.kind == "c" and "c" not in kinds:
        raise ValueError(f"{name} is complex ({array.dtype}); real numbers are expected (take np.abs or .real first)")
    if array.dtype.kind not in kinds:
        raise ValueError(f"{name} has dtype {array.dtype}; numbers are expected")
    wrong = array.ndim == 0 if dimensions is None else dimensions != "any" and array.ndim not in dimensions
    if wrong or (array.size == 0 and dimensions != "any"):
        allowed = "at least 1 axis" if not dimensions else f"{' or '.join(map(str, dimensions))} axes"
        raise ValueError(f"{name} has shape {array.shape}; a non-empty array with {allowed} is expected")
    if finite:
        check_finite(array, name)
    return array


def as_real(
    values: Any, name: str, dimensions: Collection[int] | Literal["any"] | None = None, finite: bool = False
) -> NDArray[np.float64]:
    """as_array of real numbers, as float64.

    Checked: tests/test_public_functions_refuse_bad_arguments.py
    """
    return as_array(values, name, dimensions, REAL, finite).astype(np.float64, copy=False)


def as_nonnegative(
    values: Any, name: str, dimensions: Collection[int] | Literal["any"] | None = None, unit: str = ""
) -> NDArray[np.float64]:
    """as_real of finite numbers, none of them negative.

    Checked: tests/test_public_functions_refuse_bad_arguments.py
    """
    array = as_real(values, name, dimensions, finite=True)
    check_nonnegative(array, name, unit)
    return array


def check_nonnegative(values: NDArray[Any], name: str, unit: str = "") -> None:
    """Raises ValueError if a value is negative; NaN passes.

    Checked: tests/test_public_functions_refuse_bad_arguments.py
    """
    smallest = values.min(initial=0)
    if smallest < 0:
        raise ValueError(f"the smallest value of {name} is {smallest}{unit and ' '}{unit}; >= 0 is expected")


def as_count(value: Any, name: str, min_value: int = 1, max_value: int = MAX_COUNT) -> int:
    """`value` as an int in min_value .. max_value.

    Raises ValueError otherwise; True and False are no counts.

    Checked: tests/test_bad_signals_are_refused.py
    """
    try:
        count = operator.index(value)
    except TypeError:
        raise ValueError(f"{name}={value!r} is not a whole number") from None
    if isinstance(value, bool | np.bool_):
        raise ValueError(f"{name}={value!r} is not a whole number")
    if count < min_value:
        raise ValueError(f"{name}={count} is too small; at least {min_value} is expected")
    if count > max_value:
        raise ValueError(f"{name}={count} is too large; at most {max_value} is expected")
    return count


def as_number(
    value: Any, name: str, low: float = -math.inf, high: float = math.inf, above: float = -math.inf, unit: str = ""
) -> float:
    """`value` as a float, if it is a finite real number with low <= value <= high and above < value.

    Raises ValueError otherwise: for text, arrays, complex numbers, True and False too.

    Checked: tests/test_public_functions_refuse_bad_arguments.py
    """
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if is_number and abs(number := _float(value)) < math.inf and low <= number <= high and number > above:
        return number
    limits = (f">= {low:g}", low > -math.inf), (f"> {above:g}", above > -math.inf), (f"<= {high:g}", high < math.inf)
    bounds = " and ".join(text for text, holds in limits if holds)
    expected = " ".join(filter(None, ("a finite number", unit, bounds)))
    raise ValueError(f"{name}={_shorten(value)} is not allowed; {expected} is expected")


def _float(value: Any) -> float:
    """A number as float; infinity for whole numbers beyond its range."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def as_sample_rate(value: Any, name: str = "sample_rate") -> float:
    """`value`, a finite number of Hz above 0, as it is.

    Checked: tests/test_public_functions_refuse_bad_arguments.py
    """
    if isinstance(value, np.ndarray | list | tuple):
        raise ValueError(f"{name} is an array of shape {np.shape(value)}; one number of Hz is expected")
    return as_number(value, name, above=0, unit="of Hz")


def as_word(value: Any, name: str, words: Any) -> Any:
    """`value`, one of the words of a Literal, or of a collection.

    Raises ValueError otherwise, with the nearest word.

    Checked: tests/test_public_functions_refuse_bad_arguments.py
    """
    allowed = words if isinstance(words, tuple) else tuple(get_args(words) or words)
    if isinstance(value, str | int | np.integer | None) and not isinstance(value, bool) and value in allowed:
        return value
    listed = ", ".join(repr(word) for word in allowed)
    raise ValueError(f"{name}={_shorten(value)} is none of {listed}{suggest(value, allowed)}")


def as_flag(value: Any, name: str) -> bool:
    """`value` as a bool; ValueError for everything else, such as MATLAB's 'periodic'.

    Checked: tests/test_public_functions_refuse_bad_arguments.py
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name}={_shorten(value)} is neither True nor False")
    return bool(value)


def as_float_dtype(value: Any, name: str = "dtype") -> str:
    """ "float64" or "float32" from that word, NumPy's type or its dtype.

    Checked: tests/test_public_functions_refuse_bad_arguments.py
    """
    if isinstance(value, str) and value in ("float64", "float32"):
        return value
    try:
        word = "" if value is None else np.dtype(value).name  # np.dtype(None) is float64
    except TypeError:
        word = ""
    if word not in ("float64", "float32"):
        raise ValueError(f'{name}={_shorten(value)} is neither "float64" nor "float32"')
    return word


def as_generator(rng: Any, name: str = "rng") -> np.random.Generator:
    """`rng`, a numpy Generator; ValueError for a seed, which would restart the same noise in every call.

    Checked: tests/test_public_functions_refuse_bad_arguments.py
    """
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"{name} is of type {type(rng).__name__}; a numpy.random.Generator is expected, "
            "as in numpy.random.default_rng(0)"
        )
    return rng


def suggest(value: Any, words: Iterable[Any]) -> str:
    """'; did you mean ..?' with the words nearest to a misspelled one; '' if none is near.

    Checked: tests/test_public_functions_refuse_bad_arguments.py
    """
    by_lower = {word.lower(): word for word in words if isinstance(word, str)}
    from difflib import get_close_matches  # only a refusal needs it

    near = get_close_matches(value.lower(), by_lower, n=3, cutoff=0.5) if isinstance(value, str) else []
    return f"; did you mean {' or '.join(repr(by_lower[word]) for word in near)}?" if near else ""


def is_masked(values: Any) -> bool:
    """Whether `values` is a masked array. NumPy loads numpy.ma (a tenth of dsp's import) only when somebody uses it.

    Checked: tests/test_public_functions_refuse_bad_arguments.py
    """
    return "numpy.ma" in sys.modules and isinstance(values, np.ma.MaskedArray)


def _as_unmasked(values: Any, name: str) -> NDArray[Any]:
    if is_masked(values):
        raise ValueError(
            f"{name} is a masked array, whose mask would be ignored; fill it (.filled(0)) or compress it first"
        )
    try:
        return np.asarray(values)
    except ValueError:  # a ragged list
        raise ValueError(f"{name} is a list of unequal lengths; an array of numbers is expected") from None


def _shorten(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
