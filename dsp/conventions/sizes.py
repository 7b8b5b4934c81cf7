"""From a convention's milliseconds to samples and frames: where tools round differently."""

import math
from dataclasses import dataclass

from dsp import framing
from dsp.checks import as_count
from dsp.conventions.parameters import Convention


@dataclass(frozen=True)
class Sizes:
    """Lengths in samples at one sample rate: of the window, of a frame, of the hop, of the transform."""

    window: int
    frame: int
    hop: int
    n_fft: int


def sizes(c: Convention, sample_rate: float, n_samples: int | None = None) -> Sizes:
    """The convention's lengths at a sample rate. (n_samples: SciPy shortens its window to a shorter signal.)

    Raises ValueError if the rate is not positive, a length comes out as 0, or n_fft is less than the frame.

    Checked: tests/test_frame_counts_match_every_tool.py
    """
    if not sample_rate > 0:
        raise ValueError(f"{sample_rate=} is not a sample rate; more than 0 Hz is expected")
    window = _samples(c.frame_length, c.frame_length_s, sample_rate, c.rounding)
    if c.framing == "scipy" and n_samples is not None:
        window = min(window, n_samples)
    if c.hop_length is None and c.hop_length_s is None:
        hop = window - window // 2
    else:
        hop = _samples(c.hop_length, c.hop_length_s, sample_rate, c.rounding)
    as_count(window, "frame_length")
    as_count(hop, "hop_length")
    rules = {"power of two": 1 << (window - 1).bit_length(), "frame length": window}
    n_fft = rules.get(c.n_fft, c.n_fft)
    if n_fft < window:
        raise ValueError(f"{n_fft=} is less than a frame of {window} samples at {sample_rate} Hz")
    return Sizes(window, n_fft if c.window_alignment == "center" else window, hop, n_fft)


def _samples(length: int | None, length_s: float | None, sample_rate: float, rounding: str) -> int:
    if length is not None:
        return length
    exact = length_s * sample_rate
    if rounding == "half up":
        return math.floor(exact + 0.5)
    if rounding == "power of two down":
        return 1 << (math.floor(exact).bit_length() - 1)
    return math.floor(exact + 1e-9)  # 0.025 * 16000 is 400, whatever its last bit


def frames_given(n_samples: int, size: Sizes, c: Convention) -> int:
    """How many frames; ValueError if there is none."""
    n_frames = framing.frames_given(n_samples, size.frame, size.hop, c.framing)
    if c.last_frame == "kept":
        return n_frames
    if n_frames == 1:
        raise ValueError(f"{n_samples} samples give one frame, and the convention drops the last")
    return n_frames - 1
