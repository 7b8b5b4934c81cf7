"""Lab 12: dynamic time warping: the cases that the check tries, and the known mistakes."""

import numpy as np

from experiments.coursework.checking.task import AUDIO_LIBRARIES, Case, Mistake, Task

SEED = 12  # of the cases, beside the profile's seed
TOLERANCE = 1e-6  # lets a student compute distances as |x|^2 + |y|^2 - 2 x y, which cancels to about 1e-8


def make_task(profile) -> Task:
    """dtw(x, y): the accumulated Euclidean distances of all beginnings of two words, over the sum of their lengths."""
    return Task(
        lab=12,
        function="dtw",
        parameters=("x", "y"),
        points=profile.points,
        solution=solution,
        cases=cases(profile),
        mistakes=MISTAKES,
        tolerance=TOLERANCE,
        axes=("frame of x", "frame of y"),
        refused=("dtw", "fastdtw", "tslearn", "dtaidistance", *AUDIO_LIBRARIES),
    )


def solution(x, y):
    """A[i, j] / (N + M), A[i, j] = d[i, j] + min(A[i-1, j], A[i, j-1], A[i-1, j-1]), A[0, 0] = d[0, 0];  (N, M)"""
    return accumulated(distances(x, y)) / (x.shape[1] + y.shape[1])


def distances(x, y) -> np.ndarray:
    """d[i, j] = |x[:, i] - y[:, j]|, (N, M)"""
    return np.sqrt(np.sum((x[:, :, None] - y[:, None, :]) ** 2, axis=0))


def accumulated(d, diagonal: float = 1.0, steps=((1, 0), (0, 1), (1, 1)), pick=min) -> np.ndarray:
    """The cheapest way to every cell from the first one; a diagonal step costs `diagonal` times the cell's distance."""
    A = np.full(d.shape, np.inf)
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            before = [
                A[i - down, j - right] + d[i, j] * (diagonal if down and right else 1.0)
                for down, right in steps
                if i >= down and j >= right
            ]
            A[i, j] = pick(before) if i or j else d[0, 0]
    return A


def cases(profile) -> tuple[Case, ...]:
    """Visible: numbers by hand, the course's coefficients, one frame, equal words, a pause. Hidden: longer ones."""

    def words(n_rows: int, n: int, m: int, seed: int) -> dict:
        return two_words(n_rows, n, m, [SEED, seed, profile.seed])

    steps = {"x": np.array([[0.0, 1.0, 3.0, 3.0]]), "y": np.array([[0.0, 3.0, 4.0]])}
    same = words(5, 9, 9, 1)["x"]
    return (
        Case("one number per frame: 0 1 3 3 and 0 3 4", steps),
        Case("the course's coefficients", words(profile.n_mfcc, 20, 26, 2)),
        Case("words of the same length", words(4, 12, 12, 3)),
        Case("one frame against seven", words(3, 1, 7, 4)),
        Case("a word and itself", {"x": same, "y": same}),
        Case("six frames against one", words(3, 6, 1, 5), hidden=True),
        Case("a word and a slow one", words(profile.n_mfcc, 15, 40, 6), hidden=True),
        Case("single frames", words(2, 1, 1, 7), hidden=True),
    )


def two_words(n_rows: int, n: int, m: int, seed: list[int]) -> dict:
    """The same curves spoken twice, in n and in m frames with different rhythms, and some noise."""
    random = np.random.default_rng(seed)
    corners = 4 * random.standard_normal((n_rows, 5))

    def spoken(frames: int) -> np.ndarray:
        at = 4 * np.linspace(0, 1, frames) ** random.uniform(0.6, 1.6)
        return np.array([np.interp(at, np.arange(5), row) for row in corners]) + 0.3 * random.standard_normal(
            (n_rows, frames)
        )

    return {"x": spoken(n), "y": spoken(m)}


def _with_distance(distance):
    """The right accumulation of another distance: distance(x - y), differences along axis 0."""
    return lambda x, y: accumulated(distance(x[:, :, None] - y[:, None, :])) / (x.shape[1] + y.shape[1])


def _with_paths(way):
    """The right distances, accumulated in another way: way(d)."""
    return lambda x, y: way(distances(x, y)) / (x.shape[1] + y.shape[1])


def _with_divisor(divisor):
    """The right accumulation over something else: divisor(n, m, A)."""

    def function(x, y):
        A = accumulated(distances(x, y))
        return A / divisor(*A.shape, A)

    return function


def _path_length(n: int, m: int, A) -> int:
    """The cells of the cheapest path."""
    i, j, length = n - 1, m - 1, 1
    while i or j:
        before = [(A[i - a, j - b], i - a, j - b) for a, b in ((1, 1), (1, 0), (0, 1)) if i >= a and j >= b]
        _, i, j = min(before)
        length += 1
    return length


