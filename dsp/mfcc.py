"""From a signal to log-mel values and cepstra under any convention: the textbook lane.

    preprocess_signal -> frames -> windowed -> spectrum -> power -> mel -> log_mel -> cepstrum -> liftered -> mfcc

`trace` returns every one of these steps; `log_mel` and `mfcc` return one each. Each step is a function of a few
lines that follows the Convention. Columns are frames.
"""

import math
import warnings
from collections.abc import Iterator
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_signal, as_word
from dsp.conventions.parameters import Convention, Log
from dsp.conventions.registry import named
from dsp.conventions.sizes import Sizes, require_frames, sizes
from dsp.dct import dct_matrix, lifter
from dsp.deltas import delta, second_delta
from dsp.fft import rfft
from dsp.framing import extend, frame
from dsp.mel import mel_filterbank
from dsp.normalization import cmn, cmvn, dither, remove_dc, smooth
from dsp.preemphasis import _preemphasize_columns, preemphasis
from dsp.windows import bartlett, blackman, blackman_harris, gaussian, hamming, hann, povey, sine, tukey

LOG_FACTOR: dict[Log, float] = {  # of the natural logarithm
    "ln": 1.0,
    "log10": 1 / math.log(10),
    "10 log10": 10 / math.log(10),
    "20 log10": 20 / math.log(10),
}
MIN_LOG_ARGUMENT = 2.0**-126  # the smallest normal float32: smaller values get its logarithm, so silence has a level
INTEGER_SCALE = 2**15 - 1  # a convention with this scale or more expects samples in -1 .. 1 and makes 16-bit values

Step = Literal[
    "signal", "frames", "window", "windowed", "spectrum", "power", "filterbank", "mel", "log_mel", "cepstrum",
    "liftered", "deltas", "mfcc",
]  # fmt: skip
STEPS: tuple[Step, ...] = get_args(Step)


def log_mel(signal: ArrayLike, sample_rate: float, convention: str | Convention = "librosa") -> NDArray[np.float64]:
    """Logarithm of the mel spectrum (without filters: of the plain spectrum) under a convention.

    log_mel[m, t] = gain log(floored(sum_k H[m, k] |X[k, t]|^p)) + offset, clipped to the dynamic range;
    arguments of the logarithm below 2^-126 count as 2^-126

    Parameters
    ----------
    signal : (n,) real, in -1 .. 1 as read_audio returns it
    sample_rate : Hz
    convention : a name in CONVENTIONS (case is ignored) or a Convention

    Returns
    -------
    log_mel : (n_mels, n_frames) float64, in the convention's unit

    Raises
    ------
    ValueError  for a bad signal, an unknown name, a signal too short for one frame, or a convention that
        does not fit the sample rate.

    Warns with a UserWarning if samples exceed -1 .. 1 under a convention that multiplies them by 32768.

    Source: Davis & Mermelstein 1980; the tool's documentation. Checked: tests/test_features_match_every_tool.py
    """
    c = named(convention)
    x = as_signal(signal)
    warn_beyond_full_scale([x], c)
    return compute_trace(x, sample_rate, c, "log_mel")["log_mel"]


def mfcc(signal: ArrayLike, sample_rate: float, convention: str | Convention = "librosa") -> NDArray[np.float64]:
    """Mel-frequency cepstral coefficients under a convention, with its energy, deltas and normalization.

    mfcc[k, t] = w[k] sum_m C[k, m] log_mel[m, t],  C the DCT-II, w the lifter

    Parameters
    ----------
    signal, sample_rate, convention : as in log_mel

    Returns
    -------
    mfcc : (n_rows, n_frames) float64

    Raises
    ------
    ValueError  as log_mel, or if the convention has no cepstrum.

    Source: Davis & Mermelstein 1980; the tool's documentation. Checked: tests/test_features_match_every_tool.py
    """
    c = named(convention)
    require_cepstrum(c)
    x = as_signal(signal)
    warn_beyond_full_scale([x], c)
    return compute_trace(x, sample_rate, c, "mfcc")["mfcc"]


