"""The command dsp-extract: its options, its lines and its exit statuses."""

from dsp.corpus.__main__ import describe, main
from dsp.corpus.extraction import Summary
from tests.small_corpus import make_corpus


def test_the_command_extracts(tmp_path, capsys):
    make_corpus(tmp_path / "in")
    arguments = [str(tmp_path / "in"), str(tmp_path / "out"), "--convention", "kaldi", "--set", "n_mels=40"]
    assert main([*arguments, "--dry-run"]) == 0
    assert not (tmp_path / "out").exists()
    assert capsys.readouterr().out.startswith("6 items to extract, 0 are finished, in 1 of 1 shards; 0.1 min")
    assert main(arguments) == 0
    assert "6 items with features" in capsys.readouterr().out
    assert "failures.jsonl" in describe(Summary(items=2, failed=1, is_complete=True), "out")
