"""Closed form on a made-up corpus; published facts about the CASIA paper's image folder."""

from pathlib import Path

import numpy as np
import pytest

from experiments.data.corpora import Corpus, image_tree
from experiments.data.leakage import audit_corpus, audit_split, ceiling, describe, digests, lookup_table_accuracy
from experiments.data.splits import NOTHING, Split, as_published, honest
from experiments.inputs.zheng_casia import load_images

#                    0    1    2    3    4    5    6    7    8    9
CONTENT = np.array(["a", "a", "b", "c", "c", "c", "d", "e", "f", "f"])
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1, 0, 1])


def corpus(**known) -> Corpus:
    return Corpus("made up", ("x", "y"), tuple(Path(f"{i}.png") for i in range(10)), LABELS, **known)


def test_digests_compare_contents():
    found = digests(np.array([[1, 2], [1, 2], [2, 1]], np.uint8))
    assert found[0] == found[1] != found[2]


def test_lookup_table():
    split = Split(np.array([0, 2, 3, 4, 8]), NOTHING, np.array([1, 5, 6, 7, 9]))
    # a: x, right; c, seen once as x and once as y: the first, x, wrong; d and e, unseen: x, wrong; f: x, wrong
    assert lookup_table_accuracy(CONTENT, LABELS, split) == 1 / 5


def test_ceiling():
    assert ceiling(CONTENT, LABELS) == (2 + 1 + 2 + 1 + 1 + 1) / 10


def test_audit_of_a_corpus():
    report = audit_corpus(corpus(), CONTENT)
    assert report["files"] == 10 and report["distinct"] == 6 and report["under_several_labels"] == 2
    assert report["distinct_per_class"] == {"x": 4, "y": 4} and report["ceiling"] == 0.8
    tables = [lookup_table_accuracy(CONTENT, LABELS, as_published(LABELS, seed)) for seed in range(300)]
    mean = sum(tables) / 300
    deviation = (sum((x - mean) ** 2 for x in tables) / 299) ** 0.5  # of a sample: divided by n - 1
    assert report["lookup_table_mean"] == round(mean, 4) and report["lookup_table_sd"] == round(deviation, 4)
    assert report["lookup_table_sd"] != round(deviation * (299 / 300) ** 0.5, 4)
    text = describe(corpus(), report)
    assert "10 files, 6 distinct" in text and "2 contents have more than one label" in text and "80.0%" in text


def test_audit_of_a_split():
    people, words = np.array(list("ppppqqqqrr")), np.array(list("uvuvuvuvuv"))
    split = Split(np.array([0, 1, 2, 3]), np.array([8]), np.array([4, 5, 6, 7, 9]))
    report = audit_split(corpus(speakers=people, sentences=words), CONTENT, split)
    assert (report["train"], report["validation"], report["test"]) == (4, 1, 5)
    assert report["test_copies_in_training"] == 2 / 5  # the two c
    assert report["shared_speakers"] == 0.0 and report["shared_sentences"] == 1.0


def test_what_the_network_sees_is_audited_too():
    """Half the gain is another recording, and the same input to a network that scales what it sees."""
    signals = np.array([[1.0, 2.0], [0.5, 1.0], [2.0, 1.0]])
    inputs = digests(signals / signals.max(1, keepdims=True))
    split = Split(np.array([0, 2]), NOTHING, np.array([1]))
    two = Corpus("x", ("a", "b"), tuple(Path(f"{i}.png") for i in range(3)), np.array([0, 0, 1]))
    report = audit_split(two, digests(signals), split, inputs)
    assert report["test_copies_in_training"] == 0 and report["test_inputs_in_training"] == 1
    assert audit_split(two, digests(signals), split)["test_inputs_in_training"] is None


def test_all_three_sides_are_compared():
    """Validation == test, and validation == training, are seen."""
    content = np.array(list("abcde"))
    made = Corpus("x", ("a", "b"), tuple(Path(f"{i}.png") for i in range(5)), np.array([0, 1, 0, 1, 0]))
    training, test = np.array([0, 1, 2]), np.array([3, 4])
    same = audit_split(made, content, Split(training, test, test))
    assert (same["test_copies_in_validation"], same["validation_copies_in_training"]) == (1, 0)
    same = audit_split(made, content, Split(training, training, test))
    assert (same["test_copies_in_validation"], same["validation_copies_in_training"]) == (0, 1)
    assert audit_split(made, content, Split(training, NOTHING, test))["test_copies_in_validation"] is None


def test_takes_are_told():
    takes = np.array(["12 happy", "12 happy", "13 happy"])
    made = Corpus("x", ("a",), tuple(Path(f"{i}.png") for i in range(3)), np.zeros(3, int), takes=takes)
    report = audit_split(made, np.arange(3), Split(np.array([0]), NOTHING, np.array([1, 2])))
    assert report["shared_takes"] == 0.5


def test_unknown_speakers_are_not_zero():
    split = Split(np.arange(5), NOTHING, np.arange(5, 10))
    assert audit_split(corpus(), CONTENT, split)["shared_speakers"] is None


@pytest.mark.corpus
def test_the_papers_own_folder(corpora):
    tree = image_tree(corpora / "casia_author_images")
    content = digests(load_images(tree))
    report = audit_corpus(tree, content)
    assert report["files"] == 1200 and report["distinct"] == 91 and report["under_several_labels"] == 29
    assert list(report["distinct_per_class"].values()) == [14, 27, 28, 16, 27, 13]
    assert report["ceiling"] == 0.8042
    assert abs(report["lookup_table_mean"] - 0.786) < 0.005 and abs(report["lookup_table_sd"] - 0.019) < 0.003
    random, kept_together = as_published(tree.labels, 0), honest(tree.labels, content, 0)
    assert audit_split(tree, content, random)["test_copies_in_training"] > 0.99
    assert audit_split(tree, content, kept_together)["test_copies_in_training"] == 0


def test_a_corpus_without_known_sentences_is_described():
    corpus = Corpus("two corpora", ("a", "b"), (), np.array([0, 1]), speakers=np.array(["s", "t"]))
    text = describe(corpus, {"files": 2, "distinct": 2})
    assert "2 speakers: a random split has the same voices on both sides" in text
