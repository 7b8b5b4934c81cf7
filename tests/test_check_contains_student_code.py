"""What a submission can do while it is checked: compute, print, and use its own folder, within its limits.

What it cannot do is in test_attacks_on_the_check_fail.py. Both kinds of containment are tried, where they work.
"""

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from dsp.files.naming import FileError
from experiments.coursework import check
from experiments.coursework.sandbox import containment, values
from experiments.coursework.sandbox.run import run, without_escapes
from experiments.coursework.sandbox.source import MAX_BYTES, parse_submission, read_submission
from experiments.coursework.sandbox.watch import children_of
from tests.conftest import ROOT, with_slow


@pytest.fixture(params=[containment.BUBBLEWRAP, containment.LANDLOCK], autouse=True)
def chosen(request, monkeypatch):
    """The containment in use."""
    monkeypatch.setenv(containment.FORCED, request.param)
    try:
        return containment.choose()
    except containment.NotContained:
        pytest.skip(f"{request.param} does not work on this machine")


@pytest.fixture
def student(tmp_path):
    """student(body) -> a file whose f(what) runs the body."""

    def write(body: str, head: str = ""):
        path = tmp_path / "my_lab.py"
        path.write_text(f"import os, time\nimport numpy as np\n{head}\ndef f(what):\n    {body}\n")
        return path

    return write


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6, dtype=">i2").reshape(2, 3),
        np.array([True, False]),
        np.float32(1.5),
        np.array([1 + 2j, np.nan]),
        np.zeros((0, 3), np.uint8),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(8, dtype=np.float16)[::-2],
    ],
    ids=["big-endian", "truth", "scalar", "complex", "empty", "columns", "strided"],
)
def test_arrays_come_back_as_they_are(value):
    back = values.unpack_answer(values.pack_answer(np.asarray(value)))
    assert back.shape == np.shape(value) and back.dtype.kind == np.asarray(value).dtype.kind
    assert np.array_equal(back, value, equal_nan=back.dtype.kind in "fc")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"f8 ",
        values.ARRAY_HEAD.pack(b"f8", 1),
        values.ARRAY_HEAD.pack(b"f8", 0) + bytes(7),
        values.ARRAY_HEAD.pack(b"f8", 0) + bytes(9),
        values.ARRAY_HEAD.pack(b"O8", 0) + bytes(8),
        values.ARRAY_HEAD.pack(b"f8", 9) + bytes(8 * 9 + 8),
        values.ARRAY_HEAD.pack(b"u1", 2) + (2**63).to_bytes(8, "little") + bytes(8),
    ],
)
def test_bytes_that_describe_no_array_are_refused(content):
    with pytest.raises(ValueError):
        values.unpack_answer(content)


def test_a_truth_value_is_0_or_1():
    assert values.unpack_answer(values.ARRAY_HEAD.pack(b"b1", 0) + b"\x07").view(np.uint8) == 1


def test_arguments_go_in_and_the_next_call_goes_on(student):
    path = student("return what['x'] * 2 if isinstance(what, dict) else np.sort(np.char.str_len(what))")
    calls = [{"what": np.array(["ab", "c"])}, {"what": 1}, {"what": {"x": 2.5}}, {"what": None}]
    outcomes = run(path, "f", calls, 20.0)
    assert outcomes[0].array.tolist() == [1, 2]
    assert outcomes[2].array == 5.0
    assert all("raised" in outcomes[i].problem for i in (1, 3))


def test_a_large_argument_reaches_a_function_that_prints_much(student):
    """Both pipes are full at the same time; neither side waits for the other."""
    path = student("print('x' * 10**6); return what.sum()")
    outcomes = run(path, "f", [{"what": np.ones(10**6)}] * 3, 60.0)
    assert [outcome.array for outcome in outcomes] == [1e6] * 3


def test_a_process_that_reads_no_more_does_not_hold_up_the_check(student):
    """The first call announces its answer itself and never returns, so the second one's argument cannot be sent."""
    head = """
import struct
def forge():
    for descriptor in range(3, 40):
        try:
            os.write(descriptor, struct.pack("<cQ3sBd", b"A", 12, b"f8", 0, 1.0))
        except OSError:
            pass
"""
    path = student("forge(); time.sleep(1000)", head)
    begun = time.monotonic()
    outcomes = run(path, "f", [{"what": 1}, {"what": np.ones(10**6)}], 2.0)
    assert outcomes[0].array == 1
    assert outcomes[1].problem == "did not end within 2 s"
    assert time.monotonic() - begun < 60


def test_an_exception_is_said_in_one_line_with_its_place(student):
    outcomes = run(student("return {0: 1 / what, 1: [[1], [2, 3]]}[what]"), "f", [{"what": 0}, {"what": 1}], 20.0)
    assert outcomes[0].problem == "raised ZeroDivisionError: division by zero (line 5)"
    assert outcomes[1].problem == "returned a ragged list of lengths 1, 2; a NumPy array of numbers is expected"


