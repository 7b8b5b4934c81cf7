"""What went wrong in plain words: errors that a student meets when the check loads or calls a program."""

import re
from collections.abc import Callable

LINE = re.compile(r"\(line (\d+)\)$")
LOADING = "is not there: the file raised "
NOWHERE = "the check runs your file where there is nothing but the file"
MAIN = 'put it under if __name__ == "__main__":'
IMPORTS = {"np": "import numpy as np", "plt": "import matplotlib.pyplot as plt", "math": "import math"}


def in_plain_words(problem: str, place: Callable[[int], str]) -> str:
    """The problem of a call, as the sandbox says it, for somebody who has never seen a traceback.

    problem : what follows the function's name: "raised NameError: name 'np' is not defined (line 5)"
    place : of a line: "line 5", or "cell 2, line 5" of a notebook

    Checked: tests/test_submissions_get_the_right_verdict.py
    """
    loading = problem.startswith(LOADING)
    error = problem.removeprefix(LOADING) if loading else problem.removeprefix("raised ")
    if not loading and not problem.startswith("raised "):
        return LINE.sub(lambda match: f"({place(int(match[1]))})", problem)
    match = LINE.search(error)
    where = place(int(match[1])) if match else ""
    error = LINE.sub("", error).strip()
    name, _, text = error.partition(": ")
    at = f" ({where})" if where else ""
    start = f"is not there: the file could not be loaded{at}: " if loading else f"failed{at}: "
    words = explained(name, text, loading)
    if words:
        return start + words
    return f"{'is not there: the file ' if loading else ''}raised {error}{at}"


def explained(name: str, text: str, loading: bool) -> str:
    """One sentence about an error that students often meet, else ""."""
    when = "when it is loaded" if loading else "when it is called"
    quoted = re.findall(r"'([^']*)'", text)
    if name == "EOFError" and "reading a line" in text:
        return f"input() asks for something {when}, and nobody answers here; {MAIN if loading else 'use the arguments'}"
    if name in ("NameError", "UnboundLocalError") and quoted:
        return unknown_name(quoted[0], text)
    if name == "ImportError" and "relative import" in text:
        return "a relative import (from .x) needs a package, but one file is checked; write into it what you need"
    if name in ("ImportError", "ModuleNotFoundError") and quoted:
        module = quoted[-1] if name == "ImportError" and "from" in text else quoted[0]
        if name == "ImportError":
            return ""
        return (
            f"there is no module {module} here: one file is checked. If {module.partition('.')[0]} is a file of yours, "
            "copy what you need into this one (or ask for it to come along: --with); if it is a package, "
            "it is not installed where your file is checked"
        )
    if name == "FileNotFoundError":
        named = f"the file {quoted[0]!r}" if quoted else "a file"
        return f"it reads {named} {when}, and {NOWHERE}; {MAIN if loading else 'use the arguments'}"
    if name in ("SyntaxError", "IndentationError", "TabError"):
        return f"{text or name} (Python's {name})"
    if name == "TypeError" and "unexpected keyword argument" in text and quoted:
        return f"it has no parameter {quoted[-1]}"
    if name == "ValueError" and "could not be broadcast together" in text:
        shapes = " ".join(re.findall(r"\([\d, ]*\)", text))
        return f"arrays of the shapes {shapes} do not fit together (ValueError)"
    if name == "AttributeError" and "NoneType" in text:
        return f"something is None where an object is expected ({text})"
    return ""


def unknown_name(name: str, text: str) -> str:
    if "cannot access local variable" in text or "referenced before" in text:
        return f"{name} is used before it gets a value (UnboundLocalError)"
    if name in ("get_ipython", "display"):
        return f"{name} is there only in a notebook"
    hint = f"; is the line {IMPORTS[name]} missing?" if name in IMPORTS else ""
    meant = re.search(r"Did you mean: '(\w+)'", text)
    return f"{name} is not defined (NameError){hint or (f'; did you mean {meant[1]}?' if meant else '')}"
