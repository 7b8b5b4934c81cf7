"""The doctor and the comparison of images for files that somebody handed in: the answer in two lines, then the rest.

Both functions run in a worker process: what they read is foreign. Files are told apart by their endings.
"""

import tempfile
import warnings
from pathlib import Path

import numpy as np

from dsp.audio import read_one_channel
from dsp.conventions.toml_files import as_toml
from dsp.doctor import compare, identify
from dsp.doctor.report import comparison_text, diagnosis_text
from dsp.feature_files import READERS, read_array
from dsp.files.naming import FileError, printable
from experiments.page.core.explore import shrunk
from experiments.recogniser.batch import SUFFIXES as AUDIO

IMAGES = (".png", ".bmp", ".jpg", ".jpeg", ".tif", ".tiff", ".gif")
MAX_VALUES = 4_000_000  # of a matrix that is searched: 100 rows of 400 s
MAX_AUDIO_S = 600.0


class HandedInError(FileError):
    """Files that do not go together. One line."""


def sorted_out(paths: list[str]) -> tuple[list[Path], list[Path], list[Path]]:
    """(files of features, recordings, images), told apart by their endings.

    Raises HandedInError for an ending that is none of theirs, and for numbers of files that make no question: one or
    two files of features with at most one recording, or two images with at most one.

    Checked: tests/test_page_verifies_files.py
    """
    features, audio, images = [], [], []
    for path in map(Path, paths):
        ending = path.suffix.lower()
        kind = audio if ending in AUDIO else images if ending in IMAGES else features if ending in READERS else None
        if kind is None:
            known = f"features ({' '.join(READERS)}), a recording ({' '.join(AUDIO)}) or images ({' '.join(IMAGES)})"
            raise HandedInError(f"{printable(path.name)}: no known ending; {known} are taken")
        kind.append(path)
    counts = f"{len(features)} files of features, {len(images)} images and {len(audio)} recordings were given"
    if len(audio) > 1 or (features and images):
        raise HandedInError(f"{counts}: give one or two files of features, or two images, and at most one recording")
    if images and len(images) != 2:
        raise HandedInError(f"{counts}: two images are compared")
    if len(features) > 2:
        raise HandedInError(f"{counts}: one or two files of features are taken")
    if len(features) == 1 and not audio:
        raise HandedInError(f"{counts}: add the recording behind the features, or a second file of features")
    if not features and not images:
        raise HandedInError(f"{counts}: give files of features or images, too")
    return features, audio, images


def verify(paths: list[str], effort: float = 1.0) -> dict:
    """What the doctor says of these files, or how two images differ.

    Returns a dict of plain values:

    verdict : two lines;  details : the commands' text;  settled : whether everything is explained
    maps : [(title, float32 values)] for pictures; the titles are ours, without the names of files
    remark : why there is no picture of the difference, or ""
    toml : the convention found, or "";  report : a page in HTML
    png : of two images, both and their difference; otherwise empty

    Raises ValueError or OSError, one line, as the commands do.

    Checked: tests/test_page_verifies_files.py
    """
    features, audio, images = sorted_out(paths)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of conventions that a search tries
        return _images(images, audio) if images else _features(features, audio, effort)


def _features(features: list[Path], audio: list[Path], effort: float) -> dict:
    from dsp.doctor.__main__ import EXPLAINED, names_of
    from dsp.doctor.picture.panels import Clip, of_comparison, of_diagnosis

    matrices = [read_array(path) for path in features]
    for path, matrix in zip(features, matrices, strict=True):
        if matrix.size > MAX_VALUES:
            raise HandedInError(f"{printable(path.name)}: {matrix.size} values; this page takes at most {MAX_VALUES}")
    recording = read_one_channel(audio[0]) if audio else None
    if recording and recording[0].size > MAX_AUDIO_S * recording[1]:
        raise HandedInError(f"{printable(audio[0].name)}: longer than {MAX_AUDIO_S:g} s; a shorter clip is taken")
    clip = Clip(*recording) if recording else None
    names, remark = names_of([str(path.name) for path in features]), ""
    if len(matrices) == 1:
        found = identify(matrices[0], *recording, effort=effort)
        text = diagnosis_text(found)
        figure = of_diagnosis(found, clip, (*names, printable(audio[0].name)))
        maps = _maps_of_diagnosis(found)
        if len(maps) == 1:
            remark = "No difference is shown: no known convention comes near enough to this file."
        convention = found.convention if found.verdict != "unexplained" else None
        details = diagnosis_text(found, everything=True)
    else:
        found = compare(*matrices, *(recording or (None, None)), names)
        text = details = comparison_text(found)
        figure = of_comparison(found, clip, names)
        maps = list(zip(("The first file", "The second file"), found.matrices, strict=True))
        if found.error is None:
            shapes = " and ".join(
                f"{rows} rows x {frames} frames" for rows, frames in (x.shape for x in found.matrices)
            )
            remark = f"No difference value by value: {shapes}."
        else:
            maps.append(("Difference", found.error))
        convention = found.b.convention if found.b and found.b.verdict != "unexplained" else None
    return {
        "verdict": _two_lines(text),
        "details": details,
        "maps": [(title, _plain(x)) for title, x in maps],
        "remark": remark,
        "png": b"",
        "toml": as_toml(convention) if convention else "",
        "report": _report(" and ".join(names), text, figure),
        "settled": found.verdict in EXPLAINED,
    }


def _maps_of_diagnosis(found) -> list[tuple[str, np.ndarray]]:
    """The features and, where a convention comes near, what it gives and the difference."""
    from dsp.doctor.report import is_near

    given = found.matrix
    if found.verdict == "unexplained" and not is_near(found):
        return [("The file", given.T if found.transposed else given)]
    return [
        ("The file", given),
        (f"Based on {found.nearest}", given - found.error),
        ("Difference", found.error),
    ]


def _images(images: list[Path], audio: list[Path]) -> dict:
    from dsp.doctor.picture.page import as_page
    from spectrogram_images.compare import compare_images
    from spectrogram_images.compare.__main__ import describe_comparison
    from spectrogram_images.compare.measures import read_picture
    from spectrogram_images.compare.picture import save_report, sentence
    from spectrogram_images.compare.trees import read_signal

    a, b = map(read_picture, images)
    signal = read_signal(audio[0]) if audio else None
    found = compare_images(a, b, signal, 30.0)
    text = describe_comparison(found)
    title = " and ".join(printable(path.name) for path in images)
    sizes = " and ".join(f"{x.shape[1]} x {x.shape[0]}" for x in (a, b))
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "report.png"
        save_report(picture, [(title, a, b, found)], "A and B have the same pixels" if found.same else "A and B differ")
        png = picture.read_bytes()
    return {
        "verdict": text.splitlines()[0] + ("" if found.same else f"\n{sentence(found)}"),
        "details": text,
        "maps": [],
        "remark": "" if a.shape == b.shape else f"No difference pixel by pixel: {sizes} pixels.",
        "png": png,
        "toml": "",
        "report": as_page(title, text, png).encode(),
        "settled": found.same or found.explained,
    }


def _two_lines(text: str) -> str:
    return "\n".join(text.splitlines()[:2])


def _plain(x: np.ndarray) -> np.ndarray:
    x = np.abs(x) if np.iscomplexobj(x) else x
    return shrunk(np.asarray(x, np.float64))


def _report(title: str, text: str, figure) -> bytes:
    from dsp.doctor.picture.page import save_page

    with tempfile.TemporaryDirectory() as folder:
        save_page(title, text, figure, Path(folder) / "report.html")
        return (Path(folder) / "report.html").read_bytes()
