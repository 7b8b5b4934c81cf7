"""Live oracle: every operation on both register types against NumPy's on the same numbers, bit for bit but for log."""

from typing import NamedTuple

import numpy as np
import pytest
from numba import njit

from dsp.engine import codelets, complex_lanes, lanes
from dsp.engine.lanes import load, load_splat, splat, store, width
from dsp.engine.logarithm import log
from dsp.engine.structures import Bools, Doubles, FloatRows, Floats, IntRows, Ints, pack, structure
from dsp.engine.transpose import add_frames, transpose, transpose_frames

LOG_ERROR = {"float64": 3e-16, "float32": 1.7e-7}  # of max(1, |log x|): the polynomial and one division


@njit
def _binary(a, b, out, operation):
    for i in range(0, a.size, width(a)):
        x, y = load(a, i), load(b, i)
        if operation == 0:
            z = x + y
        elif operation == 1:
            z = x - y
        elif operation == 2:
            z = x * y
        elif operation == 3:
            z = x / y
        elif operation == 4:
            z = lanes.minimum(x, y)
        elif operation == 5:
            z = lanes.maximum(x, y)
        else:
            z = lanes.zero_to(x, y)
        store(out, i, z)


@njit
def _unary(a, out, operation):
    for i in range(0, a.size, width(a)):
        x = load(a, i)
        if operation == 0:
            z = lanes.sqrt(x)
        elif operation == 1:
            z = lanes.floor(x)
        elif operation == 2:
            z = log(x)
        elif operation == 3:
            z = 2.0 * x
        elif operation == 4:
            z = 1.0 / x
        elif operation == 5:
            z = x - 3.0
        elif operation == 6:
            z = lanes.mantissa(x)
        else:
            z = lanes.exponent(x)
        store(out, i, z)


@njit
def _extremes(a):
    low, high = load(a, 0), load(a, 0)
    for i in range(0, a.size, width(a)):
        low, high = lanes.minimum(low, load(a, i)), lanes.maximum(high, load(a, i))
    return lanes.reduce_min(low), lanes.reduce_max(high)


@njit
def _spread(a, out):
    store(out, 0, splat(a, a[2]))
    store(out, width(out), load_splat(a, 3))


@njit
def _fused(a, b, c, out):
    store(out, 0, lanes.fma(load(a, 0), load(b, 0), load(c, 0)))
    store(out, width(a), lanes.fma(0.0 - load(a, 0), 2.0, 3.0))


@njit
def _complex(z, w, out, magnitudes):
    a, b = complex_lanes.load_complex(z, 0), complex_lanes.load_complex(z, 1)
    complex_lanes.store_complex(out, 0, a + b)
    complex_lanes.store_complex(out, 1, a - b)
    complex_lanes.store_complex(out, 2, a * b)
    complex_lanes.store_complex(out, 3, complex_lanes.splat_complex(w, 2) * b)
    complex_lanes.store_complex(out, 4, complex_lanes.conjugate(a))
    complex_lanes.store_complex(out, 5, complex_lanes.times_minus_i(a))
    complex_lanes.store_complex(out, 6, complex_lanes.scale(a, 0.75))
    store(magnitudes, 0, complex_lanes.squared_magnitude(a))


@njit
def _total(a):
    return lanes.reduce_add(load(a, 0))


@njit
def _square(x, start, step, z, to, to_step):
    transpose(x, start, step, z, to, to_step)


@njit
def _turned(x, start, step, factors, n, z):
    transpose_frames(x, start, step, factors, n, z)


@pytest.fixture(params=["float64", "float32"])
def numbers(rng, request):
    large = 300 if request.param == "float64" else 80
    pair = np.exp(rng.uniform(-large, large, 4096)), np.exp(rng.uniform(-5, 5, 4096))
    return tuple(x.astype(request.param) for x in pair)


OPERATIONS = [np.add, np.subtract, np.multiply, np.divide, np.minimum, np.maximum]


@pytest.mark.parametrize("operation", range(6), ids=[operation.__name__ for operation in OPERATIONS])
def test_two_registers(numbers, operation):
    a, b = numbers
    out = np.empty_like(a)
    _binary(a, b, out, operation)
    np.testing.assert_array_equal(out, OPERATIONS[operation](a, b))


