"""A submission is read as Python reads a file; a notebook gives its function; bad files are refused in one line."""

import json
import re

import numpy as np
import pytest

from experiments.coursework import check, course_profile
from experiments.coursework.checking import compare
from experiments.coursework.checking.probes import Probes, adapted, renamed
from experiments.coursework.checking.submission import check_source, decoded
from experiments.coursework.sandbox.source import NotPython
from experiments.coursework.tasks import task_of

FRAMES = """import numpy as np

def windowed_frames(signal, sample_rate, frame_ms, hop_ms):
    L, H = int(sample_rate * frame_ms / 1000), int(sample_rate * hop_ms / 1000)
    T = 1 + (len(signal) - L) // H
    return np.array([signal[t * H : t * H + L] * np.hamming(L) for t in range(T)]).T
"""
LATIN = "# größe".encode("latin-1")


def is_right(path) -> bool:
    """Whether the program that is read computes the frames; it runs here, and not in the sandbox."""
    task = task_of(1, course_profile.load())
    submission, names = check_source(path, task), {}
    exec(compile(adapted(submission, task), "student.py", "exec"), names)
    return all(
        compare.is_right(
            np.asarray(names[task.function](**renamed(submission, case.arguments))),
            task.solution(**case.arguments),
            task.tolerance,
        )
        for case in task.cases
    )


BYTES = [  # what a file may hold and still be right
    FRAMES.encode(),
    b"\xef\xbb\xbf" + FRAMES.encode(),
    FRAMES.replace("\n", "\r\n").encode(),
    b"\xef\xbb\xbf" + FRAMES.replace("\n", "\r\n").encode(),
    FRAMES.replace("\n", "\r").encode(),
    b"# -*- coding: latin-1 -*-\n" + LATIN + b"\n" + FRAMES.encode(),
    b"#!/usr/bin/env python\n# vim: set fileencoding=cp1252 :\n" + LATIN + b"\n" + FRAMES.encode(),
    b"# coding=utf-8\nname = '\xc3\xbc'\nassert name == '\\u00fc'\n" + FRAMES.encode(),
    b"# coding: latin-1\nname = '\xfc'\nassert name == '\\u00fc'\n" + FRAMES.encode(),
    FRAMES.encode().rstrip(b"\n"),
    b"pattern = '\\d'\n" + FRAMES.encode(),
    b"%matplotlib inline\n!pip install numpy\n" + FRAMES.encode(),
    b"get_ipython().run_line_magic('matplotlib', 'inline')\n" + FRAMES.encode(),
]


@pytest.mark.parametrize("content", BYTES, ids=range(len(BYTES)))
def test_read_as_python_reads_it(content, tmp_path):
    path = tmp_path / "mine.py"
    path.write_bytes(content)
    assert is_right(path)


REFUSED = [
    (LATIN + b"\n" + FRAMES.encode(), "not UTF-8 (byte 0xf6 in line 1, perhaps Latin-1); save it as UTF-8"),
    (FRAMES.encode() + b"\n# \xe4", "not UTF-8 (byte 0xe4 in line 8"),
    (b"# coding: ascii\n# \xe4\n", "not ascii, as its first lines say (byte 0xe4 in line 2"),
    (b"# coding: klingon\n" + FRAMES.encode(), "unknown encoding: klingon"),
    (b"\xef\xbb\xbf# coding: latin-1\n" + FRAMES.encode(), "in its first lines"),
    (FRAMES.encode("utf-16"), "encoded in UTF-16; save it as UTF-8"),
    (FRAMES.encode() + b"\0", "not a text file"),
    (b"", "no function windowed_frames; it has no function at all"),
    (FRAMES.replace("windowed_frames", "windowedFrames").encode(), "did you mean windowedFrames (line 3)?"),
    (FRAMES.replace("windowed_frames", "Windowed_Frames").encode(), "did you mean Windowed_Frames (line 3)?"),
    (b"class Lab:\n    def windowed_frames(self, signal): pass", "it is inside the class Lab (line 2)"),
    (b"def main():\n    def windowed_frames(signal): pass", "it is inside the function main (line 2)"),
    (b"if __name__ == '__main__':\n    def windowed_frames(s): pass", "it is inside if __name__"),
    (b"class windowed_frames: pass", "windowed_frames is a class (line 1)"),
    (FRAMES.replace("def ", "async def ").encode(), "line 3: windowed_frames is async"),
    (FRAMES.replace("signal,", "self, signal,").encode(), "has the parameter self, as a method has"),
    (FRAMES.replace(", hop_ms)", ")").encode(), "takes 3 parameters (signal, sample_rate, frame_ms); windowed_frames("),
    (
        FRAMES.replace("hop_ms)", "hop_ms, n)", 1).encode(),
        "takes 5 parameters (signal, sample_rate,",
    ),
    (b"import librosa\n" + FRAMES.encode(), "line 1: librosa may not be used in lab 1"),
]