def trace(
    signal: ArrayLike, sample_rate: float, convention: str | Convention = "librosa", until: Step = "mfcc"
) -> dict[str, NDArray[Any]]:
    """Every intermediate result on the way to the features, by name, in order.

    signal      (n,)               after scaling, dither, DC removal and pre-emphasis of the whole signal
    frames      (frame, n_frames)  cut out of the extended signal
    window      (frame,)
    windowed    (frame, n_frames)  after DC removal and pre-emphasis of each frame, times the window
    spectrum    (bins, n_frames)   complex
    power       (bins, n_frames)   |X|^2 or |X|, normalized
    filterbank  (n_mels, bins)     if the convention has filters
    mel         (n_mels, n_frames)
    log_mel     (n_mels, n_frames) with the row of energy if the convention has it; normalized if no cepstra follow
    cepstrum    (n, n_frames)      after the DCT
    liftered    (n, n_frames)      after lifter, energy and smoothing
    deltas      (rows, n_frames)   of liftered, all orders, if the convention has them
    mfcc        (n_rows, n_frames) liftered above deltas, normalized

    Parameters
    ----------
    signal, sample_rate, convention : as in log_mel
    until : the last step wanted, one of these names; later steps are not computed

    Returns
    -------
    steps : dict of arrays; if the convention has no cepstrum it ends at log_mel

    Raises
    ------
    ValueError  as log_mel, or if `until` is none of these names.

    Source: as log_mel. Checked: tests/test_features_match_every_tool.py
    """
    c = named(convention)
    as_word(until, "until", Step)
    x = as_signal(signal)
    warn_beyond_full_scale([x], c)
    return compute_trace(x, sample_rate, c, until)


def compute_trace(x: NDArray[np.float64], sample_rate: float, c: Convention, until: Step) -> dict[str, NDArray[Any]]:
    """`trace` of checked samples, without its warning."""
    steps: dict[str, NDArray[Any]] = {}
    for name, step in _compute_steps(x, sample_rate, c):
        steps[name] = step
        if STEPS.index(name) >= STEPS.index(until):
            break
    return steps


def _compute_steps(x: NDArray[np.float64], sample_rate: float, c: Convention) -> Iterator[tuple[Step, NDArray[Any]]]:
    """The steps of `trace`, one after the other."""
    size = sizes(c, sample_rate, n_samples=x.size)
    x = preprocess_signal(x, c)
    yield "signal", x
    frames = cut_frames(x, size, c)
    yield "frames", frames
    window = make_window(size, c)
    yield "window", window
    raw = remove_dc(frames.T).T if c.dc_removal == "frame" else frames
    windowed = preemphasize_frames(raw, c) * window[:, None]
    yield "windowed", windowed
    spectrum = rfft(windowed.T, size.n_fft).T
    yield "spectrum", spectrum
    power = normalize_power(spectrum, size, sample_rate, c)
    yield "power", power
    mel = power
    if c.n_mels is not None:
        filterbank = make_filterbank(size, sample_rate, c)
        yield "filterbank", filterbank
        mel = filterbank @ power
    yield "mel", mel
    bins = power if c.n_mels is None else power[filterbank.any(axis=0)]
    levels = log_compress(mel, c, float(bins.max(initial=0)))
    energy = {"raw frame": raw**2, "windowed frame": windowed**2, "spectrum": power}[c.energy_of].sum(axis=0)
    level_rows = insert_mel_energy(levels, energy, c)
    yield "log_mel", level_rows if c.n_mfcc is not None else normalize_rows(level_rows, c)
    if c.n_mfcc is None:
        return
    cepstrum = cepstrum_matrix(levels.shape[0], c) @ levels
    yield "cepstrum", cepstrum
    liftered = smooth(insert_energy(cepstrum * cepstrum_weights(c)[:, None], energy, c), c.smoothing)
    yield "liftered", liftered
    rows = [liftered, *compute_deltas(liftered, c)]
    if c.delta_orders:
        yield "deltas", np.concatenate(rows[1:])
    yield "mfcc", append_deltas_and_normalize(rows, c)


def require_cepstrum(c: Convention) -> None:
    """Raises ValueError if a convention ends at its log-mel values."""
    if c.n_mfcc is None:
        raise ValueError(f"{c.tool or 'this convention'} has no cepstrum (n_mfcc is None); log_mel is what it computes")


