"""A recogniser as one ONNX graph: samples in, the probability of each emotion out, on a phone or in a browser.

    waveform       (batch, samples) float32, in -1 .. 1, one channel, at the network's sample rate
    probabilities  (batch, classes) float32, in the order of the metadata's classes; batch is 1 for some networks

It computes the features as dsp.export.onnx does, what the network sees of them, and the network. Reading files, mixing
channels and resampling are left to the program around it. Some networks see what no plain operators compute (silence
cut off, images); GRAPHS lists the others.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dsp import Convention, __version__
from dsp.checks import as_sample_rate
from dsp.conventions import fingerprint
from dsp.conventions.toml_files import as_toml
from dsp.export.onnx_graph import add_several_features
from dsp.export.onnx_loader import OPERATORS, check_ends, read_graph, start
from dsp.export.onnx_nodes import Nodes
from dsp.export.signals import golden_signals
from dsp.files.extras import require
from dsp.files.naming import FileError, printable, shorten
from dsp.files.writing import write_atomically
from experiments.common.timing import DifferentError
from experiments.inputs import finch_dycnn, statistics
from experiments.recogniser import portable
from experiments.recogniser.core import compute_probabilities
from experiments.recogniser.trained import Trained, network_inputs
from experiments.recogniser.views import VIEWS

FORMAT = "dsp recogniser 1"
INPUT, OUTPUT = "waveform", "probabilities"
MAX_DIFFERENCE = 1e-3  # between probabilities
MARGIN = 4.0  # times the measured difference: other processors


def _statistics(nodes: Nodes, trained: Trained) -> str:
    """Statistics over time, z-scored: (batch, 395)."""
    rate = trained.view.sample_rate
    both = add_several_features(nodes, INPUT, rate, statistics.CONVENTION, ("mfcc", "log_mel"), "small")
    rows = nodes.add("Concat", *both, axis=1)
    mean = nodes.add("ReduceMean", rows, axes=[2], keepdims=1)
    centered = nodes.add("Sub", rows, mean)
    variance = nodes.add("ReduceMean", nodes.add("Mul", centered, centered), axes=[2], keepdims=1)
    n_frames = nodes.add("Slice", nodes.add("Shape", rows), [2], [3])
    in_order, _ = nodes.add_several("TopK", 2, rows, n_frames, axis=2, largest=0, sorted=1)
    columns = [mean, nodes.add("Sqrt", variance)]
    columns += [_quantile(nodes, in_order, n_frames, quantile) for quantile in statistics.QUANTILES]
    values = nodes.add("Squeeze", nodes.add("Concat", *columns, axis=1), [2])
    z_score = trained.z_score
    centered = nodes.add("Sub", values, np.asarray(z_score.offset, np.float64))
    return nodes.add("Div", centered, np.asarray(z_score.scale, np.float64))


def _quantile(nodes: Nodes, in_order: str, n_frames: str, quantile: float) -> str:
    """numpy.quantile of rows in ascending order, (batch, rows, 1): between the two nearest values."""
    tenths = round(10 * quantile)
    position = nodes.add("Mul", nodes.add("Sub", n_frames, 1), tenths)
    below = nodes.add("Div", position, 10)
    above = nodes.add("Min", nodes.add("Add", below, 1), nodes.add("Sub", n_frames, 1))
    share = nodes.add("Div", nodes.add("Cast", nodes.add("Mod", position, 10), to=1), 10.0)
    low, high = (nodes.add("Gather", in_order, index, axis=2) for index in (below, above))
    return nodes.add("Add", low, nodes.add("Mul", nodes.add("Sub", high, low), share))


def _first_frames(convention: Convention, kind: str) -> Callable[[Nodes, Trained], str]:
    """Finch's rows: z-scored, the first 300 frames, zeros after the last one; (batch, 1, 300, 39)."""

    def add(nodes: Nodes, trained: Trained) -> str:
        (rows,) = add_several_features(nodes, INPUT, trained.view.sample_rate, convention, (kind,), "small")
        mean, sd = (np.asarray(values, np.float64)[:, None] for values in (trained.z_score.mean, trained.z_score.sd))
        scale = np.divide(1, sd, out=np.zeros_like(sd), where=sd != 0)
        scaled = nodes.add("Mul", nodes.add("Sub", rows, mean), scale)
        longer = nodes.add("Pad", scaled, [0, 0, 0, 0, 0, finch_dycnn.FRAMES], 0.0, mode="constant")
        first = nodes.add("Slice", longer, [0], [finch_dycnn.FRAMES], [2])
        return nodes.add("Unsqueeze", nodes.add("Transpose", first, perm=[0, 2, 1]), [1])

    return add


