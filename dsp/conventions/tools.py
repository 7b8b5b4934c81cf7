"""The conventions of known tools; dsp/conventions/registry.py gives them their names.

`status` says what each was verified against, or that it was not. Kaldi adds noise by default (dither); its preset does
not: dataclasses.replace(convention, dither=1.0) adds it.
"""

from dataclasses import replace

import numpy as np

from dsp.conventions.parameters import Convention
from dsp.mel import mel_to_hz

_FLT_EPSILON = float(np.finfo(np.float32).eps)
_DBL_EPSILON = float(np.finfo(np.float64).eps)
FROM_DOCUMENTS = "from documents only: not verified against the tool"

librosa = Convention(
    tool="librosa 0.11 feature.mfcc, feature.melspectrogram + power_to_db",
    status="verified against librosa 0.11.0 and frozen output of 0.9.2, 0.10.2; 1.0 by its documents alone: the same",
    frame_length=2048,
    hop_length=512,
    n_fft=2048,
    framing="center, zeros",
    window="hann",
    window_symmetry="periodic",
    window_alignment="center",
    n_mels=128,
    mel_scale="slaney",
    mel_norm="slaney",
    log="10 log10",
    floor=1e-10,
    dynamic_range=80.0,
    n_mfcc=20,
    lifter_first=1,
    delta_edges="interp",
    delta_second="curvature",
)

librosa_htk = replace(
    librosa, tool=librosa.tool + ", htk=True", status="verified against librosa 0.11.0", mel_scale="htk"
)

torchaudio = Convention(
    tool="torchaudio 2.11 transforms.MFCC, MelSpectrogram + AmplitudeToDB",
    status="verified against frozen output of torchaudio 2.11.0 (float32)",
    frame_length=400,
    hop_length=200,
    n_fft=400,
    framing="center, reflect",
    window="hann",
    window_symmetry="periodic",
    window_alignment="center",
    n_mels=128,
    log="10 log10",
    floor=1e-10,
    dynamic_range=80.0,
    n_mfcc=40,
    delta_width=5,
)

kaldi = Convention(
    tool="Kaldi compute-mfcc-feats, kaldi-native-fbank 1.22",
    status="verified against kaldi-native-fbank 1.22.5 (float32, dither 0, fed 16-bit values)",
    scale=32768.0,
    dc_removal="frame",
    preemphasis=0.97,
    preemphasis_in="frame",
    preemphasis_first="replicate",
    window="povey",
    n_mels=23,
    f_min=20.0,
    mel_triangles="mel",
    floor=_FLT_EPSILON,
    lifter=22.0,
    energy="replaces c0",
    energy_floor=_FLT_EPSILON,
    delta_width=5,
)

htk = Convention(
    tool="HTK 3.5 HCopy, TARGETKIND=MFCC_0, TARGETRATE=100000.0",
    status="verified against files of HTK's HCopy; a test holds its filters and cepstra against opensmile 2.6.0",
    scale=32768.0,
    preemphasis=0.97,
    preemphasis_in="frame",
    preemphasis_first="replicate",
    frame_length_s=0.0256,
    spectrum="magnitude",
    n_mels=20,
    mel_triangles="mel, cut at bins",
    floor=1.0,
    n_mfcc=12,
    dct_norm="htk",
    c0="last",
    lifter=22.0,
    delta_width=5,
)

python_speech_features = Convention(
    tool="python_speech_features 0.6 mfcc",
    status="verified against python_speech_features 0.6 (which cuts off frames longer than n_fft; here refused)",
    preemphasis=0.97,
    rounding="half up",
    n_fft=512,
    framing="pad tail",
    window="rectangular",
    spectrum_norm="n_fft",
    mel_triangles="bins",
    floor=_DBL_EPSILON,
    floor_rule="zeros only",
    lifter=22.0,
    energy="replaces c0",
    energy_of="spectrum",
    energy_floor=_DBL_EPSILON,
    delta_width=5,
)

spafe = Convention(
    tool="spafe 0.3.3 mfcc",
    status="verified against frozen output of spafe 0.3.3",
    preemphasis=0.97,
    n_fft=512,
    spectrum_norm="n_fft",
    n_mels=24,
    mel_triangles="stretched",
    floor=_DBL_EPSILON,
    floor_rule="zeros only",
)

opensmile_mfcc12 = Convention(
    tool="openSMILE 2.6 MFCC12_0_D_A.conf",
    status="verified against frozen output of opensmile 2.6.0 (float32)",
    scale=32768.0,
    preemphasis=0.97,
    preemphasis_in="frame",
    preemphasis_first="replicate",
    f_max=8000.0,
    mel_triangles="mel, cut at bins",
    floor=1.0,
    n_mfcc=12,
    dct_norm="htk",
    c0="last",
    lifter=22.0,
    delta_orders=2,
    delta_width=5,
    delta_second="delta of delta, extended",
)

