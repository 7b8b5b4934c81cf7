"""The program in a notebook: the function that is asked for, and the statements of all cells that it needs.

A notebook that a student hands in also loads recordings, draws and tries things out; none of that runs. What is kept
stands on the lines on which it stood, cell after cell, so that a line of the text leads back to a cell and its line.
Lines for IPython (%matplotlib inline, !pip install) are left out, in programs too.
"""

import ast
import builtins
import logging
import re
from bisect import bisect_right
from dataclasses import dataclass, field

from dsp.files.extras import require
from dsp.files.naming import FileError, shorten
from experiments.coursework.sandbox.source import MAX_SOURCE

CELL_MAGICS_WITH_CODE = ("time", "timeit", "capture", "prun")  # the rest of the cell is Python
MAGIC = re.compile(r"\s*([%!].*|\?{1,2}\S+|[\w.*]+\?{1,2}|[\w., ]+=\s*[%!].*)\s*$")
WRITTEN = re.compile(r"\s*%%(writefile|file)\s.*\.py\s*$", re.MULTILINE)  # a cell of a lab's notebook
MAX_MAGICS = 200  # of one program or cell
BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While)


@dataclass
class Text:
    """A program, and where its lines come from."""

    source: str
    starts: list[int] = field(default_factory=list)  # the first line of each cell of a notebook, counted from 1
    cells: list[int] = field(default_factory=list)  # the numbers of these cells, counted from 1, text cells too
    left_out: list[str] = field(default_factory=list)  # lines for IPython

    def place(self, line: int) -> str:
        """What people call a line: "line 3", or "cell 2, line 3"."""
        if not self.starts or line < self.starts[0]:
            return f"line {line}"
        cell = bisect_right(self.starts, line) - 1
        return f"cell {self.cells[cell]}, line {line - self.starts[cell] + 1}"


def read_notebook(content: str, name, function: str) -> Text:
    """The part of a notebook that the function needs; FileError (a ValueError, one line) for a damaged notebook.

    content : the file as text
    name : of the file, for the message
    function : without it, the text is what all cells hold

    Checked: tests/test_submissions_are_read_as_python_reads_them.py
    """
    text = Text("")
    lines: list[str] = []
    cells = code_cells(content, name)
    files = [cell for cell in cells if WRITTEN.match(cell[1]) and re.search(rf"^def\s+{function}\b", cell[1], re.M)]
    for number, source in files[-1:] or cells:  # a file that the notebook writes stands for itself
        text.starts.append(len(lines) + 1)
        text.cells.append(number)
        cell = without_cell_magic(source.expandtabs(8) if "\t" in source else source, text)
        lines += without_magics(cell, text).split("\n")
    text.source = "\n".join(lines) + "\n"
    text.source = only_needed(text, function)
    return text


def code_cells(content: str, name) -> list[tuple[int, str]]:
    """(number, source) of the code cells; a notebook of any version."""
    nbformat = require("nbformat", feature="reading a notebook", extra="course")
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)  # small faults against the format are not reported
    try:
        notebook = nbformat.reads(content, as_version=4)
        cells = [(cell.cell_type, cell.source) for cell in notebook.cells]
        language = notebook.metadata.get("kernelspec", {}).get("language", "python")
        if not all(isinstance(part, str) for cell in cells for part in cell):
            raise TypeError
    except (Exception, RecursionError) as error:
        reason = "not JSON" if isinstance(error, ValueError) else "its cells are not where they should be"
        raise FileError(f"{name}: a damaged notebook: {reason}") from None
    if not str(language).lower().startswith(("python", "ipython")):
        raise FileError(f"{name}: a notebook in {shorten(str(language), 20)}; Python is expected")
    found = [(i, source.replace("\r\n", "\n")) for i, (kind, source) in enumerate(cells, 1) if kind == "code"]
    if sum(len(source) for _, source in found) > MAX_SOURCE:
        raise FileError(f"{name}: more than {MAX_SOURCE >> 10} kB of program text")
    if not found:
        raise FileError(f"{name}: a notebook without a code cell")
    return found


def without_cell_magic(source: str, text: Text) -> str:
    """The cell without its line %%name; without everything if it is not Python (%%bash, %%html).

    The notebooks of the labs have the function in a cell that begins with %%writefile my_lab_5.py.
    """
    lines = source.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if not lines[first].startswith("%%"):
        return source
    text.left_out.append(lines[first].strip())
    if lines[first][2:].split()[:1] in [[name] for name in CELL_MAGICS_WITH_CODE] or WRITTEN.match(lines[first]):
        return "\n".join(["" if i == first else line for i, line in enumerate(lines)])
    return "\n" * (len(lines) - 1)


