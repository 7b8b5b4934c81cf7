"""Cutting a signal into frames.

Conventions: a frame is a column, time is the last axis: (frame_length, n_frames), as MATLAB's
`buffer` and librosa's `util.frame` return it.
"""

import sys

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dsp.checks import as_count


def frame(signal, frame_length: int, hop_length: int) -> np.ndarray:
    """Overlapping frames; the tail that does not fill a frame is left out.

    frames[n, t] = x[n + t hop_length],  t = 0 .. floor((N - frame_length) / hop_length)

    Parameters
    ----------
    signal : (N,), N >= frame_length
    frame_length, hop_length : int >= 1, samples

    Returns
    -------
    frames : (frame_length, n_frames), a read-only view of the signal

    Raises
    ------
    ValueError  if the signal is not a vector, is shorter than one frame, or a length is < 1.

    Source: MathWorks, documentation of spectrogram (k = floor((Nx - noverlap) / (L - noverlap))).
    Checked: tests/test_framing_matches_definition.py
    """
    x = _as_vector(signal)
    frame_length = as_count(frame_length, "frame_length")
    hop_length = as_count(hop_length, "hop_length")
    if x.size < frame_length:
        raise ValueError(f"the signal has {x.size} samples, fewer than one frame of {frame_length}")
    return sliding_window_view(x, frame_length)[::hop_length].T


def buffer(signal, n: int, p: int = 0, initial="zeros") -> np.ndarray:
    """MATLAB's buffer: frames of n samples whose neighbours share p samples.

    p is the *overlap*; the hop is n - p. With 0 <= p the first frame begins with the p samples
    of `initial`; with p < 0 the -p samples between two frames are skipped. The last frame is
    filled up with zeros: no sample is lost.

    frames[i, t] = xp[i + t (n - p)],  xp = initial followed by x, then zeros

    Parameters
    ----------
    signal : (N,)
    n : int >= 1, samples in a frame
    p : int < n, overlap in samples; negative skips
    initial : "zeros" (p zeros), "nodelay" (nothing: frame 0 begins with x[0]) or p values;
        for p < 0 only "zeros", which then means that nothing is put before the signal

    Returns
    -------
    frames : (n, n_frames); n_frames = ceil(N / (n - p)), with "nodelay" 1 + ceil((N - n) / (n - p))

    Raises
    ------
    ValueError  if the signal is not a vector or empty, p >= n, or `initial` does not fit p.

    Source: MathWorks, documentation of buffer.
    Checked: tests/test_dsp_matches_octave.py
    """
    x = _as_vector(signal)
    n = as_count(n, "n")
    p = as_count(p, "p", at_least=-sys.maxsize)
    if p >= n:
        raise ValueError(f"an overlap of {p=} leaves no hop in frames of {n=}; p < n is expected")
    hop = n - p
    if isinstance(initial, str) and initial == "nodelay" and p >= 0:
        n_frames = 1 + max(0, -(-(x.size - n) // hop))
    else:
        n_frames = -(-x.size // hop)
        if p > 0:
            x = np.concatenate([_initial_samples(initial, p), x])
        elif not (isinstance(initial, str) and initial == "zeros"):
            raise ValueError(f"{initial=} needs a positive overlap; {p=}")
    padded = np.zeros(n + (n_frames - 1) * hop, dtype=x.dtype)
    kept = min(x.size, padded.size)
    padded[:kept] = x[:kept]
    return frame(padded, n, hop).copy()


def _initial_samples(initial, p: int) -> np.ndarray:
    """The p samples that stand before the first frame of `buffer`."""
    if isinstance(initial, str):
        if initial != "zeros":
            raise ValueError(f'{initial=} is neither "zeros", "nodelay" nor {p} values')
        return np.zeros(p)
    initial = np.asarray(initial)
    if initial.shape != (p,):
        raise ValueError(f"initial has shape {initial.shape}; the overlap asks for ({p},)")
    return initial


def _as_vector(signal) -> np.ndarray:
    """A non-empty vector of any real dtype: framing moves samples, it does not compute."""
    x = np.asarray(signal)
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"the signal has shape {x.shape}; a non-empty vector is expected")
    return x