def warn_beyond_full_scale(signals: list[NDArray[np.floating]], c: Convention) -> None:
    """Warns the caller of a public function, once, if samples exceed -1 .. 1 and the convention scales to 16 bits.

    Checked: tests/test_public_functions_refuse_bad_arguments.py
    """
    if abs(c.scale) < INTEGER_SCALE:
        return
    peaks = [max(float(x.max()), -float(x.min())) for x in signals]
    beyond = [index for index, peak in enumerate(peaks) if peak > 1]
    if beyond:
        which = f"signals[{beyond[0]}]" if len(signals) > 1 else "the signal"
        others = f" (and {len(beyond) - 1} more)" if len(beyond) > 1 else ""
        warnings.warn(
            f"{which}{others} reaches {peaks[beyond[0]]:g}, beyond full scale (1), and the convention multiplies it "
            f"by {c.scale:g}: divide 16-bit samples by 32768, or set scale=1 with dataclasses.replace",
            UserWarning,
            stacklevel=3,
        )


def preprocess_signal(x: NDArray[np.float64], c: Convention) -> NDArray[np.float64]:
    """The steps on the signal as a whole: scale, dither, DC removal, pre-emphasis."""
    x = x * c.scale
    if c.dither:
        x = dither(x, c.dither, np.random.default_rng(0))
    if c.dc_removal == "signal":
        x = remove_dc(x)
    if c.preemphasis and c.preemphasis_in == "signal":
        x = preemphasis(x, c.preemphasis, c.preemphasis_first)
    return x


def cut_frames(x: NDArray[np.float64], size: Sizes, c: Convention) -> NDArray[np.float64]:
    """(frame, n_frames) by the convention's framing."""
    n_frames = require_frames(x.size, size, c)
    return frame(extend(x, size.frame, size.hop, c.framing), size.frame, size.hop)[:, :n_frames]


def preemphasize_frames(frames: NDArray[np.float64], c: Convention) -> NDArray[np.float64]:
    """Pre-emphasis inside each frame, if the convention has it there."""
    if not c.preemphasis or c.preemphasis_in == "signal":
        return frames
    return _preemphasize_columns(frames, c.preemphasis, c.preemphasis_first)


def make_window(size: Sizes, c: Convention) -> NDArray[np.float64]:
    """The window, with zeros on both sides where it lies in the middle of a longer frame."""
    periodic = c.window_symmetry == "periodic"
    functions = {
        "hamming": hamming,
        "hann": hann,
        "povey": povey,
        "blackman": blackman,
        "blackman harris": blackman_harris,
        "bartlett": bartlett,
        "gaussian": gaussian,
        "sine": sine,
        "tukey": tukey,
    }
    window = np.ones(size.window) if c.window == "rectangular" else functions[c.window](size.window, periodic)
    if not window.any():
        raise ValueError(f"a {c.window} window of {size.window} samples is 0 everywhere")
    before = (size.frame - size.window) // 2
    return np.concatenate([np.zeros(before), window, np.zeros(size.frame - size.window - before)])


