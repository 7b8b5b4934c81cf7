"""Short-time spectra and back: stft, istft and what changes spectra between them. Read dsp/stft.py first.

Long signals are processed in stretches of frames, so that the memory needed beside arguments and results does not grow
with them. Callers have checked the arguments as the functions of the textbook lane do, and `is_fast` holds.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dsp.cooley_tukey import MAX_BUTTERFLY, roots_of_unity
from dsp.engine import plan
from dsp.engine.lanes import width
from dsp.engine.short_time_kernels import (
    add_spectra,
    advance_signal,
    frame_powers,
    project_frames,
    reduce_noise,
    spectra_of_frames,
    turn_magnitudes,
    turn_phases,
)
from dsp.engine.stages import STRETCH, workspace
from dsp.framing import slice_extended

FLOAT64 = np.dtype(np.float64)
LANES = width(np.empty(0))
MAX_N_FFT = 8192  # eight longer transforms side by side leave the cache; dsp.fft takes them one by one
TURNS = np.conj(roots_of_unity(1024)).view(FLOAT64)  # the phasors of 0, 1/1024, 2/1024, .. turns
COLUMNS = 64  # of spectra that are copied or changed at a time: they fit the second-level cache


class Tables(NamedTuple):
    """What the kernels read, for one window, hop and n_fft; `plan.Tables` explains the names that it has, too."""

    frame: int
    hop: int
    n_fft: int
    window: np.ndarray
    load_factors: np.ndarray  # half of the window: `rfft` adds bins of two transforms
    store_factors: np.ndarray  # the window / n_fft, rounded up to whole registers
    rows: np.ndarray  # the register of each sample after a transform backwards, as many as store_factors
    schedule: np.ndarray  # without the steps that load frames
    half_roots: np.ndarray
    order: np.ndarray
    roots: np.ndarray


class Weight(NamedTuple):
    """1 / sum_t window[n - t hop]^2, or 0 where the sum is 0, for any number of frames."""

    head: np.ndarray  # where the first frames do not overlap as many as later ones
    period: np.ndarray  # (hop,), between them; empty if there are too few frames, which are all `head` then
    tail: np.ndarray


def is_fast(n_fft: int, hop_length: int) -> bool:
    """Whether the kernels know this transform, and frames that follow each other without large gaps."""
    return n_fft <= MAX_N_FFT and hop_length <= n_fft and plan.is_fast(n_fft)


def make_tables(window: np.ndarray, hop_length: int, n_fft: int) -> Tables:
    """The tables, computed once."""
    return _make_tables(np.ascontiguousarray(window, FLOAT64).tobytes(), hop_length, n_fft)


@lru_cache(maxsize=32)
def _make_tables(content: bytes, hop_length: int, n_fft: int) -> Tables:
    window = np.frombuffer(content)
    forward = plan.spectrum_tables(window, hop_length, n_fft, FLOAT64, magnitude=False)
    sample = np.arange(_round_up(window.size))
    radices = plan.stage_radices(n_fft // 2)
    stages = plan.schedule(radices, by_strips=False)
    pair = forward.order[sample // 2 % (n_fft // 2)]
    return Tables(
        frame=window.size,
        hop=hop_length,
        n_fft=n_fft,
        window=window.copy(),  # not read-only, which would be another type for the compiler
        load_factors=forward.load_factors,
        store_factors=np.pad(window / n_fft, (0, -window.size % LANES)),
        rows=2 * pair + 1 - sample % 2,  # even samples are the imaginary parts: _put_bins exchanges the two
        schedule=stages[stages[:, 0] != 0],
        half_roots=forward.half_roots,
        order=forward.order,
        roots=forward.roots,
    )


def analyze(x: np.ndarray, before: int, n_frames: int, tables: Tables) -> np.ndarray:
    """dsp.stft.stft of the signal with `before` zeros on both sides."""
    spectra = np.empty((tables.n_fft // 2 + 1, max(n_frames, LANES)), np.complex128)
    _analyze(x, before, 0, n_frames, tables, spectra.view(FLOAT64))
    return spectra if n_frames >= LANES else spectra[:, :n_frames].copy()


def _analyze(x, before: int, first: int, n_frames: int, tables: Tables, spectra: np.ndarray) -> None:
    """Frames first .. first + n_frames - 1 of the spectra, pairs of floats."""
    n_frames = max(n_frames, LANES)
    step = min(n_frames, max(LANES, STRETCH // tables.hop))
    spaces = _workspaces(tables)
    for start in range(0, n_frames, step):
        column = min(start, n_frames - step)  # the last stretch overlaps the one before
        samples = _samples(x, before, first + column, step, tables)
        spectra_of_frames(samples, step, tables, spaces, spectra, column)


def _samples(x: np.ndarray, before: int, first: int, n_frames: int, tables: Tables) -> np.ndarray:
    """The samples of some frames and up to a whole register in the last one; zeros outside the signal."""
    length = (n_frames - 1) * tables.hop + tables.load_factors.size
    return np.ascontiguousarray(slice_extended(x, first * tables.hop - before, length, "valid"))


def _workspaces(tables: Tables) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two transforms of a register of frames, and the input of one butterfly."""
    shape = (tables.n_fft + LANES, LANES)
    z, other = workspace("z", shape, FLOAT64), workspace("z backwards", shape, FLOAT64)
    return z, other, workspace("terms", (2 * MAX_BUTTERFLY, LANES), FLOAT64)


