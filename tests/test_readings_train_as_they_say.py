"""Readings of the papers: scales of rows, rates that fall, epochs that count, and what a run keeps of itself."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from dsp import min_max
from experiments import wang_cl as experiment
from experiments import yadav_crnn
from experiments.data.corpora import Corpus
from experiments.data.synthetic import VOICES, synthesize
from experiments.inputs import wang_cl
from experiments.inputs.row_scaling import RowScaling, fit_row_scaling
from experiments.recogniser import trained
from experiments.training import runner
from experiments.training.loop import Examples, History, TrainingOptions, fit, predict
from experiments.training.optimizers import KerasAdam
from experiments.training.runner import Subset, TrainingConfig

OPTIONS = TrainingOptions(epochs=4, batch_size=4, shuffle="every epoch", incomplete_batch="keep")


def some_features(rng) -> np.ndarray:
    """Six recordings of five frames and three rows of different levels; the last two frames of one are missing."""
    features = (rng.standard_normal((6, 5, 3)) * [1, 10, 0.1] + [0, 50, -3]).astype(np.float32)
    features[2, 3:] = np.nan
    return features


def test_a_z_score_of_rows_is_that_of_the_training_frames(rng):
    features, train = some_features(rng), np.array([0, 2, 5])
    scaled = fit_row_scaling(features, train, "z-score")(features)
    frames = np.concatenate([scaled[0], scaled[2, :3], scaled[5]])
    np.testing.assert_allclose(frames.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(frames.std(0), 1, atol=1e-5)
    assert scaled.dtype == np.float32 and np.all(scaled[2, 3:] == 0)


def test_min_max_of_rows_gives_every_row_the_whole_range(rng):
    features, train = some_features(rng), np.array([0, 1, 2])
    scaling = fit_row_scaling(features, train, "min-max")
    frames = scaling(features)[[0, 1]].reshape(-1, 3)
    frames = np.concatenate([frames, scaling(features)[2, :3]])
    np.testing.assert_allclose(frames.min(0), 0, atol=1e-6)
    np.testing.assert_allclose(frames.max(0), 1, atol=1e-6)


@pytest.mark.parametrize("kind", ["z-score", "min-max"])
def test_a_scale_looks_at_training_files_alone(rng, kind):
    features, train = some_features(rng), np.array([0, 2, 5])
    before = fit_row_scaling(features, train, kind)
    features[[1, 3, 4]] = 1e6
    after = fit_row_scaling(features, train, kind)
    assert np.array_equal(before.offset, after.offset) and np.array_equal(before.scale, after.scale)


def test_a_constant_row_stays_finite():
    scaled = fit_row_scaling(np.ones((2, 4, 3), np.float32), np.array([0, 1]), "z-score")(np.ones((1, 4, 3)))
    assert np.all(scaled == 0)


@pytest.mark.parametrize("train, kind, message", [([0], "mean", "kind='mean'"), ([], "z-score", "training files")])
def test_bad_scales_are_refused(rng, train, kind, message):
    with pytest.raises(ValueError, match=message):
        fit_row_scaling(some_features(rng), train, kind)


@pytest.mark.parametrize("length", wang_cl.LENGTHS)
@pytest.mark.parametrize("seconds", [1, 3])
def test_levels_are_what_is_scaled_for_a_recording_alone(rng, length, seconds):
    x = rng.standard_normal(16000 * seconds) / 10
    levels, inputs = wang_cl.levels(x, 16000, length), wang_cl.inputs(x, 16000, length)
    there = ~np.isnan(levels[:, 0])
    assert levels.shape == inputs.shape and levels.dtype == np.float32 and levels.flags.c_contiguous
    for part in (slice(0, 128), slice(128, 141)):
        np.testing.assert_allclose(min_max(levels[there, part]), inputs[there, part], atol=1e-5)
    assert np.all(np.isnan(levels[~there])) and np.all(inputs[~there] == 0)


def test_a_cosine_falls_from_the_initial_rate_to_nothing():
    w = torch.nn.Parameter(torch.zeros(1))
    for optimizer, name in ((torch.optim.Adam([w]), "lr"), (runner.KerasRmsprop([w]), "learning_rate")):
        rates = []
        for share in (0.0, 0.5, 1.0):
            runner.set_rate(optimizer, TrainingConfig("net", 0.01, OPTIONS, schedule="cosine"), share)
            rates.append(optimizer.param_groups[0][name])
        np.testing.assert_allclose(rates, [0.01, 0.005, 0], atol=1e-12)
        runner.set_rate(optimizer, TrainingConfig("net", 0.01, OPTIONS), 0.9)
        assert optimizer.param_groups[0][name] == 0.01


def test_l2_is_keras_penalty_of_kernels_alone():
    """The steps are those of the gradient of loss + l2 sum(w^2) over arrays of two axes or more."""
    results = []
    for l2, penalty in ((0.3, 0.0), (0.0, 0.3)):
        net = network()
        optimizer = KerasAdam(net.parameters(), 0.05, l2=l2)
        for _ in range(3):
            optimizer.zero_grad()
            loss = net(examples(12).inputs).square().mean()
            (loss + penalty * sum(w.square().sum() for w in net.parameters() if w.ndim > 1)).backward()
            optimizer.step()
        results.append([w.detach() for w in net.parameters()])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("full, epochs, select", [(False, 150, "validation loss"), (True, 60, "last epoch")])
def test_the_full_share_is_trained_without_a_choice(monkeypatch, full, epochs, select):
    caught = {}

    def catch(options, corpus, setting, training, validation, scored, facts, **other):
        caught.update(setting=setting, n=len(training), validation=validation, also=other["also"])
        return []

    monkeypatch.setattr(yadav_crnn, "train_and_score", catch)
    corpus = Corpus("x", ("a", "b"), tuple(Path(f"{i}.wav") for i in range(100)), np.arange(100) % 2)
    (split,) = yadav_crnn.splits_of(corpus, None, "as-published", 0)
    features = np.random.default_rng(0).standard_normal((100, 1, 1, 4, 5)).astype(np.float32)
    options = SimpleNamespace(
        device="cpu", protocol="as-published", epochs=150, full=full, regularization="l2" if full else "none"
    )
    yadav_crnn.run_split(options, corpus, "yadav_crnn_elu", features, split, {"variant": "plain"})
    assert caught["n"] == (80 if full else 72) and (caught["validation"] is None) is full
    assert caught["setting"].options.epochs == epochs and caught["setting"].options.select == select
    assert caught["setting"].system == "yadav_crnn_elu"
    assert caught["setting"].l2 == (0.01 if full else None) and bool(caught["also"]) is not full


def examples(n: int) -> Examples:
    labels = torch.arange(n) % 3
    return Examples(torch.randn(n, 5, generator=torch.Generator().manual_seed(0)) + 2 * labels[:, None], labels)


def network(dropout: float = 0.0) -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(5, 16), torch.nn.ReLU(), torch.nn.Dropout(dropout), torch.nn.Linear(16, 3)
    )


def test_training_accuracy_is_that_of_evaluation_mode():
    net = network(dropout=0.9)
    training = examples(60)
    fit(net, torch.optim.Adam(net.parameters(), 0.05), training, OPTIONS, seed=0, name="test")
    net.train()
    expected = (predict(net, training.inputs).argmax(1) == training.labels).float().mean()
    net.train()
    assert runner.training_accuracy(net, training) == round(float(expected), 4)


def test_watching_the_test_set_changes_nothing():
    """The answers of every epoch are kept; weights, selection and the order of the examples stay as they are."""
    training, test, nets, histories = examples(30), examples(12), [], []
    for watched in (None, test.inputs):
        net = network(dropout=0.2)
        torch.manual_seed(3)
        optimizer = torch.optim.Adam(net.parameters(), 0.01)
        histories.append(fit(net, optimizer, training, OPTIONS, seed=0, name="test", watched=watched))
        nets.append(net)
    assert all(torch.equal(a, b) for a, b in zip(*(net.state_dict().values() for net in nets), strict=True))
    assert histories[0].loss == histories[1].loss and not histories[0].watched
    assert len(histories[1].watched) == 4
    assert histories[1].watched[-1] == predict(nets[1], test.inputs).argmax(1).tolist()


@pytest.mark.parametrize("rule, answers", [("last epoch", [1, 1]), ("validation accuracy", [0, 1])])
def test_another_epoch_is_stored_with_its_own_answers(monkeypatch, rule, answers):
    stored = []
    monkeypatch.setattr(runner, "store_run", lambda *arguments: stored.append(arguments))
    corpus = Corpus("x", ("a", "b"), (), labels=np.array([0, 1, 1]), speakers=np.array(["s", "t", "u"]))
    history = History(
        loss=[1.0, 1.0, 1.0],
        validation_accuracy=[0.1, 0.9, 0.2],
        validation_loss=[1.0, 1.0, 1.0],
        seconds=[1, 1, 1],
        watched=[[0, 0], [0, 1], [1, 1]],
        kept_epoch=1,
    )
    watched = Subset(torch.zeros(2, 1), np.array([0, 2]))
    options = type("Options", (), {"results": None})()
    runner.keep_epoch(options, corpus, TrainingConfig("net", 1, OPTIONS), history, watched, rule, {"seed": 0})
    (_, _, files, predicted, kept, facts) = stored[0]
    assert files.tolist() == [0, 2] and predicted.tolist() == answers and facts["kept"] == rule
    assert kept.kept_epoch == {"last epoch": 3, "validation accuracy": 2}[rule] and history.kept_epoch == 1
    assert facts["answers"]["predicted"] == " ".join(map(str, answers))


@pytest.mark.slow
@pytest.mark.parametrize("length", wang_cl.LENGTHS)
def test_a_recogniser_scales_rows_as_its_training_did(tmp_path, length):
    """A run of --scaling row-z-score is loaded with its scale: what the network sees is as it was in training."""
    of = ["--protocol", "as-published", "--scaling", "row-z-score", "--reading", "unscaled", "--length", length]
    assert experiment.main([*of, "--model", "wang_lstm", "--smoke", "--out", str(tmp_path)]) == 0
    (result,) = tmp_path.rglob("result.json")
    run = trained.load(result.parent)
    signal = 0.3 * synthesize(VOICES[0], 0, "happy")
    levels = wang_cl.levels(signal, 16000, length)
    scale = RowScaling(**run.result["z_score"])
    np.testing.assert_array_equal(trained.network_inputs(run, signal), scale(levels)[None])
