"""The first block that never writes its largest array is its layers: values, statistics, gradients."""

import copy

import pytest
import torch
from torch import nn

from nets.fused.exact_batch_norm import batch_norm
from nets.fused.first_block import MAX_TAPS, WINDOWS, first_block, fits

BLOCKS = {  # convolution, ReLU?, pooling, images
    "film": (nn.Conv2d(1, 24, (2, 2)), True, nn.MaxPool2d((2, 2)), (5, 1, 40, 5)),
    "left over": (nn.Conv2d(1, 16, (1, 3), padding="same"), True, nn.MaxPool2d((2, 1)), (3, 1, 7, 11)),
    "padded by number": (nn.Conv2d(1, 8, (3, 1), padding=1), False, nn.MaxPool2d((1, 2)), (2, 1, 6, 5)),
    "signal": (nn.Conv1d(1, 16, 3, padding="same"), False, nn.MaxPool1d(4), (3, 1, 1, 1021)),
    "long": (nn.Conv1d(1, 8, 4), True, nn.MaxPool1d(1), (2, 1, 1, 3 * WINDOWS)),
}


def as_images(layer: nn.Module, x):
    """A layer of signals or of images, as a function of images."""
    if isinstance(layer, nn.Conv1d | nn.MaxPool1d):
        return layer(x.squeeze(2)).unsqueeze(2)
    return batch_norm(layer, x) if isinstance(layer, nn.BatchNorm1d) else layer(x)


def results(name: str, dtype, one_by_one: bool, x=None, signs_alone=False):
    """y, the statistics and the gradients of a block; gamma and beta of both signs, images that are not centred.

    signs_alone : all parameters are 1 or -1
    """
    convolution, relu, pooling, shape = BLOCKS[name]
    norm = (nn.BatchNorm1d if isinstance(convolution, nn.Conv1d) else nn.BatchNorm2d)(convolution.out_channels)
    generator = torch.Generator().manual_seed(0)
    convolution, norm = copy.deepcopy(convolution).to(dtype), norm.to(dtype)
    with torch.no_grad():
        for p in (*convolution.parameters(), *norm.parameters()):
            values = torch.randn(p.shape, generator=generator, dtype=torch.float64)
            p.copy_(values.sign() if signs_alone else values)
    if x is None:
        x = torch.randn(shape, generator=generator, dtype=torch.float64) + 0.5
    x = x.to(dtype)
    assert fits(convolution, norm, pooling)
    activation = torch.relu if relu else lambda z: z
    steps = [lambda z: activation(as_images(convolution, z)), lambda z: as_images(norm, z)]
    steps.append(lambda z: as_images(pooling, z))
    if one_by_one:
        y = x
        for step in steps:
            y = step(y)
    else:
        y = first_block([pytest.fail], convolution, relu, norm, pooling, x)
    dy = torch.randn(y.shape, generator=generator, dtype=torch.float64).to(dtype)
    y.backward(dy)
    gradients = [p.grad for p in (*convolution.parameters(), *norm.parameters())]
    assert norm.num_batches_tracked == 1
    return [y.detach(), norm.running_mean, norm.running_var, *gradients]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", BLOCKS)
def test_float64(name, threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for ours, theirs in zip(results(name, torch.float64, False), results(name, torch.float64, True), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("name", ["film", "signal"])
def test_float32_beside_float64(name):
    """Bias before batch normalisation: its gradient is nought but for rounding, unless a ReLU lies between."""
    for ours, theirs in zip(results(name, torch.float32, False), results(name, torch.float64, True), strict=True):
        assert (ours - theirs).abs().max() <= 3e-5 * theirs.abs().max().clamp(min=1)


@pytest.mark.parametrize("name", BLOCKS)
def test_of_equal_maxima_the_first_is_moved(name):
    """Silence: every window is full of equal numbers, but the edges of the image are not silence."""
    _, _, _, shape = BLOCKS[name]
    silence = torch.full(shape, -0.25)
    for ours, theirs in zip(
        results(name, torch.float64, False, silence), results(name, torch.float64, True, silence), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-6)  # 1 / s is 316


@pytest.mark.parametrize("name", BLOCKS)
def test_of_equal_maxima_of_other_numbers_the_first_is_moved(name):
    """Of small whole numbers many sums are equal that are not sums of the same."""
    x = torch.randint(-1, 2, BLOCKS[name][3], generator=torch.Generator().manual_seed(1))
    found = [results(name, torch.float64, one_by_one, x, signs_alone=True) for one_by_one in (False, True)]
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_no_threads_no_difference():
    """The sums are put together in one order, however many threads there are."""
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(results("film", torch.float32, False))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for other in found[1:] for a, b in zip(found[0], other, strict=True))


def test_a_number_that_is_none_stays_none():
    shape = BLOCKS["film"][3]
    x = torch.zeros(shape)
    x[0, 0, 3, 3] = torch.nan
    assert results("film", torch.float32, False, x)[0].isnan().any()


def test_ordinary_steps_where_they_are_asked_for():
    """In evaluation, and where the gradient of the images is wanted."""
    convolution, relu, pooling, shape = BLOCKS["film"]
    norm = nn.BatchNorm2d(24)
    arguments = [lambda x: "ordinary"], convolution, relu, norm, pooling
    assert first_block(*arguments, torch.zeros(shape, requires_grad=True)) == "ordinary"
    norm.eval()
    assert first_block(*arguments, torch.zeros(shape)) == "ordinary"


def test_what_does_not_fit():
    norm, pooling = nn.BatchNorm2d(8), nn.MaxPool2d(2)
    assert fits(nn.Conv2d(1, 8, 2), norm, pooling)
    for convolution in (nn.Conv2d(2, 8, 1), nn.Conv2d(1, 8, (1, MAX_TAPS + 1)), nn.Conv2d(1, 8, 2, stride=2)):
        assert not fits(convolution, norm, pooling)
    assert not fits(nn.Conv2d(1, 8, 2, dilation=2), norm, pooling)
    assert not fits(nn.Conv2d(1, 8, 2), nn.ReLU(), pooling)
    for pooling in (nn.MaxPool2d(2, stride=1), nn.MaxPool2d(2, padding=1), nn.AvgPool2d(2)):
        assert not fits(nn.Conv2d(1, 8, 2), norm, pooling)
