"""The command dsp-extract: its options, its lines and its exit statuses."""

import subprocess
import sys

import pytest

import dsp
from dsp.corpus import open_features
from dsp.corpus.__main__ import describe, main
from dsp.corpus.extraction import Summary
from tests.conftest import ROOT
from tests.small_corpus import make_corpus


@pytest.fixture
def arguments(tmp_path):
    make_corpus(tmp_path / "in")
    return [str(tmp_path / "in"), str(tmp_path / "out"), "--workers", "1", "--convention", "kaldi"]


def test_the_command_extracts_and_resumes(arguments, tmp_path, capsys):
    assert main([*arguments, "--dry-run"]) == 0
    assert not (tmp_path / "out").exists()
    assert capsys.readouterr().out.startswith("6 items to extract, 0 are finished, in 1 of 1 shards; 0.1 min of sound")
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{tmp_path / 'out'}: 6 items with features" and len(lines) == 2
    for words in ("6 files, 0.1 min of sound", "files/s", "x real time", "decoding", "resampling", "writing"):
        assert words in lines[1]
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'out'}: 6 items with features, 6 of them finished before\n"
    assert main([*arguments, "--no-resume"]) == 0
    assert "finished before" not in capsys.readouterr().out


def test_status_1_says_that_some_recordings_failed(arguments, tmp_path, capsys):
    (tmp_path / "in" / "bad.wav").write_bytes(b"bad")
    for _ in range(2):  # also where all of it is finished
        assert main(arguments) == 1
        assert "1 could not be used; failures.jsonl has the reasons" in capsys.readouterr().out


def test_conventions_of_files_and_changed_parameters(arguments, tmp_path, capsys):
    dsp.conventions.save("kaldi", tmp_path / "mine.toml")
    arguments = [*arguments[:4], "--convention", str(tmp_path / "mine.toml"), "--set", "n_mels=40", "n_mfcc=none"]
    assert main([*arguments, "--set", "window=hann"]) == 0
    features = open_features(tmp_path / "out")
    c = features.convention
    assert (c.n_mels, c.n_mfcc, c.window, features.kind, features[0].shape[0]) == (40, None, "hann", "log_mel", 40)
    capsys.readouterr()
    for change, line in (
        ("n_mell=40", "error: --set n_mell=40: unknown parameter 'n_mell'"),
        ("n_mels", "error: --set n_mels: PARAMETER=VALUE is expected"),
        ("n_mels=-1", "error: --set: n_mels=-1"),
        ("window=round", "error: --set: window='round'"),
    ):
        assert main([*arguments, "--set", change]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.startswith(line) and err.count("\n") == 1


@pytest.mark.parametrize("part", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2/3", "²/3"])
def test_wrong_parts_are_refused(part, arguments, tmp_path, capsys):
    try:
        status = main([*arguments, f"--shard={part}"])
    except SystemExit as error:
        status = error.code
    assert status == 2 and "shard" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_one_part_of_an_array_says_what_is_missing(arguments, capsys):
    assert main([*arguments, "--shard", "2/2", "--shard-seconds", "1"]) == 0
    assert "shards; the index is written when all are there" in capsys.readouterr().out
    assert "failures.jsonl" in describe(Summary(items=2, failed=1, is_complete=True), "out")


def test_bad_input_is_one_line(arguments, tmp_path, capsys):
    for changed, line in (
        ([str(tmp_path / "missing"), *arguments[1:]], f"error: {tmp_path / 'missing'}: No such file or directory"),
        ([*arguments, "--scheduler", "here"], "error: --scheduler here: 'dask' or an address"),
        ([*arguments, "--channel", "left"], "error: channel is 'left'; mix, all or a number from 0 is expected"),
        ([*arguments[:5], "kaldy"], "error: unknown convention 'kaldy'"),
        ([*arguments[:5], "missing.toml"], "error: missing.toml: No such file or directory"),
    ):
        assert main(changed) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.startswith(line) and err.count("\n") == 1


def test_help_has_the_script_for_slurm(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for words in ("#SBATCH --array=1-16", "--shard $SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT", "exit status: 0"):
        assert words in text


def test_dask_that_is_missing_is_one_line(arguments, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main([*arguments, "--scheduler", "dask"]) == 2
    line = capsys.readouterr().err
    assert line.startswith("error: --scheduler needs distributed: pip install") and line.count("\n") == 1


def test_nothing_optional_is_imported():
    code = """
import sys, dsp
assert "dsp.corpus" not in sys.modules
import dsp.corpus.__main__
print(sorted({"h5py", "pyarrow", "distributed", "dask", "tqdm", "filelock", "pandas"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout == "[]\n", done.stderr
