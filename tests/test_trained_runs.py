"""The experiments on Keras' networks: what is scored how, what they print and write, and what they must not do."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import nets
from experiments import dey_emodb, yadav_crnn
from experiments.common.paths import RESULTS
from experiments.data import splits
from experiments.data.corpora import Corpus
from experiments.training.runner import Subset, answers, format_answers

PUBLISHED_COUNTS = {  # total, trainable: the paper's printed summaries, and specifications recomputed by hand
    "dey_2d_cnn_lstm": (281_383, 280_615),
    "dey_td_cnn_lstm": (253_287, 252_263),
    "dey_td_cnn_bilstm": (372_423, 371_399),
    "dey_1d_cnn_lstm": (137_991, 137_223),
    "dey_1d_cnn_bilstm": (187_847, 187_079),
}


class Told(torch.nn.Module):
    """A network whose logits are its inputs."""

    def forward(self, x):
        return x


def test_a_file_answers_once_by_its_mean_probabilities():
    sure, unsure = [0.0, 9.0, 0.0], [0.6, 0.0, 0.0]
    inputs = torch.tensor([unsure, unsure, sure, [0.0, 0.0, 3.0]])
    files = np.array([4, 4, 4, 2])
    found, probabilities = answers(Told(), Subset(inputs, files))
    assert np.allclose(probabilities.sum(1), 1) and probabilities[0, 2] == pytest.approx(np.exp(3) / (np.exp(3) + 2))
    assert found.tolist() == [2, 4] and probabilities.argmax(1).tolist() == [
        2,
        1,
    ]  # one sure window outweighs two unsure ones
    found, probabilities = answers(Told(), Subset(inputs, files, per_file=False))
    assert found.tolist() == [4, 4, 4, 2] and probabilities.argmax(1).tolist() == [0, 0, 1, 2]


def test_labels_of_a_side_are_those_of_its_files():
    corpus = Corpus("x", ("a", "b"), (), labels=np.array([1, 0, 1]), speakers=np.array(["s", "t", "s"]))
    side = Subset(torch.zeros(3, 1), np.array([1, 2, 2]))
    assert side.examples(corpus).labels.tolist() == [0, 1, 1]
    lines = format_answers(corpus, np.array([1, 2]), np.array([1, 1]))
    assert lines == {"files": "1 2", "speakers": "t s", "true": "0 1", "predicted": "1 1"}
    nameless = replace(corpus, speakers=None)
    assert format_answers(nameless, np.array([1, 2]), np.array([1, 1])) == lines | {"speakers": "- -"}
    sure = format_answers(corpus, np.array([1, 2]), np.array([1, 1]), np.array([0.98765, 1.0]))
    assert sure == lines | {"confidence": "0.988 1.000"}


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """All five networks once, two epochs on a tiny corpus."""
    out = tmp_path_factory.mktemp("dey")
    before = {path: path.read_bytes() for path in RESULTS.glob("*.jsonl")}
    assert dey_emodb.main(["--smoke", "--out", str(out)]) == 0
    assert before == {path: path.read_bytes() for path in RESULTS.glob("*.jsonl")}
    return out


@pytest.mark.slow
@pytest.mark.parametrize("system", PUBLISHED_COUNTS)
def test_every_network_runs_and_is_not_stored(smoke, system):
    folder = smoke / "synthetic" / system / "published" / "honest-seed0"
    files = {"confusion.png", "learning_curves.png", "reliability.png"}
    files |= {"network.pt", "report.txt", "result.json", "training_content.json"}
    assert {path.name for path in folder.glob("[!.]*")} == files
    assert "weighted avg" in (folder / "report.txt").read_text()
    result = json.loads((folder / "result.json").read_text())
    assert result["epochs"] == 2 and result["config"]["setting"]["options"]["select"] == "validation accuracy"
    assert result["audit"]["test_copies_in_training"] == 0 and result["audit"]["validation"] > 0
    assert len(result["answers"]["predicted"].split()) == result["n_test"] == np.sum(result["confusion"])
    assert not list(smoke.glob("*.jsonl"))


@pytest.mark.slow
def test_a_finished_network_is_not_trained_again(smoke, capsys):
    arguments = ["--smoke", "--resume", "--out", str(smoke), "--model", "dey_td_cnn_lstm"]
    network = smoke / "synthetic" / "dey_td_cnn_lstm" / "published" / "honest-seed0" / "network.pt"
    time = network.stat().st_mtime_ns
    assert dey_emodb.main(arguments) == 0
    printed = capsys.readouterr().out
    assert "finished earlier" in printed and network.stat().st_mtime_ns == time


def test_the_printed_summary_has_the_papers_counts():
    """With EMO-DB's seven classes; for the synthetic corpus's six the last layer is smaller."""
    for system, counts in PUBLISHED_COUNTS.items():
        assert nets.count_parameters(nets.build(system, 7)) == counts
    text = nets.summary(nets.build("dey_td_cnn_bilstm", 7), (18, 1, 128, 5))
    assert "Total params: 372,423" in text and "Trainable params: 371,399" in text and "896" in text


def test_as_published_scores_the_validation_set_and_says_so(tmp_path, monkeypatch):
    """The paper's numbers are validation accuracies; the test set is a protocol of its own."""
    kept = []
    monkeypatch.setattr(dey_emodb, "train_and_score", lambda *arguments: kept.append(arguments) or [])
    corpus = Corpus("x", ("a", "b"), (), labels=np.repeat([0, 1], 50))
    for name, model in dey_emodb.MODELS.items():
        features, files = np.zeros((100, 2), np.float32), np.arange(100)
        options = SimpleNamespace(protocol="as-published", device="cpu")
        split = dey_emodb.splits_of(model, corpus, None, "as-published", 0)[0]
        dey_emodb.run_split(options, corpus, model, features, files, split, {})
        training, validation, scored = kept[-1][3:6]
        assert scored["as-published"].files.tolist() == validation.files.tolist() == split.validation.tolist()
        assert len(training) == len(split.train)
        assert ("as-published-test" in scored) == model.tested, name
        if model.tested:
            assert not set(scored["as-published-test"].files) & (set(split.train) | set(split.validation))
        assert scored["as-published"].per_file == (model.inputs is not None)  # 1-D: windows are scored


