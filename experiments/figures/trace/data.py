"""The trace of a recording under a convention, with everything that its figures need."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

import dsp
from dsp import Convention, hz_to_mel
from dsp.conventions import named
from dsp.conventions.sizes import Sizes, sizes
from dsp.framing import first_sample
from dsp.mfcc import cepstrum_matrix

LOG_UNIT = {None: "linear", "ln": "ln", "log10": "log10", "10 log10": "dB", "20 log10": "dB"}


@dataclass(frozen=True)
class Traced:
    """A recording, the convention and its trace.

    signal : (n,) as given to dsp.trace;  name : of the convention;  title : of the recording
    """

    signal: np.ndarray
    sample_rate: int
    convention: Convention
    size: Sizes
    steps: dict[str, np.ndarray]
    name: str
    title: str

    @cached_property
    def loudest(self) -> int:
        """The frame with the most power."""
        return int(np.argmax(np.sum(self.steps["windowed"] ** 2, axis=0)))

    @cached_property
    def starts_s(self) -> np.ndarray:
        """The start of each frame; negative where the framing puts something before the signal."""
        first = first_sample(self.signal.size, self.size.frame, self.size.hop, self.convention.framing)
        return (np.arange(self.steps["frames"].shape[1]) * self.size.hop + first) / self.sample_rate

    @property
    def centers_s(self) -> np.ndarray:
        return self.starts_s + self.size.frame / 2 / self.sample_rate

    @property
    def frequency(self) -> np.ndarray:
        """The frequencies of the bins, in Hz."""
        return np.arange(len(self.steps["spectrum"])) * self.sample_rate / self.size.n_fft

    def band_of(self, frequency) -> np.ndarray:
        """The position of a frequency among the mel bands; the center of band m is at m."""
        c = self.convention
        mel = hz_to_mel(frequency, c.mel_scale)
        low = hz_to_mel(c.f_min, c.mel_scale)
        high = hz_to_mel(self.sample_rate / 2 if c.f_max is None else c.f_max, c.mel_scale)
        if c.n_mels == "every 100 mel":
            high = low + 100 * (len(self.steps["mel"]) + 1)
        return (mel - low) / (high - low) * (len(self.steps["mel"]) + 1) - 1


def traced(signal, sample_rate: int, convention: str, title: str) -> Traced:
    """Traces a recording. Raises ValueError as dsp.trace does."""
    c = named(convention)
    steps = dsp.trace(signal, sample_rate, c)
    return Traced(signal, sample_rate, c, sizes(c, sample_rate, signal.size), steps, convention, title)


def basis(t: Traced) -> np.ndarray:
    return cepstrum_matrix(len(t.steps["log_mel"]), t.convention)


def smoothed(t: Traced) -> np.ndarray:
    """The log-mel values of the loudest frame, projected on the rows of the DCT that are kept.

    x = sum_k C[k] c[k] / |C[k]|^2,  which is dsp.idct if the DCT is orthonormal

    If c0 is not kept, the mean of the values stands for it.

    Checked: tests/test_trace_shows_every_stage.py
    """
    C = basis(t)
    projection = C.T @ (t.steps["cepstrum"][:, t.loudest] / np.sum(C**2, axis=1))
    return projection + (t.steps["log_mel"][:, t.loudest].mean() if t.convention.c0 == "none" else 0)


def envelope(levels: np.ndarray, n: int) -> np.ndarray:
    """What the first n rows of an orthonormal DCT keep of levels: (n_bands,) or (n_bands, n_frames), like `levels`.

    x = C' C levels.  No lifter, energy or norm of the cepstra changes what their n coefficients can say.

    Raises ValueError if n is not 1 .. n_bands.

    Checked: tests/test_page_explores_a_convention.py
    """
    C = dsp.dct_matrix(n, len(levels))
    return C.T @ (C @ levels)


def decibels(level: np.ndarray) -> np.ndarray:
    """20 log10 of values of at least 1e-15, so that zeros have a level too."""
    return 20 * np.log10(np.maximum(level, 1e-15))


def window_spectrum(t: Traced, depth_db: float) -> tuple[np.ndarray, np.ndarray]:
    """(Hz, dB re maximum) of the zero-padded window, no lower than depth_db below its maximum."""
    n = 16 << (t.size.frame - 1).bit_length()
    level = np.abs(dsp.rfft(t.steps["window"], n))
    response = decibels(np.maximum(level / level.max(), 10 ** (-depth_db / 20)))
    return np.arange(level.size) * t.sample_rate / n, response
