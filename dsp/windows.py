"""Window functions.

Conventions: `periodic=False` gives the symmetric window that filter design uses and MATLAB returns by default;
`periodic=True` gives the first n samples of the symmetric window of n + 1 samples, which suits spectra. The angle
runs over M = n - 1 intervals in a symmetric window and over M = n in a periodic one. A window of one sample is 1.
"""

import numpy as np
from numpy.typing import NDArray

from dsp.checks import as_count, as_flag, as_number


def hamming(n: int, periodic: bool = False) -> NDArray[np.float64]:
    """Hamming window.

    w[i] = 0.54 - 0.46 cos(2 pi i / M),  M = n - 1 (symmetric) or n (periodic);  n = 1 gives 1

    Parameters
    ----------
    n : int >= 1, samples
    periodic : True for one period of n samples (spectra), False for a symmetric window (filters)

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1, or periodic is no bool.

    Source: MathWorks, documentation of hamming ('symmetric', 'periodic').
    Checked: tests/test_dsp_matches_octave.py
    """
    return _raised_cosine(n, 0.54, periodic)


def hann(n: int, periodic: bool = False) -> NDArray[np.float64]:
    """Hann window. The symmetric one begins and ends with 0 (MATLAB's `hanning` leaves these zeros out).

    w[i] = 0.5 - 0.5 cos(2 pi i / M),  M = n - 1 (symmetric) or n (periodic);  n = 1 gives 1

    Parameters
    ----------
    n : int >= 1, samples
    periodic : True for one period of n samples (spectra), False for a symmetric window (filters)

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1, or periodic is no bool.

    Source: MathWorks, documentation of hann ('symmetric', 'periodic').
    Checked: tests/test_dsp_matches_octave.py
    """
    return _raised_cosine(n, 0.5, periodic)


def povey(n: int, periodic: bool = False) -> NDArray[np.float64]:
    """Povey's window, Kaldi's default: a Hann window to the power 0.85, close to a Hamming window but 0 at the ends.

    w[i] = (0.5 - 0.5 cos(2 pi i / M))^0.85,  M = n - 1 (symmetric) or n (periodic);  n = 1 gives 1

    Parameters
    ----------
    n : int >= 1, samples
    periodic : True for one period of n samples (spectra), False for a symmetric window (filters)

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1, or periodic is no bool.

    Source: Kaldi, documentation of --window-type. Checked: tests/test_windows_match_scipy.py
    """
    return hann(n, periodic) ** 0.85


def gaussian(n: int, periodic: bool = False) -> NDArray[np.float64]:
    """Gaussian window as Praat cuts it off: lowered so that it reaches 0 one sample beyond its ends.

    w[i] = (exp(-48 ((i - M / 2) / (M + 2))^2) - exp(-12)) / (1 - exp(-12)),  M = n - 1 (symmetric) or n (periodic);
    n = 1 gives 1

    The "window length" that Praat asks for is half the length of this window: 15 ms there are 30 ms here.

    Parameters
    ----------
    n : int >= 1, samples
    periodic : True for one period of n samples, False for a symmetric window

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1, or periodic is no bool.

    Source: Boersma 1993, Accurate short-term analysis, postscript (the Gaussian window).
    Checked: tests/test_praat_matches_parselmouth.py
    """
    i, M = _positions(n, periodic)
    edge = np.exp(-12)
    return (np.exp(-48 * ((i - M / 2) / (M + 2)) ** 2) - edge) / (1 - edge)


def blackman(n: int, periodic: bool = False) -> NDArray[np.float64]:
    """Blackman window.

    w[i] = 0.42 - 0.5 cos(2 pi i / M) + 0.08 cos(4 pi i / M),  M as in hann;  n = 1 gives 1

    Parameters
    ----------
    n : int >= 1, samples
    periodic : True for one period of n samples (spectra), False for a symmetric window (filters)

    Returns
    -------
    window : (n,) float64; the ends are 0 except for rounding

    Raises
    ------
    ValueError  if n is not a whole number >= 1, or periodic is no bool.

    Source: Blackman & Tukey 1958; MathWorks, documentation of blackman. Checked: tests/test_windows_match_scipy.py
    """
    i, M = _positions(n, periodic)
    angle = 2 * np.pi * i / M
    window = 0.42 - 0.5 * np.cos(angle) + 0.08 * np.cos(2 * angle)
    return window if n > 1 else np.ones(1)  # the three terms add up to 1 - 1e-16 there


