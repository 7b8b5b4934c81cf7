"""An extraction that is killed at any moment ends, when it is repeated, with the bytes of an undisturbed one."""

from dsp.corpus import extract
from tests.small_corpus import digests, make_corpus


def test_what_is_finished_is_skipped(tmp_path):
    make_corpus(tmp_path / "in")
    first = extract(tmp_path / "in", tmp_path / "out", "kaldi", shard_s=1.0)
    before = digests(tmp_path / "out")
    again = extract(tmp_path / "in", tmp_path / "out", "kaldi", shard_s=1.0)
    assert (first.skipped, again.skipped, again.items) == (0, 6, 6)
    assert extract(tmp_path / "in", tmp_path / "out", "kaldi", shard_s=1.0, resume=False).skipped == 0
    assert digests(tmp_path / "out") == before
