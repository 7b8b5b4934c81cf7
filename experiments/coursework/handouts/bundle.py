"""Which files a program needs, found by following its imports; and copies of them in a folder or an archive."""

import ast
from collections.abc import Iterable
from pathlib import Path

from experiments.common.paths import ROOT

PACKAGES = ("dsp", "spectrogram_images", "nets", "experiments")


def modules_of(entries: Iterable[str], leave_out: Iterable[str] = ()) -> list[Path]:
    """The files of the modules and of everything in this tree that they import, also inside functions.

    entries : names of modules
    leave_out : names of modules or packages that are not followed

    Returns paths relative to the root of this tree, sorted; the packages' __init__.py are among them.

    Checked: tests/test_the_release_holds_no_solution.py
    """
    left_out, waiting, found = tuple(leave_out), list(entries), set()
    while waiting:
        module = waiting.pop()
        path = file_of(module)
        if path is None or path in found or any(f"{module}.".startswith(f"{name}.") for name in left_out):
            continue
        found.add(path)
        waiting += [module.rpartition(".")[0]] if "." in module else []
        waiting += sorted(imported((ROOT / path).read_bytes()))
    return sorted(found)


def imported(source: bytes) -> set[str]:
    """The modules that a file may import: those that it names, and every name that it takes from one."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def file_of(module: str) -> Path | None:
    """The file of a module of this tree, None for anything else."""
    if module.partition(".")[0] not in PACKAGES:
        return None
    path = Path(*module.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if (ROOT / p).is_file()), None)


def contents(paths: Iterable[Path]) -> dict[str, bytes]:
    """The files' bytes by their paths, with slashes."""
    return {path.as_posix(): (ROOT / path).read_bytes() for path in paths}
