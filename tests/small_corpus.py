"""A folder of recordings that a test makes in a moment: noise and sines, of any rate and number of channels."""

import hashlib
from pathlib import Path

import numpy as np
import soundfile

import dsp


def make_corpus(folder: Path, n: int = 6, seconds: float = 0.5, rate: int = 16_000, channels: int = 1) -> list[Path]:
    """n recordings, a/000.wav, b/001.wav ...; the i-th is a little longer than the one before."""
    paths = []
    for i in range(n):
        path = folder / "ab"[i % 2] / f"{i:03d}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, make_signal(i, seconds * (1 + i / 20), rate, channels), rate, subtype="PCM_16")
        paths.append(path)
    return sorted(paths)


def make_signal(seed: int, seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    """(n, channels), a sine in noise."""
    n = round(seconds * rate)
    noise = np.random.default_rng(seed).normal(0, 0.05, (n, channels))
    return noise + 0.3 * np.sin(2 * np.pi * (200 + 30 * seed) * np.arange(n) / rate)[:, None]


def expected(path: Path, convention: str, kind: str, dtype: str = "float32", resample: int | None = None) -> np.ndarray:
    """The features of a recording by dsp alone, channels mixed."""
    signal, rate = dsp.read_audio(path)
    signal = signal.mean(axis=0) if signal.ndim == 2 else signal
    if resample is not None:
        signal, rate = dsp.resample(signal, rate, resample), resample
    return dsp.extract([signal], rate, convention, kind, dtype)[0]


def digests(folder: Path) -> dict[str, str]:
    """{file: hash of its content} of a folder; the files of claims do not count."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".locks" not in path.parts
    }
