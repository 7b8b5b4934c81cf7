"""Lab 3: the signal of a short-time spectrum, by weighted overlap and add."""

import numpy as np

from dsp import hamming, hann, irfft, istft, stft
from experiments.coursework.checking.task import AUDIO_LIBRARIES, TENSOR_LIBRARIES, Case, Mistake, Task


def make_task(profile) -> Task:
    """istft(spectra, window, hop_length); the transform is as long as the window, nothing is padded."""
    return Task(
        lab=3,
        function="istft",
        parameters=("spectra", "window", "hop_length"),
        points=profile.points,
        solution=istft,
        cases=cases(profile),
        mistakes=MISTAKES,
        axes=("sample",),
        variant=variant,
        refused=(
            "dsp.istft",
            "dsp.stft",
            "dsp.griffin_lim",
            "dsp.inversion",
            "scipy",
            *AUDIO_LIBRARIES[1:],
            *TENSOR_LIBRARIES,
        ),
    )


def cases(profile) -> tuple[Case, ...]:
    random = np.random.default_rng([3, profile.seed])
    L, H = (profile.samples(ms, profile.sample_rate) for ms in (profile.frame_ms, profile.hop_ms))

    def case(name: str, window, hop_length: int, n_frames: int, changed=False, hidden=False) -> Case:
        x = random.standard_normal(window.size + (n_frames - 1) * hop_length)
        spectra = stft(x, window, hop_length)
        if changed:
            spectra = spectra * random.uniform(0, 1, spectra.shape)
        return Case(name, {"spectra": spectra, "window": window, "hop_length": hop_length}, hidden)

    return (
        case("8 samples without a window, no overlap", np.ones(8), 8, 3),
        case(f"Hamming {L}, hop {H}, as stft made it", hamming(L), H, 9),
        case("periodic Hann 64, hop 16, every bin weakened at random", hann(64, periodic=True), 16, 12, changed=True),
        case("one frame", hamming(32), 8, 1),
        case("an odd window, 63, hop 20", hann(63), 20, 7, changed=True),
        case("Hann 64, hop 64: samples that no window sees", hann(64), 64, 4),
        case("periodic Hann 128, hop 40, changed", hann(128, periodic=True), 40, 8, changed=True, hidden=True),
        case("an odd window of one frame", hamming(25), 10, 1, hidden=True),
        case("Hamming 50, hop 60: a pause between windows", hamming(50), 60, 5, changed=True, hidden=True),
    )


def overlapped(frames, hop_length: int) -> np.ndarray:
    """The sum of frames (L, n_frames), each at its time."""
    L, n_frames = frames.shape
    y = np.zeros((n_frames - 1) * hop_length + L)
    for t in range(n_frames):
        y[t * hop_length : t * hop_length + L] += frames[:, t]
    return y


def divided(y, by) -> np.ndarray:
    """y / by, 0 where there is nothing to divide by."""
    covered = np.abs(by) > np.finfo(np.float64).tiny
    return np.divide(y, by, out=np.zeros_like(y), where=covered)


def weights(window, n_frames: int, hop_length: int, power: int) -> np.ndarray:
    """sum_t window[n - t hop]^power."""
    return overlapped(np.repeat(window[:, None] ** power, n_frames, axis=1), hop_length)


def last_wins(frames, hop_length: int) -> np.ndarray:
    """Each frame at its time, later ones over earlier ones."""
    y = np.zeros((frames.shape[1] - 1) * hop_length + frames.shape[0])
    for t in range(frames.shape[1]):
        y[t * hop_length : t * hop_length + frames.shape[0]] = frames[:, t]
    return y


def by_squares(y, window, n_frames: int, hop_length: int) -> np.ndarray:
    return divided(y, weights(window, n_frames, hop_length, 2))