def normalize_power(
    spectrum: NDArray[np.complex128], size: Sizes, sample_rate: float, c: Convention
) -> NDArray[np.float64]:
    """|X|^2 or |X| after the convention's normalization."""
    power = (spectrum.real**2 + spectrum.imag**2) / power_divisor(make_window(size, c), size, sample_rate, c)
    if c.spectrum_scaling == "one-sided, doubled":
        power[1 : (size.n_fft + 1) // 2] *= 2
    return root(power, c) if c.spectrum == "magnitude" else power


def root(power: NDArray[np.float64], c: Convention) -> NDArray[np.float64]:
    """|X| from |X|^2, with the convention's floor under it."""
    floored = np.maximum(power, c.spectrum_floor) if c.spectrum_floor_rule == "at least" else power + c.spectrum_floor
    return np.sqrt(floored)


def power_divisor(window: NDArray[np.float64], size: Sizes, sample_rate: float, c: Convention) -> float:
    """The number by which the convention divides |X|^2."""
    energy = float(np.sum(window**2))
    divisors = {
        None: 1.0,
        "n_fft": float(size.n_fft),
        "window sum": float(window.sum()) ** 2,
        "window energy": energy,
        "density": sample_rate * energy,
        "praat": size.n_fft * energy * size.window / max(1, size.window - 1),
    }
    return divisors[c.spectrum_norm]


def make_filterbank(size: Sizes, sample_rate: float, c: Convention) -> NDArray[np.float64]:
    """The convention's mel filters, (n_mels, bins)."""
    assert c.n_mels is not None
    return mel_filterbank(c.n_mels, size.n_fft, sample_rate, c.f_min, c.f_max, c.mel_scale, c.mel_triangles, c.mel_norm)


def log_compress(mel: NDArray[np.float64], c: Convention, greatest_bin: float) -> NDArray[np.float64]:
    """The logarithm with its floor, reference, dynamic range, gain and offset.

    greatest_bin : the greatest value of the clip's spectrum at the bins that the filters use; one floor rule needs it
    """
    if c.log is None:
        return c.log_gain * mel + c.log_offset
    if c.floor_rule == "at least":
        mel = np.maximum(mel, c.floor)
    elif c.floor_rule == "add":
        mel = mel + c.floor
    elif c.floor_rule == "zeros only":
        mel = np.where(mel == 0, c.floor, mel)
    else:
        greatest = mel.max() if c.floor_rule == "fraction of maximum" else greatest_bin
        mel = np.maximum(mel, c.floor * greatest)
    level = LOG_FACTOR[c.log] * np.log(np.maximum(mel, MIN_LOG_ARGUMENT))
    if c.reference == "maximum":
        level = level - level.max()
    if c.dynamic_range is not None:
        level = np.maximum(level, level.max() - c.dynamic_range)
    return c.log_gain * level + c.log_offset


def insert_mel_energy(levels: NDArray[np.float64], energy: NDArray[np.float64], c: Convention) -> NDArray[np.float64]:
    """The log-mel values with the log energy of each frame where the convention has it."""
    if c.mel_energy is None:
        return levels
    row = log_energy(energy, c)
    return np.concatenate([row, levels] if c.mel_energy == "first" else [levels, row])


def cepstrum_matrix(n_mels: int, c: Convention) -> NDArray[np.float64]:
    """The rows of the DCT that the convention keeps, in its order."""
    n_mfcc = c.n_mfcc or 0
    if c.c0 == "first":
        return dct_matrix(n_mfcc, n_mels, c.dct_norm, c.dct_type)
    rows = dct_matrix(n_mfcc + 1, n_mels, c.dct_norm, c.dct_type)
    return np.concatenate([rows[1:], rows[:1]]) if c.c0 == "last" else rows[1:]


def cepstrum_weights(c: Convention) -> NDArray[np.float64]:
    """The weights of the lifter in the order of the rows of cepstrum_matrix."""
    n_mfcc = c.n_mfcc or 0
    if c.c0 == "first":
        return lifter(n_mfcc, c.lifter, c.lifter_first)
    weights = lifter(n_mfcc + 1, c.lifter, c.lifter_first)
    return np.append(weights[1:], weights[0]) if c.c0 == "last" else weights[1:]


def insert_energy(cepstra: NDArray[np.float64], energy: NDArray[np.float64], c: Convention) -> NDArray[np.float64]:
    """The cepstra with the log energy of each frame where the convention has it."""
    if c.energy is None:
        return cepstra
    row = log_energy(energy, c)
    if c.energy == "replaces c0":
        return np.concatenate([cepstra[:-1], row]) if c.c0 == "last" else np.concatenate([row, cepstra[1:]])
    return np.concatenate([row, cepstra] if c.energy == "first" else [cepstra, row])


def log_energy(energy: NDArray[np.float64], c: Convention) -> NDArray[np.float64]:
    """(1, n_frames): the natural logarithm of each frame's energy, with its floor."""
    return np.log(np.maximum(energy, max(c.energy_floor, MIN_LOG_ARGUMENT)))[None]


def compute_deltas(rows: NDArray[np.float64], c: Convention) -> list[NDArray[np.float64]]:
    """The convention's deltas, one matrix per order."""
    if c.delta_orders == 0:
        return []
    first = delta(rows, c.delta_width, c.delta_edges)
    if c.delta_orders == 1:
        return [first]
    return [first, second_delta(rows, first, c.delta_width, c.delta_edges, c.delta_second)]


def append_deltas_and_normalize(rows: list[NDArray[np.float64]], c: Convention) -> NDArray[np.float64]:
    """Static rows and deltas in one matrix, its rows normalized over the utterance."""
    return normalize_rows(np.concatenate(rows), c)


def normalize_rows(rows: NDArray[np.float64], c: Convention) -> NDArray[np.float64]:
    """Every row normalized over the utterance."""
    if c.normalization is None:
        return rows
    if c.normalization == "mean":
        return cmn(rows)
    return cmvn(rows, c.normalization_ddof, c.normalization_eps, c.normalization_eps_to)
