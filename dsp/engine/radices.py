"""Eight complex transforms at once, one in each lane, by Cooley and Tukey's stages of radix 2 to 8, in place.

A register pair z[n] holds element n of eight sequences. A stage of radix r turns every block of r m elements into r
blocks of m elements (Gentleman and Sande's order); bin k of the transform is left at position
dsp.engine.transform_tables.positions(radices)[k]. The blocks come one after the other, which suits the long transforms
of the resampler better than the order in butterflies.py.

Checked: tests/test_fast_resampling_equals_its_definition.py
"""

import math

from dsp.engine.compiling import inlined, inner
from dsp.engine.complex_lanes import load_complex, scale, splat_complex, store_complex, times_minus_i

SQRT_HALF = math.sqrt(0.5)
SIN_60 = math.sqrt(3) / 2
COS_72, COS_144 = (math.sqrt(5) - 1) / 4, -(math.sqrt(5) + 1) / 4
SIN_72, SIN_144 = math.sin(2 * math.pi / 5), math.sin(4 * math.pi / 5)
COS_1, COS_2, COS_3 = (math.cos(2 * math.pi * k / 7) for k in (1, 2, 3))
SIN_1, SIN_2, SIN_3 = (math.sin(2 * math.pi * k / 7) for k in (1, 2, 3))


def radices_of(n: int) -> tuple[int, ...]:
    """The radices whose product is n, as few as possible; empty if n has a prime factor above 7, or is 1."""
    twos = (n & -n).bit_length() - 1
    rest, radices = n >> twos, []
    for radix in (7, 5, 3):
        while rest % radix == 0:
            radices.append(radix)
            rest //= radix
    eights, left = divmod(twos, 3)
    if left == 1 and eights:  # 16 = 4 4 takes less than 8 2
        eights, left = eights - 1, 4
    radices += [8] * eights + {0: [], 1: [2], 2: [4], 4: [4, 4]}[left]
    return tuple(radices) if rest == 1 else ()


@inner
def transform(z, radices, roots):
    """Eight transforms of as many elements as `roots` has columns: dsp.cooley_tukey.fft_rows, in place."""
    block = roots.shape[1]
    for radix in radices:
        _stage(z, roots, radix, block)
        block //= radix


@inner
def _stage(z, roots, radix, block):
    if radix == 4 and block == 4:
        _last_radix4(z, roots.shape[1])
    elif radix == 4:
        _radix4(z, roots, block)
    elif radix == 8:
        _radix8(z, roots, block)
    elif radix == 2:
        _radix2(z, roots, block)
    elif radix == 3:
        _radix3(z, roots, block)
    elif radix == 5:
        _radix5(z, roots, block)
    else:
        _radix7(z, roots, block)


@inner
def _last_radix4(z, n):
    """_radix4 on blocks of four elements, whose factors are all 1."""
    for i in range(0, n, 4):
        a, b, c, d = load_complex(z, i), load_complex(z, i + 1), load_complex(z, i + 2), load_complex(z, i + 3)
        sum_ac, difference_ac = a + c, a - c
        sum_bd, difference_bd = b + d, times_minus_i(b - d)
        store_complex(z, i, sum_ac + sum_bd)
        store_complex(z, i + 1, difference_ac + difference_bd)
        store_complex(z, i + 2, sum_ac - sum_bd)
        store_complex(z, i + 3, difference_ac - difference_bd)


