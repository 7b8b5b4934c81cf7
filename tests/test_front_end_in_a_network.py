"""nets.front_end equals dsp, librosa and Kaldi: under every preset and under conventions drawn at random, alone and in
padded batches."""

import copy
import warnings
from dataclasses import replace

import kaldi_native_fbank
import librosa
import numpy as np
import pytest
import torch

import dsp
import nets
from dsp import CONVENTIONS, Convention
from dsp.conventions.parameters import WORDS
from dsp.conventions.sizes import sizes
from dsp.export.tolerances import tolerances
from dsp.framing import FRAMINGS
from tests.front_ends import (
    FLOAT64,
    KINDS,
    LAST_KINDS,
    RATE,
    features,
    float32_limit,
    golden,
    largest_error,
    rate_of,
    speech_and_noise,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*empty", "ignore:.*beyond full scale", "ignore:`torch.jit.*deprecated:DeprecationWarning"
)


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_every_preset_on_speech_and_noise(name, kind):
    c = CONVENTIONS[name]
    rate = rate_of(c)
    single, double = nets.front_end(name, rate, kind=kind), nets.front_end(name, rate, kind=kind).double()
    for x in speech_and_noise(rate):
        expected = dsp.extract([x], rate, name, kind)[0]
        greatest = np.abs(expected).max()
        assert largest_error(features(double, x, torch.float64), expected) <= FLOAT64 * greatest
        error = largest_error(features(single, x), expected)
        assert error <= float32_limit(c, kind) * (greatest if c.log is None else 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_preset_on_nasty_signals(name):
    """Within the error that rounding leaves in arithmetic of that precision; what dsp refuses is refused."""
    c = CONVENTIONS[name]
    rate, kind = rate_of(c), "mfcc" if c.n_mfcc else "log_mel"
    modules = {"float32": nets.front_end(name, rate, kind=kind)}
    modules["float64"] = copy.deepcopy(modules["float32"]).double()
    for signal, x in golden(rate).items():
        try:
            steps = dsp.trace(x, rate, name)
        except ValueError as refusal:
            for module in modules.values():
                with pytest.raises(ValueError) as raised:
                    features(module, x)
                assert str(raised.value) == f"waveform: {refusal}"
            continue
        allowed = tolerances(x, rate, c, steps)
        for dtype, module in modules.items():
            error = largest_error(features(module, x, getattr(torch, dtype)), steps[kind])
            assert error <= allowed[dtype][kind]["max"], (signal, dtype)


@pytest.mark.parametrize("kind", ["mel", "power"])
@pytest.mark.parametrize("name", ["kaldi", "hifigan", "scipy_spectrogram", "matlab_audio_toolbox", "zheng_casia"])
def test_steps_before_the_logarithm(name, kind):
    rate = rate_of(CONVENTIONS[name])
    for x in speech_and_noise(rate):
        expected = dsp.trace(x, rate, name)[kind]
        module = nets.front_end(name, rate, kind=kind)
        assert module.n_rows == len(expected)
        assert largest_error(features(module, x), expected) <= 2e-6 * expected.max()
        assert largest_error(features(module.double(), x, torch.float64), expected) <= FLOAT64 * expected.max()


DRAWN = {
    "scale": (1.0, 32_768.0, -2.0),
    "preemphasis": (0.0, 0.95, 1.0),
    "dither": (0.0, 0.0, 0.1),
    "hop_length": (None, 1, 7, 20, 45, 100),
    "hop_length_s": (None, 0.003),
    "n_fft": ("power of two", "frame length", 90, 141, 256, 1103),
    "spectrum_floor": (0.0, 1e-3),
    "n_mels": (None, "3 ln rate", 1, 8, 20),
    "f_min": (0.0, 100.0),
    "f_max": (None, 3000.0),
    "floor": (1e-6, 1e-3),
    "dynamic_range": (None, 0.0, 3.0),
    "log_gain": (1.0, 0.25, -1.0),
    "log_offset": (0.0, 1.0),
    "n_mfcc": (None, 1, 5),
    "lifter": (0.0, 22.0),
    "lifter_first": (0, 1),
    "energy_floor": (0.0, 1.0),
    "dct_type": (2, 3),
    "smoothing": (1, 3, 5),
    "delta_orders": (0, 1, 2),
    "delta_width": (3, 5, 9),
    "normalization_ddof": (0, 1),
    "normalization_eps": (0.0, 1e-5),
    **{field: words for field, words in WORDS.items() if field not in ("n_mels", "n_fft")},
}


def draw(rng: np.random.Generator) -> Convention:
    """A convention with every parameter drawn evenly from its values."""
    return Convention(
        frame_length=int(rng.integers(1, 90)),
        **{field: values[rng.integers(len(values))] for field, values in DRAWN.items()},
    )


@pytest.mark.filterwarnings("ignore:the filters")
@pytest.mark.parametrize("examples", [60, pytest.param(200, marks=pytest.mark.slow)])
def test_conventions_drawn_at_random(examples):
    """Alone, and in a batch beside a longer item, with NaN behind the end: dsp's features and refusals, and zeros."""
    rng, compared, refused = np.random.default_rng(examples), 0, 0
    while compared < examples:
        c, n = draw(rng), int(rng.integers(1, 1500))
        x, other = 0.3 * rng.standard_normal(n), 0.3 * rng.standard_normal(2 * n + int(rng.integers(300)))
        outcome = compare(c, x, other)
        compared, refused = compared + (outcome == "equal"), refused + (outcome == "refused")
    assert refused > examples / 10


def compare(c: Convention, x: np.ndarray, other: np.ndarray) -> str:
    """ "equal", "refused" by both, or "doubtful": where rounding decides."""
    rate, kind = 8000.0, "log_mel" if c.n_mfcc is None else "mfcc"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = None
        try:
            steps = dsp.trace(x, rate, c)
        except ValueError as refusal:
            with pytest.raises(ValueError) as raised:
                module = nets.front_end(c, rate, kind=kind)
                features(module, x)
            if module is not None:  # otherwise the convention itself is refused
                assert str(raised.value).startswith("waveform: ")
                assert str(refusal).startswith(str(raised.value).removeprefix("waveform: "))
            return "refused"
        module = nets.front_end(c, rate, kind=kind).double()
        plain = steps[kind]
        if c.normalization == "mean and variance":
            plain = dsp.trace(x, rate, replace(c, normalization=None))[kind]
    if c.floor_rule == "zeros only" and steps["mel"].min() <= 1e-12 * steps["power"].max():
        return "doubtful"  # what is 0 but for rounding is a zero in one program and not in the other
    if c.normalization == "mean and variance" and (plain.std(axis=1) <= 1e-6 * np.abs(plain).max()).any():
        return "doubtful"  # a deviation that is rounding is divided by
    # a level far below its frame's power, without a floor above it, moves by what rounding leaves of that power
    weakest = np.maximum(steps["mel"], c.floor if c.floor_rule in ("at least", "add") else 1e-30)
    drift = np.log1p(100 * 2.0**-52 * steps["power"].sum(axis=0) / weakest).max() * (20 if c.log else 0)
    limit = FLOAT64 * max(1.0, np.abs(plain).max()) + drift * max(1.0, c.lifter)
    if c.normalization == "mean and variance":
        limit /= plain.std(axis=1).min()
    expected = steps[kind]
    alone, frames = module(torch.from_numpy(x))
    assert int(frames) == expected.shape[1] and module.n_rows == len(expected)
    assert largest_error(alone, expected) <= limit, c
    if c.framing == "scipy" and x.size < sizes(c, rate).window:
        return "equal"
    batch = np.full((2, other.size), np.nan)
    batch[0, : x.size], batch[1] = x, other
    both, frames = module(torch.from_numpy(batch), torch.tensor([x.size, other.size]))
    assert frames[0] == expected.shape[1] and both.shape[2] == frames[1]
    assert largest_error(both[0, :, : frames[0]], expected) <= limit, c
    assert not both[0, :, frames[0] :].any()
    return "equal"


@pytest.mark.parametrize("framing", FRAMINGS)
def test_frames_are_counted_as_dsp_counts(framing):
    rng = np.random.default_rng(3)
    for frame, hop in [(1, 1), (2, 3), (7, 7), (25, 10), (400, 160), *rng.integers(1, 60, (10, 2)).tolist()]:
        c = Convention(framing=framing, frame_length=frame, hop_length=hop, n_mels=None, n_mfcc=None, window="hamming")
        module = nets.front_end(c, 8000, kind="power")
        counts = [module._count(n) for n in range(1, 300)]
        assert counts == [dsp.count_frames(n, frame, hop, framing) for n in range(1, 300)]


# ---- the tools themselves


def test_librosa_itself():
    rate = 22_050
    for x in speech_and_noise(rate):
        theirs = librosa.power_to_db(librosa.feature.melspectrogram(y=x.astype(np.float32), sr=rate))
        assert largest_error(features(nets.front_end("librosa", rate, kind="log_mel"), x), theirs) <= 5e-3
        theirs = librosa.feature.mfcc(y=x.astype(np.float32), sr=rate)
        assert largest_error(features(nets.front_end("librosa", rate), x), theirs) <= 5e-3


def test_kaldi_itself():
    for x in speech_and_noise(RATE):
        mfcc, fbank = kaldi_native_fbank.MfccOptions(), kaldi_native_fbank.FbankOptions()
        for options, tool, rows, kind, name in (
            (mfcc, kaldi_native_fbank.OnlineMfcc, 13, "mfcc", "kaldi"),
            (fbank, kaldi_native_fbank.OnlineFbank, 23, "log_mel", "kaldi"),
        ):
            options.frame_opts.dither, options.frame_opts.samp_freq = 0, RATE
            running = tool(options)
            running.accept_waveform(RATE, (x * 32_768).astype(np.float32).tolist())
            running.input_finished()
            theirs = np.array([running.get_frame(i) for i in range(running.num_frames_ready)]).reshape(-1, rows).T
            assert largest_error(features(nets.front_end(name, RATE, kind=kind), x), theirs) <= 5e-3


# ---- batches


@pytest.mark.parametrize(("name", "kind"), LAST_KINDS)
def test_padding_changes_nothing(name, kind):
    """Items of mixed lengths beside each other are equal to each of them alone, but for rounding."""
    c = CONVENTIONS[name]
    rate = rate_of(c)
    x = golden(rate)["speech"]
    items = [x[: x.size // 2], x, 0.01 * x[::-1][: x.size // 3].copy(), x[1000:][: x.size // 2 + 77]]
    batch = np.full((4, x.size + 500), np.nan)
    for row, item in zip(batch, items, strict=True):
        row[: item.size] = item
    lengths = torch.tensor([item.size for item in items])
    for dtype, limit in ((torch.float64, 1e-11), (torch.float32, 2e-5)):
        module = nets.front_end(name, rate, kind=kind).to(dtype)
        found, frames = module(torch.from_numpy(batch).to(dtype), lengths)
        for row, item, n in zip(found, items, frames, strict=True):
            alone, n_alone = module(torch.from_numpy(item).to(dtype))
            assert n == n_alone
            assert largest_error(row[:, :n], alone.numpy()) <= limit * max(1.0, float(alone.abs().max()))
            assert not row[:, n:].any()


def test_shapes_dtypes_and_empty_batches():
    module = nets.front_end("kaldi", RATE)
    x = torch.from_numpy(speech_and_noise(RATE)[0])
    alone, frames = module(x)
    assert alone.shape == (13, 28) and frames.shape == () and frames.dtype == torch.int64 and int(frames) == 28
    batched, frames = module(x[None].expand(3, -1))
    assert batched.shape == (3, 13, 28) and frames.tolist() == [28] * 3 and batched.dtype == torch.float32
    assert torch.equal(batched[1], alone)
    vector, frames = module(x, torch.tensor(2000))
    assert int(frames) == 11 and not vector[:, 11:].any()
    assert largest_error(vector[:, :11], module(x[:2000])[0].numpy()) <= 1e-3
    none, frames = module(torch.zeros(0, 1000), torch.zeros(0, dtype=torch.int64))
    assert none.shape == (0, 13, 4) and frames.shape == (0,)
    assert torch.equal(module(x)[0], alone)  # the same bits again
    for dtype in (torch.float16, torch.bfloat16):
        found, _ = module(x.to(dtype))
        assert found.dtype == torch.float32 and torch.equal(found, module(x.to(dtype).float())[0])


def test_scipys_window_is_shortened_to_the_signal():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(300) / 10
    for n in (1, 2, 100, 255, 256):
        module = nets.front_end("scipy_stft", RATE, kind="log_mel").double()
        expected = dsp.log_mel(x[:n], RATE, "scipy_stft")
        assert largest_error(features(module, x[:n], torch.float64), expected) <= 1e-6
        if n == 100:
            with pytest.raises(
                ValueError, match=r"waveform\[0\] has 100 samples, .* 51 rows instead of 129; pass this"
            ):
                module(torch.from_numpy(x)[None].expand(2, -1), torch.tensor([100, 300]))
    none, frames = nets.front_end("scipy_stft", RATE, kind="log_mel")(torch.zeros(0, 100))
    assert none.shape[:2] == (0, 129) and frames.shape == (0,)
    c = replace(CONVENTIONS["scipy_stft"], n_fft=512)  # the rows stay
    batch = torch.from_numpy(x)[None].repeat(3, 1)
    found, frames = nets.front_end(c, RATE, kind="log_mel").double()(batch, torch.tensor([100, 300, 256]))
    for row, n, n_frames in zip(found, (100, 300, 256), frames, strict=True):
        assert largest_error(row[:, :n_frames], dsp.log_mel(x[:n], RATE, c)) <= 1e-6
        assert not row[:, n_frames:].any()


def test_dither_is_dsps():
    c = replace(CONVENTIONS["kaldi"], dither=1.0)
    module = nets.front_end(c, RATE).double()
    for x in speech_and_noise(RATE):
        assert largest_error(features(module, x, torch.float64), dsp.mfcc(x, RATE, c)) <= 1e-9
