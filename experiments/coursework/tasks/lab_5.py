"""Lab 5: from log-mel values to cepstral coefficients: the cases that the check tries, and the known mistakes."""

from functools import partial

import numpy as np

import dsp
from experiments.coursework.checking.task import AUDIO_LIBRARIES, Case, Mistake, Task

SEED = 5  # of the cases, beside the profile's seed
SCALES = {  # the mistake that is none if this is the course's norm
    "ortho": "an orthonormal DCT",
    "htk": "c0 scaled like the others",
    None: "a DCT without normalization",
}


def make_task(profile) -> Task:
    """mfcc(log_mel, n_mfcc, lifter): weights times the first rows of the course's DCT-II over the bands."""
    norm = None if profile.dct_norm == "none" else profile.dct_norm
    return Task(
        lab=5,
        function="mfcc",
        parameters=("log_mel", "n_mfcc", "lifter"),
        points=profile.points,
        solution=partial(solution, norm=norm),
        cases=cases(profile),
        mistakes=tuple(
            Mistake(name, hint, variant(norm, **parts), parts) for name, hint, parts in MISTAKES if name != SCALES[norm]
        ),
        variant=partial(variant, norm),
        axes=("coefficient", "frame"),
        refused=("scipy.fft", "scipy.fftpack", "cv2", *AUDIO_LIBRARIES),
    )


def solution(log_mel, n_mfcc, lifter, norm="ortho"):
    """c[k, t] = w[k] a_k sum_m log_mel[m, t] cos(pi k (2m + 1) / (2 M)),  (n_mfcc, n_frames)"""
    return dsp.lifter(n_mfcc, lifter)[:, None] * (dsp.dct_matrix(n_mfcc, len(log_mel), norm) @ log_mel)


def cases(profile) -> tuple[Case, ...]:
    """Visible: the course's own numbers, no lifter, all coefficients, one frame. Hidden: other sizes, silence."""
    n_mels, n_mfcc, lifter = profile.n_mels, profile.n_mfcc, profile.lifter

    def bands(n_mels: int, n_frames: int, seed: int) -> np.ndarray:
        """Random bands in the course's logarithm, none of them silent."""
        power = np.exp(natural_bands(n_mels, n_frames, [SEED, seed, profile.seed]))
        return profile.compress(power * max(1.0, profile.floor / 1e-10))

    return (
        Case("the course's numbers", {"log_mel": bands(n_mels, 30, 1), "n_mfcc": n_mfcc, "lifter": lifter}),
        Case("26 bands, 13 coefficients, lifter 22", {"log_mel": bands(26, 20, 2), "n_mfcc": 13, "lifter": 22}),
        Case("no lifter", {"log_mel": bands(24, 12, 3), "n_mfcc": 12, "lifter": 0}),
        Case("as many coefficients as bands", {"log_mel": bands(20, 8, 4), "n_mfcc": 20, "lifter": 22}),
        Case("an odd lifter, 21", {"log_mel": bands(26, 9, 8), "n_mfcc": 13, "lifter": 21}),
        Case("a lifter of 22.5", {"log_mel": bands(22, 7, 9), "n_mfcc": 12, "lifter": 22.5}),
        Case("one frame", {"log_mel": bands(23, 1, 5), "n_mfcc": 13, "lifter": 22}),
        Case("other sizes", {"log_mel": bands(40, 25, 6), "n_mfcc": 20, "lifter": 26}, hidden=True),
        Case("one coefficient", {"log_mel": bands(26, 6, 7), "n_mfcc": 1, "lifter": 22}, hidden=True),
        Case("silence", {"log_mel": np.full((26, 5), profile.compress(0.0)), "n_mfcc": 13, "lifter": 22}, hidden=True),
    )


def natural_bands(n_mels: int, n_frames: int, seed: list[int]) -> np.ndarray:
    """ln of the bands' power, like that of speech: falling with the band, with slow humps and some noise."""
    random = np.random.default_rng(seed)
    m, t = np.arange(n_mels)[:, None] / n_mels, np.arange(n_frames)
    humps = 2 * np.cos(2 * np.pi * (random.uniform(1, 3) * m + t / random.uniform(15, 40)))
    return -4 - 5 * m + humps + 0.5 * random.standard_normal((n_mels, n_frames))


