"""A pipe, a socket, a device or a folder in a file's place is refused in one line, at once, by every reader."""

import os
import socket
import subprocess
import sys

import numpy as np
import pytest

from dsp import AudioError, FeatureFileError, audio_duration, read_audio, read_beginning, read_features
from dsp.feature_files import READERS
from dsp.files.htk import read_htk
from dsp.files.naming import FileError
from dsp.files.reading import open_regular_file, read_regular_file, read_regular_text
from experiments.coursework import course_profile
from experiments.coursework.checking import submission
from experiments.data.corpora import CorpusError
from experiments.evaluation import results
from experiments.evaluation.results import ResultsError
from experiments.inputs.zheng_casia import read_image
from experiments.recogniser import trained
from experiments.recogniser.trained import RunError
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")

KINDS = {"named pipe": "a named pipe", "socket": "a socket", "device": "a device", "folder": "Is a directory"}
AUDIO = {
    "read_audio": read_audio,
    "read_beginning": lambda path: read_beginning(path, 1),
    "audio_duration": audio_duration,
}


@pytest.fixture(autouse=True)
def no_waiting():
    """A reader that opens a pipe waits for ever: the alarm ends it as a failure."""
    import signal

    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("the reader waits for the pipe"))
    signal.alarm(120)
    yield
    signal.alarm(0)


def irregular(kind, path):
    if kind == "named pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            folder = os.open(path.parent, os.O_RDONLY)  # a socket's address is at most 107 bytes long
            try:
                server.bind(f"/proc/self/fd/{folder}/{path.name}")
            except OSError:
                pytest.skip("no socket can be made here")
            finally:
                os.close(folder)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reader", AUDIO)
def test_audio(tmp_path, kind, reader):
    path = irregular(kind, tmp_path / "x.wav")
    with pytest.raises(AudioError) as caught:
        AUDIO[reader](path)
    assert str(caught.value).startswith(f"{path}: {KINDS[kind]}") and "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", READERS)
def test_features(tmp_path, kind, ending):
    path = irregular(kind, tmp_path / f"x{ending}")
    with pytest.raises(FeatureFileError) as caught:
        read_features(path)
    assert str(caught.value).startswith(f"{path}: {KINDS[kind]}")


@pytest.mark.parametrize("kind", KINDS)
def test_htk(tmp_path, kind):
    path = irregular(kind, tmp_path / "x.htk")
    with pytest.raises(FeatureFileError, match=KINDS[kind]):
        read_htk(path)


@pytest.mark.parametrize("kind", KINDS)
def test_results_runs_profiles_submissions_and_images(tmp_path, kind):
    path = irregular(kind, tmp_path / "result.json")
    with pytest.raises(ResultsError, match=KINDS[kind]):
        results.load(path)
    refused = "a symbolic link" if path.is_symlink() else KINDS[kind]  # of what students hand in, links are refused
    with pytest.raises(FileError, match=refused):
        submission.check_source(path, None)
    with pytest.raises(CorpusError, match=KINDS[kind]):
        read_image(path)
    profile = irregular(kind, tmp_path / "x.toml")
    with pytest.raises(FileError, match=KINDS[kind]):
        course_profile.load(str(profile))
    (tmp_path / "network.pt").write_bytes(b"weights")
    with pytest.raises(RunError, match=r"no result\.json"):
        trained.load(tmp_path)


def test_the_doctor_s_command(tmp_path):
    """The whole command, since argparse or a library may open files too."""
    irregular("named pipe", tmp_path / "x.wav")
    np.save(tmp_path / "x.npy", np.ones((3, 4)))
    command = [sys.executable, "-m", "dsp.doctor", str(tmp_path / "x.npy"), "--audio", str(tmp_path / "x.wav")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "a named pipe; a regular file is expected" in done.stderr


def test_regular_files_and_links_to_them_are_read(tmp_path):
    (tmp_path / "x").write_bytes(b"content")
    (tmp_path / "link").symlink_to("x")
    with open_regular_file(tmp_path / "link") as file:
        assert file.read() == b"content"
    assert read_regular_file(str(tmp_path / "x")) == b"content"
    assert read_regular_text(tmp_path / "x") == "content"
    (tmp_path / "x").write_bytes(b"\xff")
    with pytest.raises(UnicodeDecodeError):
        read_regular_text(tmp_path / "x")


def test_a_pipe_that_takes_the_file_s_place_is_noticed(tmp_path, monkeypatch):
    """Between the look at the file and its opening another program may have replaced it."""
    (tmp_path / "file").write_bytes(b"content")
    before = os.stat(tmp_path / "file")
    path = irregular("named pipe", tmp_path / "x")
    monkeypatch.setattr(os, "stat", lambda *_, **__: before)
    n_open = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    with pytest.raises(OSError, match="a named pipe"):
        open_regular_file(path)
    assert n_open is None or len(os.listdir("/proc/self/fd")) == n_open
