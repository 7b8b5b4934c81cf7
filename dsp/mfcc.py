"""From a signal to log-mel values and cepstra under any convention: the textbook lane.

    preprocess_signal -> frames -> windowed -> spectrum -> power -> mel -> log_mel -> cepstrum -> mfcc

`trace` returns every one of these; `log_mel` and `mfcc` are two of them. Each step is a function of a
few lines that asks the Convention what to do. Columns are frames.
"""

import math

import numpy as np

from dsp.checks import as_signal
from dsp.conventions import named
from dsp.conventions.parameters import Convention
from dsp.conventions.sizes import Sizes, frames_given, sizes
from dsp.dct import dct_matrix, lifter
from dsp.deltas import delta
from dsp.fft import rfft
from dsp.framing import extend, frame
from dsp.mel import mel_filterbank
from dsp.normalization import cmn, cmvn, dither, remove_dc
from dsp.preemphasis import _preemphasize_columns, preemphasis
from dsp.windows import bartlett, blackman, blackman_harris, hamming, hann, povey, sine, tukey

LOG_FACTOR = {"ln": 1.0, "log10": 1 / math.log(10), "10 log10": 10 / math.log(10), "20 log10": 20 / math.log(10)}
LEAST = 2.0**-126  # the least normal float32: what is below it has its logarithm, so that silence has a level


def log_mel(signal, sample_rate: float, convention="librosa") -> np.ndarray:
    """Logarithm of the mel (or, without filters, of the plain) spectrum under a convention.

    log_mel[m, t] = gain log(floored(sum_k H[m, k] |X[k, t]|^p)) + offset, clipped to the dynamic range;
    no logarithm is taken of less than 2^-126

    Parameters
    ----------
    signal : (n,) real, in -1 .. 1 as read_audio gives it
    sample_rate : Hz
    convention : a name in CONVENTIONS or a Convention

    Returns
    -------
    log_mel : (n_mels, n_frames) float64, in the convention's unit

    Raises
    ------
    ValueError  for a bad signal, an unknown name, a signal too short for one frame, or a convention that
        does not fit the sample rate.

    Source: Davis & Mermelstein 1980; the tool's documentation. Checked: tests/test_features_match_every_tool.py
    """
    return trace(signal, sample_rate, convention, until="log_mel")["log_mel"]


def mfcc(signal, sample_rate: float, convention="librosa") -> np.ndarray:
    """Mel-frequency cepstral coefficients under a convention, with its energy, deltas and normalisation.

    mfcc[k, t] = w[k] sum_m C[k, m] log_mel[m, t],  C the DCT-II, w the lifter

    Parameters
    ----------
    signal, sample_rate, convention : as log_mel

    Returns
    -------
    mfcc : (n_rows, n_frames) float64

    Raises
    ------
    ValueError  as log_mel, or if the convention has no cepstrum.

    Source: Davis & Mermelstein 1980; the tool's documentation. Checked: tests/test_features_match_every_tool.py
    """
    if named(convention).n_mfcc is None:
        raise ValueError(f"{named(convention).tool or 'this convention'} makes no cepstra (n_mfcc is None)")
    return trace(signal, sample_rate, convention)["mfcc"]