def synthesize(spectra: np.ndarray, before: int, tables: Tables, length: int | None) -> np.ndarray:
    """dsp.stft.istft, less `before` samples on both sides."""
    n_frames = spectra.shape[1]
    signal = np.zeros(_sum_size(n_frames, tables))
    add_columns(spectra, tables, signal, 0)
    return _finish(signal, n_frames, before, tables, length)


def _sum_size(n_frames: int, tables: Tables) -> int:
    """Samples under whole registers of frames."""
    return (_round_up(n_frames) - 1) * tables.hop + max(tables.hop, tables.store_factors.size)


def _round_up(n: int) -> int:
    """Up to whole registers."""
    return -(-n // LANES) * LANES


def add_columns(spectra: np.ndarray, tables: Tables, signal: np.ndarray, first: int) -> None:
    """signal[first:] += the windowed frames of the spectra."""
    spaces, n_frames, done = _workspaces(tables), spectra.shape[1], 0
    if spectra.dtype == np.complex128 and spectra.flags.c_contiguous:
        done = n_frames // LANES * LANES
        add_spectra(spectra.view(FLOAT64), 0, done, tables, spaces, signal, first)
    for start in range(done, n_frames, COLUMNS):
        columns = spectra[:, start : start + COLUMNS]
        n = _round_up(columns.shape[1])
        copy = workspace("columns", (len(spectra), 2 * n), FLOAT64)
        copy.view(np.complex128)[:, : columns.shape[1]] = columns
        copy[:, 2 * columns.shape[1] :] = 0
        add_spectra(copy, 0, n, tables, spaces, signal, first + start * tables.hop)


def _finish(signal: np.ndarray, n_frames: int, before: int, tables: Tables, length: int | None) -> np.ndarray:
    """The sum of the frames divided by the sum of the squared windows, in place, and the part that was asked for."""
    head, period, tail = make_weight(tables, n_frames)
    size = (n_frames - 1) * tables.hop + tables.frame
    signal[: head.size] *= head
    if period.size:
        signal[head.size : n_frames * tables.hop].reshape(-1, tables.hop)[:] *= period
        signal[n_frames * tables.hop : size] *= tail
    if length is None:
        return signal[before : size - before]
    signal = signal[before : min(size, before + length)]
    return signal if signal.size == length else np.pad(signal, (0, length - signal.size))


def make_weight(tables: Tables, n_frames: int) -> Weight:
    """What `_finish` multiplies by."""
    overlap = -(-tables.frame // tables.hop)
    return _make_weight(tables.window.tobytes(), tables.hop, min(n_frames, overlap), n_frames > overlap)


@lru_cache(maxsize=32)
def _make_weight(content: bytes, hop_length: int, n_frames: int, has_period: bool) -> Weight:
    window = np.frombuffer(content)
    total = np.zeros((n_frames - 1) * hop_length + window.size)
    for t in range(n_frames):
        total[t * hop_length : t * hop_length + window.size] += window**2
    covered = total > np.finfo(FLOAT64).tiny
    weight = np.divide(1, total, out=np.zeros_like(total), where=covered)
    if not has_period:
        return Weight(weight, weight[:0], weight[:0])
    start, stop = (n_frames - 1) * hop_length, n_frames * hop_length
    return Weight(weight[:start], np.pad(weight, (0, max(0, stop - weight.size)))[start:stop], weight[stop:])


def reconstruct(
    magnitude: np.ndarray, turns: np.ndarray | None, tables: Tables, iterations: int, momentum: float
) -> np.ndarray:
    """dsp.inversion.griffin_lim from the phases 2 pi turns, or 0. Nothing is allocated in the loop."""
    n_frames, before, scale = magnitude.shape[1], tables.n_fft // 2, _scale(magnitude.max())
    M = np.zeros((len(magnitude), _round_up(n_frames)))
    np.multiply(magnitude, scale, out=M[:, :n_frames])
    total, x, samples = np.zeros((3, _sum_size(n_frames, tables)))
    weight = np.zeros(total.size)
    size = (n_frames - 1) * tables.hop + tables.frame
    weight[before : size - before] = 1
    _finish(weight, n_frames, 0, tables, None)
    start = M[:, :n_frames]
    if turns is not None:
        start = np.empty(magnitude.shape, np.complex128)
        turn_magnitudes(M, turns, TURNS, start.view(FLOAT64))
    add_columns(start, tables, total, 0)
    M = np.ascontiguousarray(M.reshape(len(M), -1, LANES).transpose(1, 0, 2))
    advance_signal(total, weight, 0.0, x, samples)
    spaces = _workspaces(tables)
    for _ in range(iterations):
        project_frames(samples, M, tables, spaces, total)
        advance_signal(total, weight, momentum, x, samples)
    return x[before : size - before] / scale


def _scale(peak: float) -> float:
    """A power of two that keeps squares of very faint and very loud signals in range; 1 for others and for silence."""
    exponent = math.frexp(peak)[1]
    return 1.0 if abs(exponent) < 100 or peak == 0 else math.ldexp(1, min(-exponent, 1000))


def stretch(x: np.ndarray, before: int, t: np.ndarray, tables: Tables, length: int) -> np.ndarray:
    """dsp.augmentation.time_stretch: the signal of the spectra at the fractional frames t, which ascend from 0."""
    scale = _scale(max(x.max(), -x.min()))
    x = x if scale == 1 else x * scale
    k = t.astype(np.int64)
    signal = np.zeros(_sum_size(t.size + LANES - 1, tables))  # the last register may begin at any frame
    n_bins, start, phase = tables.n_fft // 2 + 1, 0, None
    while start < t.size:
        stop = min(max(start + 1, int(np.searchsorted(k, k[start] + COLUMNS - 1))), start + COLUMNS)
        n, n_out = _round_up(int(k[stop - 1] - k[start]) + 2), _round_up(stop - start)
        spectra = workspace("columns", (n_bins, 2 * n), FLOAT64)
        _analyze(x, before, int(k[start]), n, tables, spectra)
        if phase is None:
            phase = _first_phase(spectra)
        out = workspace("turned", (n_bins, 2 * n_out), FLOAT64)
        out[:, 2 * (stop - start) :] = 0
        magnitude, units = workspace("magnitude", (n,), FLOAT64), workspace("units", (2 * n,), FLOAT64)
        turn_phases(spectra, k[start:stop] - k[start], t[start:stop] - k[start:stop], phase, magnitude, units, out)
        add_spectra(out, 0, n_out, tables, _workspaces(tables), signal, start * tables.hop)
        start = stop
    y = _finish(signal, t.size, before, tables, length)
    return y if scale == 1 else y / scale


def _first_phase(spectra: np.ndarray) -> np.ndarray:
    """The phasors of the first column, (n_bins, 2); 1 where it is 0."""
    first = spectra[:, :2].copy()
    length = np.sqrt((first**2).sum(axis=1, keepdims=True))
    first += np.where(length > 0, 0, (1.0, 0.0))
    first /= np.where(length > 0, length, 1)
    return first


def suppress_noise(x: np.ndarray, before: int, n_frames: int, noise: np.ndarray | None, tables: Tables) -> np.ndarray:
    """dsp.wiener.spectral_wiener of the signal with `before` zeros before it and enough after it; noise per bin.

    Where `noise` is None, the first pass finds the quietest frames, and their transforms are computed again.
    """
    if noise is None:
        noise = _estimate_noise(x, before, n_frames, tables)
    noise = np.broadcast_to(noise, tables.n_fft // 2 + 1).copy()
    signal, spaces = np.zeros(_sum_size(n_frames, tables)), _workspaces(tables)
    step = max(LANES, STRETCH // tables.hop // LANES * LANES)
    for start in range(0, n_frames, step):
        count = min(step, n_frames - start)
        present = np.zeros(_round_up(count))
        present[:count] = 1
        samples = _samples(x, before, start, present.size, tables)
        reduce_noise(samples, noise, present, tables, spaces, signal, start * tables.hop)
    return _finish(signal, n_frames, before, tables, x.size)


def _estimate_noise(x: np.ndarray, before: int, n_frames: int, tables: Tables) -> np.ndarray:
    """dsp.wiener._estimate_noise."""
    power, spaces = np.empty(_round_up(n_frames)), _workspaces(tables)
    step = max(LANES, STRETCH // tables.hop // LANES * LANES)
    for start in range(0, power.size, step):
        part = power[start : start + step]
        frame_powers(_samples(x, before, start, part.size, tables), tables, spaces, part)
    quietest = np.argsort(power[:n_frames], kind="stable")[: math.ceil(n_frames / 10)]
    apart = tables._replace(hop=tables.load_factors.size)
    total = np.zeros(tables.n_fft // 2 + 1)
    for start in range(0, quietest.size, COLUMNS):
        few = quietest[start : start + COLUMNS].tolist()
        frames = np.concatenate([_samples(x, before, t, 1, tables) for t in few])
        X = analyze(frames, 0, len(few), apart)
        total += (X.real**2 + X.imag**2).sum(axis=1)
    return total / quietest.size
