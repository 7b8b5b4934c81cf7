"""What a file's name tells of its emotion, in the words of a run's classes."""

import re
from pathlib import Path

from experiments.data.corpora import EMODB_LETTERS, EMODB_NAME, RAVDESS_EMOTIONS, RAVDESS_NAME

SAME = {  # the corpora's words for one emotion
    "angry": "anger",
    "fearful": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
}
EMOTIONS = {"anger", "boredom", "calm", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"}
FOLDERS = ("casia", "casia_author_images", "synthetic")  # corpora laid out as <emotion>/<emotion> (k).wav


def told_by_name(path) -> tuple[str, tuple[str, ...]] | None:
    """(emotion, corpora it may be of) as the name tells it; None if it does not.

    03a01Fa.wav                   EMO-DB: the sixth character
    03-01-06-01-02-01-12.wav      RAVDESS: the third number
    angry/angry (7).wav           CASIA: the folder; also of files named otherwise, then of no corpus known

    Checked: tests/test_recogniser_core.py
    """
    path = Path(path).absolute()
    if match := EMODB_NAME.fullmatch(f"wav/{path.stem}.wav"):
        emotion = EMODB_LETTERS.get(match["letter"])
        return (emotion, ("emodb",)) if emotion else None
    if match := RAVDESS_NAME.fullmatch(f"Actor_00/{path.stem}.wav"):
        code = int(match["code"])
        return (RAVDESS_EMOTIONS[code - 1], ("ravdess",)) if 1 <= code <= len(RAVDESS_EMOTIONS) else None
    folder = path.parent.name.lower()
    if SAME.get(folder, folder) not in EMOTIONS:
        return None
    return folder, FOLDERS if re.fullmatch(rf"{folder} \(\d+\)", path.stem.lower()) else ()


def as_class(emotion: str, classes) -> str | None:
    """The class that means `emotion`: "happiness" for "happy"; None if there is none among `classes`.

    Checked: tests/test_recogniser_core.py
    """
    meaning = {SAME.get(name.lower(), name.lower()): name for name in classes}
    return meaning.get(SAME.get(emotion.lower(), emotion.lower()))
