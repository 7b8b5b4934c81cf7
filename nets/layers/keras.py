"""Keras' layers, initial values and layer names, where PyTorch's own differ.

What needs no class of its own: Conv 'same' at stride 1 is padding="same" (symmetric for odd kernels),
'valid' is PyTorch's default; MaxPool 'valid' is nn.MaxPool with stride = kernel (the size is rounded
down); ELU has alpha 1 in both; Dense is nn.Linear. Data are channels first here and channels last in
Keras, so every layer that leaves images for sequences or vectors names its order.
"""

from collections import Counter, OrderedDict

import torch
from torch import Tensor, nn

from nets.layers.dynamic_convolution import DynamicConv2d
from nets.layers.matlab import glorot_uniform

KERAS_EPSILON, KERAS_MOMENTUM = 1e-3, 0.01  # of batch normalisation; Keras calls the latter momentum=0.99


def batch_norm(channels: int, dimensions: int) -> nn.Module:
    """Keras' BatchNormalization over the channels of signals (dimensions 1) or images (dimensions 2).

    y = gamma (x - m) / sqrt(v + 1e-3) + beta
    training    m, v: mean and variance (divided by n) of the batch, over everything but the channels
    evaluation  m, v: the running ones, r <- 0.99 r + 0.01 (batch's)

    The batch's variance that goes into the running one is divided by

        n - 1   tf.keras 2, four-dimensional input (its fused kernel): images, also inside TimeDistributed
        n       tf.keras 2, other inputs; Keras 3

    and by n - 1 in PyTorch. n is batch size times positions: with the papers' batches 112 at the least (last
    block of dey_2d_cnn_lstm) and 8 000 for signals, so the two differ by a hundredth, or 1e-4, at most.

    Source: Keras, BatchNormalization; TensorFlow, fused_batch_norm. Checked: tests/test_layers_match_keras.py
    """
    kind = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}[dimensions]
    return kind(channels, eps=KERAS_EPSILON, momentum=KERAS_MOMENTUM)


class TimeDistributed(nn.Module):
    """Keras' TimeDistributed: one layer, the same weights, for every time step.

    The steps are folded into the batch, so batch normalisation sees all steps of all examples at once and
    moves its running statistics once. That is Keras 2. Keras 3 calls the layer for one step after the
    other: statistics of each step by itself, and `time` moves of the running ones.

    x : (batch, time, ...) -> (batch, time, whatever `layer` makes of ...)

    Source: Keras, TimeDistributed. Checked: tests/test_layers_match_keras.py
    """

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.flatten(0, 1)).unflatten(0, x.shape[:2])


class ChannelsLast(nn.Module):
    """PyTorch's order to Keras': the channels become the last axis. Not a layer of Keras.

    x : (batch, channels, time) -> (batch, time, channels)
    """

    def forward(self, x: Tensor) -> Tensor:
        return x.movedim(1, -1)


class ImageToSequence(nn.Module):
    """Keras' Reshape((-1, channels)): every position of an image is a time step, row by row.

    x : (batch, channels, height, width) -> (batch, height * width, channels)

    Checked: tests/test_layers_match_keras.py
    """

    def forward(self, x: Tensor) -> Tensor:
        return x.movedim(1, -1).flatten(1, 2)


class RowsToSequence(nn.Module):
    """Keras' Reshape((height, -1)): every row of an image is a time step, the channels vary fastest in it.

    x : (batch, channels, height, width) -> (batch, height, width * channels)

    Checked: tests/test_finch_dycnn_nets_match_table.py
    """

    def forward(self, x: Tensor) -> Tensor:
        return x.movedim(1, -1).flatten(2)


class ChannelsLastFlatten(nn.Module):
    """Keras' Flatten: the channels vary fastest, the height slowest.

    x : (batch, channels, height, width) -> (batch, height * width * channels)

    Checked: tests/test_layers_match_keras.py
    """

    def forward(self, x: Tensor) -> Tensor:
        return x.movedim(1, -1).flatten(1)


