"""A lab's task as data: the function, the inputs that it is tried on, its solution, and the mistakes people make."""

from collections.abc import Callable
from dataclasses import dataclass, field

AUDIO_LIBRARIES = (  # what computes features of speech, and with them what a lab asks for
    *("dsp", "librosa", "torchaudio", "python_speech_features", "spafe", "speechpy", "essentia", "opensmile"),
    *("kaldi_native_fbank", "torchfbank", "nnAudio", "audioflux", "parselmouth", "pyAudioAnalysis", "madmom", "aubio"),
    *("speechbrain", "transformers", "tensorflow_io"),
)
TENSOR_LIBRARIES = ("torch", "tensorflow", "jax", "cupy", "keras", "mxnet", "paddle")


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
    parts: dict[str, object] = field(default_factory=dict)  # what it changes, for the task's `variant`; may be empty


@dataclass(frozen=True)
class Work:
    """A limit on how the work grows, for a lab whose point is to do less of it."""

    sizes: tuple[tuple[dict, dict], ...]  # arguments of a small and a large call; the next pair if those are quick
    at_most: float  # times the processor time of the small call
    words: str  # with {growth}, the number of times: "8 times the samples took {growth} times as long"
    explanation: str  # "the work grows with N^2: ..."
    hint: str
    cases: tuple[str, ...]  # the names of the cases that fail if the work grows faster


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
    dtype: str = ""  # the only dtype that is right: "uint8"; else any that holds the numbers
    work: Work | None = None
    variant: Callable | None = None  # (**parts) -> a function like the solution with these parts replaced: two mistakes