def variant(norm, matrix=None, weights=None, bands=None, cepstra=None, scale=None, cut=None, layout=None):
    """The solution with other parts.

    matrix(n_mfcc, n_mels, norm), weights(k, lifter) : the transform's and the lifter's; bands(log_mel) : what is
    transformed; cepstra(log_mel, n_mfcc, lifter, norm) -> all coefficients, in the place of both; scale, cut, layout :
    changes of the result, in this order
    """
    changes = [change for change in (scale, cut, layout) if change is not None]

    def function(log_mel, n_mfcc, lifter):
        log_mel = log_mel if bands is None else bands(log_mel, n_mfcc)
        if cepstra is not None:
            result = cepstra(log_mel, n_mfcc, lifter, norm)
        else:
            rows = dsp.dct_matrix if matrix is None else matrix
            w = dsp.lifter(n_mfcc, lifter) if weights is None else weights(np.arange(n_mfcc), lifter)
            result = w[:, None] * (rows(n_mfcc, len(log_mel), norm) @ log_mel)
        for change in changes:
            result = change(result)
        return result

    return function


def liftered(weights):
    """The weights, for a lifter > 0."""
    return lambda k, L: weights(k, L) if L else np.ones(k.size)


def cosines(angle):
    """a_k cos(angle(k, m, M)): the right size, another angle."""

    def matrix(n_mfcc, n_mels, norm):
        k, m = np.arange(n_mfcc)[:, None], np.arange(n_mels)
        sizes = {"ortho": np.sqrt(np.where(k == 0, 1, 2) / n_mels), "htk": np.sqrt(2 / n_mels), None: 2.0}
        return np.cos(angle(k, m, n_mels)) * sizes[norm]

    return matrix


def without_c0(log_mel, n_mfcc, lifter, norm):
    matrix = dsp.dct_matrix(len(log_mel), len(log_mel), norm)[1 : n_mfcc + 1]
    return dsp.lifter(n_mfcc + 1, lifter)[1 : 1 + len(matrix), None] * (matrix @ log_mel)


def over_time(log_mel, n_mfcc, lifter, norm):
    return dsp.lifter(n_mfcc, lifter)[:, None] * dsp.dct(log_mel, norm=norm)[:n_mfcc]


def over_time_and_bands(log_mel, n_mfcc, lifter, norm):
    n_frames = log_mel.shape[1]
    k, m = np.arange(n_mfcc)[:, None], np.arange(n_frames)
    sizes = {"ortho": np.sqrt(np.where(k == 0, 1, 2) / n_frames), "htk": np.sqrt(2 / n_frames), None: 2.0}
    matrix = np.cos(np.pi * k * (2 * m + 1) / (2 * n_frames)) * sizes[norm]
    return dsp.lifter(n_mfcc, lifter)[:, None] * (matrix @ log_mel.T)


def type_3(n_mfcc, n_mels, norm):
    return dsp.dct_matrix(n_mels, n_mels, norm).T[:n_mfcc]


def fourier(n_mfcc, n_mels, norm):
    k, m = np.arange(n_mfcc)[:, None], np.arange(n_mels)
    return np.cos(2 * np.pi * k * m / n_mels) / n_mels


def sines(n_mfcc, n_mels, norm):
    k, m = np.arange(n_mfcc)[:, None], np.arange(n_mels)
    sizes = {"ortho": np.sqrt(np.where(k == 0, 1, 2) / n_mels), "htk": np.sqrt(2 / n_mels), None: 2.0}
    return np.sin(np.pi * k * (2 * m + 1) / (2 * n_mels)) * sizes[norm]


def sum_as_c0(n_mfcc, n_mels, norm):
    matrix = dsp.dct_matrix(n_mfcc, n_mels, norm).copy()
    matrix[0] = 1
    return matrix


def mean_as_c0(n_mfcc, n_mels, norm):
    return sum_as_c0(n_mfcc, n_mels, norm) / np.where(np.arange(n_mfcc) == 0, n_mels, 1)[:, None]


def with_scale(scale):
    """The transform with another scale: scale(k, n_mfcc, n_mels) times the plain sum."""

    def matrix(n_mfcc, n_mels, norm):
        k = np.arange(n_mfcc)
        return dsp.dct_matrix(n_mfcc, n_mels, None) / 2 * scale(k, n_mfcc, n_mels)[:, None]

    return matrix


def c0_halved(n_mfcc, n_mels, norm):
    return with_scale(lambda k, n, M: np.where(k, 1, 0.5) * np.sqrt(2 / M))(n_mfcc, n_mels, norm)


def n_mfcc_for_n_mels(n_mfcc, n_mels, norm):
    return cosines(lambda k, m, M: np.pi * k * (2 * m + 1) / (2 * n_mfcc))(n_mfcc, n_mels, norm)


