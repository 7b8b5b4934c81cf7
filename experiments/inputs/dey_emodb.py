"""The inputs of the five networks of Dey et al. (EMO-DB): a mel image, mel segments, or the waveform.

Recordings have 16 kHz. Where the paper's text and its code differ, this module follows the code, with its oddities.
"""

from dataclasses import replace

import numpy as np

from dsp import CONVENTIONS, extract, frame, standardize
from experiments.data.corpora import Corpus, complete
from experiments.data.recordings import of_file
from experiments.inputs.front_end import SAMPLE_RATE, FrontEnd, at_16_khz, check_sounding

# librosa 0.8 mirrors the signal at its edges; its dB are 20 log10 of a power, floored 80 below the maximum.
IMAGE = CONVENTIONS["dey_emodb"]
IMAGE_SAMPLES = 128_000  # 8 s
NORMALIZATIONS = ("sign", "z-score")

SEGMENT = replace(CONVENTIONS["librosa"], frame_length=512, hop_length=256, n_fft=512)
SEGMENT_SAMPLES = 56_000  # 3.5 s
SEGMENT_FRAMES = 5
SEGMENT_STARTS = range(0, 90, SEGMENT_FRAMES)  # the code ends at `k + 5 >= 94`: frames 90 .. 218 are never seen

WINDOW, HOP = 16_000, 8_000  # samples: 1 s, half of it shared


def mel_2d(signal, normalize: str = "sign") -> np.ndarray:
    """Input of the 2D CNN-LSTM: the mel spectrogram of 8 s as an image.

    x = the first 8 s, with zeros appended;  P = mel power (2048/512, 128 Slaney bands, mirrored edges)
    L = 20 log10(max(1e-5, P)), not below max(L) - 80: decibels of an amplitude, taken of a power
    "sign"     y = sign(L), as in the code: keras.utils.normalize divides by the norm along the last axis, which has
               one value. The result is a mask of mel power > 1; appended zeros are -1 unless a level exceeds 80 dB
    "z-score"  y = (L - mean L) / sd L over the utterance's image, as the code's name promises

    Parameters
    ----------
    signal : (n,) float64 at 16 kHz
    normalize : "sign" or "z-score"

    Returns
    -------
    image : (1, 128, 251) float32: channel, mel band, frame

    Raises
    ------
    ValueError  for a silent or bad signal, or an unknown `normalize`.

    Checked: tests/test_dey_emodb_inputs_match_librosa.py
    """
    if normalize not in NORMALIZATIONS:
        raise ValueError(f"{normalize=} is neither {' nor '.join(NORMALIZATIONS)}")
    x = _of_length(signal, IMAGE_SAMPLES)
    (level,) = extract([x], SAMPLE_RATE, IMAGE, kind="log_mel")  # (128, 251)
    image = np.sign(level) if normalize == "sign" else standardize(level, level.mean(), level.std())
    return image.astype(np.float32)[None]


def mel_segments(signal) -> np.ndarray:
    """Input of the two time-distributed networks: 18 pieces of a mel spectrogram, 80 ms each.

    x = the first 3.5 s / their largest sample, with zeros appended. The code takes max, not max|x|; L is the same
    L = 10 log10(max(1e-10, P)) - max, not below -80;  P = mel power (512/256, 128 Slaney bands)
    segment s = L[:, 5 s : 5 s + 5], s = 0 .. 17: the first 1.44 s. The other 129 of 219 frames are not used

    Parameters
    ----------
    signal : (n,) float64 at 16 kHz

    Returns
    -------
    segments : (18, 1, 128, 5) float32: segment, channel, mel band, frame; dB

    Raises
    ------
    ValueError  for a silent or bad signal, or one without a positive sample.

    Checked: tests/test_dey_emodb_inputs_match_librosa.py
    """
    level = segment_level(signal)
    segments = np.stack([level[:, start : start + SEGMENT_FRAMES] for start in SEGMENT_STARTS])
    return segments.astype(np.float32)[:, None]


