"""The answer to one recording: probabilities of the emotions, what was done to get there, how long it took."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from dsp import AudioError
from dsp.files.naming import printable
from experiments.recogniser.labels import as_class, told_by_name
from experiments.recogniser.recording import Recording, at_rate, read
from experiments.recogniser.trained import Trained, load, network_inputs
from experiments.training.loop import predict


@dataclass(frozen=True)
class Answer:
    """What a network says of a recording.

    probabilities : (n_classes,) float64, their sum is 1;  of_examples : (n_examples, n_classes), whose mean they are
    told : the emotion as the file's name has it, or None;  label : the class that means it, or None
    known : whether the file looks like one of the run's own corpus: the network may have been trained on it
    steps : what was done to the recording, a line each
    seconds : of "reading", "features" (mixing and resampling among them) and "network"
    inputs : what the network saw, (n_examples, ...);  heard_s : how long the signal it was made of is
    """

    recording: Recording
    classes: tuple[str, ...]
    probabilities: np.ndarray
    of_examples: np.ndarray
    told: str | None
    label: str | None
    known: bool
    steps: tuple[str, ...]
    seconds: dict[str, float]
    inputs: np.ndarray
    heard_s: float

    @property
    def emotion(self) -> str:
        return self.classes[int(self.probabilities.argmax())]

    @property
    def right(self) -> bool | None:
        return None if self.label is None else self.label == self.emotion


def ready(folder) -> Trained:
    """The run, loaded and warmed up by two seconds of noise: compiling is in no later answer's time.

    Raises RunError as `trained.load` does.
    """
    trained = load(folder)
    noise = np.random.default_rng(0).standard_normal(16_000) / 10
    answer(trained, Recording(Path("noise"), noise, 8_000, 1, 2.0, ()))
    return trained


def recognise(trained: Trained, path) -> Answer:
    """The answer to a file. Of several windows of one file the mean of their probabilities answers.

    Raises AudioError, one line that names the file and the rule it breaks; see recording.read. A recording
    shorter than a frame of the network's input is refused too.

    Checked: tests/test_recogniser_core.py
    """
    began = time.perf_counter()
    recording = read(path)
    return answer(trained, recording, time.perf_counter() - began)


def answer(trained: Trained, recording: Recording, reading_s: float = 0.0) -> Answer:
    """The answer to what was read of a file."""
    view = trained.view
    began = time.perf_counter()
    signal, steps = at_rate(recording, view.sample_rate)
    if signal.size < view.least:
        found = f"{signal.size / view.sample_rate * 1000:.1f} ms, shorter than a frame"
        raise AudioError(f"{recording.path}: {found} of {view.least / view.sample_rate * 1000:g} ms")
    try:
        inputs = network_inputs(trained, signal)
        features_s = time.perf_counter() - began
        steps += view.told(signal)
    except ValueError as error:
        raise AudioError(f"{recording.path}: {error}") from None
    began = time.perf_counter()
    of_examples = probabilities(trained, inputs)
    network_s = time.perf_counter() - began
    told = told_by_name(recording.path)
    return Answer(
        recording=recording,
        classes=trained.classes,
        probabilities=of_examples.mean(axis=0),
        of_examples=of_examples,
        told=told[0] if told else None,
        label=as_class(told[0], trained.classes) if told else None,
        known=bool(told) and trained.result["corpus"] in told[1],
        steps=steps,
        seconds={"reading": reading_s, "features": features_s, "network": network_s},
        inputs=inputs,
        heard_s=signal.size / view.sample_rate,
    )


def probabilities(trained: Trained, inputs: np.ndarray) -> np.ndarray:
    """softmax of the logits, (n_examples, n_classes) float64.

    On one thread: for so little work several wait for one another, on a busy machine for a hundred times as long.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return torch.softmax(predict(trained.net, torch.from_numpy(inputs)), 1).double().numpy()
    finally:
        torch.set_num_threads(threads)


def as_json(trained: Trained, found: Answer) -> dict:
    """An answer as a JSON object of plain numbers and strings.

    Checked: tests/test_recogniser_core.py
    """
    recording = found.recording
    return {
        "file": printable(recording.path),
        "emotion": found.emotion,
        "probabilities": dict(zip(found.classes, map(float, found.probabilities), strict=True)),
        "told": found.told,
        "label": found.label,
        "right": found.right,
        "maybe_trained_on": found.known,
        "recording": {
            "sample_rate": recording.sample_rate,
            "channels": recording.channels,
            "seconds": recording.seconds,
        },
        "steps": list(found.steps),
        "seconds": {name: round(value, 6) for name, value in found.seconds.items()},
        "run": {
            "folder": printable(trained.folder),
            "system": trained.result["system"],
            "corpus": trained.result["corpus"],
        },
    }
