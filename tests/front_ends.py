"""What the tests of nets.front_end share: presets, signals, errors and their limits."""

from functools import lru_cache

import numpy as np
import torch

from dsp import CONVENTIONS, Convention
from dsp.export.signals import golden_signals

RATE = 16_000
KINDS = [(name, kind) for name, c in CONVENTIONS.items() for kind in (["log_mel", "mfcc"] if c.n_mfcc else ["log_mel"])]
LAST_KINDS = [(name, "mfcc" if c.n_mfcc else "log_mel") for name, c in CONVENTIONS.items()]
FLOAT64 = 1e-9  # of the largest value; measured: 2e-12
# The largest error over speech and noise in float32, by the logarithm, in its unit; measured: see the comments.
FLOAT32 = {
    None: 1e-6,  # of the greatest value; measured: 2e-7
    "ln": 5e-3,  # nat; measured: 1.5e-3 (kaldi_fbank)
    "log10": 1e-3,  # measured: 2e-4 (espnet_tts)
    "10 log10": 5e-2,  # dB; measured: 1.2e-2 (panns), but for BINS
    "20 log10": 5e-2,
}
BINS = 1.0  # dB, of single bins, which no filter averages; measured: 0.2 (zheng_casia)
DEVIATIONS = 2e-3  # of normalized rows; measured: 5e-4 (seamless_m4t)


def rate_of(c: Convention) -> int:
    return RATE if (c.f_max or 0) <= RATE / 2 else 44_100


@lru_cache
def golden(rate: int) -> dict[str, np.ndarray]:
    """The golden signals as (n,) float64 in -1 .. 1."""
    return {name: samples / 32_768 for name, samples in golden_signals(rate).items()}


def speech_and_noise(rate: int) -> list[np.ndarray]:
    speech = golden(rate)["speech"]
    return [speech, 0.1 * np.random.default_rng(1).standard_normal(speech.size // 2)]


def largest_error(found: torch.Tensor, expected: np.ndarray) -> float:
    assert tuple(found.shape) == expected.shape
    return float(np.abs(found.detach().numpy() - expected).max())


def float32_limit(c: Convention, kind: str) -> float:
    if c.normalization == "mean and variance":
        return DEVIATIONS
    if c.n_mels is None and c.log is not None:
        return BINS
    return FLOAT32[c.log] * abs(c.log_gain if c.log else 1.0)


def features(module, x, dtype=torch.float32):
    return module(torch.from_numpy(x).to(dtype))[0]
