"""The process in which a student's function runs; run.py starts it and holds the other ends of its pipes.

It reads one line of settings and then one line per call from its original standard input. Arrays come in .npz files,
which it deletes after reading. It answers on a pipe of its own, with a line of JSON and, if the line announces them,
the bytes of an .npy file. Standard output and error belong to the student.
"""

import io
import json
import os
import sys
import traceback
import types
from pathlib import Path

import numpy as np

from experiments.coursework.sandbox.limits import confine

PRELOADED = ("numba", "dsp")  # imported before the limits if the file names them, because they load libraries


def main() -> None:
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    settings = json.loads(requests.readline())
    file, folder = Path(settings["file"]), Path(settings["folder"])
    answers = os.fdopen(settings["answers"], "wb", buffering=0)
    source = file.read_text(encoding="utf-8")
    preload(source)
    os.chdir(folder)
    confine(folder, settings["megabytes"], settings["seconds"])
    answer(answers, {"state": "ready"})
    try:
        function = load(source, file, settings["function"])
    except BaseException as error:
        answer(answers, {"problem": "is not there: the file " + problem(error, file, settings["megabytes"])})
        return
    answer(answers, {"state": "loaded"})
    for line in requests:
        call(function, json.loads(line), answers, file, settings["megabytes"])


def preload(source: str) -> None:
    """Imports Numba and dsp if the file mentions them; what Numba compiles later is not kept on disk."""
    for name in PRELOADED:
        if name in source:
            __import__(name)
    if "numba" in sys.modules:
        from numba.core.caching import Cache

        Cache.save_overload = lambda self, signature, data: None  # its folder is not writable


def load(source: str, file: Path, function: str):
    """Loads the function from the file, which runs as a module named student."""
    module = sys.modules["student"] = types.ModuleType("student")
    module.__file__ = str(file)
    exec(compile(source, str(file), "exec"), module.__dict__)
    return getattr(module, function)


def call(function, request: dict, answers, file: Path, megabytes: int) -> None:
    """Makes one call and sends one answer."""
    arguments = dict(request["arguments"])
    if request["arrays"]:
        with np.load(request["arrays"], allow_pickle=False) as arrays:
            arguments |= {name: arrays[name] for name in arrays.files}
        os.unlink(request["arrays"])
    try:
        value = function(**arguments)
        array = as_numbers(value)
        if not isinstance(array, str):
            bytes_of = io.BytesIO()
            np.save(bytes_of, array, allow_pickle=False)
    except BaseException as error:
        answer(answers, {"problem": problem(error, file, megabytes)})
        return
    if isinstance(array, str):
        answer(answers, {"problem": array})
    else:
        answer(answers, {"bytes": bytes_of.getbuffer().nbytes}, bytes_of.getbuffer())


def as_numbers(value):
    """The value as an array of numbers, or a description of what it is instead."""
    if value is None:
        return "returned None; is there a return statement?"
    wanted = "a NumPy array of numbers is expected"
    try:
        array = np.asarray(value)
    except ValueError:
        return f"returned a ragged {type(value).__name__}{lengths(value)}; {wanted}"
    if array.dtype.kind not in "biufc":
        if isinstance(value, np.ndarray):
            return f"returned an array of dtype {array.dtype}; {wanted}"
        return f"returned a {type(value).__name__}; {wanted}"
    return np.ascontiguousarray(array).reshape(array.shape)


def lengths(value) -> str:
    """The first lengths in a list of lists: " of lengths 3, 2"."""
    try:
        return " of lengths " + ", ".join(str(len(part)) for part in list(value)[:5])
    except TypeError:
        return ""


def problem(error: BaseException, file: Path, megabytes: int) -> str:
    """The error in one line, with the line number in the student's file."""
    here = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    line = f" (line {here[-1]})" if here else ""
    if isinstance(error, MemoryError):
        return f"needed more than {megabytes} MB{line}"
    if isinstance(error, SystemExit):
        return f"called sys.exit({error.code!r}){line}"
    if isinstance(error, RecursionError):
        return f"called itself endlessly (RecursionError){line}"
    if isinstance(error, NotImplementedError):
        return f"is not written yet{line}"
    text = " ".join(str(error).split())
    return f"raised {type(error).__name__}: {text[:300]}{line}" if text else f"raised {type(error).__name__}{line}"


def answer(answers, header: dict, content=b"") -> None:
    """Sends one line of JSON, then the content; flushes what was printed first."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):  # closed or replaced by the student
            pass
    for part in (json.dumps(header).encode() + b"\n", content):
        rest = memoryview(part)
        while rest.nbytes:
            rest = rest[answers.write(rest) :]


if __name__ == "__main__":
    main()
