"""What students get: labs, templates and a check that works, without a solution and without anything hidden."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.coursework import check, course_profile, release
from experiments.coursework.handouts import bundle, stored_task
from experiments.coursework.tasks import LABS, task_of
from tests.conftest import ROOT
from tests.test_a_class_is_graded import FROM_ONE, RIGHT

SECONDS = 120
RULES = course_profile.load("dt2119")
# Calls every function of the folder's modules with the arguments of every visible case; prints those that are right.
TRY_EVERYTHING = """
import importlib, inspect, sys, warnings
from pathlib import Path
import numpy as np
from experiments.coursework import course_profile
from experiments.coursework.checking import compare
from experiments.coursework.tasks import LABS, task_of
warnings.simplefilter("ignore")
np.seterr(all="ignore")
rules = course_profile.load()
tasks = [task_of(lab, rules) for lab in LABS]
for path in sorted(Path().rglob("*.py")):
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    if path.stem in ("__main__", "workers", "check", "lab", "release") or path.match("labs/lab_*.py"):
        continue
    if not name.startswith(("dsp", "experiments.coursework")) or ".sandbox" in name or ".files" in name:
        continue
    if name.startswith("dsp.engine"):  # compiled loops that believe what they are given
        continue
    try:
        module = importlib.import_module(name)
    except ImportError:
        continue
    for attribute, function in list(vars(module).items()):
        if not callable(function) or getattr(function, "__module__", "") != name or inspect.isclass(function):
            continue
        for task in tasks:
            try:
                right = all(
                    compare.is_right(np.asarray(function(*case.arguments.values())) * 1.0, case_result * 1.0, 1e-6)
                    for case in task.cases[:2] for case_result in [task.solution(**case.arguments)]
                )
            except BaseException:
                continue
            if right:
                print(f"{name}.{attribute} solves lab {task.lab}")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("release") / "out"
    assert release.main([str(out), "--labs", "text", "--profile", "dt2119"]) == 0
    return out


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS)


def test_no_file_of_a_solution_is_there(folder):
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert not [name for name in files if "tasks/lab_" in name and not name.endswith(".npz")]
    assert not [name for name in files if "answers" in name or "TEACHING" in name]
    assert not [name for name in files if Path(name).name == "answers.md"]  # the teacher's
    assert not [name for name in files if name.startswith("dsp/") and not name.startswith(("dsp/files/", "dsp/__init"))]
    assert {name for name in files if name.startswith("labs/")} == {
        f"labs/{script.stem}.ipynb" for script in (ROOT / "experiments" / "coursework" / "labs").glob("lab_[0-9]*.py")
    }
    sources = [(ROOT / "experiments" / "coursework" / "tasks" / f"{name}.py").read_text() for name in LABS.values()]
    code = {line.strip() for source in sources for line in source.splitlines() if len(line.strip()) > 30}
    code = {
        line for line in code if "import" not in line and not line.startswith(("#", '"', "def cases", "def make_task"))
    }
    for name, path in files.items():
        if path.suffix in (".py", ".ipynb", ".md", ".toml"):
            text = path.read_text(encoding="utf-8")
            assert "def solution" not in text and str(ROOT) not in text, name
            assert not (code & {line.strip() for line in text.splitlines()}) - allowed(name), name


def allowed(name: str) -> set[str]:
    """Lines that tasks have in common with a template: a formula that the student is told."""
    part = Path(name).name
    source = ROOT / "experiments" / "coursework" / "student" / part
    return {line.strip() for line in source.read_text().splitlines()} if source.exists() else set()


@pytest.mark.slow
def test_no_function_in_the_folder_is_right(folder):
    done = python(folder, "-c", TRY_EVERYTHING)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def test_nothing_of_a_hidden_case_is_there(folder):
    for lab in LABS:
        task = task_of(lab, RULES)
        with np.load(folder / "experiments" / "coursework" / "tasks" / f"lab_{lab}.npz") as stored:
            facts, arrays = stored["facts"].tobytes().decode(), [stored[name] for name in stored.files]
        visible = [value for case in task.cases if not case.hidden for value in numbers(task, case)]
        for case in task.cases:
            assert (json.dumps(case.name) in facts) != case.hidden
            for value in numbers(task, case) if case.hidden else []:
                known = any(np.array_equal(value, one) for one in visible)  # as the colors of a map may be
                assert known or not any(np.array_equal(value, one) for one in arrays), (lab, case.name)
    assert "seed = 0\n" in (folder / "experiments" / "coursework" / "profiles" / "default.toml").read_text()


