"""Lab 5: from log-mel values to cepstral coefficients: the cases that the check tries, and the known mistakes."""

from dataclasses import replace
from functools import partial

import numpy as np

import dsp
from experiments.coursework.task import AUDIO_LIBRARIES, Case, Mistake, Task

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
            replace(mistake, function=partial(mistake.function, norm=norm))
            for mistake in MISTAKES
            if mistake.name != SCALES[norm]
        ),
        axes=("coefficient", "frame"),
        refused=("scipy.fft", "scipy.fftpack", "cv2", *AUDIO_LIBRARIES),
    )


# The solution and every mistake also take `norm`, the scale of the course's DCT.
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


def _with_matrix(matrix):
    """The right weights on the rows of another transform: matrix(n_mfcc, n_mels, norm)."""
    return lambda log_mel, n_mfcc, lifter, norm: (
        dsp.lifter(n_mfcc, lifter)[:, None] * (matrix(n_mfcc, len(log_mel), norm) @ log_mel)
    )


def _with_weights(weights):
    """The right transform with other weights: weights(k, lifter), for lifter > 0."""

    def function(log_mel, n_mfcc, lifter, norm):
        w = weights(np.arange(n_mfcc), lifter) if lifter else np.ones(n_mfcc)
        return w[:, None] * (dsp.dct_matrix(n_mfcc, len(log_mel), norm) @ log_mel)

    return function


def _without_c0(log_mel, n_mfcc, lifter, norm):
    matrix = dsp.dct_matrix(len(log_mel), len(log_mel), norm)[1 : n_mfcc + 1]
    return dsp.lifter(n_mfcc + 1, lifter)[1 : 1 + len(matrix), None] * (matrix @ log_mel)


def _over_time(log_mel, n_mfcc, lifter, norm):
    return dsp.lifter(n_mfcc, lifter)[:, None] * dsp.dct(log_mel, norm=norm)[:n_mfcc]


def _bands_cut_off(log_mel, n_mfcc, lifter, norm):
    return solution(log_mel[:n_mfcc], n_mfcc, lifter, norm)


def _frames_as_rows(log_mel, n_mfcc, lifter, norm):
    return solution(log_mel, n_mfcc, lifter, norm).T


def _mean_taken_off(log_mel, n_mfcc, lifter, norm):
    return dsp.cmn(solution(log_mel, n_mfcc, lifter, norm))


def _cosines(angle, n_mfcc, n_mels, norm):
    """a_k cos(angle(k, m)): the right size, another angle."""
    k, m = np.arange(n_mfcc)[:, None], np.arange(n_mels)
    sizes = {"ortho": np.sqrt(np.where(k == 0, 1, 2) / n_mels), "htk": np.sqrt(2 / n_mels), None: 2.0}
    return np.cos(angle(k, m)) * sizes[norm]


def _type_3(n_mfcc, n_mels, norm):
    return dsp.dct_matrix(n_mels, n_mels, norm).T[:n_mfcc]


def _fourier(n_mfcc, n_mels, norm):
    k, m = np.arange(n_mfcc)[:, None], np.arange(n_mels)
    return np.cos(2 * np.pi * k * m / n_mels) / n_mels


MISTAKES = (
    Mistake(
        "the lifter counts from one",
        "Compare your weight of c0 with the formula's. For which k is the sine 0?",
        _with_weights(lambda k, L: 1 + L / 2 * np.sin(np.pi * (k + 1) / L)),
    ),
    Mistake(
        "no lifter",
        "The 'no lifter' case passes and the others do not: which argument have you not used?",
        lambda log_mel, n_mfcc, lifter, norm: solution(log_mel, n_mfcc, 0, norm),
    ),
    Mistake(
        "the lifter's sine without its factor",
        "How large can a weight become for a lifter of 22? Plot yours over k.",
        _with_weights(lambda k, L: 1 + np.sin(np.pi * k / L)),
    ),
    Mistake(
        "the lifter's length taken from the number of coefficients",
        "Change n_mfcc and keep the lifter: should the weight of c1 change?",
        _with_weights(lambda k, L: 1 + k.size / 2 * np.sin(np.pi * k / k.size)),
    ),
    Mistake(
        "the lifter divides",
        "What is a lifter for: which coefficients should become larger?",
        _with_weights(lambda k, L: 1 / (1 + L / 2 * np.sin(np.pi * k / L))),
    ),
    Mistake(
        "c0 scaled like the others",
        "Multiply your matrix, with all its rows, by its transpose. Is it the identity? In which place not?",
        _with_matrix(lambda n_mfcc, n_mels, norm: dsp.dct_matrix(n_mfcc, n_mels, "htk")),
    ),
    Mistake(
        "a DCT without normalization",
        "Does the sum of squares of all coefficients of a frame equal that of its bands?",
        _with_matrix(lambda n_mfcc, n_mels, norm: dsp.dct_matrix(n_mfcc, n_mels, None)),
    ),
    Mistake(
        "an orthonormal DCT",
        "By which factor does your course scale the cosines? Compare your c0 and your c1 with its formula.",
        _with_matrix(lambda n_mfcc, n_mels, norm: dsp.dct_matrix(n_mfcc, n_mels, "ortho")),
    ),
    Mistake(
        "scaled by the number of coefficients",
        "Ask for fewer coefficients: do those that stay keep their values?",
        _with_matrix(lambda n_mfcc, n_mels, norm: dsp.dct_matrix(n_mfcc, n_mels, norm) * np.sqrt(n_mels / n_mfcc)),
    ),
    Mistake(
        "c0 left out",
        "Which k does your first row belong to? What is the cosine there?",
        _without_c0,
    ),
    Mistake(
        "a DCT of type III",
        "Your transform is the way back. Which index is multiplied by k, and which one is halved?",
        _with_matrix(_type_3),
    ),
    Mistake(
        "the half sample forgotten",
        "Where are the bands' middles: at 0, 1, 2 .., or between the integers?",
        _with_matrix(lambda n_mfcc, n_mels, norm: _cosines(lambda k, m: np.pi * k * m / n_mels, n_mfcc, n_mels, norm)),
    ),
    Mistake(
        "the real part of a Fourier transform",
        "A Fourier transform thinks that the last band is the neighbor of the first. What does a DCT think?",
        _with_matrix(_fourier),
    ),
    Mistake(
        "transformed along time",
        "Along which axis does the library's function work unless it is told? With one frame, what comes out?",
        _over_time,
    ),
    Mistake(
        "bands cut off before the transform",
        "Does your first coefficient still change when only the highest band changes?",
        _bands_cut_off,
    ),
    Mistake(
        "frames as rows",
        "Look at the shape you return. Where is time in this course?",
        _frames_as_rows,
    ),
    Mistake(
        "the mean over time removed",
        "With one frame, what is left? Which step of the next lab have you already taken?",
        _mean_taken_off,
    ),
)
