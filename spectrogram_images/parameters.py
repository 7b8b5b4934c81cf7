"""The parameters of a MATLAB script that turns a recording into a spectrogram image."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from dsp import bartlett, blackman, blackman_harris, hamming, hann
from dsp.checks import as_count
from spectrogram_images.colormaps import COLORMAPS, ColormapName

WindowName = Literal["hann", "hanning", "hamming", "blackman", "blackmanharris", "bartlett", "rectwin"]
WINDOWS: tuple[WindowName, ...] = get_args(WindowName)
Sampling = Literal["symmetric", "periodic"]


@dataclass(frozen=True)
class ImageParameters:
    """What such scripts differ in; the defaults are the CASIA paper's.

        spectrogram(x, hann(256), 128, 512) ... ind2rgb(S, jet(256)) ... imresize(rgb, [224 224])

    dataclasses.replace(PAPER, colormap="hot") makes another set.

    Parameters
    ----------
    window : a MATLAB window function: hann, hanning (hann without its two zeros), hamming, blackman,
        blackmanharris, bartlett or rectwin
    window_length : int >= 1, samples
    sampling : "symmetric", MATLAB's default, or "periodic"
    noverlap : int, samples that neighboring frames share, 0 <= noverlap < window_length
    nfft : int >= window_length
    size : (height, width) of the image, ints >= 1
    colormap : a name in spectrogram_images.COLORMAPS
    sample_rate : int, Hz, that every recording must have (the image itself does not depend on it)

    Raises
    ------
    ValueError  one line that names the parameter, what was given and what is allowed.

    Checked: tests/test_image_parameters.py
    """

    window: WindowName = "hann"
    window_length: int = 256
    sampling: Sampling = "symmetric"
    noverlap: int = 128
    nfft: int = 512
    size: tuple[int, int] = (224, 224)
    colormap: ColormapName = "jet"
    sample_rate: int = 16_000

    def __post_init__(self) -> None:
        _check_word("window", self.window, WINDOWS)
        _check_word("sampling", self.sampling, get_args(Sampling))
        _check_word("colormap", self.colormap, COLORMAPS)
        as_count(self.window_length, "window_length")
        as_count(self.sample_rate, "sample_rate")
        as_count(self.noverlap, "noverlap", min_value=0)
        as_count(self.nfft, "nfft")
        if self.noverlap >= self.window_length:
            raise ValueError(f"noverlap={self.noverlap} must be less than window_length={self.window_length}")
        if self.nfft < self.window_length:
            raise ValueError(f"nfft={self.nfft} must be at least window_length={self.window_length}")
        try:
            height, width = self.size
        except (TypeError, ValueError):
            raise ValueError(f"size={self.size!r}: (height, width) is expected") from None
        object.__setattr__(self, "size", (as_count(height, "height"), as_count(width, "width")))
        for name in ("window_length", "noverlap", "nfft", "sample_rate"):  # NumPy's integers become Python's
            object.__setattr__(self, name, operator.index(getattr(self, name)))

    def window_values(self) -> np.ndarray:
        """The window, (window_length,) float64."""
        return _WINDOW_FUNCTIONS[self.window](self.window_length, self.sampling == "periodic")

    def describe(self) -> str:
        """One line such as "hann(256), overlap 128, NFFT 512, jet, 224x224"."""
        arguments = f"{self.window_length}" + (", periodic" if self.sampling == "periodic" else "")
        analysis = f"{self.window}({arguments}), overlap {self.noverlap}, NFFT {self.nfft}"
        return f"{analysis}, {self.colormap}, {self.size[0]}x{self.size[1]}"


def _check_word(name: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise ValueError(f"{name}={given!r} is unknown; one of {', '.join(allowed)} is expected")


def _hanning(n: int, periodic: bool) -> np.ndarray:
    return hann(n, periodic=True) if periodic else hann(n + 2)[1:-1]


_WINDOW_FUNCTIONS: dict[str, Callable[[int, bool], np.ndarray]] = {
    "hann": hann,
    "hanning": _hanning,
    "hamming": hamming,
    "blackman": blackman,
    "blackmanharris": blackman_harris,
    "bartlett": bartlett,
    "rectwin": lambda n, periodic: np.ones(as_count(n, "n")),
}

PAPER = ImageParameters()
