"""Published numbers: Fig. 9 of the CASIA paper through our scores; closed form for the interval."""

import math

import numpy as np
import pytest

from experiments.metrics import mean_interval, paired_comparison, report_lines, scores, share_interval

EMOTIONS = ("angry", "fear", "happy", "neutral", "sad", "surprise")
PREDICTED_BY_TRUE = np.array(
    [
        [40, 0, 0, 0, 0, 0],
        [0, 31, 7, 0, 0, 0],
        [0, 9, 25, 0, 6, 0],
        [0, 0, 0, 40, 0, 0],
        [0, 0, 1, 0, 11, 0],
        [0, 0, 7, 0, 23, 40],
    ]
)


def published():
    predicted, true = np.nonzero(PREDICTED_BY_TRUE)
    counts = PREDICTED_BY_TRUE[predicted, true]
    return scores(np.repeat(true, counts), np.repeat(predicted, counts), EMOTIONS)


def test_figure_9():
    found = published()
    assert found["n_test"] == 240 and found["accuracy"] == 187 / 240
    assert found["confusion"] == PREDICTED_BY_TRUE.T.tolist()
    precision = [row["precision"] for row in found["per_class"].values()]
    recall = [row["recall"] for row in found["per_class"].values()]
    np.testing.assert_allclose(precision, [1, 0.816, 0.625, 1, 0.917, 0.571], atol=5e-4)
    np.testing.assert_allclose(recall, [1, 0.775, 0.625, 1, 0.275, 1], atol=5e-5)
    assert abs(found["uar"] - np.mean(recall)) < 1e-12
    assert "accuracy (WA) 77.9%" in report_lines(found, EMOTIONS)[-1]


def test_uar_of_unequal_classes():
    found = scores([0, 0, 0, 1], [0, 0, 0, 0], ("a", "b"))
    assert found["accuracy"] == 0.75 and found["uar"] == 0.5
    assert found["per_class"]["b"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}


def test_a_class_without_test_files_is_in_the_matrix():
    assert scores([0, 0], [0, 2], ("a", "b", "c"))["confusion"] == [[1, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_interval():
    mean, half_width = mean_interval([1.0, 2.0, 3.0])
    assert mean == 2 and abs(half_width - 4.302652729911275 * 1 / math.sqrt(3)) < 1e-9  # t(2, 0.975)
    mean, half_width = mean_interval([0.7])
    assert mean == 0.7 and math.isnan(half_width)


def test_paired_comparison_by_hand():
    """Three speakers: d = (2/2 - 1/2, 1/2 - 0/2, 1 - 1) = (1/2, 1/2, 0)."""
    groups = ["a", "a", "b", "b", "c"]
    found = paired_comparison(groups, [True, True, True, False, True], [True, False, False, False, True])
    assert found["n_groups"] == 3 and math.isclose(found["difference"], 1 / 3)
    assert math.isclose(found["half_width"], 4.302652730 * math.sqrt(1 / 12) / math.sqrt(3), rel_tol=1e-6)
    assert paired_comparison(groups, [True] * 5, [True] * 5)["p"] == 1


def test_paired_comparison_counts_speakers_not_answers():
    """A hundred answers of two speakers are two numbers: no difference between two of anything is certain."""
    groups = np.repeat(["a", "b"], 50)
    assert paired_comparison(groups, np.ones(100, bool), np.zeros(100, bool))["p"] >= 0.5
    many = np.repeat(np.arange(12), 10)
    assert paired_comparison(many, np.ones(120, bool), np.zeros(120, bool))["p"] < 0.001


@pytest.mark.parametrize("k, n", [(63, 88), (0, 10), (10, 10), (71, 107)])
def test_wilsons_interval(k, n):
    """The formula: where |p - k/n| is 1.96 standard deviations of a share whose truth is p."""
    z = 1.959963984540054
    centre = (k + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(k * (n - k) / n + z**2 / 4)
    np.testing.assert_allclose(share_interval(k / n, n), (centre - half, centre + half), atol=1e-12)