def without_magics(source: str, text: Text) -> str:
    """The source with an empty statement in the place of every line for IPython that keeps it from being Python."""
    lines = source.split("\n")
    for _ in range(MAX_MAGICS):
        try:
            tree = ast.parse("\n".join(lines))
        except SyntaxError as error:
            at = (error.lineno or 0) - 1
            if not (0 <= at < len(lines) and MAGIC.match(lines[at])):
                break
            text.left_out.append(lines[at].strip())
            indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
            goes_on = lines[at].rstrip().endswith("\\")
            lines[at] = f"{indent}pass"
            while goes_on and at + 1 < len(lines):
                at += 1
                goes_on, lines[at] = lines[at].rstrip().endswith("\\"), ""
        except (ValueError, RecursionError, MemoryError):
            break
        else:
            for node in tree.body:  # what nbconvert makes of a magic
                if isinstance(node, ast.Expr) and ast.unparse(node).startswith("get_ipython()"):
                    text.left_out.append(ast.unparse(node))
                    lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
            break
    return "\n".join(lines)


def only_needed(text: Text, function: str) -> str:
    """The statements that define the function and what it uses; the rest of the lines is empty.

    A cell that is no Python is left out, unless it is the one with the function: the caller then meets the error.
    """
    lines, statements = text.source.split("\n"), []
    for start, end in zip(text.starts, [*text.starts[1:], len(lines) + 1], strict=True):
        cell = "\n".join(lines[start - 1 : end - 1])
        try:
            body = ast.parse(cell).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            if re.search(rf"^\s*def\s+{function}\b|^{function}\s*=", cell, re.MULTILINE):
                return "\n" * (start - 1) + cell + "\n"
            continue
        statements += [(node, start - 1) for node in body]
    if not any(function in bound(node) for node, _ in statements):
        kept = statements  # nothing to look for; the message names what is there instead
    else:
        kept = needed(statements, function)
    keep = set()
    for node, offset in kept:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        keep |= set(range(offset + first, offset + node.end_lineno + 1))
    return "\n".join(line if i in keep else "" for i, line in enumerate(lines, 1))


def needed(statements: list, function: str) -> list:
    """The statements that bind the function or, directly or not, a name that it uses, in their order."""
    wanted, kept = {function}, set()
    while True:
        new = {i for i, (node, _) in enumerate(statements) if i not in kept and needs(node, wanted)}
        if not new:
            return [statement for i, statement in enumerate(statements) if i in kept]
        kept |= new
        for i in new:
            wanted |= loaded(statements[i][0]) - set(dir(builtins))


def needs(node: ast.stmt, wanted: set[str]) -> bool:
    """Whether a statement binds a wanted name, or imports who knows what; an expression alone binds nothing."""
    if isinstance(node, ast.ImportFrom) and (node.module == "__future__" or any(a.name == "*" for a in node.names)):
        return True
    return not wanted.isdisjoint(bound(node))


def bound(node: ast.stmt) -> set[str]:
    """The names that a statement binds or changes: W = .., W[0] = .., W.x = .., import W, def W, for W in .."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    names = set()
    if isinstance(node, BLOCKS):
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, ast.stmt):
                names |= bound(inner)
            elif isinstance(inner, ast.ExceptHandler):
                names |= {name for one in inner.body for name in bound(one)}
    for inner in [node] if not isinstance(node, BLOCKS) else []:
        for part in ast.walk(inner):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                names.add(part.id)
            elif isinstance(part, ast.Subscript | ast.Attribute) and isinstance(part.ctx, ast.Store):
                while isinstance(part, ast.Subscript | ast.Attribute):
                    part = part.value
                names |= {part.id} if isinstance(part, ast.Name) else set()
    return names


def loaded(node: ast.AST) -> set[str]:
    """The names that a statement reads, those inside its functions too, except what is local to a function."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
    a = node.args
    local = {arg.arg for arg in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg) if arg is not None}
    of_module, names = set(), set()
    for part in (part for statement in node.body for part in ast.walk(statement)):
        if isinstance(part, ast.Name):
            (names if isinstance(part.ctx, ast.Load) else local).add(part.id)
        elif isinstance(part, ast.Global):
            of_module |= set(part.names)
    around = [*node.decorator_list, *a.defaults, *filter(None, a.kw_defaults)]
    return (names - (local - of_module)).union(*map(loaded, around))