def numbers(task, case) -> list[np.ndarray]:
    values = [*case.arguments.values(), task.solution(**case.arguments)]
    return [np.asarray(value) for value in values if np.size(value) > 2]


def test_the_students_check_works_from_the_folder(folder, tmp_path):
    for code, status, words in (
        (RIGHT, 0, "7 of 7 cases, 10 of 10 points"),
        (FROM_ONE, 1, "explained by: the lifter counts from one"),
    ):
        (folder / "mine.py").write_text(code)
        done = python(folder, "-m", "experiments.check", "mine.py", "--lab", "5")
        assert done.returncode == status, done.stderr
        assert words in done.stdout and "hidden" not in done.stdout
        assert "hamming periodic" in done.stdout  # the course's rules
    report = check.check(folder / "mine.py", 5, "dt2119")
    assert report["explained_by"] == ["the lifter counts from one"]
    (folder / "other.toml").write_text("lifter = 21\n")
    done = python(folder, "-m", "experiments.check", "mine.py", "--lab", "5", "--profile", "other.toml")
    assert done.returncode == 2 and "this folder checks by the rules of its own course alone" in done.stderr
    where = python(
        folder, "-c", "import experiments.coursework.check as c, dsp.files as d; print(c.__file__, d.__file__)"
    )
    assert all(Path(path).is_relative_to(folder) for path in where.stdout.split())


@pytest.mark.slow
def test_stored_numbers_say_what_the_code_says(folder):
    for lab in LABS:
        task = task_of(lab, RULES)
        path = folder / "experiments" / "coursework" / "tasks" / f"lab_{lab}.npz"
        stored = stored_task.load(path, course_profile.describe(RULES))
        assert [case.name for case in stored.cases] == [case.name for case in task.cases if not case.hidden]
        for case in stored.cases:
            result = np.asarray(task.solution(**case.arguments))
            assert np.array_equal(stored.solution(**case.arguments), result)
            assert stored.solution(**case.arguments).dtype == result.dtype
        assert [mistake.name for mistake in stored.mistakes] == [mistake.name for mistake in task.mistakes]
        hidden = next(case for case in task.cases if case.hidden)
        with pytest.raises(ValueError, match="only the results of the visible cases"):
            stored.solution(**hidden.arguments)
        assert stored.points == task.points and stored.refused == task.refused
    with pytest.raises(ValueError, match="rules of its own course"):
        stored_task.load(path, course_profile.describe(course_profile.load()))


@pytest.mark.slow
def test_a_runnable_release_runs_its_labs_and_does_contain_code(tmp_path):
    """The search for solutions finds dsp's functions here, so it can find some."""
    out = tmp_path / "out"
    assert release.main([str(out), "--lab", "2", "--lab", "5", "--labs", "runnable"]) == 0
    done = python(out, "-m", "experiments.coursework.labs.lab_5_cepstrum_and_mfcc", "--out", str(tmp_path / "figures"))
    assert done.returncode == 1 and "lab 5 is not passed yet" in done.stdout, done.stderr
    assert list((tmp_path / "figures").glob("*.png"))
    tried = python(out, "-c", TRY_EVERYTHING)
    assert "solves lab 2" in tried.stdout, tried.stderr


@pytest.mark.slow
def test_executed_labs_show_their_figures_and_no_path(tmp_path):
    out = tmp_path / "out"
    assert release.main([str(out), "--lab", "5", "--profile", "dt2119"]) == 0
    text = (out / "labs" / "lab_5_cepstrum_and_mfcc.ipynb").read_text()
    assert "image/png" in text and str(ROOT) not in text and "begin(5)" in text


def test_bad_use_gets_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    (tmp_path / "bad.toml").write_text("n_mfcc = 99\n")
    for arguments, words in (
        ([str(tmp_path)], "not empty; give a new folder"),
        ([str(tmp_path / "file")], "is a file; a folder is expected"),
        ([str(tmp_path / "new"), "--profile", "dt2129"], "unknown profile"),
        ([str(tmp_path / "new"), "--profile", str(tmp_path / "bad.toml")], "n_mfcc = 99; at most n_mels"),
    ):
        assert release.main(arguments) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_a_bundle_follows_imports():
    files = [path.as_posix() for path in bundle.modules_of(["experiments.coursework.check"], ["dsp"])]
    assert "experiments/coursework/classroom/gradebook.py" in files  # imported inside a function
    assert "experiments/__init__.py" in files and not [name for name in files if name.startswith("dsp/")]
    assert bundle.modules_of(["numpy", "json"]) == []
