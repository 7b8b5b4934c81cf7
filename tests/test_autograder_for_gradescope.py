"""The archive for Gradescope checks a submission in a folder of its own, whatever the submission is."""

import io
import json
import os
import subprocess
import sys
import zipfile

import pytest

from experiments.coursework import course_profile, release
from experiments.coursework.handouts.autograder import archive
from tests.conftest import ROOT
from tests.test_a_class_is_graded import FROM_ONE, RIGHT

SECONDS = 120
RULES = course_profile.load("dt2119")


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """/autograder as Gradescope lays it out, with this Python in the place of the virtual environment."""
    root = tmp_path_factory.mktemp("autograder")
    assert release.main(["autograder", str(root / "lab_5.zip"), "--lab", "5", "--profile", "dt2119"]) == 0
    with zipfile.ZipFile(root / "lab_5.zip") as made:
        made.extractall(root / "source")
    for name in ("submission", "venv/bin"):
        (root / name).mkdir(parents=True)
    (root / "venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (root / "venv" / "bin" / "python").chmod(0o755)
    return root


def graded(machine, files: dict[str, str]) -> dict:
    for path in (machine / "submission").iterdir():
        path.unlink()
    for name, text in files.items():
        (machine / "submission" / name).write_text(text)
    (machine / "results" / "results.json").unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(
        ["bash", str(machine / "source" / "run_autograder")],
        env=environment | {"AUTOGRADER": str(machine)},
        check=True,
        timeout=SECONDS,
        capture_output=True,
    )
    return json.loads((machine / "results" / "results.json").read_text())


@pytest.mark.slow
def test_submissions_are_graded_from_the_archive_alone(machine):
    right = graded(machine, {"anything.py": RIGHT, "notes.txt": "", "helpers.py": "x = 1"})
    assert right["score"] == 10 and all(test["score"] == test["max_score"] > 0 for test in right["tests"])
    wrong = graded(machine, {"mfcc.py": FROM_ONE})
    assert wrong["score"] == pytest.approx(sum(test["score"] for test in wrong["tests"]))
    assert sum(test["max_score"] for test in wrong["tests"]) == pytest.approx(10)
    assert wrong["output"] == "explained by: the lifter counts from one"
    visibility = {test["name"].startswith("hidden"): test["visibility"] for test in wrong["tests"]}
    assert visibility == {False: "visible", True: "after_published"}
    assert all(test["output"] == "" for test in wrong["tests"] if test["name"].startswith("hidden"))
    assert graded(machine, {"report.pdf": ""})["output"].endswith("no .py or .ipynb file (report.pdf)")
    broken = graded(machine, {"mfcc.py": "def mfcc(:"})
    assert broken["score"] == 0 and "line 1: invalid syntax" in broken["tests"][0]["output"]


def test_a_check_that_fails_still_leaves_results(machine):
    python = machine / "venv" / "bin" / "python"
    kept = python.read_text()
    python.write_text("#!/bin/sh\nexit 1\n")
    try:
        assert graded(machine, {"mfcc.py": RIGHT}) == {
            "score": 0, "output": "The check itself failed. Tell your teacher.",
        }  # fmt: skip
    finally:
        python.write_text(kept)


def test_the_archive_is_whole_and_names_no_machine(machine):
    made = archive(5, RULES)
    assert made == (machine / "lab_5.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(made)) as content:
        modes = {info.filename: info.external_attr >> 16 for info in content.infolist()}
        texts = {name: content.read(name).decode() for name in content.namelist()}
    assert [name for name, mode in modes.items() if mode & 0o111] == ["run_autograder", "setup.sh"]
    assert [name for name in texts if "/tasks/lab_" in name] == ["experiments/coursework/tasks/lab_5.py"]
    assert not any(str(ROOT) in text for text in texts.values())
    assert "numpy==" in texts["setup.sh"] and "numba==" in texts["setup.sh"] and "bubblewrap" in texts["setup.sh"]
    assert (
        "--lab 5 --profile profile.toml --hints 1" in texts["run_autograder"]
        and "unsafe" not in texts["run_autograder"]
    )
    for name in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n"], input=texts[name], text=True, check=True, timeout=SECONDS)
    with zipfile.ZipFile(io.BytesIO(archive(2, RULES, 0, "hidden", unsafe=True))) as content:
        assert "--hints 0" in (text := content.read("run_autograder").decode())
        assert "--hidden-tests hidden" in text and text.rstrip().count("--unsafe") == 1
