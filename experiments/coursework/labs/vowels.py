"""Vowels with known pitch and formants: harmonics of a moving pitch through moving formants. No speech is recorded."""

import numpy as np

SAMPLE_RATE = 16_000  # Hz
OF_A, OF_I = (730.0, 1090.0, 2440.0, 3400.0), (270.0, 2290.0, 3010.0, 3300.0)  # formants of [a] and [i], Hz
FORMANTS = {  # Hz, of a man's vowels, rounded
    "a": OF_A,
    "e": (530.0, 1840.0, 2480.0, 3500.0),
    "i": OF_I,
    "o": (570.0, 840.0, 2410.0, 3300.0),
    "u": (300.0, 870.0, 2240.0, 3300.0),
}
BANDWIDTHS = (80.0, 100.0, 140.0, 200.0)  # Hz


def glide(pitch: float = 125.0, duration_s: float = 1.0, loudness: float = 0.3) -> np.ndarray:
    """A glide from [a] to [i] whose pitch falls by a fifth; (n,) float64 at 16 kHz with the peak amplitude `loudness`.

    Checked: tests/test_coursework_tasks_5_to_8.py
    """
    progress = np.linspace(0, 1, round(duration_s * SAMPLE_RATE))
    of_i = np.clip(1.6 * progress - 0.3, 0, 1)  # [a] is held, then moves to [i], which is held
    x = _voice(pitch * (1 - 0.2 * progress), [a + (i - a) * of_i for a, i in zip(OF_A, OF_I, strict=True)])
    return loudness * x / np.abs(x).max()


def word(vowels: str, durations_s, pitch: float = 125.0, tract: float = 1.0) -> np.ndarray:
    """A word of vowels that glide into each other; (n,) float64 at 16 kHz, peak 0.3.

    Parameters
    ----------
    vowels : letters of FORMANTS, such as "aio"
    durations_s : seconds of each vowel
    pitch : Hz, at the beginning; it falls by a fifth
    tract : factor on all formants; 1.16 is about a woman's

    Checked: tests/test_coursework_tasks_9_to_12.py
    """
    ends = np.cumsum(durations_s)
    t = np.arange(round(ends[-1] * SAMPLE_RATE)) / SAMPLE_RATE
    middles = ends - np.asarray(durations_s) / 2
    targets = tract * np.array([FORMANTS[letter] for letter in vowels])
    formants = [np.interp(t, middles, targets[:, k]) for k in range(targets.shape[1])]
    x = _voice(pitch * (1 - 0.2 * t / ends[-1]), formants)
    return 0.3 * x / np.abs(x).max()


def _voice(pitch: np.ndarray, formants) -> np.ndarray:
    """sum_h A_h cos(h phi) / h, A_h the product of |F^2 / (F^2 - f^2 + i f B)| at f = h pitch; and a little noise."""
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    x = np.zeros(pitch.size)
    for h in range(1, int(7500 / pitch.max()) + 1):
        f, size = h * pitch, 1 / h
        for F, bandwidth in zip(formants, BANDWIDTHS, strict=True):
            size = size * F**2 / np.abs(F**2 - f**2 + 1j * f * bandwidth)
        x += size * np.cos(h * phase)
    x += 1e-3 * np.abs(x).max() * np.random.default_rng(0).standard_normal(x.size)
    distance_s = np.minimum(np.arange(x.size), np.arange(x.size)[::-1]) / SAMPLE_RATE  # to the nearest end
    return x * np.minimum(1, distance_s / 0.03)  # fades of 30 ms
