"""Lab 1: frames, each times the window of the course."""

import math
from functools import partial

import numpy as np

from dsp import extend, frame, preemphasis
from dsp.windows import hamming, hann
from experiments.coursework.checking.task import AUDIO_LIBRARIES, Case, Mistake, Task

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
        variant=variant_of(profile),
        axes=("sample", "frame"),
        refused=AUDIO_LIBRARIES,
    )


def windowed(signal, frame_length: int, hop_length: int, window) -> np.ndarray:
    """Frames inside the signal times window(frame_length), (frame_length, n_frames)."""
    return frame(signal, frame_length, hop_length) * window(frame_length)[:, None]


def shaped(shape: str, periodic: bool, n: int) -> np.ndarray:
    """The window of that shape."""
    return SHAPES[shape](n, periodic)


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


def variant_of(profile):
    """variant(**parts) -> the solution with other parts: lengths, signal, framing, window, frames, layout."""

    def variant(lengths_of=None, signal=None, framing=frame, window=None, frames=None, cut=None, layout=None):
        lengths_of, window = lengths_of or partial(lengths, profile), window or window_of(profile)
        changes = [change for change in (cut, layout) if change is not None]

        def function(signal_, sample_rate, frame_ms, hop_ms):
            L, H = lengths_of(sample_rate, frame_ms, hop_ms)
            result = framing(signal_ if signal is None else signal(signal_), L, H)
            result = result if frames is None else frames(result)
            result = result * window(len(result))[:, None]
            for change in changes:
                result = change(result)
            return result

        return lambda signal, sample_rate, frame_ms, hop_ms: function(signal, sample_rate, frame_ms, hop_ms)

    return variant


