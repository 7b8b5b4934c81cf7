"""What the labs say is what their code computes: formulas against measurements, claims against printed numbers."""

import re
import subprocess
import sys

import numpy as np
import pytest

import dsp
from tests.conftest import ROOT
from tests.test_the_answers_are_right import answers

LABS = ROOT / "experiments" / "coursework" / "labs"
SECONDS = 240


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


@pytest.fixture(scope="module")
def lab_8(tmp_path_factory) -> str:
    return printed_by(8, tmp_path_factory.mktemp("lab_8"))


def percent(name: str, printed: str) -> str:
    """The first percentage after a name, as it is printed."""
    return re.search(rf"^.*{name}\D*([\d.]+)%", printed, re.MULTILINE).group(1)


@pytest.mark.slow
def test_lab_8_shows_that_unseen_speakers_are_harder_than_unseen_sentences(lab_8):
    names = ("unseen files", "unseen sentences", "unseen speakers  ", "each voice's mean removed:")
    files, sentences, speakers, centered = (float(percent(name, lab_8)) for name in names)
    assert "about five points" in text_of(8) and 3 < files - sentences < 7
    assert "more than twenty" in text_of(8) and 20 < files - speakers < 30
    assert "half of the loss" in text_of(8) and 0.4 < (centered - speakers) / (files - speakers) < 0.6
    assert "240 files" in text_of(8) and "features of 240 files" in lab_8


@pytest.mark.slow
def test_lab_8_shows_that_memory_is_worth_nothing_with_copies_on_one_side(lab_8):
    names = ("look-up table", "1 nearest neighbor", "logistic regression")
    assert all(float(percent(f"{name} +files at random", lab_8)) > 65 for name in names)
    assert all(float(percent(f"{name} +copies on one side", lab_8)) < 30 for name in names)
    assert "1200 files, 91 distinct" in lab_8


@pytest.mark.slow
def test_the_answers_about_lab_8_have_the_numbers_that_it_prints(lab_8):
    text = answers()
    assert f"{percent('no classifier can beat', lab_8)} %" in text[8, 1]
    table, neighbor = (percent(f"{name} +files at random", lab_8) for name in ("look-up table", "1 nearest neighbor"))
    assert f"{neighbor} % instead of {table} %" in text[8, 2]
    same_answer = percent("look-up table +copies on one side", lab_8)
    assert f"about {same_answer} % instead of {100 / 6:.1f} %" in text[8, 3]
    speakers, centered = percent("unseen speakers  ", lab_8), percent("each voice's mean removed:", lab_8)
    assert f"from {speakers} %" in text[8, 6]
    assert f"from {speakers} % to {centered} %" in text[11, 5]
    rounded = re.search(r"unseen speakers .*parts: (.*)", lab_8).group(1).replace("%", "").split()
    parts = np.round(np.array(rounded, dtype=float) * 0.6) / 0.6  # of 60 files each
    error = parts.std(ddof=1) / np.sqrt(parts.size)
    for number in (f"of {parts.std(ddof=1):.1f} points", f"of {error:.1f} points", f"± {3.1824 * error:.1f} points"):
        assert number in text[8, 4]
