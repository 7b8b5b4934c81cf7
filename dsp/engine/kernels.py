"""The compiled inner loops: from samples to mel levels, a register of frames at a time.

Frames stand in lanes: sample n of frames t, t+1, .. is one register. To load it in one piece, the samples
under these frames are first laid out in `hop` rows, x[r + c hop] = columns[r, c], for then sample n of frame
t is columns[n mod hop, t + n div hop], and its neighbours in the row are the same sample of the next frames.
Element k of a complex array z has its lanes side by side, its imaginary parts half an array further on.

Every function here equals a few lines of the textbook lane, which its docstring names.
"""

from numba import njit

from dsp.engine.lanes import inner, interleave, load, load_splat, splat, sqrt, store, width


@inner
def _lay_out(x, first, n_columns, columns, work):
    """columns[r, c] = x[first + r + c hop], c < n_columns, hop = number of rows. Most by turning squares of samples."""
    lanes, (hop, pitch) = width(columns), columns.shape
    whole_rows = hop - hop % lanes
    for c in range(0, n_columns, lanes):
        rest = 0  # the first row that is not turned; for a few columns nothing is
        if n_columns - c > lanes // 2:
            rest = whole_rows
            for r in range(0, rest, lanes):
                _turn_square(x, first + r + c * hop, hop, columns, r * pitch + c, work)
        for column in range(c, min(c + lanes, n_columns)):
            for r in range(rest, hop):
                columns[r, column] = x[first + r + column * hop]


@inner
def _turn_square(x, first, step, y, place, work):
    """Rows of a register in x, `step` apart, become columns in y; `work` has room for two squares.

    Dealing the rows like the two halves of a pack of cards, as often as the pack can be halved, turns it.
    """
    lanes, pitch = width(y), y.shape[1]
    half, here, there = lanes // 2, 0, lanes * lanes
    for i in range(half):
        a, b = interleave(load(x, first + i * step), load(x, first + (i + half) * step))
        store(work, 2 * i * lanes, a)
        store(work, (2 * i + 1) * lanes, b)
    halvings = 2
    while 2 * halvings < lanes:
        for i in range(half):
            a, b = interleave(load(work, here + i * lanes), load(work, here + (i + half) * lanes))
            store(work, there + 2 * i * lanes, a)
            store(work, there + (2 * i + 1) * lanes, b)
        here, there, halvings = there, here, 2 * halvings
    for i in range(half):
        a, b = interleave(load(work, here + i * lanes), load(work, here + (i + half) * lanes))
        store(y, place + 2 * i * pitch, a)
        store(y, place + (2 * i + 1) * pitch, b)


