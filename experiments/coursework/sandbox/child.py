"""The process in which a student's function runs; run.py starts it and holds the other ends of its pipes.

It reads frames (values.py) from its original standard input: first the settings with the submission, then a call each.
It answers on a pipe of its own; standard output and error belong to the student. Before the submission is loaded,
limits.py takes away what it does not need. From then on nothing that this process says can be relied on: the
submission shares its memory and can forge any answer. It can not know the right ones, which never come here.
"""

import json
import os
import re
import sys
import traceback
import types
import warnings

import numpy as np

from experiments.coursework.sandbox import values
from experiments.coursework.sandbox.limits import seal

# Imported before the limit on memory is set, if the submission imports them, because they load large libraries.
PRELOADED = ("numba", "dsp", "scipy", "matplotlib.pyplot", "sklearn", "torch")
NAME = "student.py"


def main(answers: int) -> None:
    """Serves calls until there are no more; ends without a word if the submission has broken what that needs.

    answers : descriptor of the pipe for answers
    """
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    settings, file = prepare(requests, answers)
    try:
        serve(settings, file, requests, answers)
    except BaseException:
        os._exit(1)


def prepare(requests, answers: int) -> tuple[dict, str]:
    """Lays out the submission and gives up what it does not need; returns the settings and the submission's path."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _, content = receive(requests)
    settings, (source, *extra) = unpack(content)
    sys.path[:] = settings["paths"]
    sys.meta_path.insert(0, Without(settings["without"]))
    preload(b"\n".join((source, *extra)))
    folder = settings["folder"]
    os.chdir(folder)
    for name, text in zip((NAME, *settings["extra"]), (source, *extra), strict=True):
        with open(name, "wb") as file:
            file.write(text)
    send(answers, values.PREPARED)
    address_space = int(receive(requests)[1])
    paths = settings["readable"], settings["listed"]
    seal(settings["containment"], folder, *paths, address_space, settings["seconds"])
    send(answers, values.READY)
    sys.path.insert(0, folder)
    return settings | {"source": source}, os.path.join(folder, NAME)


def serve(settings: dict, file: str, requests, answers: int) -> None:
    """Loads the submission and answers the calls."""
    try:
        function = load(settings["source"], file, settings["function"])
    except BaseException as error:
        send(answers, values.PROBLEM, "is not there: the file " + problem(error, file, settings["megabytes"]))
        return
    send(answers, values.LOADED)
    while True:
        letter, content = receive(requests)
        if letter != values.CALL:
            return
        call(function, content, answers, file, settings["megabytes"])


def receive(requests) -> tuple[bytes, bytes]:
    """The next frame; empty at the end."""
    head = read(requests, values.FRAME.size)
    if len(head) < values.FRAME.size:
        return b"", b""
    letter, size = values.FRAME.unpack(head)
    return letter, read(requests, size)


def read(requests, size: int) -> bytes:
    """So many bytes, or fewer at the end."""
    parts = []
    while size > 0 and (part := requests.read(min(size, 1 << 20))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def unpack(content: bytes) -> tuple[dict, list[bytes]]:
    """JSON in the first line, then byte strings whose lengths it has under "lengths"."""
    line, _, rest = content.partition(b"\n")
    settings, parts = json.loads(line), []
    for length in settings["lengths"]:
        parts.append(rest[:length])
        rest = rest[length:]
    return settings, parts


class Without:
    """Says of some modules that they are not there. Whoever takes this away finds that they are not there."""

    def __init__(self, names: list[str]):
        self.names = tuple(f"{name}." for name in names)

    def find_spec(self, name: str, path=None, target=None):
        if f"{name}.".startswith(self.names):
            raise ModuleNotFoundError(f"{name} may not be used in this lab")


def preload(source: bytes) -> None:
    """Imports large libraries if the file does; what Numba compiles later is not kept on disk."""
    for name in PRELOADED:
        package = name.partition(".")[0].encode()
        if re.search(rb"^[ \t]*(import|from)[ \t].*\b" + package + rb"\b", source, re.MULTILINE):
            try:
                __import__(name)
            except ImportError:  # the submission gets the same error and its own line number
                pass
    if "numba" in sys.modules:
        from numba.core import caching, dispatcher, errors

        warnings.simplefilter("ignore", errors.NumbaSystemWarning)  # parallel loops run in one thread
        caching._CacheLocator.ensure_cache_path = lambda self: None  # it tries to write there
        caching.Cache.save_overload = lambda self, signature, data: None
        dispatcher.Dispatcher.enable_caching = lambda self: None


def load(source: bytes, file: str, function: str):
    """Loads the function from the file, which runs as a module named student."""
    module = sys.modules["student"] = types.ModuleType("student")
    module.__file__ = file
    exec(compile(source, file, "exec"), module.__dict__)
    return getattr(module, function)


def call(function, content: bytes, answers: int, file: str, megabytes: int) -> None:
    """Makes one call and sends one answer."""
    try:
        request, arrays = unpack(content)
        arguments = request["arguments"] | {
            name: values.unpack_file(array) for name, array in zip(request["arrays"], arrays, strict=True)
        }
        answer = as_numbers(function(**arguments))
        if not isinstance(answer, str):
            answer = values.pack_answer(answer)
    except BaseException as error:
        answer = problem(error, file, megabytes)
    send(answers, values.PROBLEM if isinstance(answer, str) else values.ARRAY, answer)


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
            return f"returned an array of dtype {str(array.dtype)[:80]}; {wanted}"
        return f"returned a {type(value).__name__}; {wanted}"
    if array.size > values.MAX_VALUES:
        return f"returned {array.size} values; at most {values.MAX_VALUES} are read"
    if array.ndim > values.MAX_DIMENSIONS:
        return f"returned an array of {array.ndim} dimensions; at most {values.MAX_DIMENSIONS} are read"
    if array.dtype.itemsize > (16 if array.dtype.kind == "c" else 8):  # long double
        array = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    return array


def lengths(value) -> str:
    """The first lengths in a list of lists: " of lengths 3, 2"."""
    try:
        return " of lengths " + ", ".join(str(len(part)) for part in list(value)[:5])
    except TypeError:
        return ""


def problem(error: BaseException, file: str, megabytes: int) -> str:
    """The error in one line, with the line number in the student's file."""
    here = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    line = f" (line {here[-1]})" if here else ""
    if isinstance(error, MemoryError):
        return f"needed more than {megabytes} MB{line}"
    if isinstance(error, SystemExit):
        return f"called sys.exit({str(error.code)[:80]}){line}"
    if isinstance(error, RecursionError):
        return f"called itself endlessly (RecursionError){line}"
    if isinstance(error, NotImplementedError):
        return f"is not written yet{line}"
    name = type(error).__name__
    try:
        text = " ".join(str(error)[:1000].split())[:300]
    except BaseException:
        text = ""
    if isinstance(error, PermissionError) or (isinstance(error, OSError) and error.errno == 30):  # read-only
        text += "; the check lets no code start programs, use the network or leave its own folder"
    return f"raised {name}: {text}{line}" if text else f"raised {name}{line}"


def send(answers: int, letter: bytes, content: bytes | str = b"") -> None:
    """Sends one frame; flushes what was printed first."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):  # closed or replaced by the student
            pass
    if isinstance(content, str):
        content = content.encode("utf-8", errors="replace")[: values.MAX_PROBLEM]
    rest = memoryview(values.frame(letter, content))
    while rest.nbytes:
        rest = rest[os.write(answers, rest) :]
