"""Lab 2: a fast Fourier transform, radix 2 as far as the length is even, the definition for the odd rest."""

import numpy as np

from dsp import fft
from experiments.coursework.task import AUDIO_LIBRARIES, TENSOR_LIBRARIES, Case, Mistake, Task


def make_task(profile) -> Task:
    """fft(x), x of any length, real or complex."""
    return Task(
        lab=2,
        function="fft",
        parameters=("x",),
        points=profile.points,
        solution=fft,
        cases=cases(profile.seed),
        mistakes=mistakes(),
        axes=("bin",),
        refused=("np.fft", "scipy", "pyfftw", "mkl_fft", "numba_fft", "cv2", *AUDIO_LIBRARIES, *TENSOR_LIBRARIES),
    )


def cases(seed: int) -> tuple[Case, ...]:
    random = np.random.default_rng([2, seed])

    def signal(n: int, complex_=False):
        x = random.standard_normal(n)
        return x + 1j * random.standard_normal(n) if complex_ else x

    return (
        Case("1, 2, 3, 4", {"x": np.arange(1.0, 5.0)}),
        Case("8 samples, an impulse at sample 1", {"x": np.eye(8)[1]}),
        Case("64 complex samples", {"x": signal(64, True)}),
        Case("one sample", {"x": np.array([3.0])}),
        Case("an odd length, 15", {"x": signal(15)}),
        Case("400 = 16 x 25 samples", {"x": signal(400)}),
        Case("1024 real samples", {"x": signal(1024)}, hidden=True),
        Case("96 = 32 x 3 complex samples", {"x": signal(96, True)}, hidden=True),
        Case("two samples", {"x": signal(2)}, hidden=True),
    )


def mistakes() -> tuple[Mistake, ...]:
    return (
        Mistake(
            "the inverse transform's sign in the exponent",
            "What does an impulse at sample 1 become in bin 1: does its phase go forward or back?",
            wrong(sign=1),
        ),
        Mistake("scaled by 1/N", "What is bin 0 of a signal of ones?", lambda x: fft(x) / x.size),
        Mistake("scaled by 1/sqrt(N)", "What is bin 0 of a signal of ones?", lambda x: fft(x) / np.sqrt(x.size)),
        Mistake("halved at every step", "Does one of your steps take a mean where a sum is meant?", wrong(step=0.5)),
        Mistake(
            "a plus in the second half",
            "What is exp(-2 pi i (k + N/2) / N), compared with exp(-2 pi i k / N)?",
            wrong(second=1),
        ),
        Mistake("even and odd samples exchanged", "Which half carries the factor, and why?", wrong(exchanged=True)),
        Mistake(
            "no twiddle factors", "The odd samples come one sample later: what is that in frequency?", wrong(turn=0)
        ),
        Mistake(
            "twiddle factors of N/2 instead of N", "Over how much of the circle do the N/2 factors go?", wrong(turn=2)
        ),
        Mistake(
            "first and second half instead of even and odd samples",
            "Write the sum for N = 4 and put n = 2m and n = 2m + 1: which samples stand where?",
            wrong(halves=True),
        ),
        Mistake("bits reversed", "In which order do the bins of your result stand?", bits_reversed),
        Mistake(
            "only the bins up to the Nyquist frequency",
            "How many bins does a transform of N samples have?",
            lambda x: fft(x)[: x.size // 2 + 1],
        ),
        Mistake(
            "0 Hz moved to the middle",
            "In which bin does a constant signal lie?",
            lambda x: np.roll(fft(x), x.size // 2),
        ),
        Mistake("the magnitude", "What happened to the phase?", lambda x: np.abs(fft(x))),
        Mistake("the real part", "What happened to the phase?", lambda x: fft(x).real),
        Mistake(
            "the imaginary part of the input dropped",
            "What is the dtype of the array that you write into?",
            lambda x: fft(np.real(x)),
        ),
        Mistake(
            "zeros appended up to a power of two",
            "At which frequencies does X[k] stand, before and after?",
            lambda x: fft(x, 1 << (x.size - 1).bit_length()),
        ),
        Mistake(
            "cut down to a power of two",
            "Does every sample contribute to bin 0?",
            lambda x: fft(x[: 1 << (x.size.bit_length() - 1)]),
        ),
        Mistake("bins counted from 1", "Which bin holds the sum of all samples?", lambda x: np.roll(fft(x), -1)),
    )


def wrong(sign=-1, second=-1, exchanged=False, turn=1, halves=False, step=1.0):
    """A radix-2 transform with one mistake; odd rests by the definition."""

    def transform(x) -> np.ndarray:
        N = x.size
        if N % 2:
            n = np.arange(N)
            return np.exp(sign * 2j * np.pi * np.outer(n, n) / N) @ x
        first, later = (x[: N // 2], x[N // 2 :]) if halves else (x[::2], x[1::2])
        E, O = transform(first), transform(later)  # noqa: E741  the usual names
        if exchanged:
            E, O = O, E  # noqa: E741
        O = O * np.exp(sign * turn * 2j * np.pi * np.arange(N // 2) / N)  # noqa: E741
        return step * np.concatenate([E + O, E + second * O])

    return transform


def bits_reversed(x) -> np.ndarray:
    """The bins in the order that decimation in frequency produces."""
    order = np.arange(x.size)

    def split(places):
        if places.size % 2:
            return places
        return np.concatenate([split(places[::2]), split(places[1::2])])

    return fft(x)[split(order)]
