"""The network of Zheng et al. (CASIA, MATLAB): three convolutions, two LSTMs of one step, one dense layer.

    layer                               activation           learnables
    imageinput  224x224x3 zerocenter    224 x 224 x 3
    ConvolutionLayer1  5x5, 8, same     224 x 224 x 8        5x5x3x8 + 8          608
    relu
    maxpool  3x3 stride 2               111 x 111 x 8
    ConvolutionLayer2  3x3, 16          109 x 109 x 16       3x3x8x16 + 16      1 168
    relu_1
    maxpool_1  3x3 stride 2             54 x 54 x 16
    ConvolutionLayer3  3x3, 8, same     54 x 54 x 8          3x3x16x8 + 8       1 160
    relu_2
    maxpool_2  3x3 stride 2             26 x 26 x 8
    flatten                             5408
    LSTMLayer1  200                     200                  800 (5408 + 200 + 1)   4 487 200
    LSTMLayer2  50                      50                   200 (200 + 50 + 1)        50 200
    fc  6                               6                    6 (50 + 1)                   306
    softmax, classoutput                                                    total   4 540 642

Source: Zheng et al., appendix "Build CNN-LSTM", and their analyzeNetwork screenshot.
Checked: tests/test_zheng_casia_net_matches_table.py
"""

from collections import OrderedDict

import torch
from torch import nn

from nets.layers.matlab import ColumnMajorFlatten, ImageInput, OneStepLSTM, init_matlab


def zheng_cnn_lstm(n_classes: int = 6, seed: int = 0) -> nn.Sequential:
    """The untrained network; it maps images to logits.

    Parameters
    ----------
    n_classes : int >= 2
    seed : int, for the initial values

    Returns
    -------
    net : (batch, 3, 224, 224) uint8 or float32, values 0..255 -> (batch, n_classes) float32 logits. Softmax and
        cross-entropy, MATLAB's last two layers, belong to the training loop.
    """
    net = nn.Sequential(
        OrderedDict(
            imageinput=ImageInput(3),
            ConvolutionLayer1=nn.Conv2d(3, 8, 5, padding="same"),
            relu=nn.ReLU(),
            maxpool=nn.MaxPool2d(3, stride=2),
            ConvolutionLayer2=nn.Conv2d(8, 16, 3),
            relu_1=nn.ReLU(),
            maxpool_1=nn.MaxPool2d(3, stride=2),
            ConvolutionLayer3=nn.Conv2d(16, 8, 3, padding="same"),
            relu_2=nn.ReLU(),
            maxpool_2=nn.MaxPool2d(3, stride=2),
            flatten=ColumnMajorFlatten(),
            LSTMLayer1=OneStepLSTM(26 * 26 * 8, 200),
            LSTMLayer2=OneStepLSTM(200, 50),
            fc=nn.Linear(50, n_classes),
        )
    )
    init_matlab(net, torch.Generator().manual_seed(seed))
    return net


def analyze_network(net: nn.Sequential) -> str:
    """The network as MATLAB's analyzeNetwork lists it: name, type, size of the activations, learnables.

    Checked: tests/test_zheng_casia_net_matches_table.py
    """
    x = torch.zeros(1, 3, 224, 224)
    rows = []
    for name, layer in net.named_children():
        x = layer(x)
        rows.append((name, _matlab_type(layer), _activation(x), _learnables(layer)))
    classes = _activation(x)
    rows += [("softmax", "Softmax", classes, "-"), ("classoutput", "Classification Output", classes, "-")]
    header = ("Name", "Type", "Activations", "Learnables")
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(4)]
    lines = [
        f"{number!s:>2}  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for number, row in [("", header), *enumerate(rows, 1)]
    ]
    total = sum(parameter.numel() for parameter in net.parameters())
    return "\n".join([*lines, f"{total:,} total learnables, {len(rows)} layers"])


def _matlab_type(layer: nn.Module) -> str:
    return {
        ImageInput: "Image Input",
        nn.Conv2d: "2-D Convolution",
        nn.ReLU: "ReLU",
        nn.MaxPool2d: "2-D Max Pooling",
        ColumnMajorFlatten: "Flatten",
        OneStepLSTM: "LSTM",
        nn.Linear: "Fully Connected",
    }[type(layer)]


def _activation(x: torch.Tensor) -> str:
    """The size of an activation in MATLAB's notation: spatial (S), channel (C) and batch (B) dimensions."""
    if x.ndim == 4:
        _, channels, height, width = x.shape
        return f"{height}(S) x {width}(S) x {channels}(C) x 1(B)"
    return f"{x.shape[1]}(C) x 1(B)"


def _learnables(layer: nn.Module) -> str:
    if isinstance(layer, nn.Conv2d):
        filters, channels, height, width = layer.weight.shape
        return f"Weights {height}x{width}x{channels}x{filters}, Bias 1x1x{filters}"
    if isinstance(layer, OneStepLSTM):
        sizes = [f"{weight.shape[0]}x{weight.shape[1]}" for weight in (layer.input_weight, layer.recurrent_weight)]
        return f"InputWeights {sizes[0]}, RecurrentWeights {sizes[1]}, Bias {layer.bias.numel()}x1"
    if isinstance(layer, nn.Linear):
        return f"Weights {layer.out_features}x{layer.in_features}, Bias {layer.out_features}x1"
    return "-"
