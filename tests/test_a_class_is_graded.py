"""A class is graded with one command: every submission by itself, whatever it does, killed and resumed or not."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from filelock import FileLock

from experiments.coursework import check
from experiments.coursework.classroom import gradebook, hand_ins, report, roster, workers
from tests.conftest import ROOT

SECONDS = 120
RIGHT = """
import numpy as np
def mfcc(log_mel, n_mfcc, lifter):
    M, k = len(log_mel), np.arange(n_mfcc)[:, None]
    C = np.cos(np.pi * k * (2 * np.arange(M) + 1) / (2 * M)) * np.sqrt(np.where(k == 0, 1, 2) / M)
    w = 1 + lifter / 2 * np.sin(np.pi * k / lifter) if lifter else 1
    return w * (C @ log_mel)
"""
FROM_ONE = RIGHT.replace("np.pi * k / lifter", "np.pi * (k + 1) / lifter")
NO_LIFTER = RIGHT.replace("if lifter else", "if False else")
LOOP = "def mfcc(log_mel, n_mfcc, lifter):\n    while True:\n        pass\n"
NASTY = """
def mfcc(log_mel, n_mfcc, lifter):
    print("\\x1b[31m<script>alert(1)</script>")
    raise ValueError("<img src=x onerror=alert(1)> \\x1b]0;title\\x07 =1+1")
