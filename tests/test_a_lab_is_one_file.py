"""TEACHING.md tells the truth: its example of a lab works as it stands, and its table has every lab and function."""

import re

import pytest

from experiments.coursework import check, course_profile, tasks
from tests.conftest import ROOT

TEACHING = (ROOT / "experiments" / "coursework" / "TEACHING.md").read_text(encoding="utf-8")
RIGHT = "import numpy as np\ndef energy_db(frames):\n    return 10 * np.log10(np.sum(frames**2, axis=0))\n"


@pytest.fixture
def lab_13(tmp_path, monkeypatch):
    """The example, as the only new file."""
    (code,) = re.findall(r"^```python\n(.*?)^```", TEACHING, re.MULTILINE | re.DOTALL)
    (tmp_path / "lab_13.py").write_text(code)
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(tmp_path)])
    monkeypatch.setitem(tasks.LABS, 13, "lab_13")
    return tmp_path / "mine.py"


def test_the_example_of_a_lab_passes_right_code_and_explains_wrong_code(lab_13):
    lab_13.write_text(RIGHT)
    assert check.check(lab_13, 13)["score"] == 10
    lab_13.write_text(RIGHT.replace("sum", "mean"))
    report = check.check(lab_13, 13, hints=2)
    assert report["explained_by"] == ["the mean instead of the sum"] and report["score"] < 10


def test_the_table_has_every_lab_with_its_function():
    rows = dict(re.findall(r"^\| (\d+) [^|]*\| `([^`]+)`", TEACHING, re.MULTILINE))
    assert set(map(int, rows)) == set(tasks.LABS)
    for lab in tasks.LABS:
        task = tasks.task_of(lab, course_profile.load())
        name, _, parameters = rows[str(lab)].rstrip(")").partition("(")
        assert name == task.function and tuple(parameters.split(", ")) == task.parameters


def test_the_ways_through_the_labs_respect_what_comes_before():
    rows = re.findall(r"^\| (\d+) [^|]*\|[^|]*\| (\d) \| ([-\d, ]+) \|", TEACHING, re.MULTILINE)
    before = {int(lab): {int(one) for one in re.findall(r"\d+", names)} for lab, _, names in rows}
    assert set(before) == set(tasks.LABS)
    assert all(one in before for needed in before.values() for one in needed)
    for way in (re.findall(r"\d+", text) for text in re.findall(r"[:;] ((?:\d+, )+\d+) ", TEACHING)):
        for position, lab in enumerate(map(int, way)):
            assert before[lab] <= {int(earlier) for earlier in way[:position]}, lab
