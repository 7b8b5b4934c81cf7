"""One stage of a transform on registers: Gentleman and Sande's order, in place.

An array z of complex registers holds blocks of `block` = r m elements. A stage of radix r replaces the elements p,
p + m, p + 2m, .. of every block by their r-point transform, times w^0, w^p, w^2p, .. with w = exp(-2 pi i / block).
This leaves r blocks of m elements, whose transforms are the bins 0, 1, .. r - 1 modulo r of the block's. After the last
stage bin k lies at position dsp.engine.transform_tables.positions(radices)[k].

The textbook reading is dsp.cooley_tukey._radix4 and _radix_r. Checked: tests/test_fast_transforms_equal_textbook.py
"""

from dsp.engine.compiling import inlined, inner
from dsp.engine.complex_lanes import (
    complex_of,
    imaginary_part,
    load_complex,
    real_part,
    scale,
    splat_complex,
    store_complex,
    times_minus_i,
)
from dsp.engine.lanes import fma, load, load_splat, splat, store, width


@inner
def transform_in_place(z, start, stop, radices, roots, spare):
    """The transform of every block of elements start .. stop - 1, as long as the product of the radices.

    roots: of unity, of a multiple of that length. The elements from z[spare] on are lost.
    """
    block = 1
    for radix in radices:
        block *= radix
    for radix in radices:
        if radix == 4:
            _radix4(z, start, stop, roots, block)
        elif radix == 2:
            _radix2(z, start, stop, roots, block)
        elif radix == 3:
            _radix3(z, start, stop, roots, block)
        elif radix == 5:
            _radix5(z, start, stop, roots, block)
        else:
            _odd_radix(z, start, stop, roots, block, radix, spare)
        block //= radix


