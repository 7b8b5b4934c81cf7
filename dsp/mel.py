"""Mel scales, and banks of triangular filters on them.

Conventions: three things differ from tool to tool and are named apart here. The *scale* says where a
frequency lies in mel; the *triangles* say on which axis the sides of a filter are straight lines (Hz,
mel, or FFT bins); the *norm* says how high a filter is. Two banks with "the HTK scale" can differ in the
other two.
"""

import warnings

import numpy as np
from numba import njit

from dsp.checks import as_count

_SLANEY_STEP = np.log(6.4) / 27  # of log frequency per mel above 1 kHz


def hz_to_mel(frequency, scale: str) -> np.ndarray:
    """Frequency on a mel scale.

    "htk"     2595 log10(1 + f / 700)            O'Shaughnessy 1987, HTK Book eq. 5.13
    "kaldi"   1127 ln(1 + f / 700)               the same curve to 6e-6, as HTK's and Kaldi's programs have it
    "slaney"  f / (200/3) below 1 kHz, 15 + ln(f / 1000) / (ln(6.4) / 27) above

    Parameters
    ----------
    frequency : real array, Hz, >= 0
    scale : "htk", "kaldi" or "slaney"

    Returns
    -------
    mel : same shape, float64

    Raises
    ------
    ValueError  for a negative frequency or an unknown scale.

    Source: O'Shaughnessy 1987; Young et al., HTK Book 3.4; Slaney 1998, Auditory Toolbox.
    Checked: tests/test_mel_matches_librosa.py
    """
    f = np.asarray(frequency, dtype=np.float64)
    if f.min(initial=0) < 0:
        raise ValueError(f"a frequency of {f.min()} Hz has no place on a mel scale; >= 0 is expected")
    if scale == "htk":
        return 2595 * np.log10(1 + f / 700)
    if scale == "kaldi":
        return 1127 * np.log(1 + f / 700)
    if scale == "slaney":
        return np.where(f < 1000, f / (200 / 3), 15 + np.log(np.maximum(f, 1000) / 1000) / _SLANEY_STEP)
    raise ValueError(f'{scale=} is neither "htk", "kaldi" nor "slaney"')


def mel_to_hz(mel, scale: str) -> np.ndarray:
    """Frequency of a place on a mel scale: mel_to_hz(hz_to_mel(f)) = f.

    "htk"     700 (10^(m / 2595) - 1)
    "kaldi"   700 (exp(m / 1127) - 1)
    "slaney"  m 200/3 below 15 mel, 1000 exp((m - 15) ln(6.4) / 27) above

    Parameters
    ----------
    mel : real array, >= 0
    scale : "htk", "kaldi" or "slaney"

    Returns
    -------
    frequency : same shape, float64, Hz

    Raises
    ------
    ValueError  for a negative place or an unknown scale.

    Source: as hz_to_mel. Checked: tests/test_mel_matches_librosa.py
    """
    m = np.asarray(mel, dtype=np.float64)
    if m.min(initial=0) < 0:
        raise ValueError(f"{m.min()} mel is not a frequency; >= 0 is expected")
    if scale == "htk":
        return 700 * (10 ** (m / 2595) - 1)
    if scale == "kaldi":
        return 700 * (np.exp(m / 1127) - 1)
    if scale == "slaney":
        return np.where(m < 15, m * (200 / 3), 1000 * np.exp((np.maximum(m, 15) - 15) * _SLANEY_STEP))
    raise ValueError(f'{scale=} is neither "htk", "kaldi" nor "slaney"')