@inner
def _radix2(z, roots, block):
    """Elements p and p + m of every block become their sum, and their difference times w^p."""
    n, m = roots.shape[1], block // 2
    for start in range(0, n, block):
        for p in range(m):
            i = start + p
            k = p * (n // block)
            w = splat_complex(roots, k)
            a, b = load_complex(z, i), load_complex(z, i + m)
            store_complex(z, i, a + b)
            store_complex(z, i + m, w * (a - b))


@inner
def _radix3(z, roots, block):
    """Elements p, p + m, p + 2m become their transform times w^0, w^p, w^2p."""
    n, m = roots.shape[1], block // 3
    for start in range(0, n, block):
        for p in range(m):
            i = start + p
            k = p * (n // block)
            w1, w2 = splat_complex(roots, k), splat_complex(roots, 2 * k)
            a, b, c = load_complex(z, i), load_complex(z, i + m), load_complex(z, i + 2 * m)
            sum_bc, rotated = b + c, scale(times_minus_i(b - c), SIN_60)
            middle = a - scale(sum_bc, 0.5)
            store_complex(z, i, a + sum_bc)
            store_complex(z, i + m, w1 * (middle + rotated))
            store_complex(z, i + 2 * m, w2 * (middle - rotated))


@inner
def _radix4(z, roots, block):
    """Elements p, p + m, p + 2m, p + 3m become their transform times w^0, w^p, w^2p, w^3p."""
    n, m = roots.shape[1], block // 4
    for start in range(0, n, block):
        for p in range(m):
            i = start + p
            k = p * (n // block)
            w1, w2, w3 = splat_complex(roots, k), splat_complex(roots, 2 * k), splat_complex(roots, 3 * k)
            a, b = load_complex(z, i), load_complex(z, i + m)
            c, d = load_complex(z, i + 2 * m), load_complex(z, i + 3 * m)
            sum_ac, difference_ac = a + c, a - c
            sum_bd, difference_bd = b + d, times_minus_i(b - d)
            store_complex(z, i, sum_ac + sum_bd)
            store_complex(z, i + m, w1 * (difference_ac + difference_bd))
            store_complex(z, i + 2 * m, w2 * (sum_ac - sum_bd))
            store_complex(z, i + 3 * m, w3 * (difference_ac - difference_bd))


@inner
def _radix5(z, roots, block):
    """The transform of five elements: the cosines act on the sums of mirrored elements, the sines on differences."""
    n, m = roots.shape[1], block // 5
    for start in range(0, n, block):
        for p in range(m):
            i = start + p
            k = p * (n // block)
            w1, w2 = splat_complex(roots, k), splat_complex(roots, 2 * k)
            w3, w4 = splat_complex(roots, 3 * k), splat_complex(roots, 4 * k)
            a, b, c = load_complex(z, i), load_complex(z, i + m), load_complex(z, i + 2 * m)
            d, e = load_complex(z, i + 3 * m), load_complex(z, i + 4 * m)
            s1, s2, d1, d2 = b + e, c + d, times_minus_i(b - e), times_minus_i(c - d)
            even1, odd1 = a + scale(s1, COS_72) + scale(s2, COS_144), scale(d1, SIN_72) + scale(d2, SIN_144)
            even2, odd2 = a + scale(s1, COS_144) + scale(s2, COS_72), scale(d1, SIN_144) - scale(d2, SIN_72)
            store_complex(z, i, a + s1 + s2)
            store_complex(z, i + m, w1 * (even1 + odd1))
            store_complex(z, i + 2 * m, w2 * (even2 + odd2))
            store_complex(z, i + 3 * m, w3 * (even2 - odd2))
            store_complex(z, i + 4 * m, w4 * (even1 - odd1))


@inner
def _radix7(z, roots, block):
    """The transform of seven elements, as _radix5."""
    n, m = roots.shape[1], block // 7
    for start in range(0, n, block):
        for p in range(m):
            i = start + p
            k = p * (n // block)
            a, b, g = load_complex(z, i), load_complex(z, i + m), load_complex(z, i + 6 * m)
            c, f = load_complex(z, i + 2 * m), load_complex(z, i + 5 * m)
            d, e = load_complex(z, i + 3 * m), load_complex(z, i + 4 * m)
            s1, s2, s3 = b + g, c + f, d + e
            d1, d2, d3 = times_minus_i(b - g), times_minus_i(c - f), times_minus_i(d - e)
            even1, odd1 = (
                a + scale(s1, COS_1) + scale(s2, COS_2) + scale(s3, COS_3),
                scale(d1, SIN_1) + scale(d2, SIN_2) + scale(d3, SIN_3),
            )
            even2, odd2 = (
                a + scale(s1, COS_2) + scale(s2, COS_3) + scale(s3, COS_1),
                scale(d1, SIN_2) - scale(d2, SIN_3) - scale(d3, SIN_1),
            )
            even3, odd3 = (
                a + scale(s1, COS_3) + scale(s2, COS_1) + scale(s3, COS_2),
                scale(d1, SIN_3) - scale(d2, SIN_1) + scale(d3, SIN_2),
            )
            store_complex(z, i, a + s1 + s2 + s3)
            store_complex(z, i + m, splat_complex(roots, k) * (even1 + odd1))
            store_complex(z, i + 2 * m, splat_complex(roots, 2 * k) * (even2 + odd2))
            store_complex(z, i + 3 * m, splat_complex(roots, 3 * k) * (even3 + odd3))
            store_complex(z, i + 4 * m, splat_complex(roots, 4 * k) * (even3 - odd3))
            store_complex(z, i + 5 * m, splat_complex(roots, 5 * k) * (even2 - odd2))
            store_complex(z, i + 6 * m, splat_complex(roots, 6 * k) * (even1 - odd1))


@inner
def _radix8(z, roots, block):
    """Elements p, p + m, .. p + 7m become their transform times w^0, w^p, .. w^7p."""
    n, m = roots.shape[1], block // 8
    for start in range(0, n, block):
        for p in range(m):
            i, k = start + p, p * (n // block)
            e0, e1, e2, e3, o0, o1, o2, o3 = _two_of_four(z, i, m)
            store_complex(z, i, e0 + o0)
            store_complex(z, i + m, splat_complex(roots, k) * (e1 + o1))
            store_complex(z, i + 2 * m, splat_complex(roots, 2 * k) * (e2 + o2))
            store_complex(z, i + 3 * m, splat_complex(roots, 3 * k) * (e3 + o3))
            store_complex(z, i + 4 * m, splat_complex(roots, 4 * k) * (e0 - o0))
            store_complex(z, i + 5 * m, splat_complex(roots, 5 * k) * (e1 - o1))
            store_complex(z, i + 6 * m, splat_complex(roots, 6 * k) * (e2 - o2))
            store_complex(z, i + 7 * m, splat_complex(roots, 7 * k) * (e3 - o3))


@inner
def transform_8(z):
    """The transform of elements 0 .. 7, in order."""
    e0, e1, e2, e3, o0, o1, o2, o3 = _two_of_four(z, 0, 1)
    store_complex(z, 0, e0 + o0)
    store_complex(z, 1, e1 + o1)
    store_complex(z, 2, e2 + o2)
    store_complex(z, 3, e3 + o3)
    store_complex(z, 4, e0 - o0)
    store_complex(z, 5, e1 - o1)
    store_complex(z, 6, e2 - o2)
    store_complex(z, 7, e3 - o3)


@inlined
def _two_of_four(z, i, m):
    """The transforms of the even and of the odd ones of elements i, i + m, .. i + 7m, the latter times w_8^k."""
    a, c, e, g = load_complex(z, i), load_complex(z, i + 2 * m), load_complex(z, i + 4 * m), load_complex(z, i + 6 * m)
    sum_ae, difference_ae, sum_cg, difference_cg = a + e, a - e, c + g, times_minus_i(c - g)
    b, d = load_complex(z, i + m), load_complex(z, i + 3 * m)
    f, h = load_complex(z, i + 5 * m), load_complex(z, i + 7 * m)
    sum_bf, difference_bf, sum_dh, difference_dh = b + f, b - f, d + h, times_minus_i(d - h)
    odd1, odd3 = difference_bf + difference_dh, difference_bf - difference_dh
    return (
        sum_ae + sum_cg,
        difference_ae + difference_cg,
        sum_ae - sum_cg,
        difference_ae - difference_cg,
        sum_bf + sum_dh,
        scale(odd1 + times_minus_i(odd1), SQRT_HALF),
        times_minus_i(sum_bf - sum_dh),
        scale(times_minus_i(odd3) - odd3, SQRT_HALF),
    )
