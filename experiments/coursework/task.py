"""What a lab asks for, as data: the function, the inputs it is tried on, its solution, and the mistakes people make."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One call of the student's function."""

    name: str  # shown with the result: "noise, 1000 samples"
    arguments: dict[str, object]  # numbers, words and NumPy arrays, by the names of the function's parameters
    hidden: bool = False  # of a hidden case the student learns whether it passed, and nothing else


@dataclass(frozen=True)
class Mistake:
    """A known way to get it wrong, as a function that computes what comes out then."""

    name: str  # what explains the student's numbers: "a periodic window"
    hint: str  # a question or place to look, which does not give the answer away
    function: Callable  # same parameters as the solution


@dataclass(frozen=True)
class Task:
    """One function to write."""

    lab: int
    function: str  # its name in the student's file
    parameters: tuple[str, ...]
    points: int
    solution: Callable  # (**arguments) -> NumPy array
    cases: tuple[Case, ...]
    mistakes: tuple[Mistake, ...]
    tolerance: float = 1e-9  # of the largest value of the solution
    axes: tuple[str, ...] = ()  # what the axes of the result count, for the hints: ("sample", "frame")
    refused: tuple[str, ...] = ()  # what would do the work instead and may not be used: "np.fft", "dsp.istft"
