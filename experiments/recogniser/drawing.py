"""An answer as a picture: the waveform, what the network saw of it, and the probabilities."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from dsp.files.naming import figure_label, shorten
from experiments.figures.keras import TRAINING as BLUE
from experiments.figures.keras import VALIDATION as ORANGE
from experiments.figures.matlab import GREEN
from experiments.recogniser.core import Answer
from experiments.recogniser.views import View

PALE = "#b8d4ea"  # a lighter BLUE, for the other emotions
MAX_COLUMNS = 4000  # of the waveform: a smallest and a largest sample each


def draw_answer(figure: Figure, answer: Answer, view: View) -> None:
    """Left: the waveform above what the network saw. Right: one bar per emotion, and chance as a dotted line.

    The recognized emotion has the dark bar: blue, or orange if the file's name states another emotion. The row of
    the label is green.

    Checked: tests/test_recogniser_window.py
    """
    figure.clear()
    panels = figure.subplot_mosaic("wb;sb", width_ratios=(5, 3), height_ratios=(2, 3))
    _draw_wave(panels["w"], answer)
    title = view.draw(panels["s"], answer.inputs, answer.example_probabilities, answer.classes, answer.signal_s)
    panels["s"].set_title(title, size=9, loc="left")
    _draw_bars(panels["b"], answer)


def _draw_wave(axes, answer: Answer) -> None:
    x, rate = answer.recording.signal, answer.recording.sample_rate
    step = max(1, x.size // MAX_COLUMNS)
    if step > 1:
        pieces = x[: x.size // step * step].reshape(-1, step)
        t = np.arange(len(pieces)) * step / rate
        axes.fill_between(t, pieces.min(axis=1), pieces.max(axis=1), color=BLUE, linewidth=0.3)
    else:
        axes.plot(np.arange(x.size) / rate, x, color=BLUE, linewidth=0.5)
    peak = 1.05 * np.abs(x).max()
    axes.set(xlim=(0, x.size / rate), ylim=(-peak, peak), xlabel="Time (s)", ylabel="Amplitude")
    axes.set_title(f"{figure_label(shorten(answer.recording.path.name))}: {x.size / rate:.2f} s", size=9, loc="left")


def _draw_bars(axes, answer: Answer) -> None:
    best, n = int(answer.probabilities.argmax()), len(answer.classes)
    strong = ORANGE if answer.right is False else BLUE
    colors = [strong if i == best else PALE for i in range(n)]
    rows = np.arange(n)
    axes.barh(rows, answer.probabilities, color=colors, height=0.62)
    for row, p in zip(rows, answer.probabilities, strict=True):
        axes.text(1.02, row, f"{p:.1%}", va="center", size=9, transform=axes.get_yaxis_transform())
    axes.set_yticks(rows, answer.classes)
    axes.invert_yaxis()
    handles = [axes.axvline(1 / n, color="0.35", linestyle=":", linewidth=1.2, label=f"chance, {1 / n:.1%}")]
    if answer.label is not None:
        row = answer.classes.index(answer.label)
        axes.axhspan(row - 0.46, row + 0.46, color=GREEN, alpha=0.55, linewidth=0, zorder=0)
        handles.append(Patch(color=GREEN, alpha=0.55, label="emotion in the file's name"))
    axes.figure.legend(handles=handles, loc="outside lower right", ncols=2, fontsize=8, frameon=False)
    axes.set(xlim=(0, 1), xlabel="Probability")
    axes.set_xticks((0, 0.5, 1))
    axes.set_title("probabilities", size=9, loc="left")
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)