"""
SUBMISSIONS = {
    "ada.py": RIGHT,
    "bob.py": FROM_ONE,
    "carl/my work.py": NO_LIFTER,
    "carl/helpers.py": "x = 1\n",
    "dora.py": "def mfcc(:\n",
    "=HYPERLINK(1).py": NASTY,
    "gil.py": "x = 1\n",
    "Eve Moss_123_assignsubmission_file_/lab.py": RIGHT,
    "zoeking_LATE_77_99_lab5-1.py": FROM_ONE,
    "fred/report.pdf": "no program",
    "notes.txt": "of the teacher",
}


ROSTER = """Student;ID;Section;due;submitted
Ada;;A;2026-10-01 12:00;2026-10-01 11:59
Bob;;B;2026-10-01 12:00;2026-10-01 12:01
Carl;;A;;
Dora;;A;;
Fred;;B;;
Eve Moss;123;B;;
King, Zoe;;A;;
Gil;;;;
Nobody;9;A;;
"""


def hand_in(folder: Path) -> Path:
    for name, text in SUBMISSIONS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def folder(tmp_path) -> Path:
    return hand_in(tmp_path / "in")


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> tuple[Path, str]:
    """The folder with out.csv and out_reports, and what the command printed."""
    place = tmp_path_factory.mktemp("class")
    (place / "class.csv").write_text(ROSTER)
    with redirect_stdout(StringIO()) as printed:
        arguments = command(hand_in(place / "in"), place / "out.csv", "--roster", place / "class.csv")
        assert check.main(arguments) == 0
    return place, printed.getvalue()


def command(folder, csv_file, *more) -> list[str]:
    return [str(folder), "--lab", "5", "--csv", str(csv_file), "--workers", "2", *map(str, more)]


def rows_of(csv_file) -> dict[str, dict]:
    with open(csv_file, newline="", encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_a_folder_becomes_a_gradebook_and_reports(graded):
    place, printed = graded
    rows = rows_of(place / "out.csv")
    assert list(rows) == [
        "'=HYPERLINK(1)",
        "Ada",
        "Bob",
        "Carl",
        "Dora",
        "Eve Moss",
        "Fred",
        "Gil",
        "King, Zoe",
        "Nobody",
    ]
    scores = {name: (row["status"], row["score"], row["late"], row["Section"]) for name, row in rows.items()}
    assert scores["Ada"] == ("graded", "10", "", "A")
    assert scores["Bob"] == ("graded", "2.8", "yes", "B")
    assert scores["Dora"] == ("graded", "0", "", "A")
    assert scores["Fred"] == ("no file", "0", "", "B")
    assert scores["King, Zoe"] == ("graded", "2.8", "yes", "A")
    assert scores["Nobody"] == ("missing", "", "", "A")
    assert scores["'=HYPERLINK(1)"] == ("graded", "0", "", "")
    assert rows["Bob"]["explained_by"] == "the lifter counts from one"
    assert rows["Carl"]["explained_by"] == "no lifter"
    assert (rows["Dora"]["passed"], rows["Dora"]["cases"]) == ("0", rows["Ada"]["cases"])
    assert rows["Fred"]["message"] == "no .py or .ipynb file (report.pdf)"
    assert rows["'=HYPERLINK(1)"]["message"] == "not in the roster"
    assert rows["Ada"]["alike"].startswith("Eve Moss")
    for words in ("missing: Nobody", "late: Bob, King, Zoe", "the lifter counts from one", "identical but for names"):
        assert words in printed
    assert printed.startswith((place / "out_reports" / "summary.txt").read_text())
    reports = {path.stem: json.loads(path.read_text()) for path in (place / "out_reports").glob("*.json")}
    assert len(reports) == 9 and reports["bob"]["report"]["explained_by"] == ["the lifter counts from one"]


def test_nothing_of_a_student_becomes_markup_or_an_escape_sequence(graded):
    place, printed = graded
    files = [path for path in (place / "out_reports").iterdir() if not path.name.startswith(".")]
    assert len([path for path in files if path.suffix == ".html"]) == 10
    texts = [path.read_text() for path in (*files, place / "out.csv")] + [printed]
    for text in texts:
        assert "\x1b" not in text and "\x07" not in text and "\\u001b" not in text
    for page in (path.read_text() for path in files if path.suffix == ".html"):
        assert not re.search(r"<(script|img)", page)
        assert "default-src 'none'" in page
    nasty = next(path for path in files if path.name.startswith("HYPERLINK") and path.suffix == ".html").read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in nasty and "&lt;img src=x" in nasty


def run(arguments: list[str], **more) -> subprocess.Popen:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    everything = [sys.executable, "-m", "experiments.check", *arguments]
    return subprocess.Popen(everything, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, **more)


def wait_for(condition) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.slow
def test_killed_and_resumed_it_gives_the_same_gradebook(folder, tmp_path, monkeypatch):
    for number in range(6):
        (folder / f"n{number}.py").write_text(FROM_ONE + f"# {number}\nimport time\ntime.sleep(0.2)\n")
    assert check.main(command(folder, tmp_path / "whole.csv")) == 0
    killed = run(command(folder, tmp_path / "again.csv"), stderr=subprocess.DEVNULL)
    reports = tmp_path / "again_reports"
    wait_for(lambda: len(list(reports.glob("*.json"))) >= 5 or killed.poll() is not None)
    killed.kill()
    assert killed.wait() == -signal.SIGKILL
    there = {path: path.read_text() for path in reports.glob("*.json")}
    assert 5 <= len(there) < 15
    for text in there.values():  # whole, each of them
        json.loads(text)

    checked = []
    really = workers.graded
    monkeypatch.setattr(gradebook.workers, "graded", lambda requests, *more: really(record(checked, requests), *more))
    assert check.main(command(folder, tmp_path / "again.csv", "--resume")) == 0
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert len(checked) == 14 - sum(json.loads(text)["status"] != "no file" for text in there.values())

    checked.clear()  # one submission changes, the others' reports still hold
    (folder / "bob.py").write_text(RIGHT)
    assert check.main(command(folder, tmp_path / "again.csv", "--resume")) == 0
    assert [Path(request["file"]).name for request in checked] == ["bob.py"]
    assert rows_of(tmp_path / "again.csv")["bob"]["score"] == "10"
    checked.clear()  # other rules: no report holds
    (tmp_path / "mine.toml").write_text("points = 2.5\n")
    check.main(command(folder, tmp_path / "again.csv", "--resume", "--profile", tmp_path / "mine.toml"))
    assert len(checked) == 14 and rows_of(tmp_path / "again.csv")["bob"]["score"] == "2.5"


def record(seen: list, requests: dict) -> dict:
    seen.extend(requests.values())
    return requests


@pytest.mark.slow
def test_an_endless_loop_costs_its_own_limit(tmp_path):
    for name, text in {"a.py": RIGHT, "b.py": LOOP, "c.py": RIGHT, "d.py": RIGHT}.items():
        (tmp_path / name).write_text(text)
    started = time.monotonic()
    assert check.main([*command(tmp_path, tmp_path / "out.csv"), "--time-limit", "1"]) == 0
    assert time.monotonic() - started < SECONDS
    rows = rows_of(tmp_path / "out.csv")
    assert [rows[name]["score"] for name in "abcd"] == ["10", "0", "10", "10"]
    looping = json.loads((tmp_path / "out_reports" / "b.json").read_text())["report"]
    assert looping["cases"][0]["message"] == "mfcc did not end within 1 s"


def test_a_check_that_breaks_costs_one_submission(tmp_path, monkeypatch):
    """A worker that dies or raises is replaced, the student is named, and the exit status tells."""
    requests = {0: {"nonsense": 1}, 1: {"file": str(tmp_path / "a.py"), "lab": 5}}
    (tmp_path / "a.py").write_text(RIGHT)
    made = dict(workers.graded(requests, 1, 10.0))
    assert "the check itself raised TypeError" in made[0]["failed"]
    assert made[1]["score"] == 10
    worker = workers.Worker(120.0)
    assert worker.report({"file": str(tmp_path / "none.py"), "lab": 5})["error"].endswith("No such file or directory")
    worker.process.kill()
    worker.process.wait()
    assert worker.report(requests[1])["score"] == 10
    worker.limit = 0.0
    assert worker.report(requests[1])["failed"] == "the check itself did not end within 0 s"
    worker.stop()
    monkeypatch.setattr(gradebook.workers, "graded", lambda requests, *_: [(n, {"failed": "broke"}) for n in requests])
    assert check.main(command(tmp_path, tmp_path / "out.csv")) == 1
    row = rows_of(tmp_path / "out.csv")["a"]
    assert (row["status"], row["message"], row["score"]) == ("failed", "broke", "")


def test_workers_end_with_the_command(tmp_path):
    worker = subprocess.Popen(
        [sys.executable, "-m", "experiments.coursework.classroom.workers"], cwd=ROOT, stdin=subprocess.PIPE
    )
    worker.stdin.close()
    assert worker.wait(timeout=SECONDS) == 0


def test_two_commands_do_not_grade_into_one_gradebook(folder, tmp_path, capsys):
    with FileLock(tmp_path / ".out.csv.lock"):
        assert check.main(command(folder, tmp_path / "out.csv")) == 2
    assert "out.csv: another command is grading into it" in capsys.readouterr().err
    with FileLock(tmp_path / "r" / ".reports.lock"):
        assert check.main(command(folder, tmp_path / "out.csv", "--reports", tmp_path / "r")) == 2
    assert "another command is grading into it" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--lab", "5"], "a folder is graded into a gradebook: give --csv FILE"),
        (["--lab", "5", "--csv", "{out}", "--json", "{out}.json"], "are for a class; --json and --gradescope for one"),
        (["--lab", "5", "--csv", "{out}", "--workers", "0"], "--workers must be at least 1"),
        (["--lab", "77", "--csv", "{out}"], "lab 77 is none of"),
        (["--lab", "5", "--csv", "{out}", "--roster", "{out}"], "out.csv: No such file or directory"),
        (["--lab", "5", "--csv", "{here}"], "is a folder; a file is expected"),
    ],
)
def test_bad_use_gets_one_line(arguments, words, folder, tmp_path, capsys):
    places = {"out": tmp_path / "out.csv", "here": tmp_path}
    assert check.main([str(folder), *(text.format(**places) for text in arguments)]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
    assert not (tmp_path / "out.csv").exists()


def test_a_folder_without_submissions_gets_one_line(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("")
    assert check.main(command(tmp_path / "in", tmp_path / "out.csv")) == 2
    assert "no .py file, no .ipynb file and no folder of a student in it" in capsys.readouterr().err
    (tmp_path / "a.py").write_text(RIGHT)
    assert check.main([str(tmp_path / "a.py"), "--lab", "5", "--csv", str(tmp_path / "out.csv")]) == 2
    assert "--csv, --reports and --roster are for a class" in capsys.readouterr().err


def test_what_counts_as_a_submission(folder, tmp_path):
    (folder / "gus").mkdir()
    (folder / "gus" / "lab_5.py").write_text(RIGHT)
    (folder / "gus" / "old.py").write_text(RIGHT)
    (folder / "hal").mkdir()
    (folder / "hal" / "a.py").write_text(RIGHT)
    (folder / "hal" / "b.py").write_text(RIGHT)
    (folder / "ian").mkdir()
    (folder / "ian" / "a.py").write_text("")
    (folder / "ian" / "b.py").write_text("")
    (folder / "jim" / "__pycache__").mkdir(parents=True)
    (folder / "jim" / "__pycache__" / "mfcc.py").write_text(RIGHT)
    (folder / "kim" / "deep" / "deeper").mkdir(parents=True)
    cell = {"cell_type": "code", "source": ["import numpy\n", "def mfcc(log_mel, n_mfcc, lifter):\n", "    pass"]}
    (folder / "kim" / "deep" / "deeper" / "book.ipynb").write_text(json.dumps({"cells": [cell]}))
    (folder / "kim" / "other.py").write_text("")
    secret = tmp_path / "secret.py"
    secret.write_text(RIGHT)
    (folder / "link.py").symlink_to(secret)
    (folder / "linked").symlink_to(folder / "gus")
    found = {one.student: one for one in hand_ins.find(folder, "mfcc", 5)}
    assert {name: one.file and one.file.name for name, one in found.items()} == {
        "=HYPERLINK(1)": "=HYPERLINK(1).py", "ada": "ada.py", "bob": "bob.py", "carl": "my work.py", "dora": "dora.py",
        "Eve Moss": "lab.py", "fred": None, "gil": "gil.py", "gus": "lab_5.py", "hal": None, "ian": None, "jim": None,
        "kim": "book.ipynb", "link": "link.py", "zoeking": "zoeking_LATE_77_99_lab5-1.py",
    }  # fmt: skip
    assert (found["Eve Moss"].id, found["zoeking"].id, found["zoeking"].late) == ("123", "77", True)
    assert found["hal"].problem == "2 files, and several of them have a function mfcc"
    assert found["ian"].problem == "2 files, and none of them has a function mfcc"
    assert check.main(command(folder, tmp_path / "out.csv")) == 0
    assert rows_of(tmp_path / "out.csv")["link"]["status"] == "refused"  # nothing of another folder is read


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name\nAda\n", "no column student; it has name"),
        ("student\n", "no students in it"),
        ("student\nAda\nada\n", "line 3: ada stands in it twice; give them ids"),
        ("student,due\nAda,tomorrow\n", "line 2: due = 'tomorrow'; YYYY-MM-DD HH:MM is expected"),
        ("student,due,submitted\nAda,2026-10-01T12:00+02:00,2026-10-01 12:00\n", "only one of due and submitted has"),
        (b"student\nJos\xe9\n", "not UTF-8; save the roster as CSV in UTF-8"),
    ],
)
def test_a_bad_roster_gets_one_line(text, words, tmp_path):
    path = tmp_path / "class.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError) as caught:
        roster.read(path)
    assert words in str(caught.value) and str(caught.value).startswith(f"{path}: ")


def test_names_are_matched_however_they_are_written(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text("\ufeffstudent,id\nJosé Álvarez,\nLi Wei,1\nLi Wei,2\nAnna Maria Ek,\n")
    people = roster.read(path)
    names = [("josealvarez", ""), ("Alvarez José", ""), ("liwei", "2"), ("liwei", ""), ("ekannamaria", "")]
    found = [hand_ins.HandIn(name, number) for name, number in names]
    matched, missing = roster.match(people, found)
    assert {index: (person.student, person.id) for index, person in matched.items()} == {
        0: ("José Álvarez", ""), 1: ("José Álvarez", ""), 2: ("Li Wei", "2"), 4: ("Anna Maria Ek", ""),
    }  # fmt: skip
    assert [(person.student, person.id) for person in missing] == [("Li Wei", "1")]


@pytest.mark.parametrize("field", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "\r=1"])
def test_no_field_is_a_formula(field):
    assert gradebook.safe(field)[0] not in "=+-@\uff1d \t\r"
    assert gradebook.safe("a=1") == "a=1" and gradebook.safe("1-2") == "1-2"


def test_names_of_files_differ_and_are_plain():
    students = ["ada", "ADA", "../../etc/passwd", "a/b", "a b", "summary", "", "é", "."]
    names = gradebook.file_names(students)
    assert len({name.casefold() for name in names}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) and not name.startswith(".") for name in names)
    assert names[0] != "ada" and "summary" not in names  # ada and ADA are one file on some systems


def test_the_histogram_counts_everybody_once():
    scores = [0, 0, 0.1, 1, 1.0001, 5, 9.99, 10, 10]
    bars = dict(report.histogram(scores, 10))
    assert sum(bars.values()) == len(scores)
    assert (bars["0"], bars["0 .. 1"], bars["1 .. 2"], bars["4 .. 5"], bars["9 .. 10"], bars["10"]) == (
        2,
        2,
        1,
        1,
        1,
        2,
    )
    assert sum(count for _, count in report.histogram([0.7, 2.1, 3.5], 3.5)) == 3


def test_gradescope_gets_one_students_folder(folder, tmp_path):
    """The tests' points add up to the lab's, their scores to the score; what is hidden shows when the teacher says."""
    out = tmp_path / "results.json"
    (tmp_path / "mine.toml").write_text("points = 10.05\n")
    profile = ["--profile", str(tmp_path / "mine.toml")]
    arguments = ["--lab", "5", "--gradescope", str(out), "--hidden-tests", "after_published", *profile]
    for name, status, score in (("carl", 1, 4.42), ("Eve Moss_123_assignsubmission_file_", 0, 10.05), ("fred", 2, 0)):
        assert check.main([str(folder / name), *arguments]) == status
        results = json.loads(out.read_text())
        assert results["score"] == score == pytest.approx(sum(test["score"] for test in results["tests"]))
        if status < 2:
            assert sum(test["max_score"] for test in results["tests"]) == pytest.approx(10.05)
            seen = {test["name"].startswith("hidden"): test["visibility"] for test in results["tests"]}
            assert seen == {True: "after_published", False: "visible"}
    assert results["output"].endswith("fred: no .py or .ipynb file (report.pdf)")
    (folder / "carl" / "my work.py").write_text(NASTY)
    check.main([str(folder / "carl"), *arguments])
    assert "\\u001b" not in out.read_text() and '"output_format": "text"' in out.read_text()


def test_a_labs_notebook_and_a_module_beside_it_can_be_handed_in(tmp_path):
    """A lab's notebook holds the function in a cell that writes a file; its other cells are not run."""
    notebooks = pytest.importorskip("experiments.coursework.notebooks")
    notebook = notebooks.notebook_of(5)
    for cell in notebook.cells:
        if cell.source.startswith("%%writefile"):
            cell.source = "%%writefile my_lab_5.py\n" + FROM_ONE
    place = tmp_path / "in"
    (place / "ann").mkdir(parents=True)
    (place / "ann" / "lab.ipynb").write_text(notebooks.nbformat.writes(notebook))
    (place / "ben").mkdir()
    (place / "ben" / "lab.py").write_text("from weights import w\n" + RIGHT.replace("w * (C", "w(n_mfcc, lifter) * (C"))
    weights = "import numpy as np\ndef w(n, L):\n    k = np.arange(n)[:, None]\n"
    weights += "    return 1 + L / 2 * np.sin(np.pi * k / L) if L else np.ones((n, 1))\n"
    (place / "ben" / "weights.py").write_text(weights)
    (place / "ben" / "old.py").write_text("def (:\n")
    right = (place / "ben" / "lab.py").read_text().replace("    w = 1 +", "    u = 1 +")
    (place / "ben" / "lab.py").write_text(right)
    assert check.main(command(place, tmp_path / "out.csv")) == 0
    rows = rows_of(tmp_path / "out.csv")
    assert (rows["ann"]["score"], rows["ann"]["explained_by"]) == ("2.8", "the lifter counts from one")
    assert (rows["ben"]["status"], rows["ben"]["score"]) == ("graded", "10")


