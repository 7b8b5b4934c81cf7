"""Times nets.front_end beside torchaudio, nnAudio, librosa and kaldi-native-fbank: features of a batch, and gradients.

    python -m experiments.benchmarks.front_end [--rounds N] [--device cpu|cuda] [--store]

Example: python -m experiments.benchmarks.front_end --rounds 9

Every row compares two programs that give the same features of four clips of 10 s at 16 kHz; that is checked first.
They take turns; on the CPU each has one thread. What is not installed has no rows (torchaudio has no build for every
version of PyTorch). On a GPU only programs of PyTorch are timed, and every call waits until the device is done. Rows
with gradients go from the waveform to the gradient of the features' sum at the waveform. --store keeps the result for
the table in BENCHMARKS.md: front_end.json of a CPU, front_end_gpu.json of a GPU. The errors, sizes and times of all
presets are measured by experiments.benchmarks.agreement.
"""

import argparse
import os
import sys

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # before NumPy

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from importlib.util import find_spec

import numpy as np
import torch

import nets
from dsp.export.signals import golden_signals
from dsp.files.commands import BAD_INPUT, NO
from experiments.common import timing

RATE, CLIP_S, N_CLIPS = 16_000, 10.0, 4
OURS = "nets.front_end"


@dataclass(frozen=True)
class Pair:
    """Two programs: waveforms (batch, samples) -> features (batch, rows, frames)."""

    task: str
    ours: Callable[[torch.Tensor], torch.Tensor]
    peer_name: str
    peer: Callable[[torch.Tensor], torch.Tensor]
    tolerance: float  # in the features' unit
    of_torch: bool = True  # whether the peer runs on a GPU and has gradients


def ours(name: str, kind: str, device: str) -> Callable[[torch.Tensor], torch.Tensor]:
    module = nets.front_end(name, RATE, kind=kind).to(device)  # type: ignore[arg-type]
    return lambda x: module(x)[0]


def version_of(distribution: str) -> str:
    return f"{distribution} {metadata.version(distribution)}"


def pairs(device: str) -> Iterator[Pair]:
    """The pairs whose peers are installed."""
    if find_spec("torchaudio"):
        yield from torchaudio_pairs(device)
    if find_spec("nnAudio"):
        yield from nnaudio_pairs(device)
    if find_spec("librosa"):
        yield from librosa_pairs(device)
    if find_spec("kaldi_native_fbank"):
        yield kaldi_pair(device)


def torchaudio_pairs(device: str) -> Iterator[Pair]:
    import torchaudio
    from torchaudio.compliance import kaldi

    mel = torchaudio.transforms.MelSpectrogram(RATE)
    level = torch.nn.Sequential(mel, torchaudio.transforms.AmplitudeToDB(top_db=80)).to(device)
    cepstra = torchaudio.transforms.MFCC(RATE).to(device)
    name = version_of("torchaudio")

    def fbank(x: torch.Tensor) -> torch.Tensor:
        return torch.stack([kaldi.fbank(clip[None], dither=0.0).T for clip in x])

    yield Pair("log-mel, torchaudio", ours("torchaudio", "log_mel", device), name, level, 0.05)
    yield Pair("MFCC, torchaudio", ours("torchaudio", "mfcc", device), name, cepstra, 0.05)
    yield Pair("fbank, torchaudio.compliance.kaldi", ours("torchaudio_kaldi", "log_mel", device), name, fbank, 0.05)


def nnaudio_pairs(device: str) -> Iterator[Pair]:
    from nnAudio.features.mel import MFCC, MelSpectrogram

    how = {"sr": RATE, "n_fft": 2048, "hop_length": 512, "n_mels": 128, "verbose": False}
    mel = MelSpectrogram(**how).to(device)
    cepstra = MFCC(n_mfcc=20, **how).to(device)
    name = version_of("nnAudio")
    yield Pair("mel, nnAudio", ours("librosa_0_8", "mel", device), name, mel, 0.1)
    yield Pair("MFCC, nnAudio", ours("librosa_0_8", "mfcc", device), name, cepstra, 0.1)


