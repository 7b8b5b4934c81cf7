"""Normalizing features: to a common mean, variance or range.

Conventions: rows are coefficients, columns frames; statistics are computed along the last axis, row by row.
Statistics over a corpus (z-scores) belong to the experiment: compute them on training features only, and apply
them with `standardize`.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_flag, as_generator, as_number, as_real, as_word, check_nonnegative
from dsp.engine.running import sliding_normalize

EpsTo = Literal["deviation", "variance"]


def cmn(x: ArrayLike) -> NDArray[np.float64]:
    """Cepstral mean normalization: every row minus its mean over the utterance.

    y[k, t] = x[k, t] - mean_t x[k, t]

    Parameters
    ----------
    x : (..., n_frames) real

    Returns
    -------
    y : same shape, float64

    Raises
    ------
    ValueError  if x has no frame, or is complex or masked.

    Source: Atal 1974; HTK's _Z. Checked: tests/test_normalization_matches_definition.py
    """
    rows = as_real(x, "x")
    return rows - rows.mean(axis=-1, keepdims=True)


def cmvn(x: ArrayLike, ddof: Literal[0, 1] = 0, eps: float = 0.0, eps_to: EpsTo = "deviation") -> NDArray[np.float64]:
    """Cepstral mean and variance normalization: every row with mean 0 and standard deviation 1.

    y[k, t] = (x[k, t] - mean_t) / sd_t,  sd_t = sqrt(sum_t (x[k, t] - mean_t)^2 / (n_frames - ddof))

    A row that is constant but for rounding becomes 0: one whose deviation is at most 16 eps times its greatest value,
    eps that of the numbers given.

    Parameters
    ----------
    x : (..., n_frames) real
    ddof : 0, or 1 for the estimate from a sample (PyTorch's std, NeMo, SeamlessM4T); of one frame always 0
    eps : >= 0, added before the division
    eps_to : "deviation" or "variance", what eps is added to

    Returns
    -------
    y : same shape, float64

    Raises
    ------
    ValueError  if x has no frame, or is complex or masked, or for another ddof, eps or eps_to.

    Source: Viikki & Laurila 1998. Checked: tests/test_normalization_matches_definition.py
    """
    y = cmn(x)
    given = np.asarray(x)
    rounding = 16 * np.finfo(given.dtype if given.dtype.kind == "f" else np.float64).eps
    divisor = max(1, y.shape[-1] - as_count(ddof, "ddof", min_value=0, max_value=1))
    eps = as_number(eps, "eps", low=0)
    to_variance = as_word(eps_to, "eps_to", EpsTo) == "variance"
    variance = np.sum(y**2, axis=-1, keepdims=True) / divisor
    deviation = np.sqrt(variance + eps) if to_variance else np.sqrt(variance) + eps
    is_constant = np.sqrt(variance) <= rounding * np.abs(given).max(axis=-1, keepdims=True)
    return y * np.where(is_constant, 0, _invert(deviation))


def smooth(x: ArrayLike, width: int = 3) -> NDArray[np.float64]:
    """Moving average of every row over `width` frames; the first and the last frame are repeated beyond the ends.

    y[k, t] = mean of x[k, s] over |s - t| <= (width - 1) / 2

    Parameters
    ----------
    x : (..., n_frames) real
    width : odd int >= 1, frames; 1 changes nothing

    Returns
    -------
    y : same shape, float64

    Raises
    ------
    ValueError  if x has no frame, or is complex or masked, or width is even or < 1.

    Source: openSMILE, documentation of cContourSmoother. Checked: tests/test_normalization_matches_definition.py
    """
    rows, width = as_real(x, "x"), as_count(width, "width")
    if width % 2 == 0:
        raise ValueError(f"{width=} is even; the average needs a middle frame")
    t = np.arange(rows.shape[-1])
    neighbors = (rows[..., np.clip(t + shift, 0, t[-1])] for shift in range(-(width // 2), width // 2 + 1))
    return np.sum(list(neighbors), axis=0) / width


def sliding_cmn(x: ArrayLike, window: int = 600, variance: bool = False) -> NDArray[np.float64]:
    """Mean (and variance) normalization over a sliding window of frames.

    y[k, t] = x[k, t] - mean of x[k] over the window around t; with variance also divided by its sd
    The window of `window` frames begins at t - window // 2. At the edges it is shifted, not shortened;
    an utterance shorter than the window is one window (Kaldi's apply-cmvn-sliding, centered).

    Parameters
    ----------
    x : (..., n_frames) real
    window : int >= 1, frames
    variance : also divide by the standard deviation over the window

    Returns
    -------
    y : same shape, float64

    Raises
    ------
    ValueError  if x has no frame, is complex or masked, window < 1, or variance is no bool.

    Source: Kaldi, documentation of apply-cmvn-sliding. Checked: tests/test_normalization_matches_definition.py,
    tests/test_fast_statistics_equal_textbook.py
    """
    rows, window = as_real(x, "x"), as_count(window, "window")
    with_variance = as_flag(variance, "variance")
    n = rows.shape[-1]
    flat = np.ascontiguousarray(rows).reshape(-1, n)
    y, before, after = np.empty(flat.shape), np.empty((2, n)), np.empty((2, n))
    sliding_normalize(flat, min(window, n), with_variance, before, after, y)
    return y.reshape(rows.shape)


def sliding_cmn_by_definition(x: NDArray[np.float64], window: int, with_variance: bool) -> NDArray[np.float64]:
    """`sliding_cmn` of a checked array, window by window."""
    n = x.shape[-1]
    start = np.clip(np.arange(n) - window // 2, 0, max(0, n - window))
    stop = np.minimum(start + window, n)
    y = np.empty_like(x)
    for t in range(n):
        inside = x[..., start[t] : stop[t]]
        y[..., t] = x[..., t] - inside.mean(axis=-1)
        if with_variance:
            y[..., t] *= _invert(inside.std(axis=-1))
    return y


def min_max(x: ArrayLike, low: float = 0.0, high: float = 1.0) -> NDArray[np.float64]:
    """All values of an array mapped linearly to low .. high.

    y = low + (x - min x) / (max x - min x) (high - low); a constant array becomes `low`

    Parameters
    ----------
    x : real array, not empty
    low, high : the new smallest and largest value; low > high turns the order around

    Returns
    -------
    y : same shape, float64

    Raises
    ------
    ValueError  if x is empty, complex or masked, or low or high is not a finite number.

    Source: Zheng et al., appendix; MATLAB's rescale. Checked: tests/test_normalization_matches_definition.py
    """
    values = as_real(x, "x")
    low, high = as_number(low, "low"), as_number(high, "high")
    return low + (values - values.min()) * _invert(np.array(values.max() - values.min())) * (high - low)


def standardize(x: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> NDArray[np.float64]:
    """z-scores by given statistics.

    y = (x - mean) / sd; where sd is 0, y is 0

    Parameters
    ----------
    x : real array
    mean, sd : numbers or arrays that broadcast against x, from training data; sd >= 0

    Returns
    -------
    y : float64

    Raises
    ------
    ValueError  if x is empty, an sd is negative, or any of the three is complex or masked.

    Source: definition. Checked: tests/test_normalization_matches_definition.py
    """
    values, means, deviations = as_real(x, "x"), as_real(mean, "mean", "any"), as_real(sd, "sd", "any")
    check_nonnegative(deviations, "sd")
    for statistic, name in ((means, "mean"), (deviations, "sd")):
        if not _broadcasts(statistic.shape, values.shape):
            raise ValueError(f"{name} has shape {statistic.shape}, which does not broadcast against x, {values.shape}")
    return (values - means) * _invert(deviations)


def remove_dc(x: ArrayLike) -> NDArray[np.float64]:
    """Every row of samples minus its mean: (n,) a signal, (n_frames, frame_length) frame by frame.

    y = x - mean x, along the last axis

    Parameters
    ----------
    x : (..., n) real

    Returns
    -------
    y : same shape, float64

    Raises
    ------
    ValueError  if x is empty, complex or masked.

    Source: Kaldi's remove_dc_offset, HTK's ZMEANSOURCE. Checked: tests/test_normalization_matches_definition.py
    """
    return cmn(x)


def dither(signal: ArrayLike, amplitude: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """The signal with Gaussian noise of that standard deviation, so that no frame is silent.

    y = x + amplitude N(0, 1)

    Parameters
    ----------
    signal : (n,) real
    amplitude : >= 0, in the signal's unit (Kaldi's default is 1.0 for 16-bit samples)
    rng : numpy Generator; equal generators give equal noise

    Returns
    -------
    dithered : (n,) float64

    Raises
    ------
    ValueError  if the signal is empty, complex or masked, the amplitude is negative, or rng is no Generator.

    Source: Kaldi, documentation of --dither. Checked: tests/test_normalization_matches_definition.py
    """
    x = as_real(signal, "signal")
    amplitude = as_number(amplitude, "amplitude", low=0)
    return x + amplitude * as_generator(rng).standard_normal(x.shape)


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False


def _invert(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / x, and 0 where x is 0."""
    return np.divide(1.0, x, out=np.zeros_like(x, dtype=np.float64), where=x != 0)
