"""An ONNX graph computes what dsp computes: every preset, both forms, random conventions, and the tools themselves."""

import math
from dataclasses import replace

import kaldi_native_fbank
import librosa
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import dsp
from dsp import CONVENTIONS, Convention
from dsp.conventions.parameters import WORDS
from dsp.conventions.sizes import sizes
from dsp.export.onnx_file import features_model, runner_of
from dsp.export.onnx_graph import add_features
from dsp.export.onnx_nodes import Nodes
from dsp.export.signals import golden_signals
from dsp.export.tolerances import tolerances
from dsp.export.two_factors import factorize, two_factors

pytestmark = pytest.mark.filterwarnings("ignore:.*beyond full scale")
RATE = 8_000

LN = {None: 1.0, "ln": 1.0, "log10": 1 / math.log(10), "10 log10": 10 / math.log(10), "20 log10": 20 / math.log(10)}
PLAIN = 2e-3  # nat, on speech and noise; measured: 1.6e-3 (panns), most below 1e-3
UNFILTERED = 2e-2  # nat, where no filter averages bins; measured: 5.5e-3
QUICK = ("kaldi", "speechbrain_mfcc", "python_speech_features", "scipy_spectrogram", "hifigan", "nemo")


def presets():
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in CONVENTIONS]


def limit_of(c, expected):
    """What speech and noise may be off by, in the unit of the features."""
    if c.log is None:
        return 1e-6 * np.abs(expected).max()
    return (PLAIN if c.n_mels else UNFILTERED) * LN[c.log] * abs(c.log_gain)


