"""A corpus that is not as published is refused with one line: expected, found, missing, too many."""

import re
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from experiments.data.corpora import (
    CASIA_EMOTIONS,
    EMODB_COUNTS,
    RAVDESS_EMOTIONS,
    CorpusError,
    casia,
    emodb,
    image_tree,
    ravdess,
)
from experiments.data.leakage import audit_split
from experiments.data.splits import leave_one_speaker_out


@pytest.fixture
def casia_tree(tmp_path):
    """CASIA's names with empty files: the loader looks at names, the readers at content."""
    for emotion in CASIA_EMOTIONS:
        (tmp_path / emotion).mkdir()
        for k in range(1, 201):
            (tmp_path / emotion / f"{emotion} ({k}).wav").touch()
    return tmp_path


@pytest.fixture
def emodb_tree(tmp_path):
    """535 names of EMO-DB's pattern with its counts per emotion; which takes there are is made up."""
    (tmp_path / "wav").mkdir()
    speakers = ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16")
    sentences = ("a01", "a02", "a04", "a05", "a07", "b01", "b02", "b03", "b09", "b10")
    said = [(speaker, sentence, take) for take in "ab" for speaker in speakers for sentence in sentences]
    for letter, count in EMODB_COUNTS.items():
        for speaker, sentence, take in said[:count]:
            (tmp_path / "wav" / f"{speaker}{sentence}{letter}{take}.wav").touch()
    return tmp_path


@pytest.fixture
def ravdess_tree(tmp_path):
    """RAVDESS's names, written out a second time: 4 neutral takes, 8 of every other emotion."""
    for actor in range(1, 25):
        folder = tmp_path / f"Actor_{actor:02}"
        folder.mkdir()
        for take in ("01-01", "01-02", "02-01", "02-02"):
            (folder / f"03-01-01-01-{take}-{actor:02}.wav").touch()
            for emotion in range(2, 9):
                (folder / f"03-01-0{emotion}-01-{take}-{actor:02}.wav").touch()
                (folder / f"03-01-0{emotion}-02-{take}-{actor:02}.wav").touch()
    return tmp_path


def test_casia(casia_tree):
    corpus = casia(casia_tree)
    assert len(corpus) == 1200 and corpus.name == "casia"
    assert [path.name for path in corpus.paths[:4]] == [
        "angry (1).wav",
        "angry (10).wav",
        "angry (100).wav",
        "angry (101).wav",
    ]
    assert np.bincount(corpus.labels).tolist() == [200] * 6
    assert Counter(corpus.speakers) == dict.fromkeys(set(corpus.speakers), 300) and len(set(corpus.speakers)) == 4
    assert len(set(corpus.sentences)) == 50
    said = Counter(zip(corpus.speakers, corpus.sentences, corpus.labels, strict=True))
    assert len(said) == 1200  # everybody says every sentence once in every emotion


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (
            lambda root: (root / "sad" / "sad (7).wav").unlink(),
            "found 1199 WAV files.*1 missing, such as 'sad/sad .7..wav'",
        ),
        (lambda root: (root / "sad" / "sad (201).wav").touch(), "found 1201.*1 too many, such as 'sad/sad .201..wav'"),
        (
            lambda root: (root / "fear").rename(root / "afraid"),
            "200 missing, such as 'fear.*200 too many, such as 'afraid",
        ),
    ],
)
def test_missing_and_extra_files(casia_tree, harm, message):
    harm(casia_tree)
    with pytest.raises(CorpusError, match=message) as caught:
        casia(casia_tree)
    assert "\n" not in str(caught.value) and "6 emotions x 200 files" in str(caught.value)


def test_another_corpus_and_no_folder(tmp_path):
    (tmp_path / "wav").mkdir()
    (tmp_path / "wav" / "03a01Fa.wav").touch()
    with pytest.raises(CorpusError, match=r"folders: wav"):
        casia(tmp_path)
    with pytest.raises(CorpusError, match="no such folder"):
        casia(tmp_path / "nowhere")


