"""Lab 10: the spectrum of every frame and its logarithm: the cases that the check tries, and the known mistakes."""

from dataclasses import replace

import numpy as np

from experiments.coursework.checking.task import AUDIO_LIBRARIES, Case, Mistake, Task
from experiments.coursework.course_profile import WORDS

SEED = 10  # of the cases, beside the profile's seed


def make_task(profile) -> Task:
    """log_spectrum(frames, n_fft, floor): the course's logarithm of max(its spectrum, floor), bins up to Nyquist."""
    return Task(
        lab=10,
        function="log_spectrum",
        parameters=("frames", "n_fft", "floor"),
        points=profile.points,
        solution=lambda frames, n_fft, floor: compressed(profile, spectrum(profile, frames, n_fft), floor),
        cases=cases(profile),
        mistakes=mistakes(profile),
        axes=("bin", "frame"),
        refused=("scipy.signal", *AUDIO_LIBRARIES),
    )


def spectrum(profile, frames, n_fft: int) -> np.ndarray:
    """|X|^2 or |X| of every column, over n_fft if the course divides by it; (n_fft // 2 + 1, n_frames)"""
    magnitude = np.abs(np.fft.rfft(frames, n_fft, axis=0))
    S = magnitude**2 if profile.spectrum == "power" else magnitude
    return S / n_fft if profile.spectrum_norm == "n_fft" else S


def compressed(profile, S, floor: float) -> np.ndarray:
    return replace(profile, floor=floor).compress(S)


def cases(profile) -> tuple[Case, ...]:
    """Visible: an impulse, the course's sizes, zeros appended, silence, one frame. Hidden: odd sizes, a high floor."""
    random = np.random.default_rng([SEED, profile.seed])

    def noise(n_samples: int, n_frames: int) -> np.ndarray:
        return random.standard_normal((n_samples, n_frames)) * np.hamming(n_samples)[:, None]

    def case(name: str, frames, n_fft: int, floor: float, hidden: bool = False) -> Case:
        return Case(name, {"frames": frames, "n_fft": n_fft, "floor": floor}, hidden)

    length = profile.samples(profile.frame_ms, profile.sample_rate)
    impulses = np.zeros((8, 2))
    impulses[3] = 0.5, 2.0
    pause = noise(60, 5) * np.array([1.0, 1e-3, 0.0, 1e-12, 1.0])
    return (
        case("an impulse of 0.5 and one of 2, 8 points", impulses, 8, 1e-10),
        case(f"the course's {length} samples and {profile.n_fft} points", noise(length, 4), profile.n_fft, 1e-10),
        case("100 samples, 256 points", noise(100, 7), 256, 1e-10),
        case("a pause: almost and entirely silent frames", pause, 64, 1e-10),
        case("a high floor, 0.01", noise(60, 3) / 30, 64, 0.01),
        case("one frame, an odd number of points, 75", noise(75, 1), 75, 1e-10),
        case("a quiet recording", noise(90, 6) * 1e-4, 128, 1e-8, hidden=True),
        case("an odd number of points, 255", noise(200, 3), 255, 1e-10, hidden=True),
        case("silence throughout", np.zeros((40, 3)), 64, 1e-6, hidden=True),
    )


