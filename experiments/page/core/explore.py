"""A convention on a few seconds of sound: every stage as small arrays that a page can send while a slider moves."""

import io
import warnings
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import soundfile

import dsp
from dsp.conventions import sizes
from dsp.conventions.row_names import row_names
from experiments.data.synthetic import EXPRESSIONS, SAMPLE_RATE, VOICES, synthesize
from experiments.figures.trace.data import Traced, decibels, envelope, traced, window_spectrum
from experiments.figures.trace.resynthesis import resynthesize
from experiments.page.core.setup import Setup

SECTION_S = 3.0  # of a recording that is shown at once
MAX_SAMPLES = 300_000  # of a section: 3 s at 96 kHz
MAX_FRAMES, MAX_N_FFT, MAX_BANDS = 4_000, 1 << 15, 512
MAX_VALUES = 8_000_000  # frames x n_fft
MAX_ROWS, MAX_COLUMNS, MAX_POINTS = 300, 480, 1_200  # of a picture; more would not be seen
DEPTH_DB, WINDOW_DEPTH_DB = 90.0, 120.0


@dataclass(frozen=True)
class Section:
    """A few seconds of one channel: signal (n,) float64 at sample_rate Hz, and where it begins in the recording."""

    signal: np.ndarray
    sample_rate: int
    start_s: float = 0.0
    name: str = "synthetic voice"


@lru_cache(maxsize=8)
def synthetic(voice: str = "f1", emotion: str = "happy") -> Section:
    """An utterance of the synthesizer. ValueError for an unknown voice or emotion."""
    voices = {one.name: one for one in VOICES}
    if voice not in voices or emotion not in EXPRESSIONS:
        known = f"{', '.join(voices)} and {', '.join(EXPRESSIONS)} are known"
        raise ValueError(f"voice {voice!r}, emotion {emotion!r}: {known}")
    x = np.round(synthesize(voices[voice], 0, emotion) * 32767) / 32768
    return Section(x[: round(SECTION_S * SAMPLE_RATE)], SAMPLE_RATE, 0.0, f"synthetic voice {voice}, {emotion}")


def cut(signal: np.ndarray, sample_rate: int, start_s: float, name: str) -> Section:
    """SECTION_S of a recording from a time on; the whole of a shorter one."""
    n = min(round(SECTION_S * sample_rate), MAX_SAMPLES)
    first = int(np.clip(round(start_s * sample_rate), 0, max(signal.size - n, 0)))
    return Section(signal[first : first + n], sample_rate, first / sample_rate, name)


