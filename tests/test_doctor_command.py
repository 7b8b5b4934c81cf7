"""The command dsp-doctor on files: text, JSON, exit status, and one clear line for what cannot be read."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import dsp
from dsp.doctor import __main__ as command
from dsp.doctor.__main__ import main, split_name
from dsp.doctor.report import error_location
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
    assert main([str(folder / "kaldi.npy"), "--audio", str(wav), "--time-limit", "120"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("exact") and "same as kaldi" in said and "time first" in said
    assert "parameters have other values that give the same numbers on this clip (--all)" in said
    assert main([str(folder / "kaldi.npy"), "--audio", str(wav), "--time-limit", "120", "--all"]) == 0
    said = capsys.readouterr().out
    assert "not observable on this clip" in said and "dsp.doctor.probe(" in said


def test_printed_text_is_enough(files, capsys):
    wav, folder = files
    assert main([str(folder / "librosa.csv"), "--audio", str(wav), "--time-limit", "120", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "exact" and found["nearest"] == "librosa" and found["differences"] == {}
    assert {"verdict", "convention", "differences", "unobservable", "residual", "same"} <= set(found)
    assert "mel_scale" in found["same"]
    assert dsp.mfcc(dsp.read_audio(wav)[0], RATE, dsp.Convention(**found["convention"])).shape == (20, 53)


def test_one_matrix_of_several(files, capsys):
    wav, folder = files
    assert main([f"{folder / 'two.npz'}:b", "--audio", str(wav), "--time-limit", "120"]) == 0
    assert "same as spafe" in capsys.readouterr().out
    assert main([str(folder / "two.npz"), "--audio", str(wav)]) == 2
    assert "a (13, " in capsys.readouterr().err
    assert split_name("no/such:file") == ("no/such:file", None)


def test_compare(files, capsys):
    wav, folder = files
    pair = [f"{folder / 'two.npz'}:a", f"{folder / 'two.npz'}:b"]
    assert main([*pair, "--audio", str(wav), "--json", "--time-limit", "120"]) == 0
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
    assert main([str(folder / "noise.npy"), "--audio", str(wav), "--time-limit", "2"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("unexplained") and "different" not in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to do"),
        (["{folder}/kaldi.npy"], "--audio"),
        (["{folder}/none.npy", "--audio", "{wav}"], "none.npy"),
        (["{folder}/kaldi.npy", "--audio", "{folder}/none.wav"], "none.wav"),
        (["{folder}/kaldi.npy", "--audio", "{folder}/stereo.wav"], "2 channels"),
        (["--profiles", "librosa", "lirbosa"], "did you mean"),
        (["--profiles", "librosa", "htk", "--sample-rate", "0"], "sample_rate=0"),
        (["{folder}/kaldi.npy", "--audio", "{wav}", "--time-limit", "0"], "--time-limit 0"),
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
    ended = run_command([folder / "kaldi.npy", "--audio", wav, "--time-limit", 120])
    assert ended.returncode == 0 and ended.stdout.startswith("exact"), ended.stderr


def run_command(arguments, **options):
    command = [sys.executable, "-m", "dsp.doctor", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, **options)


def test_a_reader_that_closes_the_pipe_is_no_error():
    """As in `dsp-doctor --profiles librosa htk --json | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        command = [sys.executable, "-m", "dsp.doctor", "--profiles", "librosa", "htk", "--json"]
        ended = subprocess.run(command, cwd=ROOT, stdout=closed, stderr=subprocess.PIPE, text=True, timeout=300)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_names_inside_archives_stay_on_one_line(files):
    """A name with a line break and a terminal escape, in an error and in a sentence."""
    wav, folder = files
    name = "bad\n\x1b[31mname"
    values = np.arange(13 * 9.0).reshape(13, 9) ** 2
    np.savez(folder / "odd.npz", **{name: values, "b": values})
    ended = run_command([folder / "odd.npz", "--audio", wav])
    assert ended.returncode == 2 and ended.stderr.count("\n") == 1 and "\x1b" not in ended.stderr
    assert r"bad\x0a\x1b[31mname (13, 9)" in ended.stderr
    np.save(folder / f"{name}.npy", np.sin(values[:12]))
    ended = run_command([folder / f"{name}.npy", f"{folder / 'odd.npz'}:b"])
    assert ended.returncode == 1 and "\x1b" not in ended.stdout
    assert r"bad\x0a\x1b[31mname.npy has 12 rows, while odd.npz:b has 13: " in ended.stdout
    missing = run_command([folder / "none\n.npy", folder / "odd.npz"])
    assert missing.returncode == 2 and missing.stderr.count("\n") == 1 and r"none\x0a.npy" in missing.stderr


def test_an_interrupt_is_status_130(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "profile_diff", lambda *_, **__: interrupted())
    assert main(["--profiles", "librosa", "htk"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize(
    ("started_as", "name"),
    [("/usr/bin/dsp-doctor", "dsp-doctor"), ("dsp/doctor/__main__.py", "python -m dsp.doctor")],
)
def test_the_command_has_the_name_that_was_typed(started_as, name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [started_as])
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0 and said.startswith(f"usage: {name} ") and f"  {name} mine.npy --audio" in said


def test_where_the_error_lies():
    error = np.zeros((13, 100))
    error[4] = 1
    assert "row" in error_location(error) and "4" in error_location(error)
    error = np.zeros((13, 100))
    error[:, [0, 99]] = 1
    assert "frames 0, 99 of 100" in error_location(error)
    assert "spread over rows and frames" in error_location(np.ones((13, 100)))
