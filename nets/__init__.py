"""The papers' networks, one file per paper. `layers/` has the layers that MATLAB and Keras compute differently from
PyTorch; `fused/` computes the same networks faster; `front_end/` computes `dsp`'s features inside a network.

nets.build("zheng_cnn_lstm", n_classes=6)      an untrained torch module; the names are the keys of SYSTEMS
nets.count_parameters(net)                     (total, trainable), as the source framework prints them
nets.summary(net, example_shape)               the table that Keras prints
nets.front_end("kaldi_fbank", 16_000, ...)     waveforms -> features under any convention of `dsp`, with gradients

nets.FeatureDataset("FEATURES")                (features, label) of a corpus for a DataLoader: data.py
nets.pad_batch, nets.split_by_speaker          its batches of unequal lengths; parts without a common speaker
nets.augmentation                              other speeds, rooms, noise, masks: steps for the dataset

name                   paper        input (batch, ...)   logits out, (batch, n_classes)
zheng_cnn_lstm         001, MATLAB  (3, 224, 224)        color, row, column
dey_2d_cnn_lstm        000, Keras   (1, 128, frames)     frames >= 128; 251 in the authors' code
dey_2d_cnn_lstm_256    000, Keras   (1, 128, frames)     the LSTM with the 256 units of the paper's table
dey_td_cnn_lstm        000, Keras   (18, 1, 128, 5)      segment, channel, mel band, frame
dey_td_cnn_bilstm      000, Keras   (18, 1, 128, 5)
dey_1d_cnn_lstm        000, Keras   (1, 16000)
dey_1d_cnn_bilstm      000, Keras   (1, 16000)
yadav_crnn             003, Keras   (1, 128, 259)
yadav_crnn_elu, yadav_crnn_kernels_3                     with ELU, with 3 x 3 kernels: what the paper compares with
finch_dycnn_bilstm     002, Keras   (1, 300, 39)         frame, row
finch_cnn_bilstm, finch_dycnn_lstm, finch_cnn_lstm       its ablations
wang_cl                004          (128, 141)           frame; 128 bins and 13 coefficients
wang_control_1, _2, _3                                   its control groups
wang_cnn, wang_lstm                                      one branch alone
wang_*_all_steps                                         the other reading of "flattened"; not for wang_cnn
wang_*_unscaled, wang_*_all_steps_unscaled               the branches joined without min-max scaling
statistics_mlp         none         (395,)               the recogniser's own network
"""

from importlib.util import find_spec

from dsp.files.extras import require

__all__ = [
    "SYSTEMS",
    "Batch",
    "FeatureDataset",
    "augmentation",
    "build",
    "count_parameters",
    "front_end",
    "pad_batch",
    "split_by_speaker",
    "summary",
]

if find_spec("torch"):
    from nets import augmentation
    from nets.data import Batch, FeatureDataset, pad_batch, split_by_speaker
    from nets.front_end import front_end
    from nets.layers.keras_summary import summary
    from nets.layers.matlab import count_parameters
    from nets.systems import SYSTEMS, build
else:

    def __getattr__(name: str):
        """The import succeeds without PyTorch; each public name then says in one line what installs it."""
        if name in __all__:
            require("torch", feature=f"nets.{name}", extra="train")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
