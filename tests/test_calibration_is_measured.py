"""Calibration: bins, their means and the expected calibration error, on answers whose truth is known."""

import numpy as np
import pytest

from experiments.evaluation.calibration import BINS, answers_of, calibration_table, ece, reliability
from experiments.figures import matlab
from experiments.figures.reliability import reliability_curve


def test_bins_are_open_below():
    found = reliability([0.1, 0.2, 0.25, 1.0, 0.0], [1, 0, 1, 1, 0])
    assert found[:, 0].tolist() == [2, 1, 1, 0, 0, 0, 0, 0, 0, 1] and len(found) == BINS
    assert found[0, 1:].tolist() == [0.05, 0.5] and found[2, 1:].tolist() == [0.25, 1.0] and np.isnan(found[4, 1])


def test_ece_by_hand():
    assert ece([0.9, 0.9, 0.9, 0.9], [1, 1, 1, 0]) == pytest.approx(0.15)
    assert ece([0.55, 0.95], [0, 1]) == pytest.approx((0.55 + 0.05) / 2)


def test_a_calibrated_network_has_none(rng):
    p = rng.uniform(0.2, 1, 40_000)
    right = rng.uniform(size=p.size) < p
    assert ece(p, right) < 0.01 < 0.1 < ece(np.minimum(p + 0.2, 1), right)


def run(confidence: str, predicted: str, **other) -> dict:
    answers = {"files": "0 1", "speakers": "a a", "true": "0 1", "predicted": predicted, "confidence": confidence}
    return {"system": "s", "variant": "v", "corpus": "c", "protocol": "speaker", "answers": answers} | other


def test_runs_of_a_row_are_taken_together():
    runs = [run("0.6 0.8", "0 1"), run("0.7 0.9", "0 0")]
    confidence, right = answers_of(runs)
    assert confidence.tolist() == [0.6, 0.8, 0.7, 0.9] and right.tolist() == [1, 1, 1, 0]
    old = run("", "0 1")
    del old["answers"]["confidence"]
    lines = calibration_table({"p": {"runs": [*runs, old]}}).splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("| s | v | c | speaker | 2 | 4 | 75.0 | 75.0 | ")


def test_the_curve_shows_the_bins(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(matlab, "save", lambda figure, path: drawn.append(figure))
    reliability_curve(tmp_path / "r.png", [0.15, 0.15, 0.95, 0.95], [0, 1, 1, 1], "a run")
    curve, counts = drawn[0].axes
    heights = [bar.get_height() for bar in curve.patches]
    assert heights[1] == 0.5 and heights[9] == 1.0 and sum(heights) == 1.5
    assert [bar.get_height() for bar in counts.patches] == [0, 2, 0, 0, 0, 0, 0, 0, 0, 2]
    assert curve.lines[1].get_xydata().tolist() == [[0.15, 0.5], [0.95, 1.0]]
    assert "4 answers, ECE 20.0 points" in drawn[0].get_suptitle()
    assert counts.get_xlabel() and counts.get_ylabel() and curve.get_ylabel()
