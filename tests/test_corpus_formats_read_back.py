"""Every format gives back, bit for bit, the features that dsp.extract computes; read_features reads the files too."""

import json
import sys

import numpy as np
import pytest

import dsp
from dsp.corpus import extract, open_features
from dsp.corpus.formats import FORMATS
from dsp.corpus.layout import KALDI_INDEX
from dsp.files.content import FeatureFileError
from dsp.files.htk import read_htk
from tests.small_corpus import expected, make_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    make_corpus(folder)
    return folder


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("file_format", FORMATS)
def test_features_are_those_of_dsp_extract(file_format, dtype, corpus, tmp_path):
    if (file_format, dtype) == ("htk", "float64"):
        with pytest.raises(ValueError, match="htk stores float32"):
            extract(corpus, tmp_path / "out", "kaldi", format=file_format, dtype=dtype)
        return
    summary = extract(corpus, tmp_path / "out", "kaldi", format=file_format, dtype=dtype, shard_s=1.5)
    assert (summary.items, summary.failed, summary.shards, summary.is_complete) == (6, 0, 3, True)
    features = open_features(tmp_path / "out")
    assert len(features) == len(list(features)) == 6
    assert (features.kind, features.sample_rate, features.dtype) == ("mfcc", 16_000, dtype)
    assert features.convention == dsp.CONVENTIONS["kaldi"] and features.fingerprint == dsp.conventions.fingerprint(
        "kaldi"
    )
    for i, item in enumerate(features.index):
        wanted = expected(corpus / item["path"], "kaldi", "mfcc", dtype)
        assert features[i].dtype == wanted.dtype and features[i].shape == (item["rows"], item["frames"])
        np.testing.assert_array_equal(features[i], wanted)
        assert features.find(item["path"]) == [i]


@pytest.mark.parametrize("file_format", FORMATS)
def test_read_features_reads_every_file(file_format, corpus, tmp_path):
    extract(corpus, tmp_path / "out", "kaldi_fbank", format=file_format)
    features = open_features(tmp_path / "out")
    item = features.index[3]
    name = None if FORMATS[file_format].is_folder else item["name"]
    stored = dsp.read_features(tmp_path / "out" / item["file"], name)
    by_frame = file_format in ("ark", "htk", "parquet", "csv")
    # a text is read as float64, whose nearest float32 is what was written
    np.testing.assert_array_equal((stored.T if by_frame else stored).astype("float32"), features[3])


def test_kaldi_and_htk_say_what_is_in_them(corpus, tmp_path):
    extract(corpus, tmp_path / "ark", "kaldi_fbank", format="ark", shard_s=1.5)
    features = open_features(tmp_path / "ark")
    for i, item in enumerate(features.index):
        np.testing.assert_array_equal(dsp.read_features(tmp_path / "ark" / KALDI_INDEX, item["name"]).T, features[i])
    extract(corpus, tmp_path / "htk", "kaldi_fbank", format="htk")
    features = open_features(tmp_path / "htk")
    frames, period, kind = read_htk(tmp_path / "htk" / features.index[0]["file"])
    assert (kind, period) == ("FBANK", 0.01)
    np.testing.assert_array_equal(frames.T, features[0])


def test_the_index_is_there_in_both_forms(corpus, tmp_path):
    import pyarrow.parquet

    extract(corpus, tmp_path / "out", "kaldi", format="npz", shard_s=1.5)
    lines = [json.loads(line) for line in (tmp_path / "out" / "index.jsonl").read_text().splitlines()]
    table = pyarrow.parquet.read_table(tmp_path / "out" / "index.parquet").to_pylist()
    assert [line | {"channel": None} for line in lines] == table
    assert [line["path"] for line in lines] == sorted(line["path"] for line in lines)


def test_what_is_damaged_is_one_line(corpus, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(FeatureFileError, match="no features of a corpus"):
        open_features(out)
    extract(corpus, out, "kaldi", format="ark")
    features = open_features(out)
    whole = (out / features.index[0]["file"]).read_bytes()
    (out / features.index[0]["file"]).write_bytes(whole[:-1])
    with pytest.raises(FeatureFileError, match="cut off or damaged: 1 bytes are missing"):
        features[-1]
    index = (out / "index.jsonl").read_text()
    for change, reason in (
        (("shards/", "../shards/"), "file lies outside the folder"),
        (('"rows": 13', '"rows": -13'), "a negative size"),
        (('"offset": ', '"offset": "1", "o": '), "offset is '1'"),
        ((features.fingerprint, "0" * 12), "fingerprint '000000000000'"),
        (("{", "[" * 100_000), "line 1 is damaged"),
    ):
        (out / "index.jsonl").write_text(index.replace(*change))
        with pytest.raises(FeatureFileError, match=reason) as caught:
            open_features(out)
        assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(TypeError):
        features[0:2]
    (out / "index.jsonl").unlink()
    with pytest.raises(FeatureFileError, match="not finished"):
        open_features(out)


@pytest.mark.parametrize("file_format", ["npy", "npz", "ark", "htk", "csv"])
def test_five_formats_need_the_base_dependencies_alone(file_format, corpus, tmp_path, monkeypatch):
    for package in ("h5py", "pyarrow", "pyarrow.parquet", "filelock", "tqdm", "distributed"):
        monkeypatch.setitem(sys.modules, package, None)
    assert extract(corpus, tmp_path / "out", "kaldi", format=file_format).is_complete
    assert len(list(open_features(tmp_path / "out"))) == 6
    assert not (tmp_path / "out" / "index.parquet").exists()


@pytest.mark.parametrize(("file_format", "package"), [("hdf5", "h5py"), ("parquet", "pyarrow")])
def test_the_other_formats_say_what_they_need(file_format, package, corpus, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"the format {file_format} needs {package}: pip install .*\[corpus\]"):
        extract(corpus, tmp_path / "out", "kaldi", format=file_format)
    assert not (tmp_path / "out").exists()
