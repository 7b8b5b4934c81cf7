r"""Names become one line of valid Unicode: bytes that are not UTF-8 are \xNN, controls are escaped, letters stay."""

import errno
import json
import os
import pickle

import pytest
from matplotlib.figure import Figure

from dsp import AudioError, FeatureFileError
from dsp.files.naming import FileError, figure_label, file_error_line, printable, shorten

ESCAPED = {
    b"caf\xe9.wav": r"caf\xe9.wav",
    b"\x80\xff": r"\x80\xff",
    "two\nlines\r.wav": r"two\x0alines\x0d.wav",
    "red\x1b[31m\x9b2J": r"red\x1b[31m\x9b2J",
    "tab\tbell\a\x7f": r"tab\x09bell\x07\x7f",
    "\u2028line\u2029\x85": r"\u2028line\u2029\x85",
    "evil\u202egnp.exe": r"evil\u202egnp.exe",
    "\ud800": r"\ud800",
}


@pytest.mark.parametrize("name", ESCAPED, ids=[str(number) for number in range(len(ESCAPED))])
def test_what_breaks_a_line_is_escaped(name):
    text = printable(name)
    assert text == ESCAPED[name]
    assert json.loads(json.dumps(text, ensure_ascii=False).encode("utf-8")) == text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["a (1).wav", "愤怒/тест é.wav", "C:\\corpus\\x.wav", "می‌خواهم", "no\u00a0break", "👩‍🏫"]
)
def test_ordinary_names_stay(name):
    assert printable(name) == name


def test_every_byte_of_a_name_survives_in_one_line(tmp_path):
    name = bytes(byte for byte in range(1, 256) if byte not in b"/\\")
    path = tmp_path / os.fsdecode(name)
    text = printable(path)
    assert len(text.splitlines()) == 1
    assert text.encode("utf-8").decode("unicode_escape").encode("latin-1").endswith(name)


@pytest.mark.parametrize("kind", [FileError, AudioError, FeatureFileError])
def test_errors_about_files_are_one_printable_line(kind):
    error = kind("caf\udce9\n.wav: \x1b[2J no samples")
    assert str(error) == r"caf\xe9\x0a.wav: \x1b[2J no samples"
    assert isinstance(error, ValueError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # a worker process sends it


def test_a_label_in_a_figure_is_drawn_letter_by_letter(tmp_path):
    """Matplotlib takes what stands between two dollars for a formula, and a surrogate for an error."""
    name = os.fsdecode(b"$\\frac$ \xff.wav")
    assert figure_label(f"folder/{name}") == r"\$\frac\$ \xff.wav"
    figure = Figure()
    text = figure.suptitle(figure_label(name))
    figure.savefig(tmp_path / "x.png")
    for bad, error in ((r"$\frac$", ValueError), ("\udcff", (TypeError, ValueError))):
        text.set_text(bad)
        with pytest.raises(error):
            figure.savefig(tmp_path / "y.png")


def test_long_texts_are_shortened():
    assert shorten("x" * 60) == "x" * 60
    assert shorten("x" * 61) == "x" * 57 + "..." and shorten("abcdef", 5) == "ab..."


def test_the_line_of_an_error_of_the_system():
    full = OSError(errno.ENOSPC, "No space left on device", "caf\udce9")
    assert file_error_line(full) == file_error_line(full, "other") == r"caf\xe9: No space left on device"
    assert (
        file_error_line(OSError(errno.ENOSPC, "No space left on device"), "a\nb") == r"a\x0ab: No space left on device"
    )
    assert file_error_line(OSError("odd\nreason"), b"x") == r"x: odd\x0areason"
    assert file_error_line(OSError(errno.EBADF, "Bad file descriptor", 3), "x") == "x: Bad file descriptor"
    assert file_error_line(OSError()) == "OSError"
