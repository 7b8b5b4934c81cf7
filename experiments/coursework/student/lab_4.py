"""Lab 4: a mel filterbank. Copy this file and write the function."""

import numpy as np  # noqa: F401  (for you)


def mel_filterbank(n_mels, n_fft, sample_rate, f_min, f_max):
    """Triangular filters, whose edges are equally spaced on the mel scale of your course.

    H[m, k] = max(0, min((f_k - f_{m-1}) / (f_m - f_{m-1}), (f_{m+1} - f_k) / (f_{m+1} - f_m)))

    f_k is the frequency of bin k, f_0 .. f_{n_mels + 1} are the edges from f_min to f_max.
    Default profile: mel = 2595 log10(1 + f / 700), sides straight in Hz, edges not rounded, height 1. A course that
    rounds edges to bins says how: "floor" is floor((n_fft + 1) f / sample_rate); "round" and "ceil" round
    n_fft f / sample_rate; "floor round ceil" rounds the left edge down, the center to the nearest bin, and the right
    edge up. A course may also give every filter the height 2 / (f_{m+1} - f_{m-1}) or the sum 1.

    Parameters
    ----------
    n_mels : filters
    n_fft : points of the transform, even or odd
    sample_rate, f_min, f_max : Hz

    Returns
    -------
    H : (n_mels, n_fft // 2 + 1)
    """
    raise NotImplementedError