essentia = Convention(
    tool="Essentia 2.1 FrameGenerator, Windowing, Spectrum, MFCC at their defaults",
    status="verified against frozen output of Essentia 2.1-beta6-dev (float32)",
    scale=2.0,  # its windows have sum 2
    frame_length=1024,
    hop_length=512,
    n_fft=1024,
    framing="scipy",
    window="hann",
    spectrum_norm="window sum",
    n_mels=40,
    f_max=11_000.0,
    mel_triangles="mel",
    mel_norm="sum",
    log="20 log10",  # of a power
    floor=1e-10,
)

matlab_audio_toolbox = Convention(
    tool="MATLAB Audio Toolbox mfcc",
    status=FROM_DOCUMENTS,
    frame_length_s=0.030,
    rounding="half up",
    window_symmetry="periodic",
    n_fft="frame length",
    spectrum="magnitude",
    n_mels=40,
    f_min=400 / 3,
    f_max=float(mel_to_hz(43, "slaney")),
    mel_scale="slaney",
    mel_norm="slaney",
    log="log10",
    floor=float(np.finfo(np.float64).tiny),
    floor_rule="zeros only",
    energy="first",
    energy_floor=float(np.finfo(np.float64).tiny),
)

voicebox = Convention(
    tool="VOICEBOX melcepst",
    status="verified against VOICEBOX in GNU Octave, 50 of 50 calls; a test repeats its documents, not the tool",
    frame_length_s=0.030,
    hop_length_s=None,
    rounding="power of two down",
    spectrum="magnitude",
    n_mels="3 ln rate",
    mel_triangles="mel",
    mel_norm="doubled",
    floor=1e-10,
    floor_rule="fraction of greatest bin",
    n_mfcc=12,
    c0="none",
)

scipy_stft = Convention(
    tool="scipy 1.17 signal.stft",
    status="verified against scipy 1.17.1",
    frame_length=256,
    hop_length_s=None,
    n_fft="frame length",
    framing="scipy",
    window="hann",
    window_symmetry="periodic",
    spectrum="magnitude",
    spectrum_norm="window sum",
    n_mels=None,
    log="20 log10",
    floor=_DBL_EPSILON,
    floor_rule="add",
    n_mfcc=None,
)

scipy_spectrogram = Convention(
    tool="scipy 1.17 signal.spectrogram: power spectral density, one-sided, no logarithm",
    status="verified against scipy 1.17.1",
    dc_removal="frame",
    frame_length=256,
    hop_length=224,
    n_fft="frame length",
    window="tukey",
    window_symmetry="periodic",
    spectrum_norm="density",
    spectrum_scaling="one-sided, doubled",
    n_mels=None,
    log=None,
    n_mfcc=None,
)

librosa_0_8 = replace(
    librosa,
    tool="librosa 0.5 to 0.8 feature.mfcc, feature.melspectrogram + power_to_db",
    status="verified against frozen output of librosa 0.6.3 and 0.8.1",
    framing="center, reflect",
)

torchaudio_kaldi = Convention(
    tool="torchaudio 2.11 compliance.kaldi.mfcc, fed samples between -1 and 1",
    status="verified against frozen output of torchaudio 2.11.0 (float32)",
    dc_removal="frame",
    preemphasis=0.97,
    preemphasis_in="frame",
    preemphasis_first="replicate",
    window="povey",
    n_mels=23,
    f_min=20.0,
    mel_triangles="mel",
    floor=_FLT_EPSILON,
    lifter=22.0,
    energy_floor=1.0,
)

kaldi_fbank = replace(
    kaldi,
    tool="Kaldi compute-fbank-feats --num-mel-bins=80, kaldi-native-fbank 1.22, 80 bands without energy",
    n_mels=80,
    n_mfcc=None,
    lifter=0.0,
    energy=None,
)

praat = Convention(
    tool="Praat 6.1 Sound: To MFCC.., and To MelSpectrogram.. in dB",
    status="verified against praat-parselmouth 0.4.7 (Praat 6.1.38); its frames at other rates: dsp.praat_frames",
    scale=1 / 2e-5,  # decibels above 2e-5 Pa
    frame_length_s=0.030,  # of the Gaussian window; Praat states half of it
    hop_length_s=0.005,
    framing="valid, centered",
    window="gaussian",
    spectrum_norm="praat",
    spectrum_scaling="one-sided, doubled",
    n_mels="every 100 mel",
    log="10 log10",
    floor=1e-30,
    floor_rule="zeros only",
    dct_norm="sum",
)

opensmile_compare = Convention(
    tool="openSMILE 2.6 ComParE_2016, mfcc_sma[1] to [14] and their deltas",
    status="verified against frozen output of opensmile 2.6.0 (float32)",
    scale=32768.0,
    frame_length_s=0.020,
    f_min=20.0,
    f_max=8000.0,
    mel_triangles="mel, cut at bins",
    floor=1.0,
    n_mfcc=14,
    dct_norm="htk",
    c0="none",
    lifter=22.0,
    smoothing=3,
    delta_orders=1,
    delta_width=5,
)
