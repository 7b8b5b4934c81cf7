"""Live oracle: every operation on both register types against NumPy's on the same numbers, bit for bit but for log."""

import numpy as np
import pytest
from numba import njit

from dsp.engine import complex_lanes, lanes
from dsp.engine.lanes import load, load_splat, splat, store, width
from dsp.engine.logarithm import log
from dsp.engine.transpose import transpose, transpose_frames

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


def test_width_outside_compiled_code():
    assert (lanes.width(np.empty(3)), lanes.width(np.empty(3, np.float32))) == (8, 16)
