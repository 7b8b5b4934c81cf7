"""A dynamic convolution is its K convolutions' outputs, mixed by a softmax over two dense layers of channel means."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from nets.layers.dynamic_convolution import DynamicConv2d, anneal
from nets.layers.keras import init_keras


def layer(channels_in=5, channels_out=7, size=3, hidden=4, kernels=3) -> DynamicConv2d:
    dynamic = DynamicConv2d(channels_in, channels_out, size, hidden, kernels).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in dynamic.parameters():
            p.copy_(torch.randn(p.shape, generator=generator))
    return dynamic


def images(n=4, channels=5) -> torch.Tensor:
    return torch.randn(n, channels, 9, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def mixed_outputs(dynamic: DynamicConv2d, x):
    """The same by linearity: every kernel's own output, weighted."""
    pi = dynamic.attention(x)
    outputs = [functional.conv2d(x, w, b, padding="same") for w, b in zip(dynamic.weight, dynamic.bias, strict=True)]
    return torch.einsum("bk,kbchw->bchw", pi, torch.stack(outputs))


@pytest.mark.parametrize("temperature", [1.0, 30.0])
def test_mixing_kernels_is_mixing_outputs(temperature):
    dynamic, x = layer(), images()
    dynamic.temperature = temperature
    found = []
    for function in (dynamic, lambda x: mixed_outputs(dynamic, x)):
        leaf = x.clone().requires_grad_()
        dynamic.zero_grad()
        y = function(leaf)
        y.square().sum().backward()
        found.append([y, leaf.grad, *(p.grad for p in dynamic.parameters())])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


def test_attention_equations():
    """In NumPy, from the means of the channels on; every example has its own."""
    dynamic, x = layer(), images()
    dynamic.temperature = 2.5
    w1, b1, w2, b2 = (
        p.detach().numpy()
        for p in (dynamic.squeeze.weight, dynamic.squeeze.bias, dynamic.excite.weight, dynamic.excite.bias)
    )
    a = np.maximum(x.numpy().mean((2, 3)) @ w1.T + b1, 0) @ w2.T + b2
    e = np.exp(a / 2.5)
    expected = e / e.sum(1, keepdims=True)
    np.testing.assert_allclose(dynamic.attention(x).detach().numpy(), expected, rtol=1e-12)
    assert np.ptp(expected, axis=0).max() > 0.03


def test_one_kernel_is_a_convolution():
    dynamic, x = layer(kernels=1), images()
    expected = functional.conv2d(x, dynamic.weight[0], dynamic.bias[0], padding="same")
    torch.testing.assert_close(dynamic(x), expected, rtol=1e-12, atol=1e-12)


def test_examples_do_not_see_each_other():
    dynamic, x = layer(), images()
    torch.testing.assert_close(dynamic(x)[2:3], dynamic(x[2:3]), rtol=1e-12, atol=1e-12)


def test_images_without_mean_get_one_attention():
    """The trap of features that are normalised per utterance: a single channel's mean is 0 for every example."""
    dynamic, x = layer(channels_in=1), images(channels=1)
    pi = dynamic.attention(x - x.mean((1, 2, 3), keepdim=True))
    torch.testing.assert_close(pi, pi[:1].expand_as(pi), rtol=0, atol=1e-12)


@pytest.mark.parametrize("share, temperature", [(0, 30), (0.05, 15.5), (0.099, 1.29), (0.1, 1), (0.5, 1), (1, 1)])
def test_annealing(share, temperature):
    net = nn.Sequential(layer(), nn.ReLU(), layer())
    anneal(net, share)
    assert [module.temperature for module in net if isinstance(module, DynamicConv2d)] == pytest.approx(
        [temperature] * 2
    )


def test_high_temperature_evens():
    dynamic, x = layer(), images()
    assert dynamic.attention(x).max() > 0.7
    dynamic.temperature = 1e6
    torch.testing.assert_close(dynamic.attention(x), torch.full((4, 3), 1 / 3, dtype=torch.float64), rtol=0, atol=1e-4)


def test_initial_values():
    """Every kernel is Glorot's, as if it stood alone; biases are 0."""
    dynamic = DynamicConv2d(16, 32, 3, 4)
    init_keras(nn.Sequential(dynamic), torch.Generator().manual_seed(0))
    bound = np.sqrt(6 / (9 * (16 + 32)))
    for kernel in dynamic.weight.detach():
        assert 0.97 * bound < kernel.abs().max() <= bound and abs(float(kernel.mean())) < 0.05 * bound
    assert not torch.equal(dynamic.weight[0], dynamic.weight[1])
    assert not any(p.any() for p in (dynamic.bias, dynamic.squeeze.bias, dynamic.excite.bias))