@pytest.mark.parametrize("name", presets())
def test_presets(name):
    """Both forms: speech and noise within a stated limit, what ports fail on within the rounding of float32."""
    c, rate = CONVENTIONS[name], rate_of(CONVENTIONS[name])
    noise = np.random.default_rng(3).standard_normal((2, rate // 4)).astype(np.float32) / 10
    signals = {key: x[None] / 32_768 for key, x in golden_signals(rate).items()} | {"noise": noise.astype(float)}
    kinds = ("log_mel",) if c.n_mfcc is None else ("log_mel", "mfcc")
    runs = {(kind, form): graph_of(c, rate, kind, form) for kind in kinds for form in ("small", "exact")}
    for signal, x in signals.items():
        try:
            steps = [dsp.trace(one, rate, c) for one in x]
        except ValueError:
            assert all(run(x).shape[-1] == 0 for run in runs.values()), signal
            continue
        if c.framing == "scipy" and x.shape[1] < sizes(c, rate).window:  # the one limit
            assert all(run(x).shape[-1] == 0 for run in runs.values()), signal
            continue
        allowed = [tolerances(one, rate, c, of)["float32"] for one, of in zip(x, steps, strict=True)]
        for (kind, form), run in runs.items():
            expected, found = np.stack([of[kind] for of in steps]), run(x)
            assert found.shape == expected.shape and found.dtype == np.float32
            limit = 2 * max(of[kind]["max"] for of in allowed)
            if signal in ("speech", "noise"):
                limit = min(limit, limit_of(c, expected))
            assert np.abs(found - expected).max() <= limit, (signal, kind, form)


@pytest.mark.parametrize(("form", "limit"), [("small", 0.02), ("exact", 0.04)])
def test_a_full_scale_tone_under_kaldi(form, limit):
    """The worst of signals: bands beside the tone hold what leaks from it. Measured: 0.016 and 0.028 nat."""
    x = golden_signals(16_000)["tone"][None] / 32_768
    for name in ("kaldi", "kaldi_fbank"):
        found = graph_of(CONVENTIONS[name], 16_000, "log_mel", form)(x)[0]
        assert np.abs(found - dsp.log_mel(x[0], 16_000, name)).max() <= limit


@pytest.mark.parametrize("form", ["small", pytest.param("exact", marks=pytest.mark.slow)])
def test_librosa_itself(utterance, form):
    x = utterance.astype(np.float32)
    mel = librosa.feature.melspectrogram(y=x, sr=16_000)
    for kind, expected in (
        ("log_mel", librosa.power_to_db(mel)),
        ("mfcc", librosa.feature.mfcc(y=x, sr=16_000, n_mfcc=20)),
    ):
        found = graph_of(CONVENTIONS["librosa"], 16_000, kind, form)(x[None])[0]
        assert found.shape == expected.shape and np.abs(found - expected).max() <= 5e-3  # dB; measured: 1e-3


@pytest.mark.parametrize("form", ["small", "exact"])
def test_kaldi_itself(utterance, form):
    """kaldi-native-fbank, which computes in float32."""
    x = np.round(utterance * 32_768).clip(-32_768, 32_767)
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither, options.mel_opts.num_bins = 0.0, 80
    cepstra = kaldi_native_fbank.MfccOptions()
    cepstra.frame_opts.dither = 0.0
    for tool, name in (
        (kaldi_native_fbank.OnlineFbank(options), "kaldi_fbank"),
        (kaldi_native_fbank.OnlineMfcc(cepstra), "kaldi"),
    ):
        tool.accept_waveform(16_000, x.tolist())
        tool.input_finished()
        expected = np.array([tool.get_frame(i) for i in range(tool.num_frames_ready)]).T
        found = graph_of(CONVENTIONS[name], 16_000, "log_mel" if name == "kaldi_fbank" else "mfcc", form)(
            x[None] / 32_768
        )
        assert found[0].shape == expected.shape and np.abs(found - expected).max() <= 5e-3  # nat; measured: 1e-3


@pytest.mark.parametrize("n", [1, 2, 16, 97, 119, 257, 400, 512, 551, 1102])
def test_two_factors_are_the_dft(n):
    """In float64 the tables give the DFT to its last digits: powers of two, odd lengths, primes."""
    t, x = two_factors(n), np.random.default_rng(n).standard_normal(n)
    assert t.p * t.q == n and (t.p > 1 or n <= 16 or all(n % divisor for divisor in range(2, n)))
    turned = (t.first @ x.reshape(t.p, t.q)).reshape(2, t.p, t.q)
    real, imaginary = turned[0] * t.cosine - turned[1] * t.sine, turned[0] * t.sine + turned[1] * t.cosine
    both = np.concatenate([real, imaginary], axis=1) @ t.last
    bins = t.q // 2 + 1
    found = (both[:, :bins] + 1j * both[:, bins:]).T.reshape(-1)[: n // 2 + 1]
    np.testing.assert_allclose(found, dsp.rfft(x), atol=1e-13 * n)


def test_sizes_are_small():
    """512 points take some 4,000 numbers, not 512 x 257; a prime has no factors, so its table is the whole DFT."""
    assert {factorize(512), factorize(400), factorize(2048)} <= {(16, 32), (20, 20), (16, 25), (32, 64), (25, 16)}
    assert factorize(1103) == (1, 1103) and factorize(1102)[0] in (19, 29, 38, 58)
    assert len(features_model("kaldi", 16_000).SerializeToString()) < 60_000
    assert 700_000 < len(features_model("kaldi", 16_000, form="exact").SerializeToString()) < 900_000


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


def rate_of(c):
    """16 kHz, if the preset's filters do not go higher."""
    return 16_000 if (c.f_max or 0) <= 8_000 else 32_000


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
        assert np.abs(features - expected).max() <= 2 * allowed  # which three trials estimate


DRAWN = {
    "c": conventions,
    "n": st.integers(1, 1500),
    "seed": st.integers(0, 999),
    "loud": st.booleans(),
    "form": st.sampled_from(["small", "exact"]),
}


@pytest.mark.filterwarnings("ignore:.*empty")
@pytest.mark.parametrize("examples", [12, pytest.param(60, marks=pytest.mark.slow)])
def test_conventions_drawn_at_random(examples):
    limits = settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=[Phase.generate],  # a graph is slow to make a hundred times smaller
    )
    limits(given(**DRAWN)(check_a_drawn_convention))()
