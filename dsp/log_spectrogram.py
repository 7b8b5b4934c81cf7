"""The spectrogram in decibels: one line of textbook, and the door to the engine that computes it faster."""

import numpy as np

from dsp.checks import as_signal
from dsp.decibels import amplitude_to_db
from dsp.engine.plan import is_fast
from dsp.engine.spectrum import level_db
from dsp.stft import matlab_arguments, stft


def log_spectrogram(signal, window, noverlap: int, nfft: int, offset: float) -> np.ndarray:
    """Level of the spectrogram: amplitude_to_db(abs(S), offset), S as spectrogram gives it.

    20 log10(|S[k, t]| + offset)

    For an even nfft without a large prime factor the engine computes it, several times as fast and
    equal to 1e-9 dB.

    Parameters
    ----------
    signal, window, noverlap, nfft : as given to spectrogram
    offset : > 0; MATLAB scripts take eps = 2**-52

    Returns
    -------
    level : (nfft // 2 + 1, n_frames) float64, dB

    Raises
    ------
    ValueError  as spectrogram, or if offset <= 0.

    Source: Zheng et al., appendix. Checked: tests/test_engine_equals_textbook.py
    """
    if not offset > 0:
        raise ValueError(f"{offset=} must be more than 0, so that silence has a level")
    x = as_signal(signal)
    window, nfft, hop_length = matlab_arguments(window, noverlap, nfft)
    if x.size < window.size:
        raise ValueError(f"the signal has {x.size} samples, fewer than one window of {window.size}")
    if is_fast(nfft):
        return level_db(x, window, hop_length, nfft, offset)
    return amplitude_to_db(np.abs(stft(x, window, hop_length, nfft)), offset)
