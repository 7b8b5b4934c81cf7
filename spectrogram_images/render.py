"""From a signal to the image that the CASIA paper's MATLAB script wrote for it."""

from pathlib import Path

import numpy as np

from dsp import EPS, AudioError, amplitude_to_db, hann, log_spectrogram, read_audio, spectrogram
from spectrogram_images.imresize import imresize
from spectrogram_images.ind2rgb import ind2rgb
from spectrogram_images.jet import jet
from spectrogram_images.kernels import colour_and_resize
from spectrogram_images.quantize import round_half_away, to_uint8

SAMPLE_RATE = 16_000  # Hz, of the paper's recordings
WINDOW = hann(256)  # symmetric
NOVERLAP = 128
NFFT = 512
SIZE = (224, 224)


def render_by_definition(signal) -> np.ndarray:
    """The paper's MATLAB script, line by line.

    S = 20 log10(|S| + eps);  S = (S - min S) / (max S - min S) 255;  0 Hz in the top row

    Parameters
    ----------
    signal : (n,) real, n >= 256; 16 kHz in the paper (the rate does not enter the image)

    Returns
    -------
    image : (224, 224, 3) uint8, red green blue

    Raises
    ------
    ValueError  if the signal is not a finite real vector, is shorter than one window, or is constant:
        MATLAB would then divide 0 by 0 (silence), or paint the rounding errors of its FFT.

    Source: Zheng et al., appendix "Batch Generate Spectrograms".
    Checked: tests/test_image_pixels_match_matlab.py
    """
    S, _, _ = spectrogram(signal, WINDOW, NOVERLAP, NFFT, SAMPLE_RATE)
    S = amplitude_to_db(np.abs(S), offset=EPS)
    _refuse_constant(signal, S)
    S = (S - S.min()) / (S.max() - S.min()) * 255
    rgb = ind2rgb(round_half_away(S), jet(256))
    return to_uint8(imresize(rgb, SIZE))


def render(signal) -> np.ndarray:
    """Equals render_by_definition(signal); about ten times as fast.

    Parameters
    ----------
    signal : (n,) real, n >= 256

    Returns
    -------
    image : (224, 224, 3) uint8, red green blue

    Raises
    ------
    ValueError  as render_by_definition.

    Source: Zheng et al., appendix. Checked: tests/test_image_pixels_match_matlab.py
    """
    level = log_spectrogram(signal, WINDOW, NOVERLAP, NFFT, offset=EPS)
    if level.shape[1] < 8:
        return render_by_definition(signal)
    _refuse_constant(signal, level)
    return colour_and_resize(level, SIZE)


def render_file(path) -> np.ndarray:
    """The image of one recording; what the paper's script does not foresee is refused.

    Parameters
    ----------
    path : a file that read_audio reads: 16 kHz, one channel, any sample format

    Returns
    -------
    image : (224, 224, 3) uint8

    Raises
    ------
    AudioError  one line that names the file and the rule it breaks.

    Checked: tests/test_bad_files_are_named.py
    """
    signal, sample_rate = read_audio(path)
    if signal.ndim != 1:
        raise AudioError(f"{path}: {signal.shape[0]} channels; the images are made from one")
    if sample_rate != SAMPLE_RATE:
        raise AudioError(f"{path}: {sample_rate} Hz; the images are made from {SAMPLE_RATE} Hz (resample it first)")
    try:
        return render(signal)
    except ValueError as error:
        raise AudioError(f"{Path(path)}: {error}") from None


def _refuse_constant(signal, level: np.ndarray) -> None:
    if level.max() == level.min() or np.ptp(signal) == 0:
        raise ValueError("every sample is the same: a constant signal has no spectrogram to scale")
