"""Corpora as their publishers lay them out: files, labels, speakers and sentences, checked on arrival.

A corpus that is not whole is refused with one line that says what was expected and what was found;
no experiment ever runs on part of a corpus by accident.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CASIA_EMOTIONS = ("angry", "fear", "happy", "neutral", "sad", "surprise")
CASIA_PER_EMOTION = 200


class CorpusError(ValueError):
    """A corpus that is not as published. One line: the folder, what is expected, what was found."""


@dataclass(frozen=True)
class Corpus:
    """Files and what is known of each; index i is the same file everywhere.

    paths : n paths;  labels : (n,) int, places in `classes`
    speakers, sentences : (n,) strings, or None where nobody knows them
    """

    name: str
    classes: tuple[str, ...]
    paths: tuple[Path, ...]
    labels: np.ndarray
    speakers: np.ndarray | None = None
    sentences: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.paths)


def casia(root) -> Corpus:
    """CASIA, the published 1200 utterances: root/<emotion>/<emotion> (k).wav, k = 1..200, six emotions.

    Files stand in name order within an emotion, as MATLAB lists them: (1), (10), (100), (101), ...
    Speakers (4) and sentences (50) are those of experiments/casia_speakers.tsv.

    Raises CorpusError if a folder or file is missing or one too many.

    Checked: tests/test_corpora_are_checked.py
    """
    root = Path(root)
    expected = {f"{emotion}/{emotion} ({k}).wav" for emotion in CASIA_EMOTIONS for k in range(1, CASIA_PER_EMOTION + 1)}
    layout = "CASIA is expected as <emotion>/<emotion> (k).wav, 6 emotions x 200 files"
    _expect_files(root, expected, found={f"{p.parent.name}/{p.name}" for p in root.glob("*/*.wav")}, layout=layout)
    names = sorted(expected)
    table = Path(__file__).with_name("casia_speakers.tsv")
    with open(table, encoding="utf-8", newline="") as file:
        known = {row["path"]: row for row in csv.DictReader(file, delimiter="\t")}
    return Corpus(
        name="casia",
        classes=CASIA_EMOTIONS,
        paths=tuple(root / name for name in names),
        labels=np.array([CASIA_EMOTIONS.index(name.split("/")[0]) for name in names]),
        speakers=np.array([known[name]["speaker"] for name in names]),
        sentences=np.array([known[name]["sentence"] for name in names]),
    )


def image_tree(root) -> Corpus:
    """A folder of images, root/<class>/*.png, as MATLAB's imageDatastore with 'foldernames' reads it.

    Raises CorpusError if the folder is missing, has fewer than two classes, or a class without PNGs.

    Checked: tests/test_corpora_are_checked.py
    """
    root = Path(root)
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder; an image tree <class>/*.png is expected")
    classes = tuple(sorted(path.name for path in root.iterdir() if path.is_dir()))
    if len(classes) < 2:
        found = ", ".join(classes) or "none"
        raise CorpusError(f"{root}: an image tree <class>/*.png of two or more classes is expected; classes: {found}")
    files = {name: sorted((root / name).glob("*.png")) for name in classes}
    for name in classes:
        if not files[name]:
            raise CorpusError(f"{root / name}: no PNG images; an image tree <class>/*.png is expected")
    return Corpus(
        name="images",
        classes=classes,
        paths=tuple(path for name in classes for path in files[name]),
        labels=np.repeat(np.arange(len(classes)), [len(files[name]) for name in classes]),
    )


def _expect_files(root: Path, expected: set[str], found: set[str], layout: str) -> None:
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder; {layout}")
    missing, extra = sorted(expected - found), sorted(found - expected)
    if missing or extra:
        folders = ", ".join(sorted(p.name for p in root.iterdir() if p.is_dir())[:8]) or "none"
        report = f"found {len(found)} WAV files (folders: {folders})"
        report += f"; {len(missing)} missing, such as {missing[0]!r}" if missing else ""
        report += f"; {len(extra)} too many, such as {extra[0]!r}" if extra else ""
        raise CorpusError(f"{root}: {layout}; {report}")
