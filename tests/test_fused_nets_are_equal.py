"""The fused networks are the networks: logits, gradients, running statistics, training, and one set of weights."""

import copy
from functools import partial

import pytest
import torch
from torch import nn

import nets
from experiments.training.optimizers import KerasAdam
from nets.fused.exact_batch_norm import batch_norm
from nets.fused.first_block import first_block
from nets.fused.fuse import _move_pooling_forward, fuse
from nets.fused.pooled_block import pooled_block
from nets.layers.keras import KERAS_EPSILON
from tests.conftest import with_slow
from tests.golden.make.keras_layers import INPUTS

CLASSES = 7


def first(shape) -> tuple:
    """(..., channels) -> PyTorch's order; of films (time, ..., channels) the time stays in front."""
    *time, height, width, channels = shape if len(shape) > 2 else (*shape[:1], 0, shape[1])
    return (channels, height) if width == 0 else (*time, channels, height, width)


SHAPES = {name: first(shape) for name, shape in INPUTS.items()} | {
    "finch_dycnn_bilstm": (1, 300, 39),
    "finch_cnn_lstm": (1, 300, 39),
}


def pair(name: str, dtype=torch.float32):
    """A network as it is written and its fused twin with weights of its own; every array filled with numbers."""
    net = nets.build(name, CLASSES, seed=1)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                for values, low, high in (
                    (layer.weight, -1.0, 1.0),  # of both signs: an activation may not jump over it
                    (layer.bias, -1.0, 1.0),
                    (layer.running_mean, -0.5, 0.5),
                    (layer.running_var, 0.5, 1.5),
                ):
                    values.uniform_(low, high, generator=generator)
    net = net.to(dtype)
    return net, fuse(copy.deepcopy(net))


def batch(name: str, dtype=torch.float32, size: int = 3, seed: int = 3):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn((size, *SHAPES[name]), generator=generator, dtype=dtype)
    return x, torch.randint(0, CLASSES, (size,), generator=generator)


def gradients(net, x, labels) -> None:
    net.zero_grad()
    nn.functional.cross_entropy(net(x), labels).backward()


def by_layer(ours: dict, theirs: dict) -> float:
    """Largest difference, beside the largest value of its layer: a bias before batch normalisation gets rounding."""
    assert ours.keys() == theirs.keys()
    largest = {}
    for name, a in theirs.items():
        layer = name.split(".")[0]
        largest[layer] = max(float(a.abs().max()), largest.get(layer, 0))
    return max(float((a - theirs[name]).abs().max()) / largest[name.split(".")[0]] for name, a in ours.items())


