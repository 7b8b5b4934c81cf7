"""Calibration: does a network that says 70 % answer right in 70 % of such cases?

Answers are put into ten bins by the probability of the answered class. In a calibrated network the share of right
answers in a bin is the mean probability there.

    ECE = sum over bins of n_bin / n |right_bin - probability_bin|        (expected calibration error)
"""

import math

import numpy as np

from experiments.common.markdown import table
from experiments.evaluation.results import by_row
from experiments.evaluation.significance import right_answers

BINS = 10


def calibration_table(papers: dict[str, dict]) -> str:
    """A line for every row whose runs keep the probabilities of their answers, all answers of its runs together.

    papers : contents of the results files by their stems

    Checked: tests/test_calibration_is_measured.py
    """
    kept = [run for paper in papers.values() for run in paper["runs"] if "confidence" in run.get("answers", {})]
    rows = []
    for key, runs in by_row(kept).items():
        confidence, right = answers_of(runs)
        shares = [f"{100 * share:.1f}" for share in (right.mean(), confidence.mean(), ece(confidence, right))]
        rows.append([*key, str(len(runs)), str(right.size), *shares])
    header = ["system", "variant", "corpus", "protocol", "runs", "answers", "right %", "mean probability %"]
    return table([*header, "ECE, points"], rows)


def answers_of(runs: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """(confidence, right) of all answers of runs: probability of the answered class, and whether it is right."""
    confidence = [float(word) for run in runs for word in run["answers"]["confidence"].split()]
    right = [is_right for run in runs for is_right in right_answers(run["answers"])]
    return np.array(confidence), np.array(right, dtype=float)


def reliability(confidence, right) -> np.ndarray:
    """(BINS, 3): number of answers, their mean probability and the share of right ones; nan in an empty bin.

    Bin b has the probabilities b / BINS < p <= (b + 1) / BINS; p = 0 is in the first.

    Checked: tests/test_calibration_is_measured.py
    """
    confidence, right = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    places = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    found = np.full((BINS, 3), math.nan)
    for place in range(BINS):
        inside = places == place
        found[place, 0] = inside.sum()
        if inside.any():
            found[place, 1:] = confidence[inside].mean(), right[inside].mean()
    return found


def ece(confidence, right) -> float:
    """The expected calibration error, 0 .. 1.

    Source: Naeini et al. 2015; Guo et al. 2017. Checked: tests/test_calibration_is_measured.py
    """
    n, mean, share = reliability(confidence, right).T
    filled = n > 0
    return float((n[filled] * np.abs(share[filled] - mean[filled])).sum() / n.sum())
