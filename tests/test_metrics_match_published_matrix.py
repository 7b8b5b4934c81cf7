"""Published numbers: Fig. 9 of the CASIA paper through our scores; scikit-learn's; closed form for the interval."""

import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, recall_score

from experiments.evaluation.metrics import (
    grouped_scores,
    mean_interval,
    report_lines,
    scores,
    share_interval,
)

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


def test_scores_are_scikit_learns():
    true, predicted = np.random.RandomState(0).randint(0, 6, (2, 500))
    found = scores(true, predicted, EMOTIONS)
    assert found["accuracy"] == accuracy_score(true, predicted)
    assert math.isclose(found["uar"], recall_score(true, predicted, average="macro"), rel_tol=1e-15)


def test_a_class_without_test_files_is_in_the_matrix():
    found = scores([0, 0], [0, 2], ("a", "b", "c"))
    assert found["confusion"] == [[1, 0, 1], [0, 0, 0], [0, 0, 0]] and found["uar"] == 0.5  # no recall of b and c


def test_interval():
    mean, half_width = mean_interval([1.0, 2.0, 3.0])
    assert mean == 2 and abs(half_width - 4.302652729911275 * 1 / math.sqrt(3)) < 1e-9  # t(2, 0.975)
    mean, half_width = mean_interval([0.7])
    assert mean == 0.7 and math.isnan(half_width)


def test_scores_of_equal_groups_have_the_interval_of_their_mean():
    """Four speakers, ten answers of each of two classes: both scores are means of the speakers', the interval too."""
    right = np.array([[9, 3], [7, 5], [10, 8], [4, 6]])  # of class a, of class b
    confusions = [[[a, 10 - a], [10 - b, b]] for a, b in right]
    found = grouped_scores(confusions)
    of_speakers = mean_interval(right.sum(1) / 20)
    np.testing.assert_allclose([found["accuracy"], found["uar"]], [of_speakers, of_speakers], atol=1e-12)
    again = grouped_scores(3 * np.asarray(confusions))  # what three seeds alike say is no more certain
    np.testing.assert_allclose([again["accuracy"], again["uar"]], [of_speakers, of_speakers], atol=1e-12)


def test_scores_of_unequal_groups_by_hand():
    """Class b comes from the second speaker alone: recalls 3/4 and 1/2; of the first alone 1, of the second 1/2."""
    found = grouped_scores([[[2, 0], [0, 0]], [[1, 1], [1, 1]]])
    assert found["accuracy"][0] == 4 / 6 and found["uar"][0] == (3 / 4 + 1 / 2) / 2
    t = 12.706204736  # t(1, 0.975); the jackknife's error of two is half the distance of what is left without each
    np.testing.assert_allclose(found["accuracy"][1], t * (1 - 1 / 2) / 2, rtol=1e-9)
    np.testing.assert_allclose(found["uar"][1], t * (1 - 1 / 2) / 2, rtol=1e-9)
    alone = grouped_scores([[[3, 1], [0, 4]]])
    assert alone["accuracy"][0] == 7 / 8 and all(math.isnan(half_width) for _, half_width in alone.values())


@pytest.mark.parametrize("k, n", [(63, 88), (0, 10), (10, 10), (71, 107)])
def test_wilsons_interval(k, n):
    """The formula: where |p - k/n| is 1.96 standard deviations of a share whose truth is p."""
    z = 1.959963984540054
    centre = (k + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(k * (n - k) / n + z**2 / 4)
    np.testing.assert_allclose(share_interval(k / n, n), (centre - half, centre + half), atol=1e-12)
