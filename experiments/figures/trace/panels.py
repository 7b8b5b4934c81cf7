"""The panels of a drawn trace: each function draws one stage on given axes.

Times count from the first sample of the recording, and a frame stands at its center. Levels of spectra are
20 log10 |X|, whatever the convention does with |X| later.
"""

import numpy as np
from matplotlib.axes import Axes

from dsp import hz_to_mel
from dsp.conventions.row_names import cepstrum_names, row_names
from experiments.figures.trace import data
from experiments.figures.trace.data import LOG_UNIT, Traced, basis, decibels, smoothed

LINE, SECOND, PALE = "#0072bd", "#d95319", "0.65"
UNIT = {
    "hz": "Hz",
    "mel": "mel",
    "mel, cut at bins": "mel, cut at bins",
    "bins": "bins",
    "symmetric": "Hz, both as wide as the lower one",
    "stretched": "Hz, on bins stretched over the band",
}
TICKS = (250, 500, 1000, 2000, 4000, 8000, 16_000)  # Hz
SHOWN_FRAMES = 5
DEPTH_DB, WINDOW_DEPTH_DB = 100, 120  # shown below the highest level
WINDOW_BINS = 12  # of its spectrum that are shown, for its own length


def waveform(axes: Axes, t: Traced) -> None:
    """The signal from which the frames are cut; pale, the given signal if it differs; shaded, the loudest frame."""
    c, time = t.convention, np.arange(t.signal.size) / t.sample_rate
    given = t.signal * c.scale
    changed = not np.array_equal(given, t.steps["signal"])
    if changed:
        axes.plot(time, given, color=PALE, linewidth=0.5, label="as given")
    axes.plot(time, t.steps["signal"], color=LINE, linewidth=0.5, label="as cut into frames" if changed else None)
    start = t.starts_s[t.loudest]
    axes.axvspan(start, start + t.size.frame / t.sample_rate, color=SECOND, alpha=0.3, label="loudest frame")
    axes.legend(loc="upper right", fontsize="small")
    scale = "" if c.scale == 1 else f" x {c.scale:g}"
    axes.margins(x=0, y=0.2)  # room for the legend
    axes.set(xlabel="Time (s)", ylabel=f"Amplitude{scale}")
    axes.set_title(f"Signal, {t.signal.size} samples at {t.sample_rate} Hz")


def preemphasis(axes: Axes, t: Traced) -> None:
    """|1 - a exp(-i w)| in decibels."""
    c = t.convention
    frequency = np.linspace(0, t.sample_rate / 2, 513)
    response = np.abs(1 - c.preemphasis * np.exp(-2j * np.pi * frequency / t.sample_rate))
    axes.plot(frequency / 1000, decibels(response), color=LINE)
    axes.axhline(0, color=PALE, linewidth=0.8)
    axes.set(xlim=(0, frequency[-1] / 1000), xlabel="Frequency (kHz)", ylabel="Gain (dB)")
    where = "of the whole signal" if c.preemphasis_in == "signal" else "in each frame"
    formula = f"y[n] = x[n] - {c.preemphasis:g} x[n-1]".replace(" ", "\N{NO-BREAK SPACE}")
    axes.set_title(f"Pre-emphasis {where}: {formula}")


