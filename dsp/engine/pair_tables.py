"""Tables for transforms of any length: of two frames at once, and through a convolution where a prime factor is large.

Checked: tests/test_extract_takes_the_fast_lane.py
"""

import math
from typing import NamedTuple

import numpy as np

from dsp.cooley_tukey import MAX_BUTTERFLY, factors, roots_of_unity
from dsp.engine.structures import FloatRows, IntRows, Ints
from dsp.engine.transform_tables import positions

BLOCK = 256  # elements of all lanes, real and imaginary: 32 kB, the size of a first-level cache
MAX_ODD_BUTTERFLY = 73  # of an odd transform: a convolution computes larger prime factors faster; measured
COSTS = {8: 1.5, 4: 1.0, 3: 0.9, 2: 0.7}  # of a stage, for one element, in stages of radix 4; measured


class PairTables(NamedTuple):
    """What dsp.engine.pairs needs beside dsp.engine.plan.Tables; floats are of the plan's precision.

    The transform has `length` elements: n_fft, or more if it is a convolution (Bluestein 1970).
    """

    steps: IntRows  # (steps, 4): radix, first element, number of elements, elements of a block
    roots: FloatRows  # (2, length), real and imaginary parts of exp(-2 pi i k / length)
    position: Ints  # (n_fft + 1,), where bin k lies after the last step; bin 0 twice
    turn: FloatRows  # (2, n_fft // 2 + 1), the factor of bin n_fft - k relative to that of bin k
    chirp: FloatRows  # (2, n_fft), of a convolution: the factors of the samples; otherwise (2, 0)
    response: FloatRows  # (2, length), of a convolution: the spectrum of its filter, in the order of the elements


def has_small_factors(n: int, largest: int = MAX_BUTTERFLY) -> bool:
    """Whether butterflies up to a length compute a transform of this length."""
    return max(factors(n)) <= largest


def pair_tables(n_fft: int, dtype: np.dtype) -> PairTables:
    """Tables for one transform length and precision."""
    direct = n_fft % 2 == 1 and has_small_factors(n_fft, MAX_ODD_BUTTERFLY)
    return _direct(n_fft, dtype) if direct else _convolution(n_fft, dtype)


def _direct(n: int, dtype: np.dtype) -> PairTables:
    radices = tuple(radix for radix in factors(n) if radix > 1)
    return PairTables(
        steps=np.array(_steps(radices, 0, n, convolve=False), np.intp).reshape(-1, 4),
        roots=_parts(roots_of_unity(n), dtype),
        position=np.append(positions(radices), 0),
        turn=_parts(np.ones(n // 2 + 1, np.complex128), dtype),
        chirp=np.empty((2, 0), dtype),
        response=np.empty((2, 0), dtype),
    )


def _convolution(n: int, dtype: np.dtype) -> PairTables:
    """X[k] = c[k] sum_n (x[n] c[n]) conj(c[k - n]),  c[n] = exp(-pi i n^2 / N): dsp.cooley_tukey.chirp_fft."""
    radices = convolution_radices(2 * n - 1)
    length, k = math.prod(radices), np.arange(n)
    chirp = roots_of_unity(2 * n)[k * k % (2 * n)]
    impulse_response = np.zeros(length, np.complex128)
    impulse_response[:n] = np.conj(chirp)
    impulse_response[length - n + 1 :] = np.conj(chirp[:0:-1])
    mirrored = np.append(chirp[:1], chirp[:0:-1])[: n // 2 + 1]  # c[n - k]; bin 0 is its own mirror image
    quarter = length // 4
    return PairTables(
        steps=np.array(
            [step for i in range(4) for step in _steps(radices[1:], i * quarter, quarter, convolve=True)], np.intp
        ),
        roots=_parts(roots_of_unity(length), dtype),
        position=np.append(k, 0),
        turn=_parts(np.conj(mirrored * chirp[: n // 2 + 1]), dtype),
        chirp=_parts(chirp, dtype),
        response=_parts(_transform(impulse_response, radices) / length, dtype),
    )


def convolution_radices(least: int) -> tuple[int, ...]:
    """The radices of the cheapest length >= least that the convolution knows: fours around powers of two and threes."""
    choices = []
    for threes in range(4):
        twos = max(0, math.ceil(math.log2(least / (16 * 3**threes))))
        fours = -twos % 3 if twos != 1 else 0
        eights = max(0, twos - 2 * fours) // 3
        inner = (8,) * eights + (4,) * fours + (3,) * threes + (2,) * (twos == 1)
        length = 16 * math.prod(inner)
        choices.append((length * (4 + 2 * sum(COSTS[radix] for radix in inner)), (4, *inner, 4)))
    return min(choices)[1]


def _steps(radices: tuple[int, ...], start: int, size: int, convolve: bool) -> list[tuple[int, int, int, int]]:
    """The stages on the elements start .. start + size - 1, where these are one block: (radix, start, size, block).

    A block that outgrows the first-level cache is split by its first stage; each part is finished before the next
    begins. A convolution turns around at blocks of four: step 0 multiplies, and stages of negative radices go back.
    """
    if size > BLOCK and len(radices) > 1 + convolve:
        part = size // radices[0]
        inner = [step for i in range(radices[0]) for step in _steps(radices[1:], start + i * part, part, convolve)]
        return [(radices[0], start, size, size), *inner, *[(-radices[0], start, size, size)] * convolve]
    forward, block = [], size
    for radix in radices[: len(radices) - convolve]:
        forward.append((radix, start, size, block))
        block //= radix
    if not convolve:
        return forward
    return [*forward, (0, start, size, 4), *((-radix, *rest) for radix, *rest in reversed(forward))]


def _transform(x: np.ndarray, radices: tuple[int, ...]) -> np.ndarray:
    """The discrete Fourier transform of x, in the order in which the stages leave it."""
    blocks = x[None]
    for radix in radices:
        n = blocks.shape[1]
        k, p = np.arange(radix), np.arange(n // radix)
        butterfly = roots_of_unity(radix)[np.outer(k, k) % radix]
        twiddles = roots_of_unity(n)[np.outer(k, p)]
        blocks = (twiddles * (butterfly @ blocks.reshape(-1, radix, p.size))).reshape(-1, p.size)
    return blocks.ravel()


def _parts(roots: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return np.stack([roots.real, roots.imag]).astype(dtype)
