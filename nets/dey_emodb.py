"""The five networks of Dey et al. (EMO-DB, Keras); shapes below are Keras', channels last.

dey_2d_cnn_lstm: Zhao et al.'s network on a log mel spectrogram, 128 bands x 251 frames.

    Conv2D 64  3x3 same, BatchNormalization, ELU    128 x 251 x 64    3x3x1x64 + 64 + 256           896
    MaxPooling2D 2x2                                 64 x 125 x 64
    Conv2D 64  3x3 same, BatchNormalization, ELU     64 x 125 x 64    3x3x64x64 + 64 + 256       37 184
    MaxPooling2D 4x4                                 16 x 31 x 64
    Conv2D 128 3x3 same, BatchNormalization, ELU     16 x 31 x 128    3x3x64x128 + 128 + 512     74 368
    MaxPooling2D 4x4                                  4 x 7 x 128
    Conv2D 128 3x3 same, BatchNormalization, ELU      4 x 7 x 128     3x3x128x128 + 128 + 512   148 096
    MaxPooling2D 4x4                                  1 x 1 x 128
    Reshape                                           1 x 128         one time step
    LSTM 32                                          32               128 (128 + 32 + 1)         20 608
    Dense 7, softmax                                  7               7 (32 + 1)                    231
                                                                      total                     281 383

The sequence has length 1, so the LSTM is a gated dense layer, and its recurrent weights never receive a gradient.

dey_td_cnn_lstm, dey_td_cnn_bilstm: 18 segments of 128 bands x 5 frames. Every layer except the last two is
TimeDistributed; ReLU comes before batch normalization.

    Conv2D 128 2x2 valid, ReLU, BatchNormalization   18 x 127 x 4 x 128   2x2x1x128 + 128 + 512       1 152
    MaxPooling2D 2x2                                 18 x 63 x 2 x 128
    Conv2D 128 2x2 valid, ReLU, BatchNormalization   18 x 62 x 1 x 128    2x2x128x128 + 128 + 512    66 176
    MaxPooling2D 2x1                                 18 x 31 x 1 x 128
    Conv2D 128 2x1 valid, ReLU, BatchNormalization   18 x 30 x 1 x 128    2x1x128x128 + 128 + 512    33 408
    MaxPooling2D 2x1                                 18 x 15 x 1 x 128
    Conv2D 128 2x1 valid, ReLU, BatchNormalization   18 x 14 x 1 x 128    2x1x128x128 + 128 + 512    33 408
    MaxPooling2D 2x1                                 18 x 7 x 1 x 128
    Flatten                                          18 x 896
    LSTM 32                                          32                   128 (896 + 32 + 1)        118 912
    or Bidirectional LSTM 32                         64                   2 x 118 912               237 824
    Dense 7, softmax                                 7                    7 (32 + 1), 7 (64 + 1)   231, 455
                                                                          total 253 287 and 372 423

dey_1d_cnn_lstm, dey_1d_cnn_bilstm: one second of samples, 16 000 x 1.

    Conv1D 64  3 same, BatchNormalization, ELU       16000 x 64    3x1x64 + 64 + 256           512
    MaxPooling1D 4                                   4000 x 64
    Conv1D 64  3 same, BatchNormalization, ELU       4000 x 64     3x64x64 + 64 + 256       12 608
    MaxPooling1D 4                                   1000 x 64
    Conv1D 128 3 same, BatchNormalization, ELU       1000 x 128    3x64x128 + 128 + 512     25 216
    MaxPooling1D 4                                   250 x 128
    Conv1D 128 3 same, BatchNormalization, ELU       250 x 128     3x128x128 + 128 + 512    49 792
    MaxPooling1D 4                                   62 x 128
    LSTM 64                                          64            256 (128 + 64 + 1)       49 408
    or Bidirectional LSTM 64                         128           2 x 49 408               98 816
    Dense 7, softmax                                 7             7 (64 + 1), 7 (128 + 1)  455, 903
                                                                   total 137 991 and 187 847

Source: Dey et al.; the model summaries in their notebooks and the repositories they build on; Zhao et al. 2019.
Checked: tests/test_dey_emodb_nets_match_tables.py, tests/test_layers_match_keras.py
"""

import torch
from torch import nn

from nets.layers.keras import (
    ChannelsLast,
    ChannelsLastFlatten,
    ImageToSequence,
    LastStateLSTM,
    TimeDistributed,
    batch_norm,
    init_keras,
    sequential,
)


