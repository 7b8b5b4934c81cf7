"""What can happen to a finished picture: turned over, channels exchanged, gray, saved as a JPEG, resized.

These causes are decided from the two pictures alone.
"""

import io
from collections.abc import Callable, Iterator

import numpy as np

from spectrogram_images.colormaps import COLORMAPS, colormap
from spectrogram_images.compare.resizers import RESIZERS
from spectrogram_images.quantize import to_uint8

FLIPPED, BGR, NEGATIVE = "low frequencies at the bottom", "blue and red exchanged (BGR)", "negative colors"
MAX_JPEG_PIXELS = 2**20  # 300 JPEG files are made of a picture: of a larger one that takes minutes
MIN_COLORS = 64  # of a picture with fewer, an altered copy may look like another picture by chance


def turned(image: np.ndarray) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
    """Every alteration that takes a picture back to where it was when done twice, and its names.

    The first is none at all. (A transposed copy has another size unless the picture is square.)
    """
    for names, copy in (
        ((), image),
        ((FLIPPED,), image[::-1]),
        (("time runs to the left",), image[:, ::-1]),
        (("turned by 180 degrees",), image[::-1, ::-1]),
        (("rows and columns exchanged",), image.transpose(1, 0, 2)),
    ):
        yield names, copy
        yield (*names, BGR), copy[..., ::-1]
    yield (NEGATIVE,), 255 - image


def _weighted(*weights: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda image: np.floor(image @ np.array(weights) + 0.5).astype(np.uint8)


GRAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "MATLAB's rgb2gray": _weighted(0.298936021293775, 0.587043074451121, 0.114020904255103),
    "Pillow's convert('L')": lambda image: ((image @ np.array([19595, 38470, 7471]) + 2**15) >> 16).astype(np.uint8),
    "OpenCV's cvtColor": lambda image: ((image @ np.array([4899, 9617, 1868]) + 2**13) >> 14).astype(np.uint8),
    "scikit-image's rgb2gray": _weighted(0.2125, 0.7154, 0.0721),
    "the mean of the channels": lambda image: np.floor(image.mean(axis=2) + 0.5).astype(np.uint8),
}


def is_gray(image: np.ndarray) -> bool:
    """Whether red, green and blue are the same everywhere."""
    return bool((image[..., :1] == image).all())


def grays(image: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The picture in gray, by every formula."""
    for name, formula in GRAYS.items():
        yield f"converted to gray by {name}", np.repeat(formula(image.astype(np.int64))[..., None], 3, axis=2)


def has_few_colors(image: np.ndarray) -> bool:
    """Whether the picture is too plain to prove anything by a lossy copy."""
    whole = image.astype(np.int64) @ np.array([65536, 256, 1])
    return np.unique(whole).size < MIN_COLORS


def jpegs(image: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The picture saved as a JPEG file of every quality and chroma subsampling, and read again."""
    from PIL import Image

    picture = Image.fromarray(image)
    for quality in (75, 95, 90, 85, 80, 100, *(q for q in range(99, 0, -1) if q not in (75, 80, 85, 90, 95))):
        for subsampling, chroma in ((2, "4:2:0"), (0, "4:4:4"), (1, "4:2:2")):
            file = io.BytesIO()
            picture.save(file, "JPEG", quality=quality, subsampling=subsampling)
            yield f"a JPEG of quality {quality}, chroma {chroma}, in between", np.asarray(Image.open(file))


def palettes(image: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The picture reduced to a palette, as GIF files have one."""
    from PIL import Image

    picture = Image.fromarray(image)
    yield "reduced to 256 colors by Pillow's quantize", np.asarray(picture.quantize(256).convert("RGB"))
    adaptive = picture.convert("P", palette=Image.Palette.ADAPTIVE)
    yield "reduced to an adaptive palette by Pillow's convert('P')", np.asarray(adaptive.convert("RGB"))
    yield "reduced to the web palette by Pillow's convert('P')", np.asarray(picture.convert("P").convert("RGB"))


def resized(image: np.ndarray, size: tuple[int, int]) -> Iterator[tuple[str, np.ndarray]]:
    """The finished picture resized to another size by every resizer."""
    for name, resizer in RESIZERS.items():
        shades = np.clip(resizer(image / 255, size), 0, 1)
        yield f"the finished picture resized by {name}", np.floor(255 * shades + 0.5).astype(np.uint8)


def recolored(image: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """A picture whose pixels all are colors of one map (it was not resized), in the colors of every other map."""
    keys = image.astype(np.int64) @ np.array([65536, 256, 1])
    for source in COLORMAPS:
        table = to_uint8(colormap(source))
        entries = table.astype(np.int64) @ np.array([65536, 256, 1])
        first = {int(key): i for i, key in reversed(list(enumerate(entries)))}
        if len(first) < len(entries) - 2 or not np.isin(keys, entries).all():
            continue
        indices = np.vectorize(first.__getitem__)(keys)
        for target in COLORMAPS:
            if target != source:
                name = f"MATLAB's {target} instead of MATLAB's {source}"
                yield name, to_uint8(colormap(target))[indices]
