"""Recordings of RAVDESS, 48 kHz, some of two channels, become Kaldi's levels at 16 kHz; the command says how fast."""

import json

import numpy as np
import pytest

from dsp.audio import audio_header
from dsp.corpus import open_features
from dsp.corpus.__main__ import main
from tests.small_corpus import expected


@pytest.mark.corpus
@pytest.mark.parametrize("file_format", ["ark", "hdf5"])
def test_kaldi_levels_of_ravdess(file_format, corpora, tmp_path, capsys):
    ravdess = corpora / "ravdess"
    every = sorted(ravdess.rglob("*.wav"))
    paths = every[::60] + [path for path in every[:500] if audio_header(path)[2] == 2][:2]
    rows = [{"path": str(path.relative_to(ravdess)), "speaker": path.parent.name} for path in paths]
    (tmp_path / "list.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = [str(ravdess), str(tmp_path / "out"), "--manifest", str(tmp_path / "list.jsonl")]
    arguments += ["--convention", "kaldi_fbank", "--resample", "16000", "--format", file_format]
    assert main(arguments) == (2 if len(paths) > 24 else 0)  # several channels must be chosen
    capsys.readouterr()
    assert main([*arguments, "--channel", "mix"]) == 0
    text = capsys.readouterr().out
    assert f"{len(paths)} items with features" in text and "decoding" in text and "files/s" in text
    features = open_features(tmp_path / "out")
    assert features.sample_rate == 16_000 and {item["speaker"] for item in features.index} > {"Actor_01"}
    for path in paths:
        (i,) = features.find(path.relative_to(ravdess))
        np.testing.assert_array_equal(features[i], expected(path, "kaldi_fbank", "log_mel", resample=16_000))
