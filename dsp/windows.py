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


def blackman_harris(n: int, periodic: bool = False) -> np.ndarray:
    """Blackman-Harris window of four terms, side lobes below -92 dB.

    w[i] = 0.35875 - 0.48829 cos(a) + 0.14128 cos(2a) - 0.01168 cos(3a),  a = 2 pi i / M, M as in hann;  n = 1 gives 1

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

    Source: Harris 1978. Checked: tests/test_windows_match_scipy.py
    """
    n = as_count(n, "n")
    if n == 1:
        return np.ones(1)
    a = 2 * np.pi * np.arange(n) / (n if periodic else n - 1)
    return 0.35875 - 0.48829 * np.cos(a) + 0.14128 * np.cos(2 * a) - 0.01168 * np.cos(3 * a)


def bartlett(n: int, periodic: bool = False) -> np.ndarray:
    """Bartlett's triangle, which begins and ends with 0.

    w[i] = 1 - |2 i / M - 1|,  M = n - 1 (symmetric) or n (periodic);  n = 1 gives 1

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

    Source: MathWorks, documentation of bartlett. Checked: tests/test_windows_match_scipy.py
    """
    n = as_count(n, "n")
    if n == 1:
        return np.ones(1)
    return 1 - np.abs(2 * np.arange(n) / (n if periodic else n - 1) - 1)


def sine(n: int, periodic: bool = False) -> np.ndarray:
    """Half a period of a sine from 0 to 0, the root of the Hann window (Kaldi's "sine").

    w[i] = sin(pi i / M),  M = n - 1 (symmetric) or n (periodic);  n = 1 gives 1

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
    return np.sqrt(np.maximum(hann(n, periodic), 0))


def tukey(n: int, periodic: bool = False, alpha: float = 0.25) -> np.ndarray:
    """Tukey's window: flat, a fraction `alpha` of its length in two raised-cosine ends (SciPy's spectrogram: 0.25).

    w[i] = 0.5 - 0.5 cos(pi min(i, M - i) / (alpha M / 2)) where that angle is below pi, otherwise 1;  M as in hann

    Parameters
    ----------
    n : int >= 1, samples
    periodic : for spectra: one period of n samples; otherwise symmetric, for filters
    alpha : 0 < alpha <= 1; 1 is a Hann window

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1, or alpha is outside 0 .. 1.

    Source: Tukey 1967; Harris 1978. Checked: tests/test_windows_match_scipy.py
    """
    n = as_count(n, "n")
    if not 0 < alpha <= 1:
        raise ValueError(f"{alpha=} is outside 0 .. 1")
    if n == 1:
        return np.ones(1)
    period = n if periodic else n - 1
    i = np.arange(n)
    return 0.5 - 0.5 * np.cos(np.pi * np.minimum(1, 2 * np.minimum(i, period - i) / (alpha * period)))


def _raised_cosine(n: int, a: float, periodic: bool) -> np.ndarray:
    """a - (1 - a) cos(2 pi i / M), i = 0 .. n-1."""
    n = as_count(n, "n")
    if n == 1:
        return np.ones(1)
    period = n if periodic else n - 1
    return a - (1 - a) * np.cos(2 * np.pi * np.arange(n) / period)
