"""Numbers as MATLAB text."""


def number(value: float) -> str:
    """With as many digits as give back the number; whole ones without a point.

    Checked: tests/test_matlab_code_equals_dsp.py
    """
    value = float(value)
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
