"""A student's function can neither hang, fill, leave nor change the machine that checks it; what it did is said.

Attacks are made for real, on files of this test's own. The audit hook and Landlock are also tried one by one.
"""

import errno
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from experiments.coursework import check
from experiments.coursework.sandbox.run import run
from tests.conftest import ROOT

SECONDS, MEGABYTES = 6, 200  # of one call; a trivial one takes that long on no machine

REFUSED = {  # attack: what the answer says
    "open(CANARY, 'w')": "refused: writing to",
    "open(CANARY, 'r+')": "refused: writing to",
    "os.open(CANARY, os.O_WRONLY)": "refused: writing to",
    "os.remove(CANARY)": "refused: writing to",
    "os.rename(CANARY, 'mine')": "refused: writing to",
    "os.rename('own', CANARY)": "refused: writing to",
    "os.truncate(CANARY, 0)": "refused: writing to",
    "os.chmod(CANARY, 0)": "refused: writing to",
    "os.link(CANARY, 'mine')": "refused: writing to",
    "os.symlink(CANARY, 'link') or open('link', 'w')": "refused: writing to",
    "os.symlink('own', CANARY + '_link')": "refused: writing to",
    "shutil.rmtree(os.path.dirname(CANARY))": "refused: writing to",
    "os.mkdir(CANARY + '_folder')": "refused: writing to",
    "open(os.path.join(ROOT, 'written.txt'), 'w')": "refused: writing to",
    "subprocess.run(['ls'])": "refused: starting a program",
    "os.system('ls')": "refused: starting a program",
    "os.posix_spawn('/bin/ls', ['ls'], {})": "refused: starting a program",
    "os.execv('/bin/ls', ['ls'])": "refused: starting a program",
    "[os.fork() for _ in range(1000)]": "refused: starting a process",
    "multiprocessing.get_context('fork').Process(target=print).start()": "refused: starting a process",
    "os.kill(os.getppid(), 9)": "refused: sending a signal",
    "socket.create_connection(('127.0.0.1', 9))": "refused: the network",
    "ctypes.CDLL(None)": "refused: calling C",
    "open(f'/proc/{os.getppid()}/mem', 'rb')": "refused: looking into another process",
    "input()": "raised EOFError",
    "sys.exit(3)": "called sys.exit(3) (line 12)",
    "f(what)": "called itself endlessly",
    "np.ones(10**8)": f"needed more than {MEGABYTES} MB",
    "[[0] * 10**6 for _ in range(100)]": f"needed more than {MEGABYTES} MB",
    "1 / 0": "raised ZeroDivisionError: division by zero (line 12)",
    "None": "returned None",
    "'a word'": "returned a str",
    "[[1, 2], [3]]": "returned a ragged list of lengths 2, 1",
    "np.array([{}])": "returned an array of dtype object",
}
FATAL = {
    "os.abort()": "crashed Python (SIGABRT)",
    "os._exit(0)": "ended Python (exit status 0)",
    "any(iter(int, 1))": f"did not end within {SECONDS:g} s",
    "ctypes.string_at(0)": "crashed Python (SIGSEGV)",
    "junk()": "disturbed the check's own pipe",
}


HEAD = """
import ctypes, multiprocessing, os, shutil, socket, subprocess, sys, time
import numpy as np
CANARY, ROOT = {canary!r}, {root!r}
def junk():
    for fd in range(3, 60):
        try:
            os.write(fd, b"junk\\n")
        except OSError:
            pass
def f(what):
    {body}
"""


@pytest.fixture
def student(tmp_path):
    """student(body) -> a file whose f(what) runs the body; a canary lies beside it."""
    canary = tmp_path / "canary"
    canary.write_text("alive")

    def write(body: str):
        path = tmp_path / "student.py"
        path.write_text(HEAD.format(canary=str(canary), root=str(ROOT), body=body))
        return path

    yield write
    assert canary.read_text() == "alive"
    assert canary.stat().st_mode & 0o600
    assert {path.name for path in tmp_path.iterdir()} <= {"canary", "student.py"}
    assert not (ROOT / "written.txt").exists()


def test_what_is_refused_is_said_and_the_next_call_goes_on(student):
    path = student("return eval(what)")
    calls = [{"what": what} for what in (*REFUSED, "np.arange(3)")]
    outcomes = run(path, "f", calls, 20.0, MEGABYTES)
    for (what, words), outcome in zip(REFUSED.items(), outcomes, strict=False):
        assert outcome.array is None, what
        assert words in outcome.problem, what
    assert np.array_equal(outcomes[-1].array, np.arange(3))


@pytest.mark.parametrize("what", FATAL)
def test_a_process_that_is_gone_is_replaced(student, what):
    outcomes = run(student("return eval(what)"), "f", [{"what": what}, {"what": "np.ones(2)"}], SECONDS)
    assert outcomes[0].problem == FATAL[what]
    assert outcomes[1].array is not None


def test_all_calls_together_are_limited(student):
    outcomes = run(student("while True: pass"), "f", [{"what": 1}] * 9, 0.4)
    assert [o.problem for o in outcomes[:2]] == ["did not end within 0.4 s"] * 2
    assert outcomes[-1].problem == "was not called: all calls together may take 1.2 s"


