"""What the labs say is what their code computes: formulas against measurements, claims against printed numbers."""

import re
import subprocess
import sys

import numpy as np
import pytest

import dsp
from tests.conftest import ROOT

LABS = ROOT / "experiments" / "coursework" / "labs"
SECONDS = 120


def text_of(lab: int) -> str:
    """The markdown cells of a lab, one line each paragraph."""
    source = next(LABS.glob(f"lab_{lab}_*.py")).read_text(encoding="utf-8")
    cells = re.split(r"^# %%", source, flags=re.MULTILINE)
    lines = [line.removeprefix("# ") for cell in cells if cell.startswith(" [markdown]") for line in cell.split("\n")]
    return " ".join(lines)


def printed_by(lab: int, tmp_path) -> str:
    script = next(LABS.glob(f"lab_{lab}_*.py"))
    command = [sys.executable, str(script.relative_to(ROOT)), "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 1, done.stderr
    return done.stdout


@pytest.mark.parametrize("width", [3, 5, 9])
def test_the_response_of_a_delta_is_the_one_in_lab_6(width):
    """H(f) = i sum n sin(2 pi f n / 100) / sum n^2, n = 1 .. M, measured with tones of 100 frames per second."""
    assert r"H(f) = i \, \frac{\sum_{n=1}^{M} n \sin(2 \pi f n / 100)}{\sum_{n=1}^{M} n^2}" in text_of(6)
    n, t = np.arange(1, width // 2 + 1), np.arange(100)
    for f in (0.5, 4.0, 13.0, 25.0, 47.0):
        stated = 1j * np.sum(n * np.sin(2 * np.pi * f * n / 100)) / np.sum(n**2)
        tone = np.exp(2j * np.pi * f * t / 100)
        measured = (dsp.delta(tone.real, width) + 1j * dsp.delta(tone.imag, width))[20:80] / tone[20:80]
        np.testing.assert_allclose(measured, stated, atol=1e-12)
    slow = 1j * np.sum(n * np.sin(2 * np.pi * 0.01 * n / 100)) / np.sum(n**2)
    assert slow == pytest.approx(2j * np.pi * 0.01 / 100, rel=1e-4)  # the derivative, as the text says


@pytest.mark.slow
def test_lab_8_shows_that_unseen_speakers_are_harder_than_unseen_sentences(tmp_path):
    printed = printed_by(8, tmp_path)
    names = ("unseen files", "unseen sentences", "unseen speakers", "unseen speakers, each voice's mean removed:")
    files, sentences, speakers, centered = (
        float(re.search(rf"^{name} +([\d.]+)%", printed, re.MULTILINE).group(1)) for name in names
    )
    assert "about five points" in text_of(8) and 3 < files - sentences < 7
    assert "more than twenty" in text_of(8) and 20 < files - speakers < 30
    assert "half of the loss" in text_of(8) and 0.4 < (centered - speakers) / (files - speakers) < 0.6
    assert "240 files" in text_of(8) and "features of 240 files" in printed
