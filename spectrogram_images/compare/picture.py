"""The report of a comparison as a picture: A, B and their difference side by side."""

from pathlib import Path
from textwrap import fill

import numpy as np

from dsp.files.extras import require
from dsp.files.writing import write_atomically
from spectrogram_images.compare.measures import Comparison

MAX_ROWS = 4
FONT_POINTS = 10


def save_report(path: Path, rows: list[tuple[str, np.ndarray, np.ndarray, Comparison]], title: str) -> None:
    """Draws up to four pairs, a row each: both pictures, and where they differ; writes a PNG whole.

    Parameters
    ----------
    path : of the PNG
    rows : (name, A, B, comparison) of each pair
    title : one line

    Raises MissingPackageError without matplotlib.

    Checked: tests/test_image_comparison.py
    """
    figures = require("matplotlib.figure", feature="drawing the report", extra="images")
    rows = rows[:MAX_ROWS]
    texts = [fill(f"{name}: {sentence(comparison)}", 135) for name, _, _, comparison in rows]
    heights = [3.3 + 0.2 * (text.count("\n") + 1) for text in texts]
    figure = figures.Figure(figsize=(10.5, 0.5 + sum(heights)), layout="constrained")
    figure.suptitle(title, fontsize=FONT_POINTS + 3)
    parts = np.atleast_1d(figure.subfigures(len(rows), 1, height_ratios=heights))
    for part, text, (_, a, b, _) in zip(parts, texts, rows, strict=True):
        part.suptitle(text, fontsize=FONT_POINTS, x=0.01, ha="left")
        axes = part.subplots(1, 3)
        for place, image, letter in ((axes[0], a, "A"), (axes[1], b, "B")):
            place.imshow(image, interpolation="nearest")
            place.set_title(f"{letter}, {image.shape[1]} x {image.shape[0]} pixels", fontsize=FONT_POINTS)
        _draw_difference(part, axes[2], a, b)
        for place in axes:
            place.tick_params(labelsize=FONT_POINTS - 1)
            place.set_xlabel("column", fontsize=FONT_POINTS)
        axes[0].set_ylabel("row", fontsize=FONT_POINTS)
    write_atomically(path, lambda temporary: figure.savefig(temporary, format="png", dpi=110))


def sentence(comparison: Comparison) -> str:
    """What was found, in one line."""
    if comparison.same:
        return "the same pixels"
    found = comparison.explanation
    if not found.causes:
        return "not explained" + (f" ({found.note})" if found.note else "")
    subject = {"A": "A has ", "B": "B has "}.get(found.altered, "")
    return subject + "; ".join(cause.detail for cause in found.causes)


def _draw_difference(figure, axes, a: np.ndarray, b: np.ndarray) -> None:
    if a.shape != b.shape:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "The sizes differ.", ha="center", va="center", fontsize=FONT_POINTS)
        return
    difference = np.abs(a.astype(np.int16) - b).max(axis=2)
    shown = axes.imshow(difference, cmap="inferno", vmin=0, vmax=max(int(difference.max()), 1), interpolation="nearest")
    ticker = require("matplotlib.ticker", feature="drawing the report", extra="images")
    bar = figure.colorbar(shown, ax=axes, ticks=ticker.MaxNLocator(6, integer=True))
    bar.ax.tick_params(labelsize=FONT_POINTS - 1)
    axes.set_title("greatest difference of a channel", fontsize=FONT_POINTS)
    few = np.argwhere(difference)
    if 0 < len(few) <= 20:  # single pixels cannot be seen
        axes.plot(few[:, 1], few[:, 0], "o", markersize=10, markerfacecolor="none", markeredgecolor="cyan")
