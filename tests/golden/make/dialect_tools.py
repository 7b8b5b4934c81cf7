"""Output of the tools behind the presets of dialects, which install into environments of their own.

    python3 -m venv other; other/bin/pip install torch==2.13.0 torchaudio==2.11.0 librosa==0.11.0 torchlibrosa==0.1.0 \\
        openai-whisper==20250625 speechbrain==1.1.2 transformers==5.24.0 espnet==202511 torchvggish==0.2 \\
        bigvgan==2.4.1 spafe==0.3.3 opensmile==2.6.0 keras==3.15.1 nemo_toolkit[asr]==3.0.0 praat-parselmouth==0.4.7
    rm other/lib/python3*/site-packages/torchaudio/lib/*.so
    other/bin/python tests/golden/make/dialect_tools.py            writes ../features_<tool>.npz
    other/bin/python tests/golden/make/dialect_tools.py --check    compares with the stored files
    other/bin/python tests/golden/make/dialect_tools.py whisper    of this tool alone

`tensorflow` was made with tensorflow-cpu==2.21.0, `librosa_0_8` with librosa==0.8.1 and `librosa_0_6` with
librosa==0.6.3 (pip install --no-deps), both beside numpy==1.23.5 and numba==0.58.1, `librosa_0_9` with librosa==0.9.2
and `librosa_0_10` with librosa==0.10.2.post1, each in its own environment; a tool that is not installed is left out.
The input is a chirp with a burst of noise and a pause, whole numbers over 2^15. The last axis of every array is time.
"""

import sys
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
N = 8_000


def signal() -> np.ndarray:
    """8000 samples: a chirp that swells, 600 exact zeros, noise that dies away; float64."""
    n = np.arange(N)
    chirp = np.sin(2 * np.pi * (200 * n / 16_000 + 3000 * (n / 16_000) ** 2)) * n / N
    noise = ((n**2 * 7919) % 65_521 / 32_768 - 1) * np.exp(-((n % 4000) / 900))
    x = 0.5 * chirp + 0.3 * noise
    x[3300:3900] = 0
    return np.round(x * 32_767) / 32_768


def whisper_features(x: np.ndarray) -> dict:
    import torch
    import whisper.audio

    samples = torch.from_numpy(x).float()
    bands = {f"log_mel_{n}": whisper.audio.log_mel_spectrogram(samples, n).numpy() for n in (80, 128)}
    return bands | {"version": version("openai-whisper")}


def speechbrain_features(x: np.ndarray) -> dict:
    import torch
    from speechbrain.lobes.features import MFCC, Fbank

    samples = torch.from_numpy(x).float()[None]
    with torch.no_grad():
        made = {
            "fbank": Fbank()(samples)[0].T.numpy(),
            "mfcc": MFCC(deltas=False, context=False)(samples)[0].T.numpy(),
            "deltas": MFCC(deltas=True, context=False)(samples)[0].T.numpy(),
        }
    return made | {"version": version("speechbrain")}


def hifigan_features(x: np.ndarray) -> dict:
    """HiFi-GAN's function as BigVGAN carries it on, and UnivNet's extractor in transformers."""
    import torch
    from bigvgan.meldataset import mel_spectrogram
    from transformers import UnivNetFeatureExtractor

    samples = torch.from_numpy(x).float()
    bigvgan = mel_spectrogram(samples[None], 1024, 80, 22_050, 256, 1024, 0, 8000)[0].numpy()
    univnet = UnivNetFeatureExtractor()(
        x.astype(np.float32), sampling_rate=24_000, return_tensors="np", do_normalize=False
    )
    return {
        "bigvgan": bigvgan,
        "univnet": univnet["input_features"][0].T,
        "version": f"{version('bigvgan')}, {version('transformers')}",
    }


def tacotron2_features(x: np.ndarray) -> dict:
    import torch
    from speechbrain.lobes.models.Tacotron2 import mel_spectrogram

    samples = torch.from_numpy(x).float()
    mel = mel_spectrogram(22_050, 256, 1024, 1024, 80, 0, 8000, 1, False, "slaney", "slaney", True, samples)
    return {"log_mel": mel.numpy(), "version": version("speechbrain")}


def transformers_features(x: np.ndarray) -> dict:
    from transformers import ASTFeatureExtractor, SeamlessM4TFeatureExtractor, Speech2TextFeatureExtractor

    samples, options = x.astype(np.float32), {"sampling_rate": 16_000, "return_tensors": "np"}
    ast = ASTFeatureExtractor()(samples, **options)["input_values"][0].T
    seamless = SeamlessM4TFeatureExtractor(stride=1)(samples, **options)["input_features"][0].T
    s2t = Speech2TextFeatureExtractor(do_ceptral_normalize=True)(samples, **options)["input_features"][0].T
    return {"ast": ast, "seamless_m4t": seamless, "speech_to_text": s2t, "version": version("transformers")}


