"""A course starts with `pip install numpy numba matplotlib` and a clone: everything else is kept from being imported.

The same run shows that the labs' scripts go through, figures and all, before the student has written a line.
"""

import os
import re
import signal
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from experiments.coursework.labs import lab as lab_module
from tests.conftest import ROOT, with_slow

COURSEWORK = ROOT / "experiments" / "coursework"
SCRIPTS = dict(sorted((int(path.name.split("_")[1]), path) for path in (COURSEWORK / "labs").glob("lab_*_*.py")))
BLOCKED = ("torch", "scipy", "sklearn", "soundfile", "tqdm", "isal", "librosa", "tensorflow", "onnxruntime", "PySide6")
ITSELF = ("PIL", "matplotlib")  # matplotlib brings Pillow; what draws nothing needs neither
BLOCK = """
import sys
class Blocked:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}} (blocked by the test)", name=name)
sys.meta_path.insert(0, Blocked)
"""
SECONDS = 120  # of a script, on a machine that does much else


def python(arguments: list[str], tmp_path, blocked=()) -> subprocess.CompletedProcess:
    """Python without the blocked packages, in it and in the processes that it starts."""
    (tmp_path / "sitecustomize.py").write_text(BLOCK.format(blocked=tuple(blocked)))
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"}
    environment.pop("DISPLAY", None)
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS
    )


def test_features_and_checks_need_numpy_and_numba_alone(tmp_path):
    (tmp_path / "mine.py").write_text("import numpy as np\ndef fft(x):\n    return np.zeros(len(x))\n")
    names = ["dsp", "experiments.coursework.check", "experiments.data.synthetic"]
    code = f"""
import importlib, sys
for name in {names}:
    importlib.import_module(name)
from experiments.coursework import check
import dsp, numpy as np
dsp.mfcc(np.random.default_rng(0).standard_normal(4000) / 10, 16000, "kaldi")
try:
    dsp.read_audio(sys.argv[1])
except dsp.AudioError as error:
    print(error)
sys.exit(check.main([sys.argv[1], "--lab", "2"]))
"""
    done = python(["-c", code, str(tmp_path / "mine.py")], tmp_path, BLOCKED + ITSELF)
    assert done.returncode == 1, done.stderr
    assert f"{tmp_path / 'mine.py'}: reading audio needs the package soundfile (pip install soundfile)" in done.stdout
    assert "complex numbers are expected" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("lab", with_slow(SCRIPTS, 8, 9, 10, 11, 12))
def test_a_lab_runs_before_its_function_is_written(lab, tmp_path):
    out = tmp_path / "figures"
    arguments = ["-W", "error::RuntimeWarning", str(SCRIPTS[lab].relative_to(ROOT)), "--out", str(out)]
    done = python(arguments, tmp_path, () if lab in (7, 8) else BLOCKED)
    assert done.returncode == 1, done.stderr
    assert f"lab {lab} is not passed yet" in done.stdout
    assert done.stderr == ""
    assert 1 <= len(list(out.glob(f"lab_{lab}_*.png"))) <= 4
    assert sorted(str(path) for path in out.iterdir()) == sorted(
        re.findall(r"^.*\.(?:png|wav)$", done.stdout, re.MULTILINE)
    )


def test_a_sound_keeps_its_level_and_is_clipped_at_full_scale(tmp_path, capsys):
    samples = np.array([0.0, 0.25, -0.5, 1.0, 3.0, -3.0])
    lab_module.play(samples, 8000, "five", tmp_path)
    with wave.open(str(tmp_path / "five.wav"), "rb") as file:
        assert file.getparams()[:4] == (1, 2, 8000, samples.size)
        read = np.frombuffer(file.readframes(samples.size), "<i2")
    assert read.tolist() == [0, 8192, -16384, 32767, 32767, -32767]
    assert capsys.readouterr().out == f"{tmp_path / 'five.wav'}\n"
    (tmp_path / "folder.wav").mkdir()
    assert ended_with(lambda: lab_module.play(samples, 8000, "folder", tmp_path)) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_lab_is_passed_or_not_by_its_exit_status(monkeypatch, capsys):
    """0 is passed, 1 not passed yet, 2 nothing could be checked; a notebook goes on in any case."""
    reports = {0: [True, True], 1: [True, False]}
    for status, passed in reports.items():
        cases = [{"passed": ok, "message": "", "name": "", "hidden": False} for ok in passed]
        report = {
            "cases": cases,
            "function": "f",
            "explained_by": [],
            "notes": [],
            "printed": "",
            "score": 0.0,
            "points": 10,
        }
        monkeypatch.setattr(lab_module, "check", lambda *_, report=report, **__: report)
        assert ended_with(lambda: lab_module.finish(1, Path("mine.py"), "default")) == status
    assert "lab 1 is passed" in capsys.readouterr().out

    def refuse(*_, **__):
        raise ValueError("mine.py: no function windowed_frames")

    monkeypatch.setattr(lab_module, "check", refuse)
    assert ended_with(lambda: lab_module.finish(1, Path("mine.py"), "default")) == 2
    assert "lab 1 is not passed yet: mine.py: no function windowed_frames" in capsys.readouterr().out
    monkeypatch.setattr(lab_module, "IN_NOTEBOOK", True)
    assert ended_with(lambda: lab_module.finish(1, Path("mine.py"), "default")) == 0


def ended_with(function) -> int:
    try:
        function()
    except SystemExit as stop:
        return stop.code
    return 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "{file}"], "is a file; a folder is expected"),
        (["--profile", "dt2129"], "unknown profile 'dt2129'; did you mean dt2119?"),
    ],
)
def test_a_lab_refuses_bad_options_before_its_figures(arguments, words, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(sys, "argv", ["lab", *(text.format(file=tmp_path / "file") for text in arguments)])
    assert ended_with(lambda: lab_module.begin(8)) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a process does not end by a signal")
def test_an_interrupted_lab_ends_in_one_line():
    code = "import sys; from experiments.coursework.labs.lab import begin; begin(1); raise KeyboardInterrupt"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert done.stderr == "interrupted\n" and done.returncode in (-signal.SIGINT, 130)  # a shell says 130 of both


@pytest.mark.parametrize("lab", SCRIPTS)
def test_a_lab_opens_as_a_notebook(lab):
    """Percent format: the docstring, then cells; every line of a markdown cell is a comment."""
    lines = SCRIPTS[lab].read_text(encoding="utf-8").splitlines()
    marks = [line for line in lines if line.startswith("# %%")]
    assert set(marks) == {"# %%", "# %% [markdown]"}
    assert marks[0] == "# %% [markdown]"
    assert marks.count("# %%") >= 3
    kind = ""
    for line in lines:
        kind = line if line.startswith("# %%") else kind
        assert kind != "# %% [markdown]" or not line or line.startswith("#"), line