WEIGHTS = "How large can a weight become for a lifter of 22? Plot yours over k."
IDENTITY = "Multiply your matrix, with all its rows, by its transpose. Is it the identity? In which place not?"
ANGLE = "Where are the bands' middles: at 0, 1, 2 .., or between the integers? What is the angle for k = 1, m = 0?"
WHOLE = "One case fails only because of its lifter. What are 21 / 2 and 22.5 / 2, and what does // give?"
ZERO = "What is the weight of a coefficient if the lifter is 0? What do you divide by?"
LOGARITHMS = "Are the bands that you get logarithms already?"
MISTAKES = (  # name, hint, parts for `variant`
    (
        "the lifter counts from one",
        "Compare your weight of c0 with the formula's. For which k is the sine 0?",
        {"weights": liftered(lambda k, L: 1 + L / 2 * np.sin(np.pi * (k + 1) / L))},
    ),
    (
        "no lifter",
        "The 'no lifter' case passes and the others do not: which argument have you not used?",
        {"weights": lambda k, L: np.ones(k.size)},
    ),
    (
        "the lifter's sine without its factor",
        WEIGHTS,
        {"weights": liftered(lambda k, L: 1 + np.sin(np.pi * k / L))},
    ),
    ("the lifter without its 1", WEIGHTS, {"weights": liftered(lambda k, L: L / 2 * np.sin(np.pi * k / L))}),
    ("the lifter without its half", WEIGHTS, {"weights": liftered(lambda k, L: 1 + L * np.sin(np.pi * k / L))}),
    (
        "a cosine in the lifter",
        WEIGHTS,
        {"weights": liftered(lambda k, L: 1 + L / 2 * np.cos(np.pi * k / L))},
    ),
    (
        "2 pi in the place of pi in the lifter",
        WEIGHTS,
        {"weights": liftered(lambda k, L: 1 + L / 2 * np.sin(2 * np.pi * k / L))},
    ),
    ("pi forgotten in the lifter", WEIGHTS, {"weights": liftered(lambda k, L: 1 + L / 2 * np.sin(k / L))}),
    (
        "the lifter is always 22",
        "Change the lifter: should the weight of c1 change?",
        {"weights": liftered(lambda k, L: 1 + 11 * np.sin(np.pi * k / 22))},
    ),
    (
        "the lifter applied twice",
        "At how many places do you multiply by the lifter?",
        {"weights": liftered(lambda k, L: (1 + L / 2 * np.sin(np.pi * k / L)) ** 2)},
    ),
    (
        "the lifter's length taken from the number of coefficients",
        "Change n_mfcc and keep the lifter: should the weight of c1 change?",
        {"weights": liftered(lambda k, L: 1 + k.size / 2 * np.sin(np.pi * k / k.size))},
    ),
    (
        "the lifter divides",
        "What is a lifter for: which coefficients should become larger?",
        {"weights": liftered(lambda k, L: 1 / (1 + L / 2 * np.sin(np.pi * k / L)))},
    ),
    (
        "half the lifter rounded down (//)",
        WHOLE,
        {"weights": liftered(lambda k, L: 1 + L // 2 * np.sin(np.pi * k / L))},
    ),
    (
        "the lifter cut to a whole number",
        WHOLE,
        {"weights": liftered(lambda k, L: 1 + int(L) / 2 * np.sin(np.pi * k / int(L)))},
    ),
    ("a lifter of 0 divides by 0", ZERO, {"weights": lambda k, L: 1 + L / 2 * np.sin(np.pi * np.divide(k, L))}),
    (
        "nothing is left with a lifter of 0",
        ZERO,
        {"weights": lambda k, L: 1 + L / 2 * np.sin(np.pi * k / L) if L else np.zeros(k.size)},
    ),
    ("c0 scaled like the others", IDENTITY, {"matrix": lambda n, M, norm: dsp.dct_matrix(n, M, "htk")}),
    (
        "a DCT without normalization",
        "Does the sum of squares of all coefficients of a frame equal that of its bands?",
        {"matrix": lambda n, M, norm: dsp.dct_matrix(n, M, None)},
    ),
    (
        "an orthonormal DCT",
        "By which factor does your course scale the cosines? Compare your c0 and your c1 with its formula.",
        {"matrix": lambda n, M, norm: dsp.dct_matrix(n, M, "ortho")},
    ),
    ("the sum without any factor", IDENTITY, {"matrix": with_scale(lambda k, n, M: np.ones(k.size))}),
    ("every coefficient scaled by sqrt(1 / M)", IDENTITY, {"matrix": with_scale(lambda k, n, M: k * 0 + M**-0.5)}),
    ("scaled by 2 / M", IDENTITY, {"matrix": with_scale(lambda k, n, M: k * 0 + 2 / M)}),
    ("scaled by 1 / M", IDENTITY, {"matrix": with_scale(lambda k, n, M: k * 0 + 1 / M)}),
    (
        "c0 divided by 2 in the place of sqrt(2)",
        IDENTITY,
        {"matrix": c0_halved},
    ),
    ("c0 is the sum of the bands", IDENTITY, {"matrix": sum_as_c0}),
    ("c0 is the mean of the bands", IDENTITY, {"matrix": mean_as_c0}),
    (
        "scaled by the number of coefficients",
        "Ask for fewer coefficients: do those that stay keep their values?",
        {"matrix": lambda n, M, norm: dsp.dct_matrix(n, M, norm) * np.sqrt(M / n)},
    ),
    ("c0 left out", "Which k does your first row belong to? What is the cosine there?", {"cepstra": without_c0}),
    (
        "a DCT of type III",
        "Your transform is the way back. Which index is multiplied by k, and which one is halved?",
        {"matrix": type_3},
    ),
    ("a DCT of type I", ANGLE, {"matrix": cosines(lambda k, m, M: np.pi * k * m / (M - 1))}),
    ("a DCT of type IV", ANGLE, {"matrix": cosines(lambda k, m, M: np.pi * (2 * k + 1) * (2 * m + 1) / (4 * M))}),
    ("the half sample forgotten", ANGLE, {"matrix": cosines(lambda k, m, M: np.pi * k * m / M)}),
    (
        "the half sample taken off: 2 m - 1 with m from 0",
        ANGLE,
        {"matrix": cosines(lambda k, m, M: np.pi * k * (2 * m - 1) / (2 * M))},
    ),
    ("bands counted from 1", ANGLE, {"matrix": cosines(lambda k, m, M: np.pi * k * (2 * m + 3) / (2 * M))}),
    (
        "coefficients counted from 1",
        ANGLE,
        {"matrix": cosines(lambda k, m, M: np.pi * (k + 1) * (2 * m + 1) / (2 * M))},
    ),
    ("pi forgotten in the cosine", ANGLE, {"matrix": cosines(lambda k, m, M: k * (2 * m + 1) / (2 * M))}),
    ("2 forgotten under the fraction", ANGLE, {"matrix": cosines(lambda k, m, M: np.pi * k * (2 * m + 1) / M)}),
    (
        "the number of coefficients in the cosine",
        ANGLE,
        {"matrix": n_mfcc_for_n_mels},
    ),
    ("a sine in the place of the cosine", ANGLE, {"matrix": sines}),
    (
        "the real part of a Fourier transform",
        "A Fourier transform thinks that the last band is the neighbor of the first. What does a DCT think?",
        {"matrix": fourier},
    ),
    (
        "transformed along time",
        "Along which axis does the library's function work unless it is told? With one frame, what comes out?",
        {"cepstra": over_time},
    ),
    (
        "transformed along time, bands as columns",
        "Which axis of log_mel does your sum run over? With one frame, what comes out?",
        {"cepstra": over_time_and_bands},
    ),
    (
        "bands cut off before the transform",
        "Does your first coefficient still change when only the highest band changes?",
        {"bands": lambda log_mel, n: log_mel[:n]},
    ),
    (
        "the bands in reverse order",
        "Which sign has your c1 if the low bands are the loud ones?",
        {"bands": lambda log_mel, n: log_mel[::-1]},
    ),
    ("the logarithm undone", LOGARITHMS, {"bands": lambda x, n: np.exp(x)}),
    (
        "the logarithm taken again",
        LOGARITHMS,
        {"bands": lambda x, n: np.log(x)},
    ),
    (
        "the logarithm of the size taken again",
        LOGARITHMS,
        {"bands": lambda x, n: np.log(np.abs(x))},
    ),
    (
        "the mean over the bands removed",
        "What becomes of c0?",
        {"bands": lambda x, n: x - x.mean(axis=0)},
    ),
    (
        "the mean over time removed",
        "With one frame, what is left? Which step of the next lab have you already taken?",
        {"scale": lambda c: c - c.mean(axis=1, keepdims=True)},
    ),
    (
        "mean and variance over time normalized",
        "With one frame, what is left? Which step of the next lab have you already taken?",
        {"scale": lambda c: (c - c.mean(axis=1, keepdims=True)) / c.std(axis=1, keepdims=True)},
    ),
    ("the wrong sign", "Which sign has your c0 if all bands are negative?", {"scale": lambda c: -c}),
    ("cut to whole numbers", "What is the dtype of the array that you write into?", {"scale": np.trunc}),
    ("the coefficients in reverse order", "Which row is c0?", {"cut": lambda c: c[::-1]}),
    ("one coefficient too few", "How many rows are asked for?", {"cut": lambda c: c[:-1]}),
    ("only the first frame", "How many frames come in, how many go out?", {"cut": lambda c: c[:, :1]}),
    ("the mean over the frames", "How many frames come in, how many go out?", {"cut": lambda c: c.mean(axis=1)}),
    ("frames as rows", "Look at the shape you return. Where is time in this course?", {"layout": np.transpose}),
)
