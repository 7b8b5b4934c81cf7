"""The tables of a DFT in two matrix products, for graphs that have matrix products and no FFT.

With N = P Q, n = Q p + q and k = k1 + P k2, the DFT of N points is P-point DFTs, a product with N numbers, and Q-point
DFTs:

    X[k1 + P k2] = sum_q W_Q^(q k2) W_N^(q k1) sum_p W_P^(p k1) x[Q p + q],   W_N = exp(-2 pi i / N)

The tables hold some 2 P^2 + 2 N + 2 Q^2 numbers, where one matrix has N (N + 2).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsp.cooley_tukey import roots_of_unity

Table = NDArray[np.float64]


@dataclass(frozen=True)
class TwoFactors:
    """The tables of one transform.

    p, q : the factors; p = 1 where N is a prime or small, and the whole DFT is `last`
    first : (2 p, p), the real parts of the P-point DFT above the imaginary ones
    cosine, sine : (p, q), the real and imaginary part of W_N^(q k1)
    last : (2 q, 2 n), n = q // 2 + 1: (real, imaginary) of q values times it is (real, imaginary) of bins k2
    """

    p: int
    q: int
    first: Table
    cosine: Table
    sine: Table
    last: Table


def factorize(n: int) -> tuple[int, int]:
    """P, Q with P Q = n and the fewest products a frame; 1, n for a prime and for small n.

    Checked: tests/test_onnx_graphs_equal_dsp.py
    """
    pairs = [(p, n // p) for p in range(1, n + 1) if n % p == 0]
    return min(pairs, key=lambda pair: _products(*pair))


def _products(p: int, q: int) -> int:
    """Real products of the two steps and the one between them."""
    bins = q // 2 + 1
    return q * 2 * bins if p == 1 else 2 * p * p * q + 4 * p * q + 4 * p * q * bins


def two_factors(n: int) -> TwoFactors:
    """The tables for a transform of n points, in float64.

    Checked: tests/test_onnx_graphs_equal_dsp.py
    """
    p, q = factorize(n)
    first = dft_table(p, p)
    twiddles = _powers(n, np.outer(np.arange(p), np.arange(q)))
    last = dft_table(q, q // 2 + 1).T  # (q, bins)
    return TwoFactors(
        p,
        q,
        np.concatenate([first.real, first.imag]),
        twiddles.real,
        twiddles.imag,
        np.block([[last.real, last.imag], [-last.imag, last.real]]),
    )


def dft_table(n: int, bins: int) -> NDArray[np.complex128]:
    """(bins, n): W_n^(k t), each entry a correctly rounded root of unity.

    Checked: tests/test_onnx_graphs_equal_dsp.py
    """
    return _powers(n, np.outer(np.arange(bins), np.arange(n)))


def _powers(n: int, exponents: NDArray[np.int64]) -> NDArray[np.complex128]:
    return roots_of_unity(n)[exponents % n]
