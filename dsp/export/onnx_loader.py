"""Reads ONNX files that dsp.export.onnx wrote, checks what they say about themselves, and runs them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_array, as_sample_rate, check_finite
from dsp.conventions.fingerprint import fingerprint
from dsp.conventions.parameters import Convention
from dsp.conventions.toml_files import from_toml
from dsp.export.onnx_file import FORMAT, INPUT, MAX_BYTES, OUTPUT, session_of
from dsp.export.onnx_nodes import OPSET
from dsp.files.extras import require
from dsp.files.naming import FileError, printable, shorten
from dsp.files.reading import open_regular_file

OPERATORS = frozenset(
    "Abs Add Cast Concat Conv Div Equal Flatten Gather Less LessOrEqual Log MatMul Max Mod Mul Pad Range ReduceMax "
    "ReduceMean ReduceSum Reshape Shape Slice Split Sqrt Sub Transpose Unsqueeze Where".split()
)


@dataclass(frozen=True)
class OnnxFeatures:
    """A graph of features, ready to run: call it with samples.

    convention, fingerprint, sample_rate (Hz), kind, form, unit : what it computes
    min_samples : of the shortest signal that gives a frame
    tolerance : how far its values may be from dsp's on speech and noise, in the unit
    metadata : all of the file's metadata
    """

    convention: Convention
    fingerprint: str
    sample_rate: int
    kind: str
    form: str
    unit: str
    min_samples: int
    tolerance: float
    metadata: Mapping[str, str]
    _session: Any

    def __call__(self, signal: ArrayLike) -> NDArray[np.float32]:
        """(n,) -> (rows, frames), or a batch of one length (batch, n) -> (batch, rows, frames).

        Samples are real, in -1 .. 1. A signal that is too short for the convention gives no frames.

        Raises ValueError for samples that are no finite floating-point numbers of one of these shapes.
        """
        samples = as_array(signal, "signal", dimensions=(1, 2))
        if samples.dtype.kind != "f":
            raise ValueError(
                f"signal has dtype {samples.dtype}; real floating-point samples are expected "
                "(scale integers first, as in samples / 32768)"
            )
        check_finite(samples)
        batch = samples.astype(np.float32, copy=False).reshape(-1, samples.shape[-1])
        features: NDArray[np.float32] = self._session.run([OUTPUT], {INPUT: batch})[0]
        return features[0] if samples.ndim == 1 else features


def load_onnx(path: str | os.PathLike[str], sample_rate: float) -> OnnxFeatures:
    """The features in a file of dsp.export.onnx, computed by ONNX Runtime, after a check of what the file says.

    Parameters
    ----------
    path : of the file
    sample_rate : Hz, of the samples that the features will be given; the file must have been made for that rate

    Returns
    -------
    features : OnnxFeatures; features(signal) gives (rows, frames) float32

    Raises
    ------
    FileError  (a ValueError) naming the file: no ONNX graph of this project, metadata that contradict each other,
        operators or files outside of itself that no graph of features needs, or another sample rate.
    MissingPackageError  without onnx or onnxruntime.
    OSError  if the file cannot be read.

    Source: onnx.ai, the ONNX format. Checked: tests/test_onnx_files_are_checked.py
    """
    rate = as_sample_rate(sample_rate)
    where = printable(path)
    absent = f"no graph of features; its metadata lack format = {FORMAT!r} of dsp.export.onnx"
    content, model, about = read_graph(path, FORMAT, absent, OPERATORS)
    try:
        c = from_toml(about["convention"], "its convention")
        made_for, shortest, tolerance = (
            int(about["sample_rate"]),
            int(about["min_samples"]),
            float(about["tolerance"]),
        )
        kind, form, unit, written = about["kind"], about["form"], about["unit"], about["fingerprint"]
    except (KeyError, ValueError) as error:
        raise FileError(f"{where}: damaged metadata ({shorten(str(error))})") from None
    if written != fingerprint(c):
        raise FileError(f"{where}: its fingerprint is {shorten(written)!r}, but its convention has {fingerprint(c)!r}")
    if made_for != rate:
        raise FileError(f"{where}: made for {made_for} Hz, not {rate:g} Hz; resample, or export it for that rate")
    check_ends(model, {INPUT: 2}, {OUTPUT: 3}, where)
    return OnnxFeatures(c, written, made_for, kind, form, unit, shortest, tolerance, about, start(content, where))


def read_graph(
    path: str | os.PathLike[str], file_format: str, absent: str, operators: frozenset[str]
) -> tuple[bytes, Any, dict[str, str]]:
    """The bytes, the onnx.ModelProto and the metadata of a graph of this project.

    Raises FileError for no ONNX file, for other metadata "format" than `file_format` (saying `absent`), and for what
    check_plain refuses. Checked: tests/test_onnx_files_are_checked.py
    """
    where = printable(path)
    content = read_bytes(path, where)
    model = read_model(content, where)
    about = {entry.key: entry.value for entry in model.metadata_props}
    if about.get("format") != file_format:
        raise FileError(f"{where}: {absent}")
    check_plain(model, operators, where)
    return content, model, about


def read_bytes(path: str | os.PathLike[str], where: str) -> bytes:
    """A file of at most the size that a graph may have; FileError for a larger one.

    Checked: tests/test_onnx_files_are_checked.py
    """
    with open_regular_file(path) as file:
        content = file.read(MAX_BYTES + 2**24 + 1)
    if len(content) > MAX_BYTES + 2**24:
        raise FileError(f"{where}: larger than any graph that is written here ({MAX_BYTES >> 20} MiB)")
    return content


def read_model(content: bytes, where: str) -> Any:
    """The onnx.ModelProto in a file's bytes; FileError for anything else.

    Checked: tests/test_onnx_files_are_checked.py
    """
    onnx = require("onnx", feature="reading ONNX files", extra="export")
    try:
        model = onnx.load_model_from_string(content)
    except Exception:  # protobuf's DecodeError, whichever of its implementations is installed
        raise FileError(f"{where}: no ONNX file") from None
    if not model.graph.node:
        raise FileError(f"{where}: no ONNX file, or one without operators")
    return model


def check_plain(model: Any, operators: frozenset[str], where: str) -> None:
    """Raises FileError for what no graph of this project has: other operators, functions, tables in other files.

    Checked: tests/test_onnx_files_are_checked.py
    """
    versions = [(entry.domain, entry.version) for entry in model.opset_import]
    if versions != [("", OPSET)] or model.functions:
        raise FileError(f"{where}: needs operators beside opset {OPSET}")
    for node in model.graph.node:
        if node.domain or node.op_type not in operators:
            raise FileError(f"{where}: has the operator {shorten(node.op_type)!r}, which no such graph needs")
    tables = [*model.graph.initializer, *model.graph.sparse_initializer]
    if model.graph.sparse_initializer or any(table.external_data or table.data_location for table in tables):
        raise FileError(f"{where}: has tables in other files or formats")


def check_ends(model: Any, inputs: Mapping[str, int], outputs: Mapping[str, int], where: str) -> None:
    """Raises FileError unless the graph has these inputs and outputs: names and numbers of axes, float32.

    Checked: tests/test_onnx_files_are_checked.py
    """
    for word, values, expected in (("inputs", model.graph.input, inputs), ("outputs", model.graph.output, outputs)):
        found = {}
        for value in values:
            tensor = value.type.tensor_type
            found[value.name] = len(tensor.shape.dim) if tensor.elem_type == 1 else None
        if found != dict(expected):
            raise FileError(f"{where}: its {word} are {shorten(', '.join(found))}; {', '.join(expected)} are expected")


def start(content: bytes, where: str) -> Any:
    """The session of a checked graph; FileError if ONNX Runtime refuses it.

    Checked: tests/test_onnx_files_are_checked.py
    """
    try:
        return session_of(content)
    except ImportError:
        raise
    except Exception as error:  # its exceptions share no base but Exception
        line = shorten(" ".join(str(error).split()), 120)
        raise FileError(f"{where}: ONNX Runtime refuses it ({line})") from None
