"""A convention as an ONNX file: samples in, features out, with what a program must know about it in its metadata."""

import json
import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsp._version import __version__
from dsp.checks import as_count, as_word
from dsp.conventions.fingerprint import fingerprint
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import named
from dsp.conventions.sizes import Sizes, sizes
from dsp.conventions.toml_files import as_toml
from dsp.engine.extract import FeatureKind
from dsp.export.onnx_graph import Form, add_features, min_frames, min_samples
from dsp.export.onnx_nodes import Nodes
from dsp.export.signals import golden_signals
from dsp.export.tolerances import tolerances
from dsp.export.two_factors import factorize
from dsp.files.extras import require
from dsp.files.writing import write_atomically
from dsp.mfcc import compute_trace

FORMAT = "dsp features 1"
INPUT, OUTPUT = "waveform", "features"
MAX_BYTES = 2**28  # of a file
MARGIN = 4.0  # times the measured error: other processors, other orders of summation
COMMON = ("speech", "noise")  # the signals that the tolerance comes from
NOISE_S = 0.5
UNITS = {None: "of the spectrum", "ln": "nat", "log10": "log10", "10 log10": "dB", "20 log10": "dB"}


def onnx(
    convention: str | Convention,
    sample_rate: int,
    path: str | os.PathLike[str],
    *,
    kind: FeatureKind | None = None,
    form: Form = "small",
) -> dict[str, str]:
    """Writes the features of a convention as an ONNX graph that any ONNX runtime computes, on a phone or in a browser.

        waveform  (batch, samples) float32, in -1 .. 1 (16-bit samples divided by 32768), at the sample rate
        features  (batch, rows, frames) float32, as dsp.mfcc or dsp.log_mel gives them

    The graph has plain operators of opset 17 (ONNX's own DFT, STFT and MelWeightMatrix are less exact) and dsp's own
    tables. Samples may have any length, but all signals of one batch the same: padding would change frames at the end
    and whatever depends on a whole clip. A signal that dsp refuses because it is too short gives no frames. One limit:
    a signal shorter than the window gives no frames under the framing "scipy", where dsp shortens the window.

    The file is written only after ONNX Runtime's features were found equal to dsp's on synthetic speech and noise to
    the rounding of float32.

    Parameters
    ----------
    convention : a name in CONVENTIONS or a Convention, without dither
    sample_rate : int, Hz, of the samples, at least 4000
    path : of the file, written whole or not at all
    kind : "mfcc" or "log_mel"; None takes the cepstra of a convention that has them
    form : "small" computes the DFT in two matrix products; if n_fft is a prime, in one, of n_fft^2 numbers.
        "exact" computes it in one convolution with everything linear multiplied out in float64: less rounding and a
        large file of 4 n_fft frame_length bytes

    Returns
    -------
    metadata : dict of str, as in the file: format, version (dsp's), fingerprint, convention (TOML), sample_rate, kind,
        form, unit, min_samples (of the shortest signal that gives a frame), samples, errors (JSON: the largest error of
        each signal of dsp/export/signals.py and of noise, in the unit, against dsp in float64) and tolerance (4 times
        the largest error over speech and noise)

    Raises
    ------
    ValueError  for an unknown name or word, dither, a rate that does not fit, a graph of more than 256 MB, or values
        beyond what float32 holds.
    MissingPackageError  without onnx or onnxruntime.
    OSError  if the file cannot be written.

    Source: onnx.ai, operators of opset 17. Checked: tests/test_onnx_graphs_equal_dsp.py
    """
    model = features_model(convention, sample_rate, kind, form)
    content = model.SerializeToString(deterministic=True)
    write_atomically(path, lambda temporary: temporary.write_bytes(content))
    return {entry.key: entry.value for entry in model.metadata_props}


def features_model(
    convention: str | Convention, sample_rate: int, kind: FeatureKind | None = None, form: Form = "small"
) -> Any:
    """The onnx.ModelProto that `onnx` writes; the arguments are the same.

    Checked: tests/test_onnx_graphs_equal_dsp.py
    """
    c = named(convention)
    sample_rate = as_count(sample_rate, "sample_rate", max_value=1_000_000)
    if kind is None:
        kind = "log_mel" if c.n_mfcc is None else "mfcc"
    as_word(kind, "kind", FeatureKind)
    as_word(form, "form", Form)
    size = sizes(c, sample_rate)
    _check_size(size, form)
    about = {
        "format": FORMAT,
        "version": __version__,
        "fingerprint": fingerprint(c),
        "convention": as_toml(c),
        "sample_rate": str(sample_rate),
        "kind": kind,
        "form": form,
        "unit": unit(c, kind),
        "min_samples": str(min_samples(c, sample_rate, kind)),
        "samples": "one channel, -1 .. 1 (16-bit samples divided by 32768)",
    }
    errors = _measure(_model(c, sample_rate, kind, form, about).SerializeToString(), c, sample_rate, kind)
    about["errors"] = json.dumps({name: float(f"{error:.2g}") for name, error in errors.items()})
    about["tolerance"] = f"{MARGIN * max(errors.get(name, 0.0) for name in COMMON):.1e}"
    return _model(c, sample_rate, kind, form, about)