def mistakes(profile) -> tuple[Mistake, ...]:
    variant, right = variant_of(profile), window_of(profile)
    other = "periodic" if profile.window_symmetry == "symmetric" else "symmetric"
    other_rounding = "half up" if profile.rounding == "down" else "down"

    def mistake(name: str, hint: str, **parts) -> Mistake:
        return Mistake(name, hint, variant(**parts), parts)

    def rounded(extra: float):
        return lambda rate, *ms: tuple(math.floor(one * rate / 1000 + extra) for one in ms)

    def cosine(a: float, divisor, first: int = 0, turns: float = 2, sign: int = -1, b: float | None = None):
        b = 1 - a if b is None else b
        return lambda n: a + sign * b * np.cos(turns * np.pi * (np.arange(n) + first) / divisor(n))

    def with_hop(hop):
        """Frames every hop(L, H) samples."""
        return lambda x, L, H: frame(x, L, hop(L, H))

    def padded(rule: str):
        return lambda x, L, H: frame(extend(x, L, H, rule), L, H)

    def first_frame_again(x, L, H):
        return np.tile(x[:L, None], 1 + (x.size - L) // H)

    second, tail = "Where does the second frame begin?", "What happens to samples that fill no frame?"
    start, ones = "Which sample is the first of frame 0?", "What does your function return for a signal of ones?"
    values = "What are the first and the middle value of your window?"
    ms = "How many samples are 25 ms at 8000 Hz, and at 22050 Hz? What do you get?"
    course = lengths(profile, profile.sample_rate, profile.frame_ms, profile.hop_ms)
    symmetric = profile.window_symmetry == "symmetric"
    divisor = (lambda n: n - 1) if symmetric else (lambda n: n)
    known = [
        mistake(
            "no overlap: the hop is the frame's length",
            second,
            framing=with_hop(lambda L, H: L),
        ),
        mistake(
            "the hop taken for the overlap",
            "By how many samples do two neighboring frames differ?",
            framing=with_hop(lambda L, H: max(1, L - H)),
        ),
        mistake(
            "every frame one sample further than the hop",
            second,
            framing=with_hop(lambda L, H: H + 1),
        ),
        mistake(
            "half overlap, whatever the hop",
            "Which of the arguments have you not used?",
            framing=with_hop(lambda L, H: max(1, L // 2)),
        ),
        mistake(
            "the last frame left out",
            "How many frames does a signal of exactly one frame have?",
            cut=lambda frames: frames[:, :-1],
        ),
        mistake("the tail filled with zeros", tail, framing=padded("pad tail")),
        mistake("frames centered on their times, zeros outside", start, framing=padded("center, zeros")),
        mistake(
            "frames centered on their times, the signal reflected",
            start,
            framing=lambda x, L, H: frame(np.pad(x, L // 2, mode="reflect"), L, H),
        ),
        mistake("the mean removed from every frame", ones, frames=lambda frames: frames - frames.mean(axis=0)),
        mistake("the mean of the signal removed", ones, signal=lambda x: x - x.mean()),
        mistake("pre-emphasis before the frames", ones, signal=lambda x: preemphasis(x, profile.preemphasis)),
        mistake("the signal scaled to a largest size of 1", ones, signal=lambda x: x / np.abs(x).max()),
        mistake(
            "the signal turned into 16-bit integers",
            "What is the dtype of your samples, and what becomes of 0.00001 and of 1.5 in it?",
            signal=lambda x: (x * 32767).astype(np.int16).astype(np.float64),
        ),
        mistake(
            "the signal times 32768 as 16-bit integers",
            "What is the dtype of your samples, and what becomes of 0.00001 and of 1.5 in it?",
            signal=lambda x: (x * 32768).astype(np.int16).astype(np.float64),
        ),
        mistake(
            "the signal cut to whole numbers",
            "What is the dtype of the array that you write into?",
            signal=lambda x: x.astype(np.int64).astype(np.float64),
        ),
        mistake(
            "the frames cut to whole numbers",
            "What is the dtype of the array that you write into?",
            cut=lambda frames: np.trunc(frames),
        ),
        mistake("the magnitude of the samples", "What happened to the sign?", signal=np.abs),
        mistake(
            "every frame has the first frame's samples",
            "Does the index into the signal use the frame's number?",
            framing=first_frame_again,
        ),
        mistake(
            f"milliseconds to samples rounded {other_rounding}",
            "How many samples are 275.625?",
            lengths_of=rounded(0.5 if other_rounding == "half up" else 1e-9),
        ),
        mistake(
            "milliseconds to samples rounded up",
            "How many samples are 275.625?",
            lengths_of=rounded(1 - 1e-9),
        ),
        mistake(
            "milliseconds taken for samples", ms, lengths_of=lambda rate, *ms: tuple(max(1, int(one)) for one in ms)
        ),
        mistake(f"{course[0]} and {course[1]} samples, whatever is asked for", ms, lengths_of=lambda rate, *ms: course),
        mistake(
            f"{profile.sample_rate:g} Hz, whatever the sample rate",
            ms,
            lengths_of=lambda rate, *ms: lengths(profile, profile.sample_rate, *ms),
        ),
        mistake("frame and hop exchanged", ms, lengths_of=lambda rate, *ms: lengths(profile, rate, *ms[::-1])),
    ]
    for shape in (name for name in SHAPES if name != profile.window):
        name = "no window" if shape == "rectangular" else f"a {shape.capitalize()} window"
        known.append(mistake(name, values, window=partial(shaped, shape, not symmetric)))
    known += [
        mistake("a Blackman window", values, window=np.blackman),
        mistake("a triangular window (Bartlett)", values, window=np.bartlett),
    ]
    if profile.window != "rectangular":
        a = {"hamming": 0.54, "hann": 0.5}[profile.window]
        angle = "Is your window symmetric about its middle? How often does its cosine go up and down?"
        unit = "In which unit does np.cos expect an angle, and how large is a full turn in it?"
        known += [
            mistake(
                f"a {other} window",
                "Is the last value of your window equal to the first, or would it be the next?",
                window=window_of(profile, other),
            ),
            mistake(
                "the window applied twice",
                "At how many places do you multiply by the window?",
                window=lambda n: right(n) ** 2,
            ),
            mistake("the square root of the window", values, window=lambda n: np.sqrt(right(n))),
            mistake("the window divided by its sum", values, window=lambda n: right(n) / right(n).sum()),
            mistake(
                "divided by the window", "What does a window do to the ends of a frame?", window=lambda n: 1 / right(n)
            ),
            mistake(
                "the window's samples counted from 1",
                "What is the first value of your window?",
                window=cosine(a, divisor, first=1),
            ),
            mistake("half a turn of the cosine", angle, window=cosine(a, divisor, turns=1)),
            mistake("two turns of the cosine", angle, window=cosine(a, divisor, turns=4)),
            mistake("the cosine without pi", angle, window=cosine(a, divisor, turns=2 / np.pi)),
            mistake("degrees in the place of radians", unit, window=cosine(a, divisor, turns=360 / np.pi)),
            mistake("degrees in the place of radians, half a turn", unit, window=cosine(a, divisor, turns=180 / np.pi)),
            mistake("the window upside down: a plus before the cosine", values, window=cosine(a, divisor, sign=1)),
            mistake(
                "a sine in the place of the cosine",
                angle,
                window=lambda n: a - (1 - a) * np.sin(2 * np.pi * np.arange(n) / divisor(n)),
            ),
            mistake(
                "a window of n + 1 in the divisor",
                "Where does your window reach its largest value?",
                window=cosine(a, lambda n: n + 1),
            ),
            mistake(
                "the window of the course's frame length, cut off",
                "How long is your window, and how long are the frames?",
                window=lambda n: right(course[0])[:n] if n <= course[0] else right(n),
            ),
        ]
    if profile.window == "hamming":
        known += [
            mistake("0.54 and 0.46 exchanged", values, window=cosine(0.46, divisor)),
            mistake("25/46 and 21/46 in the place of 0.54 and 0.46", values, window=cosine(25 / 46, divisor)),
            mistake("0.54 and 0.5 in the window", values, window=cosine(0.54, divisor, b=0.5)),
        ]
    known += [
        mistake("frames as rows", "Which axis of your result is time?", layout=np.transpose),
        mistake(
            "all frames in one row",
            "How many axes has your result, and which one is time?",
            layout=lambda f: f.T.ravel(),
        ),
    ]
    return tuple(known)
