"""Data augmentation: noise, shifts in time, other speeds, other pitches.

Conventions: every function returns a new float64 vector; randomness comes only from the numpy Generator that the
caller passes, so a seed repeats it. Speed and pitch use a phase vocoder: STFT of 2048 samples, periodic Hann window,
hop 512, centered frames. Augment training data only, and only after the split.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import MAX_COUNT, as_count, as_generator, as_number, as_signal
from dsp.resampling import resample
from dsp.stft import istft_by_definition, stft_by_definition
from dsp.windows import hann

N_FFT, HOP_LENGTH = 2048, 512
WINDOW = hann(N_FFT, periodic=True)
MAX_TERM = 1000  # of the fraction p/q that approximates a ratio of pitches
MAX_SEMITONES = 12.0  # beyond an octave the vocoder loses too much amplitude


def add_noise(signal: ArrayLike, level: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """The signal plus white Gaussian noise of random strength, relative to its peak.

    y[n] = x[n] + level u max|x| g[n],  u ~ U(0, 1) drawn once, then g[n] ~ N(0, 1)

    Parameters
    ----------
    signal : (N,) real
    level : finite, >= 0; the largest standard deviation of the noise as a fraction of the peak
    rng : numpy Generator

    Returns
    -------
    noisy : (N,) float64

    Raises
    ------
    ValueError  for a bad signal or level, or an rng that is not a Generator.

    Source: our reading of "noise, threshold 0.1" in the CRNN paper on RAVDESS and EMO-DB.
    Checked: tests/test_augmentation_does_what_it_says.py
    """
    x = as_signal(signal)
    level = as_number(level, "level", low=0)
    u = as_generator(rng).random()
    return x + level * u * np.abs(x).max() * rng.standard_normal(x.size)


def add_noise_at_snr(signal: ArrayLike, snr_db: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """The signal plus white Gaussian noise; the signal-to-noise ratio holds exactly for the noise drawn.

    y = x + a g,  g[n] ~ N(0, 1),  a = sqrt(sum x^2 / (sum g^2 10^(snr_db / 10)))

    Parameters
    ----------
    signal : (N,) real, not all zero
    snr_db : dB, finite
    rng : numpy Generator

    Returns
    -------
    noisy : (N,) float64; 10 log10(sum x^2 / sum (y - x)^2) = snr_db

    Raises
    ------
    ValueError  for a bad or silent signal, snr_db that is not finite, or an rng that is not a Generator.

    Source: definition of the signal-to-noise ratio. Checked: tests/test_augmentation_does_what_it_says.py
    """
    x = as_signal(signal)
    snr_db = as_number(snr_db, "snr_db", unit="of decibels")
    if not x.any():
        raise ValueError("signal is silent; no noise has a finite ratio to it")
    g = as_generator(rng).standard_normal(x.size)
    return x + np.sqrt(np.sum(x**2) / (np.sum(g**2) * 10 ** (snr_db / 10))) * g


def time_shift(signal: ArrayLike, samples: int) -> NDArray[np.float64]:
    """The signal, `samples` later: zeros come in at one end, samples leave at the other.

    y[n] = x[n - samples],  x = 0 outside the signal

    Parameters
    ----------
    signal : (N,) real
    samples : int; negative is earlier

    Returns
    -------
    shifted : (N,) float64

    Raises
    ------
    ValueError  for a bad signal, or if samples is not a whole number.

    Source: definition. Checked: tests/test_augmentation_does_what_it_says.py
    """
    x = as_signal(signal)
    samples = as_count(samples, "samples", min_value=-sys.maxsize)
    kept = max(x.size - abs(samples), 0)
    y = np.zeros_like(x)
    if samples >= 0:
        y[x.size - kept :] = x[:kept]
    else:
        y[:kept] = x[x.size - kept :]
    return y


def time_stretch(signal: ArrayLike, rate: float) -> NDArray[np.float64]:
    """The same sound at another speed and the same pitch: a phase vocoder.

    Output frame s corresponds to frame t = s rate of the input, k = floor(t). Its magnitude is interpolated,
    and its phase advances as the phase of the input does in one hop:

    |Y_s| = (1 - (t - k)) |X_k| + (t - k) |X_k+1|
    phase_0 = angle X_0,  phase_s+1 = phase_s + angle X_k+1 - angle X_k

    Output frames are one hop apart, as input frames are; phases therefore add up modulo 2 pi and need no
    unwrapping. Every bin keeps its own phase, and the phases of neighboring bins drift apart: a sine that begins
    at full strength keeps its amplitude within 1 % for rates 1 .. 2, and loses up to 10 % down to rate 0.8, 14 %
    at 0.5, and more below; a sine that fades in loses up to 40 % (rate 0.5). Equals librosa.effects.time_stretch
    to 1e-9 of the peak, except for the last 1536 + 512 / rate samples, whose frames librosa cuts short.

    Parameters
    ----------
    signal : (N,) real
    rate : finite, > 0; 1.1 is a tenth faster and shorter

    Returns
    -------
    stretched : (round(N / rate),) float64

    Raises
    ------
    ValueError  for a bad signal or rate, or if no sample would be left, or more than 2^28.

    Source: Flanagan & Golden 1966, Phase vocoder; Dolson 1986, The phase vocoder: a tutorial.
    Checked: tests/test_augmentation_does_what_it_says.py, tests/test_short_time_lanes_equal_textbook.py
    """
    x = as_signal(signal)
    rate = as_number(rate, "rate", above=0)
    if x.size / rate > MAX_COUNT:
        raise ValueError(f"{rate=} makes more than {MAX_COUNT} samples of {x.size}")
    n_stretched = round(x.size / rate)
    if n_stretched == 0:
        raise ValueError(f"{rate=} leaves nothing of {x.size} samples")
    t = rate * np.arange(1 + -(-n_stretched // HOP_LENGTH))
    from dsp.engine import short_time  # on first use: features do without its kernels

    return short_time.stretch(x, N_FFT // 2, t, short_time.make_tables(WINDOW, HOP_LENGTH, N_FFT), n_stretched)


def time_stretch_by_definition(x: NDArray[np.float64], t: NDArray[np.float64], n_stretched: int) -> NDArray[np.float64]:
    """The sound at the fractional frames t, of checked arguments: what `time_stretch` computes."""
    frames_needed = int(t[-1]) + 2
    x = np.pad(x, (0, max(0, (frames_needed - 1) * HOP_LENGTH - x.size)))
    X = stft_by_definition(x, WINDOW, HOP_LENGTH, N_FFT, N_FFT // 2)
    return istft_by_definition(_vocoder(X, t), WINDOW, HOP_LENGTH, N_FFT, N_FFT // 2, n_stretched)


def _vocoder(X: NDArray[np.complex128], t: NDArray[Any]) -> NDArray[Any]:
    """The spectra at the fractional frames t, (n_bins, len(t)); see `time_stretch`."""
    k = t.astype(np.int64)
    magnitude, angle = np.abs(X), np.angle(X)
    advance = np.diff(angle, axis=1)[:, k[:-1]]
    phase = np.cumsum(np.concatenate([angle[:, :1], advance], axis=1), axis=1)
    return ((1 - (t - k)) * magnitude[:, k] + (t - k) * magnitude[:, k + 1]) * np.exp(1j * phase)


def pitch_shift(signal: ArrayLike, semitones: float) -> NDArray[np.float64]:
    """The same sound at another pitch and of the same length: stretched in time, then resampled.

    y = resample(time_stretch(x, rate)) with new_rate / sample_rate = rate,  rate ~ 2^(-semitones / 12)

    Resampling needs a ratio of whole numbers: rate is the fraction p/q nearest to 2^(-semitones / 12)
    whose two terms are at most 1000. This shifts the pitch by less than 0.9 cents, at whole semitones by
    less than 0.03 cents. Content that would rise above the Nyquist frequency is removed. For amplitudes,
    see time_stretch at this rate.

    Parameters
    ----------
    signal : (N,) real
    semitones : -12 .. 12, positive is higher

    Returns
    -------
    shifted : (N,) float64

    Raises
    ------
    ValueError  for a bad signal, semitones outside -12 .. 12, or a signal of too few samples to be stretched.

    Source: Dolson 1986, The phase vocoder: a tutorial. Checked: tests/test_augmentation_does_what_it_says.py
    """
    x = as_signal(signal)
    semitones = as_number(semitones, "semitones", low=-MAX_SEMITONES, high=MAX_SEMITONES)
    p, q = _nearest_fraction(2.0 ** (-abs(semitones) / 12))
    if semitones < 0:
        p, q = q, p
    shifted = resample(time_stretch(x, p / q), sample_rate=q, new_rate=p)[: x.size]
    return np.pad(shifted, (0, x.size - shifted.size))  # rounding may have lost a sample


def _nearest_fraction(ratio: float) -> tuple[int, int]:
    """(p, q) with p/q nearest to 0 < ratio <= 1, q <= MAX_TERM, in lowest terms."""
    q = np.arange(1, MAX_TERM + 1)
    p = np.rint(ratio * q)
    best = int(np.argmin(np.abs(p / q - ratio)))
    return int(p[best]), int(q[best])