def mel_filterbank(
    n_mels: int,
    n_fft: int,
    sample_rate: float,
    f_min: float = 0.0,
    f_max: float | None = None,
    scale: str = "slaney",
    triangles: str = "hz",
    norm: str | None = None,
) -> np.ndarray:
    """Triangular filters, one per row, their edges equally spaced in mel.

    H[m, k] = max(0, min((x_k - x_{m-1}) / (x_m - x_{m-1}), (x_{m+1} - x_k) / (x_{m+1} - x_m)))

    triangles "hz"    x in Hz: x_k = k sample_rate / n_fft
              "mel"   x in mel of the same frequencies
              "bins"  x in FFT bins: x_k = k, edges rounded down to floor((n_fft + 1) f_m / sample_rate)
    norm      None    peak 1
              "slaney"  times 2 / (f_{m+1} - f_{m-1}) in Hz: equal areas (librosa's "slaney", MATLAB's "bandwidth")
              "sum"   divided by the sum of its values at the bins (Essentia's "unit_sum")
              "doubled"  times 2 but at 0 Hz and the Nyquist frequency, which have no mirror image (VOICEBOX)

    Parameters
    ----------
    n_mels, n_fft : int >= 1
    sample_rate : Hz
    f_min, f_max : Hz, 0 <= f_min < f_max <= sample_rate / 2; None takes the Nyquist frequency
    scale : as hz_to_mel
    triangles, norm : the words above

    Returns
    -------
    filters : (n_mels, n_fft // 2 + 1) float64; a filter between two bins is empty (all zeros), with a UserWarning

    Raises
    ------
    ValueError  for a range outside 0 .. sample_rate / 2, an unknown word, or a bank of more than 2^28 numbers.

    Source: Davis & Mermelstein 1980; Slaney 1998; HTK Book 5.4. Checked: tests/test_mel_matches_librosa.py
    """
    n_mels, n_fft = as_count(n_mels, "n_mels"), as_count(n_fft, "n_fft")
    as_count(n_mels * (n_fft // 2 + 1), "n_mels * (n_fft // 2 + 1)")
    nyquist = sample_rate / 2
    f_max = nyquist if f_max is None else f_max
    if not 0 <= f_min < f_max <= nyquist:
        raise ValueError(f"{f_min=} and {f_max=} must lie in 0 .. {nyquist} Hz, in this order")
    edges = mel_to_hz(np.linspace(hz_to_mel(f_min, scale), hz_to_mel(f_max, scale), n_mels + 2), scale)
    frequency = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    if triangles == "hz":
        filters = _triangles(frequency, edges)
    elif triangles == "mel":
        filters = _triangles(
            hz_to_mel(frequency, scale), np.linspace(hz_to_mel(f_min, scale), hz_to_mel(f_max, scale), n_mels + 2)
        )
    elif triangles == "bins":
        filters = _triangles(np.arange(frequency.size), np.floor((n_fft + 1) * edges / sample_rate))
    else:
        raise ValueError(f'{triangles=} is neither "hz", "mel" nor "bins"')
    n_empty = n_mels - np.count_nonzero(filters.any(axis=1))
    if n_empty:
        warnings.warn(
            f"{n_empty} of {n_mels} mel filters are empty: no FFT bin lies in them; take fewer, or a longer FFT",
            stacklevel=2,
        )
    if norm == "slaney":
        return filters * (2 / (edges[2:] - edges[:-2]))[:, None]
    if norm == "sum":
        sums = filters.sum(axis=1, keepdims=True)
        return np.divide(filters, sums, out=filters, where=sums > 0)
    if norm == "doubled":
        filters[:, 1 : (n_fft + 1) // 2] *= 2
        return filters
    if norm is not None:
        raise ValueError(f'{norm=} is neither None, "slaney", "sum" nor "doubled"')
    return filters


@njit(cache=True)
def _triangles(x: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """H[m, k] = max(0, min((x_k - left) / (centre - left), (right - x_k) / (right - centre))).

    Edges that fall together make a vertical side.
    """
    filters = np.zeros((edges.size - 2, x.size))
    for m in range(edges.size - 2):
        left, centre, right = edges[m], edges[m + 1], edges[m + 2]
        for k in range(x.size):
            if left <= x[k] <= right:
                rising = (x[k] - left) / (centre - left) if centre > left else (1.0 if x[k] >= centre else 0.0)
                falling = (right - x[k]) / (right - centre) if right > centre else (1.0 if x[k] < centre else 0.0)
                filters[m, k] = min(rising, falling, 1.0)
    return filters
