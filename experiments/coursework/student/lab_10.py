"""Lab 10: the logarithm of the spectrum. Copy this file and write the function."""

import numpy as np  # noqa: F401  (for you)


def log_spectrum(frames, n_fft, floor):
    """The logarithm of the power spectrum of every frame, with a floor for silence.

    P[k, t] = |sum_n x[n, t] exp(-2 pi i k n / n_fft)|^2,  k = 0 .. n_fft // 2
    L[k, t] = ln(max(P[k, t], floor))

    This is the default profile. Your course may take the magnitude instead of the power, divide by n_fft before the
    floor is applied, or take another logarithm: log10, 10 log10 or 20 log10. np.fft may be used.

    Parameters
    ----------
    frames : (L, n_frames) real, windowed, one frame per column, L <= n_fft; zeros follow up to n_fft
    n_fft : points of the transform, even or odd
    floor : the smallest value whose logarithm is taken, > 0

    Returns
    -------
    spectrum : (n_fft // 2 + 1, n_frames)
    """
    raise NotImplementedError
