"""The reliability curve: how often answers are right, by the probability that the network gave them."""

import numpy as np

from experiments.evaluation.calibration import BINS, ece, reliability
from experiments.figures import matlab

BAR, LINE = "#9ecae1", "#08519c"


def reliability_curve(path, confidence, right, title: str) -> None:
    """Draws the share of right answers in each bin of probability, and how many answers each bin has.

    The diagonal is a calibrated network; below it the network is too sure.

    Parameters
    ----------
    path : PNG file
    confidence : (n,) the probability of the answered class;  right : (n,) bool

    Checked: tests/test_calibration_is_measured.py
    """
    n, mean, share = reliability(confidence, right).T
    edges = np.arange(BINS) / BINS
    figure, (curve, counts) = matlab.plt.subplots(
        2, 1, figsize=(5, 6), height_ratios=(3, 1), sharex=True, layout="constrained"
    )
    curve.bar(edges, np.nan_to_num(share), width=1 / BINS, align="edge", color=BAR, edgecolor="white")
    curve.plot([0, 1], [0, 1], color="0.3", linestyle="--", linewidth=1, label="calibrated")
    filled = n > 0
    curve.plot(mean[filled], share[filled], color=LINE, marker="o", markersize=4, label="this network")
    curve.set(ylabel="Share of right answers", ylim=(0, 1), xlim=(0, 1))
    curve.legend(loc="upper left", fontsize=9)
    counts.bar(edges, n, width=1 / BINS, align="edge", color=BAR, edgecolor="white")
    counts.set(xlabel="Probability of the answered class", ylabel="Answers")
    figure.suptitle(f"{title}\n{int(n.sum())} answers, ECE {100 * ece(confidence, right):.1f} points", size=11)
    matlab.save(figure, path)
