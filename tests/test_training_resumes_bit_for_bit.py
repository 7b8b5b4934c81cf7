"""Invariants: a broken-off training ends in the same bits; selection, batches and checkpoints keep their word."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from experiments.training import loop
from experiments.training.loop import CheckpointError, Examples, TrainingOptions, fit, predict
from experiments.training.optimizers import MatlabSgdm

OPTIONS = TrainingOptions(
    epochs=6, batch_size=4, shuffle="every epoch", incomplete_batch="keep", select="validation accuracy"
)


def network(width: int = 8) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, width), nn.ReLU(), nn.Dropout(0.2), nn.Linear(width, 3))


def examples(n: int, seed: int = 0) -> Examples:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 3
    return Examples(torch.randn(n, 5, generator=generator) + labels[:, None], labels)


def run(net, options=OPTIONS, **others):
    torch.manual_seed(7)  # dropout draws from here
    optimizer = MatlabSgdm(net, 0.05, gradient_threshold=1)
    return fit(net, optimizer, examples(30), options, seed=1, name="test", validation=examples(12, 1), **others)


def equal(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


@pytest.mark.parametrize("stop_after", range(1, 6))
def test_resuming_after_any_epoch(tmp_path, monkeypatch, stop_after):
    whole = network()
    expected = run(whole)

    saved, real_save = itertools.count(1), loop._save

    def save_and_die(*arguments):
        real_save(*arguments)
        if next(saved) == stop_after:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_save", save_and_die)
    with pytest.raises(KeyboardInterrupt):
        run(network(), checkpoint=tmp_path / "c.pt")
    monkeypatch.setattr(loop, "_save", real_save)
    torch.manual_seed(99)
    resumed = network()
    history = run(resumed, checkpoint=tmp_path / "c.pt", resume=True)
    assert equal(whole, resumed)
    assert history.loss == expected.loss and history.validation_loss == expected.validation_loss
    assert history.kept_epoch == expected.kept_epoch and len(history.seconds) == 6


def test_a_schedule_knows_where_training_is(tmp_path):
    """The share of all steps that is over, also after an interruption."""
    shares = []
    run(network(), before_step=shares.append)
    assert shares == [step / 48 for step in range(48)]  # 6 epochs of 8 batches

    def die_halfway(share):
        if share >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(network(), before_step=die_halfway, checkpoint=tmp_path / "c.pt")
    resumed = []
    run(network(), before_step=resumed.append, checkpoint=tmp_path / "c.pt", resume=True)
    assert resumed == shares[24:]


def test_two_runs_are_equal_and_other_seeds_are_not(tmp_path):
    a, b = network(), network()
    assert run(a).loss == run(b).loss and equal(a, b)
    c = network()
    optimizer = MatlabSgdm(c, 0.05, gradient_threshold=1)
    torch.manual_seed(7)
    fit(c, optimizer, examples(30), OPTIONS, seed=2, name="test", validation=examples(12, 1))
    assert not equal(a, c)


def test_the_kept_epoch_is_the_best_on_validation():
    net = network()
    history = run(net)
    best = max(history.validation_accuracy)
    ties = [i for i, value in enumerate(history.validation_accuracy) if value == best]
    assert history.kept_epoch - 1 == min(ties, key=lambda i: history.validation_loss[i])
    validation = examples(12, 1)
    accuracy = (predict(net, validation.inputs).argmax(1) == validation.labels).float().mean()
    assert float(accuracy) == best


def test_the_last_epoch_is_kept_when_nothing_is_selected():
    net = network()
    options = TrainingOptions(epochs=3, batch_size=4, shuffle="once", incomplete_batch="drop")
    assert run(net, options).kept_epoch == 3


def test_patience():
    options = TrainingOptions(50, 4, "every epoch", "keep", "validation accuracy", patience=3)
    history = run(network(), options)
    assert len(history.seconds) == history.kept_epoch + 3 < 50


def test_patience_for_one_thing_and_selection_by_another():
    """Keras' EarlyStopping on the loss beside a ModelCheckpoint on the accuracy."""
    options = TrainingOptions(9, 4, "once", "keep", "validation accuracy", patience=2, patience_for="validation loss")
    history = loop.History(validation_loss=[1.0, 0.5, 0.6], validation_accuracy=[0.3, 0.4, 0.9], seconds=[1] * 3)
    assert loop.best_epoch(history, options, "validation accuracy") == 3
    assert loop.best_epoch(history, options, "validation loss") == 2
    assert not loop._patience_is_over(history, options)
    history.validation_loss.append(0.5)
    history.validation_accuracy.append(0.1)
    history.seconds.append(1)
    assert loop.best_epoch(history, options, "validation loss") == 2  # an equal loss is no better one
    assert loop._patience_is_over(history, options)


