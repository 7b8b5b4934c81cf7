"""The same network, computed in another order and with its data laid out otherwise: for speed alone.

    fast = arranged(net)               logits, gradients and running statistics are net's
    fast = arranged(net, "bfloat16")   in training, convolutions of images in 8 bits of precision instead of 24
    net.state_dict()                   what is kept and loaded; fast has no state of its own

1  An increasing activation f (ReLU, ELU) that stands before a max-pooling moves behind it, where fewer
   numbers are left (a quarter to a sixteenth):  max(f(x_1), ..., f(x_k)) = f(max(x_1, ..., x_k))
2  Signals are images of height 1, (batch, channels, time) -> (batch, channels, 1, time), since PyTorch
   pools signals slowly and has no layout for them with the channels last.
3  The first block of those with small kernels is nets/fused/first_block.py's, which never writes its largest array.
4  A convolution as wide as its images is one matrix product.
5  The channels of images vary fastest in memory (channels_last); no shape changes. PyTorch's batch
   normalisation loses digits in this layout, so it is nets/fused/exact_batch_norm.py's.
6  In training a convolution (also a dynamic one), batch normalisation and max-pooling are one layer,
   nets/fused/pooled_block.py's, which works on an example's numbers while they are in the cache.
7  With "bfloat16" what goes into a convolution and what comes out of it is rounded to bfloat16, products are
   summed in float32; weights, everything else, and every answer in evaluation stay float32. Processors with
   such instructions (AVX-512 BF16, AMX) take half the time for it.

Checked: tests/test_arranged_nets_are_equal.py
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


def fuse(net: nn.Sequential | ParallelNet, precision: str = "float32") -> "Arranged | ArrangedBranch":
    """`net` arranged for speed; it has net's own layers, so training the one trains the other.

    The weights of net's convolutions of images are laid out channels last too: their memory, not their values.

    Parameters
    ----------
    net : layers one after the other, or a parallel network, as nets.build makes them
    precision : a key of PRECISIONS, of the convolutions in training

    Returns
    -------
    fast : what goes into net -> net's logits; fast.net is net
    """
    if isinstance(net, ParallelNet):
        return ArrangedBranch(net, precision)
    for p in net.parameters():
        if p.ndim == 4:
            p.data = p.data.contiguous(memory_format=torch.channels_last)
    return Arranged(net, precision)


class Arranged(nn.Module):
    """The steps that compute `net`; `net` is the only thing registered, so parameters come once.

    x : signals (batch, channels, time), images (batch, channels, height, width) or films (batch, time,
        channels, height, width) -> (batch, n_classes)

    Checked: tests/test_arranged_nets_are_equal.py
    """

    def __init__(self, net: nn.Sequential, precision: str):
        super().__init__()
        self.net = net
        self.steps = _first_block_at_once(_pooled_first(net), PRECISIONS[precision])

    def forward(self, x: Tensor) -> Tensor:
        return _one_after_the_other(self.steps, _channels_last(x))


class ArrangedBranch(nn.Module):
    """A parallel network whose convolutions, if it has any, are arranged."""

    def __init__(self, net: ParallelNet, precision: str):
        super().__init__()
        self.net = net
        self.branch = [fuse(net.cnn, precision)] if net.cnn_sees else [None]  # in a list: not registered twice

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x, self.branch[0])


def _pooled_first(layers: nn.Sequential) -> list[nn.Module]:
    """The layers in order, but a max-pooling before the increasing activation that it follows."""
    layers = list(layers)
    for i, (layer, following) in enumerate(pairwise(layers)):
        if isinstance(layer, INCREASING) and isinstance(following, POOLINGS):
            layers[i : i + 2] = following, layer
    return layers


def _first_block_at_once(layers: list[nn.Module], rounded: torch.dtype | None) -> list[Callable]:
    """The layers as functions of images; the first three are one if nets/fused/first_block.py knows them."""
    films = all(isinstance(layer, TimeDistributed) for layer in layers[:3])
    convolution, norm, pooling = (layer.layer if films else layer for layer in layers[:3])
    relu = isinstance(convolution, nn.Sequential) and [type(layer) for layer in convolution] == [nn.Conv2d, nn.ReLU]
    convolution = convolution[0] if relu else convolution
    if not first_block.fits(convolution, norm, pooling):
        return _blocks_at_once(layers, rounded)
    ordinary = [_for_images(layer.layer if films else layer, rounded) for layer in layers[:3]]
    step = partial(first_block.first_block, ordinary, convolution, relu, norm, pooling)
    return [partial(_every_time_step, step) if films else step, *_blocks_at_once(layers[3:], rounded)]


def _blocks_at_once(layers: list[nn.Module], rounded: torch.dtype | None) -> list[Callable]:
    """The layers as functions of images; the three of a block that nets/fused/pooled_block.py knows are one."""
    steps = []
    while layers:
        taken = 3 if len(layers) >= 3 and pooled_block.fits(*layers[:3]) else 1
        block, layers = layers[:taken], layers[taken:]
        ordinary = [_for_images(layer, rounded) for layer in block]
        at_once = partial(pooled_block.pooled_block, ordinary, *block, dtype=rounded)
        steps += [at_once] if taken == 3 else ordinary
    return steps


def _channels_last(x: Tensor) -> Tensor:
    """Images or films with the channels last in memory; signals become images of height 1.

    It is a copy on purpose: with one channel both layouts are the same numbers in the same order, and only
    the strides, which .to(memory_format=...) would leave as they are, tell the convolution what to make.
    """
    if x.ndim == 5:
        return _channels_last(x.flatten(0, 1)).unflatten(0, x.shape[:2])
    return (x.unsqueeze(2) if x.ndim == 3 else x).clone(memory_format=torch.channels_last)


def _for_images(layer: nn.Module, rounded: torch.dtype | None) -> Callable[[Tensor], Tensor]:
    """A layer of signals as one of images of height 1; batch normalisation with exact sums; others are themselves.

    rounded : what the numbers of convolutions in training are rounded to; None leaves them as they are
    """
    if isinstance(layer, TimeDistributed):
        return partial(_every_time_step, _for_images(layer.layer, rounded))
    if isinstance(layer, nn.Sequential):
        return partial(_one_after_the_other, [_for_images(part, rounded) for part in layer])
    step = partial(FOR_IMAGES[type(layer)], layer) if type(layer) in FOR_IMAGES else layer
    return partial(_rounded, layer, step, rounded) if rounded and isinstance(layer, CONVOLUTIONS) else step


def _rounded(layer: nn.Module, step: Callable[[Tensor], Tensor], dtype: torch.dtype, x: Tensor) -> Tensor:
    if not layer.training:
        return step(x)
    with torch.autocast(x.device.type, dtype):
        return step(x).float()


def _every_time_step(step: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return step(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def _convolution(layer: nn.Conv1d, x: Tensor) -> Tensor:
    padding = layer.padding if isinstance(layer.padding, str) else (0, *layer.padding)
    weight = layer.weight.unsqueeze(2)  # (out, in, 1, width)
    return functional.conv2d(x, weight, layer.bias, (1, *layer.stride), padding, (1, *layer.dilation), layer.groups)


def _image_convolution(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """Where one column comes out, every window is some rows of the image, which lie one after the other."""
    (height, width), plain = layer.kernel_size, (layer.stride, layer.padding, layer.dilation, layer.groups)
    if width != x.shape[-1] or plain != ((1, 1), (0, 0), (1, 1), 1):
        return layer(x)
    rows = x.movedim(1, -1).flatten(2)  # (batch, height, width * channels)
    windows = torch.cat([rows[:, i : rows.shape[1] - height + 1 + i] for i in range(height)], 2)
    y = functional.linear(windows, layer.weight.movedim(1, -1).flatten(1), layer.bias)
    return y.movedim(-1, 1).unsqueeze(-1)


def _dynamic_convolution(layer: DynamicConv2d, x: Tensor) -> Tensor:
    """In evaluation; the examples are groups of one image there, and come out channels first."""
    return layer(x).contiguous(memory_format=torch.channels_last)


def _one_after_the_other(steps: list[Callable], x: Tensor) -> Tensor:
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
