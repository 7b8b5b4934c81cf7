"""Lab 2: a fast Fourier transform. Copy this file and write the function."""

import numpy as np  # noqa: F401  (for you)


def fft(x):
    """The discrete Fourier transform of any length N, halved as long as it is even.

    X[k] = sum_n x[n] exp(-2 pi i k n / N),  k = 0 .. N - 1

    With E the transform of the even samples and O that of the odd ones, for k = 0 .. N/2 - 1:
    X[k]       = E[k] + exp(-2 pi i k / N) O[k]
    X[k + N/2] = E[k] - exp(-2 pi i k / N) O[k]
    For odd N, use the definition. np.fft may not be used.

    Parameters
    ----------
    x : (N,) real or complex, N >= 1

    Returns
    -------
    X : (N,) complex
    """
    raise NotImplementedError
