"""`fft`, `rfft` and their inverses in SIMD registers. Read dsp/fft.py and dsp/cooley_tukey.py first.

A row of n = n1 n2 numbers is taken as a matrix of n1 rows and n2 columns (Bailey's four steps): a transform of every
column, a factor for every element, and a transform of every row. Eight columns, later eight rows, share a register, so
that both transforms need no shuffles; between them squares of eight by eight are transposed.

    X[k1 + n1 k2] = sum_j2 w2^(j2 k2) w^(j2 k1) sum_j1 w1^(j1 k1) x[n2 j1 + j2]

Where n is no multiple of eight the last register overlaps the one before. Complex numbers lie in memory as NumPy stores
them, as pairs of floats; x and X below are flat arrays of them, i and o the first float of a row.

Checked: tests/test_fast_transforms_equal_textbook.py
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsp.engine.butterflies import transform_in_place
from dsp.engine.compiling import inlined, inner, kernel
from dsp.engine.complex_lanes import (
    complex_of,
    conjugate,
    load_complex,
    load_pairs,
    real_part,
    reverse_lanes,
    scale,
    splat_complex,
    store_complex,
    store_pairs,
    swap_parts,
    times_minus_i,
)
from dsp.engine.lanes import load, minimum, splat, store
from dsp.engine.row_transforms import transform_rows
from dsp.engine.transform_tables import COMPLEX, EVEN, LANES, ODD, SPARE, Plan, make_plan, unpack
from dsp.engine.transpose import transpose
from dsp.engine.workspaces import scratch

PAIRS = 2 * LANES  # floats of a register of complex numbers


def fft(x: NDArray[Any], inverse: bool = False) -> NDArray[np.complex128] | None:
    """dsp.cooley_tukey.fft_by_factors of the last axis, or its inverse; None for fewer than eight points."""
    n = x.shape[-1]
    plan = make_plan(n, COMPLEX, x.size >= LANES * n)
    return plan and _run(x, np.complex128, x.shape, np.complex128, plan, COMPLEX, inverse)


def rfft(x: NDArray[Any]) -> NDArray[np.complex128] | None:
    """dsp.fft.rfft_by_halves of the last axis; None for fewer than eight points."""
    n = x.shape[-1]
    kind = ODD if n % 2 else EVEN
    plan = make_plan(n, kind, x.size >= LANES * n)
    return plan and _run(x, np.float64, (*x.shape[:-1], n // 2 + 1), np.complex128, plan, kind, False)


def irfft(X: NDArray[Any], n: int) -> NDArray[np.float64] | None:
    """dsp.fft.irfft_by_symmetry of the last axis, n // 2 + 1 bins; None for fewer than eight points."""
    kind = ODD if n % 2 else EVEN
    plan = make_plan(n, kind, X.size >= LANES * X.shape[-1])
    return plan and _run(X, np.complex128, (*X.shape[:-1], n), np.float64, plan, kind, True)


def _run(x: np.ndarray, dtype: type, shape: tuple, result_dtype: type, plan: Plan, kind: int, inverse: bool):
    """The result of a plan for an array of any dtype and memory order. Numba compiles again for read-only arrays."""
    n_rows = x.size // x.shape[-1]
    if plan.in_lanes and n_rows < LANES:
        padded = np.zeros((LANES, x.shape[-1]), dtype)
        padded[:n_rows] = x.reshape(n_rows, -1)
        X = _run(padded, dtype, (LANES, shape[-1]), result_dtype, plan, kind, inverse)
        return X[:n_rows].reshape(shape)
    if x.dtype != dtype or not x.flags.carray:
        x = np.array(x, dtype, order="C")
    X = np.empty(shape, result_dtype)
    work = scratch(plan.work) if plan.uses_scratch else np.empty(plan.work)
    kernel = transform_rows if plan.in_lanes else transform
    kernel(x.ravel().view(np.float64), X.ravel().view(np.float64), plan.integers, plan.floats, work, kind, inverse)
    return X


