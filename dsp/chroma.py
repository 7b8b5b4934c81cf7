"""Pitch classes: how much of each spectrum belongs to C, C#, D .. of any octave, and the tonal centroid of that.

Conventions: a spectrum is a column of n_fft // 2 + 1 values; n_fft is even. Octaves count as log2(f / (A / 16)), so
that C4 .. B4 have the number 4 and a bit; A is 440 Hz times 2^(tuning / 12).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_flag, as_nonnegative, as_number, as_sample_rate

TINY = 2.0**-126  # the smallest normal float32: a column with a smaller norm counts as silent
PITCH_RANGE = (150.0, 4000.0)  # Hz, in which `estimate_tuning` looks for partials
PEAK_SHARE = 0.1  # of the greatest magnitude of a frame: what is weaker is no partial


def chroma_filterbank(
    n_chroma: int,
    n_fft: int,
    sample_rate: float,
    tuning: float = 0.0,
    center_octave: float = 5.0,
    octave_width: float | None = 2.0,
    from_c: bool = True,
) -> NDArray[np.float64]:
    """Gaussian filters around every pitch of a class, weighted around one octave; each column has norm 1 before that.

    b_k = n_chroma log2(f_k / (A / 16)),  k = 1 .. n_fft - 1;  b_0 = b_1 - 3/2 n_chroma
    H[c, k] = exp(-1/2 (2 d / w_k)^2),  w_k = max(1, b_{k+1} - b_k),
              d = b_k - c to the nearest octave, in -n_chroma/2 .. n_chroma/2
    every column divided by its norm, times exp(-1/2 ((b_k / n_chroma - center_octave) / octave_width)^2)

    Parameters
    ----------
    n_chroma : int >= 1, classes in an octave
    n_fft : int >= 2, samples of the transform
    sample_rate : Hz
    tuning : how far A lies from 440 Hz, in parts of a class
    center_octave : the octave with weight 1
    octave_width : > 0, standard deviation of the octaves' weights; None weighs all alike
    from_c : row 0 is C; False begins with A

    Returns
    -------
    filters : (n_chroma, n_fft // 2 + 1) float64

    Raises
    ------
    ValueError  for an argument of another kind, or a bank of more than 2^28 numbers.

    Source: Ellis 2007, Chroma feature analysis and synthesis. Checked: tests/test_spectral_features_match_librosa.py
    """
    n_chroma, n_fft = as_count(n_chroma, "n_chroma"), as_count(n_fft, "n_fft", min_value=2)
    as_count(n_chroma * n_fft, "n_chroma * n_fft")
    tuning, center = as_number(tuning, "tuning"), as_number(center_octave, "center_octave")
    frequency = np.arange(1, n_fft) * (as_sample_rate(sample_rate) / n_fft)
    bins = n_chroma * np.log2(frequency / (_tuned_a(tuning, n_chroma) / 16))
    bins = np.concatenate([[bins[0] - 1.5 * n_chroma], bins])
    width = np.append(np.maximum(np.diff(bins), 1.0), 1.0)
    half = round(n_chroma / 2)
    distance = np.mod(bins - np.arange(n_chroma)[:, None] + half, n_chroma) - half
    filters = np.exp(-0.5 * (2 * distance / width) ** 2)
    filters /= np.linalg.norm(filters, axis=0)
    if octave_width is not None:
        octave_width = as_number(octave_width, "octave_width", above=0)
        filters *= np.exp(-0.5 * ((bins / n_chroma - center) / octave_width) ** 2)
    if as_flag(from_c, "from_c"):
        filters = np.roll(filters, -3 * (n_chroma // 12), axis=0)
    return np.ascontiguousarray(filters[:, : n_fft // 2 + 1])


def chroma(
    spectrum: ArrayLike, sample_rate: float, n_chroma: int = 12, tuning: float | None = None
) -> NDArray[np.float64]:
    """The share of each pitch class in each spectrum; the strongest class of a frame is 1.

    chroma[:, t] = H S[:, t] / max_c (H S)[c, t],  H = chroma_filterbank at its defaults

    Parameters
    ----------
    spectrum : (n_fft // 2 + 1, n_frames), >= 0, powers in librosa's chroma_stft(y), magnitudes in many tutorials
    sample_rate : Hz
    n_chroma : int >= 1
    tuning : as in chroma_filterbank; None takes estimate_tuning

    Returns
    -------
    chroma : (n_chroma, n_frames) float64; a silent frame stays 0

    Raises
    ------
    ValueError  if a value is negative or not finite, or an argument does not fit.

    Source: Ellis 2007. Checked: tests/test_spectral_features_match_librosa.py
    """
    S = _spectra(spectrum, "spectrum")
    if tuning is None:
        tuning = estimate_tuning(S, sample_rate, n_chroma)
    rows = chroma_filterbank(n_chroma, 2 * (S.shape[0] - 1), sample_rate, tuning) @ S
    greatest = rows.max(axis=0)
    return np.divide(rows, greatest, out=rows, where=greatest > TINY)


def estimate_tuning(spectrum: ArrayLike, sample_rate: float, n_chroma: int = 12, resolution: float = 0.01) -> float:
    """How far the partials of a sound lie from the pitches of A = 440 Hz: the most frequent deviation.

    Partials are local maxima in 150 .. 4000 Hz above a tenth of their frame's greatest value, at the vertex of the
    parabola through three bins. The stronger half of them, by that value, is counted in a histogram of the deviations
    n_chroma log2(f / 27.5) - round(..), in steps of `resolution`.

    Parameters
    ----------
    spectrum : (n_fft // 2 + 1, n_frames), >= 0
    sample_rate : Hz
    n_chroma : int >= 1, classes in an octave
    resolution : in 0 .. 1, without 0

    Returns
    -------
    tuning : -0.5 .. 0.5, in parts of a class; 0 if there is no partial

    Raises
    ------
    ValueError  as chroma, or for a resolution outside 0 .. 1.

    Source: librosa's documentation of estimate_tuning and piptrack; Smith, Spectral Audio Signal Processing.
    Checked: tests/test_spectral_features_match_librosa.py
    """
    S = _spectra(spectrum, "spectrum")
    n_chroma = as_count(n_chroma, "n_chroma")
    resolution = as_number(resolution, "resolution", above=0, high=1)
    edges, counts = count_deviations(S, as_sample_rate(sample_rate), n_chroma, resolution)
    return float(edges[np.argmax(counts)]) if counts.any() else 0.0


def count_deviations(
    S: NDArray[np.float64], sample_rate: float, n_chroma: int, resolution: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(edges, counts): the histogram that estimate_tuning takes the greatest count of; arguments are checked.

    Checked: tests/test_spectral_features_match_librosa.py
    """
    edges = np.linspace(-0.5, 0.5, int(np.ceil(1 / resolution)) + 1)
    if S.shape[0] < 3:
        return edges, np.zeros(edges.size - 1, np.int64)
    step = sample_rate / (2 * (S.shape[0] - 1))
    before, here, after = S[:-2], S[1:-1], S[2:]
    loud = np.where(S > PEAK_SHARE * S.max(axis=0), S, 0)
    frequency = np.arange(1, S.shape[0] - 1)[:, None] * step
    is_peak = (loud[1:-1] > loud[:-2]) & (loud[1:-1] >= loud[2:])
    is_peak &= (PITCH_RANGE[0] <= frequency) & (frequency < PITCH_RANGE[1])
    k, t = np.nonzero(is_peak)
    slope, bend = (after[k, t] - before[k, t]) / 2, after[k, t] + before[k, t] - 2 * here[k, t]
    shift = np.where(np.abs(slope) >= np.abs(bend), 0.0, -slope / np.where(bend == 0, 1.0, bend))
    pitch, strength = (k + 1 + shift) * step, here[k, t] + slope * shift / 2
    pitch = pitch[strength >= np.median(strength)] if pitch.size else pitch
    deviation = np.mod(n_chroma * np.log2(pitch / (440 / 16)), 1.0)
    deviation[deviation >= 0.5] -= 1
    return edges, np.histogram(deviation, edges)[0]


def tonnetz(chroma: ArrayLike) -> NDArray[np.float64]:
    """The tonal centroid of each frame: on the circles of fifths, minor thirds and major thirds.

    With n classes, p_c = 12 c / n and chroma divided by its sum over the classes:
    y[2i]     = r_i sum_c sin(pi a_i p_c) chroma[c, t]
    y[2i + 1] = r_i sum_c cos(pi a_i p_c) chroma[c, t],   a = 7/6, 3/2, 2/3;  r = 1, 1, 1/2

    Parameters
    ----------
    chroma : (n_chroma, n_frames), >= 0

    Returns
    -------
    centroid : (6, n_frames) float64; a silent frame is 0

    Raises
    ------
    ValueError  if a value is negative or not finite.

    Source: Harte, Sandler & Gasser 2006. Checked: tests/test_spectral_features_match_librosa.py
    """
    rows = as_nonnegative(chroma, "chroma", (2,))
    total = rows.sum(axis=0)
    shares = np.divide(rows, total, out=np.zeros_like(rows), where=total > TINY)
    position = np.arange(rows.shape[0]) * (12 / rows.shape[0])
    circles = ((7 / 6, 1.0), (3 / 2, 1.0), (2 / 3, 0.5))
    waves = [r * wave(np.pi * a * position) for a, r in circles for wave in (np.sin, np.cos)]
    return np.array(waves) @ shares


def _tuned_a(tuning: float, n_chroma: int) -> float:
    return 440.0 * 2.0 ** (tuning / n_chroma)


def _spectra(values: ArrayLike, name: str) -> NDArray[np.float64]:
    S = as_nonnegative(values, name, (2,))
    if S.shape[0] < 2:
        raise ValueError(f"{name} has shape {S.shape}; (n_fft // 2 + 1, n_frames) with n_fft >= 2 is expected")
    return S
