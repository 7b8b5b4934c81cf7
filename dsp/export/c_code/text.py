"""Numbers, tables and names as C text."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsp.export.c_code.design import Design

WIDTH = 110  # of lines of tables


def with_names(text: str, name: str, d: Design) -> str:
    """The text with the prefix of the convention in place of `pre_`, and functions of the precision."""
    text = re.sub(r"\bpre_(?=\w)", f"{name}_", text)
    text = re.sub(r"\bPRE_(?=\w)", f"{name.upper()}_", text)
    suffix = "f" if d.precision == "float" else ""
    return re.sub(r"\b(log|sqrt)\(", rf"\1{suffix}(", text)


def number(value: float, precision: str) -> str:
    """A C constant with as many digits as give back the number."""
    if precision == "double":
        text = repr(float(value))
    else:
        with np.errstate(over="ignore"):
            rounded = np.float32(value)
        if not np.isfinite(rounded):
            raise ValueError(f"the number {value:g} does not fit single precision; take precision='double'")
        text = str(rounded)
    text = text if set(text) & set(".e") else f"{text}.0"
    return f"{text}f" if precision == "float" else text


def table(name: str, values: Sequence[Any] | NDArray[Any], meaning: str, d: Design, whole: bool = False) -> str:
    """static const real NAME[] = {..};"""
    texts = [str(int(v)) for v in values] if whole else [number(v, d.precision) for v in values]
    lines, line = [], ""
    for text in texts:
        if len(line) + len(text) > WIDTH:
            lines.append(line)
            line = ""
        line += f"{text}, "
    lines.append(line)
    body = "\n".join(f"    {line.rstrip()}" for line in lines).rstrip(",")
    kind = "uint16_t" if whole else "real"
    return f"/* {meaning} */\nstatic const {kind} {name}[{len(texts)}] = {{\n{body}\n}};\n"


def constant(value: float, d: Design) -> str:
    """A C constant in the precision of the design."""
    return number(value, d.precision)
