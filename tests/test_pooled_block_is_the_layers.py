"""The block that takes one example after the other is its layers: values, statistics, gradients, also of bfloat16."""

import copy

import pytest
import torch
from torch import nn

from nets.fused.pooled_block import fits, pooled_block
from nets.layers.dynamic_convolution import DynamicConv2d

BLOCKS = {  # convolution, pooling, images
    "one channel": (nn.Conv2d(1, 16, 3, padding="same"), nn.MaxPool2d(2), (3, 1, 13, 9)),
    "static": (nn.Conv2d(4, 8, (3, 5), padding="same"), nn.MaxPool2d((2, 3)), (4, 4, 7, 11)),
    "one tap": (nn.Conv2d(3, 5, 1, padding="same"), nn.MaxPool2d((1, 2)), (2, 3, 5, 6)),
    "dynamic": (DynamicConv2d(4, 8, 3, hidden=3), nn.MaxPool2d(2), (5, 4, 9, 7)),
    "dynamic, one channel": (DynamicConv2d(1, 8, 3, hidden=3), nn.MaxPool2d(2), (5, 1, 8, 6)),
}
NO_GRADIENT_OF_IMAGES = "one channel"  # as in a network's first block


def results(name: str, dtype, one_by_one: bool, x=None, compute=None):
    """y, the statistics and the gradients of a block; gamma and beta of both signs, images that are not centred."""
    convolution, pooling, shape = BLOCKS[name]
    generator = torch.Generator().manual_seed(0)
    convolution = copy.deepcopy(convolution).to(dtype)
    norm = nn.BatchNorm2d(convolution.bias.shape[-1]).to(dtype)
    parameters = [*convolution.parameters(), *norm.parameters()]
    with torch.no_grad():
        for p in parameters:
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64))
    if x is None:
        x = torch.randn(shape, generator=generator, dtype=torch.float64) + 0.5
    x = x.to(dtype).clone(memory_format=torch.channels_last).requires_grad_(name != NO_GRADIENT_OF_IMAGES)
    assert fits(convolution, norm, pooling)
    if one_by_one:
        y = pooling(norm(convolution(x)))
    else:
        y = pooled_block([pytest.fail], convolution, norm, pooling, x, compute)
    dy = torch.randn(y.shape, generator=generator, dtype=torch.float64).to(dtype)
    y.backward(dy)
    assert norm.num_batches_tracked == 1
    gradients = [p.grad for p in parameters] + ([x.grad] if x.requires_grad else [])
    return [y.detach(), norm.running_mean, norm.running_var, *gradients]


@pytest.mark.parametrize("name", BLOCKS)
def test_float64(name):
    for ours, theirs in zip(results(name, torch.float64, False), results(name, torch.float64, True), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", BLOCKS)
def test_float32_beside_float64(name):
    for ours, theirs in zip(results(name, torch.float32, False), results(name, torch.float64, True), strict=True):
        assert (ours - theirs).abs().max() <= 3e-5 * theirs.abs().max().clamp(min=1)


@pytest.mark.parametrize("name", ["static", "dynamic"])
def test_computed_in_bfloat16(name):
    """Values and statistics to two digits, but not to four; where a maximum moves, gradients are others."""
    found = results(name, torch.float32, False, compute=torch.bfloat16)
    exact = results(name, torch.float32, False)
    assert all(a.dtype == torch.float32 for a in found)
    for ours, theirs in zip(found[:3], exact[:3], strict=True):
        assert (ours - theirs).abs().max() <= 0.03 * theirs.abs().max()
    assert (found[0] - exact[0]).abs().max() > 1e-4


@pytest.mark.parametrize("name", BLOCKS)
def test_of_equal_maxima_the_first_is_moved(name):
    """Silence: every window is full of equal numbers, but the edges of the image are not silence."""
    silence = torch.full(BLOCKS[name][2], -0.25)
    for ours, theirs in zip(
        results(name, torch.float64, False, silence), results(name, torch.float64, True, silence), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-6)


def test_a_mean_far_from_nought_costs_no_digits():
    convolution, pooling, shape = BLOCKS["static"]
    found = []
    for dtype in (torch.float32, torch.float64):
        far, norm = copy.deepcopy(convolution).to(dtype), nn.BatchNorm2d(8).to(dtype)
        with torch.no_grad():
            far.bias.fill_(1000)
        x = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(dtype)
        pooled_block([pytest.fail], far, norm, pooling, x)
        found.append(norm.running_var)
    torch.testing.assert_close(found[0].double(), found[1], rtol=1e-3, atol=0)


def test_a_number_that_is_none_stays_none():
    x = torch.zeros(BLOCKS["static"][2])
    x[0, 0, 3, 3] = torch.nan
    assert results("static", torch.float32, False, x)[0].isnan().any()


def test_ordinary_steps_in_evaluation():
    convolution, pooling, shape = BLOCKS["static"]
    steps = [lambda x: "ordinary"]
    assert pooled_block(steps, convolution, nn.BatchNorm2d(8).eval(), pooling, torch.zeros(shape)) == "ordinary"


def test_what_does_not_fit():
    norm, pooling = nn.BatchNorm2d(8), nn.MaxPool2d(2)
    assert fits(nn.Conv2d(4, 8, 3, padding="same"), norm, pooling)
    for setting in ({"padding": 1}, {"padding": "same", "dilation": 2}, {"padding": "same", "groups": 2}):
        assert not fits(nn.Conv2d(4, 8, 3, **setting), norm, pooling)
    convolution = nn.Conv2d(4, 8, 3, padding="same")
    assert not fits(convolution, nn.ReLU(), pooling)
    for pooling in (nn.MaxPool2d(2, stride=1), nn.MaxPool2d(2, padding=1), nn.AvgPool2d(2)):
        assert not fits(convolution, norm, pooling)