@pytest.mark.parametrize("name", SHAPES)
def test_logits_and_running_statistics(name):
    """In training, and in evaluation before and after it."""
    net, fast = pair(name)
    x, _ = batch(name)
    with torch.no_grad():
        for mode in (False, True, True, False):
            torch.testing.assert_close(fast.train(mode)(x), net.train(mode)(x), rtol=0, atol=1e-5)
    for (key, ours), theirs in zip(fast.net.named_buffers(), net.buffers(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6, msg=key)


@pytest.mark.parametrize("name", SHAPES)
def test_gradients(name):
    """Three batches, of which one must do: where rounding decides which of two values is the maximum of a
    pooling, a whole gradient goes elsewhere, in either network. float64, below, has no such luck to need."""
    net, fast = pair(name)
    differences = []
    for seed in (3, 4, 5):
        for module in (net, fast):
            gradients(module.train(), *batch(name, seed=seed))
        found = [{key: p.grad for key, p in n.named_parameters() if p.grad is not None} for n in (fast.net, net)]
        differences.append(by_layer(*found))
        if differences[-1] <= 1e-4:
            return
    pytest.fail(f"gradients differ by {differences}")


@pytest.mark.parametrize("name", with_slow(SHAPES, "yadav_crnn"))
def test_three_steps_of_training(name):
    """float64: Adam divides by the size of a gradient, and would divide rounding by rounding."""
    net, fast = pair(name, torch.float64)
    start, found = copy.deepcopy(net.state_dict()), []
    for module in (net, fast):
        optimizer = KerasAdam(module.parameters(), 0.01)
        module.train()
        for step in range(3):
            gradients(module, *batch(name, torch.float64, size=1, seed=step))
            if step == 0:
                found.append({key: p.grad.clone() for key, p in module.named_parameters() if p.grad is not None})
            optimizer.step()
    theirs, ours = found
    assert by_layer({key.removeprefix("net."): g for key, g in ours.items()}, theirs) <= 1e-9
    ours, theirs = fast.net.state_dict(), net.state_dict()
    for key, value in theirs.items():
        torch.testing.assert_close(ours[key], value, rtol=1e-7, atol=1e-9, msg=key)
    moved = [key for key in start if not torch.equal(start[key], theirs[key])]
    assert len(moved) > len(start) / 2


@pytest.mark.parametrize("shape", [(64, 32, 127, 4), (32, 16, 1, 4000), (1, 8, 7, 61), (3, 5, 1, 1)])
@pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
def test_batch_normalization_loses_no_digits(shape, memory_format):
    """Beside PyTorch's in float64: output, running statistics and gradients."""
    generator = torch.Generator().manual_seed(0)
    x, dy = (torch.randn(shape, generator=generator).relu() + shift for shift in (0.5, 0))
    layer = nn.BatchNorm2d(shape[1], eps=KERAS_EPSILON, momentum=0.3)
    with torch.no_grad():
        layer.weight.uniform_(-1, 1, generator=generator)
    exact, found = copy.deepcopy(layer).double(), []
    for norm, function, dtype in ((layer, batch_norm, torch.float32), (exact, nn.Module.__call__, torch.float64)):
        leaf = x.to(dtype).clone(memory_format=memory_format).requires_grad_()
        y = function(norm, leaf)
        y.backward(dy.to(dtype))
        found.append([y, leaf.grad, norm.weight.grad, norm.bias.grad, norm.running_mean, norm.running_var])
        assert norm.num_batches_tracked == 1
    for ours, theirs in zip(*found, strict=True):
        assert (ours - theirs).abs().max() <= 3e-5 * theirs.abs().max().clamp(min=1e-2)


def written_out(steps: list) -> list:
    """The steps, those of a block by themselves."""
    blocks = [isinstance(step, partial) and step.func in (first_block, pooled_block) for step in steps]
    return [one for step, block in zip(steps, blocks, strict=True) for one in (step.args[0] if block else [step])]


@pytest.mark.parametrize("name", [name for name in SHAPES if "_td_" not in name])
def test_pooling_first_changes_no_bit(name):
    """The activations come after the poolings, and nothing but that: logits are equal bit for bit."""
    net, fast = pair(name)
    swapped = nn.Sequential(*_move_pooling_forward(net))
    kinds = [type(layer).__name__ for layer in swapped]
    assert sorted(kinds) == sorted(type(layer).__name__ for layer in net)
    steps = [step.args[0] if isinstance(step, partial) else step for step in written_out(fast.steps)]
    assert [type(layer).__name__ for layer in steps] == kinds
    activations = [i for i, kind in enumerate(kinds) if kind in ("ELU", "ReLU")]
    assert all(kinds[i - 1].startswith("MaxPool") for i in activations) and len(activations) >= 3
    x, _ = batch(name)
    with torch.no_grad():
        for mode in (False, True):
            statistics = copy.deepcopy(net.state_dict())
            ours = swapped.train(mode)(x)
            net.load_state_dict(statistics)
            assert torch.equal(ours, net.train(mode)(x))


@pytest.mark.parametrize("name", SHAPES)
def test_one_set_of_weights(name):
    """Parameters, buffers and mode are the network's own; its state goes in and out of it as ever."""
    net = nets.build(name, CLASSES)
    state, order = copy.deepcopy(net.state_dict()), list(net)
    fast = fuse(net)
    assert list(net) == order and fast.net is net
    assert [id(p) for p in fast.parameters()] == [id(p) for p in net.parameters()]
    assert [id(b) for b in fast.buffers()] == [id(b) for b in net.buffers()]
    assert fast.eval() is fast and not any(module.training for module in net.modules())
    assert net.state_dict().keys() == state.keys()
    assert all(torch.equal(value, state[key]) for key, value in net.state_dict().items())

    x, _ = batch(name, size=1)
    other, _ = pair(name)
    with torch.no_grad():
        before = fast(x)
        net.load_state_dict(other.state_dict())
        torch.testing.assert_close(fast(x), other.eval()(x), rtol=0, atol=1e-5)
        assert (fast(x) - before).abs().max() > 1e-3
        for p in fast.parameters():
            p.mul_(0.5)
        torch.testing.assert_close(fast(x), net(x), rtol=0, atol=1e-5)
    again = nets.build(name, CLASSES)
    again.load_state_dict(net.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), net.parameters(), strict=True))


@pytest.mark.parametrize("name", SHAPES)
def test_channels_vary_fastest(name):
    """After every pooling, also the first, before which the images have one channel and so no layout to read off.

    In evaluation, since in training nets/fused/pooled_block.py pools itself; films, which it does not know, in
    training."""
    _, fast = pair(name)
    x, _ = batch(name, size=2)
    layouts = []

    def note(function):
        def noting(*arguments, **settings):
            y = function(*arguments, **settings)
            layouts.append(y.stride(-3) == 1)
            return y

        return noting

    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr(nn.functional, "max_pool2d", note(nn.functional.max_pool2d))
        fast.train("_td_" in name)(x)
    assert len(layouts) >= 3 and all(layouts)


@pytest.mark.parametrize("name", ["dey_2d_cnn_lstm", "dey_td_cnn_bilstm", "dey_1d_cnn_lstm", "yadav_crnn"])
def test_bfloat16_rounds_convolutions_in_training_alone(name):
    """Evaluation is that of float32, bit for bit; in training logits differ by a share of bfloat16's 2^-8."""
    _, fast = pair(name)
    rounded = fuse(copy.deepcopy(fast.net), "bfloat16")
    x, labels = batch(name)
    with torch.no_grad():
        assert torch.equal(rounded.eval()(x), fast.eval()(x))
        exact, near = fast.train()(x), rounded.train()(x)
    assert near.dtype == torch.float32
    difference = float((near - exact).abs().max() / exact.std())
    assert 1e-5 < difference < 0.05
    gradients(rounded, x, labels)
    assert all(p.grad.dtype == torch.float32 for p in rounded.parameters() if p.grad is not None)