def variant(inverse=None, window_of=None, weighted=True, overlap=overlapped, divide=by_squares, hop=None, cut=None):
    """The solution with other parts.

    inverse(spectra, n) -> frames (L, n_frames); window_of(window, L) -> the window that is used; weighted : whether
    frames are multiplied by it; overlap(frames, hop) -> y; divide(y, window, n_frames, hop) -> y; hop(L, hop) -> hop;
    cut(y, L, n_frames, hop) -> y
    """

    def function(spectra, window, hop_length):
        given, n_frames = window, spectra.shape[1]
        frames = irfft(spectra.T, window.size).T if inverse is None else inverse(spectra, window.size)
        window = window[: len(frames)] if window_of is None else window_of(window, len(frames))
        step = hop_length if hop is None else hop(window.size, hop_length)
        y = overlap(frames * window[:, None] if weighted else frames, step)
        y = divide(y, window, n_frames, step)
        return y if cut is None else cut(y, given.size, n_frames, hop_length)

    return function


def undivided(y, window, n_frames, hop_length):
    return y


def with_floor(floor: float):
    """Divided by the sum of squares, where that is at least `floor`, else by `floor`."""
    return lambda y, w, n, hop: y / np.maximum(weights(w, n, hop, 2), floor)


def plus(epsilon: float):
    """Divided by the sum of squares and a little more."""
    return lambda y, w, n, hop: y / (weights(w, n, hop, 2) + epsilon)


def even_length(spectra, n: int) -> np.ndarray:
    """The inverse transform of 2 (bins - 1) points, whatever the window's length."""
    return irfft(spectra.T, 2 * (len(spectra) - 1)).T


def half_a_spectrum(spectra, n: int) -> np.ndarray:
    """The inverse transform of as many points as there are bins."""
    half = len(spectra)
    basis = np.exp(2j * np.pi * np.outer(np.arange(half), np.arange(half)) / half) / half
    return (basis @ spectra).real


def bins_not_doubled(spectra, n: int) -> np.ndarray:
    """The real part of the inverse transform without the negative frequencies."""
    turns = np.outer(np.arange(n), np.arange(len(spectra))) / n
    return (np.exp(2j * np.pi * turns) @ spectra).real / n


def all_doubled(spectra, n: int) -> np.ndarray:
    """The same, doubled, 0 Hz and the Nyquist frequency too."""
    return 2 * bins_not_doubled(spectra, n)


def changed(change):
    """The right inverse transform of other spectra."""
    return lambda spectra, n: irfft(change(spectra).T, n).T


def divided_out(spectra, n: int) -> np.ndarray:
    return irfft(spectra.T, n).T


def window_divided_out(spectra, window, hop_length):
    frames = divided(irfft(spectra.T, window.size).T, np.repeat(window[:, None], spectra.shape[1], axis=1))
    return divided(overlapped(frames, hop_length), weights((window != 0) * 1.0, spectra.shape[1], hop_length, 1))


def last_frame_wins(spectra, window, hop_length):
    frames = divided(irfft(spectra.T, window.size).T, np.repeat(window[:, None], spectra.shape[1], axis=1))
    return last_wins(frames, hop_length)


def whole_hops(y, L: int, n_frames: int, hop_length: int) -> np.ndarray:
    return np.pad(y, (0, max(0, n_frames * hop_length - y.size)))[: n_frames * hop_length]


FRAMES_OF_ONES = "What does your function return for frames of ones?"
HOW_OFTEN = "How often does the window act on a sample: before the transform, after it, or both?"
BLIND = "Which samples does no window see? What do you divide there?"
SMALL = "How small is the square of a Hann window's second value?"
HALF = "Where are the negative frequencies?"
ENERGY = "How much of a cosine's energy lies at negative frequencies?"


def by_sum(power: int):
    return lambda y, w, n, hop: divided(y, weights(w, n, hop, power))


def by_count(y, w, n, hop):
    return divided(y, weights(np.ones(w.size), n, hop, 1))


def known(name: str, hint: str, **parts) -> Mistake:
    return Mistake(name, hint, variant(**parts), parts)