def panns_features(x: np.ndarray) -> dict:
    import torch
    from torchlibrosa.stft import LogmelFilterBank, Spectrogram

    samples = torch.from_numpy(x).float()[None]
    power = Spectrogram(n_fft=1024, hop_length=320, win_length=1024, window="hann", center=True, pad_mode="reflect")
    bank = LogmelFilterBank(sr=32_000, n_fft=1024, n_mels=64, fmin=50, fmax=14_000, ref=1.0, amin=1e-10, top_db=None)
    return {"log_mel": bank(power(samples))[0, 0].detach().numpy().T, "version": version("torchlibrosa")}


def espnet_features(x: np.ndarray) -> dict:
    import torch
    from espnet2.asr.frontend.default import DefaultFrontend
    from espnet2.tts.feats_extract.log_mel_fbank import LogMelFbank

    samples, length = torch.from_numpy(x).float()[None], torch.tensor([x.size])
    with torch.no_grad():
        asr = DefaultFrontend(fs=16_000)(samples, length)[0][0].T.numpy()
        tts = LogMelFbank(fs=24_000)(samples, length)[0][0].T.numpy()
    return {"asr": asr, "tts": tts, "version": version("espnet")}


def vggish_features(x: np.ndarray) -> dict:
    from torchvggish import mel_features, vggish_params

    vggish = mel_features.log_mel_spectrogram(
        x,
        audio_sample_rate=vggish_params.SAMPLE_RATE,
        log_offset=vggish_params.LOG_OFFSET,
        window_length_secs=vggish_params.STFT_WINDOW_LENGTH_SECONDS,
        hop_length_secs=vggish_params.STFT_HOP_LENGTH_SECONDS,
        num_mel_bins=vggish_params.NUM_MEL_BINS,
        lower_edge_hertz=vggish_params.MEL_MIN_HZ,
        upper_edge_hertz=vggish_params.MEL_MAX_HZ,
    )
    return {"vggish": vggish.T, "version": version("torchvggish")}


def torchaudio_kaldi_features(x: np.ndarray) -> dict:
    import torch
    import torchaudio
    from torchaudio.compliance import kaldi

    samples = torch.from_numpy(x).float()[None]
    made = {
        "fbank": kaldi.fbank(samples),
        "mfcc": kaldi.mfcc(samples),
        "fbank_energy": kaldi.fbank(samples, use_energy=True),
        "fbank_energy_last": kaldi.fbank(samples, use_energy=True, htk_compat=True),
        "mfcc_energy": kaldi.mfcc(samples * 32_768, use_energy=True),
        "mfcc_energy_last": kaldi.mfcc(samples, use_energy=True, htk_compat=True),
    }
    return {name: value.numpy().T for name, value in made.items()} | {"version": torchaudio.__version__}


def nemo_features(x: np.ndarray) -> dict:
    import torch
    from nemo.collections.asr.parts.preprocessing.features import FilterbankFeatures

    samples, length = torch.from_numpy(x).float()[None], torch.tensor([x.size])
    made = {}
    for name, normalize in (("per_feature", "per_feature"), ("log_mel", None)):  # 25 ms, 80 bands: its ASR models
        options = {"n_window_size": 400, "n_window_stride": 160, "n_fft": 512, "nfilt": 80, "normalize": normalize}
        module = FilterbankFeatures(**options, dither=0.0, pad_to=0).eval()
        made[name] = module(samples, length)[0][0].detach().numpy()
    return made | {"version": version("nemo_toolkit")}


def keras_features(x: np.ndarray) -> dict:
    import os

    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    return {"log_mel": np.asarray(keras.layers.MelSpectrogram()(x.astype(np.float32))), "version": keras.__version__}


def spafe_band_features(x: np.ndarray) -> dict:
    from spafe.features.mfcc import mfcc

    limits = {"low_freq": 300, "high_freq": 3400}
    return {"mfcc": mfcc(x, fs=16_000, **limits).T, "version": version("spafe")}


def opensmile_compare_features(x: np.ndarray) -> dict:
    """ComParE_2016's low-level descriptors: c1 .. c14 and their deltas, smoothed over three frames."""
    import opensmile

    made = {}
    for level in ("LowLevelDescriptors", "LowLevelDescriptors_Deltas"):
        smile = opensmile.Smile(opensmile.FeatureSet.ComParE_2016, opensmile.FeatureLevel[level])
        table = smile.process_signal(x.astype(np.float32), 16_000)
        made[level] = table[[name for name in table.columns if "mfcc" in name]].to_numpy().T
    return {
        "mfcc": made["LowLevelDescriptors"],
        "deltas": made["LowLevelDescriptors_Deltas"],
        "version": opensmile.__version__,
    }


