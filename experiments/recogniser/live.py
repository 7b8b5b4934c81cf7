"""Emotion over time while somebody speaks: an answer every second, about the last three seconds.

Every window of three seconds is a recording of its own, and its answer is the one that `--audio` gives for it. Where
the network's features can be streamed (View.stream), each open window has its own dsp.Stream, and only its last frames
are left to compute when it ends. The other networks, whose inputs need the whole recording, get the window's samples.

Checked: tests/test_recogniser_listens_live.py
"""

import json
import math
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dsp import Resampler
from experiments.recogniser.core import compute_probabilities
from experiments.recogniser.recording import Recording
from experiments.recogniser.trained import Trained
from experiments.recogniser.views import View

WINDOW_S, STEP_S = 3, 1  # seconds that an answer is about, and from one answer to the next
PIECE_S = 0.01  # of a file, as a sound card delivers them
SILENCE_DB = -60.0  # dB re full scale: a quieter window is not answered


@dataclass(frozen=True)
class Moment:
    """What is known at one time.

    time_s : seconds since the beginning;  start_s : where the window begins
    level_db : of the window, RMS without its mean, in dB re full scale
    probabilities : (n_classes,) float64, or None: the window is silent, or `reason` says why it has no answer
    """

    time_s: float
    start_s: float
    level_db: float
    probabilities: np.ndarray | None
    reason: str | None = None


def file_in_real_time(recording: Recording, clock: Any = time) -> Iterator[np.ndarray]:
    """The samples of a recording in pieces of 10 ms, each when its last sample would have been heard.

    clock : with monotonic() and sleep(seconds), as the module `time` has them

    Checked: tests/test_recogniser_listens_live.py
    """
    n = max(1, round(PIECE_S * recording.sample_rate))
    begun = clock.monotonic()
    for start in range(0, recording.signal.size, n):
        piece = recording.signal[start : start + n]
        wait = begun + (start + piece.size) / recording.sample_rate - clock.monotonic()
        if wait > 0:
            clock.sleep(wait)
        yield piece


def listen(trained: Trained, pieces: Iterable[np.ndarray], sample_rate: int) -> Iterator[Moment]:
    """An answer for every second of a signal that comes in pieces, and one for the rest at its end.

    Checked: tests/test_recogniser_listens_live.py
    """
    resampler = Resampler(sample_rate, trained.view.sample_rate)
    windows = _Windows(trained)
    for piece in pieces:
        yield from windows.push(resampler.push(piece))
    yield from windows.push(resampler.finish())
    yield from windows.finish()


def line(trained: Trained, moment: Moment, as_json: bool = False) -> str:
    """A moment for people, or as a JSON object.

    Checked: tests/test_recogniser_listens_live.py
    """
    chance, p = 1 / len(trained.classes), moment.probabilities
    emotion = None if p is None else trained.classes[int(p.argmax())]
    if as_json:
        item = {
            "time_s": moment.time_s,
            "window_s": moment.time_s - moment.start_s,
            "level_db": None if math.isinf(moment.level_db) else round(moment.level_db, 1),
            "emotion": emotion,
            "probabilities": None if p is None else dict(zip(trained.classes, map(float, p), strict=True)),
            "chance": chance,
            "reason": moment.reason,
        }
        return json.dumps(item, ensure_ascii=False)
    text = moment.reason if p is None else f"{emotion:<10} {p.max():5.1%}  (chance {chance:.1%})"
    return f"{moment.time_s:7.2f} s  {text}"


class _Windows:
    """The windows that are open: at the end of every second one ends, and one begins."""

    def __init__(self, trained: Trained) -> None:
        self._trained = trained
        self._step = STEP_S * trained.view.sample_rate
        self._n = 0  # samples so far
        self._open = deque(_Window(trained.view, 0) for _ in range(WINDOW_S // STEP_S))  # by their ends

    def push(self, samples: np.ndarray) -> Iterator[Moment]:
        while samples.size:
            piece, samples = np.split(samples, [self._step - self._n % self._step])
            self._n += piece.size
            for window in self._open:
                window.push(piece)
            if self._n % self._step == 0:
                yield self._answer(self._open.popleft())
                self._open.append(_Window(self._trained.view, self._n))

    def finish(self) -> Iterator[Moment]:
        if self._n % self._step:
            yield self._answer(self._open[0])

    def _answer(self, window: "_Window") -> Moment:
        trained, level_db = self._trained, window.level_db()
        times = (self._n / trained.view.sample_rate, window.start / trained.view.sample_rate, level_db)
        if level_db < SILENCE_DB:
            return Moment(*times, None, "silence")
        try:
            inputs = window.finish()
        except ValueError as error:  # a rule of the network's inputs, such as their least length
            return Moment(*times, None, f"no answer: {error}")
        inputs = inputs if trained.z_score is None else trained.z_score(inputs)
        return Moment(*times, compute_probabilities(trained, inputs).mean(axis=0))


class _Window:
    """One window: its level, and what becomes the network's inputs."""

    def __init__(self, view: View, start: int) -> None:
        self.start = start  # its first sample
        self._features = _Collected(view) if view.stream is None else view.stream()
        self._n, self._sum, self._squares = 0, 0.0, 0.0

    def push(self, samples: np.ndarray) -> None:
        self._features.push(samples)
        self._n += samples.size
        self._sum += float(samples.sum())
        self._squares += float(samples @ samples)

    def level_db(self) -> float:
        power = self._squares / self._n - (self._sum / self._n) ** 2
        return 10 * math.log10(power) if power > 0 else -math.inf

    def finish(self) -> np.ndarray:
        return self._features.finish()


class _Collected:
    """The samples of a window, for inputs that need all of them at once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._pieces: list[np.ndarray] = []

    def push(self, samples: np.ndarray) -> None:
        self._pieces.append(samples)

    def finish(self) -> np.ndarray:
        return self._view.inputs(np.concatenate(self._pieces))
