"""The vote of three seeds: what it answers, and which runs it is made of."""

import pytest

from experiments.evaluation.ensembles import ensembles, ensembles_table, put_together, vote


def answers(predicted: str, files: str = "0 1 2 3") -> dict:
    return {"files": files, "speakers": "a a b b", "true": "0 0 1 1", "predicted": predicted}


def run(predicted: str, seed: int, files: str = "0 1 2 3", **other) -> dict:
    return {
        "system": "s",
        "variant": "v",
        "corpus": "c",
        "protocol": "speaker",
        "seed": seed,
        "answers": answers(predicted, files),
    } | other


def test_most_decide_and_the_first_where_all_differ():
    told = vote([answers("0 1 2 2"), answers("0 0 1 0"), answers("1 0 1 1")])
    assert told["predicted"] == "0 0 1 2" and told["true"] == "0 0 1 1"


def test_three_seeds_of_the_same_recordings():
    runs = [run("0 1 1 1", 0), run("0 0 0 1", 1), run("0 0 1 0", 2)]
    (line,) = ensembles({"p": {"runs": runs}})
    assert (line["n_files"], line["single"], line["vote"]) == (4, 0.75, 1.0)
    assert line["difference"] == pytest.approx(0.25)
    assert "| s | v | c | 4 | 75.0 | 100.0 | +25.0" in ensembles_table({"p": {"runs": runs}})


def test_folds_of_a_seed_are_put_together():
    """Seeds may draw other folds; every recording is answered once by each."""
    one = {"files": "3 1", "speakers": "b a", "true": "1 0", "predicted": "1 1"}
    other = {"files": "0 2", "speakers": "a b", "true": "0 1", "predicted": "0 1"}
    assert put_together([one, other]) == answers("0 1 1 1")
    halves = [run("0 1 1 1", 0) | {"answers": half} for half in (one, other)]
    (line,) = ensembles({"p": {"runs": [*halves, run("0 0 0 1", 1), run("0 0 1 0", 2)]}})
    assert line["vote"] == 1.0


def test_what_is_no_ensemble_is_left_out():
    runs = [run("0 1 1 1", 0), run("0 0 0 1", 1)]
    assert ensembles({"p": {"runs": runs}}) == []
    three = [*runs, run("0 0 1 0", 2)]
    assert ensembles({"baselines": {"runs": three}}) == []
    assert ensembles({"p": {"runs": [one | {"protocol": "honest"} for one in three]}}) == []
    assert ensembles({"p": {"runs": [*runs, run("0 0 1 0", 2, files="4 5 6 7")]}}) == []