@pytest.mark.parametrize(("content", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_refused_in_one_line(content, words, tmp_path):
    path = tmp_path / "mine.py"
    path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        check.check(path, 1)
    assert not isinstance(caught.value, NotPython)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
    assert words in str(caught.value)


def test_a_refused_file_counts_as_all_cases_failed(tmp_path, capsys):
    (tmp_path / "mine.py").write_text("x = 1")
    assert check.main([str(tmp_path / "mine.py"), "--lab", "1", "--json", str(tmp_path / "report.json")]) == 2
    report = json.loads((tmp_path / "report.json").read_text())
    assert "no function windowed_frames" in report["error"]
    assert [case["passed"] for case in report["cases"]] == [False] * 8
    assert (report["score"], report["points"]) == (0, 10)
    assert sum(case["points"] for case in report["cases"]) == pytest.approx(10)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def f(:\n", "line 1: invalid syntax"),
        (FRAMES.replace("// H", "// H)"), "line 5: unmatched ')'"),
        (FRAMES.replace("    T", "   T"), "line 5: unindent does not match"),
        (FRAMES + "print 'done'\n", "line 7: Missing parentheses"),
        (FRAMES + "return 3\n", "line 7: 'return' outside function"),
    ],
)
def test_a_syntax_error_is_0_of_all_cases(text, words, tmp_path, capsys):
    (tmp_path / "mine.py").write_text(text)
    assert check.main([str(tmp_path / "mine.py"), "--lab", "1", "--json", str(tmp_path / "report.json")]) == 1
    out = capsys.readouterr().out
    assert out.count(words) == 1
    assert "0 of 8 cases, 0 of 10 points" in out
    report = json.loads((tmp_path / "report.json").read_text())
    assert len(report["cases"]) == 8
    for case in report["cases"]:
        assert case["message"].startswith(words) != case["hidden"]


HEADERS = [
    ("x, sample_rate, frame_ms, hop_ms", {"signal": "x"}),
    ("hop_ms, frame_ms, sample_rate, signal", {}),
    (
        "x, fs, frame, hop",
        {"signal": "x", "sample_rate": "fs", "frame_ms": "frame", "hop_ms": "hop"},
    ),
    ("fs, signal, hop_ms, frame_ms", {"sample_rate": "fs"}),
    ("signal, sample_rate, frame_ms, hop_ms, window='hamming', *, pad=False", {}),
    ("signal, sample_rate=16000, frame_ms=25, hop_ms=10", {}),
    ("signal, /, sample_rate, frame_ms, hop_ms", {}),
    ("*arguments", {}),
    ("**arguments", {}),
    ("*, signal, sample_rate, frame_ms, hop_ms", {}),
]


@pytest.mark.parametrize(("header", "renamed"), HEADERS, ids=[header for header, _ in HEADERS])
def test_parameters_by_name_or_by_place(header, renamed, tmp_path):
    body = FRAMES.partition("hop_ms):\n")[2]
    if header == "*arguments":
        body = "    signal, sample_rate, frame_ms, hop_ms = arguments\n" + body
    elif header == "**arguments":
        body = re.sub(r"\b(signal|sample_rate|frame_ms|hop_ms)\b", r'arguments["\1"]', body)
    for name, theirs in renamed.items():
        body = f"    {name} = {theirs}\n" + body
    (tmp_path / "mine.py").write_text(f"import numpy as np\ndef windowed_frames({header}):\n{body}")
    task = task_of(1, course_profile.load())
    names = check_source(tmp_path / "mine.py", task).names
    assert {name: theirs for name, theirs in names.items() if name != theirs} == renamed
    assert is_right(tmp_path / "mine.py")


@pytest.mark.parametrize(
    "text",
    [
        FRAMES.replace("def windowed_frames", "def g") + "\nwindowed_frames = g\n",
        FRAMES.replace("def windowed_frames", "def g").replace("signal", "x")
        + "\ndef same(f): return f\nwindowed_frames = same(g)\n",
        FRAMES.replace("def windowed_frames", "def g") + "\nwindowed_frames = lambda x, r, f, h: g(x, r, f, h)\n",
        "try:\n    import numba_is_not_here\nexcept ImportError:\n    pass\n" + FRAMES,
    ],
)
def test_functions_under_another_name(text, tmp_path):
    (tmp_path / "mine.py").write_text(text)
    assert is_right(tmp_path / "mine.py")


def notebook(*cells, language="python", **changes) -> str:
    """A notebook with code cells, and a text cell first."""
    first = {"cell_type": "markdown", "metadata": {}, "source": ["# Lab 1\n", "windowed_frames\n"]}
    code = [
        {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": cell.splitlines(True)}
        for cell in cells
    ]
    whole = {"cells": [first, *code], "metadata": {"kernelspec": {"name": "k", "language": language}}}
    return json.dumps(whole | {"nbformat": 4, "nbformat_minor": 4} | changes)


GOOD = [
    notebook(FRAMES),
    notebook("import numpy as np\n%matplotlib inline", FRAMES.partition("\n\n")[2]),
    notebook("!pip install numpy\nimport numpy as np", "x = input()\nopen('speech.wav')", FRAMES.partition("\n\n")[2]),
    notebook("%%time\n" + FRAMES, "windowed_frames(np.ones(3), 1, 1, 1) / 0"),
    notebook("%%bash\nls\n", FRAMES, "1 / 0"),
    notebook(FRAMES.replace("np.hamming(L)", "0"), FRAMES),  # the later definition counts, as if all cells had run
    notebook(FRAMES.replace("np.hamming(L)", "window(L)"), "def window(L):\n    return a - b * c(L)\na, b = 0.54, 0.46",
             "from math import pi\ndef c(L):\n    return np.cos(2 * pi * np.arange(L) / (L - 1))"),
    notebook(FRAMES.replace("np.hamming(L)", "W.setdefault(L, np.hamming(L))"), "W = {}\nW[3] = np.hamming(3)"),
    notebook("from numpy import *\n", FRAMES.replace("np.", "").replace("import numpy as np", "")),
    notebook("np.hamming?\nfiles = !ls\nimport numpy as np", "this is no Python", FRAMES),
    notebook(FRAMES, nbformat_minor=5),
    json.dumps({"metadata": {}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"metadata": {}, "cells": [
        {"cell_type": "code", "language": "python", "input": [FRAMES], "outputs": [], "metadata": {}}]}]}),
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD, ids=range(len(GOOD)))
def test_a_notebook_gives_the_function_and_what_it_needs(text, tmp_path):
    (tmp_path / "mine.ipynb").write_text(text)
    assert is_right(tmp_path / "mine.ipynb")


