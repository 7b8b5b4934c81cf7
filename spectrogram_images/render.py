"""From a signal to the image that the CASIA paper's MATLAB script, or one like it, writes."""

import math
from functools import lru_cache

import numpy as np

from dsp import EPS, AudioError, amplitude_to_db, log_spectrogram, spectrogram
from dsp.audio import read_one_channel
from dsp.checks import as_signal
from dsp.engine.plan import is_fast
from spectrogram_images.colormaps import colormap
from spectrogram_images.imresize import imresize
from spectrogram_images.ind2rgb import ind2rgb
from spectrogram_images.kernels import color_and_resize, color_and_resize_power, extremes, power_spectra
from spectrogram_images.parameters import PAPER, ImageParameters
from spectrogram_images.quantize import round_half_away, to_uint8

LARGEST_SAMPLE = 1e100  # float64 ends at 1e308, and power spectra square


def render_by_definition(signal, parameters: ImageParameters = PAPER) -> np.ndarray:
    """The paper's MATLAB script, line by line.

    S = 20 log10(|S| + eps);  S = (S - min S) / (max S - min S) 255;  0 Hz in the top row

    Parameters
    ----------
    signal : (n,) real, n >= parameters.window_length; 16 kHz in the paper (the rate does not enter the image)
    parameters : window, overlap, NFFT, size and colormap; the paper's unless given

    Returns
    -------
    image : (*parameters.size, 3) uint8, red green blue

    Raises
    ------
    ValueError  if the signal is not a finite real vector, is shorter than one window, or is constant:
        MATLAB would then divide 0 by 0 (silence), or paint the rounding errors of its FFT.

    Source: Zheng et al., appendix "Batch Generate Spectrograms".
    Checked: tests/test_image_pixels_match_matlab.py
    """
    window = parameters.window_values()
    S, _, _ = spectrogram(signal, window, parameters.noverlap, parameters.nfft, parameters.sample_rate)
    level = amplitude_to_db(np.abs(S), offset=EPS)
    _refuse_unscalable(signal, level)
    scaled = (level - level.min()) / (level.max() - level.min()) * 255
    rgb = ind2rgb(round_half_away(scaled), colormap(parameters.colormap, 256))
    return to_uint8(imresize(rgb, parameters.size))


def render(signal, parameters: ImageParameters = PAPER) -> np.ndarray:
    """Equals render_by_definition(signal, parameters); about twenty times as fast.

    Parameters
    ----------
    signal : (n,) real, n >= parameters.window_length
    parameters : window, overlap, NFFT, size and colormap; the paper's unless given

    Returns
    -------
    image : (*parameters.size, 3) uint8, red green blue

    Raises
    ------
    ValueError  as render_by_definition.

    Source: Zheng et al., appendix.
    Checked: tests/test_image_kernels_equal_textbook.py, tests/test_image_pixels_match_matlab.py
    """
    window, colors = _tables(parameters)
    x, hop_length = as_signal(signal), window.size - parameters.noverlap
    n_frames = 1 + (x.size - window.size) // hop_length
    if x.size < window.size:
        raise ValueError(f"signal has {x.size} samples, fewer than one window of {window.size}")
    if n_frames < 8:  # less than a register
        return render_by_definition(x, parameters)
    if not is_fast(parameters.nfft):
        level = log_spectrogram(x, window, parameters.noverlap, parameters.nfft, offset=EPS)
        _refuse_unscalable(x, level)
        return color_and_resize(np.ascontiguousarray(level), colors, parameters.size)
    _refuse_unscalable_signal(*extremes(x))
    power = power_spectra(x, window, hop_length, parameters.nfft)
    lowest, highest = (20 * math.log10(math.sqrt(value) + EPS) for value in extremes(power))
    _refuse_constant_level(lowest, highest)
    return color_and_resize_power(power, lowest, highest, colors, parameters.size)


def render_file(path, parameters: ImageParameters = PAPER) -> np.ndarray:
    """The image of one recording; what the script does not foresee is refused.

    Parameters
    ----------
    path : a file that read_audio reads: one channel, parameters.sample_rate Hz, any sample format
    parameters : window, overlap, NFFT, size, colormap and sample rate; the paper's unless given

    Returns
    -------
    image : (*parameters.size, 3) uint8, red green blue

    Raises
    ------
    AudioError  one line that names the file and the rule it breaks.

    Checked: tests/test_bad_files_are_named.py
    """
    signal, sample_rate = read_one_channel(path, "the images")
    if sample_rate != parameters.sample_rate:
        expected = f"the images are made from {parameters.sample_rate} Hz (resample it first)"
        raise AudioError(f"{path}: {sample_rate} Hz; {expected}")
    try:
        return render(signal, parameters)
    except ValueError as error:
        raise AudioError(f"{path}: {error}") from None


def load_kernels() -> None:
    """Loads the fast lane, which the first run on a machine compiles: some seconds then, half a second later."""
    render(np.sin(np.arange(128.0 * 17) ** 1.3))


@lru_cache(maxsize=64)
def _tables(parameters: ImageParameters) -> tuple[np.ndarray, np.ndarray]:
    """The window and the colors, made once."""
    tables = parameters.window_values(), colormap(parameters.colormap, 256)
    for table in tables:
        table.setflags(write=False)
    return tables


def _refuse_unscalable(signal, level: np.ndarray) -> None:
    _refuse_unscalable_signal(float(np.min(signal)), float(np.max(signal)))
    _refuse_constant_level(level.min(), level.max())


def _refuse_unscalable_signal(lowest: float, highest: float) -> None:
    if lowest == highest:
        raise ValueError("every sample is the same: a constant signal has no spectrogram to scale")
    if max(-lowest, highest) > LARGEST_SAMPLE:
        raise ValueError(f"a sample exceeds {LARGEST_SAMPLE:g}: the power spectrum would overflow")


def _refuse_constant_level(lowest: float, highest: float) -> None:
    if lowest == highest:
        raise ValueError("every value of the spectrogram is the same: there is nothing to scale")
