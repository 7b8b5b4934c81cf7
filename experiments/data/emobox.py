"""EmoBox's fixed folds, for comparison with the literature that uses them.

EMO-DB   5 folds by file: speakers are on both sides
RAVDESS  6 folds of 4 actors: no speaker is on both sides
CASIA    4 folds of one speaker each

The files of a fold are the test set, all others the training set. There is no validation set.

Source: Ma et al. 2024, "EmoBox: Multilingual Multi-corpus Speech Emotion Recognition Toolkit and Benchmark";
emobox_folds.tsv holds the facts (corpus, fold, file).
"""

import csv
from pathlib import Path

import numpy as np

from experiments.data.corpora import Corpus, CorpusError
from experiments.data.splits import NOTHING, Split

TABLE = Path(__file__).with_name("emobox_folds.tsv")
CASIA_SPEAKERS = ("wangzhe", "zhaozuoxiang", "liuchanhg", "zhaoquanyin")  # of folds 1 .. 4
BY = {"emodb": "file", "ravdess": "speaker", "casia": "speaker"}  # the unit that the folds divide


def emobox_folds(corpus: Corpus) -> list[Split]:
    """The folds of "emodb", "ravdess" or "casia", in order.

    Raises
    ------
    CorpusError  for another corpus, or for one whose files differ from the table's.

    Checked: tests/test_emobox_folds_are_the_published.py
    """
    if corpus.name not in BY:
        raise CorpusError(f"{corpus.name}: EmoBox's folds are known for {', '.join(BY)}")
    if corpus.name == "casia":
        fold_of = np.array([CASIA_SPEAKERS.index(speaker) + 1 for speaker in corpus.speakers])
    else:
        with open(TABLE, encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t")
            table = {row["file"]: int(row["fold"]) for row in rows if row["corpus"] == corpus.name}
        names = [path.name for path in corpus.paths]
        different = set(names) ^ set(table)
        if different:
            raise CorpusError(f"{corpus.name}: its files differ from those of EmoBox's folds, such as {min(different)}")
        fold_of = np.array([table[name] for name in names])
    return [
        Split(np.flatnonzero(fold_of != fold), NOTHING, np.flatnonzero(fold_of == fold), fold=f"emobox-{fold}")
        for fold in range(1, fold_of.max() + 1)
    ]