def tensorflow_features(x: np.ndarray) -> dict:
    """tf.signal with the numbers of its documentation, and as YAMNet calls it."""
    import tensorflow as tf

    samples, made = tf.constant(x.astype(np.float32)), {}
    for name, pad_end in (("", False), ("_pad_end", True)):
        magnitude = tf.abs(tf.signal.stft(samples, 1024, 256, fft_length=1024, pad_end=pad_end))
        bank = tf.signal.linear_to_mel_weight_matrix(80, 513, 16_000, 80.0, 7600.0)
        level = tf.math.log(tf.tensordot(magnitude, bank, 1) + 1e-6)
        made["log_mel" + name] = level.numpy().T
        made["mfcc" + name] = tf.signal.mfccs_from_log_mel_spectrograms(level)[..., :13].numpy().T
    magnitude = tf.abs(tf.signal.stft(samples, 400, 160, fft_length=512))
    bank = tf.signal.linear_to_mel_weight_matrix(64, 257, 16_000, 125.0, 7500.0)
    made["yamnet"] = tf.math.log(tf.matmul(magnitude, bank) + 0.001).numpy().T
    return made | {"version": tf.__version__}


def librosa_of(series: str, x: np.ndarray) -> dict:
    import librosa

    if not librosa.__version__.startswith(f"{series}."):
        raise ImportError(f"librosa {librosa.__version__} is not {series}")
    mfcc = librosa.feature.mfcc(y=x, sr=16_000)
    log_mel = librosa.power_to_db(librosa.feature.melspectrogram(y=x, sr=16_000))
    return {"mfcc": mfcc, "log_mel": log_mel, "version": librosa.__version__}


def librosa_0_6_features(x: np.ndarray) -> dict:
    """It imports numba.decorators, which later versions of Numba no longer have."""
    import numba

    sys.modules["numba.decorators"] = numba
    return librosa_of("0.6", x)


def librosa_0_8_features(x: np.ndarray) -> dict:
    import librosa

    made = librosa_of("0.8", x)
    return made | {"delta2": librosa.feature.delta(made["mfcc"], order=2)}


def librosa_0_9_features(x: np.ndarray) -> dict:
    return librosa_of("0.9", x)


def librosa_0_10_features(x: np.ndarray) -> dict:
    return librosa_of("0.10", x)


def praat_features(x: np.ndarray) -> dict:
    """Sound: To MFCC.. and To MelSpectrogram.. (in dB) at their defaults.

    The name of an array tells how many samples of x it has, and their rate.
    """
    import parselmouth
    from parselmouth.praat import call

    made = {}
    for n, rate in ((7999, 16_000), (7998, 16_000), (8000, 16_000), (8000, 8_000), (7999, 24_000), (8000, 48_000)):
        sound = parselmouth.Sound(x[:n], sampling_frequency=rate)
        if (n, rate) == (7999, 16_000):
            mel = call(sound, "To MelSpectrogram...", 0.015, 0.005, 100.0, 100.0, 0.0)
            made[f"log_mel_{n}_{rate}"] = call(mel, "To Matrix...", True).values
        made[f"mfcc_{n}_{rate}"] = call(sound, "To MFCC...", 12, 0.015, 0.005, 100.0, 100.0, 0.0).to_array()
    return made | {"version": f"{version('praat-parselmouth')}, Praat {parselmouth.PRAAT_VERSION}"}


TOOLS = {
    name.removesuffix("_features"): function for name, function in list(globals().items()) if name.endswith("_features")
}


def main() -> int:
    x = signal()
    asked = [name for name in sys.argv[1:] if name != "--check"]
    for name in asked or TOOLS:
        try:
            made = {"signal": x, **TOOLS[name](x)}
        except ImportError as error:
            print(f"{name}: left out ({error})")
            continue
        target = HERE.parent / f"features_{name}.npz"
        if "--check" in sys.argv:
            stored = np.load(target)
            different = [key for key in made if key != "version" and not np.allclose(stored[key], made[key], rtol=1e-4)]
            print(f"{target.name}: " + (f"different: {', '.join(different)}" if different else "equal"))
            if different:
                return 1
        else:
            np.savez_compressed(target, **made)
            print(target.name, sha256(target.read_bytes()).hexdigest(), target.stat().st_size, made["version"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
