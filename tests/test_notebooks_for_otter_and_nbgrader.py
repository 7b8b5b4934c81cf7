"""Notebooks for Otter-Grader and nbgrader: their cells pass right functions only, and students get nothing hidden."""

import json
import re

import nbformat
import numpy as np
import pytest

from experiments.coursework import course_profile, release
from experiments.coursework.handouts import assignments, in_notebook
from experiments.coursework.tasks import LABS, task_of
from tests.test_a_class_is_graded import FROM_ONE, RIGHT

RULES = course_profile.load("dt2119")
ALL = len(task_of(5, RULES).cases)
HIDDEN = sum(case.hidden for case in task_of(5, RULES).cases)


def fails(text: str, function) -> str:
    """Why the cell fails, "" if it passes."""
    try:
        with np.errstate(all="ignore"):
            in_notebook.case(text, function)
    except (AssertionError, ValueError, IndexError, ZeroDivisionError) as error:
        return str(error) or "fails"
    return ""


@pytest.mark.parametrize("lab", LABS)
def test_cells_pass_the_solution_and_no_mistake(lab):
    task = task_of(lab, RULES)
    texts = [assignments.text_of(task, case) for case in task.cases]
    assert [fails(text, task.solution) for text in texts] == [""] * len(texts)
    for mistake in task.mistakes:
        assert any(fails(text, mistake.function) for text in texts), mistake.name


def test_a_hidden_case_says_nothing():
    task = task_of(5, RULES)
    for case in task.cases:
        text = assignments.text_of(task, case)
        words = fails(text, lambda log_mel, n_mfcc, lifter: np.zeros((1, 2, 3)))
        assert words == "a hidden case fails" if case.hidden else "shape (1, 2, 3)" in words


def names_of(code: str) -> dict:
    names = {}
    exec(code, names)
    return names


def test_nbgrader_notebooks(tmp_path, monkeypatch):
    assert release.main(["notebooks", str(tmp_path / "out"), "--format", "nbgrader", "--lab", "5"]) == 0
    folder = tmp_path / "out" / "source" / "lab_5"
    notebook = nbformat.read(folder / "lab_5.ipynb", as_version=4)
    nbformat.validate(notebook)
    about = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    assert sum(one.get("points", 0) for one in about) == 10
    assert [one["grade_id"] for one in about if one.get("solution")] == ["function"]
    assert len({one["grade_id"] for one in about if one}) == ALL + 1
    solution = next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution"))
    assert re.search(
        r'"""\n    ### BEGIN SOLUTION\n    raise NotImplementedError\n    ### END SOLUTION$', solution.source
    )
    graded = [cell.source for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert sum("### BEGIN HIDDEN TESTS" in source for source in graded) == HIDDEN
    for code, expected in ((RIGHT, ALL), (FROM_ONE, 1)):
        monkeypatch.syspath_prepend(folder)
        names, passed = names_of(code), 0
        for source in graded:
            try:
                exec(source, names)
                passed += 1
            except AssertionError:
                pass
        assert passed == expected


def test_otter_notebooks(tmp_path):
    assert release.main(["notebooks", str(tmp_path / "out"), "--format", "otter", "--lab", "5"]) == 0
    folder = tmp_path / "out" / "lab_5"
    nbformat.validate(nbformat.read(folder / "student" / "lab_5.ipynb", as_version=4))
    for name, count, hidden in (("student", ALL - HIDDEN, 0), ("autograder", ALL, HIDDEN)):
        names = names_of((folder / name / "tests" / "mfcc.py").read_text())
        assert names["OK_FORMAT"] is True
        cases = names["test"]["suites"][0]["cases"]
        assert (len(cases), sum(case["hidden"] for case in cases)) == (count, hidden)
        assert len(names["test"]["points"]) == count
    assert sum(names["test"]["points"]) == pytest.approx(10)
    assert "hidden" not in json.dumps(names_of((folder / "student" / "tests" / "mfcc.py").read_text())["test"]).replace(
        '"hidden": false', ""
    )


@pytest.mark.parametrize("lab", LABS)
def test_the_templates_become_cells(lab):
    head, body = assignments.template(task_of(lab, RULES))
    assert body.strip() == "raise NotImplementedError" and head.endswith('"""')
    assert callable(names_of(f"{head}\n{body}")[task_of(lab, RULES).function])
