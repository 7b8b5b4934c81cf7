"""The comparison command: numbers against closed forms, pairs in trees, exit statuses, a readable report."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from spectrogram_images import PAPER, render
from spectrogram_images.compare import compare_images
from spectrogram_images.compare.__main__ import main
from spectrogram_images.compare.measures import PictureError, read_picture
from spectrogram_images.compare.picture import save_report
from spectrogram_images.compare.pipeline import Recipe, Redrawing

SMALL = replace(PAPER, size=(64, 64))


@pytest.fixture(scope="module")
def signal(utterance):
    return utterance[:16_000]


@pytest.fixture
def trees(tmp_path, write_wav, signal):
    """A and B with e/e1 .. e/e3: the first the same, the second in matplotlib's jet, the third upside down."""
    for i in range(1, 4):
        x = signal[:: 1 if i % 2 else -1] / i
        write_wav(f"wav/e/{i}.wav", x, subtype="DOUBLE")
        image = render(x, SMALL)
        other = {
            1: image,
            2: Redrawing(x).draw(replace(Recipe(SMALL), colors="matplotlib's jet")),
            3: image[::-1],
        }[i]
        for name, pixels in (("a", image), ("b", other)):
            (tmp_path / name / "e").mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / name / "e" / f"e{i}.png")
    return tmp_path


# ---------------------------------------------------------------- numbers


def test_the_numbers_of_two_pictures(rng):
    """PSNR by its formula, structural similarity by scikit-image, the rest by counting."""
    from skimage.metrics import structural_similarity

    a = rng.integers(0, 200, (30, 40, 3), dtype=np.uint8)
    b = a.copy()
    b[3, 4], b[5, 6, 1] = a[3, 4] + 50, a[5, 6, 1] + 7
    found = compare_images(a, b)
    assert not found.same and found.n_different == 2 and found.max_difference == 50
    assert found.psnr_db == pytest.approx(10 * np.log10(255**2 / ((3 * 50**2 + 7**2) / a.size)))
    assert found.ssim == structural_similarity(a, b, channel_axis=2, data_range=255)
    assert not found.explained


def test_the_same_picture(rng):
    a = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    found = compare_images(a, a.copy())
    assert found.same and found.explained and found.n_different == 0 and found.psnr_db is None and found.ssim == 1


def test_other_sizes_and_tiny_pictures(rng):
    a = rng.integers(0, 256, (5, 9, 3), dtype=np.uint8)
    found = compare_images(a, a[:, :-1])
    assert (found.size_a, found.size_b, found.n_different, found.ssim) == ((5, 9), (5, 8), None, None)
    assert compare_images(a, a).ssim is None


