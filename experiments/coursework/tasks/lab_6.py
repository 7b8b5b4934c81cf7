"""Lab 6: deltas by regression: the cases that the check tries, and the known mistakes."""

import numpy as np

import dsp
from experiments.coursework.checking.task import AUDIO_LIBRARIES, Case, Mistake, Task

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
        variant=variant,
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


def variant(weights=None, edges=None, rows=None, result=None, scale=None, cut=None, layout=None):
    """The solution with other parts.

    weights(n) : of the frames n = -M .. M; edges(features, M) : the features with M more frames on either side;
    rows(features) : what the deltas are taken of; result(features, width) : all of it, in the place of these;
    scale(deltas, features, width), cut(deltas, features), layout(deltas) : changes of the result, in this order
    """

    def function(features, width):
        x = features if rows is None else rows(features)
        if result is not None:
            d = result(x, width)
        else:
            M = width // 2
            extended = np.pad(x, ((0, 0), (M, M)), mode="edge") if edges is None else edges(x, M)
            n = np.arange(width) - M
            d = weighted(extended, slope(width) if weights is None else weights(n))
        d = d if scale is None else scale(d, features, width)
        d = d if cut is None else cut(d, features)
        return d if layout is None else layout(d)

    return function


def padded(mode: str):
    return lambda x, M: np.pad(x, ((0, 0), (M, M)), mode=mode)


def line_at_the_ends(features, width):
    enough = features.shape[1] >= width
    return dsp.delta(features, width, edges="interp" if enough else "replicate")


def zero_at_the_ends(features, width):
    d, half = np.zeros(features.shape), width // 2
    d[:, half : features.shape[1] - half] = inside_only(features, width)
    return d


def inside_only(features, width):
    if features.shape[1] < width:
        return np.zeros((len(features), 0))
    return weighted(features, slope(width))


def convolved(mode: str, sign: int):
    """NumPy's convolution of every row, whose result is as long as the longer one of row and kernel."""
    return lambda features, width: np.array([np.convolve(row, sign * slope(width)[::-1], mode) for row in features])


def between_coefficients(features, width):
    return solution(features.T, width).T


def difference_of_neighbors(features, width):
    return np.diff(features, axis=1, prepend=features[:, :1])


def difference_to_the_next(features, width):
    return np.diff(features, axis=1, append=features[:, -1:])


def forward_half(features, width):
    """The slope from this frame and the following ones only."""
    M = width // 2
    x = np.pad(features, ((0, 0), (0, M)), mode="edge")
    n = np.arange(M + 1)
    return weighted(x, n / np.sum(n**2)) - features * np.sum(n) / np.sum(n**2)


RAMP = "What should a ramp with slope 1 give in its middle? What do you get, and what does that number depend on?"
SUM = "The ramp tells the scale. Over which n does the sum in your denominator run?"
WIDTHS = "Does your answer depend on width? Try the ramp with widths 3, 5 and 9."
ENDS = "The middle is right. What stands before the first frame and after the last one in this lab?"
COUNT = "How many frames come in, how many go out? With what would you lay the deltas side by side?"
ROWS = "How many rows come in, how many go out?"
NEXT_LAB = "What does a ramp with slope 2 give? Which step of this lab's experiment have you already taken?"


def known(name: str, hint: str, **parts) -> Mistake:
    return Mistake(name, hint, variant(**parts), parts)


