"""nets.front_end equals dsp under every preset and under conventions drawn at random, alone and in padded batches; it
has right gradients, survives TorchScript and the compiler, and refuses what dsp refuses."""

import copy
import io
import pickle
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
from dsp.export.signals import golden_signals
from dsp.export.tolerances import tolerances
from dsp.framing import FRAMINGS
from nets.front_end import FrontEnd

RATE = 16_000
KINDS = [(name, kind) for name, c in CONVENTIONS.items() for kind in (["log_mel", "mfcc"] if c.n_mfcc else ["log_mel"])]
FLOAT64 = 1e-9  # of the largest value; measured: 2e-12
# The largest error over speech and noise in float32, by the logarithm, in its unit; measured: see the comments.
FLOAT32 = {
    None: 1e-6,  # of the greatest value; measured: 2e-7
    "ln": 5e-3,  # nat; measured: 1.5e-3 (kaldi_fbank)
    "log10": 1e-3,  # measured: 2e-4 (espnet_tts)
    "10 log10": 5e-2,  # dB; measured: 1.2e-2 (panns), but for BINS
    "20 log10": 5e-2,
}
BINS = 1.0  # dB, of single bins, which no filter averages; measured: 0.2 (zheng_casia)
DEVIATIONS = 2e-3  # of normalized rows; measured: 5e-4 (seamless_m4t)
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*empty", "ignore:.*beyond full scale", "ignore:`torch.jit.*deprecated:DeprecationWarning"
)


def rate_of(c: Convention) -> int:
    return RATE if (c.f_max or 0) <= RATE / 2 else 44_100


def speech_and_noise(rate: int) -> list[np.ndarray]:
    speech = golden_signals(rate)["speech"] / 32_768
    return [speech, 0.1 * np.random.default_rng(1).standard_normal(speech.size // 2)]


def largest_error(found: torch.Tensor, expected: np.ndarray) -> float:
    assert tuple(found.shape) == expected.shape
    return float(np.abs(found.detach().numpy() - expected).max())


def float32_limit(c: Convention, kind: str) -> float:
    if c.normalization == "mean and variance":
        return DEVIATIONS
    if c.n_mels is None and c.log is not None:
        return BINS
    return FLOAT32[c.log] * abs(c.log_gain if c.log else 1.0)


def features(module, x, dtype=torch.float32):
    return module(torch.from_numpy(x).to(dtype))[0]


# ---- equal to dsp


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
    for signal, samples in golden_signals(rate).items():
        x = samples / 32_768
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
@pytest.mark.parametrize("examples", [60, pytest.param(500, marks=pytest.mark.slow)])
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
    for frame, hop in [(1, 1), (2, 3), (7, 7), (25, 10), (400, 160), *rng.integers(1, 60, (20, 2)).tolist()]:
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


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_padding_changes_nothing(name, kind):
    """Items of mixed lengths beside each other are equal to each of them alone, but for rounding."""
    c = CONVENTIONS[name]
    rate = rate_of(c)
    x = golden_signals(rate)["speech"] / 32_768
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


# ---- gradients

SMALL = Convention(
    frame_length=16, hop_length=8, n_fft=16, n_mels=4, n_mfcc=3, dynamic_range=1.0, window="hann", floor=1e-3
)
LEARNED = {
    "ln": SMALL,
    "window sum": replace(SMALL, spectrum_norm="window sum", dc_removal="frame", preemphasis=0.9),
    "density": replace(
        SMALL, spectrum_norm="density", spectrum="magnitude", energy="first", energy_of="windowed frame"
    ),
    "window energy": replace(SMALL, spectrum_norm="window energy", framing="center, reflect", reference="maximum"),
    "root floor": replace(SMALL, spectrum="magnitude", spectrum_floor=1e-2, n_fft=32, window_alignment="center"),
    "deltas": replace(SMALL, delta_orders=2, delta_width=3, smoothing=3, framing="symmetric", energy="replaces c0"),
    "variance": replace(SMALL, normalization="mean and variance", delta_orders=1, delta_width=3, scale=3.0),
    "greatest bin": replace(
        SMALL, floor_rule="fraction of greatest bin", floor=0.05, spectrum_scaling="one-sided, doubled"
    ),
    "emphasis": replace(SMALL, preemphasis=0.9, preemphasis_in="frame", preemphasis_first="extrapolate", energy="last"),
    "signal mean": replace(SMALL, dc_removal="signal", floor_rule="add", energy="last", energy_of="spectrum"),
}


@pytest.mark.parametrize("name", LEARNED)
def test_gradients_are_right(name):
    """Of the waveform, the window, the filters and the dynamic range, in a padded batch: gradcheck in float64."""
    module = nets.front_end(LEARNED[name], 8000, learnable=("window", "filters", "dynamic_range")).double()
    x = torch.from_numpy(np.random.default_rng(5).standard_normal((2, 60)))
    lengths = torch.tensor([60, 41])
    parameters = {key: p.detach() + 1e-2 for key, p in module.named_parameters()}  # off the edge of a maximum
    assert set(parameters) == {"window", "filters", "dynamic_range"}

    def call(x, *values):
        changed = dict(zip(parameters, values, strict=True))
        return torch.func.functional_call(module, changed, (x, lengths))[0]

    inputs = [tensor.clone().requires_grad_() for tensor in (x, *parameters.values())]
    assert torch.autograd.gradcheck(call, inputs, fast_mode=True)
    call(*inputs).square().sum().backward()
    assert not inputs[0].grad[1, 41:].any()  # nothing comes from the padding
    assert all(tensor.grad.abs().max() > 0 for tensor in inputs)


@pytest.mark.parametrize(("name", "kind"), KINDS)
@pytest.mark.parametrize("signal", ["silence", "impulse"])
def test_gradients_through_silence_are_finite(name, kind, signal):
    c = CONVENTIONS[name]
    rate = rate_of(c)
    module = nets.front_end(name, rate, kind=kind)
    x = torch.from_numpy(golden_signals(rate)[signal] / 32_768).float().requires_grad_()
    found, _ = module(x)
    found.sum().backward()
    assert torch.isfinite(found).all() and torch.isfinite(x.grad).all()


def test_what_is_learned_begins_as_dsp_and_is_trained():
    x = torch.from_numpy(speech_and_noise(RATE)[0]).float()
    fixed = nets.front_end("librosa", RATE, kind="log_mel")
    module = nets.front_end("librosa", RATE, kind="log_mel", learnable=("window", "filters", "dynamic_range"))
    assert not list(fixed.parameters())
    assert largest_error(module(x)[0], fixed(x)[0].numpy()) <= 1e-3
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3)
    before = [p.detach().clone() for p in module.parameters()]
    module(x)[0].mean().backward()
    optimizer.step()
    assert all(not torch.equal(p, q) for p, q in zip(module.parameters(), before, strict=True))
    trained = module.window.detach().clone()
    assert torch.equal(module.double().window, trained.double())  # a trained value is not computed anew


# ---- modes, states, dtypes


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_torchscript(name, kind):
    rate = rate_of(CONVENTIONS[name])
    module = nets.front_end(name, rate, kind=kind)
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(module), buffer)
    buffer.seek(0)
    scripted = torch.jit.load(buffer)
    x = torch.from_numpy(golden_signals(rate)["speech"] / 32_768).float()
    for waveform, lengths in (
        (x, None),
        (x[: x.numel() // 2], None),
        (x.expand(2, -1), torch.tensor([x.numel(), x.numel() // 2])),
    ):
        for found, expected in zip(scripted(waveform, lengths), module(waveform, lengths), strict=True):
            assert torch.equal(found, expected)


@pytest.mark.parametrize(
    ("c", "waveform", "lengths", "message"),
    [
        ("kaldi", torch.zeros(300), None, "too few samples"),
        ("librosa_0_8", torch.zeros(2, 3000), [3000, 1024], "too few samples"),
        ("scipy_stft", torch.zeros(100), None, "too few samples"),
        ("kaldi", torch.zeros(2, 2, 3000), None, "wrong shape"),
        ("kaldi", torch.zeros(3000, dtype=torch.int16), None, "scale integers first"),
        ("kaldi", torch.full((3000,), np.nan), None, "NaN or infinity"),
        ("kaldi", torch.zeros(2, 3000), [3000, 3001], "not in 1 .. the number"),
        ("kaldi", torch.zeros(2, 3000), [[3000], [3000]], "lengths has a wrong shape"),
        (replace(CONVENTIONS["kaldi"], dither=1.0), torch.zeros(3000), None, "dither=0 is expected"),
    ],
    ids=["frames", "reflection", "window", "shape", "integers", "NaN", "lengths", "shape of lengths", "dither"],
)
def test_torchscript_refuses(c, waveform, lengths, message):
    kind = "log_mel" if c == "scipy_stft" else "mfcc"
    scripted = torch.jit.script(nets.front_end(c, RATE, kind=kind))
    with pytest.raises(torch.jit.Error, match=message):
        scripted(waveform, None if lengths is None else torch.tensor(lengths))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["librosa", "opensmile_compare"])
def test_the_compiler_sees_one_graph(name):
    """Nothing breaks it into pieces, and other lengths need no graph of their own."""
    kind = "mfcc" if CONVENTIONS[name].n_mfcc else "log_mel"
    module = nets.front_end(name, RATE, kind=kind)
    x = torch.from_numpy(speech_and_noise(RATE)[0]).float().expand(2, -1)
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    compiled = torch.compile(module, backend="eager", fullgraph=True, dynamic=True)
    for n in (4800, 4000, 3999):
        arguments = x[:, :n].contiguous(), torch.tensor([n, n - 500])
        for found, expected in zip(compiled(*arguments), module(*arguments), strict=True):
            assert torch.equal(found, expected)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1


@pytest.mark.slow
def test_compiled_code_gives_the_same():
    module = nets.front_end("whisper", RATE, kind="log_mel")
    compiled = torch.compile(module, fullgraph=True, dynamic=True)
    x = torch.from_numpy(speech_and_noise(RATE)[0]).float()
    for n in (4800, 4000):
        assert largest_error(compiled(x[:n])[0], module(x[:n])[0].numpy()) <= 1e-5


def test_states_are_kept_and_belong_to_one_front_end():
    learnable = ("window", "dynamic_range")
    module = nets.front_end("whisper", RATE, kind="log_mel", learnable=learnable)
    with torch.no_grad():
        module.window.mul_(0.5)
    buffer = io.BytesIO()
    torch.save(module.state_dict(), buffer)
    buffer.seek(0)
    state = torch.load(buffer, weights_only=True)
    other = nets.front_end("whisper", RATE, kind="log_mel", learnable=learnable)
    other.load_state_dict(state)
    assert torch.equal(other.window, module.window)
    assert set(state) == {"window", "dynamic_range", "_extra_state"}
    with pytest.raises(
        ValueError, match=r"^this state belongs to another front end: sample_rate '16000 Hz' instead of '8000 Hz'$"
    ):
        nets.front_end("whisper", 8000, kind="log_mel", learnable=learnable).load_state_dict(state)
    x = torch.randn(4000) / 10
    for copied in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(copied(x)[0], module(x)[0])
    assert "16000 Hz, kind='log_mel', n_rows=80, learnable=('window', 'dynamic_range')" in repr(module)


@pytest.mark.parametrize("learnable", [(), ("window", "filters")])
def test_tables_are_rounded_once(learnable):
    """To and fro between precisions nothing is lost, and nothing becomes less than float32."""
    x = torch.from_numpy(speech_and_noise(RATE)[0])
    module = nets.front_end("kaldi", RATE, learnable=learnable)
    expected = dsp.mfcc(x.numpy(), RATE, "kaldi")
    single = module(x)[0]
    assert largest_error(module.double()(x)[0], expected) <= FLOAT64 * np.abs(expected).max()
    for change in (lambda m: m.float(), lambda m: m.half(), lambda m: m.to(torch.bfloat16)):
        assert torch.equal(change(module)(x)[0], single)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(module(x)[0], single)


def test_inside_a_network():
    net = torch.nn.ModuleDict({"front_end": nets.front_end("kaldi", RATE), "head": torch.nn.Linear(13, 3)}).double()
    assert net["front_end"].window.dtype == torch.float64 and set(net.state_dict()) == {
        "front_end._extra_state",
        "head.weight",
        "head.bias",
    }
    found, _ = net["front_end"](torch.randn(2, 4000, dtype=torch.float64))
    assert net["head"](found.mean(2)).shape == (2, 3)
    assert isinstance(net["front_end"], FrontEnd)


# ---- what is refused

BATCH = torch.zeros(2, 3000)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nets.front_end("kaldy", RATE), "unknown convention 'kaldy'; did you mean 'kaldi'"),
        (lambda: nets.front_end("whisper", RATE), "has no cepstrum (n_mfcc is None)"),
        (lambda: nets.front_end("kaldi", RATE, kind="fbank"), "kind='fbank' is none of 'mfcc', 'log_mel'"),
        (lambda: nets.front_end("kaldi", 0), "sample_rate=0 is not allowed"),
        (lambda: nets.front_end("panns", RATE, kind="log_mel"), "f_max=14000"),
        (lambda: nets.front_end("kaldi", RATE, learnable="window"), "learnable='window' is no list of words"),
        (lambda: nets.front_end("kaldi", RATE, learnable=["windows"]), "did you mean 'window'"),
        (lambda: nets.front_end("kaldi", RATE, learnable=["dynamic_range"]), "depend on no dynamic_range"),
        (lambda: nets.front_end("scipy_stft", RATE, kind="log_mel", learnable=["filters"]), "depend on no filters"),
        (lambda: nets.front_end("kaldi", RATE)(np.zeros(3000)), "waveform is of type ndarray; a torch.Tensor"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH[None]), "waveform has shape (1, 2, 3000); (batch, samples)"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH[:, :0]), "waveform is empty"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH.short()), "waveform has dtype int16; real floating-point"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH.cfloat()), "waveform has dtype complex64; real floating-point"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH.to("meta")), "waveform is on meta, the front end on cpu"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH, [3000, 2000]), "lengths is of type list"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH, torch.tensor([1.0, 0.5])), "lengths has dtype float32; whole"),
        (
            lambda: nets.front_end("kaldi", RATE)(BATCH, torch.tensor([3000])),
            "lengths has shape (1,); (2,) is expected",
        ),
        (lambda: nets.front_end("kaldi", RATE)(BATCH, torch.tensor([3000, 3001])), "lengths[1]=3001 is not allowed"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH, torch.tensor([0, 3000])), "lengths[0]=0 is not allowed"),
        (
            lambda: nets.front_end("kaldi", RATE)(BATCH, torch.tensor([3000, 399])),
            "waveform[1]: 399 samples give no frame of 400 under the framing 'valid'",
        ),
        (
            lambda: nets.front_end("librosa_0_8", RATE)(BATCH[:, :1000]),
            "waveform: 1000 samples are too few to reflect 1024 at the edges; 1025 are needed",
        ),
        (
            lambda: nets.front_end(replace(CONVENTIONS["librosa"], delta_orders=1, delta_edges="interp"), RATE)(BATCH),
            "waveform: 6 frames are fewer than width=9",
        ),
        (
            lambda: nets.front_end(
                replace(CONVENTIONS["librosa"], preemphasis=0.9, preemphasis_first="extrapolate"), RATE
            )(BATCH, torch.tensor([3000, 1])),
            'waveform[1]: first="extrapolate" needs two samples; there is one',
        ),
        (
            lambda: nets.front_end(
                replace(CONVENTIONS["scipy_stft"], n_fft=512), RATE, kind="mel", learnable=["window"]
            )(BATCH[:, :100]),
            "not shortened where tables are learnable",
        ),
    ],
)
def test_bad_arguments_are_one_line(call, message):
    with pytest.raises(ValueError) as raised:
        call()
    assert message in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_bad_sample_is_named_unless_it_is_padding(value):
    module = nets.front_end("kaldi", RATE)
    x = torch.zeros(2, 3000)
    x[1, 2500] = value
    with pytest.raises(ValueError, match=rf"^waveform\[1, 2500\] is {value}; every value must be finite$"):
        module(x)
    assert torch.isfinite(module(x, torch.tensor([3000, 2500]))[0]).all()
    with pytest.raises(ValueError, match=r"^waveform\[2500\] is "):
        module(x[1])


@pytest.mark.filterwarnings("default:.*beyond full scale")
def test_samples_beyond_full_scale_are_named():
    module = nets.front_end("kaldi", RATE)
    with pytest.warns(UserWarning, match=r"^signals\[1\] reaches 3, beyond full scale"):
        module(torch.tensor([[0.5], [3.0]]).expand(2, 3000))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nets.front_end("librosa", RATE)(torch.full((3000,), 3.0))
