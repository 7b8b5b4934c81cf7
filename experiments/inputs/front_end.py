"""A front end: the function that computes a network's input, and all that its values depend on."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dsp import Convention
from dsp.conventions import fingerprint

SAMPLE_RATE = 16_000  # Hz: of CASIA, EMO-DB and IEMOCAP, and of the noise that `identity` uses


@dataclass(frozen=True)
class FrontEnd:
    """A function from recording to network input, as the cache stores it.

    name : also part of the cache's file names; other settings need another name
    version : raise it when the output changes
    convention : of the log-mel spectrogram
    shape : of the input for one recording
    features : (signal (n,) float64, sample_rate) -> float32 array of that shape. It raises ValueError with the rule
        that a recording breaks. It must be a module-level function, so that other processes can call it.
    """

    name: str
    version: int
    convention: Convention
    shape: tuple[int, ...]
    features: Callable[[np.ndarray, int], np.ndarray]

    def identity(self) -> str:
        """Sixteen hex digits that identify name, version, convention, and the output for two seconds of noise.

        The output shows a change of the code even if nobody raised the version.

        Checked: tests/test_inputs_are_kept.py
        """
        n = np.arange(2 * SAMPLE_RATE)
        probe = np.random.default_rng(0).standard_normal(n.size) * np.sin(np.pi * n / n.size) ** 4 / 8
        facts = f"{self.name} {self.version} {fingerprint(self.convention)} {self.shape} "
        return hashlib.sha256(facts.encode() + self.features(probe, SAMPLE_RATE).tobytes()).hexdigest()[:16]


def at_16_khz(signal: np.ndarray, sample_rate: int) -> np.ndarray:
    """Returns the signal if its rate is 16 kHz; raises ValueError otherwise."""
    if sample_rate != SAMPLE_RATE:
        raise ValueError(f"{sample_rate} Hz; the networks need {SAMPLE_RATE} Hz, and nothing is resampled here")
    return signal


def check_sounding(signal: np.ndarray) -> None:
    """Raises ValueError for silence: a recording of zeros has no level, and no network learns from it.

    Checked: tests/test_dey_emodb_inputs_match_librosa.py, tests/test_yadav_crnn_inputs_match_librosa.py
    """
    if not np.any(signal):
        raise ValueError(f"silent: all {len(signal)} samples are 0")