def test_emodb(emodb_tree):
    corpus = emodb(emodb_tree)
    assert len(corpus) == 535 and corpus.name == "emodb"
    assert corpus.classes == ("fear", "disgust", "happiness", "boredom", "neutral", "sadness", "anger")
    assert np.bincount(corpus.labels).tolist() == [69, 46, 71, 81, 79, 62, 127]
    assert [path.name for path in corpus.paths[:2]] == ["03a01Aa.wav", "03a01Ea.wav"]
    of = {path.name: i for i, path in enumerate(corpus.paths)}
    for name, emotion in (("16b10Wa.wav", "anger"), ("08a02La.wav", "boredom"), ("03a01Ta.wav", "sadness")):
        i = of[name]
        assert corpus.classes[corpus.labels[i]] == emotion
        assert (corpus.speakers[i], corpus.sentences[i]) == (name[:2], name[2:5])
    assert list(corpus.paths) == sorted(corpus.paths)


def test_ravdess(ravdess_tree):
    corpus = ravdess(ravdess_tree)
    assert len(corpus) == 1440 and corpus.name == "ravdess" and corpus.classes == RAVDESS_EMOTIONS
    assert np.bincount(corpus.labels).tolist() == [96] + [192] * 7
    assert Counter(corpus.speakers) == {f"{actor:02}": 60 for actor in range(1, 25)}
    assert Counter(corpus.sentences) == {"01": 720, "02": 720}
    i = [path.name for path in corpus.paths].index("03-01-06-01-02-01-12.wav")
    assert corpus.classes[corpus.labels[i]] == "fearful"
    assert (corpus.speakers[i], corpus.sentences[i]) == ("12", "02")
    assert list(corpus.paths) == sorted(corpus.paths)


def test_the_audit_knows_their_speakers(ravdess_tree):
    """Leave one actor out: no speaker, but every sentence, stands on both sides."""
    corpus = ravdess(ravdess_tree)
    assert len(set(corpus.speakers)) == 24
    people = np.array([f"{speaker}{i % 5}" for i, speaker in enumerate(corpus.speakers)])  # groups for validation
    split = leave_one_speaker_out(corpus.labels, corpus.speakers, people, seed=0)[0]
    report = audit_split(corpus, np.arange(1440), split)
    assert report["shared_speakers"] == 0.0 and report["shared_sentences"] == 1.0 and report["test"] == 60


def one_more(root, name):
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).touch()


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (
            lambda root: (root / "wav" / "03a01Wa.wav").unlink(),
            "wav/03a01Fa.wav, 535 files; found 534 WAV files .folders: wav.; anger 126 instead of 127",
        ),
        (lambda root: one_more(root, "wav/16b10Wb.wav"), "found 536.*anger 128 instead of 127"),
        (
            lambda root: (root / "wav" / "03a01Wa.wav").rename(root / "wav" / "03a01Af.wav"),
            "found 535 WAV.*fear 70 instead of 69, anger 126 instead of 127",
        ),
        (
            lambda root: one_more(root, "wav/03a01Xa.wav"),
            "03a01Xa.wav: unknown emotion letter 'X'; A, E, F, L, N, T, W",
        ),
        (lambda root: one_more(root, "wav/07a01Wa.wav"), "1 named otherwise, such as 'wav/07a01Wa.wav'"),
        (lambda root: one_more(root, "03a01Wa.wav"), "1 named otherwise, such as '03a01Wa.wav'"),
        (lambda root: (root / "wav").rename(root / "sounds"), "535 named otherwise, such as 'sounds/03a01Aa.wav'"),
    ],
)
def test_an_emodb_that_is_not_whole(emodb_tree, harm, message):
    harm(emodb_tree)
    with pytest.raises(CorpusError, match=message) as caught:
        emodb(emodb_tree)
    assert "\n" not in str(caught.value) and str(emodb_tree) in str(caught.value)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (
            lambda root: (root / "Actor_07" / "03-01-08-02-01-01-07.wav").unlink(),
            "1440 files of speech; found 1439 WAV files .*1 missing, such as 'Actor_07/03-01-08-02-01-01-07.wav'",
        ),
        (
            lambda root: one_more(root, "Actor_07/03-02-02-01-01-01-07.wav"),  # song
            "found 1441 WAV.*1 too many, such as 'Actor_07/03-02",
        ),
        (lambda root: one_more(root, "Actor_07/03-01-01-02-01-01-07.wav"), "1 too many"),  # strong neutral
        (lambda root: one_more(root, "Actor_07/03-01-09-01-01-01-07.wav"), "01-01-07.wav: unknown emotion code 09; 01"),
        (lambda root: one_more(root, "Actor_07/03-01-00-01-01-01-07.wav"), "01-01-07.wav: unknown emotion code 00; 01"),
        (lambda root: (root / "Actor_24").rename(root / "Actor_25"), "60 missing, such as .*60 too many, such as"),
    ],
)
def test_a_ravdess_that_is_not_whole(ravdess_tree, harm, message):
    harm(ravdess_tree)
    with pytest.raises(CorpusError, match=message) as caught:
        ravdess(ravdess_tree)
    assert "\n" not in str(caught.value) and str(ravdess_tree) in str(caught.value)


