"""Lab 1: cut a signal into frames and multiply each by a window. Copy this file and write the function."""

import numpy as np  # noqa: F401  (for you)


def windowed_frames(signal, sample_rate, frame_ms, hop_ms):
    """Frames of a signal, each times the window of your course (profile default: a symmetric Hamming window).

    frames[n, t] = window[n] * signal[n + t * hop_length]

    Parameters
    ----------
    signal : (N,) real
    sample_rate : Hz
    frame_ms, hop_ms : milliseconds; in samples, rounded as your course says (profile default: down)

    Returns
    -------
    frames : (frame_length, n_frames); time is the last axis. Samples at the end that fill no frame are left out
    """
    raise NotImplementedError
