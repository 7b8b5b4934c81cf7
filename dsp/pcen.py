"""Per-channel energy normalization (PCEN), which may take the place of the logarithm of a mel spectrum.

Each band is divided by a smoothed copy of its own past, so that what is steady, such as noise or the response of a
microphone, loses its weight. No preset of CONVENTIONS uses it.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_nonnegative, as_number, as_sample_rate


def pcen(
    energies: ArrayLike,
    sample_rate: float,
    hop_length: int,
    gain: float = 0.98,
    bias: float = 2.0,
    power: float = 0.5,
    time_constant_s: float = 0.4,
    eps: float = 1e-6,
    b: float | None = None,
    max_size: int = 1,
    initial: ArrayLike = 1.0,
) -> NDArray[np.float64]:
    """Per-channel energy normalization of a spectrum of filter outputs, with librosa's parameters and defaults.

    P[m, t] = (E[m, t] / (eps + M[m, t])^gain + bias)^power - bias^power,  M the smoother of pcen_smoother
    power 0   ln(1 + E[m, t] / (eps + M[m, t])^gain)

    librosa's documentation advises to scale samples in -1 .. 1 by 2^31 first; this function does not.

    Parameters
    ----------
    energies : E, (n_mels, n_frames), >= 0: magnitudes or powers, before any logarithm
    sample_rate : Hz, of the signal
    hop_length : int >= 1, samples from one frame to the next
    gain, bias, power : >= 0
    time_constant_s : > 0, seconds, of the smoother
    eps : > 0, in the unit of E
    b : weight of the new frame, 0 .. 1, in place of the one that time_constant_s gives; None takes that
    max_size : int >= 1. The smoother follows the greatest of so many neighboring bands instead of the band itself (of
        an even number, one more lies below the band than above)
    initial : M before the first frame, a number or (n_mels,), >= 0: 1 as in librosa, or the last column of
        pcen_smoother of the frames before these

    Returns
    -------
    normalized : (n_mels, n_frames) float64

    Raises
    ------
    ValueError  if an energy is negative or not finite, there is no frame, or an argument lies outside its range.

    Source: Wang et al. 2017, Trainable frontend for robust and far-field keyword spotting, eqs. 1 and 2; librosa's
    documentation of pcen. Checked: tests/test_pcen_matches_librosa.py
    """
    gain, bias, power = as_number(gain, "gain", low=0), as_number(bias, "bias", low=0), as_number(power, "power", low=0)
    eps = as_number(eps, "eps", above=0)
    M = pcen_smoother(energies, sample_rate, hop_length, time_constant_s, b, max_size, initial)
    normalized = as_nonnegative(energies, "energies", (2,)) / (eps + M) ** gain
    if power == 0:
        return np.log1p(normalized)
    if bias == 0:
        return normalized**power
    return bias**power * np.expm1(power * np.log1p(normalized / bias))  # small differences keep their digits


def pcen_smoother(
    energies: ArrayLike,
    sample_rate: float,
    hop_length: int,
    time_constant_s: float = 0.4,
    b: float | None = None,
    max_size: int = 1,
    initial: ArrayLike = 1.0,
) -> NDArray[np.float64]:
    """The smoothed past of every band by which `pcen` divides.

    M[m, t] = (1 - b) M[m, t-1] + b E[m, t],  M[m, -1] = initial
    b = (sqrt(1 + 4 T^2) - 1) / (2 T^2),  T = time_constant_s sample_rate / hop_length frames

    Parameters
    ----------
    energies, sample_rate, hop_length, time_constant_s, b, max_size, initial : as in pcen

    Returns
    -------
    smoothed : (n_mels, n_frames) float64

    Raises
    ------
    ValueError  as pcen.

    Source: as pcen. Checked: tests/test_pcen_matches_librosa.py
    """
    E = as_nonnegative(energies, "energies", (2,))
    T = as_number(time_constant_s, "time_constant_s", above=0, unit="of seconds") * as_sample_rate(sample_rate)
    T /= as_count(hop_length, "hop_length")
    weight = 2 / (math.sqrt(1 + 4 * T**2) + 1) if b is None else as_number(b, "b", low=0, high=1)
    E = _greatest_neighbors(E, as_count(max_size, "max_size"))
    start = as_nonnegative(initial, "initial", (0, 1))
    if start.shape not in ((), E.shape[:1]):
        raise ValueError(f"initial has shape {start.shape}; a number or ({E.shape[0]},) is expected")
    smoothed, state = np.empty_like(E), np.broadcast_to(start, E.shape[:1])
    for t in range(E.shape[1]):
        state = (1 - weight) * state + weight * E[:, t]
        smoothed[:, t] = state
    return smoothed


def _greatest_neighbors(E: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """The greatest of the bands m - size // 2 .. m + (size - 1) // 2, as far as they exist."""
    rows = [E[max(0, m - size // 2) : m + (size - 1) // 2 + 1].max(axis=0) for m in range(E.shape[0])]
    return np.stack(rows)
