"""Checks a function in the notebook that defines it. A file of its own, so that it can lie beside any notebook.

A case is a text that holds the arguments and the right result. Nothing contains the function here: the notebook's
grading program has to.
"""

import base64
import copy
import io
import json

import numpy as np


def case(text: str, function) -> None:
    """Calls the function with the arguments of a case; AssertionError says what is wrong with its result.

    Checked: tests/test_notebooks_for_otter_and_nbgrader.py
    """
    with np.load(io.BytesIO(base64.b85decode(text)), allow_pickle=False) as arrays:
        facts = json.loads(arrays["facts"].tobytes())
        stored = facts["arguments"]
        arguments = {
            name: arrays[value["array"]] if isinstance(value, dict) else value for name, value in stored.items()
        }
        expected = arrays["expected"]
    result = np.asarray(function(**copy.deepcopy(arguments)))
    assert not facts["hidden"] or is_right(result, expected, facts), "a hidden case fails"
    assert result.dtype.kind in "biufc", f"numbers are expected, not dtype {result.dtype}"
    assert result.shape == expected.shape, f"shape {result.shape}; {expected.shape} is expected"
    assert np.isfinite(result).all(), f"{np.count_nonzero(~np.isfinite(result))} values are NaN or infinite"
    kind = facts["dtype"] or ("complex numbers" if np.iscomplexobj(expected) else "real numbers")
    assert not facts["dtype"] or result.dtype == facts["dtype"], f"dtype {result.dtype}; {kind} is expected"
    assert np.iscomplexobj(result) <= np.iscomplexobj(expected), f"dtype {result.dtype}; {kind} are expected"
    assert is_right(result, expected, facts), f"{facts['name']}: the shape is right, the values are wrong"


def is_right(result: np.ndarray, expected: np.ndarray, facts: dict) -> bool:
    if result.shape != expected.shape or result.dtype.kind not in "biufc":
        return False
    if facts["dtype"] and result.dtype != facts["dtype"]:
        return False
    if np.iscomplexobj(result) > np.iscomplexobj(expected):
        return False
    difference = np.abs(result.astype(complex) - expected.astype(complex))
    return expected.size == 0 or bool(difference.max() <= facts["tolerance"] * np.abs(expected.astype(complex)).max())
