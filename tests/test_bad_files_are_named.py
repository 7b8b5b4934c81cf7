"""Bad recordings, folders and outputs: one line with the file and the rule, a non-zero exit, the rest unharmed."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from dsp import AudioError, read_audio
from experiments.data.corpora import CorpusError
from experiments.inputs.zheng_casia import load_images, read_image
from spectrogram_images import render_by_definition, render_file
from spectrogram_images.__main__ import main
from tests.read_mutants import mutants

X = 0.1 * np.sin(np.arange(4000) ** 1.3)


def truncated(path, n_bytes):
    path.write_bytes(path.read_bytes()[:n_bytes])
    return path


def no_file(write):
    return write("x.wav", X).with_name("nobody.wav")


def empty(write):
    return truncated(write("x.wav", X), 0)


def text(write):
    path = write("x.wav", X)
    path.write_text("this is not audio\n" * 100)
    return path


def header_cut(write):
    return truncated(write("x.wav", X), 30)


def samples_cut(write):
    return truncated(write("x.wav", X), 4000)


def nan(write):
    return write("x.wav", np.where(np.arange(X.size) == 9, np.nan, X), subtype="FLOAT")


def folder(write):
    path = write("x.wav", X).with_name("folder.wav")
    path.mkdir()
    return path


UNREADABLE = {
    no_file: "No such file",
    empty: r"empty file \(0 bytes\)",
    text: "not readable as audio",
    header_cut: "not readable as audio",
    samples_cut: "cut off, 4044 bytes",
    lambda write: write("x.wav", X[:0]): "no samples",
    nan: "NaN or infinite",
    folder: "Is a directory",
}
NOT_FOR_IMAGES = {
    lambda write: write("x.wav", X[:255]): "255 samples, fewer than one window of 256",
    lambda write: write("x.wav", np.zeros(4000)): "constant signal",
    lambda write: write("x.wav", np.full(4000, 0.25)): "constant signal",
    lambda write: write("x.wav", np.stack([X, X], axis=1)): "2 channels",
    lambda write: write("x.wav", X, 44_100): r"44100 Hz.*16000 Hz",
}


@pytest.mark.parametrize("make", UNREADABLE)
def test_read_audio(write_wav, make):
    path = make(write_wav)
    with pytest.raises(AudioError, match=UNREADABLE[make]) as caught:
        read_audio(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("make", [*UNREADABLE, *NOT_FOR_IMAGES])
def test_render_file(write_wav, make):
    path = make(write_wav)
    with pytest.raises(AudioError, match=(UNREADABLE | NOT_FOR_IMAGES)[make]) as caught:
        render_file(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_sample_format_is_rendered(write_wav, subtype):
    path = write_wav("x.wav", X, subtype=subtype)
    np.testing.assert_array_equal(render_file(path), render_by_definition(read_audio(path)[0]))


@pytest.mark.parametrize("make", [*UNREADABLE, *NOT_FOR_IMAGES])
def test_one_bad_recording_among_good_ones(write_wav, tmp_path, capsys, make):
    for name in ("a", "z"):
        write_wav(f"wavs/ärger/{name}.wav", X * ord(name) / 200)
    bad = make(lambda name, *rest, **more: write_wav("wavs/ärger/m.wav", *rest, **more))
    if bad.suffix == ".wav" and not bad.exists():  # a dangling link instead of a missing file
        bad = bad.with_name("m.wav")
        bad.unlink()
        bad.symlink_to("nobody")
    elif bad.is_dir():
        (bad.parent / "m.wav").unlink()
    assert main([str(tmp_path / "wavs"), str(tmp_path / "pngs"), "--any-layout"]) == 1
    printed = capsys.readouterr()
    lines = [line for line in printed.err.splitlines() if line.startswith("error")]
    assert len(lines) == 1 and str(bad) in lines[0]
    assert "2 images written, 0 were there already, 1 failed" in printed.out
    images = sorted(path.name for path in (tmp_path / "pngs" / "ärger").iterdir())
    assert images == ["ärger1.png", "ärger3.png"]  # the bad one keeps its number


@pytest.mark.parametrize("size", [(3, 3), (224, 223)])
def test_images_of_another_size(tmp_path, size):
    Image.new("RGB", size).save(tmp_path / "x.png")
    with pytest.raises(CorpusError, match="224 x 224"):
        read_image(tmp_path / "x.png")


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_images_of_another_kind(tmp_path, mode):
    Image.new(mode, (224, 224)).save(tmp_path / "x.png")
    with pytest.raises(CorpusError, match="RGB"):
        read_image(tmp_path / "x.png")


def test_images_that_are_damaged(tmp_path):
    Image.new("RGB", (224, 224)).save(tmp_path / "x.png")
    for content in (b"", (tmp_path / "x.png").read_bytes()[:200], b"nonsense"):
        (tmp_path / "y.png").write_bytes(content)
        with pytest.raises(CorpusError, match=r"y.png: not readable as an image"):
            read_image(tmp_path / "y.png")


def test_an_image_of_an_impossible_size_is_refused_before_it_is_decoded(tmp_path):
    """60,000 x 60,000 pixels: 10 GB, which Pillow itself refuses by an error of its own kind."""
    Image.new("RGB", (224, 224)).save(tmp_path / "x.png")
    data = bytearray((tmp_path / "x.png").read_bytes())
    for width, height in ((60_000, 60_000), (10_000, 10_000), (0, 224)):
        data[16:24] = struct.pack(">2I", width, height)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
        (tmp_path / "x.png").write_bytes(data)
        with pytest.raises(CorpusError, match=r"x.png: (not readable as an image|10000 x 10000 RGB; 224 x 224)"):
            read_image(tmp_path / "x.png")


def test_two_thousand_damaged_images(tmp_path, rng):
    path = tmp_path / "x.png"
    text = PngInfo()
    text.add_text("Source", "a recording", zip=True)
    Image.fromarray(rng.integers(0, 8, (224, 224, 3), np.uint8)).save(path, pnginfo=text)
    refused = 0
    for data in mutants(path.read_bytes()[:3000] + path.read_bytes()[-100:], 2000, 20):
        path.write_bytes(data)
        try:
            read_image(path)
        except CorpusError as error:
            refused += 1
            assert str(error).startswith(f"{path}: ") and len(str(error).splitlines()) == 1
    assert refused > 1000


def test_an_experiment_names_the_first_bad_file_and_counts_the_others(write_wav):
    from experiments.data.corpora import Corpus

    paths = (write_wav("a.wav", X), write_wav("b.wav", X[:10]), write_wav("c.wav", X, 8000))
    with pytest.raises(CorpusError, match=r"b.wav: .* \(and 1 more bad files\)"):
        load_images(Corpus("test", ("x",), paths, np.zeros(3, int)))
