"""`fft`, `rfft` and their inverses of eight rows at once, each in a lane of the registers.

The transform itself needs no shuffles, no second factors, and no n1 and n2 of at least eight: it suits many short rows.
Squares of eight by eight numbers are transposed on the way in and out. The last eight rows, and the last square of a
row, overlap those before them. dsp/engine/transforms.py tells how complex numbers lie in memory.

Checked: tests/test_fast_transforms_equal_textbook.py
"""

from dsp.engine.butterflies import real_stage, transform_in_place
from dsp.engine.compiling import inlined, kernel
from dsp.engine.complex_lanes import (
    complex_of,
    conjugate,
    imaginary_part,
    load_complex,
    real_part,
    scale,
    splat_complex,
    store_complex,
    times_minus_i,
)
from dsp.engine.lanes import minimum, store
from dsp.engine.transform_tables import COMPLEX, EVEN, LANES, ODD, SPARE, unpack
from dsp.engine.transpose import transpose

QUAD = LANES // 2  # complex numbers in eight floats


@kernel
def transform_rows(x, X, integers, floats, work, kind, inverse):
    """Every row of x, of the kind named, by a plan with n2 = 1; at least eight rows of at least eight floats."""
    tables = unpack(integers, floats)
    n = tables.n
    whole, half = 2 * n if kind != ODD else n, 2 * (n + 1) if kind == EVEN else n + 1
    n_in = whole if kind == COMPLEX or not inverse else half
    n_out = whole if kind == COMPLEX or inverse else half
    n_rows = x.size // n_in
    for block in range((n_rows + LANES - 1) // LANES):
        row = minimum(block * LANES, n_rows - LANES)
        if kind == ODD:
            samples = 2 * LANES * (n + 1 + SPARE)
            _load_rows(x, row * n_in, n_in, work, 0 if inverse else samples)
            if inverse:
                _fold(n, work, samples)
            real_stage(work, samples, tables.radices1[0], tables.roots1, n + 1)
            m = n // tables.radices1[0]
            transform_in_place(work, 0, n // 2 + (m + 1) // 2, tables.radices1[1:], tables.roots1, n + 1)
            if inverse:
                _store_samples(tables, work, X, row * n_out, n_out)
            else:
                _store_odd_bins(tables, work, X, row * n_out, n_out)
            continue
        _load_rows(x, row * n_in, n_in, work, 0)
        if kind == EVEN and inverse:
            _tangle(tables, work)
        transform_in_place(work, 0, n, tables.radices1, tables.roots1, n + 1)
        if kind == EVEN and not inverse:
            _untangle(tables, work, X, row * n_out, n_out)
        else:
            _store_bins(tables, work, X, row * n_out, n_out, inverse)


@inlined
def _load_rows(x, start, size, work, to):
    """Eight rows of `size` floats: one register for each column, from float work[to] on."""
    for block in range((size + LANES - 1) // LANES):
        j = minimum(block * LANES, size - LANES)
        transpose(x, start + j, size, work, to + j * LANES, LANES)


@inlined
def _store_bins(tables, work, X, start, size, inverse):
    """All bins, or bins 0, n - 1, .. over n: the inverse transform is the transform backward."""
    n, spare = tables.n, tables.n + 1
    factor = 1.0 / n if inverse else 1.0
    for block in range((n + QUAD - 1) // QUAD):
        k = minimum(block * QUAD, n - QUAD)
        for i in range(QUAD):
            index = k + i
            if inverse and index > 0:
                index = n - index
            store_complex(work, spare + i, scale(load_complex(work, tables.positions1[index]), factor))
        transpose(work, 2 * LANES * spare, LANES, X, start + 2 * k, size)


@inlined
def _load_bin(tables, work, k):
    """Bin k of real samples, after `real_stage` and the stages that follow it."""
    if k % tables.radices1[0] > tables.radices1[0] // 2:
        return conjugate(load_complex(work, tables.positions1[tables.n - k]))
    return load_complex(work, tables.positions1[k])


@inlined
def _store_odd_bins(tables, work, X, start, size):
    """The bins 0 .. n // 2 of an odd number of real samples."""
    n_bins, spare = tables.n // 2 + 1, tables.n + 1
    for block in range((n_bins + QUAD - 1) // QUAD):
        k = minimum(block * QUAD, n_bins - QUAD)
        for i in range(QUAD):
            store_complex(work, spare + i, _load_bin(tables, work, k + i))
        transpose(work, 2 * LANES * spare, LANES, X, start + 2 * k, size)


@inlined
def _fold(n, work, samples):
    """h of n // 2 + 1 bins, see `_store_samples`: h[k] = Re X[k] + Im X[k], h[n - k] = Re X[k] - Im X[k]."""
    store(work, samples, real_part(load_complex(work, 0)))
    for k in range(1, n // 2 + 1):
        re, im = real_part(load_complex(work, k)), imaginary_part(load_complex(work, k))
        store(work, samples + LANES * k, re + im)
        store(work, samples + LANES * (n - k), re - im)


@inlined
def _store_samples(tables, work, x, start, size):
    """(Re H[j] + Im H[j]) / n, H the transform of the real h of `_fold`: Hartley's transform is its own inverse.

    x[j] = 1/n sum_k Re X[k] cos(2 pi j k / n) - Im X[k] sin(2 pi j k / n), the real parts being even and the imaginary
    parts odd in k
    """
    n, spare = tables.n, 2 * LANES * (tables.n + 1)
    for block in range((n + LANES - 1) // LANES):
        j = minimum(block * LANES, n - LANES)
        for i in range(LANES):
            z = _load_bin(tables, work, j + i)
            store(work, spare + i * LANES, (real_part(z) + imaginary_part(z)) * (1.0 / n))
        transpose(work, spare, LANES, x, start + j, size)


@inlined
def _untangle(tables, work, X, start, size):
    """dsp.fft._untangle: four bins from each end at a time."""
    n, spare = tables.n, tables.n + 1
    for block in range(n // 2 // QUAD + 1):
        for i in range(QUAD):
            k = block * QUAD + i
            a = load_complex(work, tables.positions1[k])
            b = conjugate(load_complex(work, tables.positions1[n - k if k > 0 else 0]))
            even = scale(a + b, 0.5)
            odd = splat_complex(tables.real_roots, k) * scale(times_minus_i(a - b), 0.5)
            store_complex(work, spare + i, even + odd)
            store_complex(work, spare + 2 * QUAD - 1 - i, conjugate(even - odd))
        transpose(work, 2 * LANES * spare, LANES, X, start + 2 * block * QUAD, size)
        to = start + 2 * (n - (block + 1) * QUAD + 1)
        transpose(work, 2 * LANES * (spare + QUAD), LANES, X, to, size)


@inlined
def _tangle(tables, work):
    """Bins k and n - k of a real signal become those of its even samples + i odd samples, in place."""
    n = tables.n
    first, last = real_part(load_complex(work, 0)), real_part(load_complex(work, n))
    store_complex(work, 0, scale(complex_of(first + last, first - last), 0.5))
    for k in range(1, n // 2 + 1):
        a, b = load_complex(work, k), conjugate(load_complex(work, n - k))
        even = scale(a + b, 0.5)
        odd = times_minus_i(conjugate(splat_complex(tables.real_roots, k)) * scale(a - b, 0.5))
        store_complex(work, k, even - odd)
        store_complex(work, n - k, conjugate(even + odd))
