"""Baselines: what they see, what they are trained and chosen on, and that every network has one on the same files."""

import sys
from pathlib import Path

import numpy as np
import pytest

from dsp import CONVENTIONS, extract
from experiments import baselines, dey_emodb, finch_dycnn, wang_cl, yadav_crnn, zheng_casia
from experiments.baselines import BASELINES, FEATURES, PAPER, Task, fitted, paper_tasks, run_split
from experiments.data.corpora import Corpus
from experiments.data.splits import NOTHING, Split
from experiments.evaluation.results import load
from experiments.inputs.pixels import pixels
from experiments.inputs.statistics import statistics
from experiments.training import run_folder

LEAKS = (*wang_cl.LEAKS, yadav_crnn.LEAK, dey_emodb.LEAK)


def test_statistics_are_those_of_mfcc_and_log_mel_over_time(rng):
    x = rng.standard_normal(16000) / 10
    convention = CONVENTIONS["finch_dycnn"]
    rows = np.concatenate([extract([x], 16000, convention, kind=kind)[0] for kind in ("mfcc", "log_mel")])
    assert rows.shape[0] == 39 + 40
    found = statistics(x, 16000).reshape(5, 79)
    np.testing.assert_allclose(found[0], rows.mean(1), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[1], rows.std(1), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[3], np.median(rows, axis=1), rtol=1e-5, atol=1e-5)
    assert np.all(found[2] <= found[3]) and np.all(found[3] <= found[4])
    assert FEATURES.shape == (5 * 79,)


def test_other_rates_are_resampled(rng):
    low = np.sin(2 * np.pi * 440 * np.arange(48000) / 48000) + rng.standard_normal(48000) * 1e-3
    there = statistics(low, 48000)
    assert there.shape == FEATURES.shape and np.all(np.isfinite(there))