def blackman_harris(n: int, periodic: bool = False) -> NDArray[np.float64]:
    """Blackman-Harris window of four terms, side lobes below -92 dB.

    w[i] = 0.35875 - 0.48829 cos(a) + 0.14128 cos(2a) - 0.01168 cos(3a),  a = 2 pi i / M, M as in hann;  n = 1 gives 1

    Parameters
    ----------
    n : int >= 1, samples
    periodic : True for one period of n samples (spectra), False for a symmetric window (filters)

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1, or periodic is no bool.

    Source: Harris 1978. Checked: tests/test_windows_match_scipy.py
    """
    i, M = _positions(n, periodic)
    a = 2 * np.pi * i / M
    return 0.35875 - 0.48829 * np.cos(a) + 0.14128 * np.cos(2 * a) - 0.01168 * np.cos(3 * a)


def bartlett(n: int, periodic: bool = False) -> NDArray[np.float64]:
    """Bartlett's triangular window, which begins and ends with 0.

    w[i] = 1 - |2 i / M - 1|,  M = n - 1 (symmetric) or n (periodic);  n = 1 gives 1

    Parameters
    ----------
    n : int >= 1, samples
    periodic : True for one period of n samples (spectra), False for a symmetric window (filters)

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1, or periodic is no bool.

    Source: MathWorks, documentation of bartlett. Checked: tests/test_windows_match_scipy.py
    """
    i, M = _positions(n, periodic)
    return 1 - np.abs(2 * i / M - 1)


def sine(n: int, periodic: bool = False) -> NDArray[np.float64]:
    """Half a period of a sine, the square root of the Hann window (Kaldi's "sine").

    w[i] = sin(pi i / M),  M = n - 1 (symmetric) or n (periodic);  n = 1 gives 1

    Parameters
    ----------
    n : int >= 1, samples
    periodic : True for one period of n samples (spectra), False for a symmetric window (filters)

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1, or periodic is no bool.

    Source: Kaldi, documentation of --window-type. Checked: tests/test_windows_match_scipy.py
    """
    return np.sqrt(np.maximum(hann(n, periodic), 0))


def tukey(n: int, periodic: bool = False, alpha: float = 0.25) -> NDArray[np.float64]:
    """Tukey's window: flat, a fraction `alpha` of its length in two raised-cosine ends (SciPy's spectrogram: 0.25).

    w[i] = 0.5 - 0.5 cos(pi min(i, M - i) / (alpha M / 2)) where that angle is below pi, otherwise 1;  M as in hann

    Parameters
    ----------
    n : int >= 1, samples
    periodic : True for one period of n samples (spectra), False for a symmetric window (filters)
    alpha : 0 < alpha <= 1; 1 is a Hann window

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1, periodic is no bool, or alpha is outside 0 .. 1.

    Source: Tukey 1967; Harris 1978. Checked: tests/test_windows_match_scipy.py
    """
    i, M = _positions(n, periodic)
    alpha = as_number(alpha, "alpha", above=0, high=1)
    return 0.5 - 0.5 * np.cos(np.pi * np.minimum(1, 2 * np.minimum(i, M - i) / (alpha * M)))


def _positions(n: int, periodic: bool) -> tuple[NDArray[np.float64], int]:
    """(i, M): the samples 0 .. n-1 and the number of intervals; one sample stands in the middle."""
    n = as_count(n, "n")
    intervals = n if as_flag(periodic, "periodic") else n - 1
    return (np.arange(n, dtype=np.float64), intervals) if n > 1 else (np.array([0.5]), 1)


def _raised_cosine(n: int, a: float, periodic: bool) -> NDArray[np.float64]:
    """a - (1 - a) cos(2 pi i / M)."""
    i, M = _positions(n, periodic)
    return a - (1 - a) * np.cos(2 * np.pi * i / M)


def kaiser(n: int, beta: float) -> NDArray[np.float64]:
    """Kaiser window, symmetric.

    w[i] = I0(beta sqrt(1 - (2 i / (n - 1) - 1)^2)) / I0(beta);  n = 1 gives 1

    Parameters
    ----------
    n : int >= 1, samples
    beta : >= 0; 0 gives a rectangle, larger values give smoother windows

    Returns
    -------
    window : (n,) float64

    Raises
    ------
    ValueError  if n is not a whole number >= 1, or beta is negative or not finite.

    Source: Kaiser 1974; Oppenheim & Schafer, eq. 7.59. Checked: tests/test_resampling_keeps_sines.py
    """
    n = as_count(n, "n")
    beta = as_number(beta, "beta", low=0)
    if n == 1:
        return np.ones(1)
    i = np.arange(n)
    # 1 - (2 i / (n - 1) - 1)^2, as a product: no digits are lost near the ends
    return _bessel_i0(beta * 2 * np.sqrt(i * (n - 1.0 - i)) / (n - 1)) / _bessel_i0(np.array([beta]))


def _bessel_i0(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Modified Bessel function of order 0, I0(x) = sum_k ((x/2)^k / k!)^2; no term is negative."""
    term = np.ones_like(x)
    total = np.ones_like(x)
    k = 0
    while (term > np.finfo(np.float64).eps * total).any():
        k += 1
        term *= (x / (2 * k)) ** 2
        total += term
    return total
