"""The conventions of the five papers, named in dsp/conventions/registry.py; `status` says where each comes from."""

from dataclasses import replace

from dsp.conventions import tools
from dsp.conventions.parameters import Convention

zheng_casia = Convention(
    tool="Zheng et al. 2023, the image script's spectrogram",
    status="verified against 1200 images that MATLAB wrote (spectrogram_images)",
    frame_length=256,
    hop_length=128,
    n_fft=512,
    window="hann",
    spectrum="magnitude",
    n_mels=None,
    log="20 log10",
    floor=2.0**-52,
    floor_rule="add",
    n_mfcc=None,
)

dey_emodb = replace(
    tools.librosa,
    tool="Dey et al., 2D CNN-LSTM: librosa 0.8 melspectrogram, amplitude_to_db of a power",
    status="from the paper's code: librosa's convention except for the edges, which 0.8 mirrored, and the logarithm",
    framing="center, reflect",
    log="20 log10",
    floor=1e-5,
    n_mfcc=None,
)

yadav_crnn = replace(
    tools.librosa,
    tool="Yadav et al., CRNN: the mel formula that the paper prints",
    status="from the paper: librosa's convention on the HTK scale",
    mel_scale="htk",
    n_mfcc=None,
)

finch_dycnn = Convention(
    tool="DyCNN + Bi-LSTM: 13 MFCC with deltas, 39 rows; we chose what the paper does not state",
    status="UNSTATED by the paper except for the 39",
    preemphasis=0.97,
    n_mels=40,
    floor=1e-10,
    delta_orders=2,
    delta_width=5,
)

wang_cl = Convention(
    tool="CL parallel CNN + LSTM: 13 MFCC; we chose what the paper does not state",
    status="UNSTATED by the paper except for pre-emphasis, Hamming, half-frame hop, 13 coefficients",
    preemphasis=0.97,
    frame_length=512,
    hop_length=256,
    n_fft=512,
    n_mels=26,
    floor=1e-10,
)
