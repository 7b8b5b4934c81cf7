"""The way back: what a spectrogram without phases, a mel spectrogram or a few cepstra still hold.

Conventions: spectra are columns, (n_bins, n_frames), with the frames of stft(..., padding="zeros");
cepstra are (n_coefficients, n_frames), coefficient 0 in row 0. What a feature threw away does not come
back: each function returns one signal or spectrum, of many, that the feature could have come from.
"""

import numpy as np

from dsp.checks import as_count
from dsp.dct import dct_matrix
from dsp.stft import istft, stft


def griffin_lim(
    magnitude,
    window,
    hop_length: int,
    n_fft: int | None = None,
    iterations: int = 32,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Signal whose short-time spectrum has nearly the given magnitudes.

    x_0 = istft(M exp(i phi)),  x_i+1 = istft(M exp(i angle stft(x_i)))

    No step raises the distance sum (|stft(x_i)| - M)^2, with the bins that stand for two frequencies
    (all but 0 and Nyquist) counted twice. It ends in a local minimum that depends on phi. A signal's
    sign cannot be known, nor its length to a hop.

    Parameters
    ----------
    magnitude : M, (n_fft // 2 + 1, n_frames) real, >= 0
    window, hop_length, n_fft : as given to stft, with padding="zeros"
    iterations : int >= 0; 0 gives x_0
    rng : numpy Generator for phi ~ U(0, 2 pi); None takes phi = 0

    Returns
    -------
    signal : ((n_frames - 1) hop_length,) float64 for a window of n_fft samples, n_fft even

    Raises
    ------
    ValueError  if magnitude is not (n_fft // 2 + 1, n_frames), negative or not finite, if it has too
        few frames to hold a sample, if rng is not a Generator, or for what stft refuses.

    Source: Griffin & Lim 1984, Signal estimation from modified short-time Fourier transform, sec. III.
    Checked: tests/test_inversion_recovers.py
    """
    M = _as_columns(magnitude, "magnitude")
    iterations = as_count(iterations, "iterations", at_least=0)
    if not (rng is None or isinstance(rng, np.random.Generator)):
        raise ValueError(f"rng is a {type(rng).__name__}; a numpy.random.Generator or None is expected")
    phi = np.zeros(M.shape) if rng is None else 2 * np.pi * rng.random(M.shape)
    x = istft(M * np.exp(1j * phi), window, hop_length, n_fft, padding="zeros")
    if x.size == 0:
        raise ValueError(f"magnitude has {M.shape[1]} frames, too few to hold a sample at {hop_length=}")
    for _ in range(iterations):
        phi = np.angle(stft(x, window, hop_length, n_fft, padding="zeros"))
        x = istft(M * np.exp(1j * phi), window, hop_length, n_fft, padding="zeros")
    return x


def mel_to_power(mel, filterbank, iterations: int = 200) -> np.ndarray:
    """A non-negative power spectrum that has the given mel spectrum: non-negative least squares.

    P = argmin |H P - mel|^2,  P >= 0,  by  P <- P (H' mel) / (H' H P)  from P = (H' mel) / (H' H 1)

    No step raises |H P - mel|^2, and none can make P negative. Of the many spectra that fit, a fixed
    number of steps from this start keeps one as smooth as the filters are wide. A bin that no filter
    sees is 0.

    Parameters
    ----------
    mel : (n_mels, n_frames) real, >= 0; H P for an unknown P
    filterbank : H, (n_mels, n_bins) real, >= 0
    iterations : int >= 0

    Returns
    -------
    power : P, (n_bins, n_frames) float64, >= 0

    Raises
    ------
    ValueError  if mel or filterbank is not a matrix of finite numbers >= 0, or their rows differ in number.

    Source: Lee & Seung 2001, Algorithms for non-negative matrix factorization, theorem 1 (H fixed).
    Checked: tests/test_inversion_recovers.py
    """
    mel = _as_columns(mel, "mel")
    H = _as_columns(filterbank, "filterbank")
    if mel.shape[0] != H.shape[0]:
        raise ValueError(f"mel has {mel.shape[0]} rows, the filterbank {H.shape[0]} filters; they must be equal")
    target = H.T @ mel
    P = _ratio(target, (H.T @ H.sum(axis=1))[:, None])
    for _ in range(as_count(iterations, "iterations", at_least=0)):
        P *= _ratio(target, H.T @ (H @ P))
    return P


def idct(coefficients, n: int) -> np.ndarray:
    """Inverse of the orthonormal DCT-II of which only the first coefficients were kept.

    x[m] = sum_k a_k c[k] cos(pi k (2 m + 1) / (2 n)),  a_0 = sqrt(1 / n), a_k = sqrt(2 / n)

    With all n coefficients this is the transform's inverse; with fewer (the rest count as 0) it is the
    smooth part of x, and the nearest to x that so many can be.

    Parameters
    ----------
    coefficients : c, (n_coefficients,) or (n_coefficients, n_frames) real, n_coefficients <= n
    n : int >= 1, length of the transform

    Returns
    -------
    x : (n,) or (n, n_frames) float64

    Raises
    ------
    ValueError  for another shape, coefficients that are not real and finite, or more than n of them.

    Source: Ahmed, Natarajan & Rao 1974, Discrete cosine transform. Checked: tests/test_inversion_recovers.py
    """
    c = _as_numbers(coefficients, "coefficients", dimensions=(1, 2))
    n = as_count(n, "n")
    if len(c) > n:
        raise ValueError(f"{len(c)} coefficients are more than {n=}")
    return dct_matrix(len(c), n).T @ c


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """above / below, 0 where both are 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _as_columns(values, name: str) -> np.ndarray:
    """A matrix of finite numbers >= 0."""
    values = _as_numbers(values, name, dimensions=(2,))
    if values.min() < 0:
        raise ValueError(f"{name} goes down to {values.min()}; no value below 0 is expected")
    return values


def _as_numbers(values, name: str, dimensions: tuple[int, ...]) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim not in dimensions or values.size == 0:
        raise ValueError(f"{name} has shape {values.shape}; {' or '.join(map(str, dimensions))} axes are expected")
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{name} has dtype {values.dtype}; real numbers are expected")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds NaN or infinity; every value must be finite")
    return values.astype(np.float64, copy=False)
