"""A small network of our own, for the recogniser: one hidden layer on statistics of a whole recording.

    layer                output   parameters
    Dense 128, ReLU      128      128 (395 + 1)   50 688
    Dropout 0.5
    Dense 8, softmax     8        8 (128 + 1)      1 032
                                  total           51 720

It is no paper's network. The statistics (experiments/inputs/statistics.py) are those of the baselines, so it shows what
a network reaches that sees the whole recording. Its sizes were fixed before its first run and not tuned.

Checked: tests/test_statistics_mlp.py
"""

import torch
from torch import nn

from nets.layers.keras import init_keras, sequential

N_INPUTS, HIDDEN, DROPOUT = 395, 128, 0.5


def statistics_mlp(n_classes: int = 8, seed: int = 0) -> nn.Sequential:
    """The untrained network; it maps z-scored statistics to logits.

    Parameters
    ----------
    n_classes : int >= 2
    seed : int, for the initial values

    Returns
    -------
    net : (batch, 395) float32 -> (batch, n_classes) float32 logits
    """
    net = sequential(nn.Linear(N_INPUTS, HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(HIDDEN, n_classes))
    init_keras(net, torch.Generator().manual_seed(seed))
    return net
