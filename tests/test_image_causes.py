"""Each usual suspect is named when it is the cause, and no cause is named for a picture that none explains."""

import csv
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import ListedColormap
from PIL import Image

import dsp
from dsp import read_audio
from spectrogram_images import PAPER, colormap, imresize, jet, render, render_by_definition, to_uint8
from spectrogram_images.compare import explain
from spectrogram_images.compare.alterations import grays, jpegs, palettes, resized
from spectrogram_images.compare.causes import TIE
from spectrogram_images.compare.pipeline import LEVELS_RESIZED, Recipe, Redrawing, neighbors

SMALL = replace(PAPER, size=(64, 64))
BASE = Recipe(SMALL)


@pytest.fixture(scope="module")
def signal(utterance) -> np.ndarray:
    return utterance[:16_000]


@pytest.fixture(scope="module")
def original(signal) -> np.ndarray:
    return render(signal, SMALL)


def save_and_read(image: np.ndarray, path, **options) -> np.ndarray:
    Image.fromarray(image).save(path, **options)
    return np.asarray(Image.open(path).convert("RGB"))


# ---------------------------------------------------------------- from the pictures alone

FINISHED = {
    "flip": (lambda a, path: a[::-1], ["flip"], ""),
    "blue and red exchanged": (lambda a, path: a[..., ::-1], ["channel order"], ""),
    "both": (lambda a, path: a[::-1, :, ::-1], ["flip", "channel order"], ""),
    "time reversed": (lambda a, path: a[:, ::-1], ["orientation"], "time runs to the left"),
    "transposed": (lambda a, path: a.transpose(1, 0, 2), ["orientation"], "rows and columns exchanged"),
    "upside down": (lambda a, path: a[::-1, ::-1], ["orientation"], "180"),
    "negative": (lambda a, path: 255 - a, ["negative"], ""),
    "Pillow's gray": (
        lambda a, path: np.asarray(Image.fromarray(a).convert("L").convert("RGB")),
        ["grayscale"],
        "Pillow",
    ),
    "MATLAB's gray": (
        lambda a, path: dict(grays(a))["converted to gray by MATLAB's rgb2gray"],
        ["grayscale"],
        "MATLAB",
    ),
    "JPEG": (lambda a, path: save_and_read(a, path / "x.jpg"), ["JPEG"], "quality 75, chroma 4:2:0"),
    "fine JPEG": (
        lambda a, path: save_and_read(a, path / "x.jpg", quality=93, subsampling=0),
        ["JPEG"],
        "quality 93, chroma 4:4:4",
    ),
    "GIF": (lambda a, path: np.asarray(Image.fromarray(a).quantize(256).convert("RGB")), ["palette"], "256 colors"),
    "another size": (
        lambda a, path: np.asarray(Image.fromarray(a).resize((40, 50), Image.Resampling.BILINEAR)),
        ["size"],
        "Pillow's resize, bilinear",
    ),
}


@pytest.mark.parametrize("name", FINISHED)
def test_what_happened_to_a_finished_picture(original, tmp_path, name):
    """Without the recording, in both directions."""
    alter, kinds, words = FINISHED[name]
    altered = alter(original, tmp_path)
    for a, b, which in ((original, altered, "B"), (altered, original, "A")):
        found = explain(a, b)
        assert [cause.kind for cause in found.causes] == kinds
        assert words in found.causes[-1].detail
        assert found.altered == ("" if kinds[0] in ("flip", "channel order", "orientation", "negative") else which)


def test_another_colormap_without_resizing():
    """Pixels that were never mixed tell their color's number."""
    numbers = np.arange(40 * 50).reshape(40, 50) * 7 % 256
    a, b = to_uint8(colormap("jet")[numbers]), to_uint8(colormap("bone")[numbers])
    found = explain(a, b)
    assert [c.detail for c in found.causes] == ["MATLAB's bone instead of MATLAB's jet"]


# ---------------------------------------------------------------- from the recording

