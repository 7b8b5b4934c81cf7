"""IEMOCAP as published: its utterances of four emotions. The corpus is licensed; no part of it is included."""

import re
from collections import Counter
from pathlib import Path

import numpy as np

from dsp.files.naming import file_error_line
from dsp.files.reading import read_regular_file
from experiments.data.corpora import Corpus, CorpusError

CLASSES = ("angry", "happy", "neutral", "sad")
CLASS_OF = {"ang": "angry", "hap": "happy", "exc": "happy", "neu": "neutral", "sad": "sad"}  # happy: with excited
OTHERS = ("fru", "sur", "fea", "dis", "oth", "xxx")  # frustrated, surprised, afraid, disgusted, other, no majority
COUNTS = {"angry": 1103, "happy": 1636, "neutral": 1708, "sad": 1084}  # 5531
SESSIONS = tuple(f"Session{k}" for k in range(1, 6))
LABEL = re.compile(
    r"\[\d+\.\d+ - \d+\.\d+\]\t(?P<name>(?P<dialog>Ses0\d[FM]_\w+)_(?P<who>[FM])\w+)\t(?P<emotion>\w{3})\t"
)


def iemocap(root) -> Corpus:
    """Four-class IEMOCAP, 5531 utterances of ten speakers in five sessions.

    root/Session1/dialog/EmoEvaluation/Ses01F_impro01.txt     lines "[begin - end]<TAB>name<TAB>emotion<TAB>[...]"
    root/Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav

    Happy and excited form one class, as is usual; the other emotions are left out. A speaker is a session plus F or M
    for the person who speaks, such as Ses01F. (The letter in the first part of a name says who wore the markers.)

    Raises CorpusError if a session is missing, a label is unreadable, an utterance has no file, or the sizes of the
    classes differ from the published ones.

    Source: Busso et al. 2008, IEMOCAP. Checked: tests/test_iemocap_is_read_as_published.py
    """
    root = Path(root)
    layout = "IEMOCAP is expected as Session1/dialog/EmoEvaluation/*.txt and Session1/sentences/wav/*/*.wav"
    missing = [name for name in SESSIONS if not (root / name / "dialog" / "EmoEvaluation").is_dir()]
    if missing:
        raise CorpusError(f"{root}: {layout}, five sessions; no labels of {', '.join(missing)}")
    found = []  # (path, class, speaker, dialog)
    for session in SESSIONS:
        for labels in sorted((root / session / "dialog" / "EmoEvaluation").glob("*.txt")):
            found += _utterances(root / session, labels)
    absent = [path for path, *_ in found if not path.is_file()]
    if absent:
        raise CorpusError(f"{root}: {layout}; {len(absent)} labeled utterances without a file, such as {absent[0]}")
    counts = Counter(name for _, name, *_ in found)
    if counts != COUNTS:
        sizes = ", ".join(f"{name} {counts[name]} instead of {COUNTS[name]}" for name in CLASSES)
        raise CorpusError(f"{root}: {layout}; utterances found: {sizes}")
    paths, names, speakers, dialogs = zip(*found, strict=True)
    return Corpus(
        name="iemocap",
        classes=CLASSES,
        paths=paths,
        labels=np.array([CLASSES.index(name) for name in names]),
        speakers=np.array(speakers),
        sentences=np.array(dialogs),
    )


def _utterances(session: Path, labels: Path) -> list[tuple]:
    """The utterances of one dialog with one of the four emotions, in the order of the label file."""
    found = []
    try:
        text = read_regular_file(labels).decode("utf-8", "replace")
    except OSError as error:
        raise CorpusError(file_error_line(error, labels)) from None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("["):
            continue  # answers of single raters, headings
        match = LABEL.match(line)
        if not match and "\t" not in line:
            continue  # the heading "[START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]"
        if not match or match["emotion"] not in (*CLASS_OF, *OTHERS):
            raise CorpusError(f"{labels}, line {number}: no label of an utterance: {line[:60]!r}")
        if match["emotion"] in CLASS_OF:
            path = session / "sentences" / "wav" / match["dialog"] / f"{match['name']}.wav"
            found.append((path, CLASS_OF[match["emotion"]], match["dialog"][:5] + match["who"], match["dialog"]))
    return found
