"""How often the doctor is right about calls of real tools with a change beside them, and whether it tells stories.

    python -m tests.measure_doctor_on_tools FOLDER --number 60 --seed 1000

FOLDER holds recordings (.wav, .flac). A case is a call of librosa, python_speech_features, kaldi-native-fbank or a
preset on a recording, with one change of the signal before it, or of the features after it, as pipelines make them.
A case is right if the doctor explains it, names the tool, and says the change. A false story explains it otherwise.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import kaldi_native_fbank
import librosa
import numpy as np
import python_speech_features as psf
import soxr

import dsp
from dsp.doctor import identify

FEATURE = librosa.feature
CLIP_S = 4  # the first seconds of each recording


class Call(NamedTuple):
    """A tool's call: (signal, sample rate) -> features, time last; and the presets that give the same."""

    compute: Callable[[np.ndarray, int], np.ndarray]
    presets: tuple[str, ...]


def kaldi(kind: str, **changes) -> Callable[[np.ndarray, int], np.ndarray]:
    """A call of kaldi-native-fbank on 16-bit samples, without dither."""

    def compute(x, rate):
        options = kaldi_native_fbank.FbankOptions() if kind == "fbank" else kaldi_native_fbank.MfccOptions()
        options.frame_opts.dither, options.frame_opts.samp_freq = 0.0, rate
        for name, value in changes.items():
            part, _, field = name.rpartition("__")
            setattr(getattr(options, part) if part else options, field, value)
        online = kaldi_native_fbank.OnlineFbank if kind == "fbank" else kaldi_native_fbank.OnlineMfcc
        stream = online(options)
        stream.accept_waveform(rate, (x * 32_768).tolist())
        stream.input_finished()
        return np.stack([stream.get_frame(i) for i in range(stream.num_frames_ready)], axis=1)

    return compute


def preset(name: str, kind: str = "log_mel") -> Call:
    function = dsp.mfcc if kind == "mfcc" else dsp.log_mel
    return Call(lambda x, rate: function(x, rate, name), (name,))


LIBROSA, PSF = ("librosa", "librosa_0_8"), ("python_speech_features",)
KALDI = ("kaldi", "kaldi_fbank", "torchaudio_kaldi", "speech_to_text", "seamless_m4t")
CALLS = {
    "librosa.mfcc(13)": Call(lambda x, r: FEATURE.mfcc(y=x, sr=r, n_mfcc=13), LIBROSA),
    "librosa.mfcc(40)": Call(lambda x, r: FEATURE.mfcc(y=x, sr=r, n_mfcc=40), LIBROSA),
    "librosa.mfcc of 512, 160": Call(
        lambda x, r: FEATURE.mfcc(y=x, sr=r, n_mfcc=13, n_fft=512, hop_length=160, n_mels=40), LIBROSA
    ),
    "librosa.melspectrogram, dB": Call(
        lambda x, r: librosa.power_to_db(FEATURE.melspectrogram(y=x, sr=r, n_mels=64)), LIBROSA
    ),
    "librosa.melspectrogram, 1024": Call(
        lambda x, r: librosa.power_to_db(FEATURE.melspectrogram(y=x, sr=r, n_fft=1024, hop_length=256), ref=np.max),
        LIBROSA,
    ),
    "psf.mfcc": Call(lambda x, r: psf.mfcc(x, r).T, PSF),
    "psf.logfbank(40)": Call(lambda x, r: psf.logfbank(x, r, nfilt=40).T, PSF),
    "kaldi fbank of 80": Call(kaldi("fbank", mel_opts__num_bins=80), KALDI),
    "kaldi mfcc": Call(kaldi("mfcc"), KALDI),
    "kaldi fbank of 40, Hamming": Call(kaldi("fbank", mel_opts__num_bins=40, frame_opts__window_type="hamming"), KALDI),
    "whisper": preset("whisper"),
    "vggish": preset("vggish"),
    "speechbrain": preset("speechbrain_fbank"),
    "tensorflow": preset("tensorflow", "mfcc"),
    "espnet": preset("espnet"),
}


class Altered(NamedTuple):
    """A signal, and words that the doctor must say of its change; none where the change may stay unseen."""

    signal: np.ndarray
    rate: int
    words: str


def as_given(x, rate, rng) -> Altered:
    return Altered(x, rate, "")


