"""Lab 1: frames, each times the window of the course."""

import math

import numpy as np

from dsp import extend, frame, preemphasis
from dsp.windows import hamming, hann
from experiments.coursework.task import AUDIO_LIBRARIES, Case, Mistake, Task

SHAPES = {"rectangular": lambda n, periodic: np.ones(n), "hamming": hamming, "hann": hann}


def make_task(profile) -> Task:
    """windowed_frames(signal, sample_rate, frame_ms, hop_ms) under the profile's rounding and window."""
    return Task(
        lab=1,
        function="windowed_frames",
        parameters=("signal", "sample_rate", "frame_ms", "hop_ms"),
        points=profile.points,
        solution=lambda signal, sample_rate, frame_ms, hop_ms: windowed(
            signal, *lengths(profile, sample_rate, frame_ms, hop_ms), window_of(profile)
        ),
        cases=cases(profile),
        mistakes=mistakes(profile),
        axes=("sample", "frame"),
        refused=AUDIO_LIBRARIES,
    )


def windowed(signal, frame_length: int, hop_length: int, window) -> np.ndarray:
    """Frames inside the signal times window(frame_length), (frame_length, n_frames)."""
    return frame(signal, frame_length, hop_length) * window(frame_length)[:, None]


def lengths(profile, sample_rate: float, frame_ms: float, hop_ms: float) -> tuple[int, int]:
    return profile.samples(frame_ms, sample_rate), profile.samples(hop_ms, sample_rate)


def window_of(profile, symmetry: str | None = None):
    """n -> the course's window of n samples."""
    shape, periodic = SHAPES[profile.window], (symmetry or profile.window_symmetry) == "periodic"
    return lambda n: shape(n, periodic)


def cases(profile) -> tuple[Case, ...]:
    random = np.random.default_rng([1, profile.seed])
    rate, frame_ms, hop_ms = profile.sample_rate, profile.frame_ms, profile.hop_ms

    def case(name: str, signal, rate=rate, frame_ms=frame_ms, hop_ms=hop_ms, hidden=False) -> Case:
        arguments = {"signal": signal, "sample_rate": rate, "frame_ms": frame_ms, "hop_ms": hop_ms}
        return Case(name, arguments, hidden)

    one = profile.samples(frame_ms, rate)
    noise = random.standard_normal(int(0.2 * rate) + 77)
    return (
        case("a ramp of 20 samples at 1 kHz, frames of 8 ms every 3 ms", 1.0 + np.arange(20), 1000, 8.0, 3.0),
        case(f"0.2 s of noise at {rate / 1000:g} kHz, the tail fills no frame", noise),
        case("exactly one frame", random.standard_normal(one)),
        case(
            "11025 Hz, 25 ms every 10 ms: 275.625 and 110.25 samples", random.standard_normal(2000), 11025, 25.0, 10.0
        ),
        case("ones, an odd number of samples in a frame", np.ones(300), 8000, 3.875, 2.0),
        case("22050 Hz", random.standard_normal(3001), 22050, 25.0, 10.0, hidden=True),
        case("a pause between frames", random.standard_normal(999), 4000, 5.25, 8.0, hidden=True),
        case("one frame and a little more", random.standard_normal(170), 8000, 20.0, 10.0, hidden=True),
    )