STAGES = {
    "a periodic window": ({"parameters": replace(SMALL, sampling="periodic")}, ["periodic window"]),
    "another window": ({"parameters": replace(SMALL, window="hamming")}, ["window"]),
    "another overlap": ({"parameters": replace(SMALL, noverlap=192)}, ["overlap"]),
    "another NFFT": ({"parameters": replace(SMALL, nfft=1024)}, ["NFFT"]),
    "power plus eps": ({"level": "10 log10(|S|^2 + eps)"}, ["level"]),
    "magnitude without logarithm": ({"level": "|S| without a logarithm"}, ["level"]),
    "levels cut at 80 dB": ({"level": "20 log10(|S| + eps), at most 80 dB below the maximum"}, ["level"]),
    "colors counted from 0": ({"index": "rounded half up, colors counted from 0"}, ["color numbers"]),
    "truncated color numbers": ({"index": "truncated, colors counted from 0"}, ["color numbers"]),
    "MATLAB's hot": ({"colors": "MATLAB's hot"}, ["colormap"]),
    "MATLAB's gray": ({"colors": "MATLAB's gray"}, ["colormap"]),
    "matplotlib's jet": ({"colors": "matplotlib's jet"}, ["colormap"]),
    "matplotlib's viridis": ({"colors": "matplotlib's viridis"}, ["colormap"]),
    "no antialiasing": ({"resize": "MATLAB's imresize, bicubic without antialiasing"}, ["resizing"]),
    "nearest": ({"resize": "MATLAB's imresize, nearest"}, ["resizing"]),
    "bilinear": ({"resize": "MATLAB's imresize, bilinear with antialiasing"}, ["resizing"]),
    "Pillow's bicubic": ({"resize": "Pillow's resize, bicubic"}, ["resizing"]),
    "Pillow's lanczos": ({"resize": "Pillow's resize, lanczos"}, ["resizing"]),
    "scikit-image": ({"resize": "scikit-image's resize, bilinear with antialiasing"}, ["resizing"]),
    "scikit-image of bytes": ({"resize": "scikit-image's resize, bicubic with antialiasing, of bytes"}, ["resizing"]),
    "OpenCV": ({"resize": "OpenCV's resize, bicubic"}, ["resizing"]),
    "OpenCV of bytes": ({"resize": "OpenCV's resize, bilinear, of bytes"}, ["resizing"]),
    "SciPy": ({"resize": "SciPy's zoom, cubic"}, ["resizing"]),
    "levels resized": ({"order": LEVELS_RESIZED}, ["order"]),
    "truncated bytes": ({"rounding": "truncated"}, ["rounding"]),
}


@pytest.mark.parametrize("name", STAGES)
def test_one_stage_differs(signal, original, name):
    """The cause is the stage and the choice that made the picture, or a choice that makes the same bytes."""
    changes, kinds = STAGES[name]
    altered = Redrawing(signal).draw(replace(BASE, **changes))
    found = explain(original, altered, signal)
    assert [cause.kind for cause in found.causes] == kinds and found.altered == "B"
    assert found.original == "hann(256), overlap 128, NFFT 512, MATLAB's jet, 64x64"
    details = [cause.detail for causes in (found.causes, *found.alternatives) for cause in causes]
    (choice,) = changes.values()
    wanted = {"periodic window": "periodic", "window": "hamming", "overlap": "192", "NFFT": "1024"}.get(
        kinds[0], choice
    )
    assert any(f"{wanted} instead of " in detail for detail in details)


PLAIN = {
    "colors[int(255 x)]": (lambda x, rgb: rgb[(255 * x).astype(np.uint8)], "truncated, colors counted from 0"),
    "colors[round(255 x)]": (
        lambda x, rgb: rgb[np.floor(255 * x + 0.5).astype(int)],
        "rounded half up, colors counted from 0",
    ),
    "matplotlib's call": (
        lambda x, rgb: ListedColormap(rgb)(x)[..., :3],
        "256 steps of equal width, colors counted from 0 (matplotlib)",
    ),
}


@pytest.mark.parametrize("name", PLAIN)
def test_pictures_of_plain_scripts(signal, original, name):
    """Written out with NumPy and matplotlib, not with the pipeline that looks for the cause."""
    color, words = PLAIN[name]
    S, _, _ = dsp.spectrogram(signal, dsp.hann(256), 128, 512, 16_000)
    level = 20 * np.log10(np.abs(S) + 2.0**-52)
    x = (level - level.min()) / (level.max() - level.min())
    found = explain(original, to_uint8(imresize(color(x, jet(256)), (64, 64))), signal)
    details = [cause.detail for causes in (found.causes, *found.alternatives) for cause in causes]
    assert f"color numbers {words} instead of rounded half up, colors counted from 1" in details


def test_the_altered_picture_may_come_first(signal, original):
    altered = Redrawing(signal).draw(replace(BASE, colors="matplotlib's jet"))
    found = explain(altered, original, signal)
    assert found.altered == "A" and [cause.kind for cause in found.causes] == ["colormap"]


@pytest.mark.slow
def test_several_stages_differ(signal, original):
    """The usual rewriting in Python: another analysis; and another map, truncation, Pillow, upside down."""
    parameters = replace(SMALL, window="hamming", window_length=400, noverlap=240)
    found = explain(original, render(signal, parameters), signal)
    assert [cause.kind for cause in found.causes] == ["window", "window length", "overlap"]
    recipe = replace(
        BASE,
        colors="matplotlib's viridis",
        index="truncated, colors counted from 0",
        resize="Pillow's resize, bicubic",
    )
    found = explain(original, Redrawing(signal).draw(recipe)[::-1], signal)
    assert [cause.kind for cause in found.causes] == ["color numbers", "colormap", "resizing", "flip"]


