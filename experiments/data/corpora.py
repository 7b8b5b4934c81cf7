"""Corpora as their publishers lay them out: files, labels, speakers and sentences, all checked.

An incomplete corpus is refused with one line that states what was expected and what was found. So no experiment runs
on part of a corpus by accident.
"""

import csv
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dsp.files.naming import FileError, printable

CASIA_EMOTIONS = ("angry", "fear", "happy", "neutral", "sad", "surprise")
CASIA_PER_EMOTION = 200
EMODB_LETTERS = {  # the sixth character of a name: the initial of the German word
    "A": "fear",  # Angst
    "E": "disgust",  # Ekel
    "F": "happiness",  # Freude
    "L": "boredom",  # Langeweile
    "N": "neutral",
    "T": "sadness",  # Trauer
    "W": "anger",  # Wut
}
EMODB_COUNTS = {"A": 69, "E": 46, "F": 71, "L": 81, "N": 79, "T": 62, "W": 127}
EMODB_NAME = re.compile(r"wav/(?P<speaker>03|08|09|1[0-6])(?P<sentence>[ab]\d\d)(?P<letter>[A-Z])[a-f]\.wav")
RAVDESS_EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")  # codes 01 .. 08
RAVDESS_NAME = re.compile(r"Actor_\d\d/03-01-(?P<code>\d\d)-\d\d-\d\d-\d\d-\d\d\.wav")


class CorpusError(FileError):
    """A corpus is not as published. The message is one line: the folder, what was expected, what was found."""


@dataclass(frozen=True)
class Corpus:
    """Files with their labels and metadata; index i stands for the same file everywhere.

    paths : n paths;  labels : (n,) int, indices into `classes`
    speakers, sentences : (n,) strings, or None if unknown
    takes : (n,) strings, equal for recordings of the same speaker, words, emotion and intensity; None if unknown
    """

    name: str
    classes: tuple[str, ...]
    paths: tuple[Path, ...]
    labels: np.ndarray
    speakers: np.ndarray | None = None
    sentences: np.ndarray | None = None
    takes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def of_examples(self, files: np.ndarray) -> "Corpus":
        """The corpus whose examples are parts or copies of files: example i belongs to file files[i], (n,) int.

        Splitting it by example puts parts of one recording on both sides: a leak, to measure its effect.

        Checked: tests/test_leaks_are_what_they_say.py
        """
        names = ("labels", "speakers", "sentences", "takes")
        known = {name: getattr(self, name)[files] for name in names if getattr(self, name) is not None}
        return replace(self, paths=tuple(self.paths[file] for file in files), **known)


def casia(root) -> Corpus:
    """CASIA, the published 1200 utterances: root/<emotion>/<emotion> (k).wav, k = 1..200, six emotions.

    Within an emotion, files are in name order, as MATLAB lists them: (1), (10), (100), (101), ...
    The 4 speakers and 50 sentences come from casia_speakers.tsv.

    Raises CorpusError if a folder or file is missing, or if there are other files.

    Checked: tests/test_corpora_are_checked.py
    """
    root = Path(root)
    expected = {f"{emotion}/{emotion} ({k}).wav" for emotion in CASIA_EMOTIONS for k in range(1, CASIA_PER_EMOTION + 1)}
    layout = "CASIA is expected as <emotion>/<emotion> (k).wav, 6 emotions x 200 files"
    names = _wav_names(root, layout)
    _expect_files(root, expected, found=set(names), layout=layout)
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
        takes=np.array([f"{known[name]['speaker']} {known[name]['sentence']} {name.split('/')[0]}" for name in names]),
    )


def emodb(root) -> Corpus:
    """Berlin EMO-DB, the published 535 utterances: root/wav/03a01Fa.wav, seven emotions, ten speakers.

    A name consists of speaker (2 digits), sentence (a01 .. b10), emotion (a letter) and take (a letter). The existing
    takes follow no rule, so names are checked by their pattern and files are counted per emotion. Files are in name
    order. Classes are in the order of their letters, A E F L N T W, as scikit-learn's LabelEncoder sorts them: fear,
    disgust, happiness, boredom, neutral, sadness, anger.

    Raises CorpusError if the folder is missing, has another layout or is incomplete. For an unknown emotion letter
    the message names the file.

    Source: Burkhardt et al. 2005, A database of German emotional speech.
    Checked: tests/test_corpora_are_checked.py
    """
    root = Path(root)
    layout = f"EMO-DB is expected as wav/03a01Fa.wav, {sum(EMODB_COUNTS.values())} files"
    names = _wav_names(root, layout)
    matches = {name: EMODB_NAME.fullmatch(name) for name in names}
    for name, match in matches.items():
        if match and match["letter"] not in EMODB_LETTERS:
            known = ", ".join(EMODB_LETTERS)
            raise CorpusError(f"{root / name}: unknown emotion letter {match['letter']!r}; {known} are known")
    others = [name for name, match in matches.items() if not match]
    if others:
        report = f"{len(others)} named otherwise, such as {others[0]!r}"
        raise CorpusError(f"{root}: {layout}; {_found(root, names)}; {report}")
    found = Counter(match["letter"] for match in matches.values())
    if found != EMODB_COUNTS:
        wrong = [
            f"{emotion} {found[letter]} instead of {EMODB_COUNTS[letter]}"
            for letter, emotion in EMODB_LETTERS.items()
            if found[letter] != EMODB_COUNTS[letter]
        ]
        raise CorpusError(f"{root}: {layout}; {_found(root, names)}; {', '.join(wrong)}")
    letters = list(EMODB_LETTERS)
    return Corpus(
        name="emodb",
        classes=tuple(EMODB_LETTERS.values()),
        paths=tuple(root / name for name in names),
        labels=np.array([letters.index(matches[name]["letter"]) for name in names]),
        speakers=np.array([matches[name]["speaker"] for name in names]),
        sentences=np.array([matches[name]["sentence"] for name in names]),
        takes=np.array(["".join(matches[name].group("speaker", "sentence", "letter")) for name in names]),
    )


