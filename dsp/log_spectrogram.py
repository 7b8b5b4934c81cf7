"""The spectrogram in decibels: one line of the textbook lane, which the engine computes faster."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_number, as_signal
from dsp.decibels import amplitude_to_db
from dsp.engine.plan import is_fast
from dsp.engine.spectrum import level_db
from dsp.stft import check_matlab_arguments, stft


def log_spectrogram(
    signal: ArrayLike, window: ArrayLike, noverlap: int, nfft: int, offset: float
) -> NDArray[np.float64]:
    """Level of the spectrogram: amplitude_to_db(abs(S), offset), S as spectrogram gives it.

    20 log10(|S[k, t]| + offset)

    For an even nfft without a large prime factor the engine computes it several times as fast, equal to
    1e-9 dB.

    Parameters
    ----------
    signal, window, noverlap, nfft : as in spectrogram
    offset : > 0; MATLAB scripts take eps = 2**-52

    Returns
    -------
    level : (nfft // 2 + 1, n_frames) float64, dB

    Raises
    ------
    ValueError  as spectrogram, or if offset <= 0.

    Source: Zheng et al., appendix. Checked: tests/test_engine_equals_textbook.py
    """
    x = as_signal(signal)
    offset = as_number(offset, "offset", above=0)  # so that silence has a level
    w, nfft, hop_length = check_matlab_arguments(window, noverlap, nfft)
    if x.size < w.size:
        raise ValueError(f"signal has {x.size} samples, fewer than one window of {w.size}")
    if is_fast(nfft):
        return level_db(x, w, hop_length, nfft, offset)
    return amplitude_to_db(np.abs(stft(x, w, hop_length, nfft)), offset)