def test_zero_becomes_the_other(numbers):
    a, b = numbers
    a[::3] = 0
    out = np.empty_like(a)
    _binary(a, b, out, 6)
    np.testing.assert_array_equal(out, np.where(a == 0, b, a))


FUNCTIONS = {0: np.sqrt, 1: np.floor, 3: lambda x: 2 * x, 4: lambda x: 1 / x, 5: lambda x: x - 3}


@pytest.mark.parametrize("operation", FUNCTIONS)
def test_one_register(numbers, operation):
    a = numbers[operation % 2]
    out = np.empty_like(a)
    _unary(a, out, operation)
    np.testing.assert_array_equal(out, FUNCTIONS[operation](a))


def test_log(numbers):
    dtype = numbers[0].dtype
    near_1 = [np.nextafter(dtype.type(1), dtype.type([0, 2])), 1 + np.linspace(-0.3, 0.42, 4094)]
    a = np.concatenate([numbers[0], *near_1]).astype(dtype)
    out = np.empty_like(a)
    _unary(a, out, 2)
    exact = np.log(a.astype(np.float64))
    assert (np.abs(out - exact) <= LOG_ERROR[dtype.name] * np.maximum(1, np.abs(exact))).all()


def test_mantissa_and_exponent_make_the_number(numbers):
    a = np.concatenate([numbers[0], [0.5**0.5] * 16]).astype(numbers[0].dtype)
    half_root = a.dtype.type(0.5**0.5)
    m, k = np.empty_like(a), np.empty_like(a)
    _unary(a, m, 6)
    _unary(a, k, 7)
    assert (half_root <= m).all() and (m < 2 * half_root).all()
    np.testing.assert_array_equal(np.ldexp(m, k.astype(int)), a)


def test_extremes(numbers):
    assert _extremes(numbers[0]) == (numbers[0].min(), numbers[0].max())


@pytest.mark.parametrize(("dtype", "lanes_wide"), [("float64", 8), ("float32", 16)])
def test_spreading_one_number(dtype, lanes_wide):
    out = np.empty(2 * lanes_wide, dtype)
    _spread(np.arange(5, dtype=dtype), out)
    np.testing.assert_array_equal(out, np.repeat([2.0, 3.0], lanes_wide))


