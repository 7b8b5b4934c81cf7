"""python -m dsp.doctor on files: text, JSON, exit status, and one clear line for what cannot be read."""

import json
import subprocess
import sys

import numpy as np
import pytest

import dsp
from dsp.doctor.__main__ import main, named_matrix
from dsp.doctor.report import where
from tests.conftest import ROOT

RATE = 16_000


@pytest.fixture
def files(utterance, write_wav, tmp_path):
    """A recording and the features of two tools."""
    wav = write_wav("speech.wav", utterance)
    np.save(tmp_path / "kaldi.npy", dsp.mfcc(utterance, RATE, "kaldi").T)
    np.savez(tmp_path / "two.npz", a=dsp.mfcc(utterance, RATE, "kaldi"), b=dsp.mfcc(utterance, RATE, "spafe"))
    np.savetxt(tmp_path / "librosa.csv", dsp.mfcc(utterance, RATE, "librosa"), fmt="%.5f", delimiter=",")
    return wav, tmp_path


def test_identify(files, capsys):
    wav, folder = files
    assert main([str(folder / "kaldi.npy"), "--audio", str(wav), "--seconds", "60"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("exact") and "as kaldi" in said and "time first" in said
    assert "not observable on this clip" in said and "dsp.doctor.probe(" in said


def test_printed_text_is_enough(files, capsys):
    wav, folder = files
    assert main([str(folder / "librosa.csv"), "--audio", str(wav), "--seconds", "60", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "exact" and found["nearest"] == "librosa" and found["differences"] == {}
    assert {"verdict", "convention", "differences", "unobservable", "residual", "same"} <= set(found)
    assert "mel_scale" in found["same"]
    assert dsp.mfcc(dsp.read_audio(wav)[0], RATE, dsp.Convention(**found["convention"])).shape == (20, 53)


def test_one_matrix_of_several(files, capsys):
    wav, folder = files
    assert main([f"{folder / 'two.npz'}:b", "--audio", str(wav), "--seconds", "60"]) == 0
    assert "as spafe" in capsys.readouterr().out
    assert main([str(folder / "two.npz"), "--audio", str(wav)]) == 2
    assert "a (13, " in capsys.readouterr().err
    assert named_matrix("no/such:file") == ("no/such:file", None)


def test_compare(files, capsys):
    wav, folder = files
    pair = [f"{folder / 'two.npz'}:a", f"{folder / 'two.npz'}:b"]
    assert main([*pair, "--audio", str(wav), "--json", "--seconds", "60"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "explained" and "window" in found["differences"]
    assert main(pair) == 1
    assert "without the audio" in capsys.readouterr().out


def test_profiles(capsys):
    assert main(["--profiles", "librosa", "librosa_htk"]) == 0
    assert "1 difference" in capsys.readouterr().out
    assert main(["--profiles", "librosa", "htk", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["differences"]


def test_unexplained(files, capsys, rng):
    wav, folder = files
    np.save(folder / "noise.npy", rng.standard_normal((13, 98)))
    assert main([str(folder / "noise.npy"), "--audio", str(wav), "--seconds", "2"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("unexplained") and "different" not in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "one file of features"),
        (["{folder}/kaldi.npy"], "--audio"),
        (["{folder}/none.npy", "--audio", "{wav}"], "none.npy"),
        (["{folder}/kaldi.npy", "--audio", "{folder}/none.wav"], "none.wav"),
        (["{folder}/kaldi.npy", "--audio", "{folder}/stereo.wav"], "2 channels"),
        (["--profiles", "librosa", "lirbosa"], "did you mean"),
    ],
)
def test_bad_use(arguments, message, files, capsys, write_wav):
    wav, folder = files
    write_wav("stereo.wav", np.zeros((4000, 2)))
    assert main([argument.format(folder=folder, wav=wav) for argument in arguments]) == 2
    said = capsys.readouterr().err
    assert message in said and len(said.splitlines()) == 1


def test_as_a_command(files):
    wav, folder = files
    ended = subprocess.run(
        [sys.executable, "-m", "dsp.doctor", str(folder / "kaldi.npy"), "--audio", str(wav), "--seconds", "60"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0 and ended.stdout.startswith("exact"), ended.stderr


def test_where_the_error_lies():
    error = np.zeros((13, 100))
    error[4] = 1
    assert "row" in where(error) and "4" in where(error)
    error = np.zeros((13, 100))
    error[:, [0, 99]] = 1
    assert "frames 0, 99" in where(error).replace("frames 0, 1, 2, 3, 99", "frames 0, 99")
    assert "everywhere" in where(np.ones((13, 100)))
