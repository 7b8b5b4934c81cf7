"""The compiled inner loops: from samples to mel levels, a register of frames at a time.

Frames stand in lanes: sample n of frames t, t+1, .. is one register. Element k of a complex array z is two
registers, the real parts and then the imaginary ones.

Every function here equals a few lines of the textbook lane, which its docstring names.
"""

from numba import njit

from dsp.engine.lanes import fma, inner, load, load_splat, splat, sqrt, store, width
from dsp.engine.turning import turn


@njit(cache=True, nogil=True, no_cfunc_wrapper=True, error_model="numpy")
def mel_frames(x, tables, z, power, kept, mel, energy):
    """mel[m, t] and energy[t] of every frame: dsp.mfcc.trace from `frames` to `mel`.

    The transform is complex, of length n_fft / 2, on the even samples + i the odd ones, and leaves X[k] at place
    tables.order[k]. Gentleman and Sande's order of Cooley and Tukey's stages: a block of r m elements becomes r blocks
    of m, and no element moves. dsp.engine.plan.schedule says which stage is done when, and on which elements. None for
    `kept` where every radix is 4, and for `energy` where the frames are taken as they are, spares compiling the rest.
    """
    lanes = width(mel)
    n_frames = mel.shape[1]
    for block in range(-(-n_frames // lanes)):
        t = min(block * lanes, n_frames - lanes)  # the last register overlaps the one before
        for step in range(tables.schedule.shape[0]):
            radix, start, size, length, p, stop = tables.schedule[step]
            if radix == 0:
                _load_frames(x, t * tables.hop, tables, start, start + size, z)
                if energy is not None:
                    if not tables.as_they_are:
                        store(energy, t, _prepare(z, tables))
            elif radix == 4 and length == 4:
                _last_radix4(z, start, size)
            elif radix == 4:
                _radix4(z, tables.half_roots, start, size, length, p, stop)
            elif kept is not None:
                if radix == 2:
                    _radix2(z, tables.half_roots, start, size, length, p, stop)
                else:
                    _radix_r(z, kept, tables.half_roots, radix, start, size, length, p, stop)
        _power(z, tables, power)
        if energy is not None:
            if tables.spectrum_energy:
                total = load(power, 0)
                for k in range(1, tables.n_fft // 2 + 1):
                    total = total + load(power, k * lanes)
                store(energy, t, total)
        if tables.filter_first.size > 0:
            _filter(power, tables, t, mel)
        else:
            for k in range(tables.n_levels):
                store(mel, k * n_frames + t, load(power, k * lanes))


@inner
def _load_frames(x, first, tables, start, stop, z):
    """Samples start .. stop - 1 of every frame times tables.at_load, even ones as real parts, odd ones as imaginary."""
    lanes = width(z)
    inside = min(stop, tables.frame)
    for n in range(start, inside, lanes):
        turn(x, first + n, tables.hop, tables.at_load, n, z)
    for n in range(max(start, inside), stop):
        store(z, n * lanes, splat(z, 0.0))


@inner
def _prepare(z, tables):
    """Frames without their mean, emphasized and windowed, in place, as dsp.mfcc.windowed; returns their raw energy.

    y[n] = x[n] - a x[n-1] and y[0] = b x[0] + c x[1], from the last sample to the first
    """
    lanes, frame, (a, b, c) = width(z), tables.frame, tables.frame_emphasis
    mean, energy = splat(z, 0.0), splat(z, 0.0)
    if tables.frame_dc:
        for n in range(frame):
            mean = mean + load(z, n * lanes)
        mean = mean / float(frame)
    for n in range(frame):
        x = load(z, n * lanes) - mean
        energy = energy + x * x
        store(z, n * lanes, x)
    second = load(z, lanes)
    for n in range(frame - 1, 0, -1):
        y = load(z, n * lanes) - a * load(z, (n - 1) * lanes)
        store(z, n * lanes, y * load_splat(tables.window, n))
    y = b * load(z, 0)
    if c != 0.0:
        y = y + c * second
    store(z, 0, y * load_splat(tables.window, 0))
    return energy


@inner
def _radix4(z, roots, start, size, block, p_start, p_stop):
    """Elements p, p + m, p + 2m, p + 3m of every block become their four-point transform times w^0, w^p, w^2p, w^3p."""
    n, m = roots.shape[1], block // 4
    for p in range(p_start, p_stop):
        k = p * (n // block)
        w1, w2, w3 = _root(roots, k), _root(roots, 2 * k), _root(roots, 3 * k)
        for i in range(start + p, start + size, block):
            x0, x1, x2, x3 = _four_points(_load(z, i), _load(z, i + m), _load(z, i + 2 * m), _load(z, i + 3 * m))
            _store(z, i, x0)
            _store(z, i + m, _times(w1, x1))
            _store(z, i + 2 * m, _times(w2, x2))
            _store(z, i + 3 * m, _times(w3, x3))


@inner
def _last_radix4(z, start, size):
    """_radix4 on blocks of four elements, for which every factor is 1."""
    for i in range(start, start + size, 4):
        x0, x1, x2, x3 = _four_points(_load(z, i), _load(z, i + 1), _load(z, i + 2), _load(z, i + 3))
        _store(z, i, x0)
        _store(z, i + 1, x1)
        _store(z, i + 2, x2)
        _store(z, i + 3, x3)


@inner
def _four_points(a, b, c, d):
    """The four-point transform: sums of a, b, c, d with the factors 1, -i, -1, i to the powers 0, 1, 2, 3."""
    (a_re, a_im), (b_re, b_im), (c_re, c_im), (d_re, d_im) = a, b, c, d
    sum_ac_re, sum_ac_im, diff_ac_re, diff_ac_im = a_re + c_re, a_im + c_im, a_re - c_re, a_im - c_im
    sum_bd_re, sum_bd_im, diff_bd_re, diff_bd_im = b_re + d_re, b_im + d_im, b_re - d_re, b_im - d_im
    x0 = sum_ac_re + sum_bd_re, sum_ac_im + sum_bd_im
    x1 = diff_ac_re + diff_bd_im, diff_ac_im - diff_bd_re
    x2 = sum_ac_re - sum_bd_re, sum_ac_im - sum_bd_im
    x3 = diff_ac_re - diff_bd_im, diff_ac_im + diff_bd_re
    return x0, x1, x2, x3


@inner
def _radix2(z, roots, start, size, block, p_start, p_stop):
    """Elements p and p + m of a block become their sum, and their difference times w^p."""
    n, m = roots.shape[1], block // 2
    for p in range(p_start, p_stop):
        w = _root(roots, p * (n // block))
        for first in range(start + p, start + size, block):
            (a_re, a_im), (b_re, b_im) = _load(z, first), _load(z, first + m)
            _store(z, first, (a_re + b_re, a_im + b_im))
            _store(z, first + m, _times(w, (a_re - b_re, a_im - b_im)))


@inner
def _radix_r(z, kept, roots, radix, start, size, block, p_start, p_stop):
    """Elements p, p + m, .. of a block become their transform of length `radix`, by definition, times w^0, w^p, .."""
    n, m = roots.shape[1], block // radix
    for p in range(p_start, p_stop):
        for first in range(start + p, start + size, block):
            for j in range(radix):
                _store(kept, j, _load(z, first + j * m))
            for k in range(radix):
                total_re, total_im = _load(kept, 0)
                for j in range(1, radix):
                    x_re, x_im = _times(_root(roots, j * k % radix * (n // radix)), _load(kept, j))
                    total_re, total_im = total_re + x_re, total_im + x_im
                _store(z, first + k * m, _times(_root(roots, p * k * (n // block)), (total_re, total_im)))


@inner
def _load(z, k):
    return load(z, 2 * k * width(z)), load(z, (2 * k + 1) * width(z))


@inner
def _store(z, k, x):
    store(z, 2 * k * width(z), x[0])
    store(z, (2 * k + 1) * width(z), x[1])


@inner
def _root(roots, k):
    return load_splat(roots, k), load_splat(roots, roots.shape[1] + k)


@inner
def _times(w, x):
    """The complex product."""
    (w_re, w_im), (x_re, x_im) = w, x
    return fma(w_re, x_re, -(w_im * x_im)), fma(w_re, x_im, w_im * x_re)


@inner
def _power(z, tables, power):
    """|X|^2 or |X| from the half-length transform: dsp.fft._untangle, then normalized_power.

    X[k] = E[k] + w^k O[k], and X[n_fft / 2 - k] is the conjugate of E[k] - w^k O[k]: two bins at once. The halves in
    E = (Z + Z') / 2 and O = (Z - Z') / 2i are in the window already.
    """
    lanes, half = width(power), tables.n_fft // 2
    for k in range(half // 2 + 1):
        (a_re, a_im), (b_re, b_im) = _load(z, tables.order[k]), _load(z, tables.order[half - k])
        even_re, even_im = a_re + b_re, a_im - b_im
        odd = a_im + b_im, b_re - a_re
        turned_re, turned_im = _times(_root(tables.roots, k), odd)
        square = _square(even_re + turned_re, even_im + turned_im)
        store(power, k * lanes, sqrt(square) if tables.magnitude else square)
        square = _square(even_re - turned_re, even_im - turned_im)
        store(power, (half - k) * lanes, sqrt(square) if tables.magnitude else square)


@inner
def _square(re, im):
    return fma(re, re, im * im)


@inner
def _filter(power, tables, t, mel):
    """mel[m, t] = sum_k H[m, k] power[k]."""
    lanes, n_frames = width(power), mel.shape[1]
    for m in range(tables.filter_first.size):
        start, stop = tables.filter_start[m], tables.filter_start[m + 1]
        offset = (tables.filter_first[m] - start) * lanes
        total = splat(power, 0.0)
        for i in range(start, stop):
            total = fma(load_splat(tables.filter_weights, i), load(power, offset + i * lanes), total)
        store(mel, m * n_frames + t, total)
