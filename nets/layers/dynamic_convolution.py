"""Dynamic convolution: attention to an example mixes its kernel from K kernels.

    a = W_2 relu(W_1 mean(x) + b_1) + b_2       mean over the positions of each channel; two dense layers
    pi = softmax(a / temperature)               K weights with sum 1
    y = (sum_k pi_k W_k) * x + sum_k pi_k b_k   one convolution, for any K

A high temperature makes pi even, so that all kernels learn. Training lowers it to 1 (`anneal`).

Source: Finch, section 2.3; Chen et al. 2020. Checked: tests/test_dynamic_convolution_mixes_kernels.py
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

KERNELS = 4
INITIAL_TEMPERATURE = 30.0
ANNEALING = 0.1  # the share of training during which the temperature falls


class DynamicConv2d(nn.Module):
    """Dynamic convolution of images with 'same' padding: (batch, channels_in, h, w) -> (batch, channels_out, h, w).

    weight : (K, channels_out, channels_in, size, size);  bias : (K, channels_out)
    hidden : units of the attention's first dense layer
    temperature : of the softmax; 1 unless training raises it
    """

    def __init__(self, channels_in: int, channels_out: int, size: int, hidden: int, kernels: int = KERNELS):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(kernels, channels_out, channels_in, size, size))
        self.bias = nn.Parameter(torch.zeros(kernels, channels_out))
        self.squeeze = nn.Linear(channels_in, hidden)
        self.excite = nn.Linear(hidden, kernels)
        self.temperature = 1.0

    def attention(self, x: Tensor) -> Tensor:
        """pi, the weights of the K kernels: (batch, K)."""
        a = self.excite(torch.relu(self.squeeze(x.mean((2, 3)))))
        return torch.softmax(a / self.temperature, 1)

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        pi = self.attention(x)
        weight = (pi @ self.weight.flatten(1)).view(-1, *self.weight.shape[2:])  # the kernels of all examples
        bias = (pi @ self.bias).flatten()
        side_by_side = x.reshape(1, batch * channels, height, width)
        y = functional.conv2d(side_by_side, weight, bias, padding="same", groups=batch)
        return y.view(batch, -1, height, width)


def anneal(net: nn.Module, share: float) -> None:
    """Sets the temperature for a moment of training: it falls linearly from 30 to 1 in the first tenth.

    Parameters
    ----------
    net : the network; each DynamicConv2d in it is set
    share : 0 .. 1, the part of training that is over

    Source: Chen et al. 2020 (30 to 1 over the first tenth). Checked: tests/test_dynamic_convolution_mixes_kernels.py
    """
    remaining = max(0.0, 1 - share / ANNEALING)
    for layer in net.modules():
        if isinstance(layer, DynamicConv2d):
            layer.temperature = 1 + (INITIAL_TEMPERATURE - 1) * remaining