def test_a_process_that_is_gone_is_replaced(student):
    outcomes = run(student("return what or os._exit(3)"), "f", [{"what": 0}, {"what": 1}], 20.0)
    assert outcomes[0].problem == "ended Python (exit status 3)"
    assert outcomes[1].array == 1


def test_all_calls_together_are_limited(student):
    outcomes = run(student("while True: pass"), "f", [{"what": 1}] * 9, 0.4)
    assert [o.problem for o in outcomes[:2]] == ["did not end within 0.4 s"] * 2
    assert outcomes[-1].problem == "was not called: all calls together may take 1.2 s"


def test_an_endless_import_is_met_once(student):
    begun = time.monotonic()
    outcomes = run(student("pass", "while True: pass"), "f", [{}] * 500, 0.5)
    assert [o.problem for o in outcomes] == ["did not end within 0.5 s"] * 500
    assert time.monotonic() - begun < 120  # every import would take 250 s


def test_printing_is_kept_apart_and_cut(student):
    path = student("[print('x', i) for i in range(40000)]; os.write(1, b'last'); return [1.0]")
    [outcome] = run(path, "f", [{"what": 1}], 30.0)
    assert outcome.array.tolist() == [1.0]
    assert len(outcome.printed) == 2000
    assert outcome.printed.endswith("x 39999\nlast")


def test_escapes_are_stripped():
    assert without_escapes("a\x1b[1;31mb\x1b[0m\x1b]0;title\x07c\x1b]8;;u\x1b\\d\te\r\nf") == "abcd\te\nf"
    assert not set("\x1b\x9b\x00\x08\r\u202e") & set(without_escapes("\x1b\x9b31m\x00\x08\rx\x1b[\u202e"))


def test_its_own_folder_may_be_used_and_is_gone_afterwards(student):
    body = "open('a.txt', 'w').write('a'); print(os.getcwd(), os.environ['HOME'], *sorted(os.listdir('.')))"
    [outcome] = run(student(body), "f", [{"what": np.ones(3)}], 20.0)
    folder, home, *names = outcome.printed.split()
    assert folder == home
    assert names == ["a.txt", "student.py"]
    assert outcome.problem == "returned None; is there a return statement?"
    assert not os.path.exists(folder)


def test_helper_files_come_along(student):
    path = student("return helper.twice(np.loadtxt('my data.txt'))", "import helper")
    extra = {"helper.py": b"def twice(x): return 2 * x", "my data.txt": b"1 2 3"}
    [outcome] = run(path, "f", [{"what": 1}], 20.0, extra=extra)
    assert outcome.array.tolist() == [2, 4, 6]
    for name in ("../helper.py", ".hidden", "student.py", "a/b", "", "\x1b[1m"):
        with pytest.raises(ValueError, match="cannot come along"):
            run(path, "f", [{"what": 1}], extra={name: b""})


def test_a_program_that_is_not_a_file_is_run(tmp_path):
    [outcome] = run(tmp_path / "book.ipynb", "f", [{"x": 2}], 20.0, source=b"def f(x): return x + 1")
    assert outcome.array == 3


def test_a_file_cannot_grow_without_limit(student):
    body = """
with open("big", "wb") as file:
    for megabyte in range(80):
        try:
            file.write(bytes(1 << 20)), file.flush()
        except OSError as error:
            return [megabyte, error.errno]
return [80, 0]"""
    [outcome] = run(student(body.replace("\n", "\n    ").strip()), "f", [{"what": 1}], 60.0)
    assert outcome.array.tolist() == [16, errno.EFBIG]


def test_memory_is_what_was_allowed(student):
    outcomes = run(student("return np.ones(what << 17).sum()"), "f", [{"what": 150}, {"what": 250}], 60.0, 200)
    assert outcomes[0].array == 150 << 17
    assert outcomes[1].problem == "needed more than 200 MB (line 5)"


def test_the_environment_is_not_handed_on(student, monkeypatch):
    monkeypatch.setenv("A_SECRET", "42")
    [outcome] = run(student("print(sorted(os.environ)); return 1"), "f", [{"what": 1}], 20.0)
    assert "'HOME'" in outcome.printed and "A_SECRET" not in outcome.printed


@pytest.mark.parametrize("name", with_slow(["dsp", "numpy.fft", "scipy"], "dsp", "scipy"))
def test_a_module_that_is_left_out_is_not_there(student, name):
    """Neither by its name nor for whoever asks the file system."""
    body = """sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "Without"]
    return float(hasattr(importlib.import_module(what), "__file__") and bool(importlib.import_module(what).__file__))"""
    path = student(body, "import importlib, sys\nimport numba")
    [shown] = run(path, "f", [{"what": name}], 60.0)
    assert shown.array == 1
    [hidden] = run(path, "f", [{"what": name}], 60.0, without=(name,))
    assert hidden.array is None or hidden.array == 0
    [said] = run(student(f"import {name}"), "f", [{"what": 1}], 60.0, without=(name,))
    assert said.problem == f"raised ModuleNotFoundError: {name} may not be used in this lab (line 5)"


CHECKING = """
from experiments.coursework.sandbox.run import run
run("a.py", "f", [{}], 1000.0, source=b"def f():\\n    while True: pass")
"""