def librosa_pairs(device: str) -> Iterator[Pair]:
    import librosa

    def each(function: Callable[[np.ndarray], np.ndarray], x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(np.stack([function(clip) for clip in x.numpy()]))

    def level(clip: np.ndarray) -> np.ndarray:
        return librosa.power_to_db(librosa.feature.melspectrogram(y=clip, sr=RATE))

    def cepstra(clip: np.ndarray) -> np.ndarray:
        return librosa.feature.mfcc(y=clip, sr=RATE)

    name = version_of("librosa")
    yield Pair("log-mel, librosa", ours("librosa", "log_mel", device), name, partial(each, level), 0.05, False)
    yield Pair("MFCC, librosa", ours("librosa", "mfcc", device), name, partial(each, cepstra), 0.05, False)


def kaldi_pair(device: str) -> Pair:
    import kaldi_native_fbank

    options = kaldi_native_fbank.MfccOptions()
    options.frame_opts.dither, options.frame_opts.samp_freq = 0, RATE

    def cepstra(x: torch.Tensor) -> torch.Tensor:
        features = []
        for clip in x.numpy() * 32_768:
            running = kaldi_native_fbank.OnlineMfcc(options)
            running.accept_waveform(RATE, clip.tolist())
            running.input_finished()
            features.append([running.get_frame(i) for i in range(running.num_frames_ready)])
        return torch.from_numpy(np.array(features)).transpose(1, 2)

    return Pair("MFCC, Kaldi", ours("kaldi", "mfcc", device), version_of("kaldi-native-fbank"), cepstra, 0.05, False)


def clips(device: str) -> torch.Tensor:
    """(4, 160000) float32: synthetic speech with a little noise, each clip begun elsewhere."""
    speech = np.resize(golden_signals(RATE)["speech"] / 32_768, round(CLIP_S * RATE))
    shifted = np.stack([np.roll(speech, 1000 * i) for i in range(N_CLIPS)])
    noise = 1e-3 * np.random.default_rng(0).standard_normal(shifted.shape)
    return torch.from_numpy(shifted + noise).float().to(device)


def check(pair: Pair, x: torch.Tensor) -> None:
    """Raises DifferentError if the two programs differ."""
    found, expected = pair.ours(x).cpu(), pair.peer(x).cpu()
    gap = float((found - expected).abs().max()) if found.shape == expected.shape else float("inf")
    if not gap <= pair.tolerance:
        raise timing.DifferentError(
            f"{pair.task}: {OURS} {tuple(found.shape)} and {pair.peer_name} {tuple(expected.shape)} differ by {gap:.2g}"
        )


def forward(program: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> None:
    with torch.inference_mode():
        program(x)
    synchronize(x)


def with_gradients(program: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> None:
    leaf = x.detach().clone().requires_grad_()
    program(leaf).sum().backward()
    synchronize(x)


def synchronize(x: torch.Tensor) -> None:
    if x.is_cuda:
        torch.cuda.synchronize(x.device)


def measure(pair: Pair, x: torch.Tensor, rounds: int) -> list[dict]:
    """One row of features, and one with gradients if the peer has them; times are for one clip."""
    check(pair, x)
    rows = []
    for words, call in (("", forward), (", with gradients", with_gradients)):
        if words and not pair.of_torch:
            continue
        tasks = {OURS: partial(call, pair.ours, x), pair.peer_name: partial(call, pair.peer, x)}
        seconds = timing.alternate(tasks, rounds)
        on = "" if x.device.type == "cpu" else f", {torch.cuda.get_device_name(x.device)}"
        rows.append(timing.comparison(f"{pair.task}: 10 s{words}{on}", OURS, pair.peer_name, seconds, len(x)))
        timing.show(rows[-1])
    return rows


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmarks.front_end",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="at least 3; default: 9")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="default: cpu")
    parser.add_argument("--store", action="store_true", help="keep the result for the table in BENCHMARKS.md")
    options = parser.parse_args(arguments)
    if options.rounds < 3:
        parser.error("--rounds is at least 3")
    if options.device == "cuda" and not torch.cuda.is_available():
        print("error: --device cuda: PyTorch sees no GPU here", file=sys.stderr)
        return BAD_INPUT
    torch.set_num_threads(1)
    x, rows = clips(options.device), []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of empty filters
            for pair in pairs(options.device):
                if pair.of_torch or options.device == "cpu":
                    rows += measure(pair, x, options.rounds)
    except timing.DifferentError as error:
        print(f"error: {error}", file=sys.stderr)
        return NO
    if not find_spec("torchaudio"):
        print("  torchaudio: not run; it is not installed")
    if options.store:
        timing.store("front_end" if options.device == "cpu" else "front_end_gpu", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
