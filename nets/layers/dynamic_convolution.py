"""Dynamic convolution: a kernel for every example, mixed from K kernels as attention to the example says.

    a = W_2 relu(W_1 mean(x) + b_1) + b_2       mean over the positions of each channel; two dense layers
    pi = softmax(a / temperature)               K numbers, sum 1
    y = (sum_k pi_k W_k) * x + sum_k pi_k b_k   the convolution of one layer, whatever K is

A high temperature makes pi even, so that all kernels learn; training lowers it to 1 (`anneal`).

Source: Finch, section 2.3; Chen et al. 2020. Checked: tests/test_dynamic_convolution_mixes_kernels.py
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

KERNELS = 4
HIGHEST_TEMPERATURE = 30.0
ANNEALING = 0.1  # share of the training over which the temperature falls


class DynamicConv2d(nn.Module):
    """Images, 'same' padding at the edges: (batch, channels_in, h, w) -> (batch, channels_out, h, w).

    weight : (K, channels_out, channels_in, size, size);  bias : (K, channels_out)
    hidden : units of the attention's first dense layer
    temperature : of the softmax; 1 unless somebody raises it for training
    """

    def __init__(self, channels_in: int, channels_out: int, size: int, hidden: int, kernels: int = KERNELS):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(kernels, channels_out, channels_in, size, size))
        self.bias = nn.Parameter(torch.zeros(kernels, channels_out))
        self.squeeze = nn.Linear(channels_in, hidden)
        self.excite = nn.Linear(hidden, kernels)
        self.temperature = 1.0

    def attention(self, x: Tensor) -> Tensor:
        """pi, (batch, K)."""
        a = self.excite(torch.relu(self.squeeze(x.mean((2, 3)))))
        return torch.softmax(a / self.temperature, 1)

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        pi = self.attention(x)
        weight = (pi @ self.weight.flatten(1)).view(-1, *self.weight.shape[2:])  # all examples' kernels in a row
        bias = (pi @ self.bias).flatten()
        side_by_side = x.reshape(1, batch * channels, height, width)
        y = functional.conv2d(side_by_side, weight, bias, padding="same", groups=batch)
        return y.view(batch, -1, height, width)


def anneal(net: nn.Module, share: float) -> None:
    """Sets the temperature for a place in the training: 30 at its beginning, falling evenly to 1 at a tenth of it.

    Parameters
    ----------
    net : any DynamicConv2d in it
    share : of the training that is over, 0 .. 1

    Source: Chen et al. 2020 (30 to 1 over the first tenth). Checked: tests/test_dynamic_convolution_mixes_kernels.py
    """
    to_go = max(0.0, 1 - share / ANNEALING)
    for layer in net.modules():
        if isinstance(layer, DynamicConv2d):
            layer.temperature = 1 + (HIGHEST_TEMPERATURE - 1) * to_go
