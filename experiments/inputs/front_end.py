"""A front end: the function that makes a network's input, and everything its numbers depend on."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dsp import Convention
from dsp.conventions import fingerprint

SAMPLE_RATE = 16_000  # Hz: CASIA, EMO-DB, IEMOCAP, and the noise that front ends are probed with


@dataclass(frozen=True)
class FrontEnd:
    """Recording -> input, as the cache keeps it.

    name : also the name of what is kept: other settings, another name
    version : to be raised by whoever changes what comes out
    convention : of the log-mel spectrogram
    shape : of one recording's input
    features : (signal (n,) float64, sample_rate) -> float32 array of that shape; ValueError says which
        rule a recording breaks. A function of a module, so that other processes can call it.
    """

    name: str
    version: int
    convention: Convention
    shape: tuple[int, ...]
    features: Callable[[np.ndarray, int], np.ndarray]

    def identity(self) -> str:
        """Sixteen hex digits: name, version, convention, and what comes out for two seconds of noise.

        The last makes a change in the code beneath show, if somebody forgot to raise the version.

        Checked: tests/test_inputs_are_kept.py
        """
        n = np.arange(2 * SAMPLE_RATE)
        probe = np.random.default_rng(0).standard_normal(n.size) * np.sin(np.pi * n / n.size) ** 4 / 8
        facts = f"{self.name} {self.version} {fingerprint(self.convention)} {self.shape} "
        return hashlib.sha256(facts.encode() + self.features(probe, SAMPLE_RATE).tobytes()).hexdigest()[:16]


def at_16_khz(signal: np.ndarray, sample_rate: int) -> np.ndarray:
    """The signal, if that is its rate; ValueError otherwise."""
    if sample_rate != SAMPLE_RATE:
        raise ValueError(f"{sample_rate} Hz; the networks are made for {SAMPLE_RATE} Hz, and nothing is resampled here")
    return signal


def check_sounding(signal: np.ndarray) -> None:
    """ValueError for silence: a recording of zeros has no level, and no network learns from it.

    Checked: tests/test_dey_emodb_inputs_match_librosa.py, tests/test_yadav_crnn_inputs_match_librosa.py
    """
    if not np.any(signal):
        raise ValueError(f"silent: all {len(signal)} samples are 0")
