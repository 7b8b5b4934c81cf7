"""Compiled functions are kept on disk; damaged, outdated and missing files cost time and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dsp.files import compiled
from tests.conftest import ROOT

PROGRAM = """
import numpy as np
from numba import njit
from dsp.files.compiled import keep_on_disk

@keep_on_disk
@njit
def twice(x):
    return 2 * x

assert twice(21) == 42 and twice(1.5) == 3.0
print(sum(twice.stats.cache_hits.values()), sum(twice.stats.cache_misses.values()))
"""


def run(folder: Path, program: str = PROGRAM) -> str:
    script = folder / "program.py"
    if not script.exists() or script.read_text() != program:
        script.write_text(program)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=120, cwd=folder
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.strip()


def files(folder: Path) -> list[Path]:
    return sorted((folder / "cache").rglob("*.nb?"))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-40] ^= 255
    path.write_bytes(content)


def test_a_second_process_compiles_nothing(tmp_path):
    assert run(tmp_path) == "0 2"
    assert len(files(tmp_path)) == 3  # an index, and a file for each type
    assert run(tmp_path) == "2 0"


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        ("nbi", cut),
        ("nbc", cut),
        ("nbc", flip),
        pytest.param("nbi", flip, marks=pytest.mark.slow),
        pytest.param("nbi", lambda path: path.write_bytes(b""), marks=pytest.mark.slow),
        pytest.param("nbc", Path.unlink, marks=pytest.mark.slow),
    ],
    ids=["index-cut", "code-cut", "code-flipped", "index-flipped", "index-empty", "code-gone"],
)
def test_a_damaged_file_is_made_anew(tmp_path, kind, damage):
    run(tmp_path)
    for path in files(tmp_path):
        if path.suffix == f".{kind}":
            damage(path)
    run(tmp_path)  # it ends well, whatever it could still use
    assert run(tmp_path) == "2 0"  # and what it compiled is there again


def test_an_edit_anywhere_in_the_folder_is_noticed(tmp_path):
    """Numba alone looks at the function's own file."""
    (tmp_path / "helper.py").write_text("FACTOR = 2\n")
    run(tmp_path)
    assert run(tmp_path) == "2 0"
    (tmp_path / "helper.py").write_text("FACTOR = 20\n")
    assert run(tmp_path) == "0 2"


def test_the_stamp_includes_the_engine(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "ENGINE", tmp_path / "engine")
    (tmp_path / "engine").mkdir()
    (tmp_path / "here").mkdir()
    first = compiled.stamp.__wrapped__(tmp_path / "here")
    (tmp_path / "engine" / "lanes.py").write_text("")
    assert compiled.stamp.__wrapped__(tmp_path / "here") != first


def test_without_a_place_to_store_it_still_runs(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert run(tmp_path) == "0 2"


def test_two_processes_that_store_at_once_never_take_each_others_code(tmp_path):
    """Whatever one stores between two steps of the other, a form is loaded as it was stored, or not at all."""
    one, other = (compiled._CheckedFile(str(tmp_path), "f", "stamp") for _ in range(2))
    for step in ("_save_data", "_save_index"):
        original = getattr(compiled._CheckedFile, step)

        def after_the_other(*arguments, original=original):
            other.save("float32", "code for float32")
            original(one, *arguments)
            other._load_index = dict  # as it was before `one` stored anything

        setattr(one, step, after_the_other)
    one.save("float64", "code for float64")
    fresh = compiled._CheckedFile(str(tmp_path), "f", "stamp")
    assert fresh.load("float64") == "code for float64" and fresh.load("float32") in ("code for float32", None)
    other.save("float32", "code for float32")
    assert fresh.load("float32") == "code for float32" and fresh.load("float64") in ("code for float64", None)


STARTS = """
import sys
import numpy as np
import dsp
from dsp.engine.kernels import mel_frames
from dsp.engine.rows import compress_rows

x = np.sin(np.arange(8000.0))
first = dsp.extract([x], 16000, "librosa", "log_mel", "float32")[0]
forms = len(mel_frames.signatures), len(compress_rows.signatures)
for name in ("whisper", "voicebox", "spafe"):  # other lengths, radices, filters, edges and ranges
    dsp.extract([x], 16000, name, "log_mel", "float32")
assert (len(mel_frames.signatures), len(compress_rows.signatures)) == forms == (1, 1)
print(sum(mel_frames.stats.cache_misses.values()), "numba.np.linalg" in sys.modules)
if "numba.np.linalg" not in sys.modules:  # what the shortcut left out is there when it is needed
    expected = dsp.log_mel(x, 16000, "librosa")
    assert abs(first - expected).max() < 1e-3
    assert dsp.extract([x], 16000, "kaldi")[0].shape == (13, 48)
"""


def test_tables_alone_compile_nothing_and_loading_needs_no_compiler(tmp_path):
    assert run(tmp_path, STARTS) == "1 True"
    assert run(tmp_path, STARTS) == "0 False"
