"""Notebooks for Otter-Grader and nbgrader: a cell for the function, and the check as cells with points.

otter     OUT/lab_5/student/       the notebook, tests/ with the visible cases, check_lab.py
          OUT/lab_5/autograder/    tests/ with all cases, check_lab.py, for `otter generate`
nbgrader  OUT/source/lab_5/        the notebook, check_lab.py; `nbgrader generate_assignment lab_5` takes the hidden
                                   cases out

Source: https://otter-grader.readthedocs.io (OK format), https://nbgrader.readthedocs.io (cell metadata)
"""

import ast
import base64
import io
import json
from pathlib import Path
from pprint import pformat

import numpy as np

from dsp.files.writing import write_text_atomically
from experiments.coursework import course_profile
from experiments.coursework.checking.one_file import points_of_cases
from experiments.coursework.checking.task import Case, Task
from experiments.coursework.handouts.stored_task import Store
from experiments.coursework.tasks import task_of

HERE = Path(__file__).parents[1]
FORMATS = ("otter", "nbgrader")
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
CHECK = "from check_lab import case\n\ncase({text!r}, {function})"
HIDDEN = "from check_lab import case\n\n### BEGIN HIDDEN TESTS\ncase({text!r}, {function})\n### END HIDDEN TESTS"
INTRODUCTION = """# {course}, lab {lab}: `{function}({parameters})`

Write the function in the next cell. The cells after it check it: {points:g} points in all, {visible} cases that you can
see and {hidden} that are tried later.
"""


def write(out: Path, labs: list[int], profile: course_profile.Profile, form: str) -> None:
    """Writes the notebooks of the labs under a course's rules.

    form : one of FORMATS

    Checked: tests/test_notebooks_for_otter_and_nbgrader.py
    """
    checker = Path(__file__).with_name("in_notebook.py").read_text(encoding="utf-8")
    for lab in labs:
        task = task_of(lab, profile)
        texts = [text_of(task, case) for case in task.cases]
        if form == "nbgrader":
            folder = out / "source" / f"lab_{lab}"
            write_notebook(folder / f"lab_{lab}.ipynb", nbgrader_cells(task, texts, profile))
            write_text_atomically(folder / "check_lab.py", checker)
            continue
        write_notebook(out / f"lab_{lab}" / "student" / f"lab_{lab}.ipynb", otter_cells(task, profile))
        for name, all_cases in (("student", False), ("autograder", True)):
            folder = out / f"lab_{lab}" / name
            write_text_atomically(folder / "tests" / f"{task.function}.py", otter_test(task, texts, all_cases))
            write_text_atomically(folder / "check_lab.py", checker)


def text_of(task: Task, case: Case) -> str:
    """A case with its right result, as in_notebook.case reads it."""
    store = Store()
    facts = {"name": "" if case.hidden else case.name, "hidden": case.hidden, "tolerance": task.tolerance}
    facts |= {"dtype": getattr(task, "dtype", ""), "arguments": store.arguments(case.arguments)}
    content = io.BytesIO()
    np.savez_compressed(
        content,
        facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8),
        expected=np.asarray(task.solution(**case.arguments)),
        **store.arrays,
    )
    return base64.b85encode(content.getvalue()).decode()


def template(task: Task) -> tuple[str, str]:
    """The student's file up to the function's body, and the body."""
    text = (HERE / "student" / f"lab_{task.lab}.py").read_text(encoding="utf-8")
    function = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    lines, first = text.splitlines(), ast.parse(text).body[0].end_lineno  # the file's own documentation
    body = function.body[1].lineno - 1
    return "\n".join(lines[first:body]).strip("\n"), "\n".join(lines[body : function.end_lineno])


def introduction(task: Task, profile: course_profile.Profile) -> str:
    hidden = sum(case.hidden for case in task.cases)
    text = INTRODUCTION.format(
        course=profile.course,
        lab=task.lab,
        function=task.function,
        parameters=", ".join(task.parameters),
        points=task.points,
        visible=len(task.cases) - hidden,
        hidden=hidden,
    )
    return f"{text}\n```\n{course_profile.describe(profile)}\n```"


def cell(kind: str, source: str, number: int, metadata: dict | None = None) -> dict:
    made = {"cell_type": kind, "id": f"cell-{number}", "metadata": metadata or {}, "source": source}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def nbgrader_cells(task: Task, texts: list[str], profile: course_profile.Profile) -> list[dict]:
    """One cell per case; those of hidden cases are emptied by nbgrader itself when it makes the students' version."""

    def about(name: str, **more) -> dict:
        facts = {"grade": False, "solution": False, "locked": True, "task": False, "schema_version": 3}
        return {"nbgrader": facts | {"grade_id": name, "cell_type": "code"} | more}

    head, body = template(task)
    solution = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
    cells = [
        cell("markdown", introduction(task, profile), 0),
        cell("code", solution, 1, about("function", solution=True, locked=False)),
    ]
    for number, (case, text, points) in enumerate(zip(task.cases, texts, points_of_cases(task), strict=True)):
        source = (HIDDEN if case.hidden else f"# {case.name}\n{CHECK}").format(text=text, function=task.function)
        cells.append(cell("code", source, number + 2, about(f"case_{number}", grade=True, points=points)))
    return cells


def otter_cells(task: Task, profile: course_profile.Profile) -> list[dict]:
    head, body = template(task)
    return [
        cell("code", "import otter\n\ngrader = otter.Notebook()", 0),
        cell("markdown", introduction(task, profile), 1),
        cell("code", f"{head}\n{body}", 2),
        cell("code", f'grader.check("{task.function}")', 3),
    ]


def otter_test(task: Task, texts: list[str], all_cases: bool) -> str:
    """The test file of the function in the OK format."""
    points = points_of_cases(task)
    chosen = [number for number, case in enumerate(task.cases) if all_cases or not case.hidden]
    cases = [
        {
            "code": f">>> from check_lab import case\n>>> case({texts[number]!r}, {task.function})\n",
            "hidden": task.cases[number].hidden,
            "locked": False,
        }
        for number in chosen
    ]
    suite = {"cases": cases, "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    test = {"name": task.function, "points": [points[number] for number in chosen], "suites": [suite]}
    return f"OK_FORMAT = True\n\ntest = {pformat(test, width=120, sort_dicts=False)}\n"


def write_notebook(path: Path, cells: list[dict]) -> None:
    notebook = {"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}
    write_text_atomically(path, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
