"""A scale for each feature row, fitted on training files, like scikit-learn's StandardScaler and MinMaxScaler.

Those scale each column (coefficient) separately. A common scale for all coefficients of a recording would be dominated
by the first cepstral coefficient.
"""

from dataclasses import dataclass

import numpy as np

KINDS = ("z-score", "min-max")


@dataclass(frozen=True)
class RowScaling:
    """y = (x - offset) / scale for each row; 0 where there is no frame (NaN).

    offset, scale : (rows,) float64, computed from the frames of the training files
    """

    offset: np.ndarray
    scale: np.ndarray

    def __call__(self, features) -> np.ndarray:
        """features : (..., rows) -> float32, the same shape"""
        scaled = (np.asarray(features, dtype=np.float64) - np.asarray(self.offset)) / np.asarray(self.scale)
        return np.nan_to_num(scaled).astype(np.float32)


def fit_row_scaling(features, train, kind: str) -> RowScaling:
    """Fits the scale of each row on all frames of the training files, and on no others.

    z-score   offset: mean; scale: standard deviation
    min-max   offset: minimum; scale: maximum - minimum. Training frames lie in 0 .. 1, others may lie outside
    A constant row has scale 1.

    Parameters
    ----------
    features : (n, ..., rows) float32 of the whole corpus, NaN where there is no frame
    train : indices of the training files, at least one
    kind : one of KINDS

    Raises
    ------
    ValueError  without training files, or for another kind.

    Checked: tests/test_readings_train_as_they_say.py
    """
    if kind not in KINDS:
        raise ValueError(f"{kind=} is neither {' nor '.join(map(repr, KINDS))}")
    if len(train) == 0:
        raise ValueError("a scale without training files")
    frames = np.asarray(features[train], dtype=np.float64).reshape(-1, np.shape(features)[-1])
    frames = frames[~np.isnan(frames[:, 0])]
    if kind == "z-score":
        offset, scale = frames.mean(axis=0), frames.std(axis=0)
    else:
        offset, scale = frames.min(axis=0), np.ptp(frames, axis=0)
    return RowScaling(offset, np.where(scale > 0, scale, 1.0))