def test_honest_protocols_never_score_what_was_trained_or_chosen_on(monkeypatch):
    kept = []
    monkeypatch.setattr(dey_emodb, "train_and_score", lambda *arguments: kept.append(arguments) or [])
    speakers = np.repeat([f"s{i}" for i in range(10)], 10)
    corpus = Corpus("x", ("a", "b"), (), np.tile([0, 1], 50), speakers, np.tile(["u"], 100))
    content = np.arange(100).astype(str)
    model = dey_emodb.MODELS["dey_1d_cnn_lstm"]
    files = np.repeat(np.arange(100), 3)  # three windows a file
    for name in ("honest", "speaker"):
        options = SimpleNamespace(protocol=name, device="cpu")
        splits = dey_emodb.splits_of(model, corpus, content, name, 1)
        for split in splits:
            dey_emodb.run_split(options, corpus, model, np.zeros((300, 1), np.float32), files, split, {})
            training, validation, scored = kept[-1][3:6]
            sides = [set(split.train), set(validation.files), set(scored[name].files)]
            assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
            assert len(training) == 3 * len(split.train) and scored[name].per_file
            if name == "speaker":
                voices = [set(speakers[list(side)]) for side in sides]
                assert not (voices[0] & voices[1] or voices[0] & voices[2] or voices[1] & voices[2])
        if name == "speaker":
            assert sorted(np.concatenate([split.test for split in splits]).tolist()) == list(range(100))


def some_features(rng, n_files=10, n_copies=5):
    """Every file and copy at a level of its own, so that a value says where it comes from."""
    level = 100.0 * np.arange(n_files)[:, None] + np.arange(n_copies)
    return (level[:, :, None, None, None] + rng.random((n_files, n_copies, 1, 3, 4))).astype(np.float32)


