"""Lab 3: the signal of a short-time spectrum, by weighted overlap and add."""

import numpy as np

from dsp import hamming, hann, irfft, istft, stft
from experiments.coursework.task import AUDIO_LIBRARIES, TENSOR_LIBRARIES, Case, Mistake, Task


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


def frames_of(spectra, window) -> np.ndarray:
    return irfft(spectra.T, window.size).T


def weights(spectra, window, hop_length: int, power: int) -> np.ndarray:
    """sum_t window[n - t hop]^power."""
    return overlapped(np.repeat(window[:, None] ** power, spectra.shape[1], axis=1), hop_length)


def without_division(spectra, window, hop_length):
    return overlapped(frames_of(spectra, window) * window[:, None], hop_length)


def plain(spectra, window, hop_length):
    return overlapped(frames_of(spectra, window), hop_length)


def divided_by_windows(spectra, window, hop_length):
    return divided(without_division(spectra, window, hop_length), weights(spectra, window, hop_length, 1))


def window_once(spectra, window, hop_length):
    return divided(plain(spectra, window, hop_length), weights(spectra, window, hop_length, 1))


def mean_of_frames(spectra, window, hop_length):
    return divided(plain(spectra, window, hop_length), weights(spectra, np.ones(window.size), hop_length, 1))


def window_divided_out(spectra, window, hop_length):
    frames = divided(frames_of(spectra, window), np.repeat(window[:, None], spectra.shape[1], axis=1))
    return divided(overlapped(frames, hop_length), weights(spectra, (window != 0) * 1.0, hop_length, 1))


def last_frame_wins(spectra, window, hop_length):
    frames = divided(frames_of(spectra, window), np.repeat(window[:, None], spectra.shape[1], axis=1))
    y = np.zeros((spectra.shape[1] - 1) * hop_length + window.size)
    for t in range(spectra.shape[1]):
        y[t * hop_length : t * hop_length + window.size] = frames[:, t]
    return y


def hop_taken_for_overlap(spectra, window, hop_length):
    return istft(spectra, window, max(1, window.size - hop_length))


def even_length(spectra, window, hop_length):
    n = 2 * (spectra.shape[0] - 1)
    return istft(spectra, window, hop_length) if n == window.size else istft(spectra, window[:n], hop_length, n)


def half_a_spectrum(spectra, window, hop_length):
    n, half = window.size, spectra.shape[0]
    basis = np.exp(2j * np.pi * np.outer(np.arange(half), np.arange(half)) / half) / half
    frames, window = (basis @ spectra).real, window[:half]
    return (
        divided(overlapped(frames * window[:, None], hop_length), weights(spectra, window, hop_length, 2))
        if n > 1
        else frames[:, 0]
    )


def bins_not_doubled(spectra, window, hop_length):
    n, k = np.arange(window.size), np.arange(spectra.shape[0])
    frames = (np.exp(2j * np.pi * np.outer(n, k) / window.size) @ spectra).real / window.size
    return divided(overlapped(frames * window[:, None], hop_length), weights(spectra, window, hop_length, 2))


def constant_divisor(spectra, window, hop_length):
    return without_division(spectra, window, hop_length) * hop_length / np.sum(window**2)


def added_to_divisor(spectra, window, hop_length):
    return without_division(spectra, window, hop_length) / (weights(spectra, window, hop_length, 2) + 1e-8)


def square_root_of_divisor(spectra, window, hop_length):
    return divided(without_division(spectra, window, hop_length), np.sqrt(weights(spectra, window, hop_length, 2)))


def center_cut(spectra, window, hop_length):
    y = istft(spectra, window, hop_length)
    return y[window.size // 2 : y.size - window.size // 2]


def whole_hops(spectra, window, hop_length):
    y = istft(spectra, window, hop_length)
    return np.pad(y, (0, max(0, spectra.shape[1] * hop_length - y.size)))[: spectra.shape[1] * hop_length]


def other_way_round(spectra, window, hop_length):
    return istft(np.conj(spectra), window, hop_length)


MISTAKES = tuple(
    Mistake(name, hint, function)
    for name, hint, function in (
        (
            "no division by the sum of squared windows",
            "What does your function return for frames of ones?",
            without_division,
        ),
        (
            "frames added without window and without division",
            "What does your function return for frames of ones?",
            plain,
        ),
        (
            "divided by the sum of the windows, not of their squares",
            "How often does the window act on a sample: before the transform, after it, or both?",
            divided_by_windows,
        ),
        (
            "no window before adding, divided by the sum of the windows",
            "It is right as long as nobody changed the spectra. Which signal is nearest to spectra that were changed?",
            window_once,
        ),
        ("frames averaged, the window left in", "How often does the window act on a sample?", mean_of_frames),
        (
            "the window divided out of every frame, then averaged",
            "Where one of two overlapping frames has a small window value, which one should count more?",
            window_divided_out,
        ),
        ("later frames written over earlier ones", "Is it = or += ?", last_frame_wins),
        ("the hop taken for the overlap", "Where does the second frame begin?", hop_taken_for_overlap),
        (
            "a transform of even length for an odd window",
            "63 and 62 samples have equally many bins. Who tells the inverse transform which it was?",
            even_length,
        ),
        ("the inverse transform of half a spectrum", "Where are the negative frequencies?", half_a_spectrum),
        (
            "negative frequencies left out",
            "How much of a cosine's energy lies at negative frequencies?",
            bins_not_doubled,
        ),
        (
            "one constant instead of the sum of squared windows",
            "Do the first samples lie under as many windows as those in the middle?",
            constant_divisor,
        ),
        (
            "something small added to the divisor",
            "How small is the square of a Hann window's second value?",
            added_to_divisor,
        ),
        ("the square root of the divisor", "What minimizes sum_t (w y - y_t)^2?", square_root_of_divisor),
        ("half a window cut off at both ends", "Did this stft pad the signal?", center_cut),
        ("a length of n_frames hops", "Where does the last frame end?", whole_hops),
        ("the sign of the exponent", "In which direction does each frame run?", other_way_round),
        (
            "the phase dropped",
            "Where does the peak of each of your frames lie?",
            lambda spectra, window, hop_length: istft(np.abs(spectra), window, hop_length),
        ),
        (
            "scaled by 1/N once more",
            "Which side of your transform carries 1/N?",
            lambda spectra, window, hop_length: istft(spectra, window, hop_length) / window.size,
        ),
    )
)
