"""Bad recordings are left out with the reason; bad settings and folders are refused in one line before the work."""

import errno
import json
import os
import sys

import numpy as np
import pytest
import soundfile

from dsp.audio import audio_header
from dsp.corpus import extract, open_features
from dsp.corpus.__main__ import main
from dsp.corpus.formats import FORMATS
from tests.small_corpus import digests, expected, make_corpus, make_signal


def failures(out):
    """{path: reason}"""
    lines = (out / "failures.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["path"]: line["reason"] for line in map(json.loads, lines)}


def test_the_others_are_unharmed(tmp_path):
    source = tmp_path / "in"
    good = make_corpus(source)
    assert audio_header(good[0]) == (8_000, 16_000, 1)
    (source / "a" / "no audio.wav").write_bytes(b"no audio")
    (source / "a" / "empty.wav").write_bytes(b"")
    (source / "a" / "cut.wav").write_bytes(good[0].read_bytes()[:-100])
    soundfile.write(source / "b" / "short.wav", np.zeros(10), 16_000)
    soundfile.write(source / "b" / "nan.wav", np.full(9000, np.nan), 16_000, subtype="FLOAT")
    os.symlink("nowhere", source / "b" / "link.wav")
    os.mkfifo(source / "b" / "pipe.wav")
    summary = extract(source, tmp_path / "out", "kaldi", format="ark", shard_s=1.0)
    assert (summary.items, summary.failed) == (13, 7)
    reasons = failures(tmp_path / "out")
    for path, reason in (
        ("a/no audio.wav", "not readable as audio"),
        ("a/empty.wav", "empty file"),
        ("a/cut.wav", "cut off"),
        ("b/short.wav", "10 samples"),
        ("b/nan.wav", "holds NaN"),
        ("b/link.wav", "No such file"),
        ("b/pipe.wav", "a named pipe"),
    ):
        assert reason in reasons.pop(path)
    assert not reasons
    features = open_features(tmp_path / "out")
    for i, path in enumerate(good):
        np.testing.assert_array_equal(features[i], expected(path, "kaldi", "mfcc"))
    os.unlink(source / "b" / "link.wav")  # what is mended is extracted, without the others
    soundfile.write(source / "b" / "link.wav", make_signal(1, 0.5, 16_000), 16_000)
    again = extract(source, tmp_path / "out", "kaldi", format="ark", shard_s=1.0)
    assert again.failed == 6 and 0 < again.skipped < 13


def test_times_and_channels_that_a_recording_lacks(tmp_path):
    make_corpus(tmp_path / "in", 1, channels=2)
    rows = ["path,start,end,channel", "a/000.wav,0,0.6,0", "a/000.wav,0.5,,0", "a/000.wav,0,0.5,1", "a/000.wav,,,2"]
    rows += ["missing.wav,0,1,0", "a/000.wav,0.1,0.100001,0"]
    (tmp_path / "in" / "list.csv").write_text("\n".join(rows))
    summary = extract(tmp_path / "in" / "list.csv", tmp_path / "out", "kaldi")
    assert (summary.items, summary.failed) == (6, 5)
    lines = [json.loads(line) for line in (tmp_path / "out" / "failures.jsonl").read_text().splitlines()]
    assert [line["reason"] for line in lines] == [
        "0.6 s is beyond the end of the recording, 0.5 s",
        "0.5 s is beyond the end of the recording, 0.5 s",
        "no channel 2: the recording has 2, counted from 0",
        "No such file or directory",
        "nothing lies between 0.1 s and 0.100001 s",
    ]


def test_several_rates_and_channels_must_be_chosen(tmp_path):
    source = tmp_path / "in"
    paths = make_corpus(source, 3) + make_corpus(source / "high", 2, rate=48_000, channels=2)
    with pytest.raises(ValueError, match="2 sample rates: 3 at 16000 Hz, 2 at 48000 Hz; choose one with --resample"):
        extract(source, tmp_path / "out", "kaldi", channel="mix")
    with pytest.raises(ValueError, match=r"2 with 2 channels, the first is 'high/a/000\.wav'; choose --channel"):
        extract(source, tmp_path / "out", "kaldi", resample=16_000)
    assert not (tmp_path / "out").exists()
    extract(source, tmp_path / "out", "kaldi", resample=16_000, channel="mix")
    features = open_features(tmp_path / "out")
    assert [item["channel"] for item in features.index] == [None] * 3 + ["mix"] * 2
    for i, path in enumerate(sorted(paths)):
        np.testing.assert_array_equal(features[i], expected(path, "kaldi", "mfcc", resample=16_000))
    extract(source, tmp_path / "all", "kaldi", resample=16_000, channel="all")
    features = open_features(tmp_path / "all")
    assert [item["name"] for item in features.index[-3:]] == ["high-a-000-c1", "high-b-001-c0", "high-b-001-c1"]
    assert features.find("high/b/001.wav") == [5, 6]


def test_a_folder_of_something_else_is_refused(tmp_path):
    make_corpus(tmp_path / "in", 2)
    make_corpus(tmp_path / "other" / "speakers", 2)
    out = tmp_path / "out"
    extract(tmp_path / "in", out, "kaldi")
    before = digests(out)
    for changes, reason in (
        ({"convention": "kaldi_fbank", "kind": "log_mel"}, r"features with fingerprint \w+, not \w+"),
        ({"kind": "log_mel"}, "features with kind mfcc, not log_mel"),
        ({"format": "ark"}, "features with format npy, not ark"),
        ({"dtype": "float64"}, "features with dtype float32, not float64"),
        ({"resample": 8_000}, "features with sample_rate 16000, not 8000"),
    ):
        with pytest.raises(ValueError, match=f"{reason}; choose another folder"):
            extract(tmp_path / "in", out, **{"convention": "kaldi", **changes})
    with pytest.raises(ValueError, match="features of other recordings, none of which is wanted now"):
        extract(tmp_path / "other", out, "kaldi")
    with pytest.raises(ValueError, match="holds files that are no features of a corpus"):
        extract(tmp_path / "in", tmp_path / "in", "kaldi")
    assert digests(out) == before
    (out / "extraction.json").write_text('{"format_version": "dsp features 1"}')
    with pytest.raises(ValueError, match=r"extraction\.json: damaged"):
        extract(tmp_path / "in", out, "kaldi")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"convention": "kaldy"}, "unknown convention 'kaldy'"),
        ({"convention": "kaldi_fbank", "kind": "mfcc"}, "has no cepstrum"),
        ({"convention": "kaldi", "kind": "plp"}, "kind='plp'"),
        ({"convention": "kaldi", "format": "pickle"}, "format='pickle'"),
        ({"convention": "kaldi", "dtype": "int16"}, "dtype"),
        ({"convention": "kaldi", "resample": 0}, "resample"),
        ({"convention": "kaldi", "channel": "left"}, "channel is 'left'"),
        ({"convention": "kaldi", "workers": 0}, "workers"),
        ({"convention": "kaldi", "shard_s": 0}, "shard_s is 0"),
        ({"convention": "kaldi", "resample": 4_000_000}, "resample"),
        ({"convention": "hifigan", "resample": 8_000}, "f_max"),
    ],
    ids=lambda value: "" if isinstance(value, str) else " ".join(map(str, value.values())),
)
def test_bad_arguments_are_refused_before_anything_is_written(arguments, reason, tmp_path):
    make_corpus(tmp_path / "in", 1)
    with pytest.raises(ValueError, match=reason) as caught:
        extract(tmp_path / "in", tmp_path / "out", **arguments)
    assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_full_disk_breaks_nothing(file_format, tmp_path, monkeypatch, capsys):
    """The third item does not fit any more; a writer's file may fail again when it is closed."""
    make_corpus(tmp_path / "in", 4)
    writer = FORMATS[file_format].writer
    real, count = writer.add, 0

    def add(self, name, features):
        nonlocal count
        count += 1
        if count == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, name, features)

    arguments = [str(tmp_path / "in"), str(tmp_path / "out"), "--workers", "1", "--convention", "kaldi"]
    arguments += ["--format", file_format]
    monkeypatch.setattr(writer, "add", add)
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"error: {tmp_path / 'out'}: No space left on device\n"
    assert not list((tmp_path / "out").rglob("*.jsonl")) and not list((tmp_path / "out").rglob("*.part"))
    monkeypatch.setattr(writer, "add", real)
    assert main(arguments) == 0
    extract(tmp_path / "in", tmp_path / "whole", "kaldi", format=file_format)
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")


