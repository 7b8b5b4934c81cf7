"""What a lab does not allow a submission to use, found in the syntax tree, whether it is installed here or not.

Refusing names enforces the letter of a lab; it does not stop anyone who hides what is called.
"""

import ast

from experiments.coursework.checking.task import Task

REFUSED_ALWAYS = ("experiments",)  # the solutions
IMPORTERS = ("__import__", "builtins.__import__", "importlib.import_module", "importlib.__import__")
RUNNERS = ("eval", "exec", "builtins.eval", "builtins.exec")


def refusal(tree: ast.Module, task: Task) -> tuple[int, str] | None:
    """(line, what is wrong) of the first use that the lab refuses, or None.

    Checked: tests/test_libraries_are_refused_by_rule.py
    """
    refused = {name: name.replace("np.", "numpy.") for name in (*REFUSED_ALWAYS, *task.refused)}
    found = []
    for name, line in used(tree):
        for words, whole in refused.items():
            if f"{name}.".startswith(f"{whole}.") or (name.endswith(".*") and whole.startswith(name[:-1])):
                found.append((line, f"{words} may not be used in lab {task.lab}"))
        if name == ".?" or (
            name.endswith(".?") and any(f"{whole}.".startswith(name[:-1]) for whole in refused.values())
        ):
            what = "an import" if name == ".?" else f"an attribute of {name[:-2]}"
            found.append((line, f"{what} by a name that is computed may not be used in lab {task.lab}"))
    return min(found, default=None)


def used(tree: ast.Module) -> list[tuple[str, int]]:
    """The dotted names that the file imports or uses, in full (np.fft is numpy.fft), with their lines.

    from numpy import * gives "numpy.*", getattr(numpy, f(x)) gives "numpy.?", an import by a computed name ".?".
    """
    meaning, names = {}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                meaning[alias.asname or top] = alias.name if alias.asname else top
                names.append((alias.name, node.lineno))
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                meaning[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                names.append((f"{node.module}.{alias.name}", node.lineno))
    assignments = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and len(node.targets) == 1]
    for _ in range(3):  # n = np; f = n.fft; g = f.fft
        for node in assignments:
            if isinstance(node.targets[0], ast.Name) and (name := named(node.value, meaning)):
                meaning.setdefault(node.targets[0].id, name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Call | ast.Subscript) and (name := named(node, meaning)):
            names.append((name, node.lineno))
        if not (isinstance(node, ast.Call) and node.args):
            continue
        text = constant(node.args[0])
        if called(node, meaning) in IMPORTERS and text is not None:
            names.append((text, node.lineno))
        if called(node, meaning) in RUNNERS:
            try:
                names += [(name, node.lineno) for name, _ in used(ast.parse(text))] if text is not None else []
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                pass
    return sorted(names, key=lambda item: item[1])


def named(node: ast.expr, meaning: dict[str, str]) -> str:
    """The dotted name of what an expression is, "" if it is nothing imported."""
    if isinstance(node, ast.Name):
        return meaning.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = named(node.value, meaning)
        return f"{base}.{node.attr}" if base else ""
    if isinstance(node, ast.Subscript):  # np.__dict__["fft"], sys.modules["numpy.fft"], vars(np)["fft"]
        base, key = named(node.value, meaning), constant(node.slice)
        if base == "sys.modules":
            return key if key is not None else ".?"
        if base.endswith(".__dict__"):
            return f"{base.removesuffix('.__dict__')}.{key if key is not None else '?'}"
        return ""
    if isinstance(node, ast.Call) and node.args:
        what = called(node, meaning)
        if what in IMPORTERS:
            text = constant(node.args[0])
            if text is None:
                return ".?"
            return text.partition(".")[0] if what.endswith("__import__") and len(node.args) < 4 else text
        if what in ("getattr", "builtins.getattr") and len(node.args) > 1:
            base, text = named(node.args[0], meaning), constant(node.args[1])
            return (f"{base}.{text}" if text is not None else f"{base}.?") if base else ""
        if what in ("vars", "builtins.vars"):
            base = named(node.args[0], meaning)
            return f"{base}.__dict__" if base else ""
    return ""


def called(node: ast.Call, meaning: dict[str, str]) -> str:
    """What a call calls: "getattr", "importlib.import_module"."""
    if isinstance(node.func, ast.Name):
        return meaning.get(node.func.id, node.func.id)
    return named(node.func, meaning)


def constant(node: ast.expr) -> str | None:
    """The text of a string, also of "lib" + "rosa" and f"np"; None if it has to be computed."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = constant(node.left), constant(node.right)
        return left + right if left is not None and right is not None else None
    if isinstance(node, ast.JoinedStr):
        parts = [constant(part) for part in node.values]
        return "".join(parts) if None not in parts else None
    return None