MISTAKES = (
    known("no division", RAMP, weights=lambda n: 1.0 * n),
    known("twice as large", SUM, weights=lambda n: 2 * n / np.sum(n**2)),
    known("half as large", SUM, weights=lambda n: n / 2 / np.sum(n**2)),
    known(
        "delayed by half a window",
        "Put in a single 1 at frame t. Around which frame does your answer lie? What do you know at t of t + 1?",
        edges=lambda x, M: np.pad(x, ((0, 0), (2 * M, 0))),
    ),
    known(
        "delayed by half a window, the first frame repeated",
        "Put in a single 1 at frame t. Around which frame does your answer lie? What do you know at t of t + 1?",
        edges=lambda x, M: np.pad(x, ((0, 0), (2 * M, 0)), mode="edge"),
    ),
    known(
        "delayed and twice as large",
        "A ramp tells the scale, a single 1 the place. Compare with MATLAB's audioDelta in the text of this lab.",
        result=lambda x, width: 2 * weighted(np.pad(x, ((0, 0), (width - 1, 0))), slope(width)),
    ),
    known(
        "the wrong sign",
        "Is the delta of a rising ramp positive? What does a convolution do to its kernel?",
        weights=lambda n: -n / np.sum(n**2),
    ),
    known("divided by the width", WIDTHS, weights=lambda n: n / n.size),
    known("divided by twice the width", WIDTHS, weights=lambda n: n / (2 * n.size)),
    known("divided by the sum of n, not of its squares", SUM, weights=lambda n: n / np.sum(np.abs(n))),
    known("divided by the sum of n from 1 to M", SUM, weights=lambda n: 2 * n / np.sum(np.abs(n))),
    known("the differences not weighted by n", WIDTHS, weights=lambda n: np.sign(n) / np.sum(n**2)),
    known("the differences not weighted by n, twice as large", WIDTHS, weights=lambda n: 2 * np.sign(n) / np.sum(n**2)),
    known("the mean of the differences", WIDTHS, weights=lambda n: np.sign(n) / (n.size - 1)),
    known("the differences weighted by the square of n", SUM, weights=lambda n: n * np.abs(n) / np.sum(n**2)),
    known(
        "the ends of the window left out of the sum",
        "Does your answer change if a frame M away changes? Where does Python's range end?",
        weights=lambda n: np.where(np.abs(n) == n[-1], 0, n) / np.sum(n**2) if n.size > 3 else 0.0 * n,
    ),
    known(
        "a window two frames too short",
        "Does your answer change if a frame M away changes? Where does Python's range end?",
        weights=lambda n: np.where(np.abs(n) == n[-1], 0, n) / np.sum(n[1:-1] ** 2),
    ),
    known(
        "the two ends of the window only",
        "Change a frame inside the window but not at its end: your answer stays. Should it?",
        weights=lambda n: np.where(np.abs(n) == n[-1], np.sign(n), 0) / (2 * n[-1]),
    ),
    known("the two neighbors only", WIDTHS, weights=lambda n: np.where(np.abs(n) == 1, n, 0) / 2),
    known(
        "NumPy's gradient",
        "Does your answer depend on width at all? Which frames does np.gradient look at?",
        result=lambda x, width: np.gradient(x, axis=1),
    ),
    known("a window of 5 frames, whatever the width", WIDTHS, result=lambda x, width: solution(x, 5)),
    known("a window of 9 frames, whatever the width", WIDTHS, result=lambda x, width: solution(x, 9)),
    known("each frame minus the one before", WIDTHS, result=difference_of_neighbors),
    known("the next frame minus this one", WIDTHS, result=difference_to_the_next),
    known(
        "the following frames only", "Is your answer as much about the past as about the future?", result=forward_half
    ),
    known(
        "zeros before the first and after the last frame",
        "Look at the ends of a matrix whose values lie near -20: how large are your deltas there, and why?",
        edges=padded("constant"),
    ),
    known('np.convolve with "same": zeros outside', ENDS, result=convolved("same", 1)),
    known('np.convolve with "same", the wrong sign', ENDS, result=convolved("same", -1)),
    known('np.convolve with "valid": frames lost at the ends', COUNT, result=convolved("valid", 1)),
    known('np.convolve with "valid", the wrong sign', COUNT, result=convolved("valid", -1)),
    known('np.convolve with "full": more frames than before', COUNT, result=convolved("full", 1)),
    known("mirrored at the ends", ENDS + " In a ramp 0, 1, 2, is it 1, or 0?", edges=padded("reflect")),
    known(
        "mirrored at the ends, the edge twice",
        "The first frame outside is right. And the second one?",
        edges=padded("symmetric"),
    ),
    known(
        "the end joined to the beginning",
        "Does your first delta change when only the last frame changes?",
        edges=padded("wrap"),
    ),
    known(
        "a fitted line at the ends",
        "The middle is right, and your ends are librosa's. What does the formula of this lab put outside?",
        result=line_at_the_ends,
    ),
    known(
        "zero at the ends",
        "The middle is right. Why should a feature stop moving M frames before the end?",
        result=zero_at_the_ends,
    ),
    known("frames lost at the ends", COUNT, result=inside_only),
    known(
        "differences between coefficients",
        "Which axis is time? Should the delta of c1 change when only c2 changes?",
        result=between_coefficients,
    ),
    known(
        "the width taken for one side",
        "For width 3, how many frames does one answer of yours depend on?",
        result=lambda x, width: solution(x, 2 * width + 1),
    ),
    known(
        "the delta of the delta",
        "How often does your function go over the frames? What is the delta of a ramp?",
        scale=lambda d, x, width: solution(d, width),
    ),
    known(
        "divided by the standard deviation over time", NEXT_LAB, scale=lambda d, x, w: d / d.std(axis=1, keepdims=True)
    ),
    known("the mean over time removed", NEXT_LAB, scale=lambda d, x, w: d - d.mean(axis=1, keepdims=True)),
    known(
        "mean and variance over time normalized",
        NEXT_LAB,
        scale=lambda d, x, w: (d - d.mean(axis=1, keepdims=True)) / d.std(axis=1, keepdims=True),
    ),
    known("the magnitude", "Is the delta of a falling ramp negative?", scale=lambda d, x, w: np.abs(d)),
    known("the deltas added to the features", "What does a constant matrix give?", scale=lambda d, x, w: x + d),
    known(
        "integers from integers",
        "One case fails only because of its dtype. What is the dtype of the array that you write into?",
        scale=lambda d, x, w: (d * np.sum((np.arange(w) - w // 2) ** 2) / np.sum((np.arange(w) - w // 2) ** 2)).astype(
            x.dtype
        ),
    ),
    known(
        "features and deltas on top of each other",
        ROWS,
        cut=lambda d, x: np.vstack([x, d]),
    ),
    known(
        "features, deltas and their deltas on top of each other",
        ROWS,
        result=lambda x, w: np.vstack([x, solution(x, w), solution(solution(x, w), w)]),
    ),
    known("features and deltas side by side", COUNT, cut=lambda d, x: np.hstack([x, d])),
    known("frames as rows", "Look at the shape you return. Where is time in this course?", layout=np.transpose),
)