@pytest.mark.parametrize(("dtype", "digits"), [("float64", 53), ("float32", 24)])
def test_fma_rounds_once(dtype, digits):
    """(1 + e)^2 - (1 + 2e) = e^2, which rounding the square first would lose."""
    e = 2.0 ** -(digits // 2 + 1)
    a, c, out = np.full(16, 1 + e, dtype), np.full(16, -1 - 2 * e, dtype), np.empty(32, dtype)
    _fused(a, a, c, out)
    wide = lanes.width(a)
    np.testing.assert_array_equal(out[:wide], np.full(wide, e**2, dtype))
    np.testing.assert_array_equal(out[wide : 2 * wide], -a[:wide] * 2 + 3)


@pytest.mark.parametrize(("dtype", "wide"), [("float64", 8), ("float32", 16)])
def test_complex_numbers(rng, dtype, wide):
    z, w = (rng.standard_normal(shape).astype(dtype) for shape in ((2, 2, wide), (2, 5)))
    out, magnitudes = np.empty((7, 2, wide), dtype), np.empty(wide, dtype)
    _complex(z, w, out, magnitudes)
    a, b = z[:, 0] + 1j * z[:, 1].astype(np.float64)
    expected = np.array([a + b, a - b, a * b, (w[0, 2] + 1j * w[1, 2]) * b, a.conj(), -1j * a, 0.75 * a])
    np.testing.assert_allclose(out[:, 0] + 1j * out[:, 1], expected, rtol=0, atol=8 * np.finfo(dtype).eps * 4)
    np.testing.assert_allclose(magnitudes, np.abs(a) ** 2, rtol=4 * np.finfo(dtype).eps)


@njit
def _in_pairs(x, factor, out):
    z = complex_lanes.load_pairs(x, 2)
    complex_lanes.store_pairs(out, 0, complex_lanes.swap_parts(z))
    complex_lanes.store_pairs(out, 2 * width(x), complex_lanes.scale(z, load(factor, 0)))
    complex_lanes.store_pairs(out, 4 * width(x), complex_lanes.unit(z))
    complex_lanes.store_pairs(out, 6 * width(x), complex_lanes.scale(z, factor[3]))


@pytest.mark.parametrize(("dtype", "wide"), [("float64", 8), ("float32", 16)])
def test_numpys_order_of_complex_numbers(rng, dtype, wide):
    x, factor, out = rng.standard_normal(2 + 2 * wide).astype(dtype), rng.random(wide).astype(dtype), np.empty(8 * wide)
    x[[4, 5]] = 0  # one number is 0, and its phasor 1
    out = out.astype(dtype)
    _in_pairs(x, factor, out)
    kind = np.dtype(dtype).char.upper()
    z = x[2:].view(kind)
    swapped, scaled, units, multiplied = out.view(kind).reshape(4, wide)
    np.testing.assert_array_equal(swapped, z.imag + 1j * z.real)
    np.testing.assert_array_equal(scaled, z * factor)
    np.testing.assert_array_equal(multiplied, z * factor[3])
    expected = np.exp(1j * np.angle(z.astype(complex)))
    np.testing.assert_allclose(units, expected, rtol=0, atol=4 * np.finfo(dtype).eps)
    assert units[1] == 1


@njit
def _added(z, rows, factors, n, y, start, step):
    add_frames(z, rows, factors, n, y, start, step)


@pytest.mark.parametrize(("dtype", "wide"), [("float64", 8), ("float32", 16)])
@pytest.mark.parametrize("step", [1, 7, 160])
def test_frames_are_added(rng, dtype, wide, step):
    """Overlapping frames add up; nothing else changes."""
    start, n = 3, 5
    z, factors = rng.integers(-9, 9, (40, wide)).astype(dtype), rng.integers(1, 9, 40).astype(dtype)
    rows, y = rng.permutation(40), np.arange(start + 16 * step + 16).astype(dtype)
    expected = y.copy()
    for i in range(wide):
        for j in range(wide):
            expected[start + j + i * step] += factors[n + j] * z[rows[n + j], i]
    _added(z, rows, factors, n, y, start, step)
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize(("dtype", "wide"), [("float64", 8), ("float32", 16)])
@pytest.mark.parametrize("step", [1, 7, 160])
def test_turn(rng, dtype, wide, step):
    start, n = 3, 5
    x, factors = (rng.standard_normal(size).astype(dtype) for size in (start + 16 * step + 16, 40))
    z = np.zeros((40, wide), dtype)
    _turned(x, start, step, factors, n, z)
    i, j = np.arange(wide), np.arange(wide)[:, None]
    np.testing.assert_array_equal(z[n : n + wide], factors[n + j] * x[start + j + i * step])
    assert not z[:n].any() and not z[n + wide :].any()


@pytest.mark.parametrize(("dtype", "wide"), [("float64", 8), ("float32", 16)])
def test_squares_are_transposed(rng, dtype, wide):
    start, step, to, to_step = 3, 21, 5, 19
    x, z = rng.standard_normal(start + 16 * step + 16).astype(dtype), np.zeros(to + 16 * to_step + 16, dtype)
    _square(x, start, step, z, to, to_step)
    for j in range(wide):
        np.testing.assert_array_equal(z[to + j * to_step :][:wide], x[start + j :][: wide * step : step])
    assert np.count_nonzero(z) == wide**2


@pytest.mark.parametrize(("dtype", "wide"), [("float64", 8), ("float32", 16)])
def test_the_sum_of_the_lanes(dtype, wide):
    assert _total(np.arange(20, dtype=dtype)) == wide * (wide - 1) / 2


@njit
def _first(a, i):
    return lanes.first_lane(load(a, i))


@njit
def _third(a, b):
    return lanes.wider(1.0, a, b) / lanes.wider(3.0, a, b)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_first_lane(dtype):
    assert _first(np.arange(20, dtype=dtype), 3) == 3


@pytest.mark.parametrize(("a", "b"), [("float32", "float32"), ("float32", "float64"), ("float64", "float32")])
def test_numbers_of_the_wider_dtype(a, b):
    wider = np.result_type(a, b).type
    assert _third(np.empty(1, a), np.empty(1, b)) == wider(1) / wider(3)


def test_width_outside_compiled_code():
    assert (lanes.width(np.empty(3)), lanes.width(np.empty(3, np.float32))) == (8, 16)


@njit
def _butterfly(z, radix, i, m, roots, k):
    codelets.butterfly(z, radix, i, m, roots, k)


@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("radix", codelets.RADICES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_butterflies(rng, dtype, radix, m):
    wide, first, k = 64 // np.dtype(dtype).itemsize, 2, 2 if m > 1 else 0
    z = rng.standard_normal((first + radix * m, 2, wide)).astype(dtype)
    roots = np.exp(-2j * np.pi * np.arange(4 * radix) / (4 * radix))
    x = z[:, 0] + 1j * z[:, 1]
    j = np.arange(radix)
    definition = np.exp(-2j * np.pi * np.outer(j, j) / radix)
    x[first::m][:radix] = roots[k * j][:, None] * (definition @ x[first::m][:radix])
    _butterfly(z.reshape(-1, wide), radix, first, m, np.stack([roots.real, roots.imag]).astype(dtype), k)
    np.testing.assert_allclose(z[:, 0] + 1j * z[:, 1], x, atol=20 * np.finfo(dtype).eps)


@njit
def _power(z, order, roots, power):
    m = roots.shape[1] - 1
    for k in range(m // 2 + 1):
        codelets.power_pair(z, order[k], order[m - k], roots, k, power)


@pytest.mark.parametrize("n", [2, 10, 16])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_power_pairs(rng, dtype, n):
    wide, m = 64 // np.dtype(dtype).itemsize, n // 2
    x = rng.standard_normal((n, wide))
    half = np.fft.fft(x[0::2] + 1j * x[1::2], axis=0) / 2
    z = np.stack([half.real, half.imag], axis=1).astype(dtype)
    roots = np.exp(-2j * np.pi * np.arange(m + 1) / n)
    power = np.empty((m + 1, wide), dtype)
    order = np.append(np.arange(m), 0)
    _power(z.reshape(-1, wide), order, np.stack([roots.real, roots.imag]).astype(dtype), power)
    expected = abs(np.fft.rfft(x, axis=0)) ** 2
    np.testing.assert_allclose(power, expected, rtol=0, atol=50 * np.finfo(dtype).eps * expected.max())


class _Fields(NamedTuple):
    count: int
    is_odd: bool
    factor: float
    three: tuple[float, float, float]
    floats: Floats
    rows: FloatRows
    ints: Ints
    int_rows: IntRows
    doubles: Doubles
    bools: Bools


@njit
def _read(words, like):
    x = structure(words, _Fields, like)
    if x.is_odd:
        x.bools[1] = True
    n = x.floats.size + 10 * x.rows.shape[0] + 100 * x.rows.shape[1] + 1000 * x.ints.size + 10000 * x.bools.size
    total = x.rows[1, 2] + x.ints[1] + x.int_rows[1, 0] + x.doubles[0] + x.floats[3]
    return x.count, x.factor + x.three[1], n, total


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_packed_tuples(dtype):
    rows, int_rows = np.arange(6, dtype=dtype).reshape(2, 3), np.array([[1], [20]])
    fields = _Fields(
        -3, True, 0.25, (1.0, 2.0, 3.0), np.arange(4, dtype=dtype) / 2, rows, np.array([5, 7]), int_rows,
        np.array([0.125]), np.zeros(2, bool),
    )  # fmt: skip
    assert _read(pack(fields), rows) == (-3, 2.25, 4 + 20 + 300 + 2000 + 20000, 5 + 7 + 20 + 0.125 + 1.5)
    assert fields.bools.tolist() == [False, True]
    assert _read(pack(fields._replace(is_odd=False, bools=np.zeros(2, bool))), rows)[0] == -3
