"""The compiled loops from samples to short-time spectra and back, a register of frames at a time.

Read kernels.py first. The way back uses the same stages: exchanging the real and the imaginary part before and after a
transform makes it the inverse one. A loop that changes spectra holds those of one register of frames at a time.

Every function here has the result of a few lines of the textbook lane, which its docstring names.
"""

import numpy as np

from dsp.engine.compiling import inlined, inner, kernel
from dsp.engine.complex_lanes import (
    conjugate,
    load_complex,
    load_pairs,
    scale,
    splat_complex,
    squared_magnitude,
    store_complex,
    store_pairs,
    swap_parts,
    times_minus_i,
    unit,
)
from dsp.engine.kernels import load_frames, stage, stage_of_odd_radix
from dsp.engine.lanes import load, maximum, minimum, splat, sqrt, store, width
from dsp.engine.transpose import add_frames


@inner
def _transform(z, terms, tables):
    """dsp.fft.fft in place; element k of the result stands at tables.order[k]."""
    for step in range(tables.schedule.shape[0]):
        radix, start, size, block, p, stop = tables.schedule[step]
        if radix <= 8 and radix != 7:
            stage(z, tables.half_roots, radix, start, size, block, p, stop)
        else:
            stage_of_odd_radix(z, terms, tables.half_roots, radix, start, size, block, p, stop)


@inlined
def _forward(samples, first, z, terms, tables):
    """The transforms of half length (dsp.fft.rfft before the spectra come apart) of frames that begin at `first`."""
    load_frames(samples, first, tables, 0, tables.n_fft, z)
    _transform(z, terms, tables)


@inlined
def _take_bins(z, k, tables):
    """Bins k and n_fft / 2 - k: dsp.fft.rfft. The window already contains the factor 1/2."""
    half = tables.n_fft // 2
    a, b = load_complex(z, tables.order[k]), conjugate(load_complex(z, tables.order[half - k]))
    even, odd = a + b, splat_complex(tables.roots, k) * times_minus_i(a - b)
    return even + odd, conjugate(even - odd)