def mistakes(profile) -> tuple[Mistake, ...]:
    window = window_of(profile)
    other = "periodic" if profile.window_symmetry == "symmetric" else "symmetric"
    other_rounding = "half up" if profile.rounding == "down" else "down"

    def mistake(name: str, hint: str, way) -> Mistake:
        """way(signal, frame_length, hop_length) -> the wrong result."""

        def function(signal, sample_rate, frame_ms, hop_ms):
            return way(signal, *lengths(profile, sample_rate, frame_ms, hop_ms))

        return Mistake(name, hint, function)

    def rounded_otherwise(signal, sample_rate, frame_ms, hop_ms):
        extra = 0.5 if other_rounding == "half up" else 0.0
        L, H = (math.floor(ms * sample_rate / 1000 + extra) for ms in (frame_ms, hop_ms))
        return windowed(signal, L, H, window)

    def cosine(a: float, divisor, first: int = 0, turns: int = 2):
        return lambda x, L, H: windowed(
            x, L, H, lambda n: a - (1 - a) * np.cos(turns * np.pi * (np.arange(n) + first) / divisor(n))
        )

    def without_mean(x, L, H):
        frames = frame(x, L, H)
        return (frames - frames.mean(axis=0)) * window(L)[:, None]

    def padded(framing: str):
        return lambda x, L, H: windowed(extend(x, L, H, framing), L, H, window)

    shapes = [name for name in SHAPES if name != profile.window]
    symmetric = profile.window_symmetry == "symmetric"
    a = {"hamming": 0.54, "hann": 0.5}.get(profile.window, 1.0)
    shifted_divisor = (lambda n: n - 1) if symmetric else (lambda n: n)
    known = [
        mistake(
            "no overlap: the hop is the frame's length",
            "Where does the second frame begin?",
            lambda x, L, H: windowed(x, L, L, window),
        ),
        mistake(
            "the hop taken for the overlap",
            "By how many samples do two neighboring frames differ?",
            lambda x, L, H: windowed(x, L, max(1, L - H), window),
        ),
        mistake("frames as rows", "Which axis of your result is time?", lambda x, L, H: windowed(x, L, H, window).T),
        mistake(
            "the last frame left out",
            "How many frames does a signal of exactly one frame have?",
            lambda x, L, H: windowed(x, L, H, window)[:, :-1],
        ),
        mistake("the tail filled with zeros", "What happens to samples that fill no frame?", padded("pad tail")),
        mistake(
            "frames centered on their times, zeros outside",
            "Which sample is the first of frame 0?",
            padded("center, zeros"),
        ),
        mistake(
            "frames centered on their times, the signal reflected",
            "Which sample is the first of frame 0?",
            lambda x, L, H: windowed(np.pad(x, L // 2, mode="reflect"), L, H, window),
        ),
        mistake(
            "the mean removed from every frame", "What does your function return for a signal of ones?", without_mean
        ),
        mistake(
            "pre-emphasis before the frames",
            "What does your function return for a signal of ones?",
            lambda x, L, H: windowed(preemphasis(x, profile.preemphasis or 0.97), L, H, window),
        ),
        mistake(
            "every frame has the first frame's samples",
            "Does the index into the signal use the frame's number?",
            lambda x, L, H: windowed(np.tile(x[:L], 1 + (x.size - L) // H), L, L, window),
        ),
        Mistake(
            f"milliseconds to samples rounded {other_rounding}", "How many samples are 275.625?", rounded_otherwise
        ),
    ]
    for shape in shapes:
        known.append(
            mistake(
                "no window" if shape == "rectangular" else f"a {shape.capitalize()} window",
                "What are the first and the middle value of your window?",
                lambda x, L, H, shape=shape: windowed(
                    x, L, H, lambda n: SHAPES[shape](n, profile.window_symmetry == "periodic")
                ),
            )
        )
    if profile.window != "rectangular":
        known += [
            mistake(
                f"a {other} window",
                "Is the last value of your window equal to the first, or would it be the next?",
                lambda x, L, H: windowed(x, L, H, window_of(profile, other)),
            ),
            mistake(
                "the window applied twice",
                "At how many places do you multiply by the window?",
                lambda x, L, H: windowed(x, L, H, lambda n: window(n) ** 2),
            ),
            mistake(
                "the window's samples counted from 1",
                "What is the first value of your window?",
                cosine(a, shifted_divisor, first=1),
            ),
            mistake(
                "half a turn of the cosine",
                "Is your window symmetric about its middle?",
                cosine(a, shifted_divisor, turns=1),
            ),
            mistake(
                "a window of n + 1 in the divisor",
                "Where does your window reach its largest value?",
                cosine(a, lambda n: n + 1),
            ),
        ]
    if profile.window == "hamming":
        known.append(
            mistake(
                "0.54 and 0.46 exchanged",
                "What are the first and the middle value of your window?",
                cosine(0.46, shifted_divisor),
            )
        )
    return tuple(known)