def test_epochs_before_the_statistics_have_settled_do_not_count():
    """The least validation loss of all is in the first epoch, of two steps; five steps must have been made."""
    options = TrainingOptions(9, 4, "once", "keep", "validation loss", patience=2, settling=5)
    history = loop.History(loss=[1.0] * 2, validation_loss=[0.1], validation_accuracy=[0.9], seconds=[1])
    for loss, best, over in ((0.3, 2, False), (0.8, 3, False), (0.7, 4, False), (0.9, 4, False), (0.9, 4, True)):
        assert not loop._patience_is_over(history, options)
        history.loss += [1.0] * 2
        history.validation_loss.append(loss)
        history.validation_accuracy.append(0.1)
        history.seconds.append(1)
        assert loop.best_epoch(history, options, "validation loss") == best
        assert loop._patience_is_over(history, options) is over
    assert loop.best_epoch(history, options, "validation accuracy") == 4  # equal accuracies: the least loss
    strictly = replace(options, ties="first")  # Keras: only a greater accuracy is a better one
    assert loop.best_epoch(history, strictly, "validation accuracy") == 3
    assert loop.best_epoch(history, replace(options, settling=0), "validation loss") == 1
    with pytest.raises(ValueError, match="ties"):
        loop.best_epoch(history, replace(options, ties="last"), "validation accuracy")


def test_batches():
    once = TrainingOptions(3, 4, "once", "drop")
    batches = [loop._batches(10, once, 5, epoch) for epoch in range(2)]
    assert [len(batch) for batch in batches[0]] == [4, 4]
    np.testing.assert_array_equal(batches[0], batches[1])
    every = TrainingOptions(3, 4, "every epoch", "keep")
    first, second = (loop._batches(10, every, 5, epoch) for epoch in range(2))
    assert [len(batch) for batch in first] == [4, 4, 2]
    assert sorted(np.concatenate(first)) == sorted(np.concatenate(second)) == list(range(10))
    assert np.concatenate(first).tolist() != np.concatenate(second).tolist()


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_a_damaged_checkpoint(tmp_path, content):
    run(network(), checkpoint=tmp_path / "c.pt")
    whole = (tmp_path / "c.pt").read_bytes()
    (tmp_path / "c.pt").write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(CheckpointError, match=r"c.pt: damaged checkpoint") as caught:
        run(network(), checkpoint=tmp_path / "c.pt", resume=True)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_another_network_or_run(tmp_path):
    run(network(), checkpoint=tmp_path / "c.pt")
    with pytest.raises(CheckpointError, match="checkpoint of another run"):
        run(network(width=9), checkpoint=tmp_path / "c.pt", resume=True)
    with pytest.raises(CheckpointError, match="checkpoint of another run"):
        run(
            network(),
            TrainingOptions(7, 4, "every epoch", "keep", "validation accuracy"),
            checkpoint=tmp_path / "c.pt",
            resume=True,
        )


def test_a_checkpoint_of_another_identity(tmp_path):
    run(network(), checkpoint=tmp_path / "c.pt", identity="rate 0.1")
    with pytest.raises(CheckpointError, match="checkpoint of another run"):
        run(network(), checkpoint=tmp_path / "c.pt", resume=True, identity="rate 0.2")


def test_without_resume_a_checkpoint_is_written_over(tmp_path):
    (tmp_path / "c.pt").write_bytes(b"nonsense")
    whole, again = network(), network()
    run(whole)
    run(again, checkpoint=tmp_path / "c.pt")
    assert equal(whole, again)
    assert [path.name for path in tmp_path.iterdir()] == ["c.pt"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (TrainingOptions(1, 31, "once", "drop"), "30 training examples do not fill one batch of 31"),
        (TrainingOptions(1, 4, "twice", "drop"), "twice"),
        (TrainingOptions(1, 4, "once", "drop", "test accuracy"), "test accuracy"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        run(network(), options)


def test_selection_needs_validation():
    net = network()
    with pytest.raises(ValueError, match="needs validation"):
        fit(net, MatlabSgdm(net, 0.1), examples(30), OPTIONS, seed=0, name="test")