@kernel
def transform(x, X, integers, floats, work, kind, inverse):
    """Every row of x, of the kind named, by a plan."""
    tables = unpack(integers, floats)
    if kind == COMPLEX:
        factor = 1.0 / tables.n if inverse else 1.0
        for i in range(0, x.size, 2 * tables.n):
            _transform(x, i, X, i, tables, work, inverse, factor)
    elif kind == EVEN:
        if inverse:
            _invert_halves(x, X, tables, work, inverse)
        else:
            _transform_halves(x, X, tables, work, inverse)
    elif inverse:
        _invert_odd(x, X, tables, work, inverse)
    else:
        _transform_odd(x, X, tables, work, inverse)


@inner
def _transform(x, i, X, o, tables, work, inverse, factor):
    """One row times factor: by rows and columns, or by a chirp. X may be x, or either of them work."""
    if tables.chirp.size == 0:
        _rows_and_columns(x, i, X, o, tables, work, inverse, factor)
    else:
        _chirp(x, i, X, o, tables, work, inverse, factor)


@inner
def _rows_and_columns(x, i, X, o, tables, work, inverse, factor):
    """The four steps. The inverse exchanges real and imaginary parts before and after."""
    n1, n2 = tables.n1, tables.n2
    column = (n1 + LANES - 1) // LANES * n2  # the squares come first
    spare = column + n1
    for block in range((n2 + LANES - 1) // LANES):
        c = minimum(block * LANES, n2 - LANES)
        for j in range(n1):
            z = load_pairs(x, i + 2 * (j * n2 + c))
            store_complex(work, column + j, swap_parts(z) if inverse else z)
        transform_in_place(work, column, spare, tables.radices1, tables.roots1, spare)
        for strip in range((n1 + LANES - 1) // LANES):
            k = minimum(strip * LANES, n1 - LANES)
            for lane in range(LANES):
                twiddle = load_complex(tables.lane_twiddles, k + lane)
                twiddle = twiddle * splat_complex(tables.block_twiddles, block * n1 + k + lane)
                store_complex(work, spare + lane, twiddle * load_complex(work, column + tables.positions1[k + lane]))
            to = PAIRS * (strip * n2 + c)
            transpose(work, PAIRS * spare, PAIRS, work, to, PAIRS)
            transpose(work, PAIRS * spare + LANES, PAIRS, work, to + LANES, PAIRS)
    for strip in range((n1 + LANES - 1) // LANES):
        k = minimum(strip * LANES, n1 - LANES)
        row = strip * n2
        transform_in_place(work, row, row + n2, tables.radices2, tables.roots2, spare)
        for j in range(n2):
            z = scale(load_complex(work, row + tables.positions2[j]), factor)
            store_pairs(X, o + 2 * (k + n1 * j), swap_parts(z) if inverse else z)


@inlined
def _chirp(x, i, X, o, tables, work, inverse, factor):
    """dsp.cooley_tukey.chirp_fft: a product with the chirp, a convolution with its conjugate, and a second product."""
    n, product = tables.n, _size_of_registers(tables)
    for block in range((n + LANES - 1) // LANES):
        at = 2 * minimum(block * LANES, n - LANES)
        z = load_pairs(x, i + at)
        store_pairs(work, product + at, load_pairs(tables.chirp, at) * (swap_parts(z) if inverse else z))
    for at in range(product + 2 * n, product + tables.chirp_filter.size):
        work[at] = 0.0
    for backward in range(2):
        _rows_and_columns(work, product, work, product, tables, work, backward > 0, 1.0)
        if backward == 0:
            for at in range(0, tables.chirp_filter.size, PAIRS):
                z = load_pairs(tables.chirp_filter, at) * load_pairs(work, product + at)
                store_pairs(work, product + at, z)
    for block in range((n + LANES - 1) // LANES):
        at = 2 * minimum(block * LANES, n - LANES)
        z = scale(load_pairs(tables.chirp, at) * load_pairs(work, product + at), factor)
        store_pairs(X, o + at, swap_parts(z) if inverse else z)


@inlined
def _size_of_registers(tables):
    """Floats of the workspace that `_rows_and_columns` uses."""
    return PAIRS * (tables.n1 + SPARE + (tables.n1 + LANES - 1) // LANES * tables.n2)


@inlined
def _transform_halves(x, X, tables, work, inverse):
    """dsp.fft.rfft of rows with an even number of samples: dsp.fft._untangle of the half-length transform."""
    half = tables.n
    Z = _size_of_registers(tables) + tables.chirp_filter.size
    for row in range(x.size // (2 * half)):
        o = 2 * (half + 1) * row
        _transform(x, 2 * half * row, work, Z, tables, work, inverse, 1.0)
        X[o], X[o + 1] = work[Z] + work[Z + 1], 0.0
        X[o + 2 * half], X[o + 2 * half + 1] = work[Z] - work[Z + 1], 0.0
        for k in range(1, half // 2 + 1, LANES):
            low, high = 2 * k, 2 * (half - k - LANES + 1)
            a, b = load_pairs(work, Z + low), conjugate(reverse_lanes(load_pairs(work, Z + high)))
            w = complex_of(load(tables.real_roots, k), load(tables.real_roots, half + 1 + k))
            even, odd = scale(a + b, 0.5), w * scale(times_minus_i(a - b), 0.5)
            store_pairs(X, o + low, even + odd)
            store_pairs(X, o + high, reverse_lanes(conjugate(even - odd)))


@inlined
def _invert_halves(X, x, tables, work, inverse):
    """dsp.fft.irfft to rows with an even number of samples: `transform_halves` backward."""
    half = tables.n
    Z = _size_of_registers(tables) + tables.chirp_filter.size
    for row in range(x.size // (2 * half)):
        i = 2 * (half + 1) * row
        work[Z], work[Z + 1] = 0.5 * (X[i] + X[i + 2 * half]), 0.5 * (X[i] - X[i + 2 * half])
        for k in range(1, half // 2 + 1, LANES):
            low, high = 2 * k, 2 * (half - k - LANES + 1)
            a, b = load_pairs(X, i + low), conjugate(reverse_lanes(load_pairs(X, i + high)))
            w = complex_of(load(tables.real_roots, k), load(tables.real_roots, half + 1 + k))
            even, odd = scale(a + b, 0.5), times_minus_i(conjugate(w) * scale(a - b, 0.5))
            store_pairs(work, Z + low, even - odd)
            store_pairs(work, Z + high, reverse_lanes(conjugate(even + odd)))
        _transform(work, Z, x, 2 * half * row, tables, work, inverse, 1.0 / half)


@inlined
def _transform_odd(x, X, tables, work, inverse):
    """dsp.fft.rfft of rows with an odd number of samples, as complex numbers."""
    n, n_bins = tables.n, tables.n // 2 + 1
    Z = _size_of_registers(tables) + tables.chirp_filter.size
    for row in range(x.size // n):
        for block in range((n + LANES - 1) // LANES):
            j = minimum(block * LANES, n - LANES)
            store_pairs(work, Z + 2 * j, complex_of(load(x, row * n + j), splat(x, 0.0)))
        _transform(work, Z, work, Z, tables, work, inverse, 1.0)
        for block in range((2 * n_bins + LANES - 1) // LANES):
            k = minimum(block * LANES, 2 * n_bins - LANES)
            store(X, 2 * n_bins * row + k, load(work, Z + k))


@inlined
def _invert_odd(X, x, tables, work, inverse):
    """dsp.fft.irfft to rows with an odd number of samples, by the symmetric spectrum."""
    n, n_bins = tables.n, tables.n // 2 + 1
    Z = _size_of_registers(tables) + tables.chirp_filter.size
    for row in range(x.size // n):
        i = 2 * n_bins * row
        work[Z], work[Z + 1] = X[i], 0.0
        for block in range((n // 2 + LANES - 1) // LANES):
            k = minimum(1 + block * LANES, n_bins - LANES)
            z = load_pairs(X, i + 2 * k)
            store_pairs(work, Z + 2 * k, z)
            store_pairs(work, Z + 2 * (n - k - LANES + 1), reverse_lanes(conjugate(z)))
        _transform(work, Z, work, Z, tables, work, inverse, 1.0 / n)
        for block in range((n + LANES - 1) // LANES):
            j = minimum(block * LANES, n - LANES)
            store(x, row * n + j, real_part(load_pairs(work, Z + 2 * j)))
