"""The network of Finch (CASIA, EMO-DB, IEMOCAP): three dynamic convolutions, one BiLSTM, one dense layer.

The paper names the layers but no sizes: all sizes below are UNSTATED and were chosen here.
Input: 39 feature rows over 300 frames. Shapes below are in Keras' order, time first and channels last.

    layer                                                   output           parameters
    DynamicConv2D 32  3x3 same, BatchNormalization, ReLU    300 x 39 x 32    4 x 320 + 28 + 128          1 436
    MaxPooling2D 2x2                                        150 x 19 x 32
    DynamicConv2D 64  3x3 same, BatchNormalization, ReLU    150 x 19 x 64    4 x 18 496 + 300 + 256     74 540
    MaxPooling2D 2x2                                         75 x 9 x 64
    DynamicConv2D 128 3x3 same, BatchNormalization, ReLU     75 x 9 x 128    4 x 73 856 + 1 108 + 512  297 044
    MaxPooling2D 2x2                                         37 x 4 x 128
    Reshape                                                  37 x 512        time x features
    Bidirectional LSTM 128                                   256             2 x 512 (512 + 128 + 1)   656 384
    Dense 7, softmax                                         7               7 (256 + 1)                 1 799
                                                                             trainable               1 030 755

28, 300 and 1 108 are the parameters of the attention: two dense layers, with 4, 8 and 16 hidden units.
The ablations have static convolutions (finch_cnn_*), one LSTM of 256 units (finch_*_lstm), or both. All widths
are the same, so only the attention changes the amount of work.

Source: Finch, "Speech Emotion Recognition with Dynamic CNN and Bi-LSTM".
Checked: tests/test_finch_dycnn_nets_match_table.py
"""

import torch
from torch import nn

from nets.layers.dynamic_convolution import DynamicConv2d
from nets.layers.keras import LastStateLSTM, RowsToSequence, batch_norm, init_keras, sequential

CHANNELS, HIDDEN = (1, 32, 64, 128), (4, 8, 16)
ROWS_LEFT, UNITS = 4, 128  # of 39 rows after three poolings; of the LSTM in each direction


def finch_dycnn_bilstm(
    n_classes: int = 7, seed: int = 0, dynamic: bool = True, bidirectional: bool = True
) -> nn.Sequential:
    """The untrained network; it maps features to logits.

    Parameters
    ----------
    n_classes : int >= 2
    seed : int, for the initial values
    dynamic, bidirectional : bool; False for the ablations

    Returns
    -------
    net : (batch, 1, 300 frames, 39 rows) float32 -> (batch, n_classes) float32 logits; at least 8 frames
    """
    blocks = [_block(*sizes, dynamic) for sizes in zip(CHANNELS, CHANNELS[1:], HIDDEN, strict=False)]
    inputs = ROWS_LEFT * CHANNELS[-1]
    net = sequential(
        *(layer for block in blocks for layer in block),
        RowsToSequence(),
        LastStateLSTM(inputs, UNITS, True) if bidirectional else LastStateLSTM(inputs, 2 * UNITS),
        nn.Linear(2 * UNITS, n_classes),
    )
    init_keras(net, torch.Generator().manual_seed(seed))
    return net


def _block(channels_in: int, channels_out: int, hidden: int, dynamic: bool) -> list[nn.Module]:
    static = nn.Conv2d(channels_in, channels_out, 3, padding="same")
    return [
        DynamicConv2d(channels_in, channels_out, 3, hidden) if dynamic else static,
        batch_norm(channels_out, 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]