def _free_start(d, rows: bool, columns: bool):
    """Zeros around the matrix instead of infinity, so that a path may begin anywhere at an edge."""
    A = np.full((d.shape[0] + 1, d.shape[1] + 1), np.inf)
    A[0, 0] = 0
    if columns:
        A[0] = 0
    if rows:
        A[:, 0] = 0
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            A[i + 1, j + 1] = d[i, j] + min(A[i, j], A[i, j + 1], A[i + 1, j])
    return A[1:, 1:]


def _diagonal_first(d):
    """The diagonal whenever there is one, however expensive."""
    A = np.cumsum(d, axis=0)
    A[0] = np.cumsum(d[0])
    for i in range(1, d.shape[0]):
        for j in range(1, d.shape[1]):
            A[i, j] = d[i, j] + A[i - 1, j - 1]
    return A


MISTAKES = (
    Mistake(
        "the squared distance",
        "How far apart are the frames 0 and 3 in the first case? Is it 3 or 9?",
        _with_distance(lambda e: np.sum(e**2, axis=0)),
    ),
    Mistake(
        "the sum of magnitudes as the distance",
        "How far apart are the frames (0, 0) and (3, 4): 5 or 7?",
        _with_distance(lambda e: np.sum(np.abs(e), axis=0)),
    ),
    Mistake(
        "the root mean square as the distance",
        "How far apart are the frames (0, 0) and (3, 4)?",
        _with_distance(lambda e: np.sqrt(np.mean(e**2, axis=0))),
    ),
    Mistake(
        "the largest difference as the distance",
        "How far apart are the frames (0, 0) and (3, 4): 5 or 4?",
        _with_distance(lambda e: np.max(np.abs(e), axis=0)),
    ),
    Mistake(
        "the first coefficient alone",
        "Change the last row of x: does your result change?",
        _with_distance(lambda e: np.abs(e[0])),
    ),
    Mistake(
        "distances that are not accumulated",
        "Can your last value be smaller than the first? Should a longer path cost less?",
        _with_paths(lambda d: d),
    ),
    Mistake(
        "no diagonal step",
        "What does a word cost against itself? Through how many cells does your path go?",
        _with_paths(lambda d: accumulated(d, steps=((1, 0), (0, 1)))),
    ),
    Mistake(
        "always the diagonal step",
        "Which of the three cells before does your sum use, and which should it use?",
        _with_paths(_diagonal_first),
    ),
    Mistake(
        "the diagonal step counted twice",
        "Follow the diagonal of the first case by hand: how often does each distance enter your sum?",
        _with_paths(lambda d: accumulated(d, diagonal=2.0)),
    ),
    Mistake(
        "the most expensive path",
        "What does a word cost against itself?",
        _with_paths(lambda d: accumulated(d, pick=max)),
    ),
    Mistake(
        "a path that begins anywhere in y",
        "What lies outside the matrix: 0 or infinity? Look at the first row of your result: it should grow.",
        _with_paths(lambda d: _free_start(d, rows=False, columns=True)),
    ),
    Mistake(
        "a path that begins anywhere in x",
        "What lies outside the matrix: 0 or infinity? Look at the first column of your result: it should grow.",
        _with_paths(lambda d: _free_start(d, rows=True, columns=False)),
    ),
    Mistake(
        "zeros around the matrix",
        "What lies outside the matrix: 0 or infinity? Your first row and your first column should grow.",
        _with_paths(lambda d: _free_start(d, rows=True, columns=True)),
    ),
    Mistake(
        "the first distance counted twice",
        "What is your value for the cell (0, 0)? What does a path of one cell cost?",
        _with_paths(lambda d: accumulated(d) + d[0, 0]),
    ),
    Mistake(
        "the first distance left out",
        "What is your value for the cell (0, 0)? What does a path of one cell cost?",
        _with_paths(lambda d: accumulated(d) - d[0, 0]),
    ),
    Mistake(
        "not divided",
        "Say every word twice as slowly: should your distance double?",
        _with_divisor(lambda n, m, A: 1),
    ),
    Mistake(
        "divided by the length of the path",
        "By what does the formula of this lab divide?",
        _with_divisor(_path_length),
    ),
    Mistake(
        "divided by the longer word",
        "By what does the formula of this lab divide? Exchange x and y and change only one of them.",
        _with_divisor(lambda n, m, A: max(n, m)),
    ),
    Mistake(
        "divided by the number of cells",
        "By what does the formula of this lab divide?",
        _with_divisor(lambda n, m, A: n * m),
    ),
    Mistake(
        "every value divided by its own i + j + 2",
        "By what is your first value divided, and by what your last?",
        _with_divisor(lambda n, m, A: np.arange(1, n + 1)[:, None] + np.arange(1, m + 1)),
    ),
    Mistake(
        "x and y exchanged",
        "Look at the shape you return. Which word's frames count the rows?",
        lambda x, y: solution(x, y).T,
    ),
    Mistake(
        "the last value alone",
        "The whole matrix is asked for, not its last value.",
        lambda x, y: solution(x, y)[-1, -1],
    ),
)
