"""How often the doctor keeps from telling a story of matrices that no convention explains.

    python -m tests.measure_doctor_refusals FOLDER --number 100 --seed 1000

FOLDER holds recordings (.wav, .flac). A case is a matrix of one of the kinds below, which has nothing to do with the
recording, or shows nothing of it. The doctor must call it unexplained and say what it is, where that can be seen; with
--compare, the same of two such matrices without audio.
"""

import argparse
import re
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import librosa
import numpy as np

import dsp
from dsp.conventions import sizes
from dsp.doctor import compare, identify
from dsp.doctor.report import comparison_text, diagnosis_text

FEATURE = librosa.feature
CLIP_S = 3  # the first seconds of each recording
PRESETS = ("librosa", "kaldi", "python_speech_features", "htk", "whisper", "torchaudio", "vggish")
SHAPES = ((13, 98), (20, 94), (40, 120), (80, 298), (5, 7), (13, 300), (128, 94), (39, 200), (12, 94))
FLOORS = (np.log(2.0**-23), -100.0, np.log(1e-10), -23.025850929940457, -80.0, 10 * np.log10(1e-12))


class Clips(NamedTuple):
    """The recording that is given to the doctor, and another one."""

    x: np.ndarray
    other: np.ndarray
    rate: int


def fits(name: str, rate: int) -> bool:
    """Whether the preset's transform holds a frame at this rate."""
    c = dsp.CONVENTIONS[name]
    return isinstance(c.n_fft, str) or c.n_fft >= sizes(replace(c, n_fft="power of two"), rate).window


def features(x, rate, rng) -> np.ndarray:
    """The features of a preset that fits the rate, time last."""
    name = str(rng.choice([name for name in PRESETS if fits(name, rate)]))
    kind = dsp.mfcc if dsp.CONVENTIONS[name].n_mfcc and rng.random() < 0.6 else dsp.log_mel
    return kind(x, rate, name)


def noise(clips: Clips, rng) -> np.ndarray:
    """Independent values with a shape that tools write, at times with the frames of the recording."""
    rows, frames = SHAPES[rng.integers(len(SHAPES))]
    if rng.random() < 0.5:
        frames = 1 + clips.x.size // int(rng.choice([160, 256, 512]))
    draw = (rng.standard_normal, rng.random, lambda shape: rng.laplace(size=shape))[rng.integers(3)]
    return draw((rows, frames)) * float(rng.choice([1.0, 0.01, 30.0])) + float(rng.choice([0.0, -20.0, 5.0]))


def walk(clips: Clips, rng) -> np.ndarray:
    return np.cumsum(noise(clips, rng), axis=1)


def sines(clips: Clips, rng) -> np.ndarray:
    rows, frames = noise(clips, rng).shape
    return np.sin(rng.uniform(0.05, 1, (rows, 1)) * np.arange(frames) + rng.uniform(0, 6, (rows, 1)))


def shuffled_frames(clips: Clips, rng) -> np.ndarray:
    return rng.permutation(features(clips.x, clips.rate, rng), axis=1)


def shuffled_rows(clips: Clips, rng) -> np.ndarray:
    x = features(clips.x, clips.rate, rng)
    return x[np.roll(rng.permutation(len(x)), 1)]


def reversed_time(clips: Clips, rng) -> np.ndarray:
    return features(clips.x, clips.rate, rng)[:, ::-1]


def of_another(clips: Clips, rng) -> np.ndarray:
    """Another recording's features, at times with the frames of this one."""
    size = min(clips.x.size, clips.other.size)
    return features(clips.other[:size] if rng.random() < 0.5 else clips.other, clips.rate, rng)


def chroma(clips: Clips, rng) -> np.ndarray:
    n_fft, hop = ((2048, 512), (1024, 256), (512, 160))[rng.integers(3)]
    return FEATURE.chroma_stft(y=clips.x.astype(np.float32), sr=clips.rate, n_fft=n_fft, hop_length=hop)


