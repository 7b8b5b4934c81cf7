"""The comparison of two versions runs every step in both trees, and counts the whole corpus."""

import pytest

from experiments.benchmarks import before_after
from experiments.common.paths import ROOT


def test_seconds_of_a_corpus(monkeypatch, write_wav, rng, tmp_path, capsys):
    """Both versions are stubs here: a step takes 3 s before and 1 s after for two of six recordings."""
    for i in range(6):
        write_wav(f"corpus/a/a ({i}).wav", 0.1 * rng.standard_normal(8000))
    before = tmp_path / "before"
    (before / "experiments" / "inputs").mkdir(parents=True)
    calls = []

    def run(tree, paths):
        calls.append((tree, len(paths)))
        return {"a step": 1.0 if tree == ROOT else 3.0}

    monkeypatch.setattr(before_after, "run", run)
    arguments = ["--before", str(before), "--data", str(tmp_path / "corpus"), "--files", "2", "--rounds", "2"]
    assert before_after.main(arguments) == 0
    assert calls == [(before, 2), (ROOT, 2)] * 2
    assert "| corpus, 6 recordings | a step | 9.0 s | 3.0 s | 3.00 [3.00 .. 3.00] |" in capsys.readouterr().out


@pytest.mark.slow
def test_the_program_times_every_step(write_wav, rng):
    path = write_wav("a.wav", 0.1 * rng.standard_normal(24_000))
    seconds = before_after.run(ROOT, [path])
    assert len(seconds) == 7 and all(value > 0 for value in seconds.values())


def test_bad_folders_are_refused(tmp_path, capsys):
    assert before_after.main(["--before", str(tmp_path)]) == 2
    assert "no checkout of this project" in capsys.readouterr().err
    assert before_after.main(["--before", str(ROOT), "--data", str(tmp_path)]) == 2
    assert "no WAV files" in capsys.readouterr().err
