"""Lab 1: cut a signal into frames and multiply each by a window. Copy this file and write the function."""

import numpy as np  # noqa: F401  (for you)


def windowed_frames(signal, sample_rate, frame_ms, hop_ms):
    """Frames of a signal, each multiplied by the window of your course (default profile: a symmetric Hamming window).

    frames[n, t] = window[n] * signal[n + t * hop_length]

    Parameters
    ----------
    signal : (N,) real
    sample_rate : Hz
    frame_ms, hop_ms : milliseconds; rounded to samples as in your course (default profile: down)

    Returns
    -------
    frames : (frame_length, n_frames); time is the last axis. Samples at the end that do not fill a frame are
        left out
    """
    raise NotImplementedError
