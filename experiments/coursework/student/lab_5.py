"""Lab 5: cepstral coefficients of log-mel values. Copy this file and write the function."""

import numpy as np  # noqa: F401  (for you)


def mfcc(log_mel, n_mfcc, lifter):
    """Mel-frequency cepstral coefficients: the first rows of an orthonormal DCT-II over the bands, liftered.

    c[k, t] = w[k] a[k] sum_m log_mel[m, t] cos(pi k (2m + 1) / (2 M)),  m = 0 .. M - 1
    a[0] = sqrt(1 / M), a[k > 0] = sqrt(2 / M)
    w[k] = 1 + lifter / 2 sin(pi k / lifter);  lifter = 0 means w[k] = 1
    This is the default profile. A course may also take a[0] = sqrt(2 / M), like the others, or a[k] = 2 for all k.

    Parameters
    ----------
    log_mel : (M, n_frames) float64
    n_mfcc : 1 .. M
    lifter : a number >= 0

    Returns
    -------
    mfcc : (n_mfcc, n_frames), c0 in row 0
    """
    raise NotImplementedError