def test_an_endless_import_is_met_once(student):
    path = student("pass")
    path.write_text("while True: pass\ndef f(what): pass")
    begun = time.monotonic()
    assert [o.problem for o in run(path, "f", [{}] * 500, 0.5)] == ["did not end within 0.5 s"] * 500
    assert time.monotonic() - begun < 120  # every import would take 250 s


def test_printing_is_kept_apart_and_cut(student):
    path = student("[print('x', i) for i in range(40000)]; os.write(1, b'last'); return [1.0]")
    [outcome] = run(path, "f", [{"what": 1}], 30.0)
    assert outcome.array.tolist() == [1.0]
    assert len(outcome.printed) == 2000
    assert outcome.printed.endswith("x 39999\nlast")
    endless = student("while True: print('on and on')")
    [outcome] = run(endless, "f", [{"what": 1}], 0.5)
    assert outcome.problem == "did not end within 0.5 s"
    assert "on and on\non and on\n" in outcome.printed


def test_its_own_folder_may_be_used_and_is_gone_afterwards(student):
    path = student(
        "open('a.txt', 'w').write('a'); os.mkdir('b'); print(os.getcwd(), os.environ['HOME'], os.listdir('.'))"
    )
    [outcome] = run(path, "f", [{"what": np.ones(3)}], 20.0)
    folder, home, names = outcome.printed.split(maxsplit=2)
    assert folder == home
    assert sorted(eval(names)) == ["a.txt", "b"]  # the inputs are gone
    assert outcome.problem == "returned None; is there a return statement?"
    assert subprocess.run(["test", "-e", folder]).returncode == 1


def test_a_file_cannot_grow_without_limit(student):
    """A file of 64 MB may be written in its own folder; the next megabyte is refused by the operating system."""
    body = """
with open("big", "wb") as file:
    for megabyte in range(80):
        try:
            file.write(bytes(1 << 20)), file.flush()
        except OSError as error:
            return [megabyte, error.errno]
return [80, 0]"""
    [outcome] = run(student(body.replace("\n", "\n    ").strip()), "f", [{"what": 1}], 60.0)
    assert outcome.array.tolist() == [64, errno.EFBIG]


def test_the_environment_is_not_handed_on(student, monkeypatch):
    monkeypatch.setenv("A_SECRET", "42")
    [outcome] = run(student("print(sorted(os.environ)); return 1"), "f", [{"what": 1}], 20.0)
    assert "'HOME'" in outcome.printed and "A_SECRET" not in outcome.printed


def test_numba_and_dsp_still_work_inside(student, monkeypatch, tmp_path_factory):
    """With nothing compiled before: what Numba compiles inside cannot be kept, and need not be."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path_factory.mktemp("cold")))
    path = student("return dsp.deemphasis(g(what), 0.5)")
    text = "import dsp\nfrom numba import njit\n@njit(cache=True)\ndef g(x): return 2 * x\n" + path.read_text()
    path.write_text(text)
    [outcome] = run(path, "f", [{"what": np.array([4.0, 0.0, 0.0])}], 60.0)
    assert outcome.problem == ""
    assert outcome.array.tolist() == [8, 4, 2]


ALONE = """
    import os, subprocess, sys
    from pathlib import Path
    from experiments.coursework.sandbox.limits import landlock, refusal
    folder, canary, layer = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    if layer == "hook":
        sys.addaudithook(refusal(folder, False))
    elif not landlock(folder):
        sys.exit(77)
    def refused(attack):
        try:
            attack()
        except OSError:
            return True
    opened = os.open(os.path.dirname(canary), os.O_RDONLY)
    os.chdir(folder)
    assert refused(lambda: open(canary, "w"))
    assert refused(lambda: os.remove(canary))
    assert refused(lambda: os.remove("canary", dir_fd=opened))
    assert refused(lambda: os.truncate(canary, 0))
    assert refused(lambda: subprocess.run(["ls"]))
    (folder / "mine").write_text("1")
    os.rename(folder / "mine", folder / "my own")
    os.remove(folder / "my own")
"""


@pytest.mark.parametrize("layer", ["hook", "landlock"])
def test_each_layer_alone_keeps_files(tmp_path, layer):
    canary, folder = tmp_path / "canary", tmp_path / "folder"
    canary.write_text("alive")
    folder.mkdir()
    command = [sys.executable, "-c", textwrap.dedent(ALONE), str(folder), str(canary), layer]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 77:
        pytest.skip("this kernel has no Landlock")
    assert done.returncode == 0, done.stderr
    assert canary.read_text() == "alive"


def test_the_command_survives_and_says_it_in_one_place(student, capsys):
    path = student("pass")
    path.write_text("import os\ndef windowed_frames(signal, sample_rate, frame_ms, hop_ms):\n    os.abort()\n")
    assert check.main([str(path), "--lab", "1", "--time-limit", "5"]) == 1
    out = capsys.readouterr().out
    assert "windowed_frames crashed Python (SIGABRT)" in out
    assert "0 of 8 cases, 0 of 10 points" in out
