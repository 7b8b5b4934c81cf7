"""A student's file as a program: read as Python reads it, with the function that is asked for and how to call it.

A file that cannot be checked is refused with one line (FileError). A program that is no Python is no such file: its
NotPython, which is a FileError too, becomes a verdict.
"""

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from dsp.files.naming import FileError, shorten
from experiments.coursework.checking import rules
from experiments.coursework.checking.notebook import BLOCKS, Text, read_notebook, without_magics
from experiments.coursework.checking.task import Task
from experiments.coursework.sandbox.source import MAX_SOURCE, NotPython, parse_submission, read_submission

COOKIE = re.compile(r"^([ \t\f]*#.*?)coding([:=])", re.MULTILINE)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass
class Submission:
    """A program that can be run, and how to call its function."""

    text: Text
    names: dict[str, str]  # parameter of the task: the student's name for it
    positional: bool = False  # its parameters have no names, as in def fft(*x)
    helpers: dict[str, bytes] = field(default_factory=dict)  # files that come along, by name
    notes: list[str] = field(default_factory=list)  # what the student should know about the reading

    def program(self, more: str = "") -> bytes:
        """The program in UTF-8, with `more` behind it; its lines have the numbers that they have in the text."""
        head, _, rest = self.text.source.partition("\n")
        second, newline, rest = rest.partition("\n")
        head, second = (COOKIE.sub(r"\1c0ding\2", line) for line in (head, second))  # it is UTF-8 now
        return f"{head}\n{second}{newline}{rest}\n{more}".encode("utf-8", errors="surrogatepass")

    def place(self, line: int) -> str:
        """What people call a line: "line 3", or "cell 2, line 3"."""
        return self.text.place(line)


def check_source(file, task: Task, helpers: Iterable = ()) -> Submission:
    """Reads a student's file and its helpers.

    Parameters
    ----------
    file : a Python program or a notebook (.ipynb)
    task : names the function, its parameters and what may not be used
    helpers : paths of files that lie beside the program when it runs

    Raises FileError (a ValueError, one line) if there is nothing to check: an unreadable file, no such function, or
    refused names; NotPython (a FileError) if the program has a syntax error.

    Checked: tests/test_coursework_labs.py, tests/test_submissions_are_read_as_python_reads_them.py
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # of "\\d" in a string
        return read(file, task, helpers)


def read(file, task: Task, helpers: Iterable) -> Submission:
    """check_source's work."""
    content = read_submission(file)
    if Path(file).suffix.lower() == ".ipynb":
        text = read_notebook(decoded(content, file), file, task.function)
    else:
        text = Text("")
        text.source = decoded(content, file)
        if len(text.source) <= MAX_SOURCE:
            text.source = without_magics(text.source, text)
    tree = parsed(text, file)
    arguments = find_function(tree, text, file, task)
    check_rules(tree, text, file, task)
    submission = Submission(text, *how_to_call(arguments, file, task))
    for helper in map(Path, helpers):
        submission.helpers[helper.name] = read_submission(helper)
        if helper.suffix == ".py":
            helper_text = Text(decoded(submission.helpers[helper.name], helper))
            check_rules(parsed(helper_text, helper), helper_text, helper, task)
    if text.left_out:
        lines = ", ".join(shorten(line, 40) for line in dict.fromkeys(text.left_out))
        submission.notes.append(f"left out, as only notebooks understand it: {shorten(lines, 120)}")
    return submission


