"""Bringing features to a common level and scale.

Conventions: rows are coefficients, columns frames; statistics are taken along the last axis, per row.
Statistics that must not come from test data (z-scores over a corpus) are the experiment's: fit on
training features, apply with `standardize`.
"""

import numpy as np

from dsp.checks import as_count


def cmn(x) -> np.ndarray:
    """Cepstral mean normalisation: every row minus its mean over the utterance.

    y[k, t] = x[k, t] - mean_t x[k, t]

    Parameters
    ----------
    x : (..., n_frames) real

    Returns
    -------
    y : same shape, float64

    Raises
    ------
    ValueError  if there is no frame.

    Source: Atal 1974; HTK's _Z. Checked: tests/test_normalization_matches_definition.py
    """
    x = _features(x)
    return x - x.mean(axis=-1, keepdims=True)


def cmvn(x) -> np.ndarray:
    """Cepstral mean and variance normalisation: every row with mean 0 and standard deviation 1.

    y[k, t] = (x[k, t] - mean_t) / sd_t, sd over n frames (not n - 1); a constant row becomes 0

    Parameters
    ----------
    x : (..., n_frames) real

    Returns
    -------
    y : same shape, float64

    Raises
    ------
    ValueError  if there is no frame.

    Source: Viikki & Laurila 1998. Checked: tests/test_normalization_matches_definition.py
    """
    y = cmn(x)
    return y * _inverse(np.sqrt(np.mean(y**2, axis=-1, keepdims=True)))


def sliding_cmn(x, window: int = 600, variance: bool = False) -> np.ndarray:
    """Mean (and variance) normalisation over a sliding window of frames.

    y[k, t] = x[k, t] - mean of x[k] over the window around t; with variance also divided by its sd
    The window of `window` frames begins at t - window // 2 and is shifted, not shortened, at the
    edges; an utterance shorter than the window is one window (Kaldi's apply-cmvn-sliding, centred).

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
    ValueError  if there is no frame or window < 1.

    Source: Kaldi, documentation of apply-cmvn-sliding. Checked: tests/test_normalization_matches_definition.py
    """
    x, window = _features(x), as_count(window, "window")
    n = x.shape[-1]
    start = np.clip(np.arange(n) - window // 2, 0, max(0, n - window))
    stop = np.minimum(start + window, n)
    y = np.empty_like(x)
    for t in range(n):
        inside = x[..., start[t] : stop[t]]
        y[..., t] = x[..., t] - inside.mean(axis=-1)
        if variance:
            y[..., t] *= _inverse(inside.std(axis=-1))
    return y


def min_max(x, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """All values of a matrix stretched to low .. high.

    y = low + (x - min x) / (max x - min x) (high - low); a constant matrix becomes `low`

    Parameters
    ----------
    x : real array, not empty
    low, high : the new least and greatest value

    Returns
    -------
    y : same shape, float64

    Raises
    ------
    ValueError  if x is empty.

    Source: Zheng et al., appendix; MATLAB's rescale. Checked: tests/test_normalization_matches_definition.py
    """
    x = _features(x)
    return low + (x - x.min()) * _inverse(np.array(x.max() - x.min())) * (high - low)


def standardize(x, mean, sd) -> np.ndarray:
    """z-score by given statistics.

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
    ValueError  if x is empty or an sd is negative.

    Source: definition. Checked: tests/test_normalization_matches_definition.py
    """
    sd = np.asarray(sd, dtype=np.float64)
    if sd.min(initial=0) < 0:
        raise ValueError(f"a standard deviation of {sd.min()} is negative")
    return (_features(x) - mean) * _inverse(sd)


def remove_dc(x) -> np.ndarray:
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
    ValueError  if the last axis is empty.

    Source: Kaldi's remove_dc_offset, HTK's ZMEANSOURCE. Checked: tests/test_normalization_matches_definition.py
    """
    return cmn(x)


def dither(signal, amplitude: float, rng: np.random.Generator) -> np.ndarray:
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
    ValueError  if the signal is empty or the amplitude negative.

    Source: Kaldi, documentation of --dither. Checked: tests/test_normalization_matches_definition.py
    """
    if amplitude < 0:
        raise ValueError(f"{amplitude=} is negative; >= 0 is expected")
    x = _features(signal)
    return x + amplitude * rng.standard_normal(x.shape)


def _features(x) -> np.ndarray:
    x = np.asarray(x, dtype=np.float64)
    if x.ndim == 0 or x.size == 0:
        raise ValueError(f"x has shape {x.shape}; at least one frame is expected")
    return x


def _inverse(x: np.ndarray) -> np.ndarray:
    """1 / x, and 0 where x is 0."""
    return np.divide(1.0, x, out=np.zeros_like(x, dtype=np.float64), where=x != 0)
