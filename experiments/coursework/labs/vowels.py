"""A glide from [a] to [i] with known pitch and formants: harmonics of a moving pitch through moving formants."""

import numpy as np

SAMPLE_RATE = 16_000  # Hz
OF_A, OF_I = (730.0, 1090.0, 2440.0, 3400.0), (270.0, 2290.0, 3010.0, 3300.0)  # formants of [a] and [i], Hz
BANDWIDTHS = (80.0, 100.0, 140.0, 200.0)  # Hz


def glide(pitch: float = 125.0, duration_s: float = 1.0, loudness: float = 0.3) -> np.ndarray:
    """A glide from [a] to [i] whose pitch falls by a fifth; (n,) float64 at 16 kHz with the peak amplitude `loudness`.

    Checked: tests/test_coursework_tasks_5_to_8.py
    """
    progress = np.linspace(0, 1, round(duration_s * SAMPLE_RATE))
    of_i = np.clip(1.6 * progress - 0.3, 0, 1)  # [a] is held, then moves to [i], which is held
    x = _voice(pitch * (1 - 0.2 * progress), [a + (i - a) * of_i for a, i in zip(OF_A, OF_I, strict=True)])
    return loudness * x / np.abs(x).max()


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
