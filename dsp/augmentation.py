"""Data augmentation: noise, rooms, shifts in time, other speeds, other pitches. Masks over features: masking.py.

Conventions: every function returns a new float64 array; randomness comes only from the numpy Generator that the
caller passes, so a seed repeats it. `time_stretch` and `pitch_shift` use a phase vocoder: STFT of 2048 samples,
periodic Hann window, hop 512, centered frames. Augment training data only, and only after the split.
"""

import sys
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import MAX_COUNT, as_count, as_generator, as_number, as_signal, as_word
from dsp.fft import irfft, rfft
from dsp.resampling import resample
from dsp.stft import istft_by_definition, stft_by_definition
from dsp.windows import hann

N_FFT, HOP_LENGTH = 2048, 512
WINDOW = hann(N_FFT, periodic=True)
MAX_TERM = 1000  # of the fraction p/q that approximates a ratio of pitches
MAX_SEMITONES = 12.0  # beyond an octave the vocoder loses too much amplitude
MIN_SPEED, MAX_SPEED = 0.1, 10.0
ACTIVE_BLOCK = 256  # samples that are active or not together
ACTIVE_BELOW_DB = 40.0  # of the loudest block; a block below this is a pause
Level = Literal["all", "active"]


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


def mix_at_snr(
    signal: ArrayLike, noise: ArrayLike, snr_db: float, start: int = 0, level: Level = "all"
) -> NDArray[np.float64]:
    """The signal plus a recorded noise; the signal-to-noise ratio holds exactly.

    y = x + a v,  v[n] = noise[(start + n) mod M],  a = sqrt(P_x / (P_v 10^(snr_db / 10)))
    P_v = mean v^2;  P_x = mean x^2 over all samples, or over the active ones

    A block of 256 samples is active if its power lies within 40 dB of that of the loudest block; the last block may be
    shorter. The pauses of a recording lower the mean over all samples and do not change that over active ones.

    Parameters
    ----------
    signal : (N,) real, not all zero
    noise : (M,) real, at the sample rate of the signal; repeated or cut to N samples, of which not all may be zero
    snr_db : dB, finite
    start : int >= 0, where in the noise the signal begins
    level : "all" or "active", the samples of the signal that its power is measured over

    Returns
    -------
    noisy : (N,) float64; 10 log10(P_x / mean (y - x)^2) = snr_db

    Raises
    ------
    ValueError  for a bad or silent signal or noise, snr_db that is not finite, or a bad start or level.

    Source: definition of the signal-to-noise ratio. Checked: tests/test_augmentation_does_what_it_says.py
    """
    x, v = as_signal(signal), as_signal(noise, "noise")
    snr_db = as_number(snr_db, "snr_db", unit="of decibels")
    start = as_count(start, "start", min_value=0)
    level = as_word(level, "level", Level)
    v = v[(start + np.arange(x.size)) % v.size]
    power = _power(x) if level == "all" else _active_power(x)
    noise_power = _power(v)
    if power == 0:
        raise ValueError("signal is silent; no noise has a finite ratio to it")
    if noise_power == 0:
        raise ValueError(f"noise is silent in the {x.size} samples from {start} on; it has no ratio to a signal")
    return x + np.sqrt(power / noise_power) * 10 ** (-snr_db / 20) * v


def _power(x: NDArray[np.float64]) -> float:
    return float(np.mean(x**2))


def _active_power(x: NDArray[np.float64]) -> float:
    """The mean of x^2 over the active blocks; see `mix_at_snr`."""
    first = np.arange(0, x.size, ACTIVE_BLOCK)
    n = np.diff(np.append(first, x.size))
    sums = np.add.reduceat(x**2, first)
    active = sums / n >= np.max(sums / n) * 10 ** (-ACTIVE_BELOW_DB / 10)
    return float(sums[active].sum() / n[active].sum())


