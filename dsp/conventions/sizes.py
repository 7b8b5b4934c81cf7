"""From a convention's seconds to samples and frames; tools round differently here."""

import math
from dataclasses import dataclass

from dsp import framing
from dsp.checks import as_count, as_sample_rate
from dsp.conventions.parameters import Convention, Rounding


@dataclass(frozen=True)
class Sizes:
    """Lengths in samples at one sample rate: of the window, of a frame, of the hop and of the transform."""

    window: int
    frame: int
    hop: int
    n_fft: int


def sizes(c: Convention, sample_rate: float, n_samples: int | None = None) -> Sizes:
    """The convention's lengths at a sample rate; n_samples is for SciPy, which shortens its window to a shorter signal.

    Raises ValueError if the rate is not a number > 0, a length rounds to 0, or n_fft is less than the frame.

    Checked: tests/test_frame_counts_match_every_tool.py
    """
    as_sample_rate(sample_rate)
    window = _samples(c.frame_length, c.frame_length_s, sample_rate, c.rounding)
    if c.framing == "scipy" and n_samples is not None:
        window = min(window, n_samples)
    if c.hop_length is None and c.hop_length_s is None:
        hop = window - window // 2
    else:
        hop = _samples(c.hop_length, c.hop_length_s, sample_rate, c.rounding)
    if c.framing == "valid, centered" and c.hop_length is None and c.hop_length_s is not None:
        _require_whole(c.hop_length_s, sample_rate)
    as_count(window, "frame_length")
    as_count(hop, "hop_length")
    if isinstance(c.n_fft, str):
        n_fft = window if c.n_fft == "frame length" else 1 << (window - 1).bit_length()
    else:
        n_fft = c.n_fft
    if n_fft < window:
        raise ValueError(f"{n_fft=} is less than a frame of {window} samples at {sample_rate} Hz")
    return Sizes(window, n_fft if c.window_alignment == "center" else window, hop, n_fft)


def _require_whole(hop_length_s: float, sample_rate: float) -> None:
    """ValueError for a hop of a fraction of a sample: Praat's frames then lie at irregular distances."""
    hop = hop_length_s * sample_rate
    if abs(hop - round(hop)) > 1e-6:
        raise ValueError(
            f"{hop_length_s=} is {hop:g} samples at {sample_rate:g} Hz; framing='valid, centered' expects a whole "
            f"number: take dsp.praat_frames, resample the signal (48000 Hz for 44100 Hz), or set hop_length"
        )


def _samples(length: int | None, length_s: float | None, sample_rate: float, rounding: Rounding) -> int:
    if length is not None or length_s is None:
        return length or 0
    exact = length_s * sample_rate
    if rounding == "half up":
        return math.floor(exact + 0.5)
    if rounding == "power of two down":
        return 1 << (math.floor(exact).bit_length() - 1)
    return math.floor(exact + 1e-9)  # 0.025 * 16000 is 400, whatever its last bit


def require_frames(n_samples: int, size: Sizes, c: Convention) -> int:
    """How many frames a signal gives under a convention; ValueError if it gives none."""
    n_frames = framing.require_frames(n_samples, size.frame, size.hop, c.framing)
    if c.last_frame == "kept":
        return n_frames
    if n_frames == 1:
        raise ValueError(f"{n_samples} samples give one frame, and the convention drops the last frame")
    return n_frames - 1