@pytest.mark.parametrize("bad", [np.zeros((4, 4)), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_bad_arrays(bad):
    with pytest.raises(ValueError, match="uint8 is expected"):
        compare_images(bad, np.zeros((4, 4, 3), np.uint8))


# ---------------------------------------------------------------- files


def test_gray_and_opaque_pictures_are_read(tmp_path, rng):
    gray = rng.integers(0, 256, (4, 5), dtype=np.uint8)
    Image.fromarray(gray).save(tmp_path / "gray.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "gray.png"), np.repeat(gray[..., None], 3, axis=2))
    Image.fromarray(gray).convert("RGBA").save(tmp_path / "opaque.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "opaque.png"), np.repeat(gray[..., None], 3, axis=2))


def test_pictures_that_cannot_be_compared(tmp_path):
    Image.new("RGBA", (4, 4), (1, 2, 3, 4)).save(tmp_path / "transparent.png")
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(tmp_path / "deep.png")
    Image.new("RGB", (40, 40)).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:60])
    (tmp_path / "text.png").write_text("not a picture")
    os.mkfifo(tmp_path / "pipe.png")
    for name, words in {
        "transparent": "transparent pixels",
        "deep": "more than 8 bits",
        "cut": "not readable as an image",
        "text": "not readable as an image",
        "pipe": "a named pipe",
        "nobody": "No such file",
    }.items():
        with pytest.raises(PictureError, match=words) as caught:
            read_picture(tmp_path / f"{name}.png")
        assert f"{name}.png: " in str(caught.value) and "\n" not in str(caught.value)


# ---------------------------------------------------------------- the command


def test_exit_statuses(trees, capsys):
    a, b = str(trees / "a" / "e" / "e1.png"), str(trees / "b" / "e" / "e3.png")
    assert main([a, a]) == 0 and capsys.readouterr().out == "the same pixels (64 x 64)\n"
    assert main([str(trees / "a" / "e" / "e3.png"), b]) == 1
    printed = capsys.readouterr().out
    assert "different: " in printed and "  flip: low frequencies at the bottom" in printed
    for arguments in (
        [a, str(trees / "nobody.png")],
        [a, str(trees / "b")],
        [a, b, "--audio", str(trees / "nobody.wav")],
        [a, b, "--audio", str(trees / "wav")],
        [a, b, "--audio", a],
        [str(trees / "a"), str(trees / "wav")],
        [a, b, "--out", a + "/report.png"],
    ):
        assert main(arguments) == 2
        printed = capsys.readouterr()
        assert printed.out == "" and printed.err.startswith("error: ") and printed.err.count("\n") == 1
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0 and "examples:" in capsys.readouterr().out


def test_a_cause_from_the_recording(trees, capsys):
    names = [str(trees / side / "e" / "e2.png") for side in "ab"]
    assert main(names) == 1
    assert "not explained: many more suspects can be tested with the recording (--audio)" in capsys.readouterr().out
    assert main([*names, "--audio", str(trees / "wav" / "e" / "2.wav")]) == 1
    printed = capsys.readouterr().out
    assert "A: hann(256), overlap 128, NFFT 512, MATLAB's jet, 64x64" in printed
    assert "explains every byte: B has\n  colormap: matplotlib's jet instead of MATLAB's jet" in printed


def test_two_trees(trees, capsys):
    shutil.copy(trees / "a" / "e" / "e1.png", trees / "a" / "e" / "alone.png")
    shutil.copy(trees / "a" / "e" / "e1.png", trees / "b" / "other.png")
    Image.open(trees / "b" / "e" / "e1.png").save(trees / "b" / "e" / "e1.bmp")  # another suffix is the same name
    (trees / "b" / "e" / "e1.png").unlink()
    arguments = [str(trees / "a"), str(trees / "b"), "--audio", str(trees / "wav")]
    assert main(arguments) == 1
    printed = capsys.readouterr().out
    assert f"only in A: {trees / 'a' / 'e' / 'alone.png'}" in printed
    assert f"only in B: {trees / 'b' / 'other.png'}" in printed
    assert "3 pairs, 1 pictures only in A, 1 only in B" in printed
    assert "     1  the same pixels" in printed
    assert "     1  B has matplotlib's jet instead of MATLAB's jet" in printed
    assert "     1  low frequencies at the bottom" in printed
    assert main([*arguments, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert not found["same"] and len(found["only_in_a"]) == len(found["only_in_b"]) == 1
    first, second, third = found["pairs"]
    assert first["same"] and first["psnr_db"] is None and first["n_different"] == 0
    assert second["causes"] == [{"kind": "colormap", "detail": "matplotlib's jet instead of MATLAB's jet"}]
    assert second["altered"] == "B" and second["explained"]
    assert [cause["kind"] for cause in third["causes"]] == ["flip"]


def test_equal_trees_and_missing_pictures(trees, capsys):
    shutil.copytree(trees / "a", trees / "copy")
    assert main([str(trees / "a"), str(trees / "copy")]) == 0
    (trees / "copy" / "e" / "e3.png").unlink()
    assert main([str(trees / "a"), str(trees / "copy")]) == 1
    assert "2 pairs, 1 pictures only in A, 0 only in B" in capsys.readouterr().out


def test_an_unreadable_picture_in_a_tree(trees, capsys):
    """It is named, the other pairs are compared, and the status says bad input."""
    (trees / "b" / "e" / "e2.png").write_text("not a picture")
    assert main([str(trees / "a"), str(trees / "b")]) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1 and "e2.png: not readable as an image" in printed.err
    assert "2 pairs" in printed.out


# ---------------------------------------------------------------- the report


def overlapping(figure) -> list[str]:
    """Texts of a figure that leave it or lie on one another."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = figure.findobj(lambda artist: hasattr(artist, "get_text") and len(artist.get_text().strip()) > 4)
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]  # numbers at the axes have fewer
    width, height = figure.bbox.width, figure.bbox.height
    outside = [text for text, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height]
    crossed = [f"{s} / {t}" for i, (s, p) in enumerate(boxes) for t, q in boxes[:i] if p.overlaps(q)]
    return outside + crossed


@pytest.mark.parametrize("n_rows", [1, 4])
def test_the_report_is_readable(tmp_path, monkeypatch, signal, n_rows):
    """No text is cut off, smaller than 9 points, or lies on another one."""
    figures = []
    savefig = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *a, **k: (figures.append(self), savefig(self, *a, **k)))
    a = render(signal, SMALL)
    b = Redrawing(signal).draw(replace(Recipe(SMALL), index="truncated, colors counted from 0"))[::-1]
    comparison = compare_images(a, b, signal)
    assert comparison.explained
    save_report(tmp_path / "r.png", [("a long name of a file.png", a, b, comparison)] * n_rows, "A and B differ")
    with Image.open(tmp_path / "r.png") as image:
        assert image.width > 1000 and image.height > 350 * n_rows
    (figure,) = figures
    assert overlapping(figure) == []
    sizes = {t.get_fontsize() for t in figure.findobj(lambda o: hasattr(o, "get_fontsize")) if t.get_text().strip()}
    assert min(sizes) >= 9


def test_the_report_of_the_command(trees, capsys):
    out = trees / "deep" / "report.png"
    assert main([str(trees / "a"), str(trees / "b"), "--out", str(out)]) == 1
    assert out.exists() and [path.name for path in out.parent.iterdir()] == ["report.png"]
    assert main([str(trees / "a" / "e" / "e1.png"), str(trees / "b" / "e" / "e1.png"), "--out", str(out)]) == 0


@pytest.mark.slow
def test_a_reader_that_stops_reading(trees):
    command = f"{sys.executable} -m spectrogram_images.compare {trees}/a {trees}/b --json | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stdout == "{\n" and done.stderr == ""