BAD = [
    ("{", "a damaged notebook: not JSON"),
    ("", "a damaged notebook: not JSON"),
    ("[" * 100_000, "a damaged notebook"),
    ("[]", "a damaged notebook"),
    ("{}", "a damaged notebook"),
    ('{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [{"cell_type": "code"}]}', "a damaged notebook"),
    ('{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": 3}', "a damaged notebook"),
    (notebook(), "a notebook without a code cell"),
    (notebook(FRAMES, language="R"), "a notebook in R; Python is expected"),
    (notebook("x = 1"), "no function windowed_frames; it has no function at all"),
    (notebook("x = 1", FRAMES.replace("frames(", "frame(")), "did you mean windowed_frame (cell 3, line 3)?"),
    (notebook("1", "import librosa\n" + FRAMES.replace("np.ham", "librosa.ham")), "cell 3, line 1: librosa may not"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), BAD, ids=[words for _, words in BAD])
def test_a_bad_notebook_gets_one_line(text, words, tmp_path):
    (tmp_path / "mine.ipynb").write_text(text)
    with pytest.raises(ValueError) as caught:
        check.check(tmp_path / "mine.ipynb", 1)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_lines_of_a_notebook_are_those_of_its_cells(tmp_path):
    second = "import numpy as np\n\n" + FRAMES.replace("np.array", "nq.array")
    (tmp_path / "mine.ipynb").write_text(notebook("%pylab\nx = 1\n", second))
    report = check.check(tmp_path / "mine.ipynb", 1)
    assert "failed (cell 3, line 8): nq is not defined" in report["cases"][0]["message"]
    (tmp_path / "mine.ipynb").write_text(notebook("x = 1", FRAMES.replace("// H", "// H)")))
    report = check.check(tmp_path / "mine.ipynb", 1)
    assert report["cases"][0]["message"] == "cell 3, line 5: unmatched ')'"


