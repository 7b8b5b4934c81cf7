"""Bad recordings are left out with the reason; bad settings and folders are refused in one line before the work."""

import json

import pytest

from dsp.audio import audio_header
from dsp.corpus import extract, open_features
from tests.small_corpus import make_corpus


def test_the_others_are_unharmed(tmp_path, write_wav):
    make_corpus(tmp_path / "in")
    assert audio_header(tmp_path / "in" / "a" / "000.wav") == (8_000, 16_000, 1)
    (tmp_path / "in" / "a" / "bad.wav").write_bytes(b"no audio")
    summary = extract(tmp_path / "in", tmp_path / "out", "kaldi")
    assert (summary.items, summary.failed) == (7, 1)
    (failure,) = map(json.loads, (tmp_path / "out" / "failures.jsonl").read_text().splitlines())
    assert failure["path"] == "a/bad.wav" and failure["reason"].startswith("not readable as audio")
    assert len(open_features(tmp_path / "out")) == 6


def test_another_convention_is_refused(tmp_path):
    make_corpus(tmp_path / "in", 2)
    extract(tmp_path / "in", tmp_path / "out", "kaldi")
    with pytest.raises(ValueError, match=r"holds features with fingerprint .*, not .*; choose another folder"):
        extract(tmp_path / "in", tmp_path / "out", "kaldi_fbank", kind="log_mel")
