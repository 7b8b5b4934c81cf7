"""A corpus that is not as published is refused with one line: expected, found, missing, too many."""

import re
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from experiments.corpora import CASIA_EMOTIONS, CorpusError, casia, image_tree


@pytest.fixture
def casia_tree(tmp_path):
    """CASIA's names with empty files: the loader looks at names, the readers at content."""
    for emotion in CASIA_EMOTIONS:
        (tmp_path / emotion).mkdir()
        for k in range(1, 201):
            (tmp_path / emotion / f"{emotion} ({k}).wav").touch()
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
