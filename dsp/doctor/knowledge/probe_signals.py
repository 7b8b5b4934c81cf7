"""Probe signals: for every parameter a sound whose features show it.

Speech hides parameters: none of it is below a floor, no frame of it is silent, its first sample is small.
"""

from collections.abc import Callable

import numpy as np

from dsp.conventions.parameters import PARAMETERS

DURATION_S = 1.0
DESCRIPTIONS = {
    "impulse at sample 0": "a single 1 at the first sample",
    "silence": "zeros",
    "full-scale chirp": "a full-scale chirp from 0 Hz to half the sample rate",
    "quiet after loud": "a full-scale chirp that turns quiet, then silent",
    "offset": "noise with a DC offset",
    "noise": "white noise",
    "speech-like": "a voice-like tone in syllables with pauses",
}
_SHOWN_BY = {  # signal -> the parameters that it shows best
    "impulse at sample 0": ("preemphasis_first",),
    "silence": ("dither", "energy_floor"),
    "full-scale chirp": (
        *("spectrum", "spectrum_scaling", "mel_scale", "mel_triangles", "mel_norm", "reference"),
        *("delta_orders", "delta_width", "delta_edges", "delta_second"),
    ),
    "quiet after loud": ("spectrum_floor", "spectrum_floor_rule", "floor", "floor_rule", "dynamic_range"),
    "offset": ("dc_removal", "f_min"),
    "noise": (
        *("scale", "preemphasis", "preemphasis_in", "frame_length", "frame_length_s", "hop_length", "hop_length_s"),
        *("rounding", "framing", "last_frame", "window", "window_symmetry", "window_alignment", "n_fft"),
        *("spectrum_norm", "n_mels", "f_max"),
    ),
    "speech-like": (
        *("log", "log_gain", "log_offset", "n_mfcc", "dct_type", "dct_norm", "c0", "lifter", "lifter_first"),
        *("energy", "energy_of", "mel_energy", "smoothing"),
        *("normalization", "normalization_ddof", "normalization_eps", "normalization_eps_to"),
    ),
}
PROBES = {parameter: next(name for name, shown in _SHOWN_BY.items() if parameter in shown) for parameter in PARAMETERS}


def probe(name: str, sample_rate: float) -> np.ndarray:
    """One second of a probe signal, the same at every call.

    Parameters
    ----------
    name : one of DESCRIPTIONS, such as "silence" or "full-scale chirp"
    sample_rate : Hz, at least 2

    Returns
    -------
    signal : (n,) float64 within -1 .. 1

    Raises
    ------
    ValueError  for an unknown name, or a rate of less than two samples a second.

    Source: made here. Checked: tests/test_doctor_probes_show_parameters.py
    """
    if name not in DESCRIPTIONS:
        raise ValueError(f"unknown probe {name!r}; known are {', '.join(DESCRIPTIONS)}")
    if not sample_rate >= 2:
        raise ValueError(f"{sample_rate=} is not a sample rate; at least 2 Hz is expected")
    n = int(DURATION_S * sample_rate)
    return _SIGNALS[name](n, sample_rate)


def advice(parameter: str) -> str:
    """A sentence, without its full stop, on how to make a parameter visible.

    Raises ValueError for an unknown parameter.

    Checked: tests/test_doctor_probes_show_parameters.py
    """
    if parameter not in PROBES:
        raise ValueError(f"unknown parameter {parameter!r}; known are {', '.join(PARAMETERS)}")
    name = PROBES[parameter]
    sentence = f"compute the features of {DESCRIPTIONS[name]}, dsp.doctor.probe('{name}', 16000)"
    if parameter == "dither":
        return sentence + "; dither is random, so they show its strength but never the same numbers twice"
    return sentence


def _impulse(n: int, sample_rate: float) -> np.ndarray:
    return np.concatenate([[1.0], np.zeros(n - 1)])


def _silence(n: int, sample_rate: float) -> np.ndarray:
    return np.zeros(n)


def _noise(n: int, sample_rate: float) -> np.ndarray:
    return np.clip(0.1 * np.random.default_rng(0).standard_normal(n), -1, 1)


def _offset(n: int, sample_rate: float) -> np.ndarray:
    return 0.3 + 0.1 * _noise(n, sample_rate)


def _chirp(n: int, sample_rate: float) -> np.ndarray:
    """A sine whose frequency rises linearly from 0 to half the sample rate."""
    return np.sin(np.pi / 2 * np.arange(n) ** 2 / n)


def _quiet_after_loud(n: int, sample_rate: float) -> np.ndarray:
    """A full-scale chirp, the same chirp 120 dB weaker, then zeros: a third of the time each."""
    third = n // 3
    chirp = _chirp(third, sample_rate)
    return np.concatenate([chirp, 1e-6 * chirp, np.zeros(n - 2 * third)])


def _speech_like(n: int, sample_rate: float) -> np.ndarray:
    """Harmonics of a pitch that falls from 120 Hz, three formants, four syllables a second, and a little noise."""
    t = np.arange(n) / sample_rate
    pitch = 2 * np.pi * (120 * t - 10 * t**2)
    voice = np.zeros(n)
    for k in range(1, int(min(4000, sample_rate / 2) // 120) + 1):
        weight = sum(1 / (1 + ((120 * k - formant) / 100) ** 2) for formant in (500, 1500, 2500))
        voice += weight * np.sin(k * pitch)
    syllables = np.maximum(0, np.sin(2 * np.pi * 4 * t))
    return 0.5 * voice * syllables / max(1e-9, np.abs(voice).max()) + 0.01 * _noise(n, sample_rate)


_SIGNALS: dict[str, Callable[[int, float], np.ndarray]] = {
    "impulse at sample 0": _impulse,
    "silence": _silence,
    "full-scale chirp": _chirp,
    "quiet after loud": _quiet_after_loud,
    "offset": _offset,
    "noise": _noise,
    "speech-like": _speech_like,
}