@inlined
def _put_bins(z, k, low, high, tables):
    """Bins k and n_fft / 2 - k into the half-length transform Z = E + i O; _take_bins backwards, parts exchanged.

    E[k] = X[k] + conj X[n_fft / 2 - k],  O[k] = exp(2 pi i k / n_fft) (X[k] - conj X[n_fft / 2 - k]), both doubled
    """
    high = conjugate(high)
    even = low + high
    minus_i_odd = times_minus_i(conjugate(splat_complex(tables.roots, k)) * (low - high))
    store_complex(z, tables.n_fft // 2 - k, swap_parts(conjugate(even + minus_i_odd)))
    store_complex(z, k, swap_parts(even - minus_i_odd))


@inlined
def _backward(z, terms, signal, first, tables):
    """signal += the windowed frames of the spectra in z: the loop of dsp.stft.istft. Frame 0 begins at `first`."""
    _transform(z, terms, tables)
    for n in range(0, tables.store_factors.size, width(z)):
        add_frames(z, tables.rows, tables.store_factors, n, signal, first + n, tables.hop)


@kernel
def spectra_of_frames(samples, n_frames, tables, spaces, spectra, column):
    """spectra[:, column : column + n_frames] (pairs of floats): dsp.stft.stft. n_frames fill at least one register."""
    (z, _, terms), lanes, half, stride = spaces, width(samples), tables.n_fft // 2, spectra.shape[1]
    for block in range(-(-n_frames // lanes)):
        t = minimum(block * lanes, n_frames - lanes)
        _forward(samples, t * tables.hop, z, terms, tables)
        offset = 2 * (column + t)
        for k in range(half // 2 + 1):
            low, high = _take_bins(z, k, tables)
            store_pairs(spectra, k * stride + offset, low)
            store_pairs(spectra, (half - k) * stride + offset, high)


@kernel
def add_spectra(spectra, column, n_frames, tables, spaces, signal, first):
    """signal[first:] += the windowed frames of columns `column`, ..: dsp.stft.istft. n_frames fill whole registers."""
    (_, z, terms), lanes, half, stride = spaces, width(signal), tables.n_fft // 2, spectra.shape[1]
    for t in range(0, n_frames, lanes):
        offset = 2 * (column + t)
        for k in range(half // 2 + 1):
            low = load_pairs(spectra, k * stride + offset)
            high = load_pairs(spectra, (half - k) * stride + offset)
            if k == 0:
                low, high = _real(low, splat(signal, 0.5)), _real(high, splat(signal, 0.5))
            _put_bins(z, k, low, high, tables)
        _backward(z, terms, signal, first + t * tables.hop, tables)


@inlined
def _real(x, half):
    """Without the imaginary part, which a real signal does not have at 0 Hz and at the Nyquist frequency."""
    return scale(x, half) + scale(conjugate(x), half)


@kernel
def project_frames(samples, magnitude, tables, spaces, signal):
    """signal += the windowed frames of M exp(i angle stft(samples)): a step of dsp.inversion.griffin_lim.

    magnitude[b, k] is a register: M[k] of the frames 8 b, 8 b + 1, .., in the order in which the loop needs them.
    """
    (z, zz, terms), lanes, half, blocks = spaces, width(signal), tables.n_fft // 2, magnitude.shape[0]
    for block in range(blocks):
        first = block * lanes * tables.hop
        _forward(samples, first, z, terms, tables)
        row = block * (half + 1)
        for k in range(half // 2 + 1):
            low, high = _take_bins(z, k, tables)
            low = scale(unit(low), load(magnitude, (row + k) * lanes))
            high = scale(unit(high), load(magnitude, (row + half - k) * lanes))
            _put_bins(zz, k, low, high, tables)
        _backward(zz, terms, signal, first, tables)


@kernel
def turn_magnitudes(magnitude, turns, phasors, spectra):
    """spectra[k, t] = magnitude[k, t] exp(2 pi i turns[k, t]): the start of dsp.inversion.griffin_lim.

    The nearest phasor of the table times that of the rest r, |r| <= pi / n, whose series of five terms is exact for
    n = 1024.
    """
    n = phasors.size // 2
    for k in range(turns.shape[0]):
        for t in range(turns.shape[1]):
            nearest = int(turns[k, t] * n + 0.5)
            r = 2.0 * np.pi * (turns[k, t] - nearest / n)
            square = r * r
            cosine = magnitude[k, t] * (1.0 + square * (square / 24.0 - 0.5))
            sine = magnitude[k, t] * r * (1.0 + square * (square / 120.0 - 1.0 / 6.0))
            re, im = phasors[2 * (nearest % n)], phasors[2 * (nearest % n) + 1]
            spectra[k, 2 * t] = re * cosine - im * sine
            spectra[k, 2 * t + 1] = re * sine + im * cosine


@kernel
def advance_signal(total, weight, momentum, x, samples):
    """x_i+1 = total weight and samples = x_i+1 + momentum (x_i+1 - x_i); `total` becomes 0."""
    for n in range(x.size):
        y = total[n] * weight[n]
        samples[n] = y + momentum * (y - x[n])
        x[n] = y
        total[n] = 0.0


@kernel
def frame_powers(samples, tables, spaces, power):
    """power[t] = sum_k |X[k, t]|^2, of whole registers of frames."""
    (z, _, terms), lanes, half = spaces, width(samples), tables.n_fft // 2
    for t in range(0, power.size, lanes):
        _forward(samples, t * tables.hop, z, terms, tables)
        total = splat(samples, 0.0)
        for k in range(half // 2 + 1):
            low, high = _take_bins(z, k, tables)
            total = total + squared_magnitude(low)
            if 2 * k != half:
                total = total + squared_magnitude(high)
        store(power, t, total)


@kernel
def reduce_noise(samples, noise, present, tables, spaces, signal, first):
    """signal[first:] += the windowed frames of G stft(samples): dsp.wiener.spectral_wiener. present[t]: 0 leaves a
    frame out."""
    (z, zz, terms), lanes, half = spaces, width(signal), tables.n_fft // 2
    for t in range(0, present.size, lanes):
        _forward(samples, t * tables.hop, z, terms, tables)
        frames = load(present, t)
        for k in range(half // 2 + 1):
            low, high = _take_bins(z, k, tables)
            low = scale(low, _gain(low, noise[k], frames))
            high = scale(high, _gain(high, noise[half - k], frames))
            _put_bins(zz, k, low, high, tables)
        _backward(zz, terms, signal, first + t * tables.hop, tables)


@inner
def _gain(x, noise, frames):
    """dsp.wiener._gain of the power |x|^2, times `frames`."""
    if noise == 0.0:
        return frames
    power = squared_magnitude(x)
    return frames * (maximum(power - noise, 0.0) / maximum(power, noise))


@kernel
def turn_phases(spectra, frame, weight, phase, magnitude, units, out):
    """out[k] = magnitudes between the frames and phases that advance as theirs do: dsp.augmentation._vocoder.

    frame[s] and weight[s]: output frame s lies between these frames of `spectra` and the next, so far behind the first.
    phase[k] is the phasor of bin k at the first output frame, and afterwards at the one after the last. Instead of
    adding angles, the loop multiplies by u[frame + 1] conj u[frame], u = x / |x|.
    """
    lanes, stride = width(spectra), spectra.shape[1]
    for k in range(phase.shape[0]):
        for t in range(0, stride // 2, lanes):
            x = load_pairs(spectra, k * stride + 2 * t)
            store(magnitude, t, sqrt(squared_magnitude(x)))
            store_pairs(units, 2 * t, unit(x))
        re, im = phase[k, 0], phase[k, 1]
        for s in range(frame.size):
            t = frame[s]
            m = (1.0 - weight[s]) * magnitude[t] + weight[s] * magnitude[t + 1]
            out[k, 2 * s], out[k, 2 * s + 1] = m * re, m * im
            u, v, u_next, v_next = units[2 * t], units[2 * t + 1], units[2 * t + 2], units[2 * t + 3]
            turn_re, turn_im = u_next * u + v_next * v, v_next * u - u_next * v
            re, im = re * turn_re - im * turn_im, re * turn_im + im * turn_re
        length = (re * re + im * im) ** 0.5  # rounding must not add up
        phase[k, 0], phase[k, 1] = re / length, im / length
