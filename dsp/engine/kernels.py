"""The compiled inner loops: from samples to mel levels, a register of frames at a time.

Each lane holds a frame: sample n of frames t, t+1, .. is one register, and two registers form a complex number for
each frame.

Every function here has the result of a few lines of the textbook lane, which its docstring names.
"""

from typing import NamedTuple

from dsp.engine.clips import ClipTable, check_ends, load_clips
from dsp.engine.codelets import butterfly, power_pair
from dsp.engine.compiling import inlined, kernel
from dsp.engine.complex_lanes import load_complex, multiply_add, splat_complex, store_complex, times_minus_i
from dsp.engine.lanes import fma, load, load_splat, maximum, minimum, splat, sqrt, store, width
from dsp.engine.plan import Tables
from dsp.engine.structures import FloatRows, Floats, structure
from dsp.engine.transpose import transpose_frames


class Workspaces(NamedTuple):
    """The arrays that mel_frames works in; `lanes` is the width of a register."""

    samples: Floats  # a stretch of the row of all clips
    z: FloatRows  # (n_fft + lanes, lanes), the transforms: the last register of samples may extend beyond the end
    power: FloatRows  # (n_fft / 2 + 1, lanes)


@kernel
def mel_frames(words_of_clips, like, words_of_tables, words_of_spaces, terms, mel, energy):
    """mel[m, t] and energy[t] of clips side by side: dsp.mfcc.trace from `signal` to `mel`.

    The words are a packed ClipTable with clips of the dtype of `like`, Tables and Workspaces. The row of all clips
    never exists as a whole: spaces.samples holds a stretch of it, small enough to stay in the cache between its two
    uses.

    None leaves steps out of the compiled form, a third of it: for `terms` if all radices are codelets, and for `energy`
    if the window is the only step before the transform and no energy is needed.
    """
    clips, tables = structure(words_of_clips, ClipTable, mel), structure(words_of_tables, Tables, mel)
    spaces = structure(words_of_spaces, Workspaces, mel)
    lanes, n_frames, hop, high = width(mel), mel.shape[1], tables.hop, 0
    stretch = minimum((spaces.samples.size - tables.load_factors.size) // hop + 1, n_frames)
    n_loaded = (stretch - 1) * hop + tables.load_factors.size
    for number in range(-(-n_frames // stretch)):
        first = minimum(number * stretch, n_frames - lanes)
        last = minimum(first + stretch, n_frames) - lanes  # where the last register begins; it overlaps the one before
        high = first * hop + n_loaded
        load_clips(clips, like, first * hop, high, tables, spaces.samples)
        for block in range(-(-(last + lanes - first) // lanes)):
            t = minimum(first + block * lanes, last)
            _transform(spaces, (t - first) * hop, t, tables, terms, energy)
            _power(spaces.z, tables, spaces.power)
            store_levels(spaces.power, tables, t, mel, energy)
    check_ends(clips, like, high)


@inlined
def _transform(spaces, first, t, tables, terms, energy):
    """The transforms of the frames from t on, which begin at samples[first]: dsp.fft.fft of the windowed frames.

    The transform is complex, of length n_fft / 2, on even samples + i odd samples, and stores X[k] at position
    tables.order[k]. The stages of Cooley and Tukey run in Gentleman and Sande's order: a block of r m elements becomes
    r blocks of m elements, in place. dsp.engine.plan.schedule lists the stages and their elements.
    """
    z, roots = spaces.z, tables.half_roots
    for step in range(tables.schedule.shape[0]):
        radix, start, size, length, p, stop = tables.schedule[step]
        if radix == 0:
            load_frames(spaces.samples, first, tables, start, start + size, z)
            if energy is not None:
                if not tables.plain_frames:
                    store(energy, t, prepare_frames(z, tables))
        elif radix <= 8 and radix != 7:
            stage(z, roots, radix, start, size, length, p, stop)
        elif terms is not None:
            stage_of_odd_radix(z, terms, roots, radix, start, size, length, p, stop)


@inlined
def load_frames(x, first, tables, start, stop, z):
    """Samples start .. stop - 1 of every frame times tables.load_factors: even as real, odd as imaginary parts."""
    lanes = width(z)
    inside = minimum(stop, tables.frame)
    for n in range(start, inside, lanes):
        transpose_frames(x, first + n, tables.hop, tables.load_factors, n, z)
    for n in range(maximum(start, inside), stop):
        store(z, n * lanes, splat(z, 0.0))


@inlined
def prepare_frames(z, tables):
    """The step `windowed` of dsp.mfcc.trace, in place: DC removal, pre-emphasis, window. Returns the raw energy.

    y[n] = x[n] - a x[n-1] and y[0] = b x[0] + c x[1], from the last sample to the first
    """
    lanes, frame, (a, b, c) = width(z), tables.frame, tables.frame_emphasis
    mean = _mean(z, tables) if tables.frame_dc else splat(z, 0.0)
    before, second = load(z, 0) - mean, load(z, lanes) - mean
    energy, other = before * before, splat(z, 0.0)
    store(z, 0, (b * before + c * second) * load_splat(tables.window, 0))
    for n in range(1, frame):
        x = load(z, n * lanes) - mean
        energy, other = other, fma(x, x, energy)  # two sums, so that neither waits for itself
        store(z, n * lanes, fma(before, -a, x) * load_splat(tables.window, n))
        before = x
    return energy + other


@inlined
def _mean(z, tables):
    """The mean of every frame. Zeros follow a frame, up to a whole register of samples."""
    lanes, a = width(z), splat(z, 0.0)
    b = c = d = a
    for n in range(0, tables.frame * lanes, 4 * lanes):
        a, b = a + load(z, n), b + load(z, n + lanes)
        c, d = c + load(z, n + 2 * lanes), d + load(z, n + 3 * lanes)
    return ((a + b) + (c + d)) / float(tables.frame)


@inlined
def stage(z, roots, radix, start, size, block, p_start, p_stop):
    """Elements p, p + m, .. of every block become their transform of length `radix`, times w^0, w^p, w^2p, .."""
    n, m = roots.shape[1], block // radix
    for p in range(p_start, p_stop):
        for i in range(start + p, start + size, block):
            butterfly(z, radix, i, m, roots, p * (n // block))


@inlined
def stage_of_odd_radix(z, terms, roots, radix, start, size, block, p_start, p_stop):
    """`stage` for any odd radix: two results share the sums and differences of opposite elements.

    X[k], X[r - k] = x[0] + sum_j (x[j] + x[r - j]) cos(2 pi j k / r) -+ i sum_j (x[j] - x[r - j]) sin(2 pi j k / r)
    """
    n, m, half = roots.shape[1], block // radix, radix // 2
    for p in range(p_start, p_stop):
        for i in range(start + p, start + size, block):
            first = total = load_complex(z, i)
            for j in range(1, half + 1):
                a, b = load_complex(z, i + j * m), load_complex(z, i + (radix - j) * m)
                store_complex(terms, 2 * j - 2, a + b)
                store_complex(terms, 2 * j - 1, times_minus_i(b - a))  # sines in `roots` are negative
                total = total + (a + b)
            store_complex(z, i, total)
            for k in range(1, half + 1):
                even, odd = _sum_terms(terms, roots, radix, k, first)
                store_complex(z, i + k * m, splat_complex(roots, p * k * (n // block)) * (even + odd))
                other = radix - k
                store_complex(z, i + other * m, splat_complex(roots, p * other * (n // block)) * (even - odd))


@inlined
def _sum_terms(terms, roots, radix, k, first):
    """The two sums of X[k] in `stage_of_odd_radix`."""
    n, step = roots.shape[1], k * (roots.shape[1] // radix)
    even, odd, index = first, first - first, 0
    for j in range(radix // 2):
        index += step
        index -= n if index >= n else 0
        even = multiply_add(load_splat(roots, index), load_complex(terms, 2 * j), even)
        odd = multiply_add(load_splat(roots, n + index), load_complex(terms, 2 * j + 1), odd)
    return even, odd


@inlined
def _power(z, tables, power):
    """|X|^2 or |X| from the half-length transform Z: dsp.fft._untangle, then dsp.mfcc.normalize_power.

    X[k] = E[k] + w^k O[k], and X[n_fft / 2 - k] is the conjugate of E[k] - w^k O[k], so two bins come at once. The
    window already contains the factor 1/2 of E = (Z[k] + conj Z[-k]) / 2 and O = -i (Z[k] - conj Z[-k]) / 2.
    """
    half = tables.n_fft // 2
    for k in range(half // 2 + 1):
        power_pair(z, tables.order[k], tables.order[half - k], tables.roots, k, power)
    if tables.magnitude:
        lanes = width(power)
        for k in range(half + 1):
            store(power, k * lanes, sqrt(load(power, k * lanes)))


@inlined
def store_levels(power, tables, t, mel, energy):
    """mel[:, t] and, where it is a sum of bins, energy[t] of the frames from t on."""
    if energy is not None:
        if tables.energy_before_root:
            _sum_power(power, tables, t, energy)
    if tables.root_floor.size > 0:
        _take_root(power, tables)
    if energy is not None:
        if tables.energy_weights.size > 0 and not tables.energy_before_root:
            _sum_power(power, tables, t, energy)
    if tables.used_bins.size > 0:
        _find_greatest(power, tables, t, mel)
    if tables.filter_first.size > 0:
        _filter(power, tables, t, mel)
    else:
        _copy_power(power, tables, t, mel)


@inlined
def _sum_power(power, tables, t, energy):
    """energy[t] = sum_k weights[k] power[k]: that of the spectrum or, by Parseval's theorem, of the windowed frame."""
    lanes, total = width(power), splat(power, 0.0)
    for k in range(tables.energy_weights.size):
        total = fma(load_splat(tables.energy_weights, k), load(power, k * lanes), total)
    store(energy, t, total)


@inlined
def _take_root(power, tables):
    """dsp.mfcc.root, in place: sqrt(power + floor), or of the greater of the two."""
    lanes = width(power)
    for k in range(tables.root_floor.size):
        x, floor = load(power, k * lanes), load_splat(tables.root_floor, k)
        store(power, k * lanes, sqrt(x + floor if tables.root_adds else maximum(x, floor)))


@inlined
def _find_greatest(power, tables, t, mel):
    """The greatest bin of every frame among those that the filters use, in the row after the levels."""
    lanes, greatest = width(power), splat(power, 0.0)
    for k in range(tables.used_bins.size):
        greatest = maximum(greatest, load_splat(tables.used_bins, k) * load(power, k * lanes))
    store(mel, tables.n_levels * mel.shape[1] + t, greatest)


@inlined
def _copy_power(power, tables, t, mel):
    """mel[k, t] = gain[k] power[k], where there are no filters."""
    lanes, n_frames = width(power), mel.shape[1]
    for k in range(tables.n_levels):
        store(mel, k * n_frames + t, load_splat(tables.bin_gain, k) * load(power, k * lanes))


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