@pytest.mark.slow
def test_neither_picture_is_the_papers(signal):
    """A has another window length and map than the paper's script; B differs from it in one more stage."""
    recipe = Recipe(replace(SMALL, window="hamming", nfft=1024))
    drawing = Redrawing(signal)
    found = explain(drawing.draw(recipe), drawing.draw(replace(recipe, colors="MATLAB's bone")), signal)
    assert found.original == "hamming(256), overlap 128, NFFT 1024, MATLAB's jet, 64x64"
    assert [cause.detail for cause in found.causes] == ["MATLAB's bone instead of MATLAB's jet"]


def test_what_explained_one_pair_is_tried_first(signal, original):
    drawing, remembered = Redrawing(signal), []
    altered = drawing.draw(replace(BASE, colors="matplotlib's jet"))
    assert explain(original, altered, signal, remembered=remembered).causes
    assert remembered == [replace(BASE, colors="matplotlib's jet")]
    assert explain(original, altered, signal, time_limit=0, remembered=remembered).causes
    assert not explain(original, altered, signal, time_limit=0).causes


# ---------------------------------------------------------------- ties


def steps(level_db: float) -> np.ndarray:
    """224 frames, each with one impulse: columns of one color. The first is the quietest, the second the loudest,
    the others lie between, at `level_db` above the quietest of 255 parts of 102 dB."""
    db = np.full(224, level_db)
    db[:2] = 0, 102
    x = np.zeros(224 * 128 + 128)
    x[128 * np.arange(224) + 128] = 10 ** ((db - 102) / 20)
    return x


def tied(signal: np.ndarray) -> np.ndarray:
    """Where the image lies halfway between two bytes."""
    exact = 255 * Redrawing(signal).shades(Recipe())
    return np.argwhere(np.abs(exact - np.floor(exact) - 0.5) < TIE)


def test_one_value_of_a_tie():
    """Green 127.5 over a whole column; the last bit of the sum of weights decides between 127 and 128."""
    signal = steps(64 / 255 * 102)
    image, ties = render(signal), tied(signal)
    assert len(ties) > 1000
    altered = image.copy()
    i, j, channel = ties[500]
    altered[i, j, channel] = 255 - image[i, j, channel]  # 127 <-> 128
    found = explain(image, altered, signal)
    assert [cause.kind for cause in found.causes] == ["tie"] and "1 value is halfway" in found.causes[0].detail
    assert "perhaps a tie" in explain(image, altered).note and not explain(image, altered).causes


def test_a_cube_that_rounds_twice_is_a_tie(monkeypatch):
    """MATLAB's weights come from a cube that rounds once; a * a * a moves some of these ties."""
    signal = steps(64 / 255 * 102)
    exact = render_by_definition(signal)
    module = sys.modules["spectrogram_images.imresize"]  # the package has a function of that name
    monkeypatch.setattr(module, "_cube", lambda a: a * a * a)
    other = render_by_definition(signal)
    monkeypatch.undo()
    assert np.count_nonzero(exact != other) > 100
    assert [cause.kind for cause in explain(exact, other, signal).causes] == ["tie"]


@pytest.mark.slow
def test_a_difference_of_one_that_is_no_tie(signal, original):
    altered = original.copy()
    altered[20, 30, 1] ^= 1
    assert not explain(original, altered, signal).causes


def test_rounding_half_to_even():
    """Twice the height in gray: weights are multiples of 1/128, so many values lie halfway between two bytes."""
    rng = np.random.default_rng(1)
    signal = rng.standard_normal(128 * 40 + 128)
    parameters = replace(PAPER, size=(514, 40), colormap="gray")
    recipe = Recipe(parameters, colors="MATLAB's gray", rounding="rounded half to even")
    image, altered = render(signal, parameters), Redrawing(signal).draw(recipe)
    assert 0 < np.count_nonzero(image != altered)
    found = explain(image, altered, signal)
    assert found.causes[0].detail == "bytes rounded half to even instead of rounded half up"


# ---------------------------------------------------------------- foreign pictures


