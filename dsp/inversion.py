"""Inversion: from a spectrogram without phases, a mel spectrogram or a few cepstra back to signals and spectra.

Conventions: spectra are columns, (n_bins, n_frames), with the frames of stft(..., padding="zeros"); cepstra are
(n_coefficients, n_frames), coefficient 0 in row 0. Information that a feature discarded does not come back: each
function returns one of the many signals or spectra that have this feature.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_generator, as_nonnegative, as_number, as_real
from dsp.dct import dct_matrix
from dsp.engine.least_squares import fit_power
from dsp.stft import check_window, fast_lane, istft_by_definition, stft_by_definition


def griffin_lim(
    magnitude: ArrayLike,
    window: ArrayLike,
    hop_length: int,
    n_fft: int | None = None,
    iterations: int = 32,
    rng: np.random.Generator | None = None,
    momentum: float = 0.0,
) -> NDArray[np.float64]:
    """A signal whose short-time spectrum has nearly the given magnitudes.

    x_0 = istft(M exp(i phi)),  x_i+1 = istft(M exp(i angle stft(x_i + momentum (x_i - x_i-1)))),  x_-1 = x_0

    With momentum 0 (Griffin & Lim), no step increases the distance sum (|stft(x_i)| - M)^2, which counts the bins of
    two frequencies (all but 0 and Nyquist) twice. The iteration approaches a local minimum that depends on phi. With
    momentum (the fast Griffin-Lim algorithm), single steps may go back, but most signals end at a smaller distance.
    The source extrapolates the spectra c_i = stft(x_i); as stft is linear, extrapolating the signals is the same.
    The sign of the signal cannot be known, and its length only to a hop.

    Equals librosa.griffinlim(M, momentum=momentum, init=None), whose momentum is 0.99, for windows of n_fft samples
    with n_fft even.

    Parameters
    ----------
    magnitude : M, (n_fft // 2 + 1, n_frames) real, >= 0
    window, hop_length, n_fft : as in stft with padding="zeros"
    iterations : int >= 0; 0 gives x_0
    rng : numpy Generator for phi ~ U(0, 2 pi); None takes phi = 0
    momentum : finite, >= 0; 0.99 is usual

    Returns
    -------
    signal : ((n_frames - 1) hop_length,) float64 for a window of n_fft samples, n_fft even

    Raises
    ------
    ValueError  if magnitude is not (n_fft // 2 + 1, n_frames), negative or not finite, if it has too
        few frames to hold a sample, if rng is not a Generator, if momentum is negative, or for what stft refuses.

    Source: Griffin & Lim 1984, Signal estimation from modified short-time Fourier transform, sec. III;
    Perraudin, Balazs & Sondergaard 2013, A fast Griffin-Lim algorithm, algorithm 2.
    Checked: tests/test_inversion_recovers.py, tests/test_short_time_lanes_equal_textbook.py
    """
    M = as_nonnegative(magnitude, "magnitude", dimensions=(2,))
    iterations = as_count(iterations, "iterations", min_value=0)
    momentum = as_number(momentum, "momentum", low=0)
    w, n_fft = check_window(window, n_fft)
    hop_length = as_count(hop_length, "hop_length")
    before = n_fft // 2
    if M.shape[0] != before + 1:
        raise ValueError(f"{n_fft=} has {before + 1} bins; magnitude has {M.shape[0]} rows")
    if (M.shape[1] - 1) * hop_length + w.size <= 2 * before:
        raise ValueError(f"magnitude has {M.shape[1]} frames, too few to hold a sample at {hop_length=}")
    turns = None if rng is None else as_generator(rng).random(M.shape)
    fast = fast_lane(n_fft, hop_length)
    if fast is None:
        return griffin_lim_by_definition(M, turns, w, hop_length, n_fft, iterations, momentum)
    return fast.reconstruct(M, turns, fast.make_tables(w, hop_length, n_fft), iterations, momentum)


def griffin_lim_by_definition(
    magnitude: NDArray[np.float64],
    turns: NDArray[np.float64] | None,
    window: NDArray[np.float64],
    hop_length: int,
    n_fft: int,
    iterations: int,
    momentum: float,
) -> NDArray[np.float64]:
    """griffin_lim of checked arguments, from the phases phi = 2 pi turns, or from 0."""
    before, phi = n_fft // 2, 2 * np.pi * (np.zeros_like(magnitude) if turns is None else turns)
    x = x_last = istft_by_definition(magnitude * np.exp(1j * phi), window, hop_length, n_fft, before, None)
    for _ in range(iterations):
        X = stft_by_definition(x + momentum * (x - x_last), window, hop_length, n_fft, before)
        x_last = x
        x = istft_by_definition(magnitude * np.exp(1j * np.angle(X)), window, hop_length, n_fft, before, None)
    return x


def mel_to_power(mel: ArrayLike, filterbank: ArrayLike, iterations: int = 200) -> NDArray[np.float64]:
    """A non-negative power spectrum that has the given mel spectrum: non-negative least squares.

    P = argmin |H P - mel|^2,  P >= 0,  by  P <- P (H' mel) / (H' H P)  from P = (H' mel) / (H' H 1)

    No step increases |H P - mel|^2, and none can make P negative. Many spectra fit; a fixed number of steps
    from this start gives one that is as smooth as the filters are wide. A bin that no filter covers is 0.

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
    Checked: tests/test_inversion_recovers.py, tests/test_fast_statistics_equal_textbook.py
    """
    levels = as_nonnegative(mel, "mel", dimensions=(2,))
    H = as_nonnegative(filterbank, "filterbank", dimensions=(2,))
    if levels.shape[0] != H.shape[0]:
        raise ValueError(f"mel has {levels.shape[0]} rows, filterbank {H.shape[0]} filters; they must be equal")
    iterations = as_count(iterations, "iterations", min_value=0)
    return fit_power(np.ascontiguousarray(H), levels, _fit_flat_power(H, levels), iterations)


def mel_to_power_by_definition(
    levels: NDArray[np.float64], H: NDArray[np.float64], iterations: int
) -> NDArray[np.float64]:
    """`mel_to_power` of checked matrices, as its formula says it."""
    target = H.T @ levels
    P = _fit_flat_power(H, levels)
    for _ in range(iterations):
        P *= _divide(target, H.T @ (H @ P))
    return P


def _fit_flat_power(H: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the iteration starts: (H' mel) / (H' H 1)."""
    return _divide(H.T @ levels, (H.T @ H.sum(axis=1))[:, None])


def idct(coefficients: ArrayLike, n: int) -> NDArray[np.float64]:
    """Inverse of an orthonormal DCT-II of which only the first coefficients were kept.

    x[m] = sum_k a_k c[k] cos(pi k (2 m + 1) / (2 n)),  a_0 = sqrt(1 / n), a_k = sqrt(2 / n)

    With all n coefficients this is the inverse of the transform. With fewer, the rest count as 0, and the
    result is the smooth part of x: the best approximation of x by that many coefficients.

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
    c = as_real(coefficients, "coefficients", dimensions=(1, 2), finite=True)
    n = as_count(n, "n")
    if len(c) > n:
        raise ValueError(f"{len(c)} coefficients are more than {n=}")
    return dct_matrix(len(c), n).T @ c


def _divide(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    """numerator / denominator, 0 where both are 0."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)