def stages(section: Section, setup: Setup) -> Traced:
    """Every stage, at a bounded cost.

    Raises ValueError for what dsp.trace refuses, and for more frames or larger transforms than a screen needs.

    Checked: tests/test_page_explores_a_convention.py
    """
    c, rate = setup.convention, section.sample_rate
    size = sizes(c, rate, section.signal.size)
    n_frames = section.signal.size // size.hop + 1
    n_bands = c.n_mels if isinstance(c.n_mels, int) else 0
    if size.n_fft > MAX_N_FFT or n_frames > MAX_FRAMES or n_frames * size.n_fft > MAX_VALUES:
        raise ValueError(
            f"{n_frames} frames with transforms of {size.n_fft} points are too much for a page: at most {MAX_FRAMES} "
            f"frames, {MAX_N_FFT} points and {MAX_VALUES} values in all; a longer hop helps"
        )
    if n_bands > MAX_BANDS or (c.n_mfcc or 0) > MAX_BANDS:
        raise ValueError(
            f"{max(n_bands, c.n_mfcc or 0)} bands or coefficients are too many for a page: at most {MAX_BANDS}"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # empty filters are seen in the picture
        return traced(section.signal, rate, c, section.name)


@dataclass(frozen=True)
class Map:
    """A picture: values (rows, columns) float32 over x and y, the limits of its colors, and names of rows if any."""

    values: np.ndarray
    x: tuple[float, float]
    y: tuple[float, float]
    low: float
    high: float
    names: tuple[str, ...] = ()


def maps(t: Traced) -> dict[str, Map]:
    """The pictures "spectrogram", "log_mel" and, if the convention has cepstra, "mfcc".

    Checked: tests/test_page_explores_a_convention.py
    """
    level = decibels(np.abs(t.steps["spectrum"]))
    khz = t.sample_rate / t.size.n_fft / 1000
    lowest = max(float(level.min()), float(level.max()) - DEPTH_DB)
    found = {
        "spectrogram": _map(t, level, lowest, y=(-khz / 2, khz * (len(level) - 0.5))),
        "log_mel": _map(t, t.steps["log_mel"], float(np.percentile(t.steps["log_mel"], 1))),
    }
    if "mfcc" in t.steps:
        rows = t.steps["mfcc"]
        largest = np.sort(np.abs(rows).max(axis=1))[-2:][0] or 1.0  # c0 or the energy would use up all colors
        found["mfcc"] = replace(_map(t, rows, -largest, largest), names=coefficients(t))
    return found


def coefficients(t: Traced) -> tuple[str, ...]:
    """The names of the rows of cepstra; none if there are further rows, such as deltas."""
    names = tuple(row_names(t.convention))
    return names if len(names) == len(t.steps["mfcc"]) else ()


def _map(t: Traced, rows: np.ndarray, low: float, high: float | None = None, y: tuple | None = None) -> Map:
    half_hop = t.size.hop / t.sample_rate / 2
    x = (float(t.centers_s[0] - half_hop), float(t.centers_s[-1] + half_hop))
    high = float(rows.max()) if high is None else float(high)
    low = float(low) if low < high else high - 1.0
    return Map(shrunk(rows), x, y or (-0.5, len(rows) - 0.5), low, high)


def shrunk(rows: np.ndarray) -> np.ndarray:
    """Float32 of at most MAX_ROWS x MAX_COLUMNS: of each block, the highest value, or of signed values the largest.

    Checked: tests/test_page_explores_a_convention.py
    """
    signed = rows.min() < 0 < rows.max()
    for axis, most in ((0, MAX_ROWS), (1, MAX_COLUMNS)):
        step = -(-rows.shape[axis] // most)
        if step > 1:
            starts = np.arange(0, rows.shape[axis], step)
            high = np.maximum.reduceat(rows, starts, axis)
            low = np.minimum.reduceat(rows, starts, axis) if signed else high
            rows = np.where(high >= -low, high, low) if signed else high
    return np.ascontiguousarray(rows, dtype=np.float32)


def difference(a: Traced, b: Traced, stage: str) -> Map | str:
    """a - b of "log_mel" or "mfcc" as a picture, or a sentence that says why there is none.

    Cepstra are subtracted by their names, those that both have: one tool's first row may be another's last.

    Checked: tests/test_page_explores_a_convention.py
    """
    if stage not in a.steps or stage not in b.steps:
        return "no difference to show: one of the two conventions has no cepstra"
    first, second, names = a.steps[stage], b.steps[stage], ()
    if stage == "mfcc" and coefficients(a) and coefficients(b):
        theirs = coefficients(b)
        names = tuple(name for name in coefficients(a) if name in theirs)
        if not names:
            return "no difference to show: the two conventions have no coefficient in common"
        first = first[[coefficients(a).index(name) for name in names]]
        second = second[[theirs.index(name) for name in names]]
    if first.shape != second.shape:
        shapes = " and ".join(f"{x.shape[0]} rows x {x.shape[1]} frames" for x in (first, second))
        return f"no difference value by value: {shapes}"
    error = first - second
    largest = float(np.abs(error).max()) or 1.0
    return replace(_map(a, error, -largest, largest), names=names)


def sentence(a: Setup, b: Setup, sample_rate: int) -> str:
    """What differs between two conventions: the most effective parameter in the first line, then all of them.

    Checked: tests/test_page_explores_a_convention.py
    """
    from dsp.doctor.knowledge.preset_diff import profile_diff  # here: the page opens 0.1 s sooner

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = profile_diff(*(one.convention if one.changes else one.base for one in (a, b)), sample_rate)
    if not found.differences:
        return f"{a.name} and {b.name} give the same features at {sample_rate} Hz"
    most = max(found.differences, key=lambda one: (one.effect is None, one.effect or 0.0))
    n = len(found.differences)
    first = f"{n} difference{'s' * (n > 1)}; the largest: {most.sentence} ({most.change})"
    return "\n".join([first, *found.text().splitlines()[1:]])


def waveform(section: Section) -> tuple[np.ndarray, np.ndarray]:
    """(time, amplitude) float32 of a line through the least and the greatest sample of each stretch."""
    x, step = section.signal, -(-section.signal.size // (MAX_POINTS // 2))
    if step <= 1:
        return _f4(section.start_s + np.arange(x.size) / section.sample_rate), _f4(x)
    starts = np.arange(0, x.size, step)
    pairs = np.stack([np.minimum.reduceat(x, starts), np.maximum.reduceat(x, starts)], axis=1)
    time = section.start_s + (starts[:, None] + np.array([0.25, 0.75]) * step) / section.sample_rate
    return _f4(time.ravel()), _f4(pairs.ravel())


@dataclass(frozen=True)
class FrameView:
    """One frame: its number, when it begins in the section and how long it is (s), and lines {name: (x, y)}."""

    index: int
    start_s: float
    length_s: float
    lines: dict[str, tuple[np.ndarray, np.ndarray]]


def frame_view(t: Traced, index: int | None, n_coefficients: int) -> FrameView:
    """The frame, its window, the spectra of both, and its log-mel values with the envelope from a few coefficients.

    index : None takes the loudest frame;  n_coefficients : brought into 1 .. the number of bands

    Checked: tests/test_page_explores_a_convention.py
    """
    n_frames = t.steps["frames"].shape[1]
    i = t.loudest if index is None else int(np.clip(index, 0, n_frames - 1))
    ms = np.arange(t.size.frame) / t.sample_rate * 1000
    frame, windowed = t.steps["frames"][:, i], t.steps["windowed"][:, i]
    levels = t.steps["log_mel"][:, i]
    spectrum = decibels(np.abs(t.steps["spectrum"][:, i]))
    bands = np.arange(len(levels))
    lines = {
        "frame": (ms, frame / (np.abs(frame).max() or 1.0)),
        "window": (ms, t.steps["window"]),
        "windowed": (ms, windowed / (np.abs(windowed).max() or 1.0)),
        "window_spectrum": window_spectrum(t, WINDOW_DEPTH_DB),
        "spectrum": (t.frequency / 1000, np.maximum(spectrum, spectrum.max() - DEPTH_DB)),
        "log_mel": (bands, levels),
        "envelope": (bands, envelope(levels, int(np.clip(n_coefficients, 1, len(levels))))),
    }
    thin = {name: (_f4(_thin(x)), _f4(_thin(y))) for name, (x, y) in lines.items()}
    return FrameView(i, float(t.starts_s[i]), t.size.frame / t.sample_rate, thin)


def filters(t: Traced, scale: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The filters as lines (xs, ys) where they are not 0; scale : "hz" (in kHz) or "mel". Empty without filters."""
    if "filterbank" not in t.steps:
        return [], []
    x = t.frequency / 1000 if scale == "hz" else dsp.hz_to_mel(t.frequency, t.convention.mel_scale)
    xs, ys = [], []
    for row in t.steps["filterbank"]:
        places = np.flatnonzero(row)
        where = slice(max(places[0] - 1, 0), places[-1] + 2) if places.size else slice(0, 0)
        xs.append(_f4(_thin(x[where])))
        ys.append(_f4(_thin(row[where])))
    return xs, ys


def _thin(x: np.ndarray) -> np.ndarray:
    return x[:: max(1, -(-len(x) // MAX_POINTS))]


def _f4(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(x, dtype=np.float32)


def as_wav(signal: np.ndarray, sample_rate: int) -> bytes:
    """A WAV file, 16 bits."""
    file = io.BytesIO()
    soundfile.write(file, np.clip(signal, -1, 1 - 2**-15), sample_rate, subtype="PCM_16", format="WAV")
    return file.getvalue()


def resynthesis(section: Section, setup: Setup, n_cepstra: int | None) -> bytes:
    """What the bands, or their first cepstra, still hold: a WAV file. ValueError as resynthesize and stages."""
    return as_wav(resynthesize(stages(section, setup), n_cepstra), section.sample_rate)