def test_what_is_no_fault_of_the_student_costs_no_points(tmp_path, monkeypatch):
    """A sandbox that does not start ends in "failed", not in 0 points."""
    (tmp_path / "a.py").write_text(RIGHT)
    monkeypatch.setenv("COURSEWORK_CONTAINMENT", "refused")
    made = dict(workers.graded({0: {"file": str(tmp_path / "a.py"), "lab": 5}}, 1, 10.0))
    assert "the check itself raised NotContained" in made[0]["failed"]
    assert check.main(command(tmp_path, tmp_path / "out.csv")) == 2
    assert not (tmp_path / "out.csv").exists()


def test_reports_are_made_printable_whatever_the_sandbox_lets_through():
    """The texts, the keys and the names in a report; line breaks and tabs stay."""
    nasty = "\x1b[31m<b>\u202e\r\nnext\tline"
    assert report.clean({"a\x07": [nasty, 1, None, True]}) == {
        "a\\x07": ["\\x1b[31m<b>\\u202e\nnext\tline", 1, None, True]
    }
    case = {"name": nasty, "passed": False, "hidden": False, "message": nasty}
    made = {
        "score": 0.0,
        "points": 10,
        "cases": [case],
        "explained_by": [nasty],
        "questions": [nasty],
        "notes": [nasty],
    }
    entry = {"student": nasty, "file": nasty, "lab": 5, "profile": nasty, "status": "graded", "late": True}
    page = report.student_page(entry | {"message": nasty, "report": made | {"printed": nasty}})
    assert "\x1b" not in page and "\u202e" not in page and "<b>\\" not in page and "&lt;b&gt;" in page
    facts = report.summary([entry | {"message": nasty, "report": made}], [nasty], {"identical": [[nasty, "x"]],
                           "similar": [[nasty, "y", 0.9]]}, 10, nasty)  # fmt: skip
    for text in (report.summary_page(facts, {nasty: "a.html"}), report.summary_text(facts)):
        assert "\x1b" not in text and "\u202e" not in text
    assert "<b>\\u202e" not in report.summary_page(facts, {nasty: "a.html"})
