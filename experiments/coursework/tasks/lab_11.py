"""Lab 11: cepstral mean and variance normalization: the cases that the check tries, and the known mistakes."""

import numpy as np

import dsp
from experiments.coursework.checking.task import AUDIO_LIBRARIES, Case, Mistake, Task

SEED = 11  # of the cases, beside the profile's seed
TOLERANCE = 1e-6  # lets a student add 1e-8 to the deviation


def make_task(profile) -> Task:
    """cmvn(features, variance): every row minus its mean over the frames and, with variance, over its deviation."""
    return Task(
        lab=11,
        function="cmvn",
        parameters=("features", "variance"),
        points=profile.points,
        solution=solution,
        cases=cases(profile),
        mistakes=MISTAKES,
        tolerance=TOLERANCE,
        axes=("row", "frame"),
        refused=("sklearn", "scipy.stats", *AUDIO_LIBRARIES),
    )


def solution(features, variance):
    """(x - mean) / sd of every row over n frames, sd = sqrt(mean (x - mean)^2); a constant row gives 0"""
    return dsp.cmvn(features) if variance else dsp.cmn(features)


def cases(profile) -> tuple[Case, ...]:
    """Visible: small numbers, the course's size, the mean alone, a constant row, one frame, integers."""

    def curves(n_rows: int, n_frames: int, seed: int) -> np.ndarray:
        return wandering(n_rows, n_frames, [SEED, seed, profile.seed])

    of_course = profile.normalization != "mean"
    small = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 60.0]])
    constant = curves(4, 16, 3)
    constant[1] = -3.5
    whole, others = np.random.default_rng([SEED, 1, profile.seed]).integers(-20, 21, (2, 3, 16))
    return (
        Case("two rows of three frames", {"features": small, "variance": True}),
        Case("the course's", {"features": curves(profile.n_mfcc, 40, 2), "variance": of_course}),
        Case("mean and deviation", {"features": curves(6, 25, 7), "variance": True}),
        Case("the mean alone", {"features": curves(5, 30, 4), "variance": False}),
        Case("a row that does not change", {"features": constant, "variance": True}),
        Case("one frame", {"features": curves(3, 1, 5), "variance": True}),
        Case("integers (dtype int64)", {"features": whole, "variance": True}),
        Case("few frames, many rows", {"features": curves(39, 7, 6), "variance": True}, hidden=True),
        Case("the mean alone, integers", {"features": others, "variance": False}, hidden=True),
        Case("nothing changes", {"features": np.full((2, 8), 0.25), "variance": True}, hidden=True),
    )


def wandering(n_rows: int, n_frames: int, seed: list[int]) -> np.ndarray:
    """Rows that wander, each around its own level and with its own size."""
    random = np.random.default_rng(seed)
    size = random.uniform(0.5, 4, (n_rows, 1))
    return 5 * random.standard_normal((n_rows, 1)) + size * random.standard_normal((n_rows, n_frames)).cumsum(axis=1)


def _divided(deviation):
    """The right means and another divisor: deviation(x, y), y the rows without their means; 0 divides nothing."""

    def function(features, variance):
        y = dsp.cmn(features)
        if not variance:
            return y
        divisor = deviation(np.asarray(features, dtype=np.float64), y)
        return y / np.where(divisor > 0, divisor, 1)

    return function


def _centered(center):
    """Another center of the rows, and the deviation from it: center(x)."""

    def function(features, variance):
        y = features - center(np.asarray(features, dtype=np.float64))
        sd = np.sqrt(np.mean(y**2, axis=1, keepdims=True))
        return y / np.where(sd > 0, sd, 1) if variance else y

    return function


def _per_frame(features, variance):
    return solution(features.T, variance).T


def _whole_matrix(features, variance):
    return solution(features.reshape(1, -1), variance).reshape(features.shape)


def _mean_kept(features, variance):
    sd = np.std(features, axis=1, keepdims=True)
    return features / np.where(sd > 0, sd, 1) if variance else 1.0 * features