def cut(x, rate, rng) -> Altered:
    n = int(rng.choice([rate, 3 * rate // 2, 16_384, 2 * rate]))
    return Altered(x[:n], rate, "cut" if x.size > n + rate // 10 else "")


def to_a_length(x, rate, rng) -> Altered:
    n = int(rng.choice([5, 6, 8, 10, 30])) * rate
    return Altered(np.pad(x, (0, n - x.size)), rate, "")  # where silence is at a floor, frames may have been padded


def trimmed(x, rate, rng) -> Altered:
    y, (start, stop) = librosa.effects.trim(x, top_db=int(rng.choice([20, 25, 30, 40])))
    return Altered(y, rate, "trimmed" if start or stop < x.size - 1000 else "")


def later(x, rate, rng) -> Altered:
    start = float(rng.choice([0.1, 0.2, 0.25, 0.5]))
    return Altered(x[int(start * rate) :], rate, f"from {start:g} s on")


def offset_and_duration(x, rate, rng) -> Altered:
    return Altered(x[rate // 2 :][:rate], rate, "from 0.5 s on" if x.size > 1.6 * rate else "")


def wrong_rate(x, rate, rng) -> Altered:
    wrong = int(rng.choice([22_050, 8_000]))
    return Altered(x, wrong, f"{wrong} Hz")


def resampled(x, rate, rng) -> Altered:
    other = int(rng.choice([8_000, 22_050]))
    return Altered(soxr.resample(x, rate, other), other, f"to {other} Hz")


SIGNALS = (cut, to_a_length, trimmed, later, offset_and_duration, wrong_rate, resampled)


def padded(m, rng):
    return np.pad(m, ((0, 0), (0, int(rng.integers(5, 200))))), "constant"


def truncated(m, rng):
    return m[:, : max(20, m.shape[1] - int(rng.integers(8, 40)))], "first"


def z_scores(m, rng):
    return (m - m.mean(1, keepdims=True)) / m.std(1, keepdims=True, ddof=int(rng.integers(2))), ""


def z_score_of_all(m, rng):
    return (m - m.mean()) / m.std(), ""


def min_max(m, rng):
    return (m - m.min()) / np.ptp(m), ""


def centered(m, rng):
    return m - m.mean(1, keepdims=True), ""


def half(m, rng):
    return m.astype(np.float16), ""


def upper_half(m, rng):
    return (np.ascontiguousarray(m, np.float32).view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32), ""


def decimals(m, rng):
    return np.round(m, 3), ""


def stacked(m, rng):
    n = m.shape[1] // 2 * 2
    return m[:, :n].T.reshape(n // 2, -1).T, "2 frames"


def masked(m, rng):
    m = m.copy()
    m[:, -int(rng.integers(1, 9)) :] = 0
    return m, "constant"


def with_batch_axis(m, rng):
    return m[None], "axes of length 1"


def mean_over_time(m, rng):
    return m.mean(axis=1), "mean"


def mean_and_deviation(m, rng):
    return np.concatenate([m.mean(axis=1), m.std(axis=1)]), "standard deviation"


def plain(m, rng):
    return m, ""


FRAMES = (
    padded,
    truncated,
    z_scores,
    z_score_of_all,
    min_max,
    centered,
    half,
    upper_half,
    decimals,
    stacked,
    masked,
    with_batch_axis,
    mean_over_time,
    mean_and_deviation,
    plain,
)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure_doctor_on_tools", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="with recordings, in folders of any depth")
    parser.add_argument("--number", type=int, default=60, help="of cases (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="of the random draws (default: 0)")
    options = parser.parse_args()
    files = sorted(path for path in options.folder.rglob("*") if path.suffix in (".wav", ".flac"))
    if not files:
        parser.error(f"{options.folder} holds no .wav or .flac file")
    warnings.simplefilter("ignore")  # of empty filters, and librosa's
    counts, times = dict.fromkeys(("right", "unexplained", "change not named", "STORY"), 0), []
    for k in range(options.number):
        rng = np.random.default_rng([options.seed, k])
        path = files[rng.integers(len(files))]
        x, rate = dsp.read_audio(path)
        x = (x if x.ndim == 1 else x[0])[: CLIP_S * rate]
        name = list(CALLS)[rng.integers(len(CALLS))]
        call = CALLS[name]
        before = rng.random() < 0.5
        change = (SIGNALS if before else FRAMES)[rng.integers(len(SIGNALS if before else FRAMES))]
        try:
            if before:
                altered = change(x, rate, rng)
                features, words = call.compute(altered.signal, altered.rate), altered.words
            else:
                features, words = change(call.compute(x, rate), rng)
        except ValueError as error:  # the call does not fit the rate
            print(f"{k} left out: {path.name}, {name}, {change.__name__}: {error}", flush=True)
            continue
        if features.ndim == 2 and rng.random() < 0.4:
            features = features.T
        begun = time.monotonic()
        found = identify(features, x, rate)
        times.append(time.monotonic() - begun)
        answer = verdict(found, call, words)
        counts[answer] += 1
        said = " | ".join(filter(None, (found.verdict, found.left_open, found.nearest, found.change, *found.notes)))
        print(f"{k} {answer}: {path.name}, {name}, {change.__name__}: {said} {list(found.differences)}", flush=True)
    print(", ".join(f"{count} {answer}" for answer, count in counts.items()), f"of {len(times)}")
    print(f"median {np.median(times):.1f} s, greatest {max(times):.1f} s")


def verdict(found, call: Call, words: str) -> str:
    """What became of a case."""
    said = " ".join(filter(None, (found.change, *found.notes)))
    if found.verdict == "unexplained":
        return "right" if words and any(name in said for name in call.presets) and words in said else "unexplained"
    if found.nearest not in call.presets and found.kind != "stack":
        return "STORY"
    return "right" if words in said else "change not named"


if __name__ == "__main__":
    main()