@pytest.mark.skipif(sys.platform != "linux", reason="a file system takes any bytes as names")
def test_names_of_every_kind(tmp_path):
    source = tmp_path / "in"
    paths = make_corpus(source, 7)
    names = [
        "größe ☃.wav",
        "two\nlines.wav",
        "-dash.wav",
        "a b.wav",
        "$x|y.wav",
        os.fsdecode(b"\xff\xfe.wav"),
        "x" * 250 + ".wav",
    ]
    for path, name in zip(paths, names, strict=True):
        path.rename(source / name)
    for file_format in FORMATS:
        summary = extract(source, tmp_path / file_format, "kaldi", format=file_format)
        assert (summary.failed, summary.is_complete) == (0, True)
        features = open_features(tmp_path / file_format)
        assert {item["path"] for item in features.index} == set(names)
        for name in names:
            (i,) = features.find(name)
            np.testing.assert_array_equal(features[i], expected(source / name, "kaldi", "mfcc"))


def test_the_same_file_twice_is_two_items(tmp_path):
    make_corpus(tmp_path / "in", 1)
    (tmp_path / "list.txt").write_text(f"in/a/000.wav\nin/a/000.wav\n{tmp_path}/in/a/000.wav\n./in/a/../a/000.wav\n")
    extract(tmp_path / "list.txt", tmp_path / "out", "kaldi", format="hdf5")
    features = open_features(tmp_path / "out")
    assert [item["name"] for item in features.index] == [
        "in-a-000",
        "in-a-000-2",
        "000",
        "in-a-.._a-000".replace("_", "-"),
    ]
    assert all(np.array_equal(one, features[0]) for one in features)


def test_an_output_folder_inside_the_input(tmp_path):
    """Its own files are not taken for recordings, however they are called."""
    make_corpus(tmp_path, 2)
    extract(tmp_path, tmp_path / "out.wav", "kaldi")
    (tmp_path / "out.wav" / "shards" / "x.wav").write_bytes(b"")
    assert extract(tmp_path, tmp_path / "out.wav", "kaldi").skipped == 2


def test_a_corpus_without_a_readable_recording(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.wav").write_bytes(b"")
    with pytest.raises(ValueError, match=r"none of the 1 recordings can be read; 'x\.wav': empty file"):
        extract(tmp_path / "in", tmp_path / "out", "kaldi")
    assert not (tmp_path / "out").exists()


def test_dry_run_writes_nothing(tmp_path):
    make_corpus(tmp_path / "in", 3)
    summary = extract(tmp_path / "in", tmp_path / "out", "kaldi", dry_run=True)
    assert (summary.items, summary.skipped, summary.n_shards) == (3, 0, 1)
    assert not (tmp_path / "out").exists()
    with pytest.raises(ValueError, match="choose one with --resample"):
        make_corpus(tmp_path / "in", 1, rate=8_000)
        extract(tmp_path / "in", tmp_path / "out", "kaldi", dry_run=True)
