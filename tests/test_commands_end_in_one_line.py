"""Whatever happens to a command, it ends with one line and the status that all commands share."""

import os
import subprocess
import sys

import pytest

from dsp import AudioError
from dsp.files.commands import check_output_file, check_output_folder, check_written, exit_status
from dsp.files.extras import require
from tests.conftest import ROOT


def raiser(error):
    def task():
        raise error

    return task


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (AudioError("a.wav: silent"), "error: a.wav: silent"),
        (ValueError("shorter than a frame"), "error: source: shorter than a frame"),
        (OSError(28, "No space left on device"), "error: target: No space left on device"),
        (OSError(28, "No space left on device", "x/y"), "error: x/y: No space left on device"),
        (ValueError("two\nlines"), "error: source: two lines"),
        (FileNotFoundError(2, "No such file or directory", "a\x1b[2Jb\nc"), r"error: a\x1b[2Jb\x0ac: No such file"),
    ],
    ids=["audio", "value", "full disk", "full disk, named", "two lines", "a name with escapes"],
)
def test_bad_input_is_one_line_and_status_2(error, line, capsys):
    assert exit_status(raiser(error), "source", "target") == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(line) and err.count("\n") == 1


def test_a_missing_package_is_bad_input_too(capsys):
    task = lambda: require("no_such_package", feature="the test", extra="test")  # noqa: E731
    assert exit_status(task) == 2
    assert "the test needs no_such_package: pip install" in capsys.readouterr().err


def test_the_tasks_own_status_counts(capsys):
    assert exit_status(lambda: 1) == 1
    assert exit_status(lambda: None) == exit_status(lambda: ["a path"]) == exit_status(lambda: 0) == 0
    assert exit_status(raiser(KeyboardInterrupt()), on_interrupt="stopped; run it again to go on") == 130
    assert capsys.readouterr().err == "stopped; run it again to go on\n"


def test_what_nobody_can_mend_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        exit_status(lambda: 1 // 0)


@pytest.mark.parametrize("n_lines", [1, 200_000])
def test_a_reader_that_stops_reading_ends_it_quietly(n_lines):
    """Whether the pipe breaks in the middle of the work or only when the last lines are flushed."""
    code = f"""
import sys
from dsp.files.commands import exit_status
def task():
    print("first", flush=True)
    sys.stdin.read()  # until the reader has closed the pipe
    for number in range({n_lines}):
        print(number)
status = exit_status(task)
print("what a library prints at the end")
sys.exit(status)
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, **pipes) as process:
        assert process.stdout.readline() == "first\n"
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=120) == 0


def test_what_was_written_is_still_there(tmp_path):
    (tmp_path / "a").write_text("")
    check_written([tmp_path / "a"])
    with pytest.raises(FileNotFoundError, match="was written, but has disappeared") as caught:
        check_written([tmp_path / "a", tmp_path / "b"])
    assert caught.value.filename == str(tmp_path / "b")


def test_a_bad_output_path_is_known_before_the_work(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    check_output_file(file)  # it may be written anew
    check_output_file(tmp_path / "not yet" / "there" / "x.json")
    check_output_folder(tmp_path / "not yet" / "there")
    check_output_file("x.json")
    assert not (tmp_path / "not yet").exists()
    for check, path, words in (
        (check_output_file, tmp_path, "is a folder; a file is expected"),
        (check_output_file, file / "x.json", "is a file; a folder is expected"),
        (check_output_folder, file, "is a file; a folder is expected"),
        (check_output_folder, file / "deep" / "er", "is a file; a folder is expected"),
    ):
        with pytest.raises(OSError, match=words):
            check(path)


@pytest.mark.skipif(os.name != "posix", reason="a folder is made unwritable by POSIX permissions")
def test_an_output_folder_without_permission(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(tmp_path))  # root may write everywhere
    with pytest.raises(PermissionError, match="no permission"):
        check_output_folder(tmp_path / "out")