def frames(axes: Axes, t: Traced) -> None:
    """Successive frames around the loudest, each at its time, one below the other, and the hop between two of them."""
    n_frames = t.steps["frames"].shape[1]
    first = max(0, min(t.loudest - SHOWN_FRAMES // 2, n_frames - SHOWN_FRAMES))
    shown = np.arange(first, min(first + SHOWN_FRAMES, n_frames))
    peak = np.abs(t.steps["frames"][:, shown]).max() or 1.0
    frame_ms = np.arange(t.size.frame) / t.sample_rate * 1000
    for row, i in enumerate(shown):
        color, samples = SECOND if i == t.loudest else LINE, t.steps["frames"][:, i] / peak
        axes.plot(t.starts_s[i] * 1000 + frame_ms, samples - 2 * row, color=color, linewidth=0.7)
        for edge in (0, t.size.frame / t.sample_rate * 1000):
            x = t.starts_s[i] * 1000 + edge
            axes.plot([x, x], [-2 * row - 0.9, -2 * row + 0.9], color=PALE, linewidth=0.8)
    if shown.size > 1:
        begin, end = t.starts_s[shown[:2]] * 1000
        axes.annotate("", (begin, 1.25), (end, 1.25), arrowprops={"arrowstyle": "<->", "shrinkA": 0, "shrinkB": 0})
        axes.text(begin, 1.45, f" hop {t.size.hop} samples", ha="left", va="bottom", fontsize="small")
    axes.set(ylim=(-2 * shown.size + 0.7, 2.4), xlabel="Time (ms)", ylabel="Frame")
    axes.set_yticks(-2 * np.arange(shown.size), [str(i) for i in shown])
    axes.set_title(f"Frames of {in_ms(t.size.frame, t)}, every {in_ms(t.size.hop, t)}")


def window(axes: Axes, t: Traced) -> None:
    """The window."""
    axes.plot(np.arange(t.size.frame) / t.sample_rate * 1000, t.steps["window"], color=LINE)
    axes.set(xlim=(0, t.size.frame / t.sample_rate * 1000), ylim=(0, 1.05), xlabel="Time (ms)", ylabel="Weight")
    c = t.convention
    kind = c.window if c.window == "rectangular" else f"{c.window}, {c.window_symmetry}"
    axes.set_title(f"Window: {kind}, {in_ms(t.size.window, t)}")


def window_spectrum(axes: Axes, t: Traced) -> None:
    """|DFT| of the zero-padded window, 0 dB at its maximum."""
    axes.plot(*data.window_spectrum(t, WINDOW_DEPTH_DB), color=LINE)
    highest = min(WINDOW_BINS * t.sample_rate / t.size.window, t.sample_rate / 2)
    axes.set(xlim=(0, highest), ylim=(-WINDOW_DEPTH_DB, 5), xlabel="Frequency (Hz)", ylabel="Level (dB re maximum)")
    axes.set_title("Spectrum of the window")


def frame_spectrum(axes: Axes, t: Traced) -> None:
    """|FFT| of the loudest frame after the window."""
    level = decibels(np.abs(t.steps["spectrum"][:, t.loudest]))
    axes.plot(t.frequency / 1000, level, color=SECOND, linewidth=0.8)
    axes.set(xlim=(0, t.frequency[-1] / 1000), ylim=(max(level.min(), level.max() - DEPTH_DB) - 3, level.max() + 5))
    axes.set(xlabel="Frequency (kHz)", ylabel="|FFT| (dB re 1)")
    axes.set_title(f"|FFT| of frame {t.loudest}, the loudest; {t.size.n_fft} points")


def spectrogram(axes: Axes, t: Traced) -> None:
    """|FFT| of all frames."""
    level = decibels(np.abs(t.steps["spectrum"]))
    picture = image(axes, level, t, bins_khz(t), vmin=max(level.min(), level.max() - DEPTH_DB))
    axes.figure.colorbar(picture, ax=axes, label="|FFT| (dB re 1)")
    axes.axvline(t.centers_s[t.loudest], color=SECOND, linewidth=0.8, linestyle="--")
    axes.set(ylabel="Frequency (kHz)")
    axes.set_title(f"Spectrogram, {level.shape[0]} bins x {level.shape[1]} frames")


def filterbank_hz(axes: Axes, t: Traced) -> None:
    """The mel filters over frequency."""
    _filters(axes, t, t.frequency / 1000)
    axes.set(xlabel="Frequency (kHz)")
    axes.set_title(f"{len(t.steps['filterbank'])} filters over frequency")


def filterbank_mel(axes: Axes, t: Traced) -> None:
    """The same filters over the mel scale."""
    c = t.convention
    _filters(axes, t, hz_to_mel(t.frequency, c.mel_scale))
    axes.set(xlabel=f"Mel ({c.mel_scale} scale)")
    axes.set_title(f"The same filters over mel; straight in {UNIT[c.mel_triangles]}, norm {c.mel_norm or 'none'}")


def log_mel(axes: Axes, t: Traced) -> None:
    """The logarithm of the mel spectrum, or of the spectrum itself if there are no filters."""
    level, c = t.steps["log_mel"], t.convention
    lowest = np.percentile(level, 1)  # a few zeros in the spectrum would use up all colors
    if c.n_mels is None:
        picture = image(axes, level, t, bins_khz(t), vmin=lowest)
        axes.set(ylabel="Frequency (kHz)")
        axes.set_title(f"Log spectrum, {level.shape[0]} bins x {level.shape[1]} frames")
    else:
        picture = image(axes, level, t, (-0.5, len(level) - 0.5), vmin=lowest)
        hz_ticks(axes.yaxis, t)
        axes.set(ylabel="Band (Hz)")
        axes.set_title(f"Log-mel, {level.shape[0]} bands x {level.shape[1]} frames")
    clipped = "min" if lowest > level.min() else "neither"
    axes.figure.colorbar(picture, ax=axes, label=f"Level ({LOG_UNIT[c.log]})", extend=clipped)


def dct_basis(axes: Axes, t: Traced) -> None:
    """The rows of the DCT that are kept, in the convention's order."""
    C = basis(t)
    largest = np.abs(C).max()
    picture = axes.imshow(
        C, origin="lower", aspect="auto", cmap="RdBu_r", vmin=-largest, vmax=largest, interpolation="nearest"
    )
    axes.figure.colorbar(picture, ax=axes, label="Weight")
    row_ticks(axes, cepstrum_names(t.convention))
    axes.set(xlabel="Mel band", ylabel="Coefficient")
    axes.set_title(f"DCT-II basis, {C.shape[0]} of {C.shape[1]} rows, norm {t.convention.dct_norm}")


def mfcc(axes: Axes, t: Traced) -> None:
    """The finished cepstra without the deltas. The color scale ignores the row with the largest values (c0, energy)."""
    names = row_names(t.convention)
    _coefficients(axes, t.steps["mfcc"][: len(names)], t)
    row_ticks(axes, names)
    axes.set(ylabel="Coefficient")
    axes.set_title(f"MFCC, {len(names)} rows x {t.steps['mfcc'].shape[1]} frames")


def deltas(axes: Axes, t: Traced) -> None:
    """The deltas of all orders, one block above the other."""
    rows, n = t.steps["deltas"], len(t.steps["liftered"])
    _coefficients(axes, rows, t)
    orders = len(rows) // n
    middles = [n * k + (n - 1) / 2 for k in range(orders)]
    axes.set_yticks(middles, ["delta", "delta-delta"][:orders], rotation=90, va="center")
    for k in range(1, orders):
        axes.axhline(n * k - 0.5, color="black", linewidth=0.8)
    axes.set(ylabel="Order")
    axes.set_title(f"Deltas, {orders} x {n} rows, width {t.convention.delta_width} frames")


def envelope(axes: Axes, t: Traced) -> None:
    """The log-mel values of the loudest frame, and what the kept coefficients preserve of them."""
    values, smooth = t.steps["log_mel"][:, t.loudest], smoothed(t)
    axes.plot(values, "o-", color=PALE, markersize=3, linewidth=0.8, label="log-mel")
    axes.plot(smooth, color=SECOND, linewidth=1.8, label=f"from {len(t.steps['cepstrum'])} coefficients")
    axes.legend(loc="best", fontsize="small")
    hz_ticks(axes.xaxis, t)
    axes.set(xlim=(-0.5, len(values) - 0.5), xlabel="Band (Hz)", ylabel=f"Level ({LOG_UNIT[t.convention.log]})")
    axes.set_title(f"Envelope of frame {t.loudest}, by the inverse DCT")


def in_ms(n_samples: int, t: Traced) -> str:
    """The number of samples and their duration, kept on one line of a title."""
    text = f"{n_samples} samples ({n_samples / t.sample_rate * 1000:.4g} ms)"
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def image(axes: Axes, rows: np.ndarray, t: Traced, heights: tuple[float, float], **look):
    """Rows from the bottom up, frames at their centers; returns the picture, for a color bar."""
    half_hop = t.size.hop / t.sample_rate / 2
    extent = (t.centers_s[0] - half_hop, t.centers_s[-1] + half_hop, *heights)
    axes.set(xlabel="Time (s)")
    return axes.imshow(rows, origin="lower", aspect="auto", extent=extent, interpolation="nearest", **look)


def around_zero(largest: float) -> dict:
    """Colors from blue over white at 0 to red."""
    return {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}


def bins_khz(t: Traced) -> tuple[float, float]:
    """The lower edge of the first bin and the upper edge of the last, in kHz."""
    half = t.sample_rate / t.size.n_fft / 2
    return -half / 1000, (t.frequency[-1] + half) / 1000


def hz_ticks(axis, t: Traced) -> None:
    """Ticks in Hz on an axis of mel bands."""
    n_bands = len(t.steps["mel"])
    shown = [(band, f"{hz}") for band, hz in zip(t.band_of(TICKS), TICKS, strict=True) if 0 <= band < n_bands]
    axis.set_ticks(*map(list, zip(*shown, strict=True)))


def row_ticks(axes: Axes, names: list[str]) -> None:
    step = -(-len(names) // 14)
    axes.set_yticks(range(0, len(names), step), names[::step])


def _filters(axes: Axes, t: Traced, x: np.ndarray) -> None:
    axes.plot(x, t.steps["filterbank"].T, linewidth=0.8)
    axes.set(xlim=(x[0], x[-1]), ylim=(0, None), ylabel="Weight")


def _coefficients(axes: Axes, rows: np.ndarray, t: Traced) -> None:
    largest = np.sort(np.abs(rows).max(axis=1))[-2:]
    limit = largest[0] or 1.0
    picture = image(axes, rows, t, (-0.5, len(rows) - 0.5), **around_zero(limit))
    clipped = "both" if largest[-1] > limit else "neither"
    axes.figure.colorbar(picture, ax=axes, label="Value", extend=clipped)