def test_helper_files_come_along(tmp_path):
    (tmp_path / "my_helpers.py").write_text("import numpy as np\nhamming = np.hamming\n")
    (tmp_path / "mine.py").write_text("from my_helpers import hamming\n" + FRAMES.replace("np.hamming", "hamming"))
    alone = check.check(tmp_path / "mine.py", 1)
    assert "there is no module my_helpers here: one file is checked" in alone["cases"][0]["message"]
    assert check.main([str(tmp_path / "mine.py"), "--lab", "1", "--with", str(tmp_path / "my_helpers.py")]) == 0
    (tmp_path / "my_helpers.py").write_text("from librosa.filters import get_window as hamming\n")
    with pytest.raises(ValueError, match=r"my_helpers\.py: line 1: librosa may not be used in lab 1"):
        check.check(tmp_path / "mine.py", 1, helpers=[tmp_path / "my_helpers.py"])
    with pytest.raises(ValueError, match="No such file"):
        check.check(tmp_path / "mine.py", 1, helpers=[tmp_path / "absent.py"])


def test_it_runs_in_the_sandbox(tmp_path):
    (tmp_path / "mine.ipynb").write_text(GOOD[6])
    assert check.main([str(tmp_path / "mine.ipynb"), "--lab", "1"]) == 0
    (tmp_path / "mine.py").write_bytes(BYTES[8])
    assert check.main([str(tmp_path / "mine.py"), "--lab", "1"]) == 0


def test_text_is_decoded_once():
    assert decoded(b"a\r\nb\rc\n", "x") == "a\nb\nc\n"
    assert decoded("\N{BYTE ORDER MARK}ü".encode(), "x") == "ü"


def test_a_probe_tells_which_argument_is_changed(tmp_path):
    text = FRAMES.replace("    T =", "    signal *= 2\n    T =").replace("sample_rate", "fs").replace("signal", "x")
    (tmp_path / "mine.py").write_text(text)
    task = task_of(1, course_profile.load())
    probes = Probes(tmp_path / "mine.py", check_source(tmp_path / "mine.py", task), task, 10.0, 1024)
    changed, (first, second) = probes.habits(task.cases[0].arguments)
    assert changed == ["signal"]
    assert np.array_equal(first, second)
