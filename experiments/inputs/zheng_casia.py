"""The CASIA network's inputs: every file of a corpus as a 224 x 224 colour image."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from tqdm import tqdm

from experiments.data.corpora import Corpus, CorpusError, complete
from spectrogram_images import render_file


def load_images(corpus: Corpus) -> np.ndarray:
    """The images of all files, (n, 224, 224, 3) uint8: recordings are rendered, images are read.

    Raises CorpusError, one line that names the first bad file, its rule, and how many more there are.

    Checked: tests/test_bad_files_are_named.py
    """
    with ThreadPoolExecutor() as threads:
        images = threads.map(_load, corpus.paths)
        loaded = list(tqdm(images, total=len(corpus), desc="images", unit="file", leave=False))
    return np.stack(complete(loaded))


def read_image(path: Path) -> np.ndarray:
    """One image, (224, 224, 3) uint8; CorpusError if it is not readable or not 224 x 224 RGB of 8 bits."""
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image)
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise CorpusError(f"{path}: not readable as an image ({error})") from None
    if pixels.shape != (224, 224, 3) or pixels.dtype != np.uint8:
        raise CorpusError(f"{path}: {pixels.shape} {pixels.dtype}; 224 x 224 RGB of 8 bits is expected")
    return pixels


def _load(path: Path) -> np.ndarray | ValueError:
    try:
        return read_image(path) if path.suffix.lower() == ".png" else render_file(path)
    except ValueError as error:
        return error
