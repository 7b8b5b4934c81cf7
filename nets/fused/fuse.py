"""Computes the same network in another order and with another memory layout, for speed only.

    fast = fuse(net)                   has the logits, gradients and running statistics of net
    fast = fuse(net, "bfloat16")       in training, convolutions have 8 bits of precision instead of 24
    net.state_dict()                   save and load this; fast has no state of its own

1  An increasing activation f (ReLU, ELU) before a max-pooling moves behind it, where a quarter to a sixteenth of
   the values remain:  max(f(x_1), ..., f(x_k)) = f(max(x_1, ..., x_k))
2  Signals become images of height 1, (batch, channels, time) -> (batch, channels, 1, time). PyTorch pools signals
   slowly and has no channels-last layout for them.
3  A first block with a small kernel is computed by nets/fused/first_block.py, which never writes its largest array.
4  A convolution as wide as its images is one matrix product.
5  The channels of images vary fastest in memory (channels_last); shapes do not change. PyTorch's batch normalization
   loses digits in this layout, so nets/fused/exact_batch_norm.py replaces it.
6  In training, a convolution (also a dynamic one), batch normalization and max-pooling become one layer,
   nets/fused/pooled_block.py. It works on the values of one example while they are in the cache.
7  With "bfloat16", the inputs and outputs of convolutions are rounded to bfloat16 in training, and products are summed
   in float32. Weights and everything else stay in float32, and so does evaluation. Processors with bfloat16
   instructions (AVX-512 BF16, AMX) then need half the time.

Checked: tests/test_fused_nets_are_equal.py
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from nets.fused import first_block, pooled_block
from nets.fused.exact_batch_norm import batch_norm
from nets.layers.dynamic_convolution import DynamicConv2d
from nets.layers.keras import ChannelsLast, ImageToSequence, TimeDistributed
from nets.wang_cl import ParallelNet

INCREASING = (nn.ELU, nn.ReLU)
POOLINGS = (nn.MaxPool1d, nn.MaxPool2d)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16}


def fuse(net: nn.Sequential | ParallelNet, precision: str = "float32") -> "FusedNet | FusedParallelNet":
    """A faster version of `net` that shares its layers: training one trains the other.

    This changes the memory layout of net's convolution weights to channels last, but not their values.

    Parameters
    ----------
    net : a sequential or parallel network, as nets.build makes them
    precision : a key of PRECISIONS, for the convolutions in training

    Returns
    -------
    fast : a module with the inputs and logits of net; fast.net is net
    """
    if isinstance(net, ParallelNet):
        return FusedParallelNet(net, precision)
    for p in net.parameters():
        if p.ndim == 4:
            p.data = p.data.contiguous(memory_format=torch.channels_last)
    return FusedNet(net, precision)


class FusedNet(nn.Module):
    """The steps that compute `net`. Only `net` is registered as a submodule, so each parameter occurs once.

    x : vectors (batch, features), signals (batch, channels, time), images (batch, channels, height, width) or
        sequences of images (batch, time, channels, height, width) -> (batch, n_classes)

    Checked: tests/test_fused_nets_are_equal.py
    """

    def __init__(self, net: nn.Sequential, precision: str):
        super().__init__()
        self.net = net
        self.steps = _fuse_first_block(_move_pooling_forward(net), PRECISIONS[precision])

    def forward(self, x: Tensor) -> Tensor:
        return _run_steps(self.steps, _channels_last(x))


class FusedParallelNet(nn.Module):
    """A parallel network with a fused convolutional branch, if it has that branch."""

    def __init__(self, net: ParallelNet, precision: str):
        super().__init__()
        self.net = net
        self.branch = [fuse(net.cnn, precision)] if net.cnn_sees else [None]  # a list keeps it from registering twice

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x, self.branch[0])


def _move_pooling_forward(layers: nn.Sequential) -> list[nn.Module]:
    """The layers in order, except that a max-pooling changes places with an increasing activation before it."""
    layers = list(layers)
    for i, (layer, following) in enumerate(pairwise(layers)):
        if isinstance(layer, INCREASING) and isinstance(following, POOLINGS):
            layers[i : i + 2] = following, layer
    return layers


def _fuse_first_block(layers: list[nn.Module], rounded: torch.dtype | None) -> list[Callable]:
    """The layers as functions of images; the first three become one if nets/fused/first_block.py supports them."""
    distributed = all(isinstance(layer, TimeDistributed) for layer in layers[:3])
    convolution, norm, pooling = (layer.layer if distributed else layer for layer in layers[:3])
    relu = isinstance(convolution, nn.Sequential) and [type(layer) for layer in convolution] == [nn.Conv2d, nn.ReLU]
    convolution = convolution[0] if relu else convolution
    if not first_block.fits(convolution, norm, pooling):
        return _fuse_blocks(layers, rounded)
    ordinary = [_for_images(layer.layer if distributed else layer, rounded) for layer in layers[:3]]
    step = partial(first_block.first_block, ordinary, convolution, relu, norm, pooling)
    return [partial(_over_time_steps, step) if distributed else step, *_fuse_blocks(layers[3:], rounded)]


def _fuse_blocks(layers: list[nn.Module], rounded: torch.dtype | None) -> list[Callable]:
    """The layers as functions of images; three layers become one if nets/fused/pooled_block.py supports them."""
    steps = []
    while layers:
        size = 3 if len(layers) >= 3 and pooled_block.fits(*layers[:3]) else 1
        block, layers = layers[:size], layers[size:]
        ordinary = [_for_images(layer, rounded) for layer in block]
        fused = partial(pooled_block.pooled_block, ordinary, *block, dtype=rounded)
        steps += [fused] if size == 3 else ordinary
    return steps


def _channels_last(x: Tensor) -> Tensor:
    """Images or sequences of images with the channels last in memory; signals become images of height 1.

    Vectors, (batch, features), stay as they are.

    This copies on purpose. With one channel, both layouts hold the same values in the same order and differ only in
    their strides. .to(memory_format=...) would keep the strides, which tell the convolution what layout to produce.
    """
    if x.ndim == 2:
        return x
    if x.ndim == 5:
        return _channels_last(x.flatten(0, 1)).unflatten(0, x.shape[:2])
    return (x.unsqueeze(2) if x.ndim == 3 else x).clone(memory_format=torch.channels_last)


def _for_images(layer: nn.Module, rounded: torch.dtype | None) -> Callable[[Tensor], Tensor]:
    """The layer as a function of images: layers of signals take height 1, batch normalization sums exactly.

    rounded : the dtype that convolutions are rounded to in training; None leaves them in float32
    """
    if isinstance(layer, TimeDistributed):
        return partial(_over_time_steps, _for_images(layer.layer, rounded))
    if isinstance(layer, nn.Sequential):
        return partial(_run_steps, [_for_images(part, rounded) for part in layer])
    step = partial(FOR_IMAGES[type(layer)], layer) if type(layer) in FOR_IMAGES else layer
    return partial(_rounded, layer, step, rounded) if rounded and isinstance(layer, CONVOLUTIONS) else step


def _rounded(layer: nn.Module, step: Callable[[Tensor], Tensor], dtype: torch.dtype, x: Tensor) -> Tensor:
    if not layer.training:
        return step(x)
    with torch.autocast(x.device.type, dtype):
        return step(x).float()


def _over_time_steps(step: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return step(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def _convolution(layer: nn.Conv1d, x: Tensor) -> Tensor:
    padding = layer.padding if isinstance(layer.padding, str) else (0, *layer.padding)
    weight = layer.weight.unsqueeze(2)  # (out, in, 1, width)
    return functional.conv2d(x, weight, layer.bias, (1, *layer.stride), padding, (1, *layer.dilation), layer.groups)


def _image_convolution(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """If the output has one column, each window is a set of whole rows of the image, contiguous in memory."""
    (height, width), plain = layer.kernel_size, (layer.stride, layer.padding, layer.dilation, layer.groups)
    if width != x.shape[-1] or plain != ((1, 1), (0, 0), (1, 1), 1):
        return layer(x)
    rows = x.movedim(1, -1).flatten(2)  # (batch, height, width * channels)
    windows = torch.cat([rows[:, i : rows.shape[1] - height + 1 + i] for i in range(height)], 2)
    y = functional.linear(windows, layer.weight.movedim(1, -1).flatten(1), layer.bias)
    return y.movedim(-1, 1).unsqueeze(-1)


def _dynamic_convolution(layer: DynamicConv2d, x: Tensor) -> Tensor:
    """For evaluation, where the layer computes the examples as groups of one image and returns channels first."""
    return layer(x).contiguous(memory_format=torch.channels_last)


def _run_steps(steps: list[Callable], x: Tensor) -> Tensor:
    for step in steps:
        x = step(x)
    return x


def _max_pool(layer: nn.MaxPool1d, x: Tensor) -> Tensor:
    return functional.max_pool2d(x, (1, layer.kernel_size), (1, layer.stride), (0, layer.padding))


def _to_sequence(_: ChannelsLast, x: Tensor) -> Tensor:
    return ImageToSequence()(x)  # (batch, channels, 1, time) -> (batch, time, channels)


FOR_IMAGES = {
    nn.Conv1d: _convolution,
    nn.Conv2d: _image_convolution,
    DynamicConv2d: _dynamic_convolution,
    nn.BatchNorm1d: batch_norm,
    nn.BatchNorm2d: batch_norm,
    nn.MaxPool1d: _max_pool,
    ChannelsLast: _to_sequence,
}
