"""Writes a trained network for other programs and small devices, as TorchScript and ONNX, with the same answers.

A folder gets network.torchscript.pt, network.onnx, and network.json with the classes, what the network sees, and the
shape of its input. Either network takes one example, (1, ...) float32, and gives logits, (1, n_classes); the features
are computed elsewhere. A file is written only after its answers were found equal to the network's.
"""

import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from dsp.files.extras import require
from dsp.files.writing import write_atomically, write_text_atomically
from experiments.common.timing import DifferentError
from experiments.recogniser.trained import Trained, network_inputs

MAX_DIFFERENCE = 1e-4  # between logits, relative to the largest one


def export(trained: Trained, folder: Path) -> list[Path]:
    """Writes the three files into `folder` and returns their paths.

    Raises
    ------
    DifferentError  if an exported network answers differently; nothing that was there is replaced
    MissingPackageError  without ONNX or its Runtime

    Checked: tests/test_portable_networks_answer_alike.py
    """
    require("onnx", feature="exporting a network", extra="export")  # first: PyTorch reports it late and at length
    require("onnxruntime", feature="checking an exported network", extra="export")
    net = trained.net.net.eval()
    noise = np.random.default_rng(0).standard_normal(2 * trained.view.sample_rate) / 10
    example = network_inputs(trained, noise)[:1].astype(np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    facts = {
        "system": trained.result["system"],
        "classes": list(trained.classes),
        "input_shape": list(example.shape),
        "sample_rate": trained.view.sample_rate,
        "variant": trained.result["variant"],
    }
    made = {
        "network.torchscript.pt": (torchscript(trained.net, example), run_torchscript),
        "network.onnx": (onnx(net, example), run_onnx),
    }
    for name, (content, runner) in made.items():
        check(name, net, runner(content), example)
        write_atomically(folder / name, lambda path, content=content: path.write_bytes(content))
    text = json.dumps(facts, indent=1)
    write_text_atomically(folder / "network.json", text)
    return [folder / name for name in (*made, "network.json")]


def torchscript(net: nn.Module, example: np.ndarray) -> bytes:
    """The traced network, for torch.jit.load; a fused network (nets.fused) runs faster."""
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # tracing is deprecated for torch.export, whose files need this PyTorch version
        traced = torch.jit.freeze(torch.jit.trace(net, torch.from_numpy(example)))
        buffer = io.BytesIO()
        torch.jit.save(traced, buffer)
    return buffer.getvalue()


def onnx(net: nn.Module, example: np.ndarray, any_batch: bool = False) -> bytes:
    """The network as an ONNX model, opset 17, with the input "features" and the output "logits".

    any_batch : let it take any number of examples at once, not one
    """
    axes = {"features": {0: "batch"}, "logits": {0: "batch"}} if any_batch else None
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # this exporter is deprecated for one that needs another package
        torch.onnx.export(
            net, (torch.from_numpy(example),), buffer, input_names=["features"], output_names=["logits"],
            opset_version=17, dynamo=False, dynamic_axes=axes,
        )  # fmt: skip
    return buffer.getvalue()


def run_torchscript(content: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """A function, inputs -> logits, that runs the traced network."""
    traced = torch.jit.load(io.BytesIO(content))

    def logits(inputs: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return traced(torch.from_numpy(inputs)).numpy()

    return logits


def run_onnx(content: bytes, threads: int = 1) -> Callable[[np.ndarray], np.ndarray]:
    """A function, inputs -> logits, that runs the network in ONNX Runtime."""
    import onnxruntime  # here, because only the export needs it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, {"features": inputs})[0]


def check(name: str, net: nn.Module, runner: Callable[[np.ndarray], np.ndarray], example: np.ndarray) -> None:
    """Raises DifferentError if the logits of the example, or of similar noise, are not the network's."""
    noise = np.random.default_rng(0).standard_normal(example.shape) * example.std() + example.mean()
    for inputs in (example, noise.astype(np.float32)):
        with torch.inference_mode():
            expected = net(torch.from_numpy(inputs)).numpy()
        difference = float(np.abs(runner(inputs) - expected).max() / max(np.abs(expected).max(), 1e-6))
        if not difference <= MAX_DIFFERENCE:
            raise DifferentError(f"{name}: its logits differ from the network's by {difference:.1e} of the largest")
