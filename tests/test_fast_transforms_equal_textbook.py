"""Definition: the transforms in registers against the textbook's stages and chirp, for lengths of every kind."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dsp
from dsp.cooley_tukey import fft_by_factors
from dsp.engine import transforms
from dsp.fft import irfft_by_symmetry, rfft_by_halves
from tests.conftest import here_and_on

TOLERANCE = 5e-15  # of a row's norm: both are float64 and differ by a few roundings
FACTORS = [9, 17, 25, 62, 64, 77, 88, 120, 128, 135, 169, 256, 289, 400, 961, 1000, 1001, 1024, 2187, 11025]
CHIRPS = [67, 97, 134, 257, 509, 1021, 1103, 2206, 10007]
SHORT_OR_LONG = [1, 2, 3, 4, 5, 7, 8, 14, 15, 16, 31, 37, 61, 63, 126, 217, 1025, 2047, 2048, 2050, 4095, 4096, 4098]


def assert_equal_to_textbook(n: int, n_rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n_rows, n)) * 10.0 ** rng.integers(-9, 10, (n_rows, 1))
    z = x + 1j * rng.permutation(x, axis=1)
    norm = np.linalg.norm(z, axis=1, keepdims=True)
    X = rfft_by_halves(x)
    assert (np.abs(dsp.fft(z) - fft_by_factors(z)) <= TOLERANCE * norm).all()
    assert (np.abs(dsp.ifft(z) - fft_by_factors(z.conj()).conj() / n) <= TOLERANCE * norm / n**0.5).all()
    assert (np.abs(dsp.rfft(x) - X) <= TOLERANCE * norm).all()
    assert (np.abs(dsp.irfft(X, n) - irfft_by_symmetry(X, n)) <= TOLERANCE * norm).all()


@settings(max_examples=100, deadline=None)
@given(n=st.integers(1, 5000), n_rows=st.integers(1, 10), seed=st.integers(0, 2**32 - 1))
def test_any_length(n, n_rows, seed):
    assert_equal_to_textbook(n, n_rows, seed)


@pytest.mark.parametrize("n", FACTORS + CHIRPS + SHORT_OR_LONG)
@pytest.mark.parametrize("n_rows", [1, 7, 8, 19])
def test_every_kind_of_length(n, n_rows):
    assert_equal_to_textbook(n, n_rows, seed=n)


@pytest.mark.parametrize("n", [2**15, 2**16, 2**17, 3**9, 44100, 44101, 65537])
def test_long_rows(n):
    assert_equal_to_textbook(n, 1, seed=n)


@pytest.mark.parametrize("n", FACTORS + CHIRPS)
def test_the_registers_are_used(n):
    z = np.ones(n, np.complex128)
    assert transforms.fft(z) is not None
    if n % 2:
        assert transforms.rfft(z.real) is not None and transforms.irfft(z[: n // 2 + 1], n) is not None


@pytest.mark.parametrize("n", [12, 64, 100, 257, 1001, 1024])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft"])
def test_a_row_does_not_change_its_neighbors(rng, n, name):
    """Neither a NaN nor a value 10^200 times as large."""
    x = rng.standard_normal((19, n))
    expected = getattr(dsp, name)(x)
    x[3], x[11, 0], x[18] = np.nan, np.inf, x[18] * 1e200
    with np.errstate(invalid="ignore", over="ignore"):
        X = getattr(dsp, name)(x)
    others = np.delete(np.arange(19), [3, 11, 18])
    np.testing.assert_array_equal(X[others], expected[others])
    assert np.isnan(X[3]).all() and not np.isfinite(X[11]).any()


@pytest.mark.parametrize("n", [100, 257, 1001, 1024])
def test_any_dtype_and_memory_order(rng, n):
    x = rng.integers(-100, 100, (3, n))
    expected = dsp.rfft(x.astype(np.float64)), dsp.fft(x.astype(np.complex128))
    unaligned = np.frombuffer(b"." + x.astype(np.float64).tobytes(), offset=1).reshape(x.shape)
    fixed = x.astype(np.float64)
    fixed.flags.writeable = False
    every_second = np.repeat(x * 1.0, 2, axis=1)[:, ::2]
    for same in (
        x,
        x.astype(np.float32),
        np.asfortranarray(x * 1.0),
        every_second,
        unaligned,
        fixed,
    ):
        np.testing.assert_array_equal(dsp.rfft(same), expected[0])
        np.testing.assert_array_equal(dsp.fft(same), expected[1])


def test_read_only_and_unaligned_rows_compile_nothing_again(rng):
    """Numba has a type of its own for either."""
    x = rng.standard_normal(256)
    dsp.rfft(x)
    forms = len(transforms.transform.signatures)
    unaligned = np.frombuffer(b"." + x.tobytes(), offset=1)
    x.flags.writeable = False
    dsp.rfft(x), dsp.rfft(unaligned)
    assert len(transforms.transform.signatures) == forms


def test_irfft_ignores_the_imaginary_parts_that_no_real_signal_has(rng):
    for n in (128, 200, 257, 1001, 2206):
        X = dsp.rfft(rng.standard_normal(n))
        x = dsp.irfft(X, n)
        X[0] += 3j
        if n % 2 == 0:
            X[-1] -= 5j
        np.testing.assert_array_equal(dsp.irfft(X, n), x)


def test_threads_do_not_share_their_workspace(rng):
    signals = [rng.standard_normal((5, n)) for n in [256, 1001, 2206, 30_000, 32_768, 44_101] * 8]
    expected = [dsp.rfft(x) for x in signals]
    with ThreadPoolExecutor(4) as pool:
        for X, same in zip(pool.map(dsp.rfft, signals), expected, strict=True):
            np.testing.assert_array_equal(X, same)


PROGRAM = """
import sys
import numpy as np, dsp
parts = []
for n in (256, 1000, 1001, 257, 2206):
    x = np.random.default_rng(n).standard_normal((9, n))
    X = dsp.rfft(x)
    parts += [X.ravel(), dsp.irfft(X, n).ravel(), dsp.fft(x + 1j * x[:, ::-1]).ravel(), dsp.ifft(X).ravel()]
np.save(sys.argv[1], np.concatenate(parts))
"""


@pytest.mark.slow
@pytest.mark.parametrize("processor", ["haswell", "x86-64"])
def test_the_same_on_lesser_processors(tmp_path, processor):
    """AVX2 without AVX-512, and no vector unit worth the name (SSE2), by Numba's setting."""
    results = here_and_on(processor, PROGRAM, tmp_path, haswell="+avx2,+fma")
    assert results[0].size > 10_000
    np.testing.assert_array_equal(results[0], results[1])
