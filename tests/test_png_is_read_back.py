"""Live oracle: Pillow reads the same pixels and text back."""

import io

import numpy as np
import pytest
from PIL import Image

from spectrogram_images.png import encode_png, png_text


@pytest.mark.parametrize("shape", [(224, 224, 3), (1, 1, 3), (3, 1000, 3), (7, 5, 3)])
def test_pixels_and_text(rng, tmp_path, shape):
    image = rng.integers(0, 256, shape, dtype=np.uint8)
    content = encode_png(image, {"Source": "a recording", "Note": "ü"})
    with Image.open(io.BytesIO(content)) as read:
        assert read.mode == "RGB" and read.info["Source"] == "a recording" and read.info["Note"] == "ü"
        np.testing.assert_array_equal(np.asarray(read), image)
    (tmp_path / "x.png").write_bytes(content)
    assert png_text(tmp_path / "x.png") == {"Source": "a recording", "Note": "ü"}


def test_other_peoples_pngs_have_no_text(rng, tmp_path):
    Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)).save(tmp_path / "x.png")
    assert png_text(tmp_path / "x.png") == {}


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0"])
def test_files_that_are_not_pngs_or_end_early(tmp_path, content):
    (tmp_path / "x.png").write_bytes(content)
    assert png_text(tmp_path / "x.png") in (None, {})


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))])
def test_bad_images(image):
    with pytest.raises(ValueError, match="uint8 is expected"):
        encode_png(image, {})


@pytest.mark.parametrize("length", [2**8, 2**16, 2**31, 2**32 - 1])
def test_a_chunk_that_claims_more_than_the_file_holds(tmp_path, length):
    """The file is damaged: none of its text counts."""
    content = bytearray(encode_png(np.zeros((4, 4, 3), np.uint8), {"Source": "a", "Note": "b"}))
    at = content.rindex(b"tEXt") - 4
    content[at : at + 4] = length.to_bytes(4, "big")
    (tmp_path / "x.png").write_bytes(content)
    assert png_text(tmp_path / "x.png") is None