def convolve(signal: ArrayLike, impulse_response: ArrayLike) -> NDArray[np.float64]:
    """The whole convolution of a signal with an impulse response, by transforms.

    y[n] = sum_k h[k] x[n - k],  0 <= n < N + M - 1,  x and h = 0 outside
    Y = X H for transforms of a power of two >= N + M - 1 points

    Parameters
    ----------
    signal : (N,) real;  impulse_response : (M,) real, shorter or longer

    Returns
    -------
    convolved : (N + M - 1,) float64; within 1e-14 sum |h| max |x| log2(N + M) of the sum

    Raises
    ------
    ValueError  for a bad signal or impulse response, or a result of more than 2**28 samples.

    Source: Oppenheim & Schafer, Discrete-Time Signal Processing, sec. 8.7.2.
    Checked: tests/test_augmentation_does_what_it_says.py
    """
    x, h = as_signal(signal), as_signal(impulse_response, "impulse_response")
    n = x.size + h.size - 1
    if n > MAX_COUNT:
        raise ValueError(f"the convolution has {n} samples; at most {MAX_COUNT} are allowed")
    n_fft = 1 << (n - 1).bit_length()
    return irfft(rfft(x, n_fft) * rfft(h, n_fft), n_fft)[:n] if n > 1 else x * h


def reverberate(signal: ArrayLike, impulse_response: ArrayLike) -> NDArray[np.float64]:
    """The signal as a room with this impulse response sounds, as long, as loud and at the same time.

    y = g (h * x)[d : d + N],  d = argmax |h|, the direct sound,  g such that mean y^2 = mean x^2

    The direct sound stays where it was, so labels and frames keep their times; what comes after the last sample is cut.
    An impulse response may be longer than the signal.

    Parameters
    ----------
    signal : (N,) real
    impulse_response : (M,) real, at the sample rate of the signal, not all zero

    Returns
    -------
    reverberant : (N,) float64

    Raises
    ------
    ValueError  for a bad signal, a bad or silent impulse response, or if a signal that is not silent becomes so.

    Source: the rules of Kaldi's documentation of wav-reverberate (--shift-output, --normalize-output).
    Checked: tests/test_augmentation_does_what_it_says.py
    """
    x, h = as_signal(signal), as_signal(impulse_response, "impulse_response")
    if not h.any():
        raise ValueError("impulse_response is silent; a room answers with some sound")
    delay = int(np.argmax(np.abs(h)))
    y = convolve(x, h / abs(h[delay]))[delay : delay + x.size]
    before, after = _power(x), _power(y)
    if before == 0:
        return np.zeros_like(x)
    if after == 0:
        raise ValueError("the reverberant signal is silent; the impulse response cancels it")
    return y * np.sqrt(before / after)


def change_speed(signal: ArrayLike, factor: float) -> NDArray[np.float64]:
    """The signal, played faster or slower: its duration is divided by the factor, its pitch multiplied.

    y(t) = x(factor t), by resampling from p to q where p/q = factor

    Kaldi's recipes train on factors of 0.9, 1 and 1.1. The factor is taken as the fraction nearest to it whose two
    terms are at most 1000; decimals of two places are exact. Content that would rise above the Nyquist frequency is
    removed.

    Parameters
    ----------
    signal : (N,) real
    factor : 0.1 .. 10; above 1 is faster, shorter and higher

    Returns
    -------
    changed : (ceil(N q / p),) float64

    Raises
    ------
    ValueError  for a bad signal or factor, or a result of more than 2**28 samples.

    Source: Ko et al. 2015, Audio augmentation for speech recognition, sec. 2.
    Checked: tests/test_augmentation_does_what_it_says.py
    """
    x = as_signal(signal)
    factor = as_number(factor, "factor", low=MIN_SPEED, high=MAX_SPEED)
    if factor <= 1:
        p, q = _nearest_fraction(factor)
    else:
        q, p = _nearest_fraction(1 / factor)
    return resample(x, sample_rate=p, new_rate=q)


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