def unit(c: Convention, kind: FeatureKind) -> str:
    """What the features are counted in, in words."""
    if c.normalization == "mean and variance" and (kind == "mfcc" or c.n_mfcc is None):
        return "standard deviations"
    word = UNITS[c.log] if c.log_gain == 1 or c.log is None else f"{1 / c.log_gain:.6g} {UNITS[c.log]}"
    return word if kind == "log_mel" else f"{word}, after the DCT"


def _model(c: Convention, sample_rate: int, kind: FeatureKind, form: Form, about: dict[str, str]) -> Any:
    nodes = Nodes()
    add_features(nodes, INPUT, sample_rate, c, kind, form)
    nodes.rename_last(OUTPUT)
    return nodes.model({INPUT: ["batch", "samples"]}, {OUTPUT: ["batch", "rows", "frames"]}, about)


def _check_size(size: Sizes, form: Form) -> None:
    """Raises ValueError for tables that no file should hold."""
    bins = size.n_fft // 2 + 1
    numbers = 2 * bins * size.frame
    if form == "small":
        p, q = factorize(size.n_fft)
        numbers = numbers if p == 1 else 2 * p * p + 2 * size.n_fft + 4 * q * (q // 2 + 1)
    if 4 * numbers > MAX_BYTES:
        advice = "form='small' has smaller tables" if form == "exact" else "its factors are too large"
        raise ValueError(
            f"n_fft={size.n_fft} needs tables of {4 * numbers / 1e6:.0f} MB, more than {MAX_BYTES >> 20} MiB; {advice}"
        )


def session_of(content: bytes, threads: int = 1) -> Any:
    """An onnxruntime.InferenceSession on the processor."""
    runtime = require("onnxruntime", feature="running ONNX files", extra="export")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what is wrong becomes an exception
    return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def runner_of(content: bytes) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    """(batch, samples) -> features, by ONNX Runtime."""
    session = session_of(content)

    def run(signals: NDArray[Any]) -> NDArray[np.float32]:
        return np.asarray(session.run([OUTPUT], {INPUT: signals.astype(np.float32)})[0])

    return run


def _measure(content: bytes, c: Convention, sample_rate: int, kind: FeatureKind) -> dict[str, float]:
    """The largest error for each signal that dsp takes.

    Raises ValueError if speech or noise is off by more than the rounding of float32 makes it.
    """
    run, errors = runner_of(content), {}
    for name, x in _signals(c, sample_rate, kind).items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of empty filters
                steps = compute_trace(x, sample_rate, c, kind)
        except ValueError:
            continue
        expected, found = steps[kind], run(x[None])[0]
        if found.shape != expected.shape:
            if c.framing == "scipy" and found.shape[-1] == 0:  # the documented limit
                continue
            raise ValueError(f"the graph gives {found.shape}, dsp {expected.shape} for the signal {name!r}")
        error = float(np.abs(found - expected).max())
        if name in COMMON:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                full = compute_trace(x, sample_rate, c, "mfcc")
                allowed = tolerances(x, sample_rate, c, full)["float32"][kind]["max"]
            if not error <= allowed:
                raise ValueError(
                    f"single precision does not hold this convention's values: the graph is off by {error:.1e} for "
                    f"{name}, where rounding explains {allowed:.1e}"
                )
        errors[name] = error
    return errors


def _signals(c: Convention, sample_rate: int, kind: FeatureKind) -> dict[str, NDArray[np.float64]]:
    """The golden signals, and noise long enough for any frame."""
    size = sizes(c, sample_rate)
    n = max(round(NOISE_S * sample_rate), 2 * size.frame + (min_frames(c, kind) + 3) * size.hop)
    noise = 0.1 * np.random.default_rng(1).standard_normal(n)
    # whole 16-bit samples, like the others: float32 holds them, so that only the graph's own rounding is measured
    return {name: x / 32_768 for name, x in golden_signals(sample_rate).items()} | {
        "noise": np.rint(32_768 * noise) / 32_768
    }
