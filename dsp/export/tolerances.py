"""How far another program's numbers may be off by rounding: measured on the signal itself.

No one number will do. The logarithm of a weak band beside a loud one moves by whole nats in single precision, that of
a loud one by 1e-6. So the steps of dsp.trace are computed again with random rounding errors after every operation,
as large as arithmetic of a precision makes them, and what comes out is compared with the exact steps.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsp.conventions.parameters import Convention
from dsp.conventions.sizes import sizes
from dsp.fft import rfft
from dsp.mfcc import (
    append_deltas_and_normalize,
    cepstrum_matrix,
    cepstrum_weights,
    compute_deltas,
    cut_frames,
    insert_energy,
    insert_mel_energy,
    log_compress,
    make_filterbank,
    make_window,
    normalize_power,
    normalize_rows,
    preemphasize_frames,
    preprocess_signal,
)
from dsp.normalization import remove_dc, smooth

EPS = {"float64": float(np.finfo(np.float64).eps), "float32": float(np.finfo(np.float32).eps)}
TRIALS = 3
MARGIN = 12.0  # times the largest error of the trials: other orders of summation, other algorithms
LEAST = 4.0  # eps of a step's largest value, at least
FILTER_ERROR = 16.0  # eps of a filter's peak: edges of filters computed in that precision

Steps = Mapping[str, NDArray[Any]]
Tolerance = dict[str, dict[str, float]]


def tolerances(x: NDArray[np.float64], sample_rate: float, c: Convention, exact: Steps) -> dict[str, Tolerance]:
    """For both precisions and every step: the greatest error allowed at any value, and the greatest rms error.

    Parameters
    ----------
    x : (n,) the signal
    sample_rate : Hz
    c : Convention without dither
    exact : dsp.trace of the signal

    Returns
    -------
    tolerances : {"float64" or "float32": {step: {"max": .., "rms": ..}}}; errors are absolute, in the step's unit

    Checked: tests/test_golden_vectors_are_recomputed.py
    """
    return {precision: _tolerances(x, sample_rate, c, exact, eps) for precision, eps in EPS.items()}


def _tolerances(x: NDArray[np.float64], sample_rate: float, c: Convention, exact: Steps, eps: float) -> Tolerance:
    greatest = dict.fromkeys(exact, 0.0)
    rms = dict.fromkeys(exact, 0.0)
    for trial in range(TRIALS):
        rounded = _rounded_steps(x, sample_rate, c, eps, np.random.default_rng(trial))
        for name, step in exact.items():
            error = np.abs(rounded[name] - step)
            greatest[name] = max(greatest[name], float(error.max(initial=0)))
            rms[name] = max(rms[name], float(np.sqrt(np.mean(error**2))) if error.size else 0.0)
    least = {name: LEAST * eps * float(np.abs(step).max(initial=0)) for name, step in exact.items()}
    return {
        name: {
            "max": _two_digits(max(MARGIN * greatest[name], least[name])),
            "rms": _two_digits(max(MARGIN * rms[name], least[name])),
        }
        for name in exact
    }


def _two_digits(value: float) -> float:
    """Rounded up a little: a tolerance is no measurement."""
    return float(f"{1.05 * value:.1e}")


def _rounded_steps(
    x: NDArray[np.float64], sample_rate: float, c: Convention, eps: float, rng: np.random.Generator
) -> dict[str, NDArray[Any]]:
    """The steps of dsp.trace, each with rounding errors: the lines of dsp/mfcc.py, `off` around what they compute."""

    def off(values: NDArray[Any]) -> NDArray[Any]:
        return values * (1 + eps * rng.uniform(-1, 1, values.shape))

    size = sizes(c, sample_rate, n_samples=x.size)
    steps: dict[str, NDArray[Any]] = {"signal": off(preprocess_signal(off(x), c))}
    steps["frames"] = frames = cut_frames(steps["signal"], size, c)
    steps["window"] = window = off(make_window(size, c))
    raw = off(remove_dc(off(frames).T).T) if c.dc_removal == "frame" else frames
    steps["windowed"] = windowed = off(off(preemphasize_frames(raw, c)) * window[:, None])
    noise = rng.standard_normal((2, size.n_fft // 2 + 1, frames.shape[1])) / np.sqrt(2)
    level = eps * np.sqrt(np.log2(size.n_fft) + 1) * np.linalg.norm(windowed, axis=0)  # of an FFT's error at any bin
    steps["spectrum"] = spectrum = rfft(windowed.T, size.n_fft).T + level * (noise[0] + 1j * noise[1])
    steps["power"] = power = off(normalize_power(spectrum, size, sample_rate, c))
    bins, mel = power, power
    if c.n_mels is not None:
        filters = make_filterbank(size, sample_rate, c)
        bins = power[filters.any(axis=0)]
        error = FILTER_ERROR * eps * filters.max(axis=1, keepdims=True) * rng.uniform(-1, 1, filters.shape)
        steps["filterbank"] = filters = filters + np.where(filters > 0, error, 0)
        mel = off(filters @ power)
    steps["mel"] = mel
    levels = off(log_compress(mel, c, float(bins.max(initial=0))))
    energy = off({"raw frame": raw**2, "windowed frame": windowed**2, "spectrum": power}[c.energy_of].sum(axis=0))
    rows = insert_mel_energy(levels, energy, c)
    steps["log_mel"] = rows if c.n_mfcc is not None else off(normalize_rows(rows, c))
    if c.n_mfcc is None:
        return steps
    matrix = cepstrum_matrix(levels.shape[0], c)
    sums = eps * (np.abs(matrix) @ np.abs(levels))
    steps["cepstrum"] = cepstrum = matrix @ levels + sums * rng.uniform(-1, 1, sums.shape)
    weighted = off(cepstrum * cepstrum_weights(c)[:, None])
    steps["liftered"] = liftered = off(smooth(insert_energy(weighted, energy, c), c.smoothing))
    rows_and_deltas = [liftered, *map(off, compute_deltas(liftered, c))]
    steps["deltas"] = np.concatenate(rows_and_deltas[1:]) if c.delta_orders else np.empty((0, 0))
    steps["mfcc"] = off(append_deltas_and_normalize(rows_and_deltas, c))
    return steps
