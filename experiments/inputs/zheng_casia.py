"""The CASIA network's inputs: every file of a corpus as a 224 x 224 color image."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from dsp.files.naming import shorten
from dsp.files.reading import open_regular_file
from experiments.data.corpora import Corpus, CorpusError, complete
from spectrogram_images import render_file
from spectrogram_images.render import load_kernels


def load_images(corpus: Corpus) -> np.ndarray:
    """The images of all files, (n, 224, 224, 3) uint8: recordings are rendered, images are read.

    Raises CorpusError, one line that names the first bad file, its rule, and how many more there are.

    Checked: tests/test_bad_files_are_named.py
    """
    with ThreadPoolExecutor() as threads, tqdm(total=len(corpus), unit="file", leave=False) as bar:
        bar.set_description("compiling the kernels, on the first run only")
        load_kernels()
        bar.set_description("images")
        loaded = []
        for image in threads.map(_load, corpus.paths):
            loaded.append(image)
            bar.update()
    return np.stack(complete(loaded))


def read_image(path: Path) -> np.ndarray:
    """One image, (224, 224, 3) uint8; CorpusError if it is not readable or not 224 x 224 RGB of 8 bits.

    Checked: tests/test_bad_files_are_named.py
    """
    try:
        with open_regular_file(path) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a size that might fill the memory: it is refused before it is decoded
            with Image.open(file) as image:
                width, height = image.size
                if (width, height, image.mode) == (224, 224, "RGB"):
                    return np.asarray(image)
    except Exception as error:  # whatever a damaged file makes Pillow raise
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise CorpusError(f"{path}: not readable as an image ({shorten(reason, 200)})") from None
    raise CorpusError(f"{path}: {width} x {height} {image.mode}; 224 x 224 RGB of 8 bits is expected")


def _load(path: Path) -> np.ndarray | ValueError:
    try:
        return read_image(path) if path.suffix.lower() == ".png" else render_file(path)
    except ValueError as error:
        return error
