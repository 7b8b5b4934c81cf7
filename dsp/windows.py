"""Window functions.

Conventions: `periodic=False` is the symmetric window of filter design and of MATLAB's default;
`periodic=True` is the first n samples of the symmetric window of n + 1, used for spectra.
"""

import numpy as np

from dsp.checks import as_count


def hamming(n: int, periodic: bool = False) -> np.ndarray:
    """Hamming window.

    w[i] = 0.54 - 0.46 cos(2 pi i / M),  M = n - 1 (symmetric) or n (periodic);  n = 1 gives 1

    Parameters
    ----------
    n : int >= 1, samples
    periodic : for spectra: one period of n samples; otherwise symmetric, for filters

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1.

    Source: MathWorks, documentation of hamming ('symmetric', 'periodic').
    Checked: tests/test_dsp_matches_octave.py
    """
    return _raised_cosine(n, 0.54, periodic)


def hann(n: int, periodic: bool = False) -> np.ndarray:
    """Hann window; the symmetric one begins and ends with 0 (MATLAB's `hanning` leaves these out).

    w[i] = 0.5 - 0.5 cos(2 pi i / M),  M = n - 1 (symmetric) or n (periodic);  n = 1 gives 1

    Parameters
    ----------
    n : int >= 1, samples
    periodic : for spectra: one period of n samples; otherwise symmetric, for filters

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1.

    Source: MathWorks, documentation of hann ('symmetric', 'periodic').
    Checked: tests/test_dsp_matches_octave.py
    """
    return _raised_cosine(n, 0.5, periodic)


def povey(n: int, periodic: bool = False) -> np.ndarray:
    """Kaldi's window: a Hann window to the power 0.85, nearly a Hamming window that ends at 0.

    w[i] = (0.5 - 0.5 cos(2 pi i / M))^0.85,  M = n - 1 (symmetric) or n (periodic);  n = 1 gives 1

    Parameters
    ----------
    n : int >= 1, samples
    periodic : for spectra: one period of n samples; otherwise symmetric, for filters

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1.

    Source: Kaldi, documentation of --window-type. Checked: tests/test_windows_match_scipy.py
    """
    return hann(n, periodic) ** 0.85


def blackman(n: int, periodic: bool = False) -> np.ndarray:
    """Blackman window.

    w[i] = 0.42 - 0.5 cos(2 pi i / M) + 0.08 cos(4 pi i / M),  M as in hann;  n = 1 gives 1

    Parameters
    ----------
    n : int >= 1, samples
    periodic : for spectra: one period of n samples; otherwise symmetric, for filters

    Returns
    -------
    window : (n,) float64; its ends are 0 but for rounding

    Raises
    ------
    ValueError  if n is not a whole number >= 1.

    Source: Blackman & Tukey 1958; MathWorks, documentation of blackman. Checked: tests/test_windows_match_scipy.py
    """
    n = as_count(n, "n")
    if n == 1:
        return np.ones(1)
    angle = 2 * np.pi * np.arange(n) / (n if periodic else n - 1)
    return 0.42 - 0.5 * np.cos(angle) + 0.08 * np.cos(2 * angle)


def _raised_cosine(n: int, a: float, periodic: bool) -> np.ndarray:
    """a - (1 - a) cos(2 pi i / M), i = 0 .. n-1."""
    n = as_count(n, "n")
    if n == 1:
        return np.ones(1)
    period = n if periodic else n - 1
    return a - (1 - a) * np.cos(2 * np.pi * np.arange(n) / period)