def trace(signal, sample_rate: float, convention="librosa", until: str = "mfcc") -> dict[str, np.ndarray]:
    """Every intermediate on the way to the features, by name, in order.

    signal      (n,)               after scaling, dither, DC removal and pre-emphasis of the whole signal
    frames      (frame, n_frames)  cut out
    window      (frame,)
    windowed    (frame, n_frames)  after what is done to each frame, times the window
    spectrum    (bins, n_frames)   complex
    power       (bins, n_frames)   |X|^2 or |X|, normalised
    filterbank  (n_mels, bins)     where there are filters
    mel         (n_mels, n_frames)
    log_mel     (n_mels, n_frames)
    cepstrum    (n, n_frames)      after the DCT
    liftered    (n, n_frames)      after lifter and energy
    deltas      (rows, n_frames)   of liftered, all orders, where the convention has them
    mfcc        (n_rows, n_frames) liftered over deltas, normalised

    Parameters
    ----------
    signal, sample_rate, convention : as log_mel
    until : the last name wanted; "log_mel" leaves the cepstra out

    Returns
    -------
    steps : dict of arrays; without cepstra it ends at log_mel

    Raises
    ------
    ValueError  as log_mel.

    Source: as log_mel. Checked: tests/test_features_match_every_tool.py
    """
    c = named(convention)
    size = sizes(c, sample_rate, n_samples=np.size(signal))
    x = preprocess_signal(as_signal(signal), c)
    frames = frames_of(x, size, c)
    raw = remove_dc(frames.T).T if c.dc_removal == "frame" else frames
    window = window_of(size, c)
    windowed = emphasized(raw, c) * window[:, None]
    spectrum = rfft(windowed.T, size.n_fft).T
    power = normalized_power(spectrum, size, sample_rate, c)
    steps = {"signal": x, "frames": frames, "window": window, "windowed": windowed}
    steps |= {"spectrum": spectrum, "power": power}
    if c.n_mels is None:
        steps["mel"] = power
    else:
        steps["filterbank"] = filterbank_of(size, sample_rate, c)
        steps["mel"] = steps["filterbank"] @ power
    steps["log_mel"] = log_compress(steps["mel"], c)
    if c.n_mfcc is None or until == "log_mel":
        return steps
    steps["cepstrum"] = cepstrum_matrix(steps["log_mel"].shape[0], c) @ steps["log_mel"]
    energy_of = {"raw frame": raw**2, "windowed frame": windowed**2, "spectrum": power}[c.energy_of]
    steps["liftered"] = with_energy(steps["cepstrum"] * cepstrum_weights(c)[:, None], energy_of.sum(axis=0), c)
    if c.delta_orders:
        steps["deltas"] = np.concatenate(deltas_of(steps["liftered"], c))
    steps["mfcc"] = append_deltas_and_normalize([steps[name] for name in ("liftered", "deltas") if name in steps], c)
    return steps


def preprocess_signal(x: np.ndarray, c: Convention) -> np.ndarray:
    """What is done to the signal as a whole."""
    x = x * c.scale
    if c.dither:
        x = dither(x, c.dither, np.random.default_rng(0))
    if c.dc_removal == "signal":
        x = remove_dc(x)
    if c.preemphasis and c.preemphasis_in == "signal":
        x = preemphasis(x, c.preemphasis, c.preemphasis_first)
    return x


def frames_of(x: np.ndarray, size: Sizes, c: Convention) -> np.ndarray:
    """(frame, n_frames) by the convention's framing."""
    n_frames = frames_given(x.size, size, c)
    return frame(extend(x, size.frame, size.hop, c.framing), size.frame, size.hop)[:, :n_frames]


def emphasized(frames: np.ndarray, c: Convention) -> np.ndarray:
    """Pre-emphasis inside each frame, where the convention has it there."""
    if not c.preemphasis or c.preemphasis_in == "signal":
        return frames
    return _preemphasize_columns(frames, c.preemphasis, c.preemphasis_first)


def window_of(size: Sizes, c: Convention) -> np.ndarray:
    """The window, with zeros around it where it stands in the middle of a longer frame."""
    shapes = {
        "rectangular": lambda n, periodic: np.ones(n),
        "hamming": hamming,
        "hann": hann,
        "povey": povey,
        "blackman": blackman,
        "blackman harris": blackman_harris,
        "bartlett": bartlett,
        "sine": sine,
        "tukey": tukey,
    }
    window = shapes[c.window](size.window, periodic=c.window_symmetry == "periodic")
    if not window.any():
        raise ValueError(f"a {c.window} window of {size.window} samples is 0 everywhere")
    before = (size.frame - size.window) // 2
    return np.concatenate([np.zeros(before), window, np.zeros(size.frame - size.window - before)])