@inlined
def _radix4(z, start, stop, roots, block):
    """A four-point transform needs only additions and a factor -i."""
    n, m = roots.size // 2, block // 4
    for p in range(m):
        k = p * (n // block)
        w1, w2, w3 = splat_complex(roots, k), splat_complex(roots, 2 * k), splat_complex(roots, 3 * k)
        for i in range(start + p, stop, block):
            a, b = load_complex(z, i), load_complex(z, i + m)
            c, d = load_complex(z, i + 2 * m), load_complex(z, i + 3 * m)
            sum_ac, difference_ac = a + c, a - c
            sum_bd, difference_bd = b + d, times_minus_i(b - d)
            store_complex(z, i, sum_ac + sum_bd)
            if p == 0:
                store_complex(z, i + m, difference_ac + difference_bd)
                store_complex(z, i + 2 * m, sum_ac - sum_bd)
                store_complex(z, i + 3 * m, difference_ac - difference_bd)
            else:
                store_complex(z, i + m, w1 * (difference_ac + difference_bd))
                store_complex(z, i + 2 * m, w2 * (sum_ac - sum_bd))
                store_complex(z, i + 3 * m, w3 * (difference_ac - difference_bd))


@inlined
def _radix2(z, start, stop, roots, block):
    """The sum of two elements, and their difference times w^p."""
    n, m = roots.size // 2, block // 2
    for p in range(m):
        w = splat_complex(roots, p * (n // block))
        for i in range(start + p, stop, block):
            a, b = load_complex(z, i), load_complex(z, i + m)
            store_complex(z, i, a + b)
            store_complex(z, i + m, w * (a - b))


@inlined
def _radix3(z, start, stop, roots, block):
    """a + b + c, and a - (b + c) / 2 -+ i sin(2 pi / 3) (b - c)."""
    n, m = roots.size // 2, block // 3
    cosine, sine = roots[n // 3], -roots[n + n // 3]
    for p in range(m):
        k = p * (n // block)
        w1, w2 = splat_complex(roots, k), splat_complex(roots, 2 * k)
        for i in range(start + p, stop, block):
            a, b, c = load_complex(z, i), load_complex(z, i + m), load_complex(z, i + 2 * m)
            total, rotated = b + c, scale(times_minus_i(b - c), sine)
            middle = a + scale(total, cosine)
            store_complex(z, i, a + total)
            store_complex(z, i + m, w1 * (middle + rotated))
            store_complex(z, i + 2 * m, w2 * (middle - rotated))


@inlined
def _radix5(z, start, stop, roots, block):
    """Sums of opposite elements share the cosines of 72 and 144 degrees, their differences the sines."""
    n, m = roots.size // 2, block // 5
    cosine_1, sine_1 = roots[n // 5], -roots[n + n // 5]
    cosine_2, sine_2 = roots[2 * (n // 5)], -roots[n + 2 * (n // 5)]
    for p in range(m):
        k = p * (n // block)
        w1, w2 = splat_complex(roots, k), splat_complex(roots, 2 * k)
        w3, w4 = splat_complex(roots, 3 * k), splat_complex(roots, 4 * k)
        for i in range(start + p, stop, block):
            a, b, c = load_complex(z, i), load_complex(z, i + m), load_complex(z, i + 2 * m)
            d, e = load_complex(z, i + 3 * m), load_complex(z, i + 4 * m)
            outer, outer_difference = b + e, times_minus_i(b - e)
            near, near_difference = c + d, times_minus_i(c - d)
            store_complex(z, i, a + outer + near)
            middle = a + scale(outer, cosine_1) + scale(near, cosine_2)
            rotated = scale(outer_difference, sine_1) + scale(near_difference, sine_2)
            store_complex(z, i + m, w1 * (middle + rotated))
            store_complex(z, i + 4 * m, w4 * (middle - rotated))
            middle = a + scale(outer, cosine_2) + scale(near, cosine_1)
            rotated = scale(outer_difference, sine_2) - scale(near_difference, sine_1)
            store_complex(z, i + 2 * m, w2 * (middle + rotated))
            store_complex(z, i + 3 * m, w3 * (middle - rotated))


@inlined
def _odd_radix(z, start, stop, roots, block, radix, spare):
    """Any odd radix: X[k] and X[r - k] = x[0] + sum_j (x[j] + x[r-j]) cos(..) -+ i sum_j (x[j] - x[r-j]) sin(..)."""
    lanes, n, m, half = width(z), roots.size // 2, block // radix, radix // 2
    for p in range(m):
        for i in range(start + p, stop, block):
            first = total = load_complex(z, i)
            for j in range(1, half + 1):
                a, b = load_complex(z, i + j * m), load_complex(z, i + (radix - j) * m)
                total = total + (a + b)
                store_complex(z, spare + 2 * j, a + b)
                store_complex(z, spare + 2 * j + 1, a - b)
            store_complex(z, i, total)
            for k in range(1, half + 1):
                sum_re, sum_im = real_part(first), imaginary_part(first)
                difference_re = difference_im = splat(z, 0.0)
                index = 0
                for j in range(1, half + 1):
                    index += k
                    if index >= radix:
                        index -= radix
                    at = 2 * lanes * (spare + 2 * j)
                    cosine = load_splat(roots, index * (n // radix))
                    minus_sine = load_splat(roots, n + index * (n // radix))
                    sum_re, sum_im = fma(cosine, load(z, at), sum_re), fma(cosine, load(z, at + lanes), sum_im)
                    difference_re = fma(minus_sine, load(z, at + 2 * lanes), difference_re)
                    difference_im = fma(minus_sine, load(z, at + 3 * lanes), difference_im)
                middle = complex_of(sum_re, sum_im)
                rotated = times_minus_i(complex_of(difference_re, difference_im))
                w = p * k * (n // block)
                store_complex(z, i + k * m, splat_complex(roots, w) * (middle - rotated))
                w = p * (radix - k) * (n // block)
                store_complex(z, i + (radix - k) * m, splat_complex(roots, w) * (middle + rotated))


@inlined
def real_stage(z, x, radix, roots, spare):
    """`_odd_radix` as the first stage for n real registers from float z[x] on.

    Only the blocks 0 .. r // 2 of the result are computed: the transforms of the others are conjugates of theirs.
    """
    lanes, n, half = width(z), roots.size // 2, radix // 2
    m, pairs = n // radix, 2 * lanes * spare
    for p in range(m):
        first = total = load(z, x + lanes * p)
        for j in range(1, half + 1):
            a, b = load(z, x + lanes * (p + j * m)), load(z, x + lanes * (p + (radix - j) * m))
            total = total + (a + b)
            store(z, pairs + 2 * lanes * j, a + b)
            store(z, pairs + 2 * lanes * j + lanes, a - b)
        store_complex(z, p, complex_of(total, splat(z, 0.0)))
        for k in range(1, half + 1):
            re, im, index = first, splat(z, 0.0), 0
            for j in range(1, half + 1):
                index += k
                if index >= radix:
                    index -= radix
                re = fma(load_splat(roots, index * m), load(z, pairs + 2 * lanes * j), re)
                im = fma(load_splat(roots, n + index * m), load(z, pairs + 2 * lanes * j + lanes), im)
            store_complex(z, k * m + p, splat_complex(roots, p * k) * complex_of(re, im))
