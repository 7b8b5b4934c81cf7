"""The answer to one recording: the probability of each emotion, the steps that led to it, and the time they took."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from dsp import AudioError
from dsp.files.naming import printable
from experiments.data.leakage import digests
from experiments.recogniser.labels import class_of, emotion_in_name
from experiments.recogniser.recording import Recording, read, resample_to
from experiments.recogniser.trained import Trained, load, network_inputs
from experiments.training.loop import predict


@dataclass(frozen=True)
class Answer:
    """What a network says about a recording.

    recording : what was read of the file
    classes : names of the emotions, in the order of the probabilities
    probabilities : (n_classes,) float64 that add up to 1, the mean of example_probabilities
    example_probabilities : (n_examples, n_classes), one row per window of the recording
    named_emotion : the emotion in the file's name, or None;  label : the class that means it, or None
    trained_on : whether the run used exactly these samples to train the network or to choose its epoch; None if the
        run does not record that
    steps : what was done to the recording, one line each
    seconds : time spent on "reading", "features" (mixing and resampling included) and "network"
    inputs : (n_examples, ...) what the network saw;  signal_s : seconds of the signal that they were made from
    """

    recording: Recording
    classes: tuple[str, ...]
    probabilities: np.ndarray
    example_probabilities: np.ndarray
    named_emotion: str | None
    label: str | None
    trained_on: bool | None
    steps: tuple[str, ...]
    seconds: dict[str, float]
    inputs: np.ndarray
    signal_s: float

    @property
    def emotion(self) -> str:
        return self.classes[int(self.probabilities.argmax())]

    @property
    def right(self) -> bool | None:
        return None if self.label is None else self.label == self.emotion


def load_warm(folder) -> Trained:
    """Loads a run and answers two seconds of noise, so that no later answer waits for compilation.

    Raises RunError as `trained.load` does.
    """
    trained = load(folder)
    noise = np.random.default_rng(0).standard_normal(16_000) / 10
    answer(trained, Recording(Path("noise"), noise, 8_000, 1, 2.0, ()))
    return trained


def recognize(trained: Trained, path) -> Answer:
    """The answer to a file. If the network sees several windows, the mean of their probabilities counts.

    Raises AudioError, one line that names the file and the rule it breaks: what recording.read refuses, and a
    recording shorter than one frame of the network's input.

    Checked: tests/test_recogniser_core.py
    """
    start = time.perf_counter()
    recording = read(path)
    return answer(trained, recording, time.perf_counter() - start)


def answer(trained: Trained, recording: Recording, reading_s: float = 0.0) -> Answer:
    """The answer to a recording that has been read."""
    view, name = trained.view, printable(recording.path)
    start = time.perf_counter()
    signal, steps = resample_to(recording, view.sample_rate)
    if signal.size < view.min_samples:
        length = f"{signal.size / view.sample_rate * 1000:.1f} ms, shorter than a frame"
        raise AudioError(f"{name}: {length} of {view.min_samples / view.sample_rate * 1000:g} ms")
    try:
        inputs = network_inputs(trained, signal)
        features_s = time.perf_counter() - start
        steps += view.describe(signal)
    except ValueError as error:
        raise AudioError(f"{name}: {error}") from None
    start = time.perf_counter()
    example_probabilities = compute_probabilities(trained, inputs)
    network_s = time.perf_counter() - start
    named_emotion = emotion_in_name(recording.path)
    return Answer(
        recording=recording,
        classes=trained.classes,
        probabilities=example_probabilities.mean(axis=0),
        example_probabilities=example_probabilities,
        named_emotion=named_emotion,
        label=class_of(named_emotion, trained.classes) if named_emotion else None,
        trained_on=was_trained_on(trained, recording, inputs),
        steps=steps,
        seconds={"reading": reading_s, "features": features_s, "network": network_s},
        inputs=inputs,
        signal_s=signal.size / view.sample_rate,
    )


def was_trained_on(trained: Trained, recording: Recording, inputs: np.ndarray) -> bool | None:
    """Whether the content of a recording, whatever its name, was among the files that the run trained or selected on.

    A run on images recorded the hashes of its images, other runs those of their samples. None if the run has no
    record, or if only the beginning of a long recording was read.

    Checked: tests/test_recogniser_core.py
    """
    known = trained.training_content
    if known is None:
        return None
    if known["kind"] == "images":  # (3, height, width) here, (height, width, 3) where they were hashed
        content = np.moveaxis(inputs[0], 0, -1)
    elif recording.is_whole:
        content = recording.signal
    else:
        return None
    return bool(digests([content])[0] in {*known["training"], *known["validation"]})


def compute_probabilities(trained: Trained, inputs: np.ndarray) -> np.ndarray:
    """The softmax of the logits, (n_examples, n_classes) float64.

    On one thread: with so little work, several threads spend their time waiting for each other, a hundred times as
    long on a busy machine.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return torch.softmax(predict(trained.net, torch.from_numpy(inputs)), 1).double().numpy()
    finally:
        torch.set_num_threads(threads)


def as_json(trained: Trained, answer: Answer) -> dict:
    """An answer as a JSON object of plain numbers and strings.

    Checked: tests/test_recogniser_core.py
    """
    recording = answer.recording
    return {
        "file": printable(recording.path),
        "emotion": answer.emotion,
        "probabilities": dict(zip(answer.classes, map(float, answer.probabilities), strict=True)),
        "named_emotion": answer.named_emotion,
        "label": answer.label,
        "right": answer.right,
        "trained_on": answer.trained_on,
        "recording": {
            "sample_rate": recording.sample_rate,
            "channels": recording.channels,
            "seconds": recording.seconds,
        },
        "steps": list(answer.steps),
        "seconds": {name: round(value, 6) for name, value in answer.seconds.items()},
        "run": {
            "folder": printable(trained.folder),
            "system": trained.result["system"],
            "corpus": trained.result["corpus"],
        },
    }
