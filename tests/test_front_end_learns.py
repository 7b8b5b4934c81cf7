"""What nets.front_end passes back and carries along: gradients, what is learned, TorchScript, compiled code, states,
dtypes."""

import copy
import inspect
import io
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

import dsp
import nets
from dsp import CONVENTIONS, Convention
from nets.front_end import FrontEnd
from tests.front_ends import FLOAT64, LAST_KINDS, RATE, golden, largest_error, rate_of, speech_and_noise

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*empty", "ignore:.*beyond full scale", "ignore:`torch.jit.*deprecated:DeprecationWarning"
)

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


@pytest.mark.parametrize(("name", "kind"), LAST_KINDS)
@pytest.mark.parametrize("signal", ["silence", "impulse"])
def test_gradients_through_silence_are_finite(name, kind, signal):
    c = CONVENTIONS[name]
    rate = rate_of(c)
    module = nets.front_end(name, rate, kind=kind)
    x = torch.from_numpy(golden(rate)[signal]).float().requires_grad_()
    found, _ = module(x)
    found.sum().backward()
    assert torch.isfinite(found).all() and torch.isfinite(x.grad).all()


@pytest.mark.parametrize(
    ("norm", "factor"), [(None, 4.0), ("n_fft", 4.0), ("window sum", 1.0), ("window energy", 1.0), ("density", 1.0)]
)
def test_the_norm_follows_a_learned_window(norm, factor):
    module = nets.front_end(replace(SMALL, spectrum_norm=norm), 8000, kind="power", learnable=["window"])
    x = torch.randn(100)
    before = module(x)[0]
    with torch.no_grad():
        module.window.mul_(2)
    assert torch.allclose(module(x)[0], factor * before, rtol=1e-4)


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


SCRIPTED = ("kaldi", "librosa_0_8", "opensmile_compare", "nemo", "scipy_stft", "tacotron2", "matlab_audio_toolbox")


@pytest.mark.parametrize(("name", "kind"), [of for of in LAST_KINDS if of[0] in SCRIPTED])
def test_torchscript(name, kind):
    rate = rate_of(CONVENTIONS[name])
    module = nets.front_end(name, rate, kind=kind)
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(module), buffer)
    buffer.seek(0)
    scripted = torch.jit.load(buffer)
    x = torch.from_numpy(golden(rate)["speech"]).float()
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
@pytest.mark.parametrize("name", ["opensmile_compare"])
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


def test_the_example_in_its_documentation_runs(write_wav, monkeypatch):
    path = write_wav("speech.wav", golden(RATE)["speech"])
    monkeypatch.chdir(path.parent)
    example = inspect.getdoc(nets.front_end).split("Example\n-------\n")[1].split("Source:")[0]
    names = {"dsp": dsp, "nets": nets, "torch": torch}
    exec("\n".join(line.strip() for line in example.splitlines() if line.startswith("    ")), names)
    filters = nets.front_end("kaldi_fbank", RATE, kind="log_mel", learnable=["filters"]).filters
    assert names["features"].shape == (1, 80, 28) and not torch.equal(names["front_end"].filters, filters)
