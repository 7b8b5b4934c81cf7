"""Lab 2: a fast Fourier transform, radix 2 as far as the length is even, the definition for the odd rest."""

import numpy as np

from dsp import fft
from experiments.coursework.checking.task import AUDIO_LIBRARIES, TENSOR_LIBRARIES, Case, Mistake, Task, Work


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
        variant=variant,
        work=work(),
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


def work() -> Work:
    """8 times the samples are 8 log(8 N) / log(N) times the work if it is halved, about 12 times, and else 64 times."""
    random = np.random.default_rng([2, 64])
    return Work(
        sizes=tuple(tuple({"x": random.standard_normal(n)} for n in pair) for pair in ((64, 512), (256, 2048))),
        at_most=25.0,
        words="right, but 8 times the samples took {growth} times the work, where halving needs about 12 times "
        "(processor time, which does not count what else the machine does; the smallest of many runs, measured twice)",
        explanation="no halving: the work grows with N^2",
        hint="How many times is exp computed for 1024 samples? Do your halves call the same function again, once each?",
        cases=("64 complex samples", "400 = 16 x 25 samples", "1024 real samples", "96 = 32 x 3 complex samples"),
    )


def known(name: str, hint: str, **parts) -> Mistake:
    """A mistake in these parts of the transform."""
    return Mistake(name, hint, variant(**parts), parts)


def mistakes() -> tuple[Mistake, ...]:
    phase = "What does an impulse at sample 1 become in bin 1: does its phase go forward or back?"
    ones = "What is bin 0 of a signal of ones?"
    lost = "What happened to the phase?"
    return (
        known("the inverse transform's sign in the exponent", phase, sign=1, rest=1),
        known(
            "the wrong sign in the twiddle factors",
            "Compare the sign of your twiddle factors with that of the definition that you use for the odd rest.",
            sign=1,
        ),
        known(
            "the wrong sign in the definition for the odd rest",
            "Powers of two are right. Which sign has the exponent where the length is odd?",
            rest=1,
        ),
        known("scaled by 1/N", ones, scale=lambda X: X / X.shape[-1]),
        known("scaled by 1/sqrt(N)", ones, scale=lambda X: X / np.sqrt(X.shape[-1])),
        known("scaled by 2/N", ones, scale=lambda X: 2 * X / X.shape[-1]),
        known("halved at every step", "Does one of your steps take a mean where a sum is meant?", step=0.5),
        known(
            "a plus in the second half",
            "What is exp(-2 pi i (k + N/2) / N), compared with exp(-2 pi i k / N)?",
            second=1,
        ),
        known("even and odd samples exchanged", "Which half carries the factor, and why?", exchanged=True),
        known(
            "no twiddle factors", "The odd samples come one sample later: what is that in frequency?", turn=lambda N: 0
        ),
        known(
            "twiddle factors of N/2 instead of N",
            "Over how much of the circle do the N/2 factors go?",
            turn=lambda N: 2,
        ),
        known(
            "twiddle factors of 2 N instead of N",
            "Over how much of the circle do the N/2 factors go?",
            turn=lambda N: 0.5,
        ),
        known(
            "pi in the place of 2 pi in the definition for the odd rest",
            "Powers of two are right. How often does bin 1 of the odd rest go round the circle?",
            rest_turn=0.5,
        ),
        known(
            "first and second half instead of even and odd samples",
            "Write the sum for N = 4 and put n = 2m and n = 2m + 1: which samples stand where?",
            halves=True,
        ),
        known("bits reversed", "In which order do the bins of your result stand?", order=bits_reversed),
        known(
            "only the bins up to the Nyquist frequency",
            "How many bins does a transform of N samples have?",
            order=lambda X: X[: X.size // 2 + 1],
        ),
        known(
            "only the first N/2 bins",
            "How many bins does a transform of N samples have? Is the Nyquist frequency among yours?",
            order=lambda X: X[: X.size // 2],
        ),
        known(
            "the upper half mirrored from the lower half",
            "The real signals are right. For which signals is X[N - k] the conjugate of X[k]?",
            order=mirrored,
        ),
        known("0 Hz moved to the middle", "In which bin does a constant signal lie?", order=np.fft.fftshift),
        known("bins counted from 1", "Which bin holds the sum of all samples?", order=lambda X: np.roll(X, -1)),
        known("bins in reverse order", "In which bin does a constant signal lie?", order=lambda X: X[::-1]),
        known("the magnitude", lost, output=np.abs),
        known("the power", lost, output=lambda X: np.abs(X) ** 2),
        known("the real part", lost, output=np.real),
        known("the imaginary part", lost, output=np.imag),
        known(
            "the imaginary part of the input dropped",
            "What is the dtype of the array that you write into?",
            input=np.real,
        ),
        known("a window before the transform", "Is a window asked for?", input=lambda x: x * np.hanning(x.size)),
        known("the mean removed first", "What is bin 0 of a signal of ones?", input=lambda x: x - x.mean()),
        known(
            "zeros appended up to a power of two",
            "At which frequencies does X[k] stand, before and after?",
            length=lambda x: np.pad(x, (0, (1 << (x.size - 1).bit_length()) - x.size)),
        ),
        known(
            "cut down to a power of two",
            "Does every sample contribute to bin 0?",
            length=lambda x: x[: 1 << (x.size.bit_length() - 1)],
        ),
        known(
            "the last sample of an odd length left out",
            "Even lengths are right. Which sample has no partner, and what becomes of it?",
            length=lambda x: x[: x.size - x.size % 2] if x.size > 1 else x,
        ),
    )


def variant(input=None, length=None, scale=None, order=None, output=None, **butterfly):
    """The transform with other parts: what comes before it, its butterfly, and what comes after it."""
    transform = wrong(**butterfly) if butterfly else fft
    steps = [step for step in (input, length, transform, scale, order, output) if step is not None]

    def function(x):
        for step in steps:
            x = step(x)
        return x

    return function


def wrong(sign=-1, rest=-1, second=-1, exchanged=False, turn=None, rest_turn=1, halves=False, step=1.0):
    """A radix-2 transform with mistakes; odd rests by the definition."""

    def transform(x) -> np.ndarray:
        N = x.size
        if N % 2:
            n = np.arange(N)
            return np.exp(rest * rest_turn * 2j * np.pi * np.outer(n, n) / N) @ x
        first, later = (x[: N // 2], x[N // 2 :]) if halves else (x[::2], x[1::2])
        E, O = transform(first), transform(later)  # noqa: E741  the usual names
        if exchanged:
            E, O = O, E  # noqa: E741
        turns = 1 if turn is None else turn(N)
        O = O * np.exp(sign * turns * 2j * np.pi * np.arange(N // 2) / N)  # noqa: E741
        return step * np.concatenate([E + O, E + second * O])

    return transform


def mirrored(X) -> np.ndarray:
    """The lower half, and its conjugates as the upper half."""
    half = X[: X.size // 2 + 1]
    return np.concatenate([half, np.conj(half[1 : (X.size + 1) // 2][::-1])])


def bits_reversed(X) -> np.ndarray:
    """The bins in the order that decimation in frequency produces."""

    def split(places):
        if places.size % 2:
            return places
        return np.concatenate([split(places[::2]), split(places[1::2])])

    return X[split(np.arange(X.size))]
