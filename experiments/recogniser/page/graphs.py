"""The two graphs of the page: from samples to the log-mel spectrogram that is drawn, and to the probabilities.

The picture has 40 mel bands, 25 ms frames, a step of 10 ms. These are also the rows whose statistics the network that
comes with the project sees; other networks see something else.
"""

import tempfile
from pathlib import Path

import numpy as np

from dsp import hz_to_mel, mel_to_hz
from dsp.conventions.sizes import sizes
from dsp.export import onnx
from experiments.inputs.statistics import CONVENTION
from experiments.recogniser.page.building import Graph, Graphs
from experiments.recogniser.trained import Trained
from experiments.recogniser.whole_graph import INPUT, OUTPUT, write_whole_graph


def make_graphs(trained: Trained) -> Graphs:
    """Both graphs at the rate of the network.

    Raises ValueError for a network that sees what no graph computes, DifferentError for a graph that answers
    otherwise, MissingPackageError without onnx.

    Checked: tests/test_the_page_answers_as_python.py
    """
    rate = trained.view.sample_rate
    min_samples = max(trained.view.min_samples, sizes(CONVENTION, rate).frame)
    return Graphs(log_mel_graph(rate), network_graph(trained), rate, min_samples)


def log_mel_graph(sample_rate: int) -> Graph:
    """The picture's graph, with the middle of each band and of the first frame.

    Checked: tests/test_the_page_answers_as_python.py
    """
    size = sizes(CONVENTION, sample_rate)
    edges = hz_to_mel(np.array([CONVENTION.f_min, CONVENTION.f_max or sample_rate / 2]), CONVENTION.mel_scale)
    bands = mel_to_hz(np.linspace(*edges, CONVENTION.n_mels + 2)[1:-1], CONVENTION.mel_scale)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log_mel.onnx"
        about = onnx(CONVENTION, sample_rate, path, kind="log_mel")
        content = path.read_bytes()
    facts = {
        "input": "waveform",
        "output": "features",
        "unit": about["unit"],
        "tolerance": float(about["tolerance"]),
        "convention": "finch_dycnn",
        "fingerprint": about["fingerprint"],
        "bands_hz": [round(float(band), 1) for band in bands],
        "first_s": size.frame / 2 / sample_rate,
        "hop_s": size.hop / sample_rate,
    }
    return Graph(content, facts)


def network_graph(trained: Trained) -> Graph:
    """The recogniser's graph, from samples to probabilities."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        about = write_whole_graph(trained, path)
        content = path.read_bytes()
    return Graph(content, {"input": INPUT, "output": OUTPUT, "tolerance": float(about["tolerance"])})