def contrast(clips: Clips, rng) -> np.ndarray:
    n_fft, hop = ((2048, 512), (1024, 256), (512, 160))[rng.integers(3)]
    return FEATURE.spectral_contrast(y=clips.x.astype(np.float32), sr=clips.rate, n_fft=n_fft, hop_length=hop)


def chroma_of_another(clips: Clips, rng) -> np.ndarray:
    return FEATURE.chroma_stft(y=clips.other.astype(np.float32), sr=clips.rate)


def chroma_cqt(clips: Clips, rng) -> np.ndarray:
    return FEATURE.chroma_cqt(y=clips.x.astype(np.float32), sr=clips.rate)


def constant(clips: Clips, rng) -> np.ndarray:
    return np.full(noise(clips, rng).shape, rng.choice([1.0, -3.5, 1e-30, 255.0]))


def at_a_floor(clips: Clips, rng) -> np.ndarray:
    return np.full(noise(clips, rng).shape, rng.choice(FLOORS)).astype(rng.choice(["float32", "float64"]))


def no_gain(clips: Clips, rng) -> np.ndarray:
    return 0.0 * features(clips.x, clips.rate, rng)


def nearly_constant(clips: Clips, rng) -> np.ndarray:
    shape = noise(clips, rng).shape
    return float(rng.choice([1.0, -23.0])) + float(rng.choice([1e-9, 1e-7, 1e-5])) * rng.standard_normal(shape)


def constant_rows(clips: Clips, rng) -> np.ndarray:
    rows, frames = noise(clips, rng).shape
    return np.repeat(rng.standard_normal((rows, 1)), frames, axis=1)


def constant_frames(clips: Clips, rng) -> np.ndarray:
    rows, frames = noise(clips, rng).shape
    return np.repeat(rng.standard_normal((1, frames)), rows, axis=0)


def nearly_constant_rows(clips: Clips, rng) -> np.ndarray:
    x = constant_rows(clips, rng)
    return x * (1 + 1e-7 * rng.standard_normal(x.shape))


def mostly_at_a_floor(clips: Clips, rng) -> np.ndarray:
    x = np.full(noise(clips, rng).shape, rng.choice(FLOORS))
    spots = rng.random(x.shape) < 0.03
    x[spots] += np.abs(rng.standard_normal(spots.sum()))
    return x


def one_frame(clips: Clips, rng) -> np.ndarray:
    """One frame of sound in a matrix of zeros."""
    x = np.zeros(noise(clips, rng).shape)
    x[:, rng.integers(x.shape[1])] = rng.standard_normal(len(x))
    return x


def tiny(clips: Clips, rng) -> np.ndarray:
    return rng.standard_normal(((2, 2), (2, 3), (13, 2), (3, 5), (1, 1), (1, 4))[rng.integers(6)])


def ramp(clips: Clips, rng) -> np.ndarray:
    return np.sort(noise(clips, rng), axis=1)


def waveform(clips: Clips, rng) -> np.ndarray:
    """The samples themselves, cut into rows."""
    return clips.x[: 40 * 200].reshape(40, 200)


def phases(clips: Clips, rng) -> np.ndarray:
    return np.angle(librosa.stft(clips.x.astype(np.float32), n_fft=512, hop_length=160))


def whole_numbers(clips: Clips, rng) -> np.ndarray:
    return rng.integers(0, 256, noise(clips, rng).shape)


def disturbed(clips: Clips, rng) -> np.ndarray:
    """Features that noise of a fifth of their deviation lies over."""
    x = features(clips.x, clips.rate, rng)
    return x + 0.2 * x.std() * rng.standard_normal(x.shape)


def not_finite(clips: Clips, rng) -> np.ndarray:
    x = features(clips.x, clips.rate, rng)
    x[rng.integers(len(x)), rng.integers(x.shape[1])] = rng.choice([np.nan, np.inf, -np.inf])
    return x