def decoded(content: bytes, name) -> str:
    """The text of a program as Python reads it: byte order mark, encoding cookie, any line breaks.

    Raises FileError (a ValueError) that names the encoding problem.

    Checked: tests/test_submissions_are_read_as_python_reads_them.py
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileError(f"{name}: encoded in UTF-16; save it as UTF-8")
    if b"\0" in content:
        raise FileError(f"{name}: not a text file (it has zero bytes)")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    except SyntaxError as error:
        if content.startswith(b"\xef\xbb\xbf"):
            raise FileError(f"{name}: a byte order mark of UTF-8, and another encoding in its first lines") from None
        if "unknown encoding" in str(error):
            raise FileError(f"{name}: {error} in its first lines") from None
        encoding = "utf-8"  # bytes of the first lines are not; the next step says where
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        what = "UTF-8" if encoding.startswith("utf-8") else f"{encoding}, as its first lines say"
        words = f"not {what} (byte 0x{content[error.start]:02x} in line {line}, perhaps Latin-1)"
        raise FileError(f"{name}: {words}; save it as UTF-8, or begin it with # -*- coding: latin-1 -*-") from None
    except LookupError:
        raise FileError(f"{name}: unknown encoding {shorten(encoding, 30)}") from None
    return text.removeprefix("\N{BYTE ORDER MARK}").replace("\r\n", "\n").replace("\r", "\n")


def parsed(text: Text, file) -> ast.Module:
    """The syntax tree; an error is placed where the student finds it."""
    try:
        return parse_submission(text.source, file)
    except NotPython as error:
        error.args = (f"{file}: {text.place(error.line)}: {error.reason}",)
        raise


def check_rules(tree: ast.Module, text: Text, file, task: Task) -> None:
    if refused := rules.refusal(tree, task):
        raise FileError(f"{file}: {text.place(refused[0])}: {refused[1]}")


def find_function(tree: ast.Module, text: Text, file, task: Task) -> ast.arguments | None:
    """The parameters of the function; None if they cannot be seen, as in f = g(h)."""
    functions, assigned = top_level(tree.body)
    name = task.function
    if name in assigned and name not in functions:
        return arguments_of(assigned[name], functions)
    if name not in functions:
        raise FileError(f"{file}: no function {name}" + elsewhere(name, tree, functions, text))
    function = functions[name]
    if isinstance(function, ast.AsyncFunctionDef):
        raise FileError(f"{file}: {text.place(function.lineno)}: {name} is async; a plain function is expected")
    return function.args


def top_level(body: list[ast.stmt]) -> tuple[dict, dict]:
    """The functions that a file defines when it is loaded, and the expressions that it assigns to names."""
    functions, assigned = {}, {}
    for node in body:
        if isinstance(node, FUNCTIONS):
            functions[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name) and node.value is not None:
                    assigned[target.id] = node.value
        elif isinstance(node, ast.Import | ast.ImportFrom):
            assigned |= {alias.asname or alias.name: None for alias in node.names}
        elif isinstance(node, BLOCKS) and not is_main(node):
            inner = [*node.body, *getattr(node, "orelse", []), *getattr(node, "finalbody", [])]
            inner += [one for handler in getattr(node, "handlers", []) for one in handler.body]
            more = top_level(inner)
            functions, assigned = functions | more[0], assigned | more[1]
    return functions, assigned


def is_main(node: ast.stmt) -> bool:
    """Whether this is if __name__ == "__main__", which does not run when a file is loaded."""
    return isinstance(node, ast.If) and ast.unparse(node.test).replace('"', "'") == "__name__ == '__main__'"


def arguments_of(value, functions: dict) -> ast.arguments | None:
    """The parameters of a lambda, another name for a function, or njit(g)."""
    if isinstance(value, ast.Lambda):
        return value.args
    if isinstance(value, ast.Call) and len(value.args) == 1 and isinstance(value.args[0], ast.Name):
        value = value.args[0]
    return functions[value.id].args if isinstance(value, ast.Name) and value.id in functions else None


def elsewhere(wanted: str, tree: ast.Module, functions: dict, text: Text) -> str:
    """Where the function is instead, or which one looks like it."""

    def inside(body, container: str):
        for node in body:
            if isinstance(node, FUNCTIONS) and node.name == wanted and container:
                yield node, container
            if isinstance(node, ast.ClassDef):
                yield from inside(node.body, f"the class {node.name}")
            elif isinstance(node, FUNCTIONS):
                yield from inside(node.body, f"the function {node.name}")
            elif is_main(node):
                yield from inside(node.body, 'if __name__ == "__main__"')
            elif isinstance(node, BLOCKS):
                yield from inside([one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt)], container)

    for node, container in inside(tree.body, ""):
        where = text.place(node.lineno)
        rule = "it has to stand at the top level of the file"
        return f" at the top level; it is inside {container} ({where}), where the check cannot call it: {rule}"
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == wanted:
            return f"; {wanted} is a class ({text.place(node.lineno)})"
    plain = {name.replace("_", "").lower(): name for name in functions}
    near = [plain[wanted.replace("_", "").lower()]] if wanted.replace("_", "").lower() in plain else []
    near = near or get_close_matches(wanted, functions, n=1)
    if near:
        return f"; did you mean {near[0]} ({text.place(functions[near[0]].lineno)})?"
    return f"; it has {shorten(', '.join(functions), 200)}" if functions else "; it has no function at all"


def how_to_call(arguments: ast.arguments | None, file, task: Task) -> tuple[dict[str, str], bool]:
    """(the student's name of each parameter of the task, whether they have none and count by their places).

    Equal names belong together, in any order; the others are taken in the order in which they stand.
    """
    if arguments is None:
        return {name: name for name in task.parameters}, False
    plain = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    named = [argument.arg for argument in arguments.kwonlyargs]
    if missing := [name for name in task.parameters if name not in (*plain, *named)]:
        free = [name for name in plain if name not in task.parameters]
        if len(free) < len(missing) and arguments.vararg is None and arguments.kwarg is None:
            raise bad_parameters(plain + named, file, task)
        if len(free) < len(missing):
            return {name: name for name in task.parameters}, arguments.vararg is not None
    else:
        free = []
    names = {name: name for name in task.parameters} | dict(zip(missing, free, strict=False))
    required = plain[: len(plain) - len(arguments.defaults)]
    required += [name for name, default in zip(named, arguments.kw_defaults, strict=True) if default is None]
    if len(plain) and plain[0] == "self" and len(required) > len(task.parameters):
        words = f"{task.function} has the parameter self, as a method has"
        raise FileError(f"{file}: {words}; {task.function}({', '.join(task.parameters)}) is expected")
    if [name for name in required if name not in names.values()]:
        raise bad_parameters(plain + named, file, task)
    return names, bool(arguments.posonlyargs)


def bad_parameters(there: list[str], file, task: Task) -> FileError:
    """The error for a function that takes too few or too many parameters."""
    count = f"{len(there)} parameter{'s' * (len(there) != 1)}" + f" ({shorten(', '.join(there), 80)})" * bool(there)
    wanted = f"{task.function}({', '.join(task.parameters)})"
    return FileError(f"{file}: {task.function} takes {count}; {wanted} is expected")
