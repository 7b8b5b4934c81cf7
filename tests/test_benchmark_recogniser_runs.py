"""The run-time table: both programs see the same, all back ends answer alike, and a difference is noticed."""

import numpy as np
import pytest

from experiments.benchmarks import recogniser as benchmark
from experiments.common.paths import BENCHMARKS


def test_a_short_one(capsys):
    before = {path: path.read_bytes() for path in BENCHMARKS.glob("*.json")}
    assert benchmark.main(["--sentences", "2"]) == 0
    printed = capsys.readouterr().out
    assert "WAV to label, wang_cl, one core, 12 sentences: PyTorch float32" in printed
    for name in ("TorchScript float32", "ONNX Runtime float32"):
        assert f"{name}: 0 answers other than PyTorch float32's" in printed
    assert "bfloat16" in printed and "int8" in printed
    assert before == {path: path.read_bytes() for path in BENCHMARKS.glob("*.json")}


def test_other_inputs_are_noticed(monkeypatch, capsys):
    real = benchmark.plain_inputs
    monkeypatch.setattr(benchmark, "plain_inputs", lambda path: real(path) + 0.5)
    assert benchmark.main(["--sentences", "1"]) == 1
    assert "inputs differ by 5.0e-01" in capsys.readouterr().err


def test_other_answers_are_noticed():
    """Where two probabilities are equal either answer will do; elsewhere not, but for less than float32."""

    class Corpus:
        labels, classes = np.array([0, 1]), ("a", "b")

    sure, tie = [0.9, 0.1], [0.5, 0.5]
    ours = np.array([sure, tie])
    other = np.array([sure, [0.5 - 1e-6, 0.5 + 1e-6]])
    facts = benchmark.told(Corpus, np.array([0, 1]), {benchmark.OURS: ours, "ONNX Runtime float32": other}, True)
    assert facts["other_answers"]["ONNX Runtime float32"] == 1
    assert facts["right"][benchmark.OURS] == {"a": 1, "b": 0}
    wrong = np.array([[0.4, 0.6], tie])
    with pytest.raises(benchmark.DifferentError, match="1 answers are not PyTorch float32's"):
        benchmark.told(Corpus, np.array([0, 1]), {benchmark.OURS: ours, "ONNX Runtime float32": wrong}, True)
    benchmark.told(Corpus, np.array([0, 1]), {benchmark.OURS: ours, "PyTorch bfloat16": wrong}, True)
