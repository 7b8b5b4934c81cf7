"""Keras' layers, initial values and layer names, where they differ from PyTorch's.

Some layers need no class of their own. Conv 'same' at stride 1 is padding="same" (symmetric for odd kernels);
'valid' is PyTorch's default. MaxPool 'valid' is nn.MaxPool with stride = kernel, which rounds the size down. ELU has
alpha 1 in both. Dense is nn.Linear. Data have channels first here and channels last in Keras, so each layer that
turns images into sequences or vectors states its order.
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

    The frameworks compute the batch variance for the running statistics with different divisors:

        n - 1   PyTorch; tf.keras 2 for four-dimensional inputs (fused kernel): images, also inside TimeDistributed
        n       tf.keras 2 for other inputs; Keras 3

    n is batch size times positions. With the papers' batches it is at least 112 for images (last block of
    dey_2d_cnn_lstm) and 8 000 for signals, so the two variances differ by at most 1 % and 1e-4.

    Source: Keras, BatchNormalization; TensorFlow, fused_batch_norm. Checked: tests/test_layers_match_keras.py
    """
    kind = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}[dimensions]
    return kind(channels, eps=KERAS_EPSILON, momentum=KERAS_MOMENTUM)


class TimeDistributed(nn.Module):
    """Keras' TimeDistributed: applies one layer, with the same weights, to every time step.

    The steps are folded into the batch, so batch normalization sees all steps of all examples at once and updates its
    running statistics once, as in Keras 2. Keras 3 calls the layer for each step in turn: it normalizes each step by
    its own statistics and updates the running ones `time` times.

    x : (batch, time, ...) -> (batch, time, the layer's output for ...)

    Source: Keras, TimeDistributed. Checked: tests/test_layers_match_keras.py
    """

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.flatten(0, 1)).unflatten(0, x.shape[:2])


class ChannelsLast(nn.Module):
    """From PyTorch's order to Keras': moves the channels to the last axis. Keras has no such layer.

    x : (batch, channels, time) -> (batch, time, channels)
    """

    def forward(self, x: Tensor) -> Tensor:
        return x.movedim(1, -1)


class ImageToSequence(nn.Module):
    """Keras' Reshape((-1, channels)): each position of an image becomes a time step, row by row.

    x : (batch, channels, height, width) -> (batch, height * width, channels)

    Checked: tests/test_layers_match_keras.py
    """

    def forward(self, x: Tensor) -> Tensor:
        return x.movedim(1, -1).flatten(1, 2)


class RowsToSequence(nn.Module):
    """Keras' Reshape((height, -1)): each row of an image becomes a time step, in which the channels vary fastest.

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

    The output is h_T. In the bidirectional case it is h_T of the forward cell, then the final state of the backward
    cell after it has read x_T ... x_1. (PyTorch's output[:, -1] holds its state after x_T alone.)

    Keras has one bias, nn.LSTM two. The second one, bias_hh, is zero and frozen here, and count_parameters does not
    count it.

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
    dynamic convolution               each of its kernels as that of a convolution

    fan_in and fan_out are channels times kernel size. For the LSTM they are inputs and 4 hidden, because Keras
    initializes the four gates as one matrix, the recurrent one too. Batch normalization starts as in PyTorch.

    Source: Keras, initializers and LSTM; Glorot & Bengio 2010; Saxe et al. 2014.
    Checked: tests/test_dey_emodb_nets_match_tables.py, tests/test_layers_match_keras.py
    """
    for layer in net.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
            glorot_uniform(layer.weight, generator)
            if layer.bias is not None:
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
    """The layers in sequence, with the names that Keras gives them: conv2d, conv2d_1, ..., lstm, dense.

    Checked: tests/test_dey_emodb_nets_match_tables.py
    """
    named: OrderedDict[str, nn.Module] = OrderedDict()
    used: Counter[str] = Counter()
    for layer in layers:
        _, name = keras_type_and_name(layer)
        number, used[name] = used[name], used[name] + 1
        named[f"{name}_{number}" if number else name] = layer
    return nn.Sequential(named)


def keras_type_and_name(layer: nn.Module) -> tuple[str, str]:
    """Keras' name for the class of a layer, and its name for the first such layer of a model."""
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
        nn.Dropout: ("Dropout", "dropout"),
    }[type(layer)]