def segment_level(signal) -> np.ndarray:
    """The mel spectrogram that mel_segments divides: (128, 219) float64, dB. Raises the same errors.

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    x = _of_length(signal, SEGMENT_SAMPLES)
    if not x.max() > 0:
        raise ValueError("no sample is positive: division by the largest would invert the signal")
    (level,) = extract([x / x.max()], SAMPLE_RATE, SEGMENT, kind="log_mel")
    return level - level.max()


def windows_1d(signal) -> np.ndarray:
    """Input of the two 1D networks: the waveform at unit power, in windows of 1 s.

    s = x / sqrt(mean x^2) over the whole utterance
    s[k 8000 : k 8000 + 16000] while its end < n, then one more window with zeros appended. A shorter signal is one
    window with floor((16000 - n) / 2) zeros before it and the rest after it

    This rule gives the published 416 validation and 561 test windows of EMO-DB. (No file has exactly 16000 + 8000 k
    samples, where `end <= n` would add a last window that is half zeros.)

    Parameters
    ----------
    signal : (n,) float64 at 16 kHz

    Returns
    -------
    windows : (n_windows, 1, 16000) float32: window, channel, sample;  n_windows = max(1, ceil(n / 8000) - 1)

    Raises
    ------
    ValueError  for a silent signal.

    Checked: tests/test_dey_emodb_inputs_match_librosa.py
    """
    s = unit_power(signal)
    bounds = window_bounds(s.size)
    s = np.pad(s, (-bounds[0][0], bounds[-1][1] - s.size))
    return frame(s, WINDOW, HOP).T.astype(np.float32)[:, None]


def unit_power(signal) -> np.ndarray:
    """s = x / sqrt(mean x^2), (n,) float64. Raises ValueError for a silent signal.

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    x = np.asarray(signal, dtype=np.float64)
    check_sounding(x)
    return x / np.sqrt(np.mean(x**2))


def window_bounds(n_samples: int) -> list[tuple[int, int]]:
    """(start, stop) of each window of windows_1d in a signal of n_samples. Windows may reach beyond it, into zeros.

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    if n_samples < WINDOW:
        before = (WINDOW - n_samples) // 2
        return [(-before, WINDOW - before)]
    n_windows = 1 + -(-(n_samples - WINDOW) // HOP)
    return [(k * HOP, k * HOP + WINDOW) for k in range(n_windows)]


def windows_of(corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """All windows of a corpus, and the file of each. They are not cached, because computing them is faster.

    Returns
    -------
    windows : (m, 1, 16000) float32, file after file
    files : (m,) int, the file of each window, an index into the corpus

    Raises
    ------
    CorpusError  one line: the first file that cannot be used, and the number of further ones.

    Checked: tests/test_dey_emodb_inputs_match_librosa.py
    """
    windows = complete([of_file(path, _windows) for path in corpus.paths])
    return np.concatenate(windows), np.repeat(np.arange(len(corpus)), [len(some) for some in windows])


def _of_length(signal, n_samples: int) -> np.ndarray:
    """The first n_samples, with zeros appended."""
    x = np.asarray(signal, dtype=np.float64)[:n_samples]
    check_sounding(x)
    return np.pad(x, (0, n_samples - x.size))


def _mask(signal: np.ndarray, sample_rate: int) -> np.ndarray:
    return mel_2d(at_16_khz(signal, sample_rate), "sign")


def _image(signal: np.ndarray, sample_rate: int) -> np.ndarray:
    return mel_2d(at_16_khz(signal, sample_rate), "z-score")


def _segments(signal: np.ndarray, sample_rate: int) -> np.ndarray:
    return mel_segments(at_16_khz(signal, sample_rate))


def _windows(signal: np.ndarray, sample_rate: int) -> np.ndarray:
    return windows_1d(at_16_khz(signal, sample_rate))


MEL_2D_SIGN = FrontEnd("dey_mel_2d_sign", 1, IMAGE, (1, 128, 251), _mask)
MEL_2D_Z_SCORE = FrontEnd("dey_mel_2d_z_score", 1, IMAGE, (1, 128, 251), _image)
MEL_SEGMENTS = FrontEnd("dey_mel_segments", 1, SEGMENT, (18, 1, 128, 5), _segments)