MISTAKES = (
    known("no division by the sum of squared windows", FRAMES_OF_ONES, divide=undivided),
    known("frames added without window and without division", FRAMES_OF_ONES, weighted=False, divide=undivided),
    known("divided by the sum of the windows, not of their squares", HOW_OFTEN, divide=by_sum(1)),
    known(
        "no window before adding, divided by the sum of the windows",
        "It is right as long as nobody changed the spectra. Which signal is nearest to spectra that were changed?",
        weighted=False,
        divide=by_sum(1),
    ),
    known(
        "no window before adding, divided by the sum of its squares",
        HOW_OFTEN,
        weighted=False,
        divide=lambda y, w, n, hop: np.where(weights(w, n, hop, 2) > 1e-20, divided(y, weights(w, n, hop, 2)), 0),
    ),
    known("frames averaged, the window left in", HOW_OFTEN, weighted=False, divide=by_count),
    known("divided by the number of frames that overlap", HOW_OFTEN, divide=by_count),
    known("the window applied twice before adding", HOW_OFTEN, window_of=lambda w, n: w[:n] ** 2, divide=by_sum(1)),
    Mistake(
        "the window divided out of every frame, then averaged",
        "Where one of two overlapping frames has a small window value, which one should count more?",
        window_divided_out,
    ),
    Mistake("the window divided out, later frames written over earlier ones", "Is it = or += ?", last_frame_wins),
    known("later frames written over earlier ones", "Is it = or += ?", overlap=last_wins),
    known("later frames written over earlier ones, undivided", "Is it = or += ?", overlap=last_wins, divide=undivided),
    known("the hop taken for the overlap", "Where does the second frame begin?", hop=lambda L, H: max(1, L - H)),
    known("half overlap, whatever the hop", "Where does the second frame begin?", hop=lambda L, H: max(1, L // 2)),
    known(
        "a transform of even length for an odd window",
        "63 and 62 samples have equally many bins. Who tells the inverse transform which it was?",
        inverse=even_length,
    ),
    known("the inverse transform of half a spectrum", HALF, inverse=half_a_spectrum),
    known("negative frequencies left out", ENERGY, inverse=bins_not_doubled),
    known("all bins doubled, also 0 Hz and the Nyquist frequency", ENERGY, inverse=all_doubled),
    known(
        "one constant instead of the sum of squared windows",
        "Do the first samples lie under as many windows as those in the middle?",
        divide=lambda y, w, n, hop: y * hop / np.sum(w**2),
    ),
    known("0 divided by 0 where no window looks", BLIND, divide=lambda y, w, n, hop: y / weights(w, n, hop, 2)),
    *(known(f"{e:g} added to the divisor", SMALL, divide=plus(e)) for e in (1.0, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)),
    *(known(f"{e:g} added to the divisor", SMALL, divide=plus(e)) for e in (1e-8, 1e-9, 1e-10, 1e-12)),
    *(known(f"a divisor of at least {e:g}", SMALL, divide=with_floor(e)) for e in (1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5)),
    known(
        "the square root of the divisor",
        "What minimizes sum_t (w y - y_t)^2?",
        divide=lambda y, w, n, hop: divided(y, np.sqrt(weights(w, n, hop, 2))),
    ),
    known(
        "half a window cut off at both ends",
        "Did this stft pad the signal?",
        cut=lambda y, L, n, hop: y[L // 2 : y.size - L // 2],
    ),
    known("a length of n_frames hops", "Where does the last frame end?", cut=whole_hops),
    known(
        "zeros up to n_frames hops and a window",
        "Where does the last frame end?",
        cut=lambda y, L, n, hop: np.pad(y, (0, n * hop + L - y.size)),
    ),
    known(
        "scaled to a largest size of 1",
        "Does your signal become louder if the spectra do?",
        cut=lambda y, L, n, hop: y / np.abs(y).max(),
    ),
    known("the sign of the exponent", "In which direction does each frame run?", inverse=changed(np.conj)),
    known("the phase dropped", "Where does the peak of each of your frames lie?", inverse=changed(np.abs)),
    known("the real part of the spectra", "Where does the peak of each of your frames lie?", inverse=changed(np.real)),
    known(
        "scaled by 1/N once more",
        "Which side of your transform carries 1/N?",
        inverse=lambda S, n: divided_out(S, n) / n,
    ),
    known("1/N forgotten", "Which transform carries 1/N?", inverse=lambda S, n: divided_out(S, n) * n),
)
