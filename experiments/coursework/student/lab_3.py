"""Lab 3: from a short-time spectrum back to the signal. Copy this file and write the function."""

import numpy as np  # noqa: F401  (for you)


def istft(spectra, window, hop_length):
    """The signal whose short-time Fourier transform is nearest to `spectra`, by weighted overlap-add.

    y[n] = sum_t window[n - t hop] y_t[n - t hop] / sum_t window[n - t hop]^2,  y_t the inverse transform of frame t

    Where every window is 0, the signal is unknown; y is 0 there. np.fft.irfft may be used.

    Parameters
    ----------
    spectra : (L // 2 + 1, n_frames) complex, the bins from 0 Hz to the Nyquist frequency
    window : (L,) real; the transform has as many points as the window, and L may be odd
    hop_length : samples

    Returns
    -------
    y : ((n_frames - 1) hop_length + L,) real
    """
    raise NotImplementedError
