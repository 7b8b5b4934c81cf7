"""Resampling by a ratio of whole numbers: a windowed sinc, by definition and by transforms.

Conventions: sample 0 keeps its time, and output sample m lies at m / new_rate. The signal counts as zero before its
first and after its last sample, so a signal that does not begin and end near zero rings there.

Reading order: `resample_by_definition` (each output a sum); `resample` (the same numbers by the fast lane in
engine/resampler.py); `Resampler` (the same piece by piece).
"""

import math
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from dsp.checks import MAX_COUNT, as_count, as_samples, as_signal, check_finite
from dsp.engine.resampler import Plan, make_plan, resample_blocks
from dsp.files.compiled import keep_on_disk
from dsp.windows import kaiser

PASS_BAND = 0.95  # fraction of the lower Nyquist frequency that passes; the stop band begins at 1
ATTENUATION_DB = 200.0  # of the stop band; the ripple of the pass band is as small, 1e-10
AT_ONCE = 32  # blocks, an even number
MAX_RATIO = 1024  # of two rates: the filter has 535 taps times this ratio


def resample(signal: ArrayLike, sample_rate: int, new_rate: int) -> NDArray[np.float64]:
    """The same sound at another sample rate.

    y[m] = sum_n h(m q/p - n) x[n],  p/q = new_rate / sample_rate in lowest terms,  c = min(1, p/q)
    h(t) = fc sinc(fc t) kaiser(t),  fc = c (0.95 + 1) / 2,  |t| < half = ceil(267.6 / c)

    Frequencies below 0.95 of the lower Nyquist frequency pass (within 1e-10), frequencies above 1 are removed
    (200 dB), a constant keeps its value to rounding, and there is no delay.

    The sums are not computed one by one: the transform of a block of samples, weighted by the filter and cut or
    extended, is the transform of the resampled block. This neglects the filter beyond the lower Nyquist frequency; the
    result is that of `resample_by_definition` within 1e-9 of the largest sample. Rates whose ratio has large prime
    factors take a second step, a short interpolation: more time per output, but no more memory.

    Parameters
    ----------
    signal : (N,) real
    sample_rate, new_rate : int >= 1, Hz; neither is more than 1024 times the other

    Returns
    -------
    resampled : (ceil(N new_rate / sample_rate),) float64; equal rates give a copy

    Raises
    ------
    ValueError  if the signal is not a finite real vector, a rate is not a whole number >= 1, the rates are too far
        apart, or the result would have more than 2**28 samples.

    Source: Oppenheim & Schafer, Discrete-Time Signal Processing, sec. 4.6 (rate p/q), 8.7.3 (overlap and save).
    Checked: tests/test_fast_resampling_equals_its_definition.py, tests/test_resampling_keeps_sines.py,
    tests/test_resampling_matches_librosa.py
    """
    x = _as_signal(signal, "signal")
    p, q = ratio(sample_rate, new_rate)
    if p == q:
        return x.astype(np.float64)
    y = np.empty(_count_outputs(x.size, p, q))
    plan = _plan(p, q)
    n_blocks = -(-x.size // plan.hop)
    if x.dtype == np.float64 and x.flags.c_contiguous:
        resample_blocks(x, 0, 0, n_blocks, plan, y)
        return y
    for first in range(0, n_blocks, AT_ONCE):  # other samples are converted piece by piece, which takes little memory
        begin = max(0, first * plan.hop - plan.lead)
        piece = x[begin : (first + AT_ONCE) * plan.hop + plan.source.n].astype(np.float64)
        start = -(-first * plan.hop * p // q)
        resample_blocks(piece, begin, first, min(AT_ONCE, n_blocks - first), plan, y[start:])
    return y


def resample_by_definition(signal: ArrayLike, sample_rate: int, new_rate: int) -> NDArray[np.float64]:
    """`resample`, every output as the sum that defines it.

    m q/p has only p different fractions r/p. Each has a branch of 2 half taps; every output is the dot product of one
    branch with the samples around it. Every branch is divided by its sum, so a constant keeps its value. Rates without
    a common divisor cost memory: the branches take 4.3 kB p / c (44101 to 16000 Hz: 190 MB).

    Parameters, Returns, Raises: as `resample`.

    Source: Oppenheim & Schafer, sec. 4.6 (rate p/q), 4.7 (polyphase).
    Checked: tests/test_fast_resampling_equals_its_definition.py
    """
    x = as_signal(signal)
    p, q = ratio(sample_rate, new_rate)
    if p == q:
        return x.copy()
    branches = _branches(p, q)
    half = branches.shape[1] // 2
    return polyphase(np.pad(x, (half - 1, half)), branches, q, _count_outputs(x.size, p, q))


class Resampler:
    """`resample` for a signal that comes in pieces, such as a recording in progress.

    The results of all calls of `push` and the one of `finish`, put together, are bit for bit those of `resample` for
    the whole signal, whatever the size of the pieces. An output comes out when the block that holds it is complete:
    at most `latency` samples of input after its own time.

    Parameters
    ----------
    sample_rate, new_rate : int >= 1, Hz; neither is more than 1024 times the other

    Raises
    ------
    ValueError  for rates that `resample` refuses.

    Source: as `resample`. Checked: tests/test_resampling_in_pieces.py
    """

    def __init__(self, sample_rate: int, new_rate: int) -> None:
        self._p, self._q = ratio(sample_rate, new_rate)
        self._plan = None if self._p == self._q else _plan(self._p, self._q)
        self.reset()

    @property
    def latency(self) -> int:
        """The number of input samples after which an output has come out; 0 for equal rates."""
        return 0 if self._plan is None else self._plan.hop + self._plan.source.n - self._plan.lead

    def reset(self) -> None:
        """Forgets everything pushed; the next sample is the first of another signal."""
        self._samples = np.empty(0)  # those that blocks to come still need
        self._origin = 0  # the number of the first of them
        self._n_pushed = 0
        self._block = 0  # the next block

    def push(self, samples: ArrayLike) -> NDArray[np.float64]:
        """The outputs that further samples complete.

        Parameters
        ----------
        samples : (n,) real; n = 0 is allowed

        Returns
        -------
        resampled : (m,) float64; m is 0 if no block is complete yet

        Raises
        ------
        ValueError  if the samples are not a finite real vector, or would become more than 2**28 samples; nothing is
            pushed then.

        Checked: tests/test_resampling_in_pieces.py
        """
        if np.shape(samples) == (0,):
            return np.empty(0)
        x = _as_signal(samples, "samples").astype(np.float64)
        _count_outputs(x.size, self._p, self._q)
        self._n_pushed += x.size
        if self._plan is None:
            return x.copy()
        self._samples = np.concatenate([self._samples, x])
        plan = self._plan
        complete = (self._n_pushed + plan.lead - plan.source.n) // plan.hop + 1  # blocks whose samples are all there
        return self._resample_to(plan, max(self._block, complete // 2 * 2), None)

    def finish(self) -> NDArray[np.float64]:
        """The outputs left at the end of the signal; then `reset`.

        Returns
        -------
        resampled : (m,) float64; m is 0 if nothing was pushed

        Checked: tests/test_resampling_in_pieces.py
        """
        y = np.empty(0)
        if self._plan is not None:
            n_outputs = -(-self._n_pushed * self._p // self._q)
            y = self._resample_to(self._plan, max(self._block, -(-self._n_pushed // self._plan.hop)), n_outputs)
        self.reset()
        return y

    def _resample_to(self, plan: Plan, stop: int, end: int | None) -> NDArray[np.float64]:
        """The outputs of the blocks before `stop`, up to number `end`."""
        start, end_of_blocks = (-(-block * plan.hop * self._p // self._q) for block in (self._block, stop))
        y = np.empty((end_of_blocks if end is None else end) - start)
        resample_blocks(self._samples, self._origin, self._block, stop - self._block, plan, y)
        self._block = stop
        origin = max(self._origin, min(self._n_pushed, stop * plan.hop - plan.lead))
        self._samples, self._origin = self._samples[origin - self._origin :].copy(), origin
        return y


def _as_signal(signal: ArrayLike, name: str) -> NDArray[np.floating]:
    """as_samples without NaN and infinity: a sum of squares is finite only if every sample is."""
    x = as_samples(signal, name)
    if not math.isfinite(np.dot(x, x)):
        check_finite(x, name)
    return x


def ratio(sample_rate: int, new_rate: int) -> tuple[int, int]:
    """p, q of new_rate / sample_rate in lowest terms."""
    sample_rate = as_count(sample_rate, "sample_rate")
    new_rate = as_count(new_rate, "new_rate")
    if max(sample_rate, new_rate) > MAX_RATIO * min(sample_rate, new_rate):
        raise ValueError(
            f"{sample_rate=} and {new_rate=} are too far apart; neither may be more than {MAX_RATIO} times the other"
        )
    divisor = math.gcd(sample_rate, new_rate)
    return new_rate // divisor, sample_rate // divisor


def _count_outputs(n_samples: int, p: int, q: int) -> int:
    n = -(-n_samples * p // q)
    if n > MAX_COUNT:
        raise ValueError(f"{n_samples} samples would become {n}; at most {MAX_COUNT} are allowed")
    return n


def _design(p: int, q: int) -> tuple[int, float, float]:
    """half, fc and beta by Kaiser's formulas (Oppenheim & Schafer, eq. 7.75, 7.76)."""
    c = min(1.0, p / q)
    taps = (ATTENUATION_DB - 7.95) / (2.285 * math.pi * (1 - PASS_BAND) * c)
    return math.ceil(taps / 2), c * (PASS_BAND + 1) / 2, 0.1102 * (ATTENUATION_DB - 8.7)


@lru_cache(maxsize=16)
def _plan(p: int, q: int) -> Plan:
    """The fast lane's plan, for the filter h(0), h(1), .. h(half - 1)."""
    half, fc, beta = _design(p, q)
    return make_plan(p, q, half, fc * np.sinc(fc * np.arange(half)) * kaiser(2 * half + 1, beta)[half : 2 * half])


@lru_cache(maxsize=16)
def _branches(p: int, q: int) -> NDArray[np.float64]:
    """The branches, (p, 2 half): branch r, tap j weights x[n - half + 1 + j] for the time n + r/p."""
    half, fc, beta = _design(p, q)
    t = np.arange(1 - half * p, half * p) / p  # in samples of the signal
    h = np.zeros(2 * half * p)  # h[0], at t = -half, stays 0
    h[1:] = fc * np.sinc(fc * t) * kaiser(2 * half * p + 1, beta)[1:-1]
    branches = np.ascontiguousarray(h.reshape(2 * half, p)[::-1].T)
    branches /= branches.sum(axis=1, keepdims=True)
    branches.flags.writeable = False
    return branches


@keep_on_disk
@njit
def polyphase(padded, branches, q, n_resampled):
    """y[m] = sum_j branches[r, j] padded[n + j],  n + r/p = m q/p."""
    p, taps = branches.shape
    y = np.empty(n_resampled)
    for m in range(n_resampled):
        n, r = divmod(m * q, p)
        total = 0.0
        for j in range(taps):
            total += branches[r, j] * padded[n + j]
        y[m] = total
    return y
