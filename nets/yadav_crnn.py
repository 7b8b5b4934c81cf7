"""The network of Yadav et al. (RAVDESS and EMO-DB): four convolutions, one BiLSTM of two steps, one dense layer.

Input: a log-mel spectrogram, 128 bands x 259 frames. Shapes below are in Keras' order, channels last.

    layer                                            output           parameters
    Conv2D 64  9x9 same, BatchNormalization, ReLU    128 x 259 x 64   9x9x1x64 + 64 + 256         5 504
    MaxPooling2D 2x2                                 64 x 129 x 64
    Conv2D 64  7x7 same, BatchNormalization, ReLU    64 x 129 x 64    7x7x64x64 + 64 + 256      201 024
    MaxPooling2D 4x4                                 16 x 32 x 64
    Conv2D 128 5x5 same, BatchNormalization, ReLU    16 x 32 x 128    5x5x64x128 + 128 + 512    205 440
    MaxPooling2D 4x4                                 4 x 8 x 128
    Conv2D 128 3x3 same, BatchNormalization, ReLU    4 x 8 x 128      3x3x128x128 + 128 + 512   148 096
    MaxPooling2D 4x4                                 1 x 2 x 128
    Reshape                                          2 x 128          time x features
    Bidirectional LSTM 128                           256              2 x 512 (128 + 128 + 1)   263 168
    Dense 8, softmax                                 8                8 (256 + 1)                 2 056
                                                                      total                     825 288

The paper states neither the padding nor the framework. It enlarges the network of Zhao et al., so their 'same'
convolutions and rounded-down poolings are used here, with Keras' rules throughout.

Source: Yadav et al., "Speech Emotion Recognition using Convolutional Recurrent Neural Network".
Checked: tests/test_yadav_crnn_net_matches_table.py, tests/test_layers_match_keras.py
"""

import torch
from torch import nn

from nets.layers.keras import ImageToSequence, LastStateLSTM, batch_norm, init_keras, sequential

KERNELS = (9, 7, 5, 3)  # the paper claims that these are better than other sizes, and ReLU better than ELU


def yadav_crnn(
    n_classes: int = 8, seed: int = 0, kernels: tuple[int, ...] = KERNELS, activation: type[nn.Module] = nn.ReLU
) -> nn.Sequential:
    """The untrained network; it maps log-mel spectrograms to logits.

    Parameters
    ----------
    n_classes : int >= 2; 8 for RAVDESS, 7 for EMO-DB
    seed : int, for the initial values
    kernels : widths and heights of the four convolutions
    activation : nn.ReLU, or nn.ELU for the paper's comparison

    Returns
    -------
    net : (batch, 1, 128, 259) float32 -> (batch, n_classes) float32 logits. Softmax and cross-entropy belong to the
        training loop.
    """
    net = sequential(
        *_block(1, 64, kernels[0], 2, activation),
        *_block(64, 64, kernels[1], 4, activation),
        *_block(64, 128, kernels[2], 4, activation),
        *_block(128, 128, kernels[3], 4, activation),
        ImageToSequence(),
        LastStateLSTM(128, 128, bidirectional=True),
        nn.Linear(256, n_classes),
    )
    init_keras(net, torch.Generator().manual_seed(seed))
    return net


def _block(channels_in: int, channels_out: int, kernel: int, pool: int, activation: type[nn.Module]) -> list[nn.Module]:
    return [
        nn.Conv2d(channels_in, channels_out, kernel, padding="same"),
        batch_norm(channels_out, 2),
        activation(),
        nn.MaxPool2d(pool),
    ]
