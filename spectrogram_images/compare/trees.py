"""Pairs of pictures in two folders, and the recordings they show."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsp import AudioError, read_audio
from dsp.files.naming import printable
from spectrogram_images.folder import find_recordings

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class Pair:
    """Two pictures to compare; `name` is what the report calls them."""

    name: str
    a: Path
    b: Path
    audio: Path | None = None


def find_pairs(a: Path, b: Path, audio: Path | None = None) -> tuple[list[Pair], list[str], list[str]]:
    """The pairs of two files or two trees, and the names that only one of the trees has.

    In trees, pictures of the same relative path belong together, whatever their suffixes.

    Raises ValueError, one line, for paths that cannot be compared.

    Checked: tests/test_image_comparison.py
    """
    for path in (a, b, *([audio] if audio else [])):
        if not path.exists():
            raise ValueError(f"{printable(path)}: no such file or folder")
    if a.is_dir() != b.is_dir():
        raise ValueError(f"{printable(a)} and {printable(b)}: two files or two folders are expected")
    if not a.is_dir():
        if audio and audio.is_dir():
            raise ValueError(f"{printable(audio)}: a recording is expected for two files, not a folder")
        return [Pair(a.name, a, b, audio)], [], []
    if audio and not audio.is_dir():
        raise ValueError(f"{printable(audio)}: the folder of recordings is expected for two trees")
    trees = [_pictures(root) for root in (a, b)]
    for root, tree in zip((a, b), trees, strict=True):
        if not tree:
            raise ValueError(f"{printable(root)}: no pictures ({', '.join(SUFFIXES)}) in it or in its folders")
    recordings = _recordings(audio) if audio else {}
    names = sorted(trees[0].keys() & trees[1].keys())
    pairs = [Pair(str(trees[0][n].relative_to(a)), trees[0][n], trees[1][n], recordings.get(n)) for n in names]
    only = [sorted(str(t[n]) for n in t.keys() - o.keys()) for t, o in (trees, trees[::-1])]
    return pairs, only[0], only[1]


def read_signal(path: Path) -> np.ndarray:
    """The samples of a recording of one channel. AudioError for others."""
    signal, _ = read_audio(path)
    if signal.ndim != 1:
        raise AudioError(f"{path}: {signal.shape[0]} channels; a recording of one channel is expected")
    return signal


def _pictures(root: Path) -> dict[str, Path]:
    """The pictures under a folder by relative path without suffix."""
    found: dict[str, Path] = {}
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in relative.parts):
            found.setdefault(str(relative.with_suffix("")), path)
    return found


def _recordings(root: Path) -> dict[str, Path]:
    """Recordings by their image's relative path without suffix, and by their own."""
    recordings, _ = find_recordings(root, any_layout=True)
    found = {str(wav.relative_to(root).with_suffix("")): wav for wav, _ in recordings}
    return found | {str(Path(png).with_suffix("")): wav for wav, png in recordings}
