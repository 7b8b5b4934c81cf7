"""The conventions of the front ends of neural networks; dsp/conventions/registry.py gives them their names.

A front end often goes on: it pads to 30 s, cuts patches or stacks frames. `tool` says what its preset leaves out.
"""

from dataclasses import replace

from dsp.conventions import tools
from dsp.conventions.parameters import Convention

whisper = Convention(
    tool="openai-whisper log_mel_spectrogram (80 bands, without its padding to 30 s)",
    status="verified against frozen output of openai-whisper 20250625 (float32), as of its copy in transformers",
    frame_length=400,
    hop_length=160,
    n_fft=400,
    framing="center, reflect",
    last_frame="dropped",
    window="hann",
    window_symmetry="periodic",
    window_alignment="center",
    n_mels=80,
    mel_scale="slaney",
    mel_norm="slaney",
    log="log10",
    floor=1e-10,
    dynamic_range=8.0,
    log_gain=0.25,
    log_offset=1.0,
    n_mfcc=None,
)

whisper_large_v3 = replace(whisper, tool="openai-whisper log_mel_spectrogram (128 bands: large-v3, turbo)", n_mels=128)

speechbrain_fbank = Convention(
    tool="SpeechBrain 1.1 lobes.features.Fbank",
    status="verified against frozen output of speechbrain 1.1.2 (float32)",
    framing="center, zeros",
    window_symmetry="periodic",
    window_alignment="center",
    n_fft=400,
    n_mels=40,
    mel_triangles="symmetric",
    log="10 log10",
    dynamic_range=80.0,
    n_mfcc=None,
)

speechbrain_mfcc = replace(
    speechbrain_fbank,
    tool="SpeechBrain 1.1 lobes.features.MFCC (without the context of neighboring frames)",
    n_mels=23,
    n_mfcc=20,
    delta_orders=2,
    delta_width=5,
)

espnet = Convention(
    tool="ESPnet2 asr.frontend.default.DefaultFrontend",
    status="verified against frozen output of espnet 202511 (float32)",
    frame_length=512,
    hop_length=128,
    n_fft=512,
    framing="center, reflect",
    window="hann",
    window_symmetry="periodic",
    window_alignment="center",
    n_mels=80,
    mel_scale="slaney",
    mel_norm="slaney",
    n_mfcc=None,
)

espnet_tts = replace(
    espnet,
    tool="ESPnet2 tts.feats_extract.log_mel_fbank.LogMelFbank",
    frame_length=1024,
    hop_length=256,
    n_fft=1024,
    spectrum="magnitude",
    spectrum_floor=1e-10,
    spectrum_floor_rule="at least",
    f_min=80.0,
    f_max=7600.0,
    log="log10",
)

nemo = Convention(
    tool="NeMo FilterbankFeatures as its ASR models call it (without the masked last frame and padding)",
    status="verified against frozen output of nemo_toolkit 3.0.0 (float32, dither 0)",
    preemphasis=0.97,
    framing="center, zeros",
    last_frame="dropped",
    window="hann",
    window_alignment="center",
    n_fft=512,
    n_mels=80,
    mel_scale="slaney",
    mel_norm="slaney",
    floor=2.0**-24,
    floor_rule="add",
    n_mfcc=None,
    normalization="mean and variance",
    normalization_ddof=1,
    normalization_eps=1e-5,
)

tacotron2 = Convention(
    tool="NVIDIA Tacotron 2 TacotronSTFT (22050 Hz)",
    status="verified against frozen output of SpeechBrain 1.1.2's copy of it (float32)",
    frame_length=1024,
    hop_length=256,
    n_fft=1024,
    framing="center, reflect",
    window="hann",
    window_symmetry="periodic",
    window_alignment="center",
    spectrum="magnitude",
    n_mels=80,
    f_max=8000.0,
    mel_scale="slaney",
    mel_norm="slaney",
    floor=1e-5,
    n_mfcc=None,
)

