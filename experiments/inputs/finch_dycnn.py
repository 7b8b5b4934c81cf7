"""The inputs of Finch's dynamic network (CASIA, EMO-DB, IEMOCAP): 39 feature rows over the first 3 s.

The paper contradicts itself: "MFCC ... dimension 39" in its experiments, a log-mel spectrogram in its method. This
module has both, with 39 rows each: 13 MFCC with two orders of deltas, and 39 mel bands. Sample rate, frames and length
are UNSTATED. After the end of a shorter recording, the frames are NaN; the z-score turns them into 0.
"""

from dataclasses import dataclass, replace

import numpy as np

from dsp import CONVENTIONS, Convention, extract, standardize
from experiments.inputs.front_end import FrontEnd, at_16_khz, check_sounding
from experiments.inputs.row_scaling import fit_row_scaling

CEPSTRA = CONVENTIONS[
    "finch_dycnn"
]  # pre-emphasis 0.97, 25/10 ms Hamming, 512, 40 bands, 13 MFCC, two orders of deltas
BANDS = replace(CEPSTRA, n_mels=39, n_mfcc=None, delta_orders=0)
ROWS, FRAMES = 39, 300  # 3 s


def features(signal, sample_rate: int, convention: Convention, kind: str) -> np.ndarray:
    """The first 300 frames of 39 rows; deltas are computed from the whole recording.

    Parameters
    ----------
    signal : (n,) float64 at 16 kHz
    convention, kind : CEPSTRA and "mfcc", or BANDS and "log_mel"

    Returns
    -------
    image : (1, 300, 39) float32: channel, frame, row; NaN after the recording's last frame

    Raises
    ------
    ValueError  for another sample rate, a silent or bad signal, or one shorter than a frame.

    Checked: tests/test_finch_and_wang_inputs_match_definitions.py
    """
    check_sounding(at_16_khz(signal, sample_rate))
    (rows,) = extract([signal], sample_rate, convention, kind=kind)
    image = np.full((1, FRAMES, ROWS), np.nan, np.float32)
    image[0, : rows.shape[1]] = rows[:, :FRAMES].T
    return image


@dataclass(frozen=True)
class RowZScore:
    """y = (x - mean) / sd for each row; 0 where there is no frame.

    mean, sd : (39,) float64, computed from the frames of the training set
    """

    mean: np.ndarray
    sd: np.ndarray

    def __call__(self, images) -> np.ndarray:
        """images : (..., 39) -> float32, the same shape"""
        return np.nan_to_num(standardize(images, self.mean, self.sd)).astype(np.float32)


def fit_row_z_score(images, train) -> RowZScore:
    """Mean and standard deviation of each row over the frames of the training examples, and of no others.

    A z-score per recording would not work: the channel mean would be 0 for every recording, and the attention of the
    first dynamic convolution, which sees only that mean, would be the same for all of them.

    Parameters
    ----------
    images : (n, 1, 300, 39) float32 of the whole corpus, with NaN where there is no frame
    train : indices of the training examples, at least one

    Checked: tests/test_finch_and_wang_inputs_match_definitions.py
    """
    if len(train) == 0:
        raise ValueError("a z-score without training examples")
    scaling = fit_row_scaling(images, train, "z-score")
    return RowZScore(scaling.offset, scaling.scale)


def mfcc(signal, sample_rate: int) -> np.ndarray:
    return features(signal, sample_rate, CEPSTRA, "mfcc")


def log_mel(signal, sample_rate: int) -> np.ndarray:
    return features(signal, sample_rate, BANDS, "log_mel")


FEATURES = {
    "mfcc": FrontEnd("finch_mfcc", 1, CEPSTRA, (1, FRAMES, ROWS), mfcc),
    "log-mel": FrontEnd("finch_log_mel", 1, BANDS, (1, FRAMES, ROWS), log_mel),
}