def normalized_power(spectrum: np.ndarray, size: Sizes, sample_rate: float, c: Convention) -> np.ndarray:
    """|X|^2 or |X| after the convention's normalisation."""
    power = (spectrum.real**2 + spectrum.imag**2) / power_divisor(window_of(size, c), size, sample_rate, c)
    if c.spectrum_scaling == "one-sided, doubled":
        power[1 : (size.n_fft + 1) // 2] *= 2
    return np.sqrt(power) if c.spectrum == "magnitude" else power


def power_divisor(window: np.ndarray, size: Sizes, sample_rate: float, c: Convention) -> float:
    """What the convention divides |X|^2 by."""
    energy = np.sum(window**2)
    divisor = {
        None: 1.0,
        "n_fft": size.n_fft,
        "window sum": window.sum() ** 2,
        "window energy": energy,
        "density": sample_rate * energy,
    }
    return divisor[c.spectrum_norm]


def filterbank_of(size: Sizes, sample_rate: float, c: Convention) -> np.ndarray:
    """The convention's mel filters, (n_mels, bins)."""
    n_mels = math.floor(3 * math.log(sample_rate)) if c.n_mels == "3 ln rate" else c.n_mels
    return mel_filterbank(n_mels, size.n_fft, sample_rate, c.f_min, c.f_max, c.mel_scale, c.mel_triangles, c.mel_norm)


def log_compress(mel: np.ndarray, c: Convention) -> np.ndarray:
    """The logarithm with its floor, reference, dynamic range, gain and offset."""
    if c.log is None:
        return c.log_gain * mel + c.log_offset
    if c.floor_rule == "at least":
        mel = np.maximum(mel, c.floor)
    elif c.floor_rule == "add":
        mel = mel + c.floor
    elif c.floor_rule == "zeros only":
        mel = np.where(mel == 0, c.floor, mel)
    else:
        mel = np.maximum(mel, c.floor * mel.max())
    level = LOG_FACTOR[c.log] * np.log(np.maximum(mel, LEAST))
    if c.reference == "maximum":
        level = level - level.max()
    if c.dynamic_range is not None:
        level = np.maximum(level, level.max() - c.dynamic_range)
    return c.log_gain * level + c.log_offset


def cepstrum_matrix(n_mels: int, c: Convention) -> np.ndarray:
    """The rows of the DCT that the convention keeps, in its order."""
    if c.c0 == "first":
        return dct_matrix(c.n_mfcc, n_mels, c.dct_norm, c.dct_type)
    rows = dct_matrix(c.n_mfcc + 1, n_mels, c.dct_norm, c.dct_type)
    return np.concatenate([rows[1:], rows[:1]]) if c.c0 == "last" else rows[1:]


def cepstrum_weights(c: Convention) -> np.ndarray:
    """The lifter's weights in the order of the rows of cepstrum_matrix."""
    if c.c0 == "first":
        return lifter(c.n_mfcc, c.lifter, c.lifter_first)
    weights = lifter(c.n_mfcc + 1, c.lifter, c.lifter_first)
    return np.append(weights[1:], weights[0]) if c.c0 == "last" else weights[1:]


def with_energy(cepstra: np.ndarray, energy: np.ndarray, c: Convention) -> np.ndarray:
    """The cepstra with the log energy of each frame in its place."""
    if c.energy is None:
        return cepstra
    row = np.log(np.maximum(energy, max(c.energy_floor, LEAST)))[None]
    if c.energy == "replaces c0":
        return np.concatenate([cepstra[:-1], row]) if c.c0 == "last" else np.concatenate([row, cepstra[1:]])
    return np.concatenate([row, cepstra] if c.energy == "first" else [cepstra, row])


def append_deltas_and_normalize(rows: list[np.ndarray], c: Convention) -> np.ndarray:
    """Static rows and deltas in one matrix, its rows normalised over the utterance."""
    features = np.concatenate(rows)
    if c.normalization is None:
        return features
    return cmn(features) if c.normalization == "mean" else cmvn(features)


def deltas_of(rows: np.ndarray, c: Convention) -> list[np.ndarray]:
    """The convention's deltas, one matrix per order."""
    if c.delta_orders == 0:
        return []
    first = delta(rows, c.delta_width, c.delta_edges)
    if c.delta_orders == 1:
        return [first]
    if c.delta_second == "curvature":
        return [first, delta(rows, c.delta_width, c.delta_edges, order=2)]
    if c.delta_second == "delta of delta":
        return [first, delta(first, c.delta_width, c.delta_edges)]
    extended = np.concatenate([rows] + [rows[:, -1:]] * (c.delta_width // 2), axis=1)
    second = delta(delta(extended, c.delta_width, c.delta_edges), c.delta_width, c.delta_edges)
    return [first, second[:, : rows.shape[1]]]
