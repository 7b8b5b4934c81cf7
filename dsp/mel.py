"""Mel scales, and banks of triangular filters on them.

Conventions: tools differ in three things, which have separate names here. The *scale* maps a frequency to mel; the
*triangles* tell on which axis (Hz, mel or FFT bins) the sides of a filter are straight lines; the *norm* sets the
height of a filter. Two banks on "the HTK scale" can still differ in the other two.
"""

import math
import warnings
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_number, as_real, as_sample_rate, as_word, check_nonnegative

MelScale = Literal["htk", "kaldi", "slaney"]
MelTriangles = Literal["hz", "mel", "mel, cut at bins", "bins", "symmetric", "stretched"]
MelCount = Literal["3 ln rate", "every 100 mel"]
MelNorm = Literal[None, "slaney", "sum", "doubled"]

_SLANEY_STEP = np.log(6.4) / 27  # log-frequency step of one mel above 1 kHz


def hz_to_mel(frequency: ArrayLike, scale: MelScale) -> NDArray[np.float64]:
    """Frequency on a mel scale.

    "htk"     2595 log10(1 + f / 700)            O'Shaughnessy 1987, HTK Book eq. 5.13
    "kaldi"   1127 ln(1 + f / 700)               the same curve to 6e-6, as the programs of HTK and Kaldi compute it
    "slaney"  f / (200/3) below 1 kHz, 15 + ln(f / 1000) / (ln(6.4) / 27) above

    Parameters
    ----------
    frequency : real array or number, Hz, >= 0
    scale : "htk", "kaldi" or "slaney"

    Returns
    -------
    mel : same shape, float64

    Raises
    ------
    ValueError  for a negative frequency, complex or masked values, or an unknown scale.

    Source: O'Shaughnessy 1987; Young et al., HTK Book 3.4; Slaney 1998, Auditory Toolbox.
    Checked: tests/test_mel_matches_librosa.py
    """
    as_word(scale, "scale", MelScale)
    f = _as_nonnegative(frequency, "frequency", "Hz")
    if scale == "htk":
        return 2595 * np.log10(1 + f / 700)
    if scale == "kaldi":
        return 1127 * np.log(1 + f / 700)
    return np.where(f < 1000, f / (200 / 3), 15 + np.log(np.maximum(f, 1000) / 1000) / _SLANEY_STEP)


def mel_to_hz(mel: ArrayLike, scale: MelScale) -> NDArray[np.float64]:
    """Frequency of a value on a mel scale: mel_to_hz(hz_to_mel(f)) = f.

    "htk"     700 (10^(m / 2595) - 1)
    "kaldi"   700 (exp(m / 1127) - 1)
    "slaney"  m 200/3 below 15 mel, 1000 exp((m - 15) ln(6.4) / 27) above

    Parameters
    ----------
    mel : real array or number, >= 0
    scale : "htk", "kaldi" or "slaney"

    Returns
    -------
    frequency : same shape, float64, Hz

    Raises
    ------
    ValueError  for a negative mel value, complex or masked values, or an unknown scale.

    Source: as hz_to_mel. Checked: tests/test_mel_matches_librosa.py
    """
    as_word(scale, "scale", MelScale)
    m = _as_nonnegative(mel, "mel", "mel")
    if scale == "htk":
        return 700 * (10 ** (m / 2595) - 1)
    if scale == "kaldi":
        return 700 * (np.exp(m / 1127) - 1)
    return np.where(m < 15, m * (200 / 3), 1000 * np.exp((np.maximum(m, 15) - 15) * _SLANEY_STEP))


