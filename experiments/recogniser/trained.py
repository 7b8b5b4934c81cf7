"""Trained networks: finds the runs of the experiments on disk and loads them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import nets
from dsp.files.naming import FileError, printable
from dsp.files.reading import read_regular_text
from experiments.common.paths import RUNS
from experiments.recogniser.views import View, view_of
from experiments.training.run_folder import TRAINING_CONTENT
from nets.fused.fuse import fuse

FILES = ("network.pt", "result.json")
SHIPPED = Path(__file__).with_name("shipped")  # the network that comes with the project; see MODEL_CARD.md there


class RunError(FileError):
    """A run that cannot be used. The message is one line: the folder, then the reason."""


@dataclass(frozen=True)
class Trained:
    """A run, ready to answer.

    folder : where it lies;  result : what the experiment recorded about it
    classes : names, in the order of the network's outputs
    net : fused for speed, in evaluation mode;  view : what it sees;  z_score : applied to that, or None
    training_content : hashes of the files that the network was trained and selected on, as
        experiments.training.run_folder stores them; None for a run that has none
    """

    folder: Path
    result: dict
    classes: tuple[str, ...]
    net: torch.nn.Module
    view: View
    z_score: Callable[[np.ndarray], np.ndarray] | None
    training_content: dict | None = None


def runs_under(folder=RUNS) -> list[Path]:
    """Folders at and below `folder` that hold a finished run, newest first.

    Checked: tests/test_recogniser_core.py
    """
    runs = [path.parent for path in Path(folder).rglob("result.json") if (path.parent / "network.pt").is_file()]
    return sorted(runs, key=lambda run: ((run / "result.json").stat().st_mtime, str(run)), reverse=True)


def newest(folder=RUNS) -> Path:
    """The newest of runs_under(folder), or RunError if there is none. Without runs in RUNS, the shipped network.

    Checked: tests/test_recogniser_core.py
    """
    runs = runs_under(folder) or (runs_under(SHIPPED) if Path(folder) == RUNS else [])
    if not runs:
        raise RunError(f"{folder}: no trained run; a folder with {' and '.join(FILES)} is expected in it or below it")
    return runs[0]


def load(folder) -> Trained:
    """Loads the network of a run and everything that belongs to it.

    Raises RunError, one line: a missing or damaged file, a system without a view, a network that is not the one
    its result names, or a run without the z-score that its inputs need.

    Checked: tests/test_recogniser_core.py
    """
    folder = Path(folder)
    for name in FILES:
        if not (folder / name).is_file():
            raise RunError(f"{folder}: no {name}; a trained run holds {' and '.join(FILES)}")
    try:
        result = json.loads(read_regular_text(folder / "result.json"))
        classes, system, corpus = tuple(result["per_class"]), result["system"], result["corpus"]
        result["config"]["setting" if "setting" in result["config"] else "settings"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise RunError(f"{folder / 'result.json'}: not the result of a run ({reason})") from None
    try:
        view, net = view_of(result), nets.build(system, len(classes))
    except ValueError as error:
        raise RunError(f"{folder}: {error}") from None
    z_score = None
    if view.z_score:
        if "z_score" not in result:
            advice = f"train it again with python -m experiments.{system}"
            raise RunError(f"{folder}: this run on {corpus} is older than stored z-scores; {advice}")
        z_score = view.z_score(**result["z_score"])
    try:
        net.load_state_dict(torch.load(folder / "network.pt", map_location="cpu", weights_only=True))
    except Exception as error:  # whatever a damaged file makes the unpickler raise
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(":")
        raise RunError(f"{folder / 'network.pt'}: not the weights of {system} ({reason})") from None
    return Trained(folder, result, classes, fuse(net).eval(), view, z_score, load_training_content(folder))


def load_training_content(folder: Path) -> dict | None:
    """The hashes of a run's training and validation files; None for a run that has none.

    Raises RunError if the file is there and damaged.

    Checked: tests/test_recogniser_core.py
    """
    path = Path(folder) / TRAINING_CONTENT
    if not path.is_file():
        return None
    try:
        content = json.loads(read_regular_text(path))
        parts = {name: frozenset(content[name]) for name in ("training", "validation")}
        return {"kind": content["kind"], **parts}
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise RunError(f"{path}: not the hashes of a run's training files ({reason})") from None


def title(result: dict, folder: Path) -> str:
    """A run in one line: dey_td_cnn_bilstm, emodb, published, as-published-seed0, 62.6 %."""
    names = (result.get("system"), result.get("corpus"), result.get("variant"), printable(Path(folder).name))
    return ", ".join(map(str, names)) + (f", {result['accuracy']:.1%}" if "accuracy" in result else "")


def title_of(folder: Path) -> str:
    """The `title` of a run that is not loaded, or its path if its result cannot be read."""
    try:
        return title(json.loads(read_regular_text(folder / "result.json")), folder)
    except (OSError, ValueError, AttributeError):
        return printable(folder)


def network_inputs(trained: Trained, signal: np.ndarray) -> np.ndarray:
    """What the network sees of a signal at its view's rate: (n_examples, ...), z-scored if the run needs it."""
    inputs = trained.view.inputs(signal)
    return inputs if trained.z_score is None else trained.z_score(inputs)
