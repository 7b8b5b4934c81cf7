"""How other tools resample, so that the doctor can name the resampler behind features.

Each of them gives every output as a sum of the samples around it, weighted by a sinc under a window. At the distance t,
in samples of the lower of the two rates, the weight is

    h(t) = fc sinc(fc t) w(t / half),  |t| <= half,  w Kaiser's window of beta, or Hann's

They differ in fc, half and w, in whether the weights are divided by their sum, and in how the number of outputs is
rounded. A table in the tool itself moves h a little where its steps do not fit the ratio of the rates. SciPy's resample
is the exception: it cuts the spectrum of the whole signal, or pads it with zeros.
"""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.fft import irfft, rfft
from dsp.resampling import polyphase, ratio


class Resampler(NamedTuple):
    """One tool's filter."""

    fc: float  # cutoff frequency, 1 for half the lower rate
    half: float  # half the filter's length, in samples of the lower rate; inf for a spectrum that is cut or padded
    beta: float | None  # of Kaiser's window; None for Hann's
    length: Literal["ceil", "round", "floor"]  # how the number of outputs is rounded
    is_divided: bool = True  # by the sum of its weights
    steps: int | None = None  # of its table for each sample; None where it has none
    otherwise: tuple[float, float, float] | None = None  # fc, half, beta for ratios that are not SIMPLE


SIMPLE = 4  # of a ratio in lowest terms: with larger numbers soxr filters in two steps, which h only comes near
SOXR = "soxr (soxr_hq: librosa since 0.10)"  # its qualities differ by no more than what two steps leave
RESAMPLERS = {
    "soxr_hq (librosa since 0.10)": Resampler(0.956872, 97.0, 13.0401, "round", otherwise=(0.95684, 109.6, 15.913)),
    "soxr_vhq": Resampler(0.95566, 133.0, 18.4335, "round", otherwise=(0.955644, 154.2, 23.905)),
    "soxr_mq": Resampler(0.95794, 79.0, 10.363, "round"),
    "soxr_lq": Resampler(0.83813, 21.0, 10.426, "round"),
    "kaiser_best of resampy 0.4": Resampler(0.917347, 50.0, 12.9846, "floor", False, 8192),
    "kaiser_fast of resampy 0.4": Resampler(0.868212, 24.0, 9.90322, "floor", False, 512),
    "kaiser_best of resampy 0.2": Resampler(0.9475937167399596, 64.0, 14.769656459379492, "floor", False, 512),
    "kaiser_fast of resampy 0.2": Resampler(0.85, 16.0, 8.555504641634386, "floor", False, 512),
    "scipy.signal.resample_poly": Resampler(1.0, 10.0, 5.0, "ceil"),
    "scipy.signal.resample": Resampler(1.0, math.inf, None, "ceil"),
    "MATLAB's resample": Resampler(1.0, 10.0, 5.0, "ceil", False),
    "torchaudio.functional.resample": Resampler(0.99, 6 / 0.99, None, "ceil", False),
}


def n_outputs(n_samples: int, sample_rate: int, new_rate: int, length: Literal["ceil", "round", "floor"]) -> int:
    """The number of samples at the new rate."""
    p, q = ratio(sample_rate, new_rate)
    return (n_samples * p + {"ceil": q - 1, "round": q // 2, "floor": 0}[length]) // q


def name_of(tool: str, sample_rate: int, new_rate: int) -> str:
    """What may be said of a resampler that comes nearest."""
    return SOXR if tool.startswith("soxr") and max(ratio(sample_rate, new_rate)) > SIMPLE else tool


def resample_like(signal: NDArray[np.float64], sample_rate: int, new_rate: int, tool: str) -> NDArray[np.float64]:
    """The signal at another rate, as the tool of that name in RESAMPLERS gives it but for its table's rounding.

    Parameters
    ----------
    signal : (N,) float64
    sample_rate, new_rate : int >= 1, Hz
    tool : a name in RESAMPLERS

    Returns
    -------
    resampled : (n_outputs,) float64

    Raises
    ------
    KeyError for an unknown tool; ValueError for rates that dsp.resample refuses.

    Source: the numbers of soxr were fitted to its outputs; the others are those of the tools' documentation. Checked:
    tests/test_doctor_names_resamplers.py, and by hand for what it does not install: torchaudio 2.11 to 2e-14, resampy
    0.2.2 to 2e-3 of noise
    """
    p, q = ratio(sample_rate, new_rate)
    one = RESAMPLERS[tool]
    n = n_outputs(signal.size, sample_rate, new_rate, one.length)
    if math.isinf(one.half):
        return _resample_spectrum(signal, n)
    if one.otherwise is not None and max(p, q) > SIMPLE:
        one = one._replace(fc=one.otherwise[0], half=one.otherwise[1], beta=one.otherwise[2])
    lower = min(1.0, p / q)  # the lower rate as a share of sample_rate
    step = lower if one.steps is None or lower == 1 else math.floor(lower * one.steps) / one.steps
    half = math.ceil(one.half / step)
    t = step * np.arange(1 - half * p, half * p) / p  # from the earliest to the latest sample that counts
    h = np.zeros(2 * half * p)
    h[1:] = lower * one.fc * np.sinc(one.fc * t) * _window(t / one.half, one.beta)
    branches = np.ascontiguousarray(h.reshape(2 * half, p)[::-1].T)
    if one.is_divided:
        branches *= p / branches.sum()
    padded = np.pad(signal, (half - 1, half + math.ceil(q / p)))
    return polyphase(padded, branches, q, n)


def _resample_spectrum(x: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """The n samples whose spectrum is that of x, cut or padded with zeros, as if x were a period."""
    X, kept = rfft(x), min(x.size, n)
    Y = np.zeros(n // 2 + 1, complex)
    Y[: kept // 2 + 1] = X[: kept // 2 + 1]
    if kept % 2 == 0:  # the sine at half the lower rate is its own alias
        Y[kept // 2] *= 2.0 if n < x.size else 0.5 if n > x.size else 1.0
    return irfft(Y, n) * (n / x.size)


def _window(u: NDArray[np.float64], beta: float | None) -> NDArray[np.float64]:
    """The window from -1 to 1, 0 outside."""
    inside = np.clip(1 - u * u, 0, None)
    w = np.cos(np.pi * u / 2) ** 2 if beta is None else np.i0(beta * np.sqrt(inside)) / np.i0(beta)
    return np.where(inside > 0, w, 0.0)
