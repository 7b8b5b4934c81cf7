"""How far two pictures are apart, in numbers."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dsp.files.extras import require
from dsp.files.naming import FileError, file_error_line
from dsp.files.reading import open_regular_file
from spectrogram_images.compare.causes import Explanation, explain

_FEATURE = "comparing images"


class PictureError(FileError):
    """A file that cannot be compared. The message is one printable line: the file, then the rule it breaks."""


@dataclass(frozen=True)
class Comparison:
    """What two pictures have in common.

    Parameters
    ----------
    same : every byte agrees
    size_a, size_b : (height, width)
    n_different : pixels; None, like the following, if the sizes differ
    max_difference : greatest difference of two bytes, 0 .. 255
    psnr_db : peak signal-to-noise ratio, dB; None if the pictures are the same
    ssim : mean structural similarity, at most 1; None for pictures of fewer than 7 pixels a side
    explanation : the cause of the difference
    """

    same: bool
    size_a: tuple[int, int]
    size_b: tuple[int, int]
    n_different: int | None = None
    max_difference: int | None = None
    psnr_db: float | None = None
    ssim: float | None = None
    explanation: Explanation = field(default_factory=Explanation)

    @property
    def explained(self) -> bool:
        """Whether there is nothing to explain or a cause explains every byte."""
        return self.same or bool(self.explanation.causes)


def compare_images(a, b, signal=None, time_limit: float = 60, remembered: list[Any] | None = None) -> Comparison:
    """Compares two pictures and looks for the cause of their difference.

    Parameters
    ----------
    a, b : (height, width, 3) uint8, red green blue
    signal : (n,) real, the recording that at least one of the pictures shows; allows more suspects to be tested
    time_limit : s, for the search with the recording
    remembered : a list that keeps what explained earlier pairs, so that it is tried first

    Returns
    -------
    comparison : Comparison

    Raises
    ------
    ValueError  if an image has another shape or type, or the signal cannot be drawn
    MissingPackageError  without scikit-image.

    Source: scikit-image, skimage.metrics. Checked: tests/test_image_comparison.py
    """
    metrics = require("skimage.metrics", feature=_FEATURE, extra="images")
    a, b = _checked(a, "a"), _checked(b, "b")
    sizes = (a.shape[0], a.shape[1]), (b.shape[0], b.shape[1])
    if sizes[0] != sizes[1]:
        return Comparison(False, *sizes, explanation=explain(a, b, signal, time_limit, remembered))
    difference = np.abs(a.astype(np.int16) - b)
    n_different = int(np.count_nonzero(difference.any(axis=2)))
    ssim = None
    if min(sizes[0]) >= 7:
        ssim = float(metrics.structural_similarity(a, b, channel_axis=2, data_range=255))
    if n_different == 0:
        return Comparison(True, *sizes, 0, 0, None, ssim)
    psnr = float(metrics.peak_signal_noise_ratio(a, b, data_range=255))
    found = explain(a, b, signal, time_limit, remembered)
    return Comparison(False, *sizes, n_different, int(difference.max()), psnr, ssim, found)


def read_picture(path: Path) -> np.ndarray:
    """The pixels of an image file of 8 bits, (height, width, 3) uint8; gray becomes equal red, green and blue.

    Raises PictureError if the file is not readable as an image, has more than 8 bits a channel, or transparent
    pixels.

    Checked: tests/test_image_comparison.py
    """
    Image = require("PIL.Image", feature=_FEATURE, extra="images")
    try:
        with open_regular_file(path) as file, Image.open(file) as picture:
            if picture.mode.startswith(("I", "F")):
                raise PictureError(f"{path}: more than 8 bits a channel ({picture.mode}); 8 bits are compared")
            if picture.has_transparency_data:
                picture = picture.convert("RGBA")
                if np.asarray(picture)[..., 3].min() < 255:
                    raise PictureError(f"{path}: has transparent pixels; opaque pictures are compared")
            return np.asarray(picture.convert("RGB"))
    except PictureError:
        raise
    except (Image.UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError, MemoryError) as error:
        reason = (
            "it has too many pixels" if isinstance(error, Image.DecompressionBombError) else "it is damaged or none"
        )
        raise PictureError(f"{path}: not readable as an image ({reason})") from None
    except OSError as error:
        if error.errno is None:  # Pillow's word for a file that ends early
            raise PictureError(f"{path}: not readable as an image (it is damaged)") from None
        raise PictureError(file_error_line(error, path)) from None


def _checked(image, name: str) -> np.ndarray:
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"{name} is {image.shape} {image.dtype}; (height, width, 3) uint8 is expected")
    return image