@pytest.mark.slow
def test_a_submission_does_not_outlive_a_check_that_is_killed():
    def last_child() -> int:
        last = checking.pid
        while children := children_of(last):
            last = children[0]
        return last

    def processor_ticks(pid: int) -> int:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])

    checking = subprocess.Popen([sys.executable, "-c", CHECKING], cwd=ROOT)
    until = time.monotonic() + 120
    while last_child() == checking.pid or processor_ticks(last_child()) < 200:  # well within the endless loop
        assert time.monotonic() < until
        time.sleep(0.05)
    last = last_child()
    checking.kill()
    checking.wait()
    while Path(f"/proc/{last}").exists():
        assert time.monotonic() < until, "it is still there"
        time.sleep(0.01)


@pytest.mark.parametrize("options", with_slow(["", "(cache=True)", "(parallel=True)"], "(parallel=True)"))
def test_numba_works(student, options):
    path = student("return g(what)", f"from numba import njit\n@njit{options}\ndef g(x): return 2 * x + 1\n")
    [outcome] = run(path, "f", [{"what": np.ones(3)}], 60.0)
    assert (outcome.problem, outcome.printed) == ("", "")
    assert outcome.array.tolist() == [3, 3, 3]


@pytest.mark.slow
def test_dsp_and_scipy_work(student):
    path = student("return dsp.deemphasis(scipy.fft.idct(scipy.fft.dct(what)), 0.5)", "import dsp\nimport scipy.fft")
    [outcome] = run(path, "f", [{"what": np.array([4.0, 0.0, 0.0])}], 60.0)
    assert outcome.problem == ""
    assert np.allclose(outcome.array, [4, 2, 1])


@pytest.mark.slow
def test_a_figure_can_be_drawn(student):
    pytest.importorskip("matplotlib")
    path = student("plt.plot([1, 2]); plt.savefig('a.png'); return 1", "import matplotlib.pyplot as plt")
    [outcome] = run(path, "f", [{"what": 1}], 60.0)
    assert outcome.array == 1, outcome


def test_a_few_threads_are_fine(student):
    body = "return sum(concurrent.futures.ThreadPoolExecutor(4).map(abs, [1, -2]))"
    [outcome] = run(student(body, "import concurrent.futures"), "f", [{"what": 1}], 20.0)
    assert outcome.array == 3


def test_submissions_can_be_checked_side_by_side(student):
    path, results = student("return what"), {}
    threads = [
        threading.Thread(target=lambda i=i: results.update({i: run(path, "f", [{"what": i}], 30.0)})) for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {i: float(outcome.array) for i, [outcome] in results.items()} == {i: i for i in range(4)}


def test_an_environment_around_the_project_does_not_show_the_project(monkeypatch):
    """As where all projects lie within one environment: what lies beside the project is shown, the project is not."""
    monkeypatch.setattr(sys, "prefix", str(ROOT.parent))
    containment.visible_paths.cache_clear()
    try:
        paths = [Path(path) for path in containment.visible_paths()]
    finally:
        containment.visible_paths.cache_clear()
    tasks = ROOT / "experiments" / "coursework" / "tasks"
    assert not [path for path in paths if path == tasks or path in tasks.parents]
    assert ROOT / "dsp" in paths
    beside = [path for path in ROOT.parent.iterdir() if path != ROOT]
    assert not beside or beside[0] in paths


def test_a_hidden_module_is_left_out_and_its_neighbors_are_not():
    read, listed = containment.rules(("numpy.fft", "dsp"))
    numpy_folder = Path(np.__path__[0])
    assert str(numpy_folder / "fft") not in read and str(numpy_folder / "linalg") in read
    assert str(ROOT / "dsp") not in read and str(numpy_folder.parent) in listed
    assert containment.rules(())[1] == []


def test_the_working_folder_is_not_shown(monkeypatch, tmp_path):
    """python -m puts the working folder into sys.path; it may hold all submissions."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert str(tmp_path) not in containment.python_paths()


def test_a_submission_is_an_ordinary_file(tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes(b"x = 1")
    assert read_submission(path) == b"x = 1"
    path.write_bytes(bytes(MAX_BYTES + 1))
    with pytest.raises(FileError, match="larger than 1024 kB"):
        read_submission(path)
    link = tmp_path / "b.py"
    link.symlink_to(path)
    with pytest.raises(FileError, match="symbolic link"):
        read_submission(link)


def test_ordinary_code_is_not_nested_too_deeply():
    tree = parse_submission("x = " + " + ".join(["1"] * 100) + "\n", "a.py")
    assert len(tree.body) == 1


def test_the_command_survives_and_says_it_in_one_place(tmp_path, capsys):
    path = tmp_path / "my_lab_1.py"
    path.write_text("import os\ndef windowed_frames(signal, sample_rate, frame_ms, hop_ms):\n    os.abort()\n")
    assert check.main([str(path), "--lab", "1", "--time-limit", "5"]) == 1
    out = capsys.readouterr().out
    assert "windowed_frames crashed Python (SIGABRT)" in out
    assert "0 of 8 cases, 0 of 10 points" in out
