"""The network that comes with the recogniser: small, loadable, the run that its card names, and used without others."""

import json
import re
import shutil

import numpy as np
import pytest
import soundfile

import nets
from experiments.common.paths import RESULTS, RUNS
from experiments.evaluation.model_card import card_tables
from experiments.evaluation.results import load
from experiments.evaluation.tables import MODEL_CARD
from experiments.recogniser import command, core, trained
from experiments.recogniser.trained import SHIPPED

CARD = MODEL_CARD.read_text(encoding="utf-8")


def test_it_is_small_and_is_the_stored_run():
    sizes = [path.stat().st_size for path in SHIPPED.iterdir()]
    assert sum(sizes) < 1_000_000
    result = json.loads((SHIPPED / "result.json").read_text())
    identity = ("system", "variant", "corpus", "protocol", "seed", "fold", "commit", "accuracy")
    stored = [run for run in load(RESULTS / "statistics_mlp.jsonl") if all(run[n] == result[n] for n in identity)]
    assert len(stored) == 1 and stored[0]["answers"] == result["answers"]
    folds = [run["fold"] for run in load(RESULTS / "statistics_mlp.jsonl") if run["protocol"] == "speaker"
             and run["corpus"] == "ravdess" and run["seed"] == 0]  # fmt: skip
    assert (result["seed"], result["fold"]) == (0, min(folds))  # the card's rule, which looks at no accuracy


def test_the_card_says_what_the_run_holds():
    result = json.loads((SHIPPED / "result.json").read_text())
    assert f"{100 * result['accuracy']:.1f} % of their {result['n_test']} recordings" in CARD
    actors = result["fold"].split("-")[-1].split("+")
    assert f"actors {', '.join(actors[:-1])} and {actors[-1]}" in CARD
    total, _ = nets.count_parameters(nets.build(result["system"], len(result["per_class"])))
    assert f"{total:,} parameters" in CARD
    names = ", ".join(result["per_class"])
    assert names in " ".join(CARD.split())
    assert "CC BY-NC-SA 4.0" in CARD and "## Limits" in CARD


def test_every_table_of_the_card_has_rows():
    tables = card_tables(load(RESULTS / "statistics_mlp.jsonl"))
    assert all(len(text.splitlines()) > 4 for text in tables.values())
    accuracies = [float(line.split("|")[3].split("±")[0]) for line in tables["scores"].splitlines()[2:]]
    assert 30 < accuracies[0] < accuracies[2] < 70  # whoever was heard is recognized more often
    right = sum(int(cells[1]) for cells in (line.split("|") for line in tables["reliability"].splitlines()[2:]))
    assert right == 3 * 1440


def test_it_answers_when_there_is_no_other_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(trained, "RUNS", tmp_path)
    assert trained.newest(tmp_path) == SHIPPED
    with pytest.raises(trained.RunError, match="no trained run"):
        trained.newest(tmp_path / "elsewhere")
    mine = tmp_path / "mine"
    shutil.copytree(SHIPPED, mine)
    assert trained.newest(tmp_path) == mine
    assert RUNS != tmp_path


def test_it_answers_from_a_file_to_an_emotion(tmp_path, capsys):
    path = tmp_path / "speech.wav"
    n = np.arange(44_100)
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * 220 * n / 44_100) * (1 + np.sin(n / 3000)), 44_100)
    assert command.main(["--audio", str(path), "--run", str(SHIPPED), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["emotion"] in answer["probabilities"] and len(answer["probabilities"]) == 8
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


@pytest.mark.corpus
def test_its_accuracy_is_that_of_the_card(corpora):
    """All 300 recordings of the five actors, from the WAV files."""
    network = core.load_warm(SHIPPED)
    actors = network.result["fold"].split("-")[-1].split("+")
    paths = [path for actor in actors for path in sorted((corpora / "ravdess").rglob(f"*-{actor}.wav"))]
    answers = [core.recognize(network, path) for path in paths]
    assert len(answers) == 300 and not any(answer.trained_on for answer in answers)
    right = sum(answer.right for answer in answers)
    stated = re.search(r"\((\d+\.\d) % of their 300 recordings\)", CARD)
    assert 100 * right / 300 == pytest.approx(float(stated.group(1)), abs=0.05)