def test_one_corpus_taken_for_another(emodb_tree, tmp_path):
    with pytest.raises(CorpusError, match=r"RAVDESS is expected as Actor_01/.*found 535 WAV files \(folders: wav\)"):
        ravdess(emodb_tree)
    other = tmp_path / "other"
    for name in ("Actor_01/03-01-01-01-01-01-01.wav", "Actor_02/03-01-01-01-01-01-02.wav"):
        (other / name).parent.mkdir(parents=True)
        (other / name).touch()
    with pytest.raises(CorpusError, match=r"EMO-DB is expected .*folders: Actor_01, Actor_02.*such as 'Actor_01"):
        emodb(other)
    for loader, name in ((emodb, "EMO-DB"), (ravdess, "RAVDESS")):
        with pytest.raises(CorpusError, match=f"nowhere: no such folder; {name} is expected as"):
            loader(tmp_path / "nowhere")
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(CorpusError, match=r"found 0 WAV files \(folders: none\)"):
            loader(tmp_path / "empty")


@pytest.mark.corpus
def test_the_real_ones(corpora):
    berlin = emodb(corpora / "emodb")
    assert np.bincount(berlin.labels).tolist() == [69, 46, 71, 81, 79, 62, 127]
    per_speaker = {"03": 49, "08": 58, "09": 43, "10": 38, "11": 55, "12": 35, "13": 61, "14": 69, "15": 56, "16": 71}
    assert Counter(berlin.speakers) == per_speaker and len(set(berlin.sentences)) == 10
    toronto = ravdess(corpora / "ravdess")
    assert np.bincount(toronto.labels).tolist() == [96] + [192] * 7 and len(set(toronto.speakers)) == 24


def test_image_trees(tmp_path):
    with pytest.raises(CorpusError, match="no such folder"):
        image_tree(tmp_path / "nowhere")
    (tmp_path / "b").mkdir()
    with pytest.raises(CorpusError, match=re.escape("two or more classes is expected; classes: b")):
        image_tree(tmp_path)
    (tmp_path / "a").mkdir()
    for name in ("x (2)", "x (10)"):
        Image.new("RGB", (2, 2)).save(tmp_path / "a" / f"{name}.png")
    with pytest.raises(CorpusError, match="b: no PNG images"):
        image_tree(tmp_path)
    Image.new("RGB", (2, 2)).save(tmp_path / "b" / "y.png")
    tree = image_tree(tmp_path)
    assert tree.classes == ("a", "b") and tree.labels.tolist() == [0, 0, 1] and tree.speakers is None
    assert [path.name for path in tree.paths] == ["x (10).png", "x (2).png", "y.png"]
