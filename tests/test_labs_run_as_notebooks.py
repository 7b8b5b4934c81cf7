"""Every lab is a notebook that runs from top to bottom: figures, sounds, and the check of the function in a cell."""

import re

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from experiments.coursework import check, notebooks
from experiments.coursework.tasks import LABS
from tests.conftest import ROOT

WRITTEN = """
def preemphasize(signal, coefficient):
    y = signal.astype(float)
    y[1:] -= coefficient * signal[:-1]
    return y
"""


@pytest.mark.parametrize("lab", LABS)
def test_a_notebook_has_every_line_of_its_script_and_the_template(lab):
    notebook = notebooks.notebook_of(lab)
    script = notebooks.script_of(lab).read_text(encoding="utf-8")
    words = re.sub(r"^# %%.*$", "", script[script.index("# %%") :], flags=re.MULTILINE).split()
    cells = [cell.source for cell in notebook.cells if not cell.source.startswith(("**In this", "%%writefile"))]
    in_cells = "\n".join(cells).replace(f'Path("my_lab_{lab}.py")', "options.file")
    in_cells = in_cells.replace(f'begin({lab}, profile="default")', f"begin({lab})").split()
    assert [word for word in in_cells if set(word) != {"#"}] == [word for word in words if set(word) != {"#"}]
    *_, template, check = notebook.cells
    student = (ROOT / "experiments" / "coursework" / "student" / f"lab_{lab}.py").read_text(encoding="utf-8")
    assert template.source.splitlines()[0] == f"%%writefile my_lab_{lab}.py"
    assert student.partition("import numpy")[2].strip() in template.source
    assert check.source == f'finish({lab}, Path("my_lab_{lab}.py"), options.profile)'
    assert [cell.cell_type for cell in notebook.cells].count("markdown") >= 3


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_a_notebook_runs_from_top_to_bottom(lab, tmp_path):
    """Under nbclient; every figure and sound of the script is in the file, and nothing is written but the function."""
    notebook = notebooks.notebook_of(lab)
    notebooks.execute(notebook, tmp_path, seconds=120)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    data = [output.data for output in outputs if "data" in output]
    script = notebooks.script_of(lab).read_text(encoding="utf-8")
    assert sum("image/png" in one for one in data) == script.count("show(figure, ")
    assert any("<audio" in one.get("text/html", "") for one in data) == ("play(" in script)
    printed = "".join(output.text for output in notebook.cells[-1].outputs)
    assert f"lab {lab} is not passed yet. Change the function" in printed
    assert [path.name for path in tmp_path.iterdir()] == [f"my_lab_{lab}.py"]
    nbformat.validate(notebook)


@pytest.mark.slow
def test_a_function_written_in_the_notebook_is_checked_there(tmp_path):
    notebook = notebooks.notebook_of(9, "cs4347")  # another profile than the default
    notebook.cells[-2].source = "%%writefile my_lab_9.py\n" + WRITTEN
    notebooks.execute(notebook, tmp_path)
    printed = "".join(output.text for output in notebook.cells[-1].outputs)
    assert printed.endswith("lab 9 is passed\n") and "the course's coefficient 0.95" in printed


def test_the_notebook_itself_can_be_handed_in(tmp_path):
    notebook = notebooks.notebook_of(9)
    notebook.cells[-2].source = "%%writefile my_lab_9.py\nimport numpy as np\n" + WRITTEN
    nbformat.write(notebook, tmp_path / "ada.ipynb")
    assert check.check(tmp_path / "ada.ipynb", 9)["score"] == 10


@pytest.mark.slow
def test_a_failing_cell_is_one_line_and_leaves_no_file(tmp_path, monkeypatch, capsys):
    right = notebooks.notebook_of(9)
    right.cells[1].source = "raise KeyError('no signal')"
    monkeypatch.setattr(notebooks, "notebook_of", lambda lab, profile: right)
    assert notebooks.main([str(tmp_path), "--lab", "9", "--execute"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("lab 9: a cell failed (KeyError: 'no signal')") and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(CellExecutionError):
        notebooks.execute(right, tmp_path)


def test_the_command_writes_notebooks_that_are_the_same_every_time(tmp_path, capsys):
    texts = []
    for _ in range(2):
        assert notebooks.main([str(tmp_path / "new"), "--lab", "1", "12"]) == 0
        texts.append([path.read_bytes() for path in sorted((tmp_path / "new").iterdir())])
    assert texts[0] == texts[1] and len(texts[0]) == 2
    assert "lab_12_dynamic_time_warping.ipynb" in capsys.readouterr().out
    (tmp_path / "file").write_text("")
    assert notebooks.main([str(tmp_path / "file")]) == 2
    assert "is a file; a folder is expected" in capsys.readouterr().err