def mel_filterbank(
    n_mels: int | MelCount,
    n_fft: int,
    sample_rate: float,
    f_min: float = 0.0,
    f_max: float | None = None,
    scale: MelScale = "slaney",
    triangles: MelTriangles = "hz",
    norm: MelNorm = None,
) -> NDArray[np.float64]:
    """Triangular filters, one per row, with edges equally spaced in mel.

    H[m, k] = max(0, min((x_k - x_{m-1}) / (x_m - x_{m-1}), (x_{m+1} - x_k) / (x_{m+1} - x_m)))

    triangles "hz"         x in Hz: x_k = k sample_rate / n_fft
              "mel"        x in mel of the same frequencies
              "mel, cut at bins"  the same, 0 outside the bins floor(f_min n_fft / sample_rate + 3/2) ..
                           floor(f_max n_fft / sample_rate - 1/2): HTK's LOFREQ and HIFREQ
              "bins"       x in FFT bins: x_k = k, edges rounded down to floor((n_fft + 1) f_m / sample_rate)
              "symmetric"  x in Hz, both sides as wide as the lower one: x_{m+1} - x_m counts as x_m - x_{m-1}
                           (SpeechBrain)
              "stretched"  x in Hz, with the bins spread over f_min .. f_max by mistake: x_k = f_min +
                           k (f_max - f_min) / (n_fft // 2) (spafe, torchaudio before 0.4)
    norm      None       peak 1
              "slaney"   times 2 / (f_{m+1} - f_{m-1}) in Hz: equal areas (librosa's "slaney", MATLAB's "bandwidth")
              "sum"      divided by the sum of its values at the bins (Essentia's "unit_sum")
              "doubled"  times 2 except at 0 Hz and the Nyquist frequency, which have no mirror image (VOICEBOX)

    Parameters
    ----------
    n_mels : int >= 1, "3 ln rate" for floor(3 ln sample_rate) (VOICEBOX), or "every 100 mel" for centers at 100, 200 ..
        mel above f_min, floor((mel(f_max) - mel(f_min)) / 100 - 1/2) of them, so that the last side may end up to
        50 mel above f_max (Praat)
    n_fft : int >= 1
    sample_rate : Hz
    f_min, f_max : Hz, 0 <= f_min < f_max <= sample_rate / 2; None takes the Nyquist frequency
    scale : as in hz_to_mel
    triangles, norm : the words above

    Returns
    -------
    filters : (n_mels, n_fft // 2 + 1) float64; a filter between two bins is empty (all zeros), with a UserWarning

    Raises
    ------
    ValueError  for a range outside 0 .. sample_rate / 2, an unknown word, or a bank of more than 2^28 numbers.

    Source: Davis & Mermelstein 1980; Slaney 1998; HTK Book 5.4. Checked: tests/test_mel_matches_librosa.py
    """
    as_word(norm, "norm", MelNorm)
    edges = filter_edges(n_mels, n_fft, sample_rate, f_min, f_max, scale, triangles)
    filters = triangle(edges.x, edges.left[:, None], edges.center[:, None], edges.right[:, None])
    filters[:, : edges.first_bin] = 0
    filters[:, edges.last_bin + 1 :] = 0
    n_empty = len(filters) - np.count_nonzero(filters.any(axis=1))
    if n_empty:
        warnings.warn(
            f"{n_empty} of {len(filters)} mel filters are empty: no FFT bin lies in them; take fewer, or a longer FFT",
            stacklevel=2,
        )
    if norm == "slaney":
        return filters * (2 / edges.width_hz)[:, None]
    if norm == "sum":
        sums = filters.sum(axis=1, keepdims=True)
        return np.divide(filters, sums, out=filters, where=sums > 0)
    if norm == "doubled":
        filters[:, 1 : (n_fft + 1) // 2] *= 2
    return filters


class FilterEdges(NamedTuple):
    """Where the bins and the corners of the filters lie on the axis on which the sides are straight."""

    x: NDArray[np.float64]  # (bins,)
    left: NDArray[np.float64]  # (n_mels,)
    center: NDArray[np.float64]
    right: NDArray[np.float64]
    width_hz: NDArray[np.float64]  # (n_mels,) between the outer corners, in Hz
    first_bin: int  # the filters are 0 outside first_bin .. last_bin
    last_bin: int


def filter_edges(
    n_mels: int | MelCount,
    n_fft: int,
    sample_rate: float,
    f_min: float,
    f_max: float | None,
    scale: MelScale,
    triangles: MelTriangles,
) -> FilterEdges:
    """The corners of the filters of mel_filterbank, whose arguments these are.

    Raises ValueError as mel_filterbank does. Checked: tests/test_mel_matches_librosa.py
    """
    n_fft = as_count(n_fft, "n_fft")
    as_word(triangles, "triangles", MelTriangles)
    nyquist = as_sample_rate(sample_rate) / 2
    f_max = nyquist if f_max is None else as_number(f_max, "f_max", unit="of Hz")
    if not 0 <= as_number(f_min, "f_min", unit="of Hz") < f_max <= nyquist:
        raise ValueError(f"{f_min=} and {f_max=} must lie in 0 .. {nyquist} Hz, in this order")
    edges_mel = _edges_mel(n_mels, float(hz_to_mel(f_min, scale)), float(hz_to_mel(f_max, scale)), sample_rate)
    as_count((edges_mel.size - 2) * (n_fft // 2 + 1), "n_mels * (n_fft // 2 + 1)")
    edges_hz = mel_to_hz(edges_mel, scale)
    x: NDArray[np.float64] = np.arange(n_fft // 2 + 1, dtype=np.float64) * (sample_rate / n_fft)
    edges = edges_hz
    first_bin, last_bin = 0, n_fft // 2
    if triangles in ("mel", "mel, cut at bins"):
        x, edges = hz_to_mel(x, scale), edges_mel
    if triangles == "mel, cut at bins":
        first_bin, last_bin = (
            math.floor(f_min * n_fft / sample_rate + 1.5),
            math.floor(f_max * n_fft / sample_rate - 0.5),
        )
    elif triangles == "bins":
        x, edges = np.arange(x.size, dtype=np.float64), np.floor((n_fft + 1) * edges_hz / sample_rate)
    elif triangles == "stretched":
        x = np.linspace(f_min, f_max, x.size, dtype=np.float64)
    left, center, right = edges[:-2], edges[1:-1], edges[2:]
    if triangles == "symmetric":
        right = center + (center - left)
    return FilterEdges(x, left, center, right, edges_hz[2:] - edges_hz[:-2], first_bin, last_bin)


def _edges_mel(n_mels: int | MelCount, low: float, high: float, sample_rate: float) -> NDArray[np.float64]:
    """The corners of filters in mel, two more than filters: from low to high, or from low on in steps of 100."""
    if isinstance(n_mels, str) and as_word(n_mels, "n_mels", MelCount) == "every 100 mel":
        n = math.floor((high - low) / 100 - 0.5)
        if n < 1:
            raise ValueError(f"n_mels={n_mels!r}: no filter fits between {low:g} and {high:g} mel")
        return np.arange(n + 2, dtype=np.float64) * 100 + low
    n = math.floor(3 * math.log(sample_rate)) if isinstance(n_mels, str) else as_count(n_mels, "n_mels")
    return np.linspace(low, high, as_count(n, "n_mels") + 2)


def triangle(x: np.ndarray, left: np.ndarray, center: np.ndarray, right: np.ndarray) -> np.ndarray:
    """max(0, min((x - left) / (center - left), (right - x) / (right - center))) of arrays that broadcast.

    Corners that fall together make a vertical side. Checked: tests/test_mel_matches_librosa.py
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = np.where(center > left, (x - left) / (center - left), x >= center)
        falling = np.where(right > center, (right - x) / (right - center), x < center)
    return np.where((left <= x) & (x <= right), np.minimum(np.minimum(rising, falling), 1.0), 0.0)


def _as_nonnegative(values: ArrayLike, name: str, unit: str) -> NDArray[np.float64]:
    array = as_real(values, name, "any")
    check_nonnegative(array, name, unit)
    return array
