"""The experiments of the last two papers: what they print and write, their splits, and what they must not do."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import nets
from experiments import finch_dycnn, wang_cl
from experiments.common.paths import RESULTS
from experiments.data import splits
from experiments.data.corpora import Corpus
from nets.layers.dynamic_convolution import DynamicConv2d


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """All networks of both papers once, on a tiny corpus."""
    out, before = tmp_path_factory.mktemp("both"), {path: path.read_bytes() for path in RESULTS.glob("*.jsonl")}
    for experiment in (finch_dycnn, wang_cl):
        assert experiment.main(["--smoke", "--model", "all", "--out", str(out)]) == 0
    assert before == {path: path.read_bytes() for path in RESULTS.glob("*.jsonl")}
    return out


@pytest.mark.slow
@pytest.mark.parametrize("model", [*finch_dycnn.MODELS, *wang_cl.MODELS])
def test_every_network_leaves_its_run(smoke, model):
    variant = "mfcc" if "finch" in model else "first-frames"
    folder = smoke / "synthetic" / model / variant / "honest-seed0"
    files = {"confusion.png", "learning_curves.png", "reliability.png"}
    files |= {"network.pt", "report.txt", "result.json", "training_content.json"}
    assert {path.name for path in folder.iterdir()} == files | {".lock"}
    result = json.loads((folder / "result.json").read_text())
    assert result["system"] == model and result["corpus"] == "synthetic" and result["protocol"] == "honest"
    assert np.sum(result["confusion"]) == result["n_test"] == len(result["answers"]["predicted"].split())
    assert 0 <= result["best_epoch_accuracy"] <= 1
    nets.build(model, 6).load_state_dict(torch.load(folder / "network.pt", weights_only=True))
    if "finch" in model:
        assert len(result["z_score"]["mean"]) == len(result["z_score"]["sd"]) == 39


@pytest.mark.slow
def test_synthetic_runs_are_not_stored(smoke):
    assert not list(smoke.glob("*.jsonl"))


def corpus_of(n: int = 60, speakers: int = 4, name: str = "casia") -> Corpus:
    k = np.arange(n)
    return Corpus(
        name, tuple("abcdef"), (), k % 6, np.array([f"s{i % speakers}" for i in k // 6]), (k // 12).astype(str)
    )


def test_fifths():
    labels = np.repeat([0, 1, 2], [20, 31, 50])
    folds = splits.stratified_fifths(labels, seed=3)
    assert [fold.fold for fold in folds] == [f"fifth-{k}" for k in range(1, 6)]
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(101))
    for fold in folds:
        assert not set(fold.train) & set(fold.test) and not len(fold.validation)
        assert len(fold.train) + len(fold.test) == 101
        assert np.all(np.abs(np.bincount(labels[fold.test]) - np.array([4, 6.2, 10])) <= 1)
    again, other = splits.stratified_fifths(labels, 3), splits.stratified_fifths(labels, 4)
    assert np.array_equal(again[0].test, folds[0].test) and not np.array_equal(other[0].test, folds[0].test)


@pytest.mark.parametrize("splits_of", [finch_dycnn.splits_of, wang_cl.splits_of])
def test_splits(splits_of):
    corpus = corpus_of()
    folds = splits_of(corpus, np.arange(60), "speaker", 0)
    assert len(folds) == 4
    for fold in folds:
        assert len(set(corpus.speakers[fold.test])) == 1
        assert not set(corpus.speakers[fold.test]) & set(corpus.speakers[np.append(fold.train, fold.validation)])
    (honest,) = splits_of(corpus, np.arange(60), "honest", 0)
    assert [len(honest.train), len(honest.validation), len(honest.test)] == [36, 12, 12]
    published = splits_of(corpus, np.arange(60), "as-published", 0)
    assert all(len(split.test) == 12 and not len(split.validation) for split in published)
    assert len(published) == (5 if splits_of is finch_dycnn.splits_of else 1)


@pytest.fixture
def caught(monkeypatch):
    """What run_split hands to the training, instead of the training."""
    found = {}

    def catch(options, corpus, setting, training, validation, scored, facts, **other):
        found.update(setting=setting, training=training, validation=validation, scored=scored, facts=facts, **other)
        return []

    for experiment in (finch_dycnn, wang_cl):
        monkeypatch.setattr(experiment, "train_and_score", catch)
    return found


def test_statistics_are_of_training_files_alone(caught):
    corpus = corpus_of()
    options = SimpleNamespace(
        device="cpu", protocol="honest", learning_rate="0.01", steps=1000, schedule="constant", iterations="steps"
    )
    images = np.random.default_rng(0).standard_normal((60, 1, 300, 39)).astype(np.float32)
    (split,) = finch_dycnn.splits_of(corpus, np.arange(60), "honest", 0)
    finch_dycnn.run_split(options, corpus, "finch_cnn_lstm", images, split, {})
    inputs, score = caught["training"].inputs.clone(), caught["facts"]["z_score"]
    np.testing.assert_allclose(inputs.mean((0, 1, 2)), 0, atol=1e-5)
    changed = images.copy()
    changed[np.append(split.test, split.validation)] = 7
    finch_dycnn.run_split(options, corpus, "finch_cnn_lstm", changed, split, {})
    assert torch.equal(caught["training"].inputs, inputs) and caught["facts"]["z_score"] == score
    assert not torch.equal(caught["scored"]["honest"].inputs, inputs[:12])


@pytest.mark.parametrize("n, epochs", [(428, 334), (960, 200), (200, 1000), (201, 500)])
def test_a_thousand_steps(caught, n, epochs):
    """In whole epochs, of which EMO-DB's have three steps and CASIA's five."""
    corpus = corpus_of(n + 10)
    split = splits.Split(np.arange(n), splits.NOTHING, np.arange(n, n + 10))
    options = SimpleNamespace(
        device="cpu",
        protocol="as-published",
        learning_rate="0.001",
        steps=1000,
        schedule="constant",
        iterations="steps",
    )
    finch_dycnn.run_split(options, corpus, "finch_cnn_lstm", np.zeros((n + 10, 1, 300, 39), np.float32), split, {})
    assert caught["setting"].options.epochs == epochs and caught["setting"].learning_rate == 0.001
    assert caught["setting"].options.select == "last epoch" and caught["validation"] is None
    net = torch.nn.Sequential(DynamicConv2d(1, 2, 3, 4))
    caught["before_step"](net, 0.0)
    assert net[0].temperature == 30


def test_the_test_set_is_watched_and_not_selected_on(caught):
    corpus = corpus_of()
    options = SimpleNamespace(device="cpu", protocol="as-published", epochs=200, scaling="recording")
    features = np.zeros((60, 128, 141), np.float32)
    (published,) = wang_cl.splits_of(corpus, np.arange(60), "as-published", 0)
    wang_cl.run_split(options, corpus, "wang_cl", features, published, {})
    assert np.array_equal(caught["validation"].files, published.test)
    assert caught["setting"].options.select == "last epoch" and caught["setting"].options.patience is None
    (honest,) = wang_cl.splits_of(corpus, np.arange(60), "honest", 0)
    wang_cl.run_split(options, corpus, "wang_cl", features, honest, {})
    assert np.array_equal(caught["validation"].files, honest.validation)
    assert caught["setting"].options.select == "validation accuracy" and caught["setting"].options.epochs == 200


def test_the_epoch_is_chosen_on_validation_where_there_is_one(caught):
    """Of the dynamic network once batch normalisation has settled; its last step counts where there is none."""
    corpus, images = corpus_of(), np.zeros((60, 1, 300, 39), np.float32)
    options = SimpleNamespace(
        device="cpu", protocol="honest", learning_rate="0.01", steps=1000, schedule="constant", iterations="steps"
    )
    (honest,) = finch_dycnn.splits_of(corpus, np.arange(60), "honest", 0)
    finch_dycnn.run_split(options, corpus, "finch_cnn_lstm", images, honest, {})
    training_options = caught["setting"].options
    assert training_options.select == "validation accuracy"
    assert (0.99**training_options.settling) < 0.01 <= 0.99 ** (training_options.settling - 1)
    assert np.array_equal(caught["validation"].files, honest.validation)
    options.learning_rate = "0.001"  # there the first layer's variances go down to 0.004
    finch_dycnn.run_split(options, corpus, "finch_cnn_lstm", images, honest, {})
    assert 0.99 ** caught["setting"].options.settling < 0.004 / 10


def test_a_rate_that_falls_ends_where_it_ends(caught):
    """Nothing is selected: the last step has rate 0. An iteration may be an epoch."""
    corpus, images = corpus_of(), np.zeros((60, 1, 300, 39), np.float32)
    (honest,) = finch_dycnn.splits_of(corpus, np.arange(60), "honest", 0)
    for iterations in finch_dycnn.ITERATIONS:
        options = SimpleNamespace(
            device="cpu", protocol="honest", learning_rate="0.01", steps=1000, schedule="cosine", iterations=iterations
        )
        finch_dycnn.run_split(options, corpus, "finch_cnn_lstm", images, honest, {})
        setting = caught["setting"]
        assert setting.schedule == "cosine" and setting.options.epochs == 1000
        assert setting.options.select == "last epoch" and setting.options.patience is None
        assert np.array_equal(caught["validation"].files, honest.validation)


def test_row_scaling_is_fitted_on_training_files(caught, rng):
    corpus = corpus_of()
    features = rng.standard_normal((60, 128, 141)).astype(np.float32) * np.arange(1, 142, dtype=np.float32)
    (published,) = wang_cl.splits_of(corpus, np.arange(60), "as-published", 0)
    options = SimpleNamespace(device="cpu", protocol="as-published", epochs=200, scaling="row-z-score")
    wang_cl.run_split(options, corpus, "wang_cl_unscaled", features, published, {})
    np.testing.assert_allclose(caught["training"].inputs.std((0, 1), correction=0), 1, atol=1e-4)
    assert len(caught["facts"]["z_score"]["offset"]) == 141


def test_readings():
    assert wang_cl.systems(["wang_cl", "wang_cnn"], "all-steps") == ["wang_cl_all_steps"]
    assert wang_cl.systems(["wang_cl", "wang_lstm"], "unscaled") == ["wang_cl_unscaled", "wang_lstm_unscaled"]
    assert {row["system"] for row in wang_cl.PAPER["rows"]} <= set(nets.SYSTEMS)
    assert {row["system"] for row in finch_dycnn.PAPER["rows"]} <= set(nets.SYSTEMS)


@pytest.mark.parametrize(
    "experiment, arguments, message",
    [
        (finch_dycnn, ["--steps", "1001"], "--steps 1001: 1 .. 1000 is expected"),
        (finch_dycnn, ["--learning-rate", "0.1"], "invalid choice: '0.1'"),
        (wang_cl, ["--epochs", "0"], "--epochs 0: 1 .. 200 is expected"),
        (wang_cl, ["--model", "wang_cnn", "--reading", "all-steps"], "--reading all-steps is not for wang_cnn"),
    ],
)
def test_bad_options(capsys, experiment, arguments, message):
    with pytest.raises(SystemExit):
        experiment.main(arguments)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "corpus, layout", [("iemocap", "Session1"), ("casia", "<emotion>"), ("emodb", "wav/03a01Fa.wav")]
)
def test_another_folder_is_named(tmp_path, capsys, corpus, layout):
    assert finch_dycnn.main(["--corpus", corpus, "--data", str(tmp_path)]) == 2
    assert layout in capsys.readouterr().err