@dataclass(frozen=True)
class Inputs:
    """What a network sees: as operators, the convention of its features, and whether it takes several clips at once."""

    convention: Convention
    add: Callable[[Nodes, Trained], str]
    any_batch: bool


GRAPHS = {
    statistics.FEATURES.name: Inputs(statistics.CONVENTION, _statistics, True),
    "finch_mfcc": Inputs(finch_dycnn.CEPSTRA, _first_frames(finch_dycnn.CEPSTRA, "mfcc"), False),
    "finch_log_mel": Inputs(finch_dycnn.BANDS, _first_frames(finch_dycnn.BANDS, "log_mel"), False),
}


def reason_without_graph(trained: Trained) -> str:
    """Why there is no graph of a run; "" if there is one.

    Checked: tests/test_recognisers_become_one_graph.py
    """
    name = _view_name(trained)
    if name in GRAPHS:
        return ""
    return f"{trained.result['system']} sees {name}, for which there is no graph; there are {', '.join(GRAPHS)}"


def _view_name(trained: Trained) -> str:
    return next((name for name, view in VIEWS.items() if view is trained.view), "something else")


def whole_model(trained: Trained) -> Any:
    """The onnx.ModelProto of a run, after its answers to synthetic signals were found equal to the recogniser's.

    Raises ValueError for a network that sees what no graph computes, DifferentError if the answers differ,
    MissingPackageError without ONNX or its Runtime.

    Checked: tests/test_recognisers_become_one_graph.py
    """
    onnx = require("onnx", feature="exporting a network", extra="export")
    require("onnxruntime", feature="checking an exported network", extra="export")
    if reason := reason_without_graph(trained):
        raise ValueError(reason)
    seen = GRAPHS[_view_name(trained)]
    nodes = Nodes()
    inputs = seen.add(nodes, trained)
    example = network_inputs(trained, np.random.default_rng(0).standard_normal(trained.view.sample_rate))[:1]
    content = portable.onnx(trained.net.net.eval(), example.astype(np.float32), any_batch=seen.any_batch)
    (logits,) = nodes.include(onnx.load_model_from_string(content).graph, {"features": inputs})
    nodes.add("Softmax", logits, axis=1)
    nodes.rename_last(OUTPUT)
    batch = "batch" if seen.any_batch else 1
    ends = {INPUT: [batch, "samples"]}, {OUTPUT: [batch, len(trained.classes)]}
    about = _metadata(trained, seen.convention)
    difference = _difference(trained, nodes.model(*ends, about).SerializeToString())
    return nodes.model(*ends, about | {"tolerance": f"{max(MARGIN * difference, 1e-6):.1e}"})


def _metadata(trained: Trained, convention: Convention) -> dict[str, str]:
    return {
        "format": FORMAT,
        "version": __version__,
        "classes": json.dumps(list(trained.classes)),
        "sample_rate": str(trained.view.sample_rate),
        "min_samples": str(trained.view.min_samples),
        "samples": "one channel, -1 .. 1 (16-bit samples divided by 32768)",
        "fingerprint": fingerprint(convention),
        "convention": as_toml(convention),
        "unit": "probability",
        **{name: str(trained.result[name]) for name in ("system", "corpus", "variant") if name in trained.result},
    }


