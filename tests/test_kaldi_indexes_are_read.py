"""A Kaldi index (.scp) leads to the utterance's matrix, binary or text; commands and ranges are refused by line."""

import struct

import numpy as np
import pytest

import dsp

F = np.array([[1.5, -2.25, 3.0], [0.5, 7, -4e5]], np.float32)


def entry(matrix):
    return (
        b"\0BFM \4" + struct.pack("<i", matrix.shape[0]) + b"\4" + struct.pack("<i", matrix.shape[1]) + matrix.tobytes()
    )


@pytest.fixture
def index(tmp_path):
    """A function that writes an index beside an archive of utterances a and b; {b} is where b's matrix begins."""
    first = b"a " + entry(F)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x y.ark").write_bytes(first + b"b " + entry(F * 2))
    (tmp_path / "t.ark").write_text("a  [\n 1 2\n 3 4 ]\nb  [\n 5 6 ]\n")

    def write(content):
        path = tmp_path / "x.scp"
        path.write_text(content.replace("{b}", str(len(first) + 2)).replace("{folder}", str(tmp_path)))
        return path

    return write


def refusal(path, name=None):
    with pytest.raises(dsp.FeatureFileError) as caught:
        dsp.read_features(path, name)
    line = str(caught.value)
    assert line.startswith(f"{path}: ") and "\n" not in line
    return line.removeprefix(f"{path}: ")


@pytest.mark.parametrize("folder", ["sub", "{folder}/sub"])
def test_utterances(index, folder):
    path = index(f"a {folder}/x y.ark:2\nb {folder}/x y.ark:{{b}}\n")
    np.testing.assert_array_equal(dsp.read_features(path, "a"), F)
    np.testing.assert_array_equal(dsp.read_features(path, "b"), F * 2)
    assert refusal(path) == "2 utterances; name one of a, b"
    assert refusal(path, "c") == "no utterance 'c'; there are a, b"
    np.testing.assert_array_equal(dsp.read_features(index("b sub/x y.ark:{b}")), F * 2)


def test_text_archives_and_the_working_folder(index, tmp_path, monkeypatch):
    path = index("a t.ark:2\nb t.ark:19\n")
    np.testing.assert_array_equal(dsp.read_features(path, "a"), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(dsp.read_features(path, "b"), [[5, 6]])
    (tmp_path / "sub" / "y.scp").write_text("a t.ark:2\n")
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(dsp.read_features("sub/y.scp"), [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a copy-feats ark:x ark:- |\n", "line 1, 'copy-feats ark:x ark:- |': a command, which is never run"),
        ("\na sub/x y.ark:2[0:1]\n", "line 2, 'sub/x y.ark:2[0:1]': a range of rows"),
        ("a missing.ark:2\n", "line 1: missing.ark: No such file"),
        ("a sub:2\n", "Is a directory"),
        ("a sub/x y.ark:99999\n", "line 1, 'sub/x y.ark:99999': byte 99999 of a file of 82 bytes"),
        ("a sub/x y.ark:3\n", "no matrix begins there"),
        ("a\n", "line 1, '': 'UTTERANCE FILE:OFFSET' is expected"),
        ("\n\n", "an index without a line"),
    ],
)
def test_refusals_name_the_line(index, content, words):
    assert words in refusal(index(content))


def test_a_cut_archive(index, tmp_path):
    path = index("b sub/x y.ark:{b}")
    archive = tmp_path / "sub" / "x y.ark"
    archive.write_bytes(archive.read_bytes()[:-5])
    assert "line 1, " in refusal(path) and "5 bytes are missing" in refusal(path)
    archive.write_bytes(archive.read_bytes()[:-30])
    assert "bytes are missing" in refusal(path) or "no size" in refusal(path)
    (tmp_path / "t.ark").write_text("a  [\n 1 2\n 3")
    assert "line 1, 't.ark:2': cut off: no ']' ends the matrix" in refusal(index("a t.ark:2"))


def test_only_the_wanted_utterance_is_read(index, tmp_path):
    """An index of thousands of lines, most of whose files are missing."""
    lines = "".join(f"u{i} gone.ark:{i}\n" for i in range(5000))
    path = index(lines + "b sub/x y.ark:{b}\n")
    np.testing.assert_array_equal(dsp.read_features(path, "b"), F * 2)
    assert "u7, ... (5001 in all)" in refusal(path)
