"""A student's file as text: whether the function is there, and whether it uses somebody else's instead."""

import ast
from difflib import get_close_matches
from pathlib import Path

from dsp.files.naming import FileError
from experiments.coursework.sandbox.source import parse_submission, read_submission
from experiments.coursework.task import Task

REFUSED_ALWAYS = ("experiments",)  # the solutions


def check_source(file: Path, task: Task) -> None:
    """Raises FileError (a ValueError) if the file cannot be checked: unreadable, no such function, or refused names.

    Refusing names enforces the letter of a lab; it does not stop anyone who hides what is called.

    Checked: tests/test_coursework_labs.py
    """
    tree = parse_submission(read_submission(file), file)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if task.function not in functions and task.function not in assigned(tree):
        raise FileError(f"{file}: no function {task.function}" + nearest(task.function, functions))
    if task.function in functions:
        check_parameters(file, functions[task.function], task)
    for name, line in used(tree):
        for refused in (*REFUSED_ALWAYS, *task.refused):
            whole = refused.replace("np.", "numpy.")
            if f"{name}.".startswith(f"{whole}.") or (name.endswith(".*") and whole.startswith(name[:-1])):
                raise FileError(f"{file}: line {line}: {refused} may not be used in lab {task.lab}")


def check_parameters(file: Path, function: ast.FunctionDef, task: Task) -> None:
    there = function.args
    names = {argument.arg for argument in (*there.args, *there.kwonlyargs)}
    missing = [name for name in task.parameters if name not in names]
    if missing and there.kwarg is None:
        wanted = f"{task.function}({', '.join(task.parameters)})"
        raise FileError(f"{file}: {task.function} has no parameter {missing[0]}; {wanted} is expected")


def nearest(wanted: str, functions) -> str:
    """What the file has instead."""
    near = get_close_matches(wanted, functions, n=1)
    if near:
        return f"; did you mean {near[0]} (line {functions[near[0]].lineno})?"
    return f"; it has {', '.join(functions)}" if functions else "; it has no function at all"


def assigned(tree: ast.Module) -> set[str]:
    """Names that are assigned at the top level of the file, as in f = njit(g)."""
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def used(tree: ast.Module) -> list[tuple[str, int]]:
    """The dotted names that the file imports or uses, in full (np.fft is numpy.fft), with their lines."""
    meaning, names = {}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                meaning[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
                names.append((alias.name, node.lineno))
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                meaning[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                names.append((f"{node.module}.{alias.name}", node.lineno))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            first, _, rest = ast.unparse(node).partition(".")
            if first in meaning:
                names.append((f"{meaning[first]}.{rest}", node.lineno))
    return sorted(names, key=lambda item: item[1])