def dey_2d_cnn_lstm(n_classes: int = 7, seed: int = 0, hidden: int = 32) -> nn.Sequential:
    """The untrained two-dimensional network; it maps log-mel spectrograms to logits.

    Parameters
    ----------
    n_classes : int >= 2
    seed : int, for the initial values
    hidden : int, units of the LSTM: 32 in the code behind the published accuracy, 256 in the paper's table

    Returns
    -------
    net : (batch, 1, 128, frames) float32 -> (batch, n_classes) float32 logits. frames >= 128; each 128 frames make
        one time step. Softmax and cross-entropy belong to the training loop.
    """
    net = sequential(
        *_block_2d(1, 64, pool=2),
        *_block_2d(64, 64, pool=4),
        *_block_2d(64, 128, pool=4),
        *_block_2d(128, 128, pool=4),
        ImageToSequence(),
        LastStateLSTM(128, hidden),
        nn.Linear(hidden, n_classes),
    )
    init_keras(net, torch.Generator().manual_seed(seed))
    return net


def dey_td_cnn_lstm(n_classes: int = 7, seed: int = 0) -> nn.Sequential:
    """The untrained time-distributed network, LSTM; (batch, 18, 1, 128, 5) float32 -> (batch, n_classes) logits."""
    return _time_distributed(n_classes, seed, bidirectional=False)


def dey_td_cnn_bilstm(n_classes: int = 7, seed: int = 0) -> nn.Sequential:
    """The untrained time-distributed network, BiLSTM; (batch, 18, 1, 128, 5) float32 -> (batch, n_classes) logits."""
    return _time_distributed(n_classes, seed, bidirectional=True)


def dey_1d_cnn_lstm(n_classes: int = 7, seed: int = 0) -> nn.Sequential:
    """The untrained one-dimensional network, LSTM; (batch, 1, 16000) float32 -> (batch, n_classes) logits."""
    return _one_dimensional(n_classes, seed, bidirectional=False)


def dey_1d_cnn_bilstm(n_classes: int = 7, seed: int = 0) -> nn.Sequential:
    """The untrained one-dimensional network, BiLSTM; (batch, 1, 16000) float32 -> (batch, n_classes) logits."""
    return _one_dimensional(n_classes, seed, bidirectional=True)


def _block_2d(channels_in: int, channels_out: int, pool: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels_in, channels_out, 3, padding="same"),
        batch_norm(channels_out, 2),
        nn.ELU(),
        nn.MaxPool2d(pool),
    ]


def _time_distributed(n_classes: int, seed: int, bidirectional: bool) -> nn.Sequential:
    net = sequential(
        *_block_td(1, kernel=(2, 2), pool=(2, 2)),
        *_block_td(128, kernel=(2, 2), pool=(2, 1)),
        *_block_td(128, kernel=(2, 1), pool=(2, 1)),
        *_block_td(128, kernel=(2, 1), pool=(2, 1)),
        TimeDistributed(ChannelsLastFlatten()),
        LastStateLSTM(7 * 128, 32, bidirectional),
        nn.Linear(64 if bidirectional else 32, n_classes),
    )
    init_keras(net, torch.Generator().manual_seed(seed))
    return net


def _block_td(channels_in: int, kernel: tuple[int, int], pool: tuple[int, int]) -> list[nn.Module]:
    return [
        TimeDistributed(nn.Sequential(nn.Conv2d(channels_in, 128, kernel), nn.ReLU())),  # Conv2D(activation="relu")
        TimeDistributed(batch_norm(128, 2)),
        TimeDistributed(nn.MaxPool2d(pool)),
    ]


def _one_dimensional(n_classes: int, seed: int, bidirectional: bool) -> nn.Sequential:
    net = sequential(
        *_block_1d(1, 64),
        *_block_1d(64, 64),
        *_block_1d(64, 128),
        *_block_1d(128, 128),
        ChannelsLast(),
        LastStateLSTM(128, 64, bidirectional),
        nn.Linear(128 if bidirectional else 64, n_classes),
    )
    init_keras(net, torch.Generator().manual_seed(seed))
    return net


def _block_1d(channels_in: int, channels_out: int) -> list[nn.Module]:
    return [
        nn.Conv1d(channels_in, channels_out, 3, padding="same"),
        batch_norm(channels_out, 1),
        nn.ELU(),
        nn.MaxPool1d(4),
    ]
