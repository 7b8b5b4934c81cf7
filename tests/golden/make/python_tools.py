"""Output of tools that cannot be installed beside the others: torchaudio, spafe, openSMILE, Essentia.

    python3 -m venv other && other/bin/pip install torch==2.13.0 torchaudio==2.11.0 spafe==0.3.3 opensmile==2.6.0 \\
                             essentia==2.1b6.dev1389
    rm other/lib/python3*/site-packages/torchaudio/lib/*.so
    other/bin/python tests/golden/make/python_tools.py            writes ../features_<tool>.npz
    other/bin/python tests/golden/make/python_tools.py --check    compares with the stored files
    other/bin/python tests/golden/make/python_tools.py essentia   of these tools alone

torchaudio 2.11 does not load its compiled part beside torch 2.13 on a CPU, and transforms.MFCC needs none of it: hence
the rm, in that environment only. The input is a chirp with bursts of noise and a pause, whole numbers over 2^15.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
RATE = 16_000


def signal() -> np.ndarray:
    """1.1 s: a chirp that swells, a pause of exact zeros, noise that dies away; (17600,) float64."""
    n = np.arange(17_600)
    chirp = np.sin(2 * np.pi * (200 * n / RATE + 900 * (n / RATE) ** 2)) * n / n.size
    noise = ((n**2 * 7919) % 65_521 / 32_768 - 1) * np.exp(-((n % 4000) / 900))
    x = 0.5 * chirp + 0.3 * noise
    x[8000:9000] = 0
    return np.round(x * 32_767) / 32_768


def torchaudio_features(x: np.ndarray) -> dict:
    import torch
    import torchaudio

    samples = torch.from_numpy(x).float()
    level = torchaudio.transforms.AmplitudeToDB("power", 80.0)
    log_mel = level(torchaudio.transforms.MelSpectrogram(RATE)(samples))
    mfcc = torchaudio.transforms.MFCC(RATE)(samples)
    deltas = torchaudio.functional.compute_deltas(mfcc)
    kaldi = torchaudio.compliance.kaldi.mfcc(samples[None] * 32_768, sample_frequency=RATE)
    found = {"log_mel": log_mel, "mfcc": mfcc, "deltas": deltas, "kaldi_mfcc": kaldi.T}
    return {key: value.numpy() for key, value in found.items()} | {"version": torchaudio.__version__}


def spafe_features(x: np.ndarray) -> dict:
    from importlib.metadata import version

    from spafe.features.mfcc import mfcc

    return {"mfcc": mfcc(x, fs=RATE).T, "version": version("spafe")}


OPENSMILE_CONFIG = r"""
[componentInstances:cComponentManager]
instance[dataMemory].type=cDataMemory
printLevelStats=0

\{\cm[source{?}:include external source]}

[componentInstances:cComponentManager]
instance[frame].type=cFramer
instance[pe].type=cVectorPreemphasis
instance[win].type=cWindower
instance[fft].type=cTransformFFT
instance[mag].type=cFFTmagphase
instance[mel].type=cMelspec
instance[mfcc].type=cMfcc
instance[delta].type=cDeltaRegression
instance[accel].type=cDeltaRegression
instance[all].type=cVectorConcat

[frame:cFramer]
reader.dmLevel=wave
writer.dmLevel=frames
noPostEOIprocessing=1
frameSize=0.025
frameStep=0.010
frameMode=fixed
frameCenterSpecial=left

[pe:cVectorPreemphasis]
reader.dmLevel=frames
writer.dmLevel=emphasized
k=0.97
de=0

[win:cWindower]
reader.dmLevel=emphasized
writer.dmLevel=windowed
winFunc=ham

[fft:cTransformFFT]
reader.dmLevel=windowed
writer.dmLevel=fft

[mag:cFFTmagphase]
reader.dmLevel=fft
writer.dmLevel=magnitude

[mel:cMelspec]
reader.dmLevel=magnitude
writer.dmLevel=mel
htkcompatible=1
nBands=26
usePower=1
lofreq=0
hifreq=8000
specScale=mel

[mfcc:cMfcc]
reader.dmLevel=mel
writer.dmLevel=mfcc
htkcompatible=1
firstMfcc=0
lastMfcc=12
cepLifter=22.0

[delta:cDeltaRegression]
reader.dmLevel=mfcc
writer.dmLevel=delta
deltawin=2

[accel:cDeltaRegression]
reader.dmLevel=delta
writer.dmLevel=accel
deltawin=2

[all:cVectorConcat]
reader.dmLevel=mfcc;delta;accel
writer.dmLevel=lld
includeSingleElementFields=1

\{\cm[sink{?}:include external sink]}
"""


def opensmile_features(x: np.ndarray) -> dict:
    """The parameters of MFCC12_0_D_A.conf, which the package does not ship, written out from its manual."""
    import tempfile

    import opensmile

    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mfcc12_0_d_a.conf"
        config.write_text(OPENSMILE_CONFIG)
        smile = opensmile.Smile(feature_set=str(config), feature_level="lld", loglevel=0)
        table = smile.process_signal(x.astype(np.float32), RATE)
    return {"mfcc": table.to_numpy().T, "version": opensmile.__version__}


def essentia_features(x: np.ndarray) -> dict:
    """Every algorithm at its defaults, which are made for 44.1 kHz; frames of 1024, half of one apart."""
    import essentia
    import essentia.standard as es

    def frames(samples):
        return es.FrameGenerator(samples, frameSize=1024, hopSize=512)

    samples = x.astype(np.float32)
    windowing, spectrum, mfcc = es.Windowing(), es.Spectrum(), es.MFCC(inputSize=513)
    found = [mfcc(spectrum(windowing(frame))) for frame in frames(samples)]
    bands, cepstra = (np.stack(column, axis=1) for column in zip(*found, strict=True))
    counts = [len(list(frames(samples[:n]))) for n in range(1, 2001)]
    facts = {"sample_rate": 44_100, "frame_counts": counts, "version": essentia.__version__}
    return {"mel": bands, "mfcc": cepstra} | facts


TOOLS = (torchaudio_features, spafe_features, opensmile_features, essentia_features)


def main() -> int:
    x = signal()
    asked = [name for name in sys.argv[1:] if name != "--check"]
    for tool in TOOLS:
        name = tool.__name__.removesuffix("_features")
        if asked and name not in asked:
            continue
        made = {"signal": x, "sample_rate": RATE, **tool(x)}
        target = HERE.parent / f"features_{name}.npz"
        if "--check" in sys.argv:
            stored = np.load(target)
            different = [key for key in made if key != "version" and not np.allclose(stored[key], made[key], rtol=1e-5)]
            print(f"{target.name}: " + (f"different: {', '.join(different)}" if different else "equal"))
            if different:
                return 1
        else:
            np.savez_compressed(target, **made)
            print(target.name, hashlib.sha256(target.read_bytes()).hexdigest(), target.stat().st_size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
