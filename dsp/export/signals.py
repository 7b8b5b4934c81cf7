"""Short signals that golden vectors are computed from: synthetic speech, and what ports fail on.

All are whole 16-bit samples, so that a WAV file holds them exactly.
"""

import numpy as np
from numpy.typing import NDArray

FULL_SCALE = 32_767
SPEECH_S, OTHER_S = 0.3, 0.14  # seconds; the second is more than 2048 samples at 16 kHz
SHORT = 300  # samples, less than a frame of most tools
FORMANTS = ((650.0, 90.0), (1150.0, 110.0), (2500.0, 160.0))  # of an "a": frequency and bandwidth in Hz

DESCRIPTIONS = {
    "speech": "a vowel of a pulse train through three resonances, rising and falling, then a hiss: synthetic speech",
    "impulse": "one sample of 1/2 at a quarter of the signal, zeros elsewhere: where frames begin and end",
    "silence": "zeros: floors, logarithms of 0, divisions by a deviation of 0",
    "tone": "1000 Hz at full scale: what leaks from one bin into weak ones",
    "loud_then_quiet": "noise at full scale, then noise of one unit of 16 bits: dynamic ranges and relative floors",
    "dc": "a constant 1/4: removal of the mean, the lowest bins",
    "square": "-32768 and 32767 in turn, 100 Hz: the largest samples of either sign",
    "short": f"{SHORT} samples of the speech: less than a frame of most tools, which then give none or pad",
    "one_sample": "a single sample of 1/2",
}


def golden_signals(sample_rate: int) -> dict[str, NDArray[np.int16]]:
    """Every signal by name, in the order of DESCRIPTIONS: 16-bit samples.

    Parameters
    ----------
    sample_rate : int, Hz, at least 4000

    Returns
    -------
    signals : dict of (n,) int16

    Raises
    ------
    ValueError  for a lower rate, at which there is no room for the tone and the formants.

    Checked: tests/test_golden_vectors_are_recomputed.py
    """
    if sample_rate < 4000:
        raise ValueError(f"{sample_rate=} is too low for the signals; at least 4000 Hz is expected")
    n = round(OTHER_S * sample_rate)
    t = np.arange(n) / sample_rate
    rng = np.random.default_rng(0)
    noise = rng.integers(-FULL_SCALE, FULL_SCALE + 1, n)
    noise[n // 2 :] = rng.integers(-1, 2, n - n // 2)
    impulse = np.zeros(n)
    impulse[n // 4] = 16_384
    speech = _speech(sample_rate, rng)
    made = {
        "speech": speech,
        "impulse": impulse,
        "silence": np.zeros(n),
        "tone": np.rint(FULL_SCALE * np.sin(2 * np.pi * 1000 * t)),
        "loud_then_quiet": noise,
        "dc": np.full(n, 8192),
        "square": np.where(np.floor(200 * t) % 2 == 0, FULL_SCALE, -FULL_SCALE - 1),
        "short": speech[speech.size // 4 :][:SHORT],
        "one_sample": np.full(1, 16_384),
    }
    return {name: x.astype(np.int16) for name, x in made.items()}


def _speech(sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Pulses of 120 to 150 Hz through the formants, under an envelope; a hiss over the last third."""
    n = round(SPEECH_S * sample_rate)
    t = np.arange(n) / sample_rate
    cycles = np.cumsum((120 + 30 * np.sin(np.pi * t / SPEECH_S)) / sample_rate)
    x = np.diff(np.floor(cycles), prepend=0)
    for frequency, bandwidth in FORMANTS:
        if frequency < sample_rate / 2:
            x = _resonate(x, frequency / sample_rate, bandwidth / sample_rate)
    x *= np.sin(np.pi * np.minimum(t / (0.7 * SPEECH_S), 1.0))
    hiss = np.diff(rng.uniform(-1, 1, n), prepend=0) * np.clip((t - 0.65 * SPEECH_S) / (0.1 * SPEECH_S), 0, 1)
    x = 20_000 * x / np.abs(x).max() + 900 * hiss
    return np.rint(x)


def _resonate(x: NDArray[np.float64], frequency: float, bandwidth: float) -> NDArray[np.float64]:
    """y[n] = x[n] + 2 r cos(2 pi f) y[n - 1] - r^2 y[n - 2],  r = exp(-pi b); f and b as shares of the rate."""
    r = np.exp(-np.pi * bandwidth)
    a, b = 2 * r * np.cos(2 * np.pi * frequency), -r * r
    y, y1, y2 = np.empty_like(x), 0.0, 0.0
    for i, value in enumerate(x):
        y1, y2 = value + a * y1 + b * y2, y1
        y[i] = y1
    return y
