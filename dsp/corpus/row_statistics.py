"""Mean and deviation of every row over the items of a corpus: for normalization fitted on training files alone.

Extraction never normalizes over a corpus. Features are stored as they are, so one extraction serves every split:
compute the statistics of the training items, save them beside the model, and apply them to all items when reading.

    train = dsp.corpus.statistics("FEATURES", items=training_paths)
    train.save("train.npz")
    x = dsp.corpus.Statistics.load("train.npz").normalize(features[i])
"""

import io
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsp.corpus.features import Features, open_features
from dsp.files.content import pick
from dsp.files.naming import FileError, file_error_line
from dsp.files.numpy_files import npz
from dsp.files.reading import read_regular_file
from dsp.files.writing import write_atomically


@dataclass(frozen=True, eq=False)
class Statistics:
    """What is known about the rows of some features; those of two sets of items merge into those of both.

    n_frames : int, frames that were counted
    mean : (rows,) float64
    squares : (rows,) float64, the sum of the squared distances from the mean
    fingerprint : of the convention; "" if unknown
    kind : "mfcc" or "log_mel"; "" if unknown

    Checked: tests/test_corpus_statistics_are_those_of_numpy.py
    """

    n_frames: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]
    fingerprint: str = ""
    kind: str = ""

    @classmethod
    def of(cls, features: NDArray[Any], fingerprint: str = "", kind: str = "") -> "Statistics":
        """Those of one matrix, (rows, frames)."""
        x = np.asarray(features, np.float64)
        if x.ndim != 2 or x.size == 0:
            raise ValueError(f"features have the shape {x.shape}; (rows, frames) is expected")
        if not np.isfinite(x).all():
            raise ValueError("features hold NaN or infinity")
        mean = x.mean(axis=1)
        return cls(x.shape[1], mean, ((x - mean[:, None]) ** 2).sum(axis=1), fingerprint, kind)

    def merge(self, other: "Statistics") -> "Statistics":
        """Those of both sets of frames.

        n = na + nb,  d = mean_b - mean_a,  mean = mean_a + d nb / n,  squares = squares_a + squares_b + d^2 na nb / n

        Raises ValueError if they are of different conventions, kinds or numbers of rows.

        Source: Chan, Golub & LeVeque 1979, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances".
        """
        self._check(other.mean.shape, other.fingerprint, other.kind)
        n = self.n_frames + other.n_frames
        difference = other.mean - self.mean
        return Statistics(
            n,
            self.mean + difference * (other.n_frames / n),
            self.squares + other.squares + difference**2 * (self.n_frames * other.n_frames / n),
            self.fingerprint,
            self.kind,
        )

    def deviation(self, ddof: int = 0) -> NDArray[np.float64]:
        """(rows,) the standard deviation, sqrt(squares / (n_frames - ddof))."""
        if ddof not in (0, 1) or self.n_frames <= ddof:
            raise ValueError(f"ddof is {ddof!r}; 0 or 1, and less than the {self.n_frames} frames, is expected")
        return np.sqrt(self.squares / (self.n_frames - ddof))

    def normalize(self, features: NDArray[Any]) -> NDArray[Any]:
        """(features - mean) / deviation, row by row; a row that never changed is only centered. The dtype stays."""
        features = np.asarray(features)
        if features.dtype not in (np.float32, np.float64):
            raise ValueError(f"features of dtype {features.dtype}; float32 or float64 is expected")
        if features.ndim != 2:
            raise ValueError(f"features have the shape {features.shape}; (rows, frames) is expected")
        self._check(features.shape[:1], self.fingerprint, self.kind)
        deviation = self.deviation()
        deviation[deviation == 0] = 1.0
        return ((features - self.mean[:, None]) / deviation[:, None]).astype(features.dtype)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the statistics as .npz or .json, whole or not at all; numbers are exact in both."""
        about = {"n_frames": self.n_frames, "fingerprint": self.fingerprint, "kind": self.kind}
        if _ending(path) == ".json":
            content = (
                json.dumps({**about, "mean": self.mean.tolist(), "squares": self.squares.tolist()}).encode() + b"\n"
            )
        else:
            made = io.BytesIO()
            np.savez(
                made,
                mean=self.mean,
                squares=self.squares,
                about=np.frombuffer(json.dumps(about).encode(), np.uint8),  # text without a pickle
            )
            content = made.getvalue()
        write_atomically(path, lambda temporary: temporary.write_bytes(content))

    @staticmethod
    def load(path: str | os.PathLike[str]) -> "Statistics":
        """Reads what `save` wrote. FileError (a ValueError) if it is missing or damaged."""
        try:
            data = read_regular_file(path)
            if _ending(path) == ".json":
                about = json.loads(data)
                mean, squares = (np.array(about[name], np.float64) for name in ("mean", "squares"))
            else:
                stored = npz(data)
                mean, squares = (np.array(pick(stored, name), np.float64) for name in ("mean", "squares"))
                about = json.loads(pick(stored, "about").tobytes())
            n_frames, fingerprint, kind = about["n_frames"], about["fingerprint"], about["kind"]
            is_sound = type(n_frames) is int and n_frames > 0 and type(fingerprint) is type(kind) is str
            if not is_sound or mean.ndim != 1 or mean.shape != squares.shape or not mean.size:
                raise ValueError("sizes that do not fit")
            if not (np.isfinite(mean).all() and np.isfinite(squares).all() and (squares >= 0).all()):
                raise ValueError("a value that is not finite, or a negative square")
        except OSError as error:
            raise FileError(file_error_line(error, path)) from None
        except (ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
            raise FileError(f"{os.fspath(path)}: damaged statistics ({type(error).__name__}: {error})") from None
        return Statistics(n_frames, mean, squares, fingerprint, kind)

    def _check(self, rows: tuple[int, ...], fingerprint: str, kind: str) -> None:
        if rows != self.mean.shape:
            raise ValueError(f"{rows[0]} rows; the statistics have {self.mean.size}")
        if (fingerprint, kind) != (self.fingerprint, self.kind):
            mine, others = f"{self.kind} {self.fingerprint}".strip(), f"{kind} {fingerprint}".strip()
            raise ValueError(f"features of {others or 'an unknown convention'}; the statistics are of {mine}")


def statistics(features: Features | str | os.PathLike[str], items: Iterable[int | str] | None = None) -> Statistics:
    """Mean and deviation of every row over the frames of some items, one item in memory at a time.

    Parameters
    ----------
    features : Features, or the folder of an extraction
    items : numbers of items, or paths of recordings as the index has them, each once; None takes all

    Returns
    -------
    statistics : Statistics

    Raises
    ------
    ValueError  if there is no item, an unknown one, one that is named twice, or features that are damaged.

    Source: Chan, Golub & LeVeque 1979. Checked: tests/test_corpus_statistics_are_those_of_numpy.py
    """
    opened = features if isinstance(features, Features) else open_features(features)
    numbers = range(len(opened)) if items is None else _numbers(opened, items)
    total: Statistics | None = None
    for number in numbers:
        one = Statistics.of(opened[number], opened.fingerprint, opened.kind)
        total = one if total is None else total.merge(one)
    if total is None:
        raise ValueError("no item to compute statistics of")
    return total


def _numbers(features: Features, items: Iterable[int | str]) -> Sequence[int]:
    if isinstance(items, str | bytes):
        raise ValueError("items is one text; a list of numbers or paths is expected")
    numbers: list[int] = []
    for item in items:
        if isinstance(item, str | os.PathLike):
            numbers += features.find(item)
        elif isinstance(item, int | np.integer) and not isinstance(item, bool) and 0 <= item < len(features):
            numbers.append(int(item))
        else:
            raise ValueError(f"no item {item!r}; there are 0 .. {len(features) - 1}")
    if len(set(numbers)) < len(numbers):
        twice = next(number for number in numbers if numbers.count(number) > 1)
        raise ValueError(f"item {twice}, {features.index[twice]['path']!r}, is named twice")
    return numbers


def _ending(path: str | os.PathLike[str]) -> str:
    ending = Path(path).suffix.lower()
    if ending not in (".npz", ".json"):
        raise ValueError(f"{os.fspath(path)}: unknown ending {ending!r}; .npz or .json is expected")
    return ending
