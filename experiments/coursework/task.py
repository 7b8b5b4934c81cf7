"""A lab's task as data: the function, the inputs that it is tried on, its solution, and the mistakes people make."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One call of the student's function."""

    name: str  # shown with the result: "noise, 1000 samples"
    arguments: dict[str, object]  # numbers, words and NumPy arrays, by the names of the function's parameters
    hidden: bool = False  # the student learns whether a hidden case passed, and nothing else


@dataclass(frozen=True)
class Mistake:
    """A known mistake, as a function that makes it."""

    name: str  # what explains the student's numbers: "a periodic window"
    hint: str  # a question or a place to look that does not give the answer away
    function: Callable  # takes the parameters of the solution


@dataclass(frozen=True)
class Task:
    """One function to write."""

    lab: int
    function: str  # its name in the student's file
    parameters: tuple[str, ...]
    points: float
    solution: Callable  # (**arguments) -> NumPy array
    cases: tuple[Case, ...]
    mistakes: tuple[Mistake, ...]
    tolerance: float = 1e-9  # relative to the largest value of the solution
    axes: tuple[str, ...] = ()  # what the axes of the result count, for the hints: ("sample", "frame")
    refused: tuple[str, ...] = ()  # what does the work itself and may not be used: "np.fft", "dsp.istft"