def blurred(a):
    return ((a.astype(int) + np.roll(a, 1, axis=1)) // 2).astype(np.uint8)


FOREIGN = {
    "noise": lambda a: np.random.default_rng(0).integers(0, 256, a.shape, dtype=np.uint8),
    "a gradient": lambda a: np.indices(a.shape).sum(axis=0).astype(np.uint8),
    "one color": lambda a: np.full_like(a, 77),
    "shifted by a column": lambda a: np.roll(a, 1, axis=1),
    "blurred": blurred,
    "one pixel is white": lambda a: np.where(np.indices(a.shape).sum(axis=0) == 0, 255, a).astype(np.uint8),
    "brighter": lambda a: np.minimum(a.astype(int) + 3, 255).astype(np.uint8),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FOREIGN)
def test_no_cause_for_a_foreign_picture(signal, original, name):
    foreign = FOREIGN[name](original)
    assert not np.array_equal(foreign, original)
    for recording in (None, signal):
        found = explain(original, foreign, recording, time_limit=20)
        assert found.causes == () and found.alternatives == () and found.note


@pytest.mark.slow
def test_no_cause_for_another_recording(signal, original):
    from experiments.data.synthetic import VOICES, synthesize

    other = render(synthesize(VOICES[1], 3, "sad")[:16_000], SMALL)
    assert not explain(original, other).causes
    assert not explain(original, other, signal, time_limit=20).causes


@pytest.mark.slow
def test_a_recording_that_neither_picture_shows(rng, original):
    found = explain(original, original // 2, rng.standard_normal(9000), time_limit=10)
    assert not found.causes and "neither picture was reproduced from the recording" in found.note


def test_plain_pictures_prove_nothing():
    """Two pictures of one color each: some JPEG would turn one into the other."""
    a, b = np.full((32, 32, 3), 100, np.uint8), np.full((32, 32, 3), 101, np.uint8)
    assert not explain(a, b).causes
    assert not explain(a, b[:20]).causes


def test_every_alteration_alters(original):
    """The lossy copies differ from the picture itself, so none explains nothing."""
    for copies in (grays(original), palettes(original), resized(original, (20, 20))):
        for name, copy in copies:
            assert copy.dtype == np.uint8 and not np.array_equal(copy, original), name
    assert len({copy.tobytes() for _, copy in jpegs(original)}) > 200
    assert len(set(neighbors(BASE))) == len(list(neighbors(BASE)))


# ---------------------------------------------------------------- MATLAB's own images

OF_MATLAB = {
    **{
        name: (lambda image, drawing, path, alter=alter: alter(image, path), kinds)
        for name, (alter, kinds, _) in FINISHED.items()
    },
    **{
        name: (
            lambda image, drawing, path, changes=changes: drawing.draw(replace(Recipe(), **changes)),
            kinds,
        )
        for name, (changes, kinds) in STAGES.items()
        if "parameters" not in changes
    },
    "a periodic window": (
        lambda image, drawing, path: drawing.draw(Recipe(replace(PAPER, sampling="periodic"))),
        ["periodic window"],
    ),
    "another overlap": (lambda image, drawing, path: drawing.draw(Recipe(replace(PAPER, noverlap=192))), ["overlap"]),
    "another NFFT": (lambda image, drawing, path: drawing.draw(Recipe(replace(PAPER, nfft=1024))), ["NFFT"]),
}


def matlab_image(corpora, png: str) -> tuple[np.ndarray, np.ndarray]:
    """An image that MATLAB wrote, and its recording."""
    with open(corpora / "casia_matlab_png" / "SOURCES.tsv", encoding="utf-8") as file:
        wav = {row["png"]: row["wav"] for row in csv.DictReader(file, delimiter="\t")}[png]
    return np.asarray(Image.open(corpora / "casia_matlab_png" / png)), read_audio(corpora / wav)[0]


@pytest.mark.corpus
@pytest.mark.parametrize("name", OF_MATLAB)
def test_altered_images_of_matlab(corpora, tmp_path, name):
    image, signal = matlab_image(corpora, "angry/angry13.png")
    alter, kinds = OF_MATLAB[name]
    altered = alter(image, Redrawing(signal), tmp_path)
    if np.array_equal(altered, image):
        pytest.fail("this alteration changes nothing here")
    found = explain(image, altered, signal, time_limit=120)
    assert [cause.kind for cause in found.causes] == kinds


@pytest.mark.corpus
def test_the_tie_of_matlabs_images(corpora, monkeypatch):
    """neutral (87): a cube that rounds twice gives 128 where MATLAB has 127."""
    signal, _ = read_audio(corpora / "casia" / "neutral" / "neutral (87).wav")
    module = sys.modules["spectrogram_images.imresize"]  # the package has a function of that name
    exact = render(signal)
    monkeypatch.setattr(module, "_cube", lambda a: a * a * a)
    altered = render_by_definition(signal)
    monkeypatch.undo()
    found = explain(exact, altered, signal)
    assert [cause.kind for cause in found.causes] == ["tie"] and "1 value is halfway" in found.causes[0].detail


@pytest.mark.corpus
def test_another_image_of_matlab_is_foreign(corpora):
    image, signal = matlab_image(corpora, "angry/angry13.png")
    other, _ = matlab_image(corpora, "angry/angry19.png")
    assert not explain(image, other).causes
    assert not explain(image, other, signal, time_limit=30).causes
