"""Makes notebooks of the labs, for people who would rather work in Jupyter than with scripts and a terminal.

    python -m experiments.coursework.notebooks [OUT] [--lab N ...] [--profile NAME] [--execute]

Example: python -m experiments.coursework.notebooks my_notebooks --lab 1 2 --execute

A notebook has the cells of the lab's script and, before the last one, a cell with the template. Running that cell saves
the function as my_lab_N.py beside the notebook; the last cell checks this file. The notebooks look for the clone in
their own folder and above, so OUT should lie in the clone. --execute runs them, so that figures, sounds and printed
numbers are in the files. An existing notebook is replaced.

Exit status: 0 done, 1 a cell failed, 2 bad input or a missing package, 130 interrupted.
"""

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path

from dsp.files.commands import DONE, NO, check_output_folder, exit_status, exit_without

exit_without("nbformat", "nbclient", "ipykernel", feature="making notebooks", extra="course")

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from dsp.files.extras import require
from dsp.files.naming import printable
from dsp.files.writing import write_text_atomically
from experiments.common.paths import ROOT, RUNS
from experiments.coursework import course_profile
from experiments.coursework.tasks import LABS

LABS_FOLDER = Path(__file__).with_name("labs")
TEMPLATES = Path(__file__).with_name("student")
SECONDS = 600  # for one cell
HERE = """**In this notebook**, write the function in the next cell instead of copying the template. Running the
cell saves it as `{file}` beside the notebook, and the last cell checks that file. Run both as often as you like."""
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}


def script_of(lab: int) -> Path:
    """The script of a lab."""
    return next(LABS_FOLDER.glob(f"lab_{lab}_*.py"))


def cells_of(script: str) -> list[tuple[str, str]]:
    """("markdown" or "code", text) of every cell of a script in percent format; its docstring is left out.

    Checked: tests/test_labs_run_as_notebooks.py
    """
    cells = []
    for piece in re.split(r"^# %%", script, flags=re.MULTILINE)[1:]:
        mark, _, text = piece.partition("\n")
        if mark.strip() == "[markdown]":
            lines = [line.removeprefix("#").removeprefix(" ") for line in text.strip().split("\n")]
            cells.append(("markdown", "\n".join(lines)))
        else:
            cells.append(("code", text.strip()))
    return cells


def notebook_of(lab: int, profile: str = "default") -> nbformat.NotebookNode:
    """The notebook of a lab under a course's profile, with a cell for the student's function, not executed.

    Checked: tests/test_labs_run_as_notebooks.py
    """
    script = script_of(lab).read_text(encoding="utf-8")
    cells = cells_of(script.replace(f"begin({lab})", f'begin({lab}, profile="{profile}")'))
    file = f"my_lab_{lab}.py"
    template = (TEMPLATES / f"lab_{lab}.py").read_text(encoding="utf-8").replace(" Copy this file and write", " Write")
    check = cells.pop()[1].replace("options.file", f'Path("{file}")')
    cells += [
        ("markdown", HERE.format(file=file)),
        ("code", f"%%writefile {file}\n{template.strip()}"),
        ("code", check),
    ]
    made = {"markdown": new_markdown_cell, "code": new_code_cell}
    notebook = new_notebook(metadata=KERNEL, cells=[made[kind](text) for kind, text in cells])
    for number, cell in enumerate(notebook.cells):
        cell.id = f"lab-{lab}-{number}"  # the same in every run
    nbformat.validate(notebook)
    return notebook


def execute(notebook: nbformat.NotebookNode, folder: Path, seconds: float = SECONDS) -> None:
    """Runs all cells of the notebook in `folder`, with the clone to import from; the outputs are stored in it.

    Raises CellExecutionError, or CellTimeoutError after so many seconds for one cell.

    Checked: tests/test_labs_run_as_notebooks.py
    """
    require("ipykernel", feature="running notebooks", extra="course")  # nbclient starts it in a process of its own
    environment = {name: value for name, value in os.environ.items() if name not in ("MPLBACKEND", "DISPLAY")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")]))
    client = NotebookClient(notebook, timeout=seconds, kernel_name="python3", resources={"metadata": {"path": folder}})
    client.extra_arguments = ["--log-level=40"]  # errors alone
    client.execute(env=environment)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # the times of day


def make(out: Path, labs: list[int], profile: str, executed: bool) -> int:
    """Writes the notebooks; returns the exit status."""
    check_output_folder(out)
    course_profile.load(profile)
    for lab in labs:
        notebook, path = notebook_of(lab, profile), out / f"{script_of(lab).stem}.ipynb"
        if executed:
            with tempfile.TemporaryDirectory(prefix="notebook_") as folder:  # not beside a student's my_lab_N.py
                try:
                    execute(notebook, Path(folder))
                except CellExecutionError as error:
                    return failed(lab, f"a cell failed ({error.ename}: {error.evalue})")
                except (CellTimeoutError, DeadKernelError) as error:
                    return failed(lab, str(error).splitlines()[0])
        write_text_atomically(path, nbformat.writes(notebook) + "\n")
        print(printable(path))
    return DONE


def failed(lab: int, reason: str) -> int:
    print(f"lab {lab}: {printable(reason)}", file=sys.stderr)
    return NO


def main(arguments: list[str] | None = None) -> int:
    """The command.

    Checked: tests/test_labs_run_as_notebooks.py
    """
    parser = argparse.ArgumentParser(
        prog="python -m experiments.coursework.notebooks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "out",
        nargs="?",
        type=Path,
        default=RUNS / "notebooks",
        metavar="OUT",
        help="the folder for the notebooks; default: experiments/runs/notebooks",
    )
    parser.add_argument("--lab", type=int, nargs="+", choices=LABS, metavar="N", help="only these labs; default: all")
    parser.add_argument("--profile", default="default", metavar="NAME", help="of the course; default: default")
    parser.add_argument("--execute", action="store_true", help="run the notebooks; about ten seconds each")
    options = parser.parse_args(arguments)
    return exit_status(lambda: make(options.out, options.lab or list(LABS), options.profile, options.execute))


if __name__ == "__main__":
    sys.exit(main())
