"""The benchmark of features runs from WAV files to rows and chart, and times nobody who computes something else."""

import os

import numpy as np
import pytest
import torch


@pytest.fixture
def benchmark(monkeypatch, tmp_path):
    """The module, its chart in tmp_path; what it sets for the whole process is put back."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(variable, os.environ.get(variable, "1"))
    threads = torch.get_num_threads()
    from experiments.benchmarks import features

    draw = features.chart
    monkeypatch.setattr(features, "chart", lambda path, rows: draw(tmp_path / path.name, rows))
    yield features
    torch.set_num_threads(threads)


@pytest.fixture
def wav_tree(write_wav, rng, tmp_path):
    for folder in ("high", "low"):
        for i in range(3):
            write_wav(f"wav/{folder}/{folder} ({i}).wav", 0.1 * rng.standard_normal(8000 + 1000 * i))
    return tmp_path / "wav"


def test_rows_and_chart(benchmark, wav_tree, tmp_path, monkeypatch, capsys):
    rows = []
    monkeypatch.setattr(benchmark.timing, "show", rows.append)
    monkeypatch.setattr(benchmark, "FIRST_RESULT", "pass")  # or it compiles twice
    assert benchmark.main(["--data", str(wav_tree), "--files", "3", "--rounds", "1"]) == 0
    for task in ("MFCC-39 of a clip", "MFCC-39 of 60 s", "log-mel of a clip"):
        others = {row["slow"].split()[0] for row in rows if row["task"] == task and row["fast"] == "ours"}
        assert {"librosa", "torch"} <= others
    assert all(row["ratio"] > 0 and row["fast_s"] > 0 and row["slow_s"] > 0 for row in rows)
    assert {"ours, float64", "without"} <= {row["slow"] for row in rows}
    assert (tmp_path / "benchmark_features.png").stat().st_size > 10_000
    printed = capsys.readouterr().out
    assert "3 recordings, equal features" in printed
    assert all(stage in printed for stage in ("layout, transform, power", "mel filter", "logarithm", "DCT"))


@pytest.mark.parametrize(
    "package, kind", [("torch", "mfcc"), ("scipy", "mfcc"), ("torch", "log_mel"), ("librosa, as called", "log_mel")]
)
def test_a_wrong_peer_is_not_timed(benchmark, wav_tree, monkeypatch, capsys, package, kind):
    right = benchmark.PEERS[package]

    def wrong(x, **how):
        features = right(x, **how).copy()
        features[0, -1] += 0.1 * (how["kind"] == kind)
        return features

    monkeypatch.setitem(benchmark.PEERS, package, wrong)
    monkeypatch.setattr(benchmark.timing, "alternate", lambda *_: pytest.fail("something was timed"))
    assert benchmark.main(["--data", str(wav_tree), "--files", "3", "--rounds", "1"]) == 1
    assert capsys.readouterr().err.startswith(f"error: {kind} by {package.split(',')[0]} ")


def test_bad_recordings_are_refused(benchmark, write_wav, tmp_path, rng, capsys):
    write_wav("wav/a/a.wav", 0.1 * rng.standard_normal(8000), rate=8000)
    assert benchmark.main(["--data", str(tmp_path / "wav")]) == 2
    assert "one channel at 16000 Hz are expected" in capsys.readouterr().err
    assert benchmark.main(["--data", str(tmp_path / "nowhere")]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_peers_do_the_same_work(benchmark, rng):
    x = (0.1 * rng.standard_normal(16000)).astype(np.float32)
    for kind, rows in (("mfcc", 39), ("log_mel", 128)):
        n_frames = benchmark.ours([x], kind)[0].shape[1]
        for name, peer in benchmark.peers(kind).items():
            features = peer(x)
            assert features.shape[0] == rows and abs(features.shape[1] - n_frames) <= 1, name


def test_missing_peers_are_told(benchmark, wav_tree, monkeypatch, capsys):
    monkeypatch.setitem(benchmark.PEERS, "no-such-package", None)
    monkeypatch.setattr(benchmark, "different", lambda clips: ["enough"])
    assert benchmark.main(["--data", str(wav_tree)]) == 1
    assert "not installed: no-such-package (pip install no-such-package)\n" in capsys.readouterr().out


def test_the_program_of_the_first_result_runs(benchmark):
    exec(benchmark.FIRST_RESULT)


@pytest.mark.slow
def test_from_files_to_features_on_disk(benchmark, wav_tree, monkeypatch, capsys):
    rows, stored = [], {}
    monkeypatch.setattr(benchmark.timing, "show", rows.append)
    monkeypatch.setattr(benchmark.timing, "store", lambda name, rows, facts: stored.update({name: facts}))
    monkeypatch.setattr(benchmark.end_to_end, "available_cores", lambda: 1)  # no second process
    arguments = ["--data", str(wav_tree), "--files", "3", "--rounds", "1", "--end-to-end", "--store"]
    assert benchmark.main(arguments) == 0
    for kind in ("WAV", "FLAC"):
        others = {row["slow"].split()[0] for row in rows if row["task"] == f"{kind} file to features on disk"}
        assert {"librosa", "kaldi-native-fbank"} <= others
    table = stored["end_to_end"]["tables"]["end to end"]
    shares = [line[4:] for line in table["rows"] if line[1] == "ours"]
    assert all(98 <= sum(float(share.rstrip("%")) for share in line) <= 102 for line in shares) and len(shares) == 2
    assert "3 recordings, equal features" in capsys.readouterr().out


def test_archives_hold_the_features_of_every_file(benchmark, wav_tree, tmp_path):
    end_to_end = benchmark.end_to_end
    paths = sorted(wav_tree.rglob("*.wav"))
    end_to_end.ours(paths, tmp_path)
    for path in paths:
        signal, _ = end_to_end.read_audio(path)
        expected = end_to_end.extract([signal], 16000, end_to_end.FBANK, "log_mel", "float32")[0].T
        stored = end_to_end.read_features(tmp_path / "0.ark", end_to_end.name_of(path))
        np.testing.assert_array_equal(stored, expected)


def test_other_features_on_disk_are_not_timed(benchmark, wav_tree, monkeypatch, capsys):
    pytest.importorskip("kaldi_native_fbank")
    end_to_end, right = benchmark.end_to_end, benchmark.end_to_end.write_ark

    def wrong(path, matrices):
        right(path, {name: x + 0.1 * ("theirs" in str(path)) for name, x in matrices.items()})

    monkeypatch.setattr(end_to_end, "write_ark", wrong)
    monkeypatch.setattr(benchmark.timing, "alternate", lambda *_: pytest.fail("something was timed"))
    assert benchmark.main(["--data", str(wav_tree), "--files", "3", "--rounds", "1", "--end-to-end"]) == 1
    assert capsys.readouterr().err.startswith("error: features by kaldi-native-fbank and by us differ by 0.1")
