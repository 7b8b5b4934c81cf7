"""Spectrogram images as MATLAB scripts write them, pixel for pixel: the CASIA paper's, and those of scripts like it.

    spectrogram -> 20 log10(|S| + eps) -> 0..255 -> round -> ind2rgb, jet(256) -> imresize -> bytes

    python -m spectrogram_images WAV_ROOT PNG_ROOT           a folder of WAVs -> a folder of PNGs
    python -m spectrogram_images.compare A B                 the same pixels or not, and why not
    python -m spectrogram_images.psd_figure WAV PNG          the paper's figure of one signal

Reading order: render (the script, line by line), parameters (what scripts differ in), colormaps, ind2rgb,
imresize, quantize; then kernels, the same for eight pixels at a time; png, folder and __main__ are the command.
"""

from spectrogram_images.colormaps import COLORMAPS, colormap, jet
from spectrogram_images.imresize import imresize
from spectrogram_images.ind2rgb import ind2rgb
from spectrogram_images.parameters import PAPER, ImageParameters
from spectrogram_images.quantize import round_half_away, to_uint8
from spectrogram_images.render import render, render_by_definition, render_file

__all__ = [
    "COLORMAPS",
    "PAPER",
    "ImageParameters",
    "colormap",
    "imresize",
    "ind2rgb",
    "jet",
    "render",
    "render_by_definition",
    "render_file",
    "round_half_away",
    "to_uint8",
]
