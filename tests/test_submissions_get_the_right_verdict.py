"""Submissions as students hand them in get the right verdict, and what is said about them is true.

A folder with cases.tsv (file, lab, profile, expected, expected_words) holds more of them; SER_CASES names it.
"""

import csv
import os
from pathlib import Path

import pytest

from experiments.coursework import check
from tests.submissions import SUBMISSIONS, text_of

DIAGNOSES = ("explained by", "note: ", " failed (", "could not be loaded (", "dtype", "is asked for")


def verdict(path, lab: int, profile: str = "default") -> tuple[str, str]:
    """("pass", "fail" or "refused", everything that is said)."""
    try:
        report = check.check(path, lab, profile, hints=1, seconds=20)
    except ValueError as error:
        return "refused", str(error)
    return "pass" if all(case["passed"] for case in report["cases"]) else "fail", check.format_report(report)


@pytest.mark.corpus
def test_the_submissions_of_a_folder_get_their_verdicts():
    if not os.environ.get("SER_CASES"):
        pytest.skip("needs a folder of submissions: set SER_CASES to the folder with cases.tsv")
    folder = Path(os.environ["SER_CASES"])
    with (folder / "cases.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) >= 10
    wrong, unexplained = [], []
    for row in rows:
        found, text = verdict(folder / row["file"], int(row["lab"]), row["profile"])
        if found != row["expected"]:
            wrong.append((row["file"], row["expected"], found, text))
        elif found == "fail" and not any(words in text for words in DIAGNOSES):
            unexplained.append((row["file"], row["expected_words"], text))
    assert not wrong
    assert len(unexplained) <= 0.15 * len(rows), unexplained


@pytest.mark.slow
@pytest.mark.parametrize("entry", SUBMISSIONS, ids=lambda entry: f"{entry[0]} {entry[2][:40]}")
def test_the_right_verdict_and_the_right_words(entry, tmp_path):
    lab, expected, words, *_ = entry
    (tmp_path / "mine.py").write_text(text_of(entry))
    found, text = verdict(tmp_path / "mine.py", lab)
    assert found == expected, text
    assert words in text
    if expected == "pass":
        assert "explained by" not in text and "note" not in text


def test_every_lab_has_ten_submissions():
    for lab in range(1, 9):
        assert sum(entry[0] == lab for entry in SUBMISSIONS) >= 10
        assert {entry[1] for entry in SUBMISSIONS if entry[0] == lab} >= {"pass", "fail"}