hifigan = replace(
    tacotron2,
    tool="HiFi-GAN meldataset.mel_spectrogram (22050 Hz)",
    status="verified against frozen output of BigVGAN 2.4.1's copy of it (float32)",
    framing="half overlap, reflect",
    spectrum_floor=1e-9,
)

vggish = Convention(
    tool="VGGish mel_features.log_mel_spectrogram (16 kHz)",
    status="verified against frozen output of torchvggish 0.2, its original code",
    window="hann",
    window_symmetry="periodic",
    spectrum="magnitude",
    n_mels=64,
    f_min=125.0,
    f_max=7500.0,
    mel_scale="kaldi",
    mel_triangles="mel",
    floor=0.01,
    floor_rule="add",
    n_mfcc=None,
)

yamnet = replace(
    vggish,
    tool="YAMNet features.waveform_to_log_mel_spectrogram_patches (16 kHz, before it cuts patches)",
    status="verified against frozen output of tf.signal in TensorFlow 2.21, called as YAMNet does (float32)",
    floor=0.001,
)

panns = Convention(
    tool="PANNs: torchlibrosa Spectrogram + LogmelFilterBank (32 kHz)",
    status="verified against frozen output of torchlibrosa 0.1.0 (float32)",
    frame_length=1024,
    hop_length=320,
    n_fft=1024,
    framing="center, reflect",
    window="hann",
    window_symmetry="periodic",
    window_alignment="center",
    n_mels=64,
    f_min=50.0,
    f_max=14_000.0,
    mel_scale="slaney",
    mel_norm="slaney",
    log="10 log10",
    n_mfcc=None,
)

ast = replace(
    tools.torchaudio_kaldi,
    tool="Audio Spectrogram Transformer: transformers ASTFeatureExtractor (before its padding to 1024 frames)",
    status="verified against frozen output of transformers 5.24.0 (float32)",
    window="hann",
    n_mels=128,
    log_gain=1 / (2 * 4.5689974),
    log_offset=4.2677393 / (2 * 4.5689974),
    n_mfcc=None,
    lifter=0.0,
)

seamless_m4t = replace(
    tools.kaldi_fbank,
    tool="SeamlessM4T, wav2vec-BERT: transformers SeamlessM4TFeatureExtractor (before it stacks two frames)",
    status="verified against frozen output of transformers 5.24.0 (float32)",
    normalization="mean and variance",
    normalization_ddof=1,
    normalization_eps=1e-7,
    normalization_eps_to="variance",
)

speech_to_text = replace(
    tools.kaldi_fbank,
    tool="Speech2Text: transformers Speech2TextFeatureExtractor",
    status="verified against frozen output of transformers 5.24.0 (float32)",
    normalization="mean and variance",
)

tensorflow = Convention(
    tool="TensorFlow 2.21 tf.signal.stft to mfccs_from_log_mel_spectrograms, with the numbers of its documentation",
    status="verified against frozen output of TensorFlow 2.21 (float32)",
    frame_length=1024,
    hop_length=256,
    n_fft=1024,
    window="hann",
    window_symmetry="periodic",
    spectrum="magnitude",
    n_mels=80,
    f_min=80.0,
    f_max=7600.0,
    mel_scale="kaldi",
    mel_triangles="mel",
    floor=1e-6,
    floor_rule="add",
    dct_norm="htk",
)

tensorflow_pad_end = replace(tensorflow, tool=tensorflow.tool + ", pad_end=True", framing="every hop")

keras = Convention(
    tool="Keras 3.15 layers.MelSpectrogram",
    status="verified against frozen output of Keras 3.15.1 on PyTorch (float32)",
    frame_length=2048,
    hop_length=512,
    n_fft=2048,
    framing="center, reflect",
    window="hann",
    window_symmetry="periodic",
    window_alignment="center",
    n_mels=128,
    f_min=20.0,
    mel_scale="kaldi",
    mel_triangles="mel",
    log="10 log10",
    dynamic_range=80.0,
    n_mfcc=None,
)
