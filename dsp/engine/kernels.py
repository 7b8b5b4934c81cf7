"""The compiled inner loops: from samples to mel levels, a register of frames at a time.

Frames stand in lanes: sample n of frames t, t+1, .. is one register. To load it in one piece, the signal
is first laid out in `hop` rows, signal[r + c hop] = columns[r, c], for then sample n of frame t is
columns[n mod hop, t + n div hop], and its neighbours in the row are the same sample of the next frames.
Work arrays hold real and imaginary parts apart, element k of all lanes side by side.

Every function here equals a few lines of the textbook lane, which its docstring names.
"""

import numpy as np
from numba import njit

from dsp.engine.lanes import load, load_splat, log, maximum, splat, sqrt, store, width, zero_to


@njit(cache=True, nogil=True)
def lay_out(x, hop, columns):
    """columns[r, c] = x[r + c hop], zeros after the end."""
    for c in range(columns.shape[1]):
        for r in range(hop):
            n = r + c * hop
            columns[r, c] = x[n] if n < x.size else 0.0


@njit(cache=True, nogil=True)
def mel_frames(columns, tables, work, mel, energy):
    """mel[m, t] and energy[t] of every frame: dsp.mfcc.trace from `frames` to `mel`."""
    lanes = width(mel)
    n_frames = mel.shape[1]
    half = tables.n_fft // 2
    for block in range(-(-n_frames // lanes)):
        t = min(block * lanes, n_frames - lanes)  # the last register overlaps the one before
        x_re, x_im, y_re, y_im = work[0], work[1], work[2], work[3]
        _load_windowed(columns, tables, t, x_re, x_im, energy)
        left, stride = half, 1
        for radix in tables.radices:
            m = left // radix
            if radix == 4:
                _radix4(x_re, x_im, y_re, y_im, m, stride, tables.half_roots)
            elif radix == 2:
                _radix2(x_re, x_im, y_re, y_im, m, stride, tables.half_roots)
            else:
                _radix_r(x_re, x_im, y_re, y_im, radix, m, stride, tables.half_roots)
            left, stride = m, stride * radix
            x_re, x_im, y_re, y_im = y_re, y_im, x_re, x_im
        power = y_re
        _power(x_re, x_im, power, half, tables)
        if tables.energy == 2:
            total = load(power, 0)
            for k in range(1, half + 1):
                total = total + load(power, k * lanes)
            store(energy, t, total)
        if tables.filter_first.size == 0:
            for k in range(half + 1):
                store(mel, k * n_frames + t, load(power, k * lanes))
        else:
            _filter(power, tables, t, mel)


@njit(cache=True)
def _load_windowed(columns, tables, t, x_re, x_im, energy):
    """dsp.mfcc.emphasized times window_of: z[n // 2] = even samples + i odd samples, zeros after the window."""
    lanes, pitch, hop, n_window = width(columns), columns.shape[1], tables.hop, tables.window.size
    mean = splat(columns, 0.0)
    if tables.frame_dc:
        for n in range(n_window):
            mean = mean + load(columns, n % hop * pitch + t + n // hop)
        mean = mean / float(n_window)
    if tables.energy == 1:
        total = splat(columns, 0.0)
        for n in range(n_window):
            x = load(columns, n % hop * pitch + t + n // hop) - mean
            total = total + x * x
        store(energy, t, total)
    before, row, column = splat(columns, 0.0), 0, t
    for n in range(n_window):
        x = load(columns, row * pitch + column) - mean
        row += 1
        if row == hop:
            row, column = 0, column + 1
        emphasized = x
        if tables.frame_emphasis > 0.0:
            if n > 0:
                emphasized = x - tables.frame_emphasis * before
            else:
                after = load(columns, row * pitch + column) - mean
                emphasized = tables.emphasis_first[0] * x + tables.emphasis_first[1] * after
            before = x
        store(x_re if n % 2 == 0 else x_im, n // 2 * lanes, emphasized * load_splat(tables.window, n))
    for n in range(n_window, tables.n_fft):
        store(x_re if n % 2 == 0 else x_im, n // 2 * lanes, splat(columns, 0.0))


@njit(cache=True)
def _radix4(x_re, x_im, y_re, y_im, m, columns, roots):
    """One stage of dsp.cooley_tukey._radix4 on all lanes."""
    lanes, n = width(x_re), roots.shape[1]
    step = n // (4 * m)
    for p in range(m):
        for q in range(columns):
            a = (q + columns * p) * lanes
            b, c, d = a + columns * m * lanes, a + 2 * columns * m * lanes, a + 3 * columns * m * lanes
            a_re, a_im, b_re, b_im = load(x_re, a), load(x_im, a), load(x_re, b), load(x_im, b)
            c_re, c_im, d_re, d_im = load(x_re, c), load(x_im, c), load(x_re, d), load(x_im, d)
            sum_ac_re, sum_ac_im, diff_ac_re, diff_ac_im = a_re + c_re, a_im + c_im, a_re - c_re, a_im - c_im
            sum_bd_re, sum_bd_im, diff_bd_re, diff_bd_im = b_re + d_re, b_im + d_im, b_re - d_re, b_im - d_im
            y = (q + columns * 4 * p) * lanes
            store(y_re, y, sum_ac_re + sum_bd_re)
            store(y_im, y, sum_ac_im + sum_bd_im)
            gap = columns * lanes
            _times(y_re, y_im, y + gap, diff_ac_re + diff_bd_im, diff_ac_im - diff_bd_re, roots, p * step)
            _times(y_re, y_im, y + 2 * gap, sum_ac_re - sum_bd_re, sum_ac_im - sum_bd_im, roots, 2 * p * step)
            _times(y_re, y_im, y + 3 * gap, diff_ac_re - diff_bd_im, diff_ac_im + diff_bd_re, roots, 3 * p * step)


@njit(cache=True)
def _radix2(x_re, x_im, y_re, y_im, m, columns, roots):
    """One stage of radix 2 on all lanes."""
    lanes, n = width(x_re), roots.shape[1]
    step = n // (2 * m)
    for p in range(m):
        for q in range(columns):
            a = (q + columns * p) * lanes
            b = a + columns * m * lanes
            a_re, a_im, b_re, b_im = load(x_re, a), load(x_im, a), load(x_re, b), load(x_im, b)
            y = (q + columns * 2 * p) * lanes
            store(y_re, y, a_re + b_re)
            store(y_im, y, a_im + b_im)
            _times(y_re, y_im, y + columns * lanes, a_re - b_re, a_im - b_im, roots, p * step)


@njit(cache=True)
def _radix_r(x_re, x_im, y_re, y_im, radix, m, columns, roots):
    """One stage of dsp.cooley_tukey._radix_r on all lanes."""
    lanes, n = width(x_re), roots.shape[1]
    step = n // (radix * m)
    for p in range(m):
        for k in range(radix):
            for q in range(columns):
                a = (q + columns * p) * lanes
                total_re, total_im = load(x_re, a), load(x_im, a)
                for j in range(1, radix):
                    b = a + j * columns * m * lanes
                    w = j * k % radix * (n // radix)
                    w_re, w_im = load_splat(roots, w), load_splat(roots, n + w)
                    b_re, b_im = load(x_re, b), load(x_im, b)
                    total_re, total_im = total_re + w_re * b_re - w_im * b_im, total_im + w_re * b_im + w_im * b_re
                _times(y_re, y_im, (q + columns * (radix * p + k)) * lanes, total_re, total_im, roots, p * k * step)


@njit(cache=True)
def _times(y_re, y_im, place, re, im, roots, k):
    """y[place] = roots[k] (re + i im)."""
    w_re, w_im = load_splat(roots, k), load_splat(roots, roots.shape[1] + k)
    store(y_re, place, w_re * re - w_im * im)
    store(y_im, place, w_re * im + w_im * re)


@njit(cache=True)
def _power(x_re, x_im, power, half, tables):
    """|X|^2 or |X| from the half-length transform: dsp.fft._untangle, then normalized_power."""
    lanes, roots = width(power), tables.roots
    for k in range(half + 1):
        a, b = k % half * lanes, (half - k) % half * lanes
        a_re, a_im, b_re, b_im = load(x_re, a), load(x_im, a), load(x_re, b), load(x_im, b)
        even_re, even_im = 0.5 * (a_re + b_re), 0.5 * (a_im - b_im)
        odd_re, odd_im = 0.5 * (a_im + b_im), 0.5 * (b_re - a_re)
        w_re, w_im = load_splat(roots, k), load_splat(roots, half + 1 + k)
        re, im = even_re + w_re * odd_re - w_im * odd_im, even_im + w_re * odd_im + w_im * odd_re
        square = re * re + im * im
        store(power, k * lanes, sqrt(square) if tables.magnitude else square)


@njit(cache=True)
def _filter(power, tables, t, mel):
    """mel[m, t] = sum_k H[m, k] power[k]."""
    lanes, n_frames = width(power), mel.shape[1]
    for m in range(tables.filter_first.size):
        start, stop = tables.filter_start[m], tables.filter_start[m + 1]
        offset = (tables.filter_first[m] - start) * lanes
        total = splat(power, 0.0)
        for i in range(start, stop):
            total = total + load_splat(tables.filter_weights, i) * load(power, offset + i * lanes)
        store(mel, m * n_frames + t, total)


@njit(cache=True, nogil=True)
def take_log(mel, factor, floor, rule, level):
    """level = factor ln(floored mel): the first lines of dsp.mfcc.compressed.

    rule 0: at least floor;  1: floor added;  2: floor where the value is 0
    """
    lanes, n = width(mel), mel.size
    for register in range(-(-n // lanes)):
        i = min(register * lanes, n - lanes)
        store(level, i, factor * log(_floored(load(mel, i), mel, floor, rule)))


@njit(cache=True)
def _floored(x, array, floor, rule):
    if rule == 0:
        return maximum(x, splat(array, floor))
    if rule == 1:
        return x + floor
    return zero_to(x, splat(array, floor))


@njit(cache=True, nogil=True)
def mix_rows(matrix, rows, out):
    """out = matrix @ rows, for few rows and many columns."""
    lanes, n = width(rows), rows.shape[1]
    for block in range(-(-n // lanes)):
        t = min(block * lanes, n - lanes)
        for i in range(matrix.shape[0]):
            total = splat(rows, 0.0)
            for j in range(matrix.shape[1]):
                total = total + load_splat(matrix, i * matrix.shape[1] + j) * load(rows, j * n + t)
            store(out, i * n + t, total)


@njit(cache=True, nogil=True)
def slopes(x, weights, replicate, out):
    """out[k, t] = sum_n weights[n] x[k, t + n - half]: dsp.deltas.delta with either rule for the edges."""
    half, n = weights.size // 2, x.shape[1]
    row = np.empty(n + 2 * half, x.dtype)
    for k in range(x.shape[0]):
        for t in range(row.size):
            row[t] = x[k, min(max(t - half, 0), n - 1)]
        for t in range(n):
            out[k, t] = 0.0
        for i in range(weights.size):
            weight = weights[i]
            for t in range(n):
                out[k, t] += weight * row[t + i]
        if not replicate:
            for t in range(half):
                out[k, t] = out[k, half]
                out[k, n - 1 - t] = out[k, n - 1 - half]
