"""Lab 9: pre-emphasis: the cases that the check tries, and the known mistakes."""

import numpy as np

import dsp
from experiments.coursework.checking.task import AUDIO_LIBRARIES, Case, Mistake, Task

SEED = 9  # of the cases, beside the profile's seed


def make_task(profile) -> Task:
    """preemphasize(signal, coefficient): each sample minus `coefficient` times the one before; the first one stays."""
    return Task(
        lab=9,
        function="preemphasize",
        parameters=("signal", "coefficient"),
        points=profile.points,
        solution=solution,
        cases=cases(profile),
        mistakes=mistakes(profile.preemphasis or 0.97),
        axes=("sample",),
        refused=("scipy.signal", *AUDIO_LIBRARIES),
    )


def solution(signal, coefficient):
    """y[n] = x[n] - a x[n-1], y[0] = x[0]"""
    return dsp.preemphasis(np.asarray(signal, dtype=np.float64), coefficient)


def cases(profile) -> tuple[Case, ...]:
    """Visible: a few numbers, ones, the course's coefficient, integers, 0, one sample. Hidden: other coefficients."""
    course = profile.preemphasis or 0.97
    random = np.random.default_rng([SEED, profile.seed])
    whole = random.integers(-99, 100, 30)
    noise, other, more = (random.standard_normal(n) for n in (200, 57, 31))
    return (
        Case("1, 2, 4, 8 with a coefficient of 0.5", {"signal": np.array([1.0, 2.0, 4.0, 8.0]), "coefficient": 0.5}),
        Case("ones", {"signal": np.ones(12), "coefficient": 0.9}),
        Case(f"noise, the course's coefficient {course:g}", {"signal": noise, "coefficient": course}),
        Case("integers (dtype int64)", {"signal": whole, "coefficient": 0.95}),
        Case("a coefficient of 0", {"signal": other, "coefficient": 0.0}),
        Case("one sample", {"signal": np.array([0.3]), "coefficient": 0.97}),
        Case("a coefficient of 1", {"signal": more, "coefficient": 1.0}, hidden=True),
        Case("two samples", {"signal": other[:2], "coefficient": 0.68}, hidden=True),
        Case("a step", {"signal": np.repeat([-0.5, 0.25], 20), "coefficient": 0.85}, hidden=True),
    )


def mistakes(course: float) -> tuple[Mistake, ...]:
    def first(value):
        """The right differences with another first sample: value(x, a)."""

        def function(signal, coefficient):
            y = solution(signal, coefficient)
            y[0] = value(signal, coefficient)
            return y

        return function

    def of_two(weights):
        """Other weights of the sample and the one before it: weights(a)."""

        def function(signal, coefficient):
            now, before = weights(coefficient)
            return now * signal + before * np.append(0.0, signal[:-1])

        return function

    def fed_back(sign: int):
        """y[n] = x[n] + sign a y[n-1]"""

        def function(signal, coefficient):
            y = np.array(signal, dtype=np.float64)
            for n in range(1, y.size):
                y[n] += sign * coefficient * y[n - 1]
            return y

        return function

    def following(signal, coefficient):
        return signal - coefficient * np.append(signal[1:], 0.0)

    beginning = "The rest is right. What comes before the first sample in the formula of this lab?"
    sign = (
        "What does your function return for a signal of ones, after its first sample? Should it be more or less than 1?"
    )
    return (
        Mistake(
            "the first sample left out",
            "How many samples come in, how many go out?",
            lambda signal, coefficient: solution(signal, coefficient)[1:],
        ),
        Mistake("a first sample of 0", beginning, first(lambda x, a: 0.0)),
        Mistake("the first sample repeated before the beginning", beginning, first(lambda x, a: x[0] - a * x[0])),
        Mistake("the last sample before the first", beginning, first(lambda x, a: x[0] - a * x[-1])),
        Mistake("the beginning extrapolated, as librosa does", beginning, first(lambda x, a: 3 * x[0] - x[1])),
        Mistake("a plus", sign, of_two(lambda a: (1.0, a))),
        Mistake("the following sample", "Which sample does your first result depend on, besides its own?", following),
        Mistake(
            "the coefficient on the sample itself",
            "With a coefficient of 0, does your function return the signal?",
            of_two(lambda a: (a, -1.0)),
        ),
        Mistake(
            "1 minus the coefficient",
            "With a coefficient of 0, does your function return the signal?",
            of_two(lambda a: (1.0, a - 1.0)),
        ),
        Mistake(
            "the coefficient ignored: a plain difference",
            "Which argument have you not used?",
            of_two(lambda a: (1.0, -1.0)),
        ),
        Mistake(
            f"a fixed coefficient of {course:g}",
            "Which argument have you not used?",
            lambda signal, coefficient: solution(signal, course),
        ),
        Mistake(
            "the result fed back: changed in place from left to right",
            "Put in a single 1 at sample 0: how many samples of your result are not 0? When y[2] is computed, is y[1] "
            "or x[1] used?",
            fed_back(-1),
        ),
        Mistake(
            "de-emphasis",
            "Which are louder in your result, the low or the high frequencies?",
            fed_back(+1),
        ),
        Mistake(
            "applied twice",
            "Put in a single 1 at sample 0: how many samples of your result are not 0?",
            lambda signal, coefficient: solution(solution(signal, coefficient), coefficient),
        ),
        Mistake(
            "divided by 1 + coefficient",
            "What is your gain for the first sample? The formula has no factor.",
            of_two(lambda a: (1 / (1 + a), -a / (1 + a))),
        ),
        Mistake(
            "integers from integers",
            "One case fails only because of its dtype. What is the dtype of the array that you write into?",
            lambda signal, coefficient: solution(signal, coefficient).astype(signal.dtype),
        ),
    )
