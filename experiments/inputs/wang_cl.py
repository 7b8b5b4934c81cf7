"""The inputs of Wang's parallel networks (EMO-DB, CASIA): a power spectrogram and MFCC of the same 128 frames.

The paper states pre-emphasis 0.97, a Hamming window, a hop of half a frame, the sizes [128, 128] and [128, 13], and
min-max scaling. UNSTATED are the sample rate, the frame length, and how a recording becomes 128 frames. Here frames
have 32 ms at 16 kHz. "first-frames" takes the first 2.06 s (a quarter of CASIA and most of EMO-DB are longer);
"whole-clip" stretches the whole recording.
"""

from dataclasses import replace

import numpy as np

from dsp import CONVENTIONS, extract, min_max
from experiments.inputs.front_end import FrontEnd, at_16_khz, check_sounding

CEPSTRA = CONVENTIONS["wang_cl"]  # 512/256 Hamming, 26 bands, 13 MFCC with c0
BINS = replace(CEPSTRA, n_mels=None, n_mfcc=None, log="10 log10")
FRAMES = 128
SEGMENT_HOP = 8  # frames: UNSTATED; the paper's four accuracies need 1492 or more test examples, EMO-DB has 535 files
LENGTHS = ("first-frames", "whole-clip")


def inputs(signal, sample_rate: int, length: str = "first-frames") -> np.ndarray:
    """Both features of a recording side by side, each scaled to 0 .. 1 by its own minimum and maximum.

    P = max(1e-10, |X|^2), 257 bins;  p[b] = (P[2b + 1] + P[2b + 2]) / 2, b = 0 .. 127: without DC
    spectrogram = min-max(10 log10(p));  y = (x - min) / (max - min)

    Parameters
    ----------
    signal : (n,) float64 at 16 kHz
    length : "first-frames": the first 128 frames, with zeros appended after scaling; "whole-clip": all frames,
        interpolated linearly at 128 positions from the first to the last

    Returns
    -------
    features : (128, 141) float32: frame; 128 bins, then 13 coefficients

    Raises
    ------
    ValueError  for another sample rate, a silent or bad signal, one shorter than a frame, or an unknown `length`.

    Checked: tests/test_finch_and_wang_inputs_match_definitions.py
    """
    scaled = [min_max(x) for x in _unscaled(signal, sample_rate, length)]
    frames = np.ascontiguousarray(np.concatenate(scaled).T, dtype=np.float32)
    return np.pad(frames, ((0, FRAMES - len(frames)), (0, 0)))


def levels(signal, sample_rate: int, length: str = "first-frames") -> np.ndarray:
    """Both features unscaled, in dB and as cepstra, for a scale that is fitted on training files.

    Parameters and errors as in `inputs`. Frames after the recording's last one are NaN.

    Checked: tests/test_readings_train_as_they_say.py
    """
    frames = np.ascontiguousarray(np.concatenate(_unscaled(signal, sample_rate, length)).T, dtype=np.float32)
    return np.pad(frames, ((0, FRAMES - len(frames)), (0, 0)), constant_values=np.nan)


def segments(signal, sample_rate: int) -> np.ndarray:
    """`inputs` for windows of 128 frames, one every SEGMENT_HOP frames; a shorter recording is one segment.

    Parameters and errors as in `inputs`.

    Returns
    -------
    features : (n_segments, 128, 141) float32, each segment scaled separately

    Checked: tests/test_leaks_are_what_they_say.py
    """
    both = _all_frames(signal, sample_rate)
    n_frames = both[0].shape[1]
    starts = range(0, max(n_frames - FRAMES, 0) + 1, SEGMENT_HOP)
    parts = [np.concatenate([min_max(x[:, start : start + FRAMES]) for x in both]).T for start in starts]
    return np.stack([np.pad(x, ((0, FRAMES - len(x)), (0, 0))) for x in parts]).astype(np.float32)


def _unscaled(signal, sample_rate: int, length: str) -> list[np.ndarray]:
    """The spectrogram in dB (128, n) and the cepstra (13, n), n frames, at most 128."""
    if length not in LENGTHS:
        raise ValueError(f"{length=} is neither {' nor '.join(map(repr, LENGTHS))}")
    return [_frames(x, length) for x in _all_frames(signal, sample_rate)]


def _all_frames(signal, sample_rate: int) -> list[np.ndarray]:
    """The spectrogram in dB (128, n_frames) and the cepstra (13, n_frames) of the whole recording."""
    check_sounding(at_16_khz(signal, sample_rate))
    (level,) = extract([signal], sample_rate, BINS, kind="log_mel")  # (257, n_frames), dB
    (cepstra,) = extract([signal], sample_rate, CEPSTRA, kind="mfcc")  # (13, n_frames)
    power = 10 ** (level[1:] / 10)
    spectrogram = 10 * np.log10((power[::2] + power[1::2]) / 2)
    return [spectrogram, cepstra]


def _frames(x: np.ndarray, length: str) -> np.ndarray:
    """The first 128 columns of x (rows, n_frames) at most, or 128 columns interpolated from first to last."""
    if length == "first-frames":
        return x[:, :FRAMES]
    positions = np.linspace(0, x.shape[1] - 1, FRAMES)
    return np.stack([np.interp(positions, np.arange(x.shape[1]), row) for row in x])


def first_frames(signal, sample_rate: int) -> np.ndarray:
    return inputs(signal, sample_rate, "first-frames")


def whole_clip(signal, sample_rate: int) -> np.ndarray:
    return inputs(signal, sample_rate, "whole-clip")


def first_levels(signal, sample_rate: int) -> np.ndarray:
    return levels(signal, sample_rate, "first-frames")


def whole_levels(signal, sample_rate: int) -> np.ndarray:
    return levels(signal, sample_rate, "whole-clip")


FEATURES = {
    "first-frames": FrontEnd("wang_first_frames", 1, BINS, (FRAMES, 141), first_frames),
    "whole-clip": FrontEnd("wang_whole_clip", 1, BINS, (FRAMES, 141), whole_clip),
}
LEVELS = {
    "first-frames": FrontEnd("wang_first_frames_levels", 1, BINS, (FRAMES, 141), first_levels),
    "whole-clip": FrontEnd("wang_whole_clip_levels", 1, BINS, (FRAMES, 141), whole_levels),
}
