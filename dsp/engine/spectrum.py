"""Spectrograms in decibels: the kernels of the features, without filters. Read dsp/stft.py first."""

import math
from functools import lru_cache

import numpy as np

from dsp.engine.plan import Tables, spectrum_tables
from dsp.engine.stages import ADD, logarithm, mel_and_energy

_DB_PER_NEPER = 20 / math.log(10)


def level_db(signal: np.ndarray, window: np.ndarray, hop_length: int, n_fft: int, offset: float) -> np.ndarray:
    """20 log10(|X[k, t]| + offset), X the short-time Fourier transform without padding.

    Equals amplitude_to_db(abs(stft(signal, window, hop_length, n_fft)), offset); the caller has
    checked the arguments as stft does, is_fast(n_fft) holds, and 0 < offset.

    Returns
    -------
    level : (n_fft // 2 + 1, n_frames) float64

    Checked: tests/test_engine_equals_textbook.py
    """
    tables = _tables(np.ascontiguousarray(window).tobytes(), hop_length, n_fft)
    n_frames = 1 + (signal.size - window.size) // hop_length
    magnitude, _ = mel_and_energy(np.ascontiguousarray(signal, np.float64), n_frames, tables)
    return logarithm(magnitude, _DB_PER_NEPER, offset, ADD, in_own_memory=True)


@lru_cache(maxsize=32)
def _tables(window: bytes, hop_length: int, n_fft: int) -> Tables:
    return spectrum_tables(np.frombuffer(window), hop_length, n_fft, np.dtype(np.float64), magnitude=True)
