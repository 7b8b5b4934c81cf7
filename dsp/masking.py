"""Data augmentation of features: SpecAugment's masks over rows and frames.

Randomness comes only from the numpy Generator that the caller passes, so a seed repeats it.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_generator, as_number, as_real


def mask_bands(
    features: ArrayLike, max_width: int, n_masks: int, rng: np.random.Generator, value: float | None = None
) -> NDArray[np.float64]:
    """SpecAugment's frequency masks: some neighboring rows are replaced by a constant.

    For each mask f ~ U{0 .. min(F, R)}, then f0 ~ U{0 .. R - f};  y[f0 : f0 + f, :] = value

    The paper draws f0 from [0, R - f), by which the last row is never masked; here it can be. Its policies: F = 27 with
    one mask (LB) or two (LD, SS), F = 15 with two (SM). Its warping in time is left out.

    Parameters
    ----------
    features : (R, frames) real, such as a log-mel spectrogram
    max_width : F, int >= 0 rows
    n_masks : int >= 0; masks may overlap
    rng : numpy Generator
    value : finite; None is the mean of the features, which the paper's normalization makes 0

    Returns
    -------
    masked : (R, frames) float64

    Raises
    ------
    ValueError  for features that are no finite real matrix, a bad width, number, value, or an rng that is no Generator.

    Source: Park et al. 2019, SpecAugment, sec. 2. Checked: tests/test_augmentation_does_what_it_says.py
    """
    y = as_real(features, "features", (2,), finite=True).copy()
    max_width, n_masks = _as_masks(max_width, n_masks)
    fill = y.mean() if value is None else as_number(value, "value")
    for first, stop in _masks(y.shape[0], max_width, n_masks, as_generator(rng)):
        y[first:stop] = fill
    return y


def mask_frames(
    features: ArrayLike,
    max_width: int,
    n_masks: int,
    rng: np.random.Generator,
    max_share: float = 1.0,
    value: float | None = None,
) -> NDArray[np.float64]:
    """SpecAugment's time masks: some neighboring frames are replaced by a constant.

    For each mask t ~ U{0 .. min(T, floor(p L))}, then t0 ~ U{0 .. L - t};  y[:, t0 : t0 + t] = value

    The paper's policies: T = 100, p = 1 with one mask (LB) or two (LD); T = 70, p = 0.2 with two (SM, SS).

    Parameters
    ----------
    features : (rows, L) real
    max_width : T, int >= 0 frames
    n_masks : int >= 0; masks may overlap
    rng : numpy Generator
    max_share : p, 0 .. 1, the largest share of the frames that one mask covers
    value : finite; None is the mean of the features

    Returns
    -------
    masked : (rows, L) float64

    Raises
    ------
    ValueError  as `mask_bands`, and for a bad share.

    Source: Park et al. 2019, SpecAugment, sec. 2. Checked: tests/test_augmentation_does_what_it_says.py
    """
    y = as_real(features, "features", (2,), finite=True).copy()
    max_width, n_masks = _as_masks(max_width, n_masks)
    max_share = as_number(max_share, "max_share", low=0, high=1)
    fill = y.mean() if value is None else as_number(value, "value")
    width = min(max_width, int(max_share * y.shape[1]))
    for first, stop in _masks(y.shape[1], width, n_masks, as_generator(rng)):
        y[:, first:stop] = fill
    return y


def _as_masks(max_width: int, n_masks: int) -> tuple[int, int]:
    return as_count(max_width, "max_width", min_value=0), as_count(n_masks, "n_masks", min_value=0, max_value=1000)


def _masks(n: int, max_width: int, n_masks: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(first, stop) of each mask over n rows or frames; see `mask_bands`."""
    masks = []
    for _ in range(n_masks):
        width = int(rng.integers(0, min(max_width, n) + 1))
        first = int(rng.integers(0, n - width + 1))
        masks.append((first, first + width))
    return masks
