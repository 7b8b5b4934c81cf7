"""Finding where a recording is not silent, by the rule of librosa.effects.

Conventions: frame t is centered on sample t * hop_length; frame_length // 2 zeros precede and follow the signal. The
level of a frame is its root mean square relative to that of the loudest frame, in dB; a root mean square below 1e-5
counts as 1e-5. A frame is audible if its level is above -top_db. Two things follow:

- in a recording of zeros every frame has the level 0 dB: all of it is audible, and nothing is cut off;
- a recording whose loudest frame is less than top_db above 1e-5 loses nothing either, not even zeros.

An audible frame keeps the hop_length samples from t * hop_length on: intervals begin and end on whole hops, or with
the signal.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_number, as_signal
from dsp.engine.running import frame_powers
from dsp.framing import frame, frame_count

MIN_RMS = 1e-5  # librosa's amplitude_to_db: amin


def trim(
    signal: ArrayLike, top_db: float = 60.0, frame_length: int = 2048, hop_length: int = 512
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """The signal without the silence at both ends.

    signal[start:stop],  start = t_first hop_length,  stop = min(N, (t_last + 1) hop_length)
    t_first, t_last: the first and the last frame whose level is above -top_db

    Parameters
    ----------
    signal : (N,) real
    top_db : dB, finite; frames this far below the loudest frame are silence
    frame_length, hop_length : int >= 1, samples

    Returns
    -------
    trimmed : (stop - start,) float64, a copy; empty if no frame is audible, which needs top_db <= 0
    (start, stop) : int, samples; (0, 0) if no frame is audible

    Raises
    ------
    ValueError  for a bad signal, a length < 1, or top_db that is not finite.

    Source: librosa 0.11, documentation of effects.trim. Checked: tests/test_trimming_matches_librosa.py,
    tests/test_fast_statistics_equal_textbook.py
    """
    x = as_signal(signal)
    intervals = _intervals(x, top_db, frame_length, hop_length)
    start, stop = (int(intervals[0, 0]), int(intervals[-1, 1])) if len(intervals) else (0, 0)
    return x[start:stop].copy(), (start, stop)


def nonsilent_intervals(
    signal: ArrayLike, top_db: float = 60.0, frame_length: int = 2048, hop_length: int = 512
) -> NDArray[np.int64]:
    """The intervals of a signal that are not silent.

    rms[t] = sqrt(mean_n frame_t[n]^2),  level[t] = 20 log10(max(rms[t], 1e-5) / max(max(rms), 1e-5))
    one interval for every maximal run of frames with level[t] > -top_db

    Parameters
    ----------
    signal : (N,) real
    top_db : dB, finite
    frame_length, hop_length : int >= 1, samples

    Returns
    -------
    intervals : (n, 2) int64, samples; signal[start:stop] for each row (start, stop)

    Raises
    ------
    ValueError  for a bad signal, a length < 1, or top_db that is not finite.

    Source: librosa 0.11, documentation of effects.split. Checked: tests/test_trimming_matches_librosa.py
    """
    return _intervals(as_signal(signal), top_db, frame_length, hop_length)


def powers_by_definition(x: NDArray[np.float64], frame_length: int, hop_length: int) -> NDArray[np.float64]:
    """rms[t]^2 of a checked signal, as the formula says it; the fast lane has the same numbers."""
    return np.mean(frame(np.pad(x, frame_length // 2), frame_length, hop_length) ** 2, axis=0)


def _intervals(x: NDArray[np.float64], top_db: float, frame_length: int, hop_length: int) -> NDArray[np.int64]:
    frame_length, hop_length = as_count(frame_length, "frame_length"), as_count(hop_length, "hop_length")
    top_db = as_number(top_db, "top_db", unit="of decibels")
    powers = np.empty(frame_count(x.size, frame_length, hop_length, "center, zeros"))
    frame_powers(np.ascontiguousarray(x), frame_length, hop_length, powers)
    rms = np.maximum(np.sqrt(powers), MIN_RMS)
    audible = 20 * np.log10(rms / rms.max()) > -top_db
    changes = np.flatnonzero(np.diff(audible, prepend=False, append=False))  # starts and ends of runs, alternating
    return np.minimum(changes.reshape(-1, 2) * hop_length, x.size)