@njit(cache=True, nogil=True, error_model="numpy")
def mel_frames(x, tables, columns, z, power, mel, energy):
    """mel[m, t] and energy[t] of every frame: dsp.mfcc.trace from `frames` to `mel`.

    The transform is complex, of length n_fft / 2, on the even samples + i the odd ones, and leaves X[k] at place
    tables.order[k]. Gentleman and Sande's order of Cooley and Tukey's stages: a block of r m elements becomes r blocks
    of m, and no element moves. dsp.engine.plan.schedule says which stage is done when, and on which elements.
    """
    lanes = width(mel)
    n_frames = mel.shape[1]
    for block in range(-(-n_frames // lanes)):
        t = min(block * lanes, n_frames - lanes)  # the last register overlaps the one before
        _lay_out(x, t * tables.hop, lanes + tables.beyond, columns, power)
        mean = _frame_mean(columns, tables)
        if tables.energy == 1:
            store(energy, t, _frame_energy(columns, tables, mean))
        for step in range(tables.schedule.shape[0]):
            radix, start, size, length, p, stop = tables.schedule[step]
            if radix == 0:
                _load_windowed(columns, tables, mean, start, start + size, z)
            elif radix == 4:
                _radix4(z, tables.half_roots, start, size, length, p, stop)
            elif radix == 2:
                _radix2(z, tables.half_roots, start, size, length, p, stop)
            else:
                _radix_r(z, power, tables.half_roots, radix, start, size, length, p, stop)
        _power(z, tables, power)
        if tables.energy == 2:
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
def _frame_mean(columns, tables):
    """What dsp.normalization.remove_dc takes off every frame; 0 where the convention does not ask for it."""
    total, (hop, pitch), length = splat(columns, 0.0), columns.shape, tables.window.size
    if tables.frame_dc:
        for n in range(length):
            total = total + load(columns, n % hop * pitch + n // hop)
    return total / float(length)


@inner
def _frame_energy(columns, tables, mean):
    """The sum of squares of every frame."""
    total, (hop, pitch) = splat(columns, 0.0), columns.shape
    for n in range(tables.window.size):
        x = load(columns, n % hop * pitch + n // hop) - mean
        total = total + x * x
    return total


@inner
def _load_windowed(columns, tables, mean, start, stop, z):
    """Samples start .. stop - 1 after dsp.mfcc.emphasized, times window_of: even ones real, odd ones imaginary."""
    lanes, (hop, pitch), window = width(columns), columns.shape, tables.window
    coefficient, first, second = tables.frame_emphasis
    imaginary = z.size // 2
    inside = min(stop, window.size)
    before = splat(columns, 0.0)
    if 0 < start < inside:
        before = load(columns, (start - 1) % hop * pitch + (start - 1) // hop) - mean
    row, column = start % hop, start // hop
    for n in range(start, inside):
        x = load(columns, row * pitch + column) - mean
        row += 1
        if row == hop:
            row, column = 0, column + 1
        emphasized = x - coefficient * before
        if n == 0:
            emphasized = first * x
            if second != 0.0:
                emphasized = emphasized + second * (load(columns, row * pitch + column) - mean)
        before = x
        store(z, n // 2 * lanes + n % 2 * imaginary, emphasized * load_splat(window, n))
    for n in range(max(start, inside), stop):
        store(z, n // 2 * lanes + n % 2 * imaginary, splat(columns, 0.0))


@inner
def _radix4(z, roots, start, size, block, p_start, p_stop):
    """Elements p, p + m, p + 2m, p + 3m of every block become their four-point transform times w^0, w^p, w^2p, w^3p."""
    lanes, n, m, i = width(z), roots.shape[1], block // 4, z.size // 2
    for p in range(p_start, p_stop):
        k = p * (n // block)
        w1 = load_splat(roots, k), load_splat(roots, n + k)
        w2 = load_splat(roots, 2 * k), load_splat(roots, n + 2 * k)
        w3 = load_splat(roots, 3 * k), load_splat(roots, n + 3 * k)
        for first in range(start + p, start + size, block):
            a, b, c, d = first * lanes, (first + m) * lanes, (first + 2 * m) * lanes, (first + 3 * m) * lanes
            a_re, a_im, b_re, b_im = load(z, a), load(z, i + a), load(z, b), load(z, i + b)
            c_re, c_im, d_re, d_im = load(z, c), load(z, i + c), load(z, d), load(z, i + d)
            sum_ac_re, sum_ac_im, diff_ac_re, diff_ac_im = a_re + c_re, a_im + c_im, a_re - c_re, a_im - c_im
            sum_bd_re, sum_bd_im, diff_bd_re, diff_bd_im = b_re + d_re, b_im + d_im, b_re - d_re, b_im - d_im
            store(z, a, sum_ac_re + sum_bd_re)
            store(z, i + a, sum_ac_im + sum_bd_im)
            _store_times(z, b, diff_ac_re + diff_bd_im, diff_ac_im - diff_bd_re, w1)
            _store_times(z, c, sum_ac_re - sum_bd_re, sum_ac_im - sum_bd_im, w2)
            _store_times(z, d, diff_ac_re - diff_bd_im, diff_ac_im + diff_bd_re, w3)


@inner
def _radix2(z, roots, start, size, block, p_start, p_stop):
    """Elements p and p + m of a block become their sum, and their difference times w^p."""
    lanes, n, m, i = width(z), roots.shape[1], block // 2, z.size // 2
    for p in range(p_start, p_stop):
        w = load_splat(roots, p * (n // block)), load_splat(roots, n + p * (n // block))
        for first in range(start + p, start + size, block):
            a, b = first * lanes, (first + m) * lanes
            a_re, a_im, b_re, b_im = load(z, a), load(z, i + a), load(z, b), load(z, i + b)
            store(z, a, a_re + b_re)
            store(z, i + a, a_im + b_im)
            _store_times(z, b, a_re - b_re, a_im - b_im, w)


@inner
def _radix_r(z, kept, roots, radix, start, size, block, p_start, p_stop):
    """Elements p, p + m, .. of a block become their transform of length `radix`, by definition, times w^0, w^p, .."""
    lanes, n, m, i = width(z), roots.shape[1], block // radix, z.size // 2
    for p in range(p_start, p_stop):
        for first in range(start + p, start + size, block):
            for j in range(radix):
                store(kept, 2 * j * lanes, load(z, (first + j * m) * lanes))
                store(kept, (2 * j + 1) * lanes, load(z, i + (first + j * m) * lanes))
            for k in range(radix):
                total_re, total_im = load(kept, 0), load(kept, lanes)
                for j in range(1, radix):
                    w = j * k % radix * (n // radix)
                    w_re, w_im = load_splat(roots, w), load_splat(roots, n + w)
                    x_re, x_im = load(kept, 2 * j * lanes), load(kept, (2 * j + 1) * lanes)
                    total_re, total_im = total_re + w_re * x_re - w_im * x_im, total_im + w_re * x_im + w_im * x_re
                w = p * k * (n // block)
                place = (first + k * m) * lanes
                _store_times(z, place, total_re, total_im, (load_splat(roots, w), load_splat(roots, n + w)))


@inner
def _store_times(z, place, x_re, x_im, w):
    """Element at `place` = w x."""
    (w_re, w_im), i = w, z.size // 2
    store(z, place, w_re * x_re - w_im * x_im)
    store(z, i + place, w_re * x_im + w_im * x_re)


@inner
def _power(z, tables, power):
    """|X|^2 or |X| from the half-length transform: dsp.fft._untangle, then normalized_power.

    X[k] = E[k] + w^k O[k], and X[n_fft / 2 - k] is the conjugate of E[k] - w^k O[k]: two bins at once.
    """
    lanes, half, roots, i = width(power), tables.n_fft // 2, tables.roots, z.size // 2
    for k in range(half // 2 + 1):
        a, b = tables.order[k] * lanes, tables.order[half - k] * lanes
        a_re, a_im, b_re, b_im = load(z, a), load(z, i + a), load(z, b), load(z, i + b)
        even_re, even_im = 0.5 * (a_re + b_re), 0.5 * (a_im - b_im)
        odd_re, odd_im = 0.5 * (a_im + b_im), 0.5 * (b_re - a_re)
        w_re, w_im = load_splat(roots, k), load_splat(roots, half + 1 + k)
        turned_re, turned_im = w_re * odd_re - w_im * odd_im, w_re * odd_im + w_im * odd_re
        square = _square(even_re + turned_re, even_im + turned_im)
        store(power, k * lanes, sqrt(square) if tables.magnitude else square)
        square = _square(even_re - turned_re, even_im - turned_im)
        store(power, (half - k) * lanes, sqrt(square) if tables.magnitude else square)


@inner
def _square(re, im):
    return re * re + im * im


@inner
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