def mistakes(profile) -> tuple[Mistake, ...]:
    def of_spectrum(change):
        """The right floor and logarithm of another spectrum: change(S, frames, n_fft)."""
        return lambda frames, n_fft, floor: compressed(
            profile, change(spectrum(profile, frames, n_fft), frames, n_fft), floor
        )

    def with_rules(**rules):
        """The solution under other rules."""
        other = replace(profile, **rules)
        return lambda frames, n_fft, floor: compressed(other, spectrum(other, frames, n_fft), floor)

    def of_result(change):
        right = with_rules()
        return lambda frames, n_fft, floor: change(right(frames, n_fft, floor))

    def below(change):
        """The right logarithm, and another idea of the floor: change(S, floor) > 0."""
        return lambda frames, n_fft, floor: compressed(
            profile, change(spectrum(profile, frames, n_fft), floor), np.finfo(float).tiny
        )

    def doubled(S, frames, n_fft):
        inside = np.arange(len(S))[:, None]
        return S * np.where((inside > 0) & (inside < n_fft / 2), 2, 1)

    def of_real_part(S, frames, n_fft):
        real = np.abs(np.fft.rfft(frames, n_fft, axis=0).real)
        return (real**2 if profile.spectrum == "power" else real) / (n_fft if profile.spectrum_norm == "n_fft" else 1)

    def every_bin(frames, n_fft, floor):
        half = with_rules()(frames, n_fft, floor)
        return np.concatenate([half, half[1 : n_fft - n_fft // 2][::-1]])

    def along_frames(frames, n_fft, floor):
        return with_rules()(frames.T, n_fft, floor).T

    def zero_for_silence(frames, n_fft, floor):
        S = spectrum(profile, frames, n_fft)
        return np.where(S > 0, compressed(profile, np.where(S > 0, S, 1.0), np.finfo(float).tiny), 0.0)

    factor = "What is your spectrum of an impulse of height 1, in every bin, before the logarithm? What should it be?"
    base = "Which logarithm does your course take, and of what? Put in an impulse of height 10 and compare."
    bins = "How many bins does a real signal's transform of n_fft points have, up to the Nyquist frequency?"
    low = "Only small values are wrong. What is your result far below the floor, and what if a value equals the floor?"
    logs = {"ln": "the natural logarithm", "log10": "log10", "10 log10": "10 log10", "20 log10": "20 log10"}
    power = profile.spectrum == "power"
    divided = profile.spectrum_norm == "n_fft"
    return (
        *(Mistake(logs[log], base, with_rules(log=log)) for log in WORDS["log"] if log != profile.log),
        Mistake("log2", base, lambda *given, **named: with_rules(log="ln")(*given, **named) / np.log(2)),
        Mistake(
            "the magnitude, not the power" if power else "the power, not the magnitude",
            "What is your spectrum of an impulse of height 2, in every bin, before the logarithm?",
            with_rules(spectrum="magnitude" if power else "power"),
        ),
        Mistake(
            "not divided by n_fft" if divided else "divided by n_fft",
            factor,
            with_rules(spectrum_norm="none" if divided else "n_fft"),
        ),
        Mistake(
            "divided by the samples of the frame",
            factor,
            of_spectrum(lambda S, frames, n_fft: S * (n_fft if divided else 1) / len(frames)),
        ),
        Mistake("every bin but the first and the last doubled", factor, of_spectrum(doubled)),
        Mistake(
            "the real part alone",
            "Move the impulse by a few samples: should the spectrum change?",
            of_spectrum(of_real_part),
        ),
        Mistake(
            "n_fft ignored",
            "How many points does your transform have if the frames are shorter?",
            lambda frames, n_fft, floor: with_rules()(frames, len(frames), floor),
        ),
        Mistake("all n_fft bins", bins, every_bin),
        Mistake("the last bin left out", bins, of_result(lambda L: L[:-1])),
        Mistake("the first bin left out", "Which bin holds 0 Hz?", of_result(lambda L: L[1:])),
        Mistake("transformed along the frames", "Along which axis does one frame lie here?", along_frames),
        Mistake(
            "frames as rows", "Look at the shape you return. Where is time in this course?", of_result(np.transpose)
        ),
        Mistake("the floor added", low, below(lambda S, floor: S + floor)),
        Mistake("a fixed floor", "Which argument have you not used?", below(lambda S, floor: np.maximum(S, 1e-10))),
        Mistake(
            "the floor relative to the largest value",
            "Does your result for a quiet frame change when a loud frame is added?",
            below(lambda S, floor: np.maximum(S, floor * S.max())),
        ),
        Mistake(
            "the floor where the value is exactly 0, and nowhere else",
            low,
            below(lambda S, floor: np.where(S > 0, S, floor)),
        ),
        Mistake("0 in the place of silence", low, zero_for_silence),
        Mistake(
            "1 added before the logarithm",
            "What is the logarithm of a spectrum of 1?",
            below(lambda S, floor: 1 + S),
        ),
    )