def _difference(trained: Trained, content: bytes) -> float:
    """The largest difference between the probabilities of the graph and of the recogniser, over speech and noise."""
    session = start(content, "the graph")
    rate = trained.view.sample_rate
    speech = golden_signals(rate)["speech"] / 32_768
    noise = np.random.default_rng(0).standard_normal(4 * rate) / 20
    largest = 0.0
    for x in (speech, noise[:rate], noise):
        x = x.astype(np.float32)
        expected = compute_probabilities(trained, network_inputs(trained, x.astype(np.float64)))
        largest = max(largest, float(np.abs(session.run([OUTPUT], {INPUT: x[None]})[0] - expected).max()))
    if not largest <= MAX_DIFFERENCE:
        raise DifferentError(f"the graph's probabilities differ from the network's by {largest:.1e}")
    return largest


def write_whole_graph(trained: Trained, path: Path) -> dict[str, str]:
    """Writes the graph of a run; returns its metadata. Raises as `whole_model`, and OSError.

    Checked: tests/test_recognisers_become_one_graph.py
    """
    model = whole_model(trained)
    content = model.SerializeToString(deterministic=True)
    write_atomically(path, lambda temporary: temporary.write_bytes(content))
    return {entry.key: entry.value for entry in model.metadata_props}


@dataclass(frozen=True)
class OnnxRecogniser:
    """A recogniser's graph, ready to run: call it with samples (n,) or (batch, n) for probabilities.

    classes : names, in the order of the probabilities;  sample_rate : Hz;  min_samples : the shortest signal
    tolerance : how far its probabilities may be from the recogniser's;  metadata : all of the file's
    """

    classes: tuple[str, ...]
    sample_rate: int
    min_samples: int
    tolerance: float
    metadata: Mapping[str, str]
    _session: Any

    def __call__(self, signal: np.ndarray) -> np.ndarray:
        """(n,) -> (classes,), (batch, n) -> (batch, classes). Raises ValueError for a signal shorter than a frame."""
        samples = np.asarray(signal, np.float32)
        if samples.ndim not in (1, 2) or samples.shape[-1] < self.min_samples:
            raise ValueError(f"signal has shape {samples.shape}; at least {self.min_samples} samples are expected")
        clips = samples.reshape(-1, 1, samples.shape[-1])  # one by one: some networks take no more at once
        found = np.concatenate([self._session.run([OUTPUT], {INPUT: clip})[0] for clip in clips])
        return found[0] if samples.ndim == 1 else found


NETWORK_OPERATORS = OPERATORS | set(
    "AveragePool BatchNormalization Constant ConstantOfShape Dropout Elu Erf Exp Expand Flatten Gemm GlobalAveragePool "
    "Identity LSTM LeakyRelu MaxPool Min Neg Pow Relu Sigmoid Softmax Squeeze Tanh TopK".split()
)


def load_whole_graph(path, sample_rate: float) -> OnnxRecogniser:
    """A file of write_whole_graph, checked as dsp.export.load_onnx checks its files.

    Raises FileError, one line: no graph of a recogniser, or one for another sample rate.

    Checked: tests/test_recognisers_become_one_graph.py
    """
    rate, where = as_sample_rate(sample_rate), printable(path)
    absent = f"no graph of a recogniser; its metadata lack format = {FORMAT!r}"
    content, model, about = read_graph(path, FORMAT, absent, NETWORK_OPERATORS)
    try:
        classes = tuple(map(str, json.loads(about["classes"])))
        made_for, shortest = int(about["sample_rate"]), int(about["min_samples"])
        tolerance = float(about["tolerance"])
    except (KeyError, ValueError, TypeError) as error:
        raise FileError(f"{where}: damaged metadata ({shorten(str(error))})") from None
    if made_for != rate:
        raise FileError(f"{where}: made for {made_for} Hz, not {rate:g} Hz; resample the recording")
    check_ends(model, {INPUT: 2}, {OUTPUT: 2}, where)
    return OnnxRecogniser(classes, made_for, shortest, tolerance, about, start(content, where))