def test_copies_are_made_of_training_files_alone_and_after_the_split(rng):
    features, labels = some_features(rng), np.arange(10) % 3
    corpus = Corpus("x", ("a", "b", "c"), (), labels)
    split = splits.Split(np.array([0, 2, 5, 7]), np.array([1, 4]), np.array([3, 9]))
    training, validation, test, _ = yadav_crnn.sides_of(features, corpus, split, "cpu")
    assert len(training) == 20 and training.labels.tolist() == np.repeat(labels[split.train], 5).tolist()
    assert validation.files.tolist() == [1, 4] and test.files.tolist() == [3, 9]
    seen = features[split.train]
    mean, sd = seen.mean(dtype=np.float64), seen.std(dtype=np.float64)
    back = [side * sd + mean for side in (training.inputs.numpy(), validation.inputs.numpy(), test.inputs.numpy())]
    np.testing.assert_allclose(back[0].reshape(seen.shape), seen, atol=1e-2)
    np.testing.assert_allclose(back[1], features[[1, 4], 0], atol=1e-2)  # originals, no copies
    np.testing.assert_allclose(back[2], features[[3, 9], 0], atol=1e-2)


def test_the_z_score_knows_nothing_of_what_is_not_trained_on(rng):
    corpus = Corpus("x", ("a", "b"), (), np.arange(10) % 2)
    split = splits.Split(np.array([0, 2, 5, 7]), np.array([1, 4]), np.array([3, 9]))
    features = some_features(rng)
    changed = features.copy()
    changed[[1, 3, 4, 6, 8, 9]] += 1e4
    found = [yadav_crnn.sides_of(x, corpus, split, "cpu") for x in (features, changed)]
    (one, _, test, z_score), (other, _, moved, same) = found
    assert torch.equal(one.inputs, other.inputs) and not torch.equal(test.inputs, moved.inputs) and z_score == same


@pytest.mark.slow
def test_the_crnn_runs_on_a_tiny_corpus_and_says_that_it_was_shortened(tmp_path, capsys):
    before = {path: path.read_bytes() for path in RESULTS.glob("*.jsonl")}
    assert yadav_crnn.main(["--smoke", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "SYNTHETIC" in printed and "leakage audit of synthetic: 54 files" in printed
    folder = tmp_path / "synthetic" / "yadav_crnn" / "plain" / "honest-seed0"
    result = json.loads((folder / "result.json").read_text())
    assert result["shortened"] == "at most 1 of 150 epochs" and result["epochs"] == 1
    assert -80 < result["z_score"]["mean"] < 80 and 0 < result["z_score"]["sd"] < 80  # dB, exact in JSON
    assert result["config"]["setting"]["options"]["select"] == "validation loss"
    assert before == {path: path.read_bytes() for path in RESULTS.glob("*.jsonl")} and not list(
        tmp_path.glob("*.jsonl")
    )


def test_random_splits_of_the_crnn_have_the_papers_sizes():
    for n, sizes in ((535, (385, 43, 107)), (1440, (1036, 116, 288))):
        corpus = Corpus("x", ("a", "b"), tuple(range(n)), np.arange(n) % 2)
        split = yadav_crnn.splits_of(corpus, None, "as-published", 2)[0]
        assert (len(split.train), len(split.validation), len(split.test)) == sizes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "dey_3d"], "invalid choice"),
        (["--variant", "z-score"], "needs --model dey_2d_cnn_lstm"),
        (["--smoke", "--data", "x"], "--smoke is for the synthetic corpus"),
        (["--device", "tpu"], "auto, cpu or cuda"),
    ],
)
def test_bad_options(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        dey_emodb.main(arguments)
    assert stop.value.code == 2 and message in capsys.readouterr().err


@pytest.mark.parametrize("epochs", ["0", "-1", "151", "many"])
def test_epochs_that_cannot_be(epochs, capsys):
    with pytest.raises(SystemExit) as stop:
        yadav_crnn.main(["--epochs", epochs])
    assert stop.value.code == 2 and "--epochs" in capsys.readouterr().err


def test_a_wrong_folder_is_one_line(tmp_path, capsys):
    (tmp_path / "Actor_01").mkdir()
    assert dey_emodb.main(["--data", str(tmp_path)]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith("error:") and "\n" not in error and "wav/03a01Fa.wav" in error
    assert dey_emodb.main(["--data", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert yadav_crnn.main(["--corpus", "ravdess", "--data", str(tmp_path)]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith("error:") and "\n" not in error and "1440" in error
