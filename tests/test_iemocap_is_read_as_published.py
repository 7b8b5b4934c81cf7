"""IEMOCAP's loader on a made-up tree of the published layout: classes, speakers, sessions, and what is refused."""

import numpy as np
import pytest

from experiments.data import iemocap as module
from experiments.data.corpora import CorpusError
from experiments.data.iemocap import iemocap
from experiments.finch_dycnn import splits_of

LINES = [("F000", "neu"), ("M000", "xxx"), ("F001", "hap"), ("M001", "exc"), ("M002", "ang"), ("F002", "sad")]
HEADING = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Five sessions of two dialogs: in each one neutral, one angry, one sad and two happy utterances, one undecided."""
    monkeypatch.setattr(module, "COUNTS", {"angry": 10, "happy": 20, "neutral": 10, "sad": 10})
    for session in range(1, 6):
        for dialog in (f"Ses0{session}F_impro01", f"Ses0{session}M_script01_1"):
            labels = tmp_path / f"Session{session}" / "dialog" / "EmoEvaluation" / f"{dialog}.txt"
            sounds = tmp_path / f"Session{session}" / "sentences" / "wav" / dialog
            labels.parent.mkdir(parents=True, exist_ok=True)
            sounds.mkdir(parents=True)
            text = HEADING
            for k, (turn, emotion) in enumerate(LINES):
                text += f"[{k}.2901 - {k + 1}.2357]\t{dialog}_{turn}\t{emotion}\t[2.5000, 2.5000, 2.5000]\n"
                text += "C-E2:\tNeutral;\t()\nA-E1:\tval 3; act 2; dom  2;\t()\n\n"
                (sounds / f"{dialog}_{turn}.wav").touch()
            labels.write_text(text)
    return tmp_path


def test_classes_and_speakers(tree):
    corpus = iemocap(tree)
    assert len(corpus) == 50 and corpus.classes == ("angry", "happy", "neutral", "sad")
    assert np.bincount(corpus.labels).tolist() == [10, 20, 10, 10]
    assert sorted(set(corpus.speakers)) == [f"Ses0{k}{who}" for k in range(1, 6) for who in "FM"]
    by_name = {path.name: i for i, path in enumerate(corpus.paths)}
    one = by_name["Ses03F_impro01_M001.wav"]  # the man of session 3, excited, in a dialog where she wore the markers
    assert corpus.speakers[one] == "Ses03M" and corpus.classes[corpus.labels[one]] == "happy"
    assert "Ses03F_impro01_M000.wav" not in by_name
    assert corpus.paths[one] == tree / "Session3/sentences/wav/Ses03F_impro01/Ses03F_impro01_M001.wav"


def test_speakers_are_left_out_by_session(tree):
    corpus = iemocap(tree)
    folds = splits_of(corpus, np.arange(len(corpus)), "speaker", seed=0)
    assert sorted(fold.fold for fold in folds) == [f"Ses0{k}" for k in range(1, 6)]
    for fold in folds:
        sessions = [{speaker[:5] for speaker in corpus.speakers[of]} for of in (fold.train, fold.validation, fold.test)]
        assert [len(of) for of in sessions] == [3, 1, 1] and len(set.union(*sessions)) == 5


def missing_session(tree):
    (tree / "Session4/dialog/EmoEvaluation").rename(tree / "Session4/dialog/elsewhere")


def missing_file(tree):
    (tree / "Session2/sentences/wav/Ses02F_impro01/Ses02F_impro01_F001.wav").unlink()


def strange_label(tree):
    path = tree / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
    path.write_text(path.read_text().replace("\tang\t", "\tmad\t"))


def one_too_few(tree):
    path = tree / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
    path.write_text(path.read_text().replace("\tang\t", "\tfru\t"))


def folder_of_labels(tree):
    path = tree / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "harm, message",
    [
        (missing_session, "no labels of Session4"),
        (missing_file, "1 labeled utterances without a file, such as .*Ses02F_impro01_F001.wav"),
        (strange_label, r"Ses01F_impro01.txt, line \d+: no label of an utterance"),
        (folder_of_labels, r"Ses01F_impro01.txt: Is a directory"),
        (one_too_few, "angry 9 instead of 10"),
    ],
)
def test_what_is_not_whole(tree, harm, message):
    harm(tree)
    with pytest.raises(CorpusError, match=message) as raised:
        iemocap(tree)
    assert "\n" not in str(raised.value)


def test_the_published_sizes():
    assert sum(module.COUNTS.values()) == 5531
