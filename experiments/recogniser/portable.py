"""A trained network for other programs and small devices: TorchScript and ONNX, with the same answers.

    python -m experiments.recogniser.portable RUN FOLDER

FOLDER gets network.torchscript.pt, network.onnx, and network.json: the classes, what the network sees, and the
shape of it. Each takes one example, (1, ...) float32, and gives logits, (1, n_classes); features are made elsewhere.
A file is written only after its answers were found equal to the network's.
"""

from dsp.files.commands import exit_without

exit_without("torch", "sklearn", "scipy", "matplotlib", "tqdm", feature="exporting a network", extra="train")

import argparse
import io
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from dsp.files.extras import MissingPackageError, require
from dsp.files.naming import file_error_line, printable
from dsp.files.writing import write_atomically, write_text_atomically
from experiments.common.timing import DifferentError
from experiments.recogniser.trained import RunError, Trained, load, network_inputs

LARGEST_DIFFERENCE = 1e-4  # of logits, beside the largest one


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.recogniser.portable", description=__doc__.splitlines()[0]
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="a folder with network.pt and result.json")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    options = parser.parse_args(arguments)
    try:
        trained = load(options.run)
        print("\n".join(map(printable, export(trained, options.folder))))
    except (RunError, DifferentError, MissingPackageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {file_error_line(error, options.folder)}", file=sys.stderr)
        return 1
    return 0


def export(trained: Trained, folder: Path) -> list[Path]:
    """The files named above, in `folder`. Raises DifferentError, and leaves what is there, if answers differ;
    MissingPackageError without ONNX.

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
    """The traced network, for torch.jit.load; an arranged one is the faster."""
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # of tracing in favour of torch.export, whose files need this PyTorch
        traced = torch.jit.freeze(torch.jit.trace(net, torch.from_numpy(example)))
        buffer = io.BytesIO()
        torch.jit.save(traced, buffer)
    return buffer.getvalue()


def onnx(net: nn.Module, example: np.ndarray) -> bytes:
    """The network as an ONNX model, opset 17: input "features", output "logits"."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # of this exporter in favour of one that needs a further package
        torch.onnx.export(
            net, (torch.from_numpy(example),), buffer, input_names=["features"], output_names=["logits"],
            opset_version=17, dynamo=False,
        )  # fmt: skip
    return buffer.getvalue()


def run_torchscript(content: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """inputs -> logits by the traced network."""
    traced = torch.jit.load(io.BytesIO(content))

    def logits(inputs: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return traced(torch.from_numpy(inputs)).numpy()

    return logits


def run_onnx(content: bytes, threads: int = 1) -> Callable[[np.ndarray], np.ndarray]:
    """inputs -> logits by ONNX Runtime."""
    import onnxruntime  # only here: an export needs it, the recogniser does not

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, {"features": inputs})[0]


def check(name: str, net: nn.Module, runner: Callable[[np.ndarray], np.ndarray], example: np.ndarray) -> None:
    """Raises DifferentError if the logits for the example, or for noise like it, are not the network's."""
    noise = np.random.default_rng(0).standard_normal(example.shape) * example.std() + example.mean()
    for inputs in (example, noise.astype(np.float32)):
        with torch.inference_mode():
            expected = net(torch.from_numpy(inputs)).numpy()
        difference = float(np.abs(runner(inputs) - expected).max() / max(np.abs(expected).max(), 1e-6))
        if not difference <= LARGEST_DIFFERENCE:
            raise DifferentError(f"{name}: its logits differ from the network's by {difference:.1e} of the largest")


if __name__ == "__main__":
    sys.exit(main())
