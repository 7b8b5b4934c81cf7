"""Features of one number, or a few, a frame: centroid, bandwidth, roll-off, contrast, flatness, zero crossings, RMS.

Conventions: a spectrum is a column of magnitudes at the frequencies f_k = k sample_rate / n_fft, k = 0 .. n_fft / 2, as
np.abs(dsp.stft(..)) returns it; n_fft is even. Functions of a signal pad half a frame at both ends, as librosa does.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_nonnegative, as_number, as_sample_rate, as_signal, as_word
from dsp.framing import extend, frame

TINY = 2.0**-126  # the smallest normal float32: a frame with a smaller sum counts as silent
Scale = Literal["decibels", "difference"]


def spectral_centroid(magnitude: ArrayLike, sample_rate: float) -> NDArray[np.float64]:
    """The mean frequency of each spectrum, its magnitudes as weights.

    c[t] = sum_k f_k S[k, t] / sum_k S[k, t]

    Parameters
    ----------
    magnitude : (n_fft // 2 + 1, n_frames), >= 0
    sample_rate : Hz

    Returns
    -------
    centroid : (n_frames,) float64, Hz; 0 where the spectrum is 0

    Raises
    ------
    ValueError  if a magnitude is negative or not finite, there are fewer than two bins, or the rate is not > 0.

    Source: Peeters 2004, A large set of audio features, 6.1.1. Checked: tests/test_spectral_features_match_librosa.py
    """
    S, frequency = _spectra(magnitude, sample_rate)
    return frequency @ _shares(S)


def spectral_bandwidth(magnitude: ArrayLike, sample_rate: float, p: float = 2.0) -> NDArray[np.float64]:
    """How far each spectrum spreads around its centroid; with p = 2 a standard deviation.

    b[t] = (sum_k |f_k - c[t]|^p S[k, t] / sum_k S[k, t])^(1/p)

    Parameters
    ----------
    magnitude, sample_rate : as in spectral_centroid
    p : > 0

    Returns
    -------
    bandwidth : (n_frames,) float64, Hz; 0 where the spectrum is 0

    Raises
    ------
    ValueError  as spectral_centroid, or for p <= 0.

    Source: Peeters 2004, 6.1.2; Klapuri & Davy 2006. Checked: tests/test_spectral_features_match_librosa.py
    """
    S, frequency = _spectra(magnitude, sample_rate)
    p, shares = as_number(p, "p", above=0), _shares(S)
    return np.sum(shares * np.abs(frequency[:, None] - frequency @ shares) ** p, axis=0) ** (1 / p)


def spectral_rolloff(magnitude: ArrayLike, sample_rate: float, fraction: float = 0.85) -> NDArray[np.float64]:
    """The lowest frequency up to which each spectrum has a fraction of its sum.

    r[t] = min {f_k : sum_{j <= k} S[j, t] >= fraction sum_j S[j, t]}

    Parameters
    ----------
    magnitude, sample_rate : as in spectral_centroid
    fraction : in 0 .. 1, without 0

    Returns
    -------
    rolloff : (n_frames,) float64, Hz; 0 where the spectrum is 0

    Raises
    ------
    ValueError  as spectral_centroid, or for another fraction.

    Source: Scheirer & Slaney 1997. Checked: tests/test_spectral_features_match_librosa.py
    """
    S, frequency = _spectra(magnitude, sample_rate)
    fraction = as_number(fraction, "fraction", above=0, high=1)
    total = np.cumsum(S, axis=0)
    return frequency[np.argmax(total >= fraction * total[-1], axis=0)]


def spectral_contrast(
    magnitude: ArrayLike,
    sample_rate: float,
    n_bands: int = 6,
    f_min: float = 200.0,
    quantile: float = 0.02,
    scale: Scale = "decibels",
) -> NDArray[np.float64]:
    """Peaks against valleys in octave bands: 0 .. f_min, f_min .. 2 f_min, and so on; the last goes up to Nyquist.

    With the n values of a band in order, m = max(1, round(quantile n)):
    peak = mean of the m greatest, valley = mean of the m smallest

    scale "decibels"    10 log10(peak) - 10 log10(valley), each at least 1e-10 and at most 80 dB below its maximum over
                        all bands and frames (librosa)
          "difference"  peak - valley (librosa's linear=True)

    Each band also has the bin below it, and all but the last give their highest bin away.

    Parameters
    ----------
    magnitude, sample_rate : as in spectral_centroid
    n_bands : int >= 1, octaves above f_min
    f_min : > 0, Hz
    quantile : in 0 .. 1, without 0
    scale : "decibels" or "difference"

    Returns
    -------
    contrast : (n_bands + 1, n_frames) float64

    Raises
    ------
    ValueError  as spectral_centroid, if the last band begins above the Nyquist frequency, or a band has no bin.

    Source: Jiang et al. 2002; librosa's documentation. Checked: tests/test_spectral_features_match_librosa.py
    """
    S, frequency = _spectra(magnitude, sample_rate)
    n_bands, f_min = as_count(n_bands, "n_bands", max_value=64), as_number(f_min, "f_min", above=0, unit="of Hz")
    quantile = as_number(quantile, "quantile", above=0, high=1)
    as_word(scale, "scale", Scale)
    edges = np.concatenate([[0.0], f_min * 2.0 ** np.arange(n_bands + 1)])
    if edges[-2] >= sample_rate / 2:
        raise ValueError(f"{n_bands=} octaves above {f_min=} Hz do not fit below {sample_rate / 2} Hz")
    peaks, valleys = np.empty((2, n_bands + 1, S.shape[1]))
    for band in range(n_bands + 1):
        inside = np.flatnonzero((frequency >= edges[band]) & (frequency <= edges[band + 1]))
        if inside.size == 0:
            raise ValueError(f"no bin lies between {edges[band]} and {edges[band + 1]} Hz; take a longer transform")
        first, last = inside[0] - (band > 0), inside[-1]
        if band == n_bands:
            last = S.shape[0] - 1
        size = last + 1 - first
        ordered = np.sort(S[first : last + (band == n_bands)], axis=0)
        if ordered.shape[0] == 0:
            raise ValueError(f"one bin lies between {edges[band]} and {edges[band + 1]} Hz; take a longer transform")
        m = max(1, int(np.rint(quantile * size)))
        valleys[band], peaks[band] = ordered[:m].mean(axis=0), ordered[-m:].mean(axis=0)
    if scale == "difference":
        return peaks - valleys
    peaks, valleys = (10 * np.log10(np.maximum(x, 1e-10)) for x in (peaks, valleys))
    return np.maximum(peaks, peaks.max() - 80) - np.maximum(valleys, valleys.max() - 80)


def spectral_flatness(magnitude: ArrayLike, floor: float = 1e-10, power: float = 2.0) -> NDArray[np.float64]:
    """Geometric over arithmetic mean of each spectrum: 1 for white noise, near 0 for a tone.

    P = max(floor, S^power),  flatness[t] = exp(mean_k ln P[k, t]) / mean_k P[k, t]

    Parameters
    ----------
    magnitude : (bins, n_frames), >= 0
    floor : > 0
    power : > 0, the exponent of the magnitudes

    Returns
    -------
    flatness : (n_frames,) float64 in 0 .. 1

    Raises
    ------
    ValueError  if a magnitude is negative or not finite, or floor or power is not > 0.

    Source: Dubnov 2004. Checked: tests/test_spectral_features_match_librosa.py
    """
    S = as_nonnegative(magnitude, "magnitude", (2,))
    floor, power = as_number(floor, "floor", above=0), as_number(power, "power", above=0)
    P = np.maximum(S**power, floor)
    return np.exp(np.log(P).mean(axis=0)) / P.mean(axis=0)


def zero_crossing_rate(signal: ArrayLike, frame_length: int = 2048, hop_length: int = 512) -> NDArray[np.float64]:
    """How many samples of each frame have another sign than the one before them, as a share of the frame.

    z[t] = |{n = 1 .. L - 1 : sign x[n] != sign x[n - 1]}| / L

    Values within 1e-10 of 0 count as 0, and 0 as positive. The signal is extended by L // 2 copies of its first and
    last sample.

    Parameters
    ----------
    signal : (n,) real
    frame_length, hop_length : L and the hop, int >= 1, samples

    Returns
    -------
    rate : (n_frames,) float64

    Raises
    ------
    ValueError  if the signal is not a finite real vector or a length is < 1.

    Source: librosa's documentation. Checked: tests/test_spectral_features_match_librosa.py
    """
    x = as_signal(signal)
    frame_length, hop_length = as_count(frame_length, "frame_length"), as_count(hop_length, "hop_length")
    padded = np.pad(x, frame_length // 2, mode="edge")
    if padded.size < frame_length:
        raise ValueError(f"signal has {x.size} samples, too few for one frame of {frame_length}")
    frames = frame(np.where(np.abs(padded) <= 1e-10, 0.0, padded) < 0, frame_length, hop_length)
    return np.count_nonzero(frames[1:] != frames[:-1], axis=0) / frame_length


def rms(signal: ArrayLike, frame_length: int = 2048, hop_length: int = 512) -> NDArray[np.float64]:
    """The root mean square of each frame.

    r[t] = sqrt(1/L sum_n x[n + t hop]^2),  L // 2 zeros before and after the signal

    Parameters
    ----------
    signal : (n,) real
    frame_length, hop_length : L and the hop, int >= 1, samples

    Returns
    -------
    rms : (n_frames,) float64

    Raises
    ------
    ValueError  if the signal is not a finite real vector or a length is < 1.

    Source: librosa's documentation. Checked: tests/test_spectral_features_match_librosa.py
    """
    x = as_signal(signal)
    frame_length, hop_length = as_count(frame_length, "frame_length"), as_count(hop_length, "hop_length")
    frames = frame(extend(x, frame_length, hop_length, "center, zeros"), frame_length, hop_length)
    return np.sqrt(np.mean(frames**2, axis=0))


def _spectra(magnitude: ArrayLike, sample_rate: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The checked magnitudes, and the frequencies of their bins."""
    S = as_nonnegative(magnitude, "magnitude", (2,))
    if S.shape[0] < 2:
        raise ValueError(f"magnitude has shape {S.shape}; (n_fft // 2 + 1, n_frames) with n_fft >= 2 is expected")
    return S, np.arange(S.shape[0]) * (as_sample_rate(sample_rate) / (2 * (S.shape[0] - 1)))


def _shares(S: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every column divided by its sum; a silent one becomes 0."""
    total = S.sum(axis=0)
    return np.divide(S, total, out=np.zeros_like(S), where=total > TINY)
