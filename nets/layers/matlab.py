"""MATLAB's layers and initial values, where they differ from PyTorch's, and functions for all frameworks.

nets/layers/keras.py has Keras'.
"""

import math

import torch
from torch import Tensor, nn


class ImageInput(nn.Module):
    """MATLAB's imageInputLayer with 'zerocenter': pixels 0..255 minus their mean over the training set.

    There is one mean per channel (NormalizationDimension 'auto'). Call `fit` before training to set it.

    x : (batch, channels, height, width) uint8 or float32 -> float32, same shape

    Source: MathWorks, documentation of imageInputLayer.
    Checked: tests/test_zheng_casia_net_matches_table.py
    """

    mean: Tensor

    def __init__(self, channels: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))

    def fit(self, images: Tensor) -> None:
        """Sets the mean from the training images, (n, channels, height, width) uint8."""
        totals = sum(image.sum(dim=(1, 2), dtype=torch.float64) for image in images)
        self.mean.copy_(totals / (images.shape[0] * images.shape[2] * images.shape[3]))

    def forward(self, x: Tensor) -> Tensor:
        return x.float() - self.mean[:, None, None]


class ColumnMajorFlatten(nn.Module):
    """MATLAB's flattenLayer: height varies fastest, channels slowest.

    x : (batch, channels, height, width) -> (batch, channels * width * height)
    """

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(2, 3).flatten(1)


class OneStepLSTM(nn.Module):
    """MATLAB's lstmLayer on a sequence of length 1, as it follows an image's flattenLayer.

    The state before the only step is zero (h0 = 0, c0 = 0), so the LSTM's equations reduce to a gated dense layer. The
    forget gate and the recurrent weights have no effect on it, but MATLAB counts them, and its L2 term makes
    them decay:

    i = sigmoid(W_i x + b_i),  g = tanh(W_g x + b_g),  o = sigmoid(W_o x + b_o)
    c = i g,  h = o tanh(c)

    x : (batch, inputs) float32 -> (batch, hidden) float32

    Source: MathWorks, documentation of lstmLayer (rows of the weights in the order i f g o; one bias).
    Checked: tests/test_zheng_casia_net_matches_table.py
    """

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.hidden = hidden
        self.input_weight = nn.Parameter(torch.empty(4 * hidden, inputs))
        self.recurrent_weight = nn.Parameter(torch.empty(4 * hidden, hidden))
        self.bias = nn.Parameter(torch.empty(4 * hidden))

    def forward(self, x: Tensor) -> Tensor:
        i, _, g, o = nn.functional.linear(x, self.input_weight, self.bias).chunk(4, dim=1)
        return torch.sigmoid(o) * torch.tanh(torch.sigmoid(i) * torch.tanh(g))


def init_matlab(net: nn.Module, generator: torch.Generator) -> None:
    """MATLAB's default initial values for every convolution, dense layer and LSTM of `net`.

    convolution, dense, LSTM input weights   Glorot uniform: U(-a, a), a = sqrt(6 / (fan_in + fan_out))
    LSTM recurrent weights                   Q of a normal matrix (orthonormal columns)
    biases                                   0; LSTM 1 for the forget gate ('unit-forget-gate')

    fan_in = h w channels_in, fan_out = h w channels_out (convolution); inputs and 4 hidden (LSTM).

    Source: MathWorks, documentation of convolution2dLayer, fullyConnectedLayer, lstmLayer; Glorot &
    Bengio 2010; Saxe et al. 2014. Checked: tests/test_zheng_casia_net_matches_table.py
    """
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            glorot_uniform(layer.weight, generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, OneStepLSTM):
            glorot_uniform(layer.input_weight, generator)
            nn.init.orthogonal_(layer.recurrent_weight, generator=generator)
            nn.init.zeros_(layer.bias)
            nn.init.ones_(layer.bias[layer.hidden : 2 * layer.hidden])


def glorot_uniform(weight: Tensor, generator: torch.Generator) -> None:
    """U(-a, a) with a = sqrt(6 / (fan_in + fan_out)); weight is (out, in), (out, in, w) or (out, in, h, w)."""
    area = math.prod(weight.shape[2:])
    bound = math.sqrt(6 / (area * (weight.shape[0] + weight.shape[1])))
    with torch.no_grad():
        weight.uniform_(-bound, bound, generator=generator)


def count_parameters(net: nn.Module) -> tuple[int, int]:
    """(total, trainable) parameters as the papers' frameworks print them.

    `total` counts all learnable parameters and the running means and variances of batch normalization, which Keras
    lists as non-trainable. `trainable` counts the learnable ones only. Neither counts the second bias of an LSTM: it
    is frozen here, because those frameworks have only one.

    Checked: tests/test_zheng_casia_net_matches_table.py, tests/test_dey_emodb_nets_match_tables.py
    """
    learned = {name: p for name, p in net.named_parameters() if p.requires_grad or "bias_hh" not in name}
    trainable = sum(p.numel() for p in learned.values() if p.requires_grad)
    frozen = sum(p.numel() for p in learned.values() if not p.requires_grad)
    running = sum(b.numel() for name, b in net.named_buffers() if name.endswith(("running_mean", "running_var")))
    return trainable + frozen + running, trainable