def separable(rng, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(n) % 3
    return (rng.standard_normal((n, 395)) + labels[:, None]).astype(np.float32), labels


def test_what_is_fitted_and_what_is_chosen_on(rng):
    features, labels = separable(rng)
    split = Split(np.arange(30), np.arange(30, 45), np.arange(45, 60))
    for name, baseline in BASELINES.items():
        classifier, c = fitted(baseline, features, labels, split, "test")
        own = {c: baseline.make(c).fit(features[:30], labels[:30]) for c in baseline.tried}
        best = max(model.score(features[30:45], labels[30:45]) for model in own.values())
        assert classifier.score(features[30:45], labels[30:45]) == best, name
        assert np.array_equal(classifier.predict(features[45:]), own[c].predict(features[45:])), name


def test_test_files_decide_nothing(rng):
    features, labels = separable(rng)
    split = Split(np.arange(30), np.arange(30, 45), np.arange(45, 60))
    before, c = fitted(BASELINES["svm"], features, labels, split, "test")
    changed, shuffled = features.copy(), labels.copy()
    changed[45:], shuffled[45:] = 1e3, 0
    after, again = fitted(BASELINES["svm"], changed, shuffled, split, "test")
    assert c == again and np.array_equal(before.predict(features), after.predict(features))


@pytest.mark.parametrize("scored, validation", [("validation", np.arange(30, 45)), ("test", NOTHING)])
def test_nothing_is_chosen_on_what_is_scored(rng, scored, validation):
    features, labels = separable(rng)
    split = Split(np.arange(30), validation, np.arange(45, 60))
    for baseline in BASELINES.values():
        assert fitted(baseline, features, labels, split, scored)[1] == baseline.fixed


def test_the_majority_class_is_the_training_files(rng):
    features, labels = separable(rng)
    labels = np.where(np.arange(60) < 20, 2, labels)  # most of training
    corpus = Corpus("x", ("a", "b", "c"), (), labels, np.array(["s"] * 60))
    split = Split(np.arange(30), NOTHING, np.arange(30, 60))
    facts = {"seed": 0, "config": {}, "audit": {}}
    run = run_split("majority_class", corpus, features, split, Task("honest", None), facts)
    assert run["accuracy"] == pytest.approx(np.mean(labels[30:] == 2)) and run["uar"] == pytest.approx(1 / 3)
    assert run["training_accuracy"] == pytest.approx(np.mean(labels[:30] == 2), abs=1e-4)
    assert set(run["answers"]["predicted"].split()) == {"2"}


def test_every_network_has_a_baseline_on_its_files():
    """A paper's own split under the paper's name, or that of the network whose split it is."""
    there = {(row["corpus"], row["protocol"]) for row in PAPER["rows"]}
    for module in (yadav_crnn, finch_dycnn, wang_cl, dey_emodb):
        for row in module.PAPER["rows"]:
            if row["corpus"] not in baselines.CORPORA or row["protocol"] in LEAKS:
                continue
            of = row["protocol"]
            if of.startswith("as-published"):
                names = (module.STEM, row["system"], row["system"].replace("bilstm", "lstm").removesuffix("_256"))
                assert any((row["corpus"], f"{of} of {name}") in there for name in names), row
            else:
                assert (row["corpus"], of) in there, row


def test_splits_are_the_papers_own():
    """The same function, corpus and seed as the network's."""
    rng = np.random.default_rng(0)
    labels = np.sort(rng.integers(0, 7, 200))
    corpus = Corpus("emodb", tuple("abcdefg"), (Path("x"),) * 200, labels, np.repeat(np.arange(10), 20).astype(str))
    tasks = {task.protocol: task for task in paper_tasks("emodb")}
    content = np.arange(200).astype(str)
    for module in (yadav_crnn, finch_dycnn, wang_cl):
        ours = tasks[f"as-published of {module.STEM}"].splits(corpus, content, 3)
        theirs = module.splits_of(corpus, content, "as-published", 3)
        assert [split.test.tolist() for split in ours] == [split.test.tolist() for split in theirs]
    for name in ("dey_2d_cnn_lstm", "dey_td_cnn_lstm", "dey_1d_cnn_lstm"):
        (ours,) = tasks[f"as-published of {name}"].splits(corpus, content, 3)
        (theirs,) = dey_emodb.splits_of(dey_emodb.MODELS[name], corpus, content, "as-published", 3)
        assert ours.validation.tolist() == theirs.validation.tolist() and ours.train.tolist() == theirs.train.tolist()
        assert tasks[f"as-published of {name}"].scored == "validation"


def test_a_synthetic_run_is_not_stored(tmp_path, capsys):
    assert baselines.main(["--seed", "0", "--out", str(tmp_path)]) == 0
    assert "svm" in capsys.readouterr().out and not list(tmp_path.glob("*.jsonl"))


def test_a_folder_that_is_no_corpus_is_named(tmp_path, capsys):
    assert baselines.main(["--corpus", "emodb", "--data", str(tmp_path)]) != 0
    assert str(tmp_path / "emodb") in capsys.readouterr().err


def test_crossed_corpora_share_emotions_alone():
    """Trained on all of one, tested on all of the other; words of both name the same classes; no speaker is shared."""
    one = Corpus("emodb", ("fear", "boredom", "anger"), (Path("a"),) * 3, np.array([0, 1, 2]), np.array(list("xyz")))
    other = Corpus("ravdess", ("angry", "calm"), (Path("b"),) * 3, np.array([0, 1, 0]), np.array(list("xyz")))
    content = [np.array(["p", "q", "r"]), np.array(["s", "t", "u"])]
    features = [np.arange(3.0)[:, None], 10 + np.arange(3.0)[:, None]]
    both, hashes, seen, split = baselines.crossed((one, content[0], features[0]), (other, content[1], features[1]))
    assert both.name == "emodb to ravdess" and both.name in run_folder.CROSS
    assert [both.classes[label] for label in both.labels] == ["fear", "anger", "anger", "anger"]
    assert seen.ravel().tolist() == [0, 2, 10, 12] and hashes.tolist() == ["p", "r", "s", "u"]
    assert split.train.tolist() == [0, 1] and split.test.tolist() == [2, 3] and not len(split.validation)
    assert not set(both.speakers[split.train]) & set(both.speakers[split.test])


def test_corpora_scaled_apart_have_the_same_mean_and_deviation(rng):
    features = np.concatenate([rng.normal(5, 2, (30, 4)), rng.normal(-1, 9, (40, 4))])
    split = Split(np.arange(30), NOTHING, np.arange(30, 70))
    scaled = baselines.scaled_apart(features, split)
    for side in (split.train, split.test):
        np.testing.assert_allclose(scaled[side].mean(0), 0, atol=1e-9)
        np.testing.assert_allclose(scaled[side].std(0), 1, atol=1e-9)


@pytest.mark.corpus
def test_runs_are_stored_like_a_networks(corpora, tmp_path):
    assert baselines.main(["--corpus", "emodb", "--data", str(corpora), "--seed", "0", "--out", str(tmp_path)]) == 0
    runs = load(tmp_path / "baselines.jsonl")
    (run,) = (r for r in runs if r["system"] == "svm" and r["protocol"] == "honest")
    assert run["n_test"] == 107 and 0.75 < run["accuracy"] < 0.95 and run["commit"]
    assert set(run["split"]) == {"train", "validation", "test"} and len(run["answers"]["true"].split()) == 107


def test_pixels_are_means_of_squares():
    images = np.zeros((2, 224, 224, 3), np.uint8)
    images[1, 14:28, 42:56, 2] = 200  # the square in row 1, column 3
    images[1, 14, 42, 2] = 4
    found = pixels(images).reshape(2, 16, 16, 3)
    assert found[0].max() == 0 and found[1, 1, 3, 2] == pytest.approx((195 * 200 + 4) / 196)
    assert np.count_nonzero(found[1]) == 1


def test_zheng_s_images_have_baselines_on_zheng_s_splits():
    labels = np.repeat(np.arange(6), 20)
    corpus, content = Corpus("casia_author_images", tuple("abcdef"), (), labels), np.arange(120).astype(str)
    tasks = {task.protocol: task for task in paper_tasks(baselines.IMAGES)}
    assert set(tasks) == {"honest", "as-published of zheng_casia", "matlab-split of zheng_casia"}
    assert all(task.variant == "pixels" for task in tasks.values())
    settings = (zheng_casia.PAPER_CONFIG,)
    for name in ("as-published", "matlab-split"):
        (ours,) = tasks[f"{name} of zheng_casia"].splits(corpus, content, 1)
        (theirs,) = zheng_casia.splits_of(settings, corpus, content, name, 1)
        assert np.array_equal(ours.test, theirs.test) and np.array_equal(ours.train, theirs.train)
    (honest,) = tasks["honest"].splits(corpus, content, 1)
    assert len(honest.validation)  # C is chosen on it


def test_egemaps_without_opensmile_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "opensmile", None)
    monkeypatch.setitem(baselines.CORPORA, "emodb", lambda root: None)
    assert (
        baselines.main(["--corpus", "emodb", "--see", "egemaps", "--data", str(tmp_path), "--out", str(tmp_path)]) == 2
    )
    assert "the eGeMAPS row needs opensmile" in capsys.readouterr().err
