"""The compiled inner loops: from samples to mel levels, a register of frames at a time.

Each lane holds a frame: sample n of frames t, t+1, .. is one register, and two registers form a complex number for
each frame.

Every function here has the result of a few lines of the textbook lane, which its docstring names.
"""

from dsp.engine.clips import check_ends, load_clips
from dsp.engine.compiling import inlined, kernel
from dsp.engine.complex_lanes import (
    conjugate,
    load_complex,
    splat_complex,
    squared_magnitude,
    store_complex,
    times_minus_i,
)
from dsp.engine.lanes import fma, load, load_splat, maximum, minimum, splat, sqrt, store, width
from dsp.engine.transpose import transpose_frames


@kernel
def mel_frames(clips, tables, spaces, mel, energy):
    """mel[m, t] and energy[t] of clips side by side: dsp.mfcc.trace from `signal` to `mel`.

    The row of all clips never exists as a whole: spaces.samples holds a stretch of it, small enough to stay in the
    cache between its two uses.

    `energy` stays as it is if the convention needs none.
    """
    lanes, n_frames, hop, n_loaded, high = width(mel), mel.shape[1], tables.hop, spaces.samples.size, 0
    stretch = (n_loaded - tables.load_factors.size) // hop + 1
    for number in range(-(-n_frames // stretch)):
        first = minimum(number * stretch, n_frames - lanes)
        last = minimum(first + stretch, n_frames) - lanes  # where the last register begins; it overlaps the one before
        high = first * hop + n_loaded
        load_clips(clips, first * hop, high, tables, spaces.samples)
        for block in range(-(-(last + lanes - first) // lanes)):
            t = minimum(first + block * lanes, last)
            _transform(spaces, (t - first) * hop, t, tables, energy)
            _power(spaces.z, tables, spaces.power)
            if tables.spectrum_energy:
                _sum_power(spaces.power, tables, t, energy)
            if tables.filter_first.size > 0:
                _filter(spaces.power, tables, t, mel)
            else:
                _copy_power(spaces.power, tables, t, mel)
    check_ends(clips, high)


@inlined
def _transform(spaces, first, t, tables, energy):
    """The transforms of the frames from t on, which begin at samples[first]: dsp.fft.fft of the windowed frames.

    The transform is complex, of length n_fft / 2, on even samples + i odd samples, and stores X[k] at position
    tables.order[k]. The stages of Cooley and Tukey run in Gentleman and Sande's order: a block of r m elements becomes
    r blocks of m elements, in place. dsp.engine.plan.schedule lists the stages and their elements.
    """
    z, roots = spaces.z, tables.half_roots
    for step in range(tables.schedule.shape[0]):
        radix, start, size, length, p, stop = tables.schedule[step]
        if radix == 0:
            _load_frames(spaces.samples, first, tables, start, start + size, z)
            if not tables.plain_frames:
                store(energy, t, _prepare(z, tables))
        elif radix == 4 and length == 4:
            _last_radix4(z, start, size)
        elif radix == 4:
            _radix4(z, roots, start, size, length, p, stop)
        elif radix == 2:
            _radix2(z, roots, start, size, length, p, stop)
        else:
            _radix_r(z, spaces.butterfly, roots, radix, start, size, length, p, stop)


@inlined
def _load_frames(x, first, tables, start, stop, z):
    """Samples start .. stop - 1 of every frame times tables.load_factors: even as real, odd as imaginary parts."""
    lanes = width(z)
    inside = minimum(stop, tables.frame)
    for n in range(start, inside, lanes):
        transpose_frames(x, first + n, tables.hop, tables.load_factors, n, z)
    for n in range(maximum(start, inside), stop):
        store(z, n * lanes, splat(z, 0.0))


@inlined
def _prepare(z, tables):
    """The step `windowed` of dsp.mfcc.trace, in place: DC removal, pre-emphasis, window. Returns the raw energy.

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


@inlined
def _radix4(z, roots, start, size, block, p_start, p_stop):
    """Elements p, p + m, p + 2m, p + 3m of every block become their four-point transform times w^0, w^p, w^2p, w^3p."""
    n, m = roots.shape[1], block // 4
    for p in range(p_start, p_stop):
        k = p * (n // block)
        w1, w2, w3 = splat_complex(roots, k), splat_complex(roots, 2 * k), splat_complex(roots, 3 * k)
        for i in range(start + p, start + size, block):
            a, b = load_complex(z, i), load_complex(z, i + m)
            c, d = load_complex(z, i + 2 * m), load_complex(z, i + 3 * m)
            sum_ac, difference_ac = a + c, a - c
            sum_bd, difference_bd = b + d, times_minus_i(b - d)
            store_complex(z, i, sum_ac + sum_bd)
            store_complex(z, i + m, w1 * (difference_ac + difference_bd))
            store_complex(z, i + 2 * m, w2 * (sum_ac - sum_bd))
            store_complex(z, i + 3 * m, w3 * (difference_ac - difference_bd))


@inlined
def _last_radix4(z, start, size):
    """_radix4 on blocks of four elements, whose factors are all 1."""
    for i in range(start, start + size, 4):
        a, b, c, d = load_complex(z, i), load_complex(z, i + 1), load_complex(z, i + 2), load_complex(z, i + 3)
        sum_ac, difference_ac = a + c, a - c
        sum_bd, difference_bd = b + d, times_minus_i(b - d)
        store_complex(z, i, sum_ac + sum_bd)
        store_complex(z, i + 1, difference_ac + difference_bd)
        store_complex(z, i + 2, sum_ac - sum_bd)
        store_complex(z, i + 3, difference_ac - difference_bd)


@inlined
def _radix2(z, roots, start, size, block, p_start, p_stop):
    """Elements p and p + m of a block become their sum, and their difference times w^p."""
    n, m = roots.shape[1], block // 2
    for p in range(p_start, p_stop):
        w = splat_complex(roots, p * (n // block))
        for i in range(start + p, start + size, block):
            a, b = load_complex(z, i), load_complex(z, i + m)
            store_complex(z, i, a + b)
            store_complex(z, i + m, w * (a - b))


@inlined
def _radix_r(z, butterfly, roots, radix, start, size, block, p_start, p_stop):
    """Elements p, p + m, .. of a block become their transform of length `radix`, by definition, times w^0, w^p, .."""
    n, m = roots.shape[1], block // radix
    for p in range(p_start, p_stop):
        for i in range(start + p, start + size, block):
            for j in range(radix):
                store_complex(butterfly, j, load_complex(z, i + j * m))
            for k in range(radix):
                total = load_complex(butterfly, 0)
                for j in range(1, radix):
                    total = total + splat_complex(roots, j * k % radix * (n // radix)) * load_complex(butterfly, j)
                store_complex(z, i + k * m, splat_complex(roots, p * k * (n // block)) * total)


@inlined
def _power(z, tables, power):
    """|X|^2 or |X| from the half-length transform Z: dsp.fft._untangle, then dsp.mfcc.normalize_power.

    X[k] = E[k] + w^k O[k], and X[n_fft / 2 - k] is the conjugate of E[k] - w^k O[k], so two bins come at once. The
    window already contains the factor 1/2 of E = (Z[k] + conj Z[-k]) / 2 and O = -i (Z[k] - conj Z[-k]) / 2.
    """
    lanes, half = width(power), tables.n_fft // 2
    for k in range(half // 2 + 1):
        a, b = load_complex(z, tables.order[k]), conjugate(load_complex(z, tables.order[half - k]))
        even, odd = a + b, splat_complex(tables.roots, k) * times_minus_i(a - b)
        square = squared_magnitude(even + odd)
        store(power, k * lanes, sqrt(square) if tables.magnitude else square)
        square = squared_magnitude(even - odd)
        store(power, (half - k) * lanes, sqrt(square) if tables.magnitude else square)


@inlined
def _sum_power(power, tables, t, energy):
    """The energy of the spectrum, which python_speech_features takes for that of the frame."""
    lanes, total = width(power), load(power, 0)
    for k in range(1, tables.n_fft // 2 + 1):
        total = total + load(power, k * lanes)
    store(energy, t, total)


@inlined
def _copy_power(power, tables, t, mel):
    """mel[k, t] = power[k], where there are no filters."""
    lanes, n_frames = width(power), mel.shape[1]
    for k in range(tables.n_levels):
        store(mel, k * n_frames + t, load(power, k * lanes))


@inlined
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
