"""The emotion in a file's name, in the words of a run's classes."""

from pathlib import Path

from experiments.data.corpora import EMODB_LETTERS, EMODB_NAME, RAVDESS_EMOTIONS, RAVDESS_NAME

SYNONYMS = {  # the corpora's adjectives and the nouns they stand for
    "angry": "anger",
    "fearful": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
}
EMOTIONS = {"anger", "boredom", "calm", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"}


def emotion_in_name(path) -> str | None:
    """The emotion that a file's name states, or None.

    03a01Fa.wav                   EMO-DB: the sixth character
    03-01-06-01-02-01-12.wav      RAVDESS: the third number
    angry/anything.wav            the folder, as in CASIA

    Checked: tests/test_recogniser_core.py
    """
    path = Path(path).absolute()
    if match := EMODB_NAME.fullmatch(f"wav/{path.stem}.wav"):
        return EMODB_LETTERS.get(match["letter"])
    if match := RAVDESS_NAME.fullmatch(f"Actor_00/{path.stem}.wav"):
        code = int(match["code"])
        return RAVDESS_EMOTIONS[code - 1] if 1 <= code <= len(RAVDESS_EMOTIONS) else None
    folder = path.parent.name.lower()
    return folder if SYNONYMS.get(folder, folder) in EMOTIONS else None


def class_of(emotion: str, classes) -> str | None:
    """The class that means `emotion`, such as "happiness" for "happy"; None if no class does.

    Checked: tests/test_recogniser_core.py
    """
    meaning = {SYNONYMS.get(name.lower(), name.lower()): name for name in classes}
    return meaning.get(SYNONYMS.get(emotion.lower(), emotion.lower()))
