"""Lab 6: deltas by regression: the cases that the check tries, and the known mistakes."""

import numpy as np

import dsp
from experiments.coursework.task import AUDIO_LIBRARIES, Case, Mistake, Task

SEED = 6  # of the cases, beside the profile's seed


def make_task(profile) -> Task:
    """deltas(features, width): the slope of the line fitted to `width` frames, first and last frame repeated."""
    return Task(
        lab=6,
        function="deltas",
        parameters=("features", "width"),
        points=profile.points,
        solution=solution,
        cases=cases(profile),
        mistakes=MISTAKES,
        axes=("row", "frame"),
        refused=("scipy.signal", *AUDIO_LIBRARIES),
    )


def solution(features, width):
    """d[k, t] = sum_n n x[k, t + n] / sum_n n^2,  n = -M .. M,  M = (width - 1) / 2,  (rows, n_frames)"""
    return weighted(np.pad(features, ((0, 0), (width // 2, width // 2)), mode="edge"), slope(width))


def cases(profile) -> tuple[Case, ...]:
    """Visible: a ramp, noise, integers, few frames, one. Hidden: other sizes, a short and a constant matrix.

    Where all deltas are 0 the width is 3: halves are exact, so 0 comes out whatever the order of the sum.
    """

    def curves(n_rows: int, n_frames: int, seed: int) -> np.ndarray:
        return wandering(n_rows, n_frames, [SEED, seed, profile.seed])

    ramp = np.tile(np.arange(12.0), (3, 1)) * np.array([[1.0], [-2.0], [0.5]])
    whole = np.random.default_rng([SEED, 1, profile.seed]).integers(-9, 10, (4, 15))
    return (
        Case("three ramps, slopes 1, -2 and 0.5", {"features": ramp, "width": 5}),
        Case("the course's width", {"features": curves(13, 40, 2), "width": profile.delta_width}),
        Case("width 9", {"features": curves(13, 30, 3), "width": 9}),
        Case("integers (dtype int64)", {"features": whole, "width": 5}),
        Case("fewer frames than the window", {"features": curves(5, 4, 4), "width": 9}),
        Case("one frame", {"features": curves(3, 1, 5), "width": 3}),
        Case("one row, width 7", {"features": curves(1, 25, 6), "width": 7}, hidden=True),
        Case("two frames", {"features": curves(4, 2, 7), "width": 5}, hidden=True),
        Case("nothing moves", {"features": np.full((2, 11), -3.5), "width": 3}, hidden=True),
    )


def wandering(n_rows: int, n_frames: int, seed: list[int]) -> np.ndarray:
    """Rows that wander, each around its own level."""
    random = np.random.default_rng(seed)
    return 5 * random.standard_normal((n_rows, 1)) + np.cumsum(random.standard_normal((n_rows, n_frames)), axis=1)


def weighted(extended, weights) -> np.ndarray:
    """sum_n weights[n] extended[:, t + n] for every run of frames that lies inside."""
    n_frames = extended.shape[1] - len(weights) + 1
    return sum(w * extended[:, n : n + n_frames] for n, w in enumerate(weights))


def slope(width: int) -> np.ndarray:
    """The regression's weights, -M .. M over the sum of their squares."""
    n = np.arange(width) - width // 2
    return n / np.sum(n**2)


def _with_weights(weights):
    """The right edges with other weights of the frames: weights(n), n = -M .. M."""

    def function(features, width):
        n = np.arange(width) - width // 2
        return weighted(np.pad(features, ((0, 0), (width // 2, width // 2)), mode="edge"), weights(n))

    return function


def _with_edges(mode):
    """The right weights with other frames before the first and after the last."""
    return lambda features, width: weighted(
        np.pad(features, ((0, 0), (width // 2, width // 2)), mode=mode), slope(width)
    )


def _line_at_the_ends(features, width):
    enough = features.shape[1] >= width
    return dsp.delta(features, width, edges="interp" if enough else "replicate")


def _zero_at_the_ends(features, width):
    d, half = np.zeros(features.shape), width // 2
    d[:, half : features.shape[1] - half] = _inside_only(features, width)
    return d


def _inside_only(features, width):
    if features.shape[1] < width:
        return np.zeros((len(features), 0))
    return weighted(features, slope(width))


def _delayed(features, width):
    return weighted(np.pad(features, ((0, 0), (width - 1, 0))), slope(width))


def _between_coefficients(features, width):
    return solution(features.T, width).T


def _width_on_either_side(features, width):
    return solution(features, 2 * width + 1)


def _difference_of_neighbors(features, width):
    return np.diff(features, axis=1, prepend=features[:, :1])


def _kept_as_whole_numbers(features, width):
    n = np.arange(width) - width // 2
    return (_with_weights(lambda n: n)(features, width) / np.sum(n**2)).astype(features.dtype)


def _frames_as_rows(features, width):
    return solution(features, width).T


MISTAKES = (
    Mistake(
        "no division",
        "What should a ramp with slope 1 give in its middle? What do you get, and what does that number depend on?",
        _with_weights(lambda n: 1.0 * n),
    ),
    Mistake(
        "twice as large",
        "The ramp of slope 1 gives 2. Over which n does the sum in your denominator run?",
        _with_weights(lambda n: 2 * n / np.sum(n**2)),
    ),
    Mistake(
        "delayed by half a window",
        "Put in a single 1 at frame t. Around which frame does your answer lie? What do you know at t of t + 1?",
        _delayed,
    ),
    Mistake(
        "delayed and twice as large",
        "A ramp tells the scale, a single 1 the place. Compare with MATLAB's audioDelta in the text of this lab.",
        lambda features, width: 2 * _delayed(features, width),
    ),
    Mistake(
        "the wrong sign",
        "Is the delta of a rising ramp positive? What does a convolution do to its kernel?",
        _with_weights(lambda n: -n / np.sum(n**2)),
    ),
    Mistake(
        "divided by the width",
        "Try the ramp with widths 3, 5 and 9: the slope should not depend on how long you look.",
        _with_weights(lambda n: n / n.size),
    ),
    Mistake(
        "the two ends of the window only",
        "Change a frame inside the window but not at its end: your answer stays. Should it?",
        _with_weights(lambda n: np.where(np.abs(n) == n[-1], np.sign(n), 0) / (2 * n[-1])),
    ),
    Mistake(
        "the two neighbors only",
        "Does your answer depend on width at all?",
        _with_weights(lambda n: np.where(np.abs(n) == 1, n, 0) / 2),
    ),
    Mistake(
        "each frame minus the one before",
        "Does your answer depend on width? Is it as much about the future as about the past?",
        _difference_of_neighbors,
    ),
    Mistake(
        "zeros before the first and after the last frame",
        "Look at the ends of a matrix whose values lie near -20: how large are your deltas there, and why?",
        _with_edges("constant"),
    ),
    Mistake(
        "mirrored at the ends",
        "The middle is right. What stands before the first frame: in a ramp 0, 1, 2, is it 1, or 0?",
        _with_edges("reflect"),
    ),
    Mistake(
        "mirrored at the ends, the edge twice",
        "The first frame outside is right. And the second one?",
        _with_edges("symmetric"),
    ),
    Mistake(
        "the end joined to the beginning",
        "Does your first delta change when only the last frame changes?",
        _with_edges("wrap"),
    ),
    Mistake(
        "a fitted line at the ends",
        "The middle is right, and your ends are librosa's. What does the formula of this lab put outside?",
        _line_at_the_ends,
    ),
    Mistake(
        "zero at the ends",
        "The middle is right. Why should a feature stop moving M frames before the end?",
        _zero_at_the_ends,
    ),
    Mistake(
        "frames lost at the ends",
        "How many frames come in, how many go out? With what would you lay the deltas side by side?",
        _inside_only,
    ),
    Mistake(
        "differences between coefficients",
        "Which axis is time? Should the delta of c1 change when only c2 changes?",
        _between_coefficients,
    ),
    Mistake(
        "the width taken for one side",
        "For width 3, how many frames does one answer of yours depend on?",
        _width_on_either_side,
    ),
    Mistake(
        "integers from integers",
        "One case fails only because of its dtype. What is the dtype of the array that you write into?",
        _kept_as_whole_numbers,
    ),
    Mistake(
        "frames as rows",
        "Look at the shape you return. Where is time in this course?",
        _frames_as_rows,
    ),
)
