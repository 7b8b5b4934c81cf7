"""The benchmark of the front end runs, compares before it times, and says in one line what is wrong."""

import json
import os

import pytest
import torch


@pytest.fixture
def benchmark(monkeypatch, tmp_path):
    """The module, with short clips and one quick peer; what it sets for the whole process is put back."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(variable, os.environ.get(variable, "1"))
    from experiments.benchmarks import front_end

    def pairs(device):
        ours = front_end.ours("kaldi", "log_mel", device)
        yield front_end.Pair("log-mel", ours, "the same", front_end.ours("kaldi", "log_mel", device), 0.0)
        yield front_end.Pair("no gradients", ours, "the same", ours, 0.0, of_torch=False)

    monkeypatch.setattr(front_end, "CLIP_S", 0.2)
    monkeypatch.setattr(front_end, "pairs", pairs)
    monkeypatch.setattr(front_end.timing, "BENCHMARKS", tmp_path)
    threads = torch.get_num_threads()
    yield front_end
    torch.set_num_threads(threads)


def test_features_and_gradients_are_timed_and_stored(benchmark, tmp_path, capsys):
    assert benchmark.main(["--rounds", "3", "--store"]) == 0
    rows = json.loads((tmp_path / "front_end.json").read_text())["rows"]
    assert [row["task"] for row in rows] == ["log-mel: 10 s", "log-mel: 10 s, with gradients", "no gradients: 10 s"]
    assert all(row["rounds"] == 3 and row["fast"] == "nets.front_end" for row in rows)
    assert "  log-mel: 10 s, with gradients: nets.front_end " in capsys.readouterr().out


def test_a_peer_that_computes_something_else_is_not_timed(benchmark, monkeypatch, tmp_path, capsys):
    ours, other = benchmark.ours("kaldi", "log_mel", "cpu"), benchmark.ours("htk", "log_mel", "cpu")
    wrong = [benchmark.Pair("log-mel", ours, "another", other, 0.05)]
    monkeypatch.setattr(benchmark, "pairs", lambda device: wrong)
    monkeypatch.setattr(benchmark.timing, "alternate", lambda *_: pytest.fail("something was timed"))
    assert benchmark.main(["--rounds", "3", "--store"]) == 1
    assert capsys.readouterr().err.startswith("error: log-mel: nets.front_end (4, 23, 18) and another (4, 20, 18) ")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_one_line_says_so(benchmark, capsys):
    assert benchmark.main(["--device", "cuda"]) == 2
    assert capsys.readouterr().err == "error: --device cuda: PyTorch sees no GPU here\n"


@pytest.mark.slow
@pytest.mark.parametrize("peers", ["nnaudio_pairs", "librosa_pairs", "kaldi_pair"])
@pytest.mark.filterwarnings("ignore")
def test_peers_compute_the_same(benchmark, peers):
    found = getattr(benchmark, peers)("cpu")
    for pair in [found] if isinstance(found, benchmark.Pair) else found:
        benchmark.check(pair, benchmark.clips("cpu"))
