"""EmoBox's folds: every file once, the published sizes, and by whom they are drawn."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from experiments.data.corpora import Corpus, CorpusError, casia, emodb, ravdess
from experiments.data.emobox import CASIA_SPEAKERS, TABLE, emobox_folds


def test_the_table_names_every_file_once():
    with open(TABLE, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert Counter(row["corpus"] for row in rows) == {"emodb": 535, "ravdess": 1440}
    assert len({(row["corpus"], row["file"]) for row in rows}) == 1975
    sizes = Counter((row["corpus"], row["fold"]) for row in rows)
    assert sizes == {("emodb", str(k)): 107 for k in range(1, 6)} | {("ravdess", str(k)): 240 for k in range(1, 7)}


def test_casias_folds_are_its_speakers():
    speakers = np.array([*CASIA_SPEAKERS, "wangzhe"])
    corpus = Corpus("casia", ("a", "b"), tuple(Path(f"{i}.wav") for i in range(5)), np.arange(5) % 2, speakers)
    folds = emobox_folds(corpus)
    assert [fold.test.tolist() for fold in folds] == [[0, 4], [1], [2], [3]]
    assert all(not len(fold.validation) and len(fold.train) + len(fold.test) == 5 for fold in folds)


def test_other_files_are_refused():
    with pytest.raises(CorpusError, match="its files differ from those of EmoBox's folds, such as"):
        emobox_folds(Corpus("emodb", ("a",), (Path("03a01Fa.wav"),), np.zeros(1, int)))
    with pytest.raises(CorpusError, match="synthetic: EmoBox's folds are known for"):
        emobox_folds(Corpus("synthetic", ("a",), (Path("x.wav"),), np.zeros(1, int)))


@pytest.mark.corpus
@pytest.mark.parametrize("load, speakers_left_out", [(emodb, False), (ravdess, True), (casia, True)])
def test_folds_of_the_corpora(corpora, load, speakers_left_out):
    corpus = load(corpora / load.__name__)
    folds = emobox_folds(corpus)
    assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(len(corpus)))
    for fold in folds:
        shared = set(corpus.speakers[fold.test]) & set(corpus.speakers[fold.train])
        assert bool(shared) is not speakers_left_out
