"""The networks of Wang (EMO-DB, CASIA): a convolutional and a recurrent branch side by side, then dense layers.

    convolutional branch, input 128 frames x width, one channel     width 128 (spectrogram) or 13 (MFCC)
    Conv2d 32 3x3 same, ReLU, MaxPool 2     64 x width/2 x 32       320
    Conv2d 64 3x3 same, ReLU, MaxPool 2     32 x width/4 x 64       18 496
    Conv2d 64 3x3 same, ReLU, MaxPool 2     16 x width/8 x 64       36 928
    flattened                               16 384 or 1 024

    recurrent branch, input 128 frames x width
    LSTM 128, two layers, dropout 0.2       128                     205 312 (13 in) or 264 192 (128 in), two biases
    the last step, or all 128 steps flattened: 16 384

    each branch's output is scaled to 0 .. 1 (min-max of the example); the branches are concatenated
    Linear 128, ReLU, dropout 0.2           128                     128 (values + 1)
    Linear 64, ReLU, dropout 0.2            64                      8 256
    Linear classes                          classes                 65 classes

    name             CNN sees            LSTM sees       values    parameters, 7 classes (all steps)
    wang_cl          spectrogram         MFCC            16 512    2 383 431 (4 464 199)
    wang_control_1   spectrogram         spectrogram     16 512    2 442 311 (4 523 079)
    wang_control_2   MFCC                MFCC             1 152      417 351 (2 498 119)
    wang_control_3   MFCC                spectrogram      1 152      476 231 (2 556 999)
    wang_cnn         spectrogram         -               16 384    2 161 735
    wang_lstm        -                   MFCC               128      230 535 (2 311 303)

The paper's groups differ up to sixfold in their number of parameters, and its best two share the large convolutional
branch. So its comparison cannot separate the choice of features from the size of the network. wang_cnn and wang_lstm
are the single-feature models that the abstract mentions and the tables leave out.

The paper states the sizes of the layers, dropout 0.2, and "flattened, normalized, and concatenated". UNSTATED are the
padding, ReLU, the places of dropout, the absence of batch normalization, and PyTorch's initial values.

Source: Wang, "Research on Deep Learning-based Speech Emotion Recognition System", section 3 and table 1.
Checked: tests/test_wang_cl_nets_match_tables.py
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

FRAMES, BINS, COEFFICIENTS = 128, 128, 13
PARTS = {"spectrogram": slice(0, BINS), "mfcc": slice(BINS, BINS + COEFFICIENTS)}
UNITS, DROPOUT = 128, 0.2
MIN_RANGE = 1e-8  # keeps constant branches from dividing by 0


class ParallelNet(nn.Module):
    """Both branches, or only one of them.

    x : (batch, 128 frames, 128 bins + 13 coefficients) float32 -> (batch, n_classes) logits
    """

    def __init__(self, n_classes: int, cnn_sees: str | None, lstm_sees: str | None, all_steps: bool, scaled: bool):
        super().__init__()
        self.cnn_sees, self.lstm_sees, self.all_steps, self.scaled = cnn_sees, lstm_sees, all_steps, scaled
        fused = 0
        if cnn_sees:
            self.cnn = nn.Sequential(*_pooled(1, 32), *_pooled(32, 64), *_pooled(64, 64), nn.Flatten())
            fused += 64 * (FRAMES // 8) * (_width(cnn_sees) // 8)
        if lstm_sees:
            self.lstm = nn.LSTM(_width(lstm_sees), UNITS, num_layers=2, batch_first=True, dropout=DROPOUT)
            fused += UNITS * (FRAMES if all_steps else 1)
        self.head = nn.Sequential(
            *(nn.Linear(fused, 128), nn.ReLU(), nn.Dropout(DROPOUT)),
            *(nn.Linear(128, 64), nn.ReLU(), nn.Dropout(DROPOUT)),
            nn.Linear(64, n_classes),
        )

    def forward(self, x: Tensor, cnn: Callable[[Tensor], Tensor] | None = None) -> Tensor:
        """cnn : a replacement that computes the convolutional branch (nets/fused/fuse.py); None takes the branch"""
        branches = []
        if self.cnn_sees:
            branches.append((cnn or self.cnn)(x[:, None, :, PARTS[self.cnn_sees]]))
        if self.lstm_sees:
            steps, _ = self.lstm(x[:, :, PARTS[self.lstm_sees]])
            branches.append(steps.flatten(1) if self.all_steps else steps[:, -1])
        return self.head(torch.cat([min_max(branch) if self.scaled else branch for branch in branches], 1))


def min_max(x: Tensor) -> Tensor:
    """Scales each example to 0 .. 1: (x - min) / (max - min); constant values become 0. x is (batch, n)."""
    low, high = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
    return (x - low) / (high - low).clamp(min=MIN_RANGE)


def parallel_net(
    n_classes: int = 7,
    seed: int = 0,
    cnn_sees: str | None = "spectrogram",
    lstm_sees: str | None = "mfcc",
    all_steps: bool = False,
    scaled: bool = True,
) -> ParallelNet:
    """An untrained network with PyTorch's default initial values.

    Parameters
    ----------
    n_classes : int >= 2
    seed : int, for the initial values; PyTorch's global random state stays as it was
    cnn_sees, lstm_sees : "spectrogram" or "mfcc"; None leaves out the branch
    all_steps : bool, the other reading of "flattened": all steps of the LSTM instead of the last
    scaled : bool, whether the branches are scaled before they are concatenated
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ParallelNet(n_classes, cnn_sees, lstm_sees, all_steps, scaled)


def _pooled(channels_in: int, channels_out: int) -> list[nn.Module]:
    return [nn.Conv2d(channels_in, channels_out, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2)]


def _width(sees: str) -> int:
    return PARTS[sees].stop - PARTS[sees].start