STANDS = "every value (stands at|is) "
KINDS: dict[Callable[[Clips, np.random.Generator], np.ndarray], str] = {  # -> what must be said
    noise: "",
    walk: "",
    sines: "",
    shuffled_frames: "",
    shuffled_rows: "",
    reversed_time: "",
    of_another: "",
    chroma: "rows 0 to 11: chroma_stft of librosa",
    contrast: "rows 0 to 6: spectral contrast of librosa",
    chroma_of_another: "",
    chroma_cqt: "",
    constant: STANDS,
    at_a_floor: STANDS + ".*a floor",
    no_gain: "every value is 0",
    nearly_constant: STANDS,
    constant_rows: "do not vary along the second axis",
    constant_frames: "do not vary along the first axis",
    nearly_constant_rows: "(do not|hardly) vary along the second axis",
    mostly_at_a_floor: "% of the values are alike: each stands at",
    one_frame: "% of the values are alike: each is 0",
    tiny: "",
    ramp: "",
    waveform: "",
    phases: "",
    whole_numbers: "",
    disturbed: "",
    not_finite: r"features\[\d+, \d+\] is (nan|inf|-inf)",
}


def answer(matrix, clips: Clips) -> tuple[str, str]:
    """(the verdict, all that the doctor says)."""
    try:
        found = identify(matrix, clips.x, clips.rate)
    except ValueError as error:
        return "unexplained", str(error)
    return found.verdict, diagnosis_text(found)


def answer_of_two(a, b) -> tuple[str, str]:
    """The same, of two matrices."""
    try:
        found = compare(a, b)
    except ValueError as error:
        return "unexplained", str(error)
    return found.verdict, comparison_text(found)


def draw_clips(files: list[Path], rng) -> Clips:
    """Two recordings of one rate."""
    first, second = (dsp.read_audio(files[k]) for k in rng.choice(len(files), 2, replace=False))
    rate = first[1]
    x, other = (y[0] if y.ndim == 2 else y for y, _ in (first, second))
    return Clips(x[: CLIP_S * rate], other[: CLIP_S * rate], rate)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure_doctor_refusals", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="with recordings, in folders of any depth")
    parser.add_argument("--number", type=int, default=100, help="of cases (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="of the random draws (default: 0)")
    parser.add_argument("--compare", action="store_true", help="pairs of such matrices, without audio")
    options = parser.parse_args()
    files = sorted(path for path in options.folder.rglob("*") if path.suffix in (".wav", ".flac"))
    if len(files) < 2:
        parser.error(f"{options.folder} holds fewer than two .wav or .flac files")
    warnings.simplefilter("ignore")  # of empty filters, and librosa's
    kinds = list(KINDS)
    right, times = 0, []
    for k in range(options.number):
        rng = np.random.default_rng([options.seed, k])
        clips, kind = draw_clips(files, rng), kinds[(options.seed + k) % len(kinds)]
        matrix, begun = kind(clips, rng), time.monotonic()
        name, words = kind.__name__, KINDS[kind]
        if options.compare:
            other = kinds[(kinds.index(kind) + rng.integers(1, len(kinds))) % len(kinds)]
            name, words, second = f"{name} and {other.__name__}", "", other(clips, rng)
            if rng.random() < 0.7:  # of one shape
                rows, frames = np.minimum(matrix.shape, second.shape)
                matrix, second = matrix[:rows, :frames], second[:rows, :frames]
            verdict, said = answer_of_two(matrix, second)
        else:
            verdict, said = answer(matrix, clips)
        times.append(time.monotonic() - begun)
        good = verdict == "unexplained" and re.search(words, said) is not None
        right += good
        if good:
            print(f"{k} {name} {matrix.shape}: right, {times[-1]:.1f} s", flush=True)
        else:
            print(f"{k} {name} {matrix.shape}: WRONG, must say {words!r}, says:\n{said}\n", flush=True)
    print(f"unexplained with the right remark: {right} of {options.number}; median {np.median(times):.1f} s")


if __name__ == "__main__":
    main()
