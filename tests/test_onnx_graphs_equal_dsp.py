"""An ONNX graph computes what dsp computes: every preset, both forms, random conventions, and the tools themselves."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import dsp
from dsp import Convention
from dsp.conventions.parameters import WORDS
from dsp.export.onnx_file import runner_of
from dsp.export.onnx_graph import add_features
from dsp.export.onnx_nodes import Nodes
from dsp.export.tolerances import tolerances

pytestmark = pytest.mark.filterwarnings("ignore:.*beyond full scale")
RATE = 8_000

conventions = st.builds(
    Convention,
    scale=st.sampled_from([1.0, -2.0, 32_768.0]),
    preemphasis=st.sampled_from([0.0, 0.5, 0.97, 1.0]),
    frame_length=st.integers(1, 90),
    hop_length=st.integers(1, 100) | st.none(),
    hop_length_s=st.sampled_from([0.01, None]),
    n_fft=st.sampled_from(["power of two", "frame length", 127, 128, 1102, 1103]) | st.integers(90, 300),
    n_mels=st.none() | st.integers(1, 30) | st.just("3 ln rate"),
    spectrum_floor=st.sampled_from([0.0, 1e-3]),
    smoothing=st.sampled_from([1, 3, 5]),
    floor=st.sampled_from([1e-6, 1e-3]),
    dynamic_range=st.sampled_from([None, 3.0]),
    log_gain=st.sampled_from([1.0, 0.25]),
    log_offset=st.sampled_from([0.0, 1.0]),
    n_mfcc=st.none() | st.integers(1, 12),
    lifter=st.sampled_from([0.0, 22.0]),
    lifter_first=st.sampled_from([0, 1]),
    energy_floor=st.sampled_from([0.0, 1.0]),
    dct_type=st.sampled_from([2, 3]),
    delta_orders=st.integers(0, 2),
    delta_width=st.sampled_from([3, 5, 9]),
    normalization_ddof=st.sampled_from([0, 1]),
    normalization_eps=st.sampled_from([0.0, 1e-3]),
    **{field: st.sampled_from(words) for field, words in WORDS.items()},
)


def graph_of(c, rate, kind, form):
    nodes = Nodes()
    add_features(nodes, "waveform", rate, c, kind, form)
    nodes.rename_last("features")
    axes = ["batch", "samples"], ["batch", "rows", "frames"]
    return runner_of(nodes.model({"waveform": axes[0]}, {"features": axes[1]}, {}).SerializeToString())


def dsp_or_none(x, rate, c, kind):
    """dsp's steps, or None where dsp refuses the signal; ValueError where it refuses the convention."""
    long = np.random.default_rng(9).standard_normal(4_000) / 10
    dsp.trace(long, rate, c)
    try:
        steps = dsp.trace(x, rate, c)
        return steps if kind in steps else None
    except ValueError:
        return None


def is_conditioned(x, steps, c, kind):
    """Whether rounding stays small: no value is 0 but for rounding, and no row that is divided by its deviation."""
    if c.dc_removal == "frame" and c.frame_length < 4:
        return False
    if c.floor_rule == "zeros only" and steps["mel"].min() <= 1e-10 * steps["power"].max():
        return False
    if c.normalization != "mean and variance":
        return True
    rows = dsp.trace(x, RATE, replace(c, normalization=None))[kind]
    return (rows.std(axis=1) > 0.02 * np.abs(rows).max(axis=1)).all()


def check_a_drawn_convention(c, n, seed, loud, form):
    x = np.random.default_rng(seed).standard_normal((2, n)).astype(np.float32).astype(float) * (0.1 if loud else 1e-3)
    kind = "log_mel" if c.n_mfcc is None else "mfcc"
    try:
        both = [dsp_or_none(one, RATE, c, kind) for one in x]
    except ValueError:
        assume(False)
    found = graph_of(c, RATE, kind, form)(x)
    if both[0] is None:
        assert found.shape[-1] == 0
        return
    if c.framing == "scipy" and n < c.frame_length:
        assert found.shape[-1] == 0
        return
    assume(all(is_conditioned(one, steps, c, kind) for one, steps in zip(x, both, strict=True)))
    for one, steps, features in zip(x, both, found, strict=True):
        expected = steps[kind]
        allowed = tolerances(one, RATE, c, steps)["float32"][kind]["max"]
        assert features.shape == expected.shape
        assert np.abs(features - expected).max() <= allowed


DRAWN = {
    "c": conventions,
    "n": st.integers(1, 1500),
    "seed": st.integers(0, 999),
    "loud": st.booleans(),
    "form": st.sampled_from(["small", "exact"]),
}


@pytest.mark.filterwarnings("ignore:.*empty")
@pytest.mark.parametrize("examples", [25, pytest.param(150, marks=pytest.mark.slow)])
def test_conventions_drawn_at_random(examples):
    limits = settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=[Phase.generate],  # a graph is slow to make a hundred times smaller
    )
    limits(given(**DRAWN)(check_a_drawn_convention))()