def ravdess(root) -> Corpus:
    """RAVDESS, the published 1440 files of speech: root/Actor_01/03-01-06-01-02-01-12.wav, eight emotions, 24 actors.

    A name consists of 03 (sound only), 01 (speech), emotion, intensity, statement, repetition and actor. Each actor
    says both statements twice in every emotion at both intensities; neutral has one intensity. Files are in name
    order, classes in the order of their codes. A speaker is an actor, a sentence is a statement.

    Raises CorpusError if a folder or file is missing, or if there are other files. For an unknown emotion code the
    message names the file.

    Source: Livingstone & Russo 2018, The Ryerson Audio-Visual Database of Emotional Speech and Song.
    Checked: tests/test_corpora_are_checked.py
    """
    root = Path(root)
    expected = {
        f"Actor_{actor:02}/03-01-{emotion:02}-{intensity:02}-{statement:02}-{repetition:02}-{actor:02}.wav"
        for actor in range(1, 25)
        for emotion in range(1, 9)
        for intensity in (1, 2)[: 1 if emotion == 1 else 2]
        for statement in (1, 2)
        for repetition in (1, 2)
    }
    layout = (
        f"RAVDESS is expected as Actor_01/03-01-06-01-02-01-01.wav, 24 actors x 60 = {len(expected)} files of speech"
    )
    names = _wav_names(root, layout)
    for name in names:
        match = RAVDESS_NAME.fullmatch(name)
        if match and not 1 <= int(match["code"]) <= len(RAVDESS_EMOTIONS):
            raise CorpusError(f"{root / name}: unknown emotion code {match['code']}; 01 .. 08 are known")
    _expect_files(root, expected, found=set(names), layout=layout)
    fields = [name.split("/")[1].removesuffix(".wav").split("-") for name in names]
    return Corpus(
        name="ravdess",
        classes=RAVDESS_EMOTIONS,
        paths=tuple(root / name for name in names),
        labels=np.array([int(field[2]) - 1 for field in fields]),
        speakers=np.array([field[6] for field in fields]),
        sentences=np.array([field[4] for field in fields]),
        takes=np.array(["-".join([field[6], *field[2:5]]) for field in fields]),  # all but the repetition
    )


def image_tree(root) -> Corpus:
    """A folder of images, root/<class>/*.png, as read by MATLAB's imageDatastore with 'foldernames'.

    Raises CorpusError if the folder is missing, has fewer than two classes, or a class without PNGs.

    Checked: tests/test_corpora_are_checked.py
    """
    root = Path(root)
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder; an image tree <class>/*.png is expected")
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    classes = tuple(printable(folder.name) for folder in folders)  # results store the names of classes
    if len(classes) < 2:
        found = ", ".join(classes) or "none"
        raise CorpusError(f"{root}: an image tree <class>/*.png of two or more classes is expected; classes: {found}")
    files = [sorted(folder.glob("*.png")) for folder in folders]
    for folder, paths in zip(folders, files, strict=True):
        if not paths:
            raise CorpusError(f"{folder}: no PNG images; an image tree <class>/*.png is expected")
    return Corpus(
        name="images",
        classes=classes,
        paths=tuple(path for paths in files for path in paths),
        labels=np.repeat(np.arange(len(classes)), [len(paths) for paths in files]),
    )


def complete(loaded: list) -> list:
    """Returns `loaded`, one item per file, if no item is a ValueError.

    Raises CorpusError otherwise. Its message is one line: the first error and the number of further errors.

    Checked: tests/test_bad_files_are_named.py
    """
    errors = [item for item in loaded if isinstance(item, ValueError)]
    if errors:
        raise CorpusError(f"{errors[0]}" + (f" (and {len(errors) - 1} more bad files)" if errors[1:] else ""))
    return loaded


def _wav_names(root: Path, layout: str) -> list[str]:
    """Sorted names of the WAV files in the folder and its subfolders, relative to the folder."""
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder; {layout}")
    return sorted(path.relative_to(root).as_posix() for pattern in ("*.wav", "*/*.wav") for path in root.glob(pattern))


def _found(root: Path, names) -> str:
    folders = ", ".join(sorted(path.name for path in root.iterdir() if path.is_dir())[:8]) or "none"
    return f"found {len(names)} WAV files (folders: {folders})"


def _expect_files(root: Path, expected: set[str], found: set[str], layout: str) -> None:
    missing, extra = sorted(expected - found), sorted(found - expected)
    if missing or extra:
        report = _found(root, found)
        report += f"; {len(missing)} missing, such as {missing[0]!r}" if missing else ""
        report += f"; {len(extra)} too many, such as {extra[0]!r}" if extra else ""
        raise CorpusError(f"{root}: {layout}; {report}")
