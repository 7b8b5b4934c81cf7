"""An answer as a picture: the waveform, what the network saw of it, and its probabilities."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from dsp.files.naming import figure_label
from experiments.figures.keras import TRAINING as BLUE
from experiments.figures.keras import VALIDATION as ORANGE
from experiments.figures.matlab import GREEN
from experiments.recogniser.core import Answer
from experiments.recogniser.views import View

PALE = "#b8d4ea"  # of BLUE: what was not answered
PEAKS = 4000  # columns of the waveform at most, a least and a greatest sample each


def draw_answer(figure: Figure, found: Answer, view: View) -> None:
    """Left above the waveform, left below what the network saw, right a bar for every emotion.

    The answer's bar is strong: blue, or orange if the file's name tells another emotion. The label's row is green.

    Checked: tests/test_recogniser_window.py
    """
    figure.clear()
    panels = figure.subplot_mosaic("wb;sb", width_ratios=(5, 3), height_ratios=(2, 3))
    _draw_wave(panels["w"], found)
    name = view.draw(panels["s"], found.inputs, found.of_examples, found.classes, found.heard_s)
    panels["s"].set_title(name, size=9, loc="left")
    _draw_bars(panels["b"], found)


def _draw_wave(axes, found: Answer) -> None:
    x, rate = found.recording.signal, found.recording.sample_rate
    step = max(1, x.size // PEAKS)
    if step > 1:
        pieces = x[: x.size // step * step].reshape(-1, step)
        t = np.arange(len(pieces)) * step / rate
        axes.fill_between(t, pieces.min(axis=1), pieces.max(axis=1), color=BLUE, linewidth=0.3)
    else:
        axes.plot(np.arange(x.size) / rate, x, color=BLUE, linewidth=0.5)
    peak = 1.05 * np.abs(x).max()
    axes.set(xlim=(0, x.size / rate), ylim=(-peak, peak), xlabel="Time (s)", ylabel="Amplitude")
    axes.set_title(f"{figure_label(found.recording.path)}: {x.size / rate:.2f} s", size=9, loc="left")


def _draw_bars(axes, found: Answer) -> None:
    best = int(found.probabilities.argmax())
    strong = ORANGE if found.right is False else BLUE
    colours = [strong if i == best else PALE for i in range(len(found.classes))]
    places = np.arange(len(found.classes))
    axes.barh(places, found.probabilities, color=colours, height=0.62)
    for place, p in zip(places, found.probabilities, strict=True):
        axes.text(p + 0.02, place, f"{p:.1%}", va="center", size=9)
    axes.set_yticks(places, found.classes)
    axes.invert_yaxis()
    if found.label is not None:
        row = found.classes.index(found.label)
        axes.axhspan(row - 0.46, row + 0.46, color=GREEN, alpha=0.55, linewidth=0, zorder=0)
        mark = Patch(color=GREEN, alpha=0.55, label="label told by the file's name")
        axes.legend(handles=[mark], loc="upper left", bbox_to_anchor=(0, -0.1), fontsize=8, frameon=False)
    axes.set(xlim=(0, 1.2), xlabel="Probability")
    axes.set_xticks((0, 0.5, 1))
    axes.set_title("probabilities", size=9, loc="left")
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)
