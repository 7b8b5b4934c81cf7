"""Frozen oracle: the images that the CASIA paper's MATLAB script wrote, pixel for pixel.

SER_CORPORA/casia_matlab_png holds the images and SOURCES.tsv (png, wav); all that are there are compared.
"""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dsp import read_audio
from spectrogram_images import render, render_by_definition


@pytest.mark.corpus
def test_every_pixel_of_matlabs_images(corpora):
    folder = corpora / "casia_matlab_png"
    assert folder.is_dir(), f"{folder}: MATLAB's images are missing"
    with open(folder / "SOURCES.tsv", encoding="utf-8") as file:
        pairs = [(row["png"], row["wav"]) for row in csv.DictReader(file, delimiter="\t")]
    assert len(pairs) >= 60
    different = []
    for png, wav in pairs:
        expected = np.asarray(Image.open(folder / png))
        signal, _ = read_audio(corpora / wav)
        for maker in (render, render_by_definition):
            pixels = np.argwhere(maker(signal) != expected)
            if pixels.size:
                different.append(f"{maker.__name__} {wav}: {len(pixels)} values, first at {pixels[0].tolist()}")
    assert not different, "\n".join(different)


@pytest.mark.corpus
def test_both_lanes_agree_on_all_of_casia(corpora):
    files = sorted(Path(corpora / "casia").rglob("*.wav"))
    assert len(files) == 1200
    for path in files:
        signal, _ = read_audio(path)
        assert np.array_equal(render(signal), render_by_definition(signal)), path


@pytest.mark.corpus
def test_the_one_tie_of_the_corpus(corpora):
    """neutral (87), row 34, column 50, green: 127 in MATLAB's image."""
    signal, _ = read_audio(corpora / "casia" / "neutral" / "neutral (87).wav")
    assert render(signal)[34, 50].tolist() == [255, 127, 0]
