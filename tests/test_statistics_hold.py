"""The tests of the tables: sizes under the null hypothesis by simulation, closed forms, and a negative control."""

import math

import numpy as np
import pytest
from scipy import stats

from experiments.common.paths import RESULTS
from experiments.evaluation.results import PRECISION_PAIRS, load, row_of
from experiments.evaluation.significance import (
    design_effect,
    holm,
    overdispersion,
    paired,
    right_answers,
    training_variance,
    two_sample_p,
)


def test_two_samples_are_both_uncertain():
    """71 of 88 lies outside the interval of 63 of 88, and is yet not different from it."""
    assert two_sample_p(71 / 88, 88, 63 / 88, 88) == pytest.approx(stats.fisher_exact([[71, 17], [63, 25]]).pvalue)
    assert two_sample_p(71 / 88, 88, 63 / 88, 88) > 0.2
    assert two_sample_p(0.9, 1000, 0.8, 1000) < 1e-6
    assert two_sample_p(0.7, 50, 0.7, 50) == 1


def test_right_answers_need_both_columns_whole():
    assert right_answers({"true": "0 2 1", "predicted": "0 1 1"}) == [True, False, True]
    with pytest.raises(ValueError, match="shorter"):
        right_answers({"true": "0 2 1", "predicted": "0 1"})


def test_windows_of_a_recording_count_as_one():
    right = np.repeat(np.arange(20) % 2, 5)
    assert design_effect(np.repeat(np.arange(20), 5), right) == pytest.approx(5 * 20 / 19)
    assert design_effect(np.arange(100), right) == pytest.approx(100 / 99)
    assert design_effect([0, 0, 1, 1], [1, 1, 1, 1]) == 1


def test_the_design_effect_of_independent_answers_is_one(rng):
    found = [design_effect(np.repeat(np.arange(100), 4), rng.random(400) < 0.6) for _ in range(200)]
    assert 1 <= np.mean(found) < 1.15


def test_overdispersion_of_binomial_runs_is_one(rng):
    groups = [[(rng.binomial(100, 0.6) / 100, 100) for _ in range(3)] for _ in range(300)]
    assert overdispersion(groups) == pytest.approx(1, abs=0.12)
    wide = [[(share + rng.normal(0, 0.1), 100) for share, _ in group] for group in groups]
    assert overdispersion(wide) == pytest.approx(1 + 0.1**2 * 100 / 0.24, rel=0.2)
    assert overdispersion([[(0.5, 10)]]) == 1


def answers(true, predicted, speakers, first_file: int = 0) -> dict:
    files = range(first_file, first_file + len(true))
    columns = {"files": files, "speakers": speakers, "true": true, "predicted": predicted}
    return {name: " ".join(map(str, column)) for name, column in columns.items()}


def a_network(rng, ease, speakers, skill: float = 0.0) -> dict:
    """Answers of one training: a file is answered rightly with a chance of its own, independently each time."""
    right = rng.random(ease.size) < np.clip(ease + skill, 0, 1)
    return answers([1] * ease.size, right.astype(int), speakers)


def test_kappa_is_the_variance_of_training(rng):
    """Files of chance 1/2 vary by 1/4 each; files that are always or never right vary by nothing."""
    speakers = np.repeat([f"s{i}" for i in range(10)], 30)
    base = {"system": "a", "variant": "r", "corpus": "c", "protocol": "speaker"}
    for ease, expected in ((np.full(300, 0.5), 0.25), (rng.integers(0, 2, 300).astype(float), 0.0)):
        runs = [base | {"seed": seed, "answers": a_network(rng, ease, speakers)} for seed in range(40)]
        kappa, freedom = training_variance(runs)
        assert kappa == pytest.approx(expected, abs=0.04) and freedom == 10 * 39
    assert training_variance([]) == (pytest.approx(math.nan, nan_ok=True), 0)
    other = [base | {"seed": 0, "answers": answers([1], [1], ["s"], first)} for first in (0, 5)]
    assert training_variance(other)[1] == 0  # other files


def test_equal_systems_are_seldom_told_apart(rng):
    """Two trainings of one system on the same split: at most the promised share of false alarms."""
    speakers, alarms = np.repeat([f"s{i}" for i in range(10)], 11), 0
    for _ in range(400):
        ease = np.clip(rng.normal(0.6, 0.3, 110) + np.repeat(rng.normal(0, 0.15, 10), 11), 0, 1)
        kappa = float(np.mean(ease * (1 - ease)))
        pair = a_network(rng, ease, speakers), a_network(rng, ease, speakers)
        alarms += paired([pair], kappa)["p"] < 0.05
    assert alarms / 400 <= 0.05


def test_a_real_difference_is_found(rng):
    speakers = np.repeat([f"s{i}" for i in range(10)], 50)
    ease = rng.uniform(0.2, 0.7, 500)
    pairs = [(a_network(rng, ease, speakers, 0.2), a_network(rng, ease, speakers)) for _ in range(3)]
    found = paired(pairs, float(np.mean(ease * (1 - ease))))
    assert found["p"] < 0.01 and abs(found["difference"] - 0.2) < found["half_width"]


def test_the_difference_is_that_of_the_accuracies(rng):
    """A mean over files, whatever the sizes of the speakers."""
    speakers = ["a"] * 90 + ["b"] * 10
    one = answers([1] * 100, [1] * 90 + [0] * 10, speakers)
    other = answers([1] * 100, [0] * 100, speakers)
    assert paired([(one, other)], 0.0)["difference"] == pytest.approx(0.9)


def test_four_speakers_cannot_say_more_than_an_eighth():
    speakers = np.repeat(list("abcd"), 50)
    one, other = answers([1] * 200, [1] * 200, speakers), answers([1] * 200, [1, 0] * 100, speakers)
    assert paired([(one, other)], 0.0)["p"] >= 0.125
    assert paired([(one, one)], 0.0)["p"] == 1


def test_other_files_are_no_pair():
    with pytest.raises(ValueError, match="same files"):
        paired([(answers([1], [1], ["a"]), answers([1], [1], ["a"], 7))], 0.0)


def test_holm():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])
    assert holm([math.nan, 0.01]) == pytest.approx([math.nan, 0.01], nan_ok=True)
    assert holm([]) == []


def test_the_same_run_in_two_precisions_is_no_difference():
    """The negative control: what differs is rounding alone. Single tests may alarm in one of twenty; none here does."""
    checked = 0
    for path in sorted(PRECISION_PAIRS.iterdir()):
        stem = path.stem
        main, twins = load(RESULTS / path.name), load(path)
        told = [run for run in [*main, *twins] if "answers" in run]
        for twin in twins:
            same = [run for run in main if row_of(run) == row_of(twin)]
            pairs = [
                (twin["answers"], run["answers"])
                for run in same
                if (run["seed"], run["fold"]) == (twin["seed"], twin["fold"])
            ]
            if not pairs:
                continue
            of_corpus = [run for run in told if run["corpus"] == twin["corpus"]]
            kappa, freedom = training_variance(of_corpus)
            assert freedom >= 10, stem
            found = paired(pairs, kappa)
            assert found["p"] > 0.05, (stem, row_of(twin), found)
            checked += 1
    assert checked >= 5