class LastStateLSTM(nn.Module):
    """Keras' LSTM, or Bidirectional(LSTM), with return_sequences=False: the state after the whole sequence.

    [i f g o] = W x_t + U h_{t-1} + b;  i, f, o through the sigmoid, g through tanh
    c_t = f c_{t-1} + i g;  h_t = o tanh(c_t);  h_0 = c_0 = 0

    Out comes h_T; in both directions h_T of the forward cell, then the last state of a backward cell that
    has read x_T ... x_1 (not what it knew after x_T, which PyTorch's output[:, -1] holds).

    Keras has one bias. nn.LSTM adds two: the second, bias_hh, is zero and frozen, and count_parameters
    leaves it out.

    x : (batch, time, inputs) float32 -> (batch, hidden) or, in both directions, (batch, 2 hidden)

    Source: Keras, LSTM (gates in the order i f c o) and Bidirectional. Checked: tests/test_layers_match_keras.py
    """

    def __init__(self, inputs: int, hidden: int, bidirectional: bool = False):
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, batch_first=True, bidirectional=bidirectional)
        for name, bias in self.lstm.named_parameters():
            if name.startswith("bias_hh"):
                nn.init.zeros_(bias).requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        _, (last, _) = self.lstm(x)  # (directions, batch, hidden)
        return last.transpose(0, 1).flatten(1)


def init_keras(net: nn.Module, generator: torch.Generator) -> None:
    """Keras' default initial values for every convolution, dense layer and LSTM of `net`.

    convolution, dense, LSTM kernel   Glorot uniform: U(-a, a), a = sqrt(6 / (fan_in + fan_out))
    LSTM recurrent kernel             (4 hidden, hidden) with orthonormal columns
    biases                            0; LSTM 1 for the forget gate (unit_forget_bias)
    dynamic convolution               every one of its kernels as a convolution's

    fan_in and fan_out are channels times kernel size, and inputs and 4 hidden for the LSTM: the four
    gates are one matrix, here as in the orthogonal one. Batch normalisation starts as in PyTorch.

    Source: Keras, initializers and LSTM; Glorot & Bengio 2010; Saxe et al. 2014.
    Checked: tests/test_dey_emodb_nets_match_tables.py, tests/test_layers_match_keras.py
    """
    for layer in net.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
            glorot_uniform(layer.weight, generator)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, DynamicConv2d):
            for kernel in layer.weight:
                glorot_uniform(kernel, generator)
        elif isinstance(layer, nn.LSTM):
            for name, parameter in layer.named_parameters():
                if name.startswith("weight_ih"):
                    glorot_uniform(parameter, generator)
                elif name.startswith("weight_hh"):
                    nn.init.orthogonal_(parameter, generator=generator)
                else:
                    nn.init.zeros_(parameter)
                if name.startswith("bias_ih"):
                    nn.init.ones_(parameter[layer.hidden_size : 2 * layer.hidden_size])


def sequential(*layers: nn.Module) -> nn.Sequential:
    """The layers one after the other, under the names that Keras gives them: conv2d, conv2d_1, ..., lstm, dense.

    Checked: tests/test_dey_emodb_nets_match_tables.py
    """
    named, used = OrderedDict(), Counter()
    for layer in layers:
        _, name = keras_type_and_name(layer)
        number, used[name] = used[name], used[name] + 1
        named[f"{name}_{number}" if number else name] = layer
    return nn.Sequential(named)


def keras_type_and_name(layer: nn.Module) -> tuple[str, str]:
    """What Keras calls a layer's class, and what it calls the first such layer of a model."""
    if isinstance(layer, LastStateLSTM) and layer.lstm.bidirectional:
        return "Bidirectional", "bidirectional"
    return {
        nn.Conv1d: ("Conv1D", "conv1d"),
        nn.Conv2d: ("Conv2D", "conv2d"),
        nn.BatchNorm1d: ("BatchNormalization", "batch_normalization"),
        nn.BatchNorm2d: ("BatchNormalization", "batch_normalization"),
        nn.ELU: ("Activation", "activation"),
        nn.ReLU: ("Activation", "activation"),
        nn.MaxPool1d: ("MaxPooling1D", "max_pooling1d"),
        nn.MaxPool2d: ("MaxPooling2D", "max_pooling2d"),
        TimeDistributed: ("TimeDistributed", "time_distributed"),
        ImageToSequence: ("Reshape", "reshape"),
        RowsToSequence: ("Reshape", "reshape"),
        DynamicConv2d: ("DynamicConv2D", "dynamic_conv2d"),
        ChannelsLast: ("", "channels_last"),
        LastStateLSTM: ("LSTM", "lstm"),
        nn.Linear: ("Dense", "dense"),
    }[type(layer)]