def _min_max(low: float):
    def function(features, variance):
        if not variance:
            return dsp.cmn(features)
        lowest, range_ = features.min(axis=1, keepdims=True), np.ptp(features, axis=1)[:, None]
        return low + (1 - low) * (features - lowest) / np.where(range_ > 0, range_, 1)

    return function


def _so_far(features, variance):
    n = np.arange(1, features.shape[1] + 1)
    y = features - np.cumsum(features, axis=1) / n
    sd = np.std(features, axis=1, keepdims=True)
    return y / np.where(sd > 0, sd, 1) if variance else y


def _rms(y):
    return np.sqrt(np.mean(y**2, axis=1, keepdims=True))


MISTAKES = (
    Mistake(
        "the deviation with n - 1",
        "How large is the mean square of a row of your result? What do you get for one frame?",
        _divided(lambda x, y: np.sqrt(np.sum(y**2, axis=1, keepdims=True) / max(1, y.shape[1] - 1))),
    ),
    Mistake(
        "divided by the variance",
        "Multiply a row by 10: should your result change?",
        _divided(lambda x, y: _rms(y) ** 2),
    ),
    Mistake(
        "divided by the root of the deviation",
        "Multiply a row by 10: should your result change?",
        _divided(lambda x, y: np.sqrt(_rms(y))),
    ),
    Mistake(
        "divided by the mean magnitude",
        "How large is the mean square of a row of your result?",
        _divided(lambda x, y: np.mean(np.abs(y), axis=1, keepdims=True)),
    ),
    Mistake(
        "divided by the root mean square with the mean",
        "Add 100 to a row: should your result change?",
        _divided(lambda x, y: _rms(x)),
    ),
    Mistake(
        "one deviation for all rows",
        "Multiply one row by 10: should the others change?",
        _divided(lambda x, y: np.full((len(y), 1), np.sqrt(np.mean(y**2)))),
    ),
    Mistake(
        "the deviation of the whole matrix, means included",
        "Add 100 to one row: should the others change?",
        _divided(lambda x, y: np.full((len(y), 1), np.std(x))),
    ),
    Mistake(
        "one mean and one deviation for the whole matrix",
        "What is the mean of your first row? Add 100 to one row: should the others change?",
        _whole_matrix,
    ),
    Mistake(
        "normalized over the rows of each frame",
        "Which axis is time? What is the mean of your first row?",
        _per_frame,
    ),
    Mistake(
        "the mean alone",
        "Which argument have you not used?",
        lambda features, variance: dsp.cmn(features),
    ),
    Mistake(
        "always divided",
        "Which argument have you not used? Look at the case that asks for the mean alone.",
        lambda features, variance: dsp.cmvn(features),
    ),
    Mistake(
        "the argument turned around",
        "What should happen if variance is True?",
        lambda features, variance: solution(features, not variance),
    ),
    Mistake("the mean left in", "What is the mean of your first row?", _mean_kept),
    Mistake(
        "the opposite sign",
        "Is the largest value of a row still the largest?",
        lambda features, variance: -solution(features, variance),
    ),
    Mistake(
        "the median in the place of the mean",
        "What is the mean of your first row?",
        _centered(lambda x: np.median(x, axis=1, keepdims=True)),
    ),
    Mistake(
        "the first frame in the place of the mean",
        "What is the mean of your first row?",
        _centered(lambda x: x[:, :1]),
    ),
    Mistake(
        "the mean of the frames so far",
        "Does your first frame depend on the last? Should it, if the mean is that of the whole sentence?",
        _so_far,
    ),
    Mistake("scaled to 0 .. 1", "How large is the mean square of a row of your result?", _min_max(0.0)),
    Mistake("scaled to -1 .. 1", "How large is the mean square of a row of your result?", _min_max(-1.0)),
    Mistake(
        "integers from integers",
        "One case fails only because of its dtype. What is the dtype of the array that you write into?",
        lambda features, variance: solution(features, variance).astype(features.dtype),
    ),
    Mistake(
        "frames as rows",
        "Look at the shape you return. Where is time in this course?",
        lambda features, variance: solution(features, variance).T,
    ),
)
