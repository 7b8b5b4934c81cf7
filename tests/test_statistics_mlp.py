"""The recogniser's own network: its layers, its splits, and that it trains on what it says."""

import numpy as np
import pytest
import torch

import nets
from experiments import statistics_mlp
from experiments.data.splits import NOTHING, Split
from experiments.evaluation.results import load
from experiments.inputs.statistics import N_STATISTICS, NAMES, ROWS, statistics
from nets.fused.fuse import fuse


@pytest.mark.parametrize("n_classes", [6, 8])
def test_counts(n_classes):
    net = nets.build("statistics_mlp", n_classes)
    assert nets.count_parameters(net) == (395 * 128 + 128 + 129 * n_classes,) * 2
    text = nets.summary(net, (N_STATISTICS,))
    assert "dropout (Dropout)        (None, 128)   0" in text and f"(None, {n_classes})" in text


def test_layers_are_those_of_the_table():
    net = nets.build("statistics_mlp", 8, seed=1).eval()
    first, last = net.dense, net.dense_1
    x = torch.randn(3, 395, generator=torch.Generator().manual_seed(0))
    expected = torch.clamp(x @ first.weight.T + first.bias, min=0) @ last.weight.T + last.bias
    torch.testing.assert_close(net(x), expected)
    torch.testing.assert_close(fuse(net)(x), expected)


def test_half_of_the_hidden_values_are_dropped_in_training():
    fast = fuse(nets.build("statistics_mlp", 8, seed=1))
    x = torch.randn(2, 395, generator=torch.Generator().manual_seed(0))
    fast.train()
    assert not torch.equal(fast(x), fast(x))
    fast.eval()
    assert torch.equal(fast(x), fast(x))


def test_statistics_are_in_the_order_of_their_names():
    """Of a tone that grows by 54 dB in the middle: quantiles rise, and rows come MFCC first."""
    n = np.arange(16_000)
    signal = np.where(n < 8_000, 1e-3, 0.5) * np.sin(2 * np.pi * 440 / 16_000 * n)
    table = statistics(signal, 16_000).reshape(len(NAMES), ROWS)
    mean, deviation, low, middle, high = table
    assert NAMES == ("mean", "standard deviation", "10% quantile", "50% quantile", "90% quantile")
    assert np.all(low <= middle) and np.all(middle <= high) and np.all(deviation >= 0)
    assert mean[39:].max() < high[39:].max() and deviation[39:].max() > 1  # log-mel bands jump


def test_validation_chooses_the_epoch_where_there_is_one(monkeypatch):
    seen = []
    monkeypatch.setattr(statistics_mlp, "train_and_score", lambda *told: seen.append(told) or [])
    options = statistics_mlp.parse(["--epochs", "7"])
    features = np.random.default_rng(0).standard_normal((6, 395)).astype(np.float32)
    for validation in (np.array([4]), NOTHING):
        split = Split(np.arange(4), validation, np.array([5]))
        corpus = statistics_mlp.Corpus("x", ("a", "b"), (), np.array([0, 1, 0, 1, 0, 1]))
        statistics_mlp.run_split(options, corpus, features, split, {})
    chosen, unchosen = (told[2].options for told in seen)
    assert (chosen.select, chosen.epochs) == ("validation loss", 7) and (unchosen.select, unchosen.patience) == (
        "last epoch",
        None,
    )
    assert seen[0][3].inputs.mean().abs() < 1e-6  # z-scored over the training files
    assert seen[1][4] is None


@pytest.mark.parametrize(
    "arguments, text",
    [
        (["--corpus", "emodb-ravdess"], "needs --data"),
        (["--corpus", "emodb", "--data", "x", "--protocol", "cross-corpus"], "is for --corpus"),
        (["--protocol", "emobox"], "needs --data"),
    ],
)
def test_impossible_commands_are_refused(arguments, text, capsys):
    with pytest.raises(SystemExit) as error:
        statistics_mlp.main(arguments)
    assert error.value.code == 2 and text in capsys.readouterr().err


def test_it_runs(tmp_path):
    assert statistics_mlp.main(["--smoke", "--out", str(tmp_path)]) == 0
    assert load(tmp_path / "statistics_mlp.jsonl") == []  # a synthetic corpus is never stored
    assert list(tmp_path.rglob("network.pt"))
