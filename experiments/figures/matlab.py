"""MATLAB's figures of a run, as the CASIA paper prints them. Each function draws one figure and saves it as a PNG."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot as plt

from dsp import AudioError
from dsp.files.writing import write_atomically

MAX_SECONDS = 60  # of a recording that is drawn: memory holds it about ten times
GREEN, RED, GREY, DARK = "#b9e5bd", "#f6c4c0", "#ededed", "#cfcfcf"


def check_drawable(path, signal: np.ndarray, sample_rate: int, drawn: str) -> None:
    """Raises AudioError, one line, for a recording of more than 60 s; drawn : what refuses it, as in "a trace is".

    Checked: tests/test_trace_shows_every_stage.py, tests/test_paper_figures_show_what_they_say.py
    """
    if signal.size > MAX_SECONDS * sample_rate:
        raise AudioError(f"{path}: {signal.size / sample_rate:.1f} s; {drawn} drawn of at most {MAX_SECONDS} s")


def training_progress(path, history, title: str, smoothing: int = 10) -> None:
    """Draws MATLAB's training-progress window: accuracy and loss over iterations, every other epoch shaded.

    Pale: every iteration. Dark: the mean over the last `smoothing` iterations. Dots: validation.

    Checked: tests/test_figures_show_what_they_say.py
    """
    n_epochs = len(history.seconds)
    per_epoch = len(history.loss) // n_epochs
    figure, (upper, lower) = plt.subplots(
        2, 1, figsize=(11, 7), height_ratios=(3, 2), sharex=True, layout="constrained"
    )
    panels = (
        (upper, history.accuracy, history.validation_accuracy, 100, "Accuracy (%)", "#0072bd"),
        (lower, history.loss, history.validation_loss, 1, "Loss", "#d95319"),
    )
    for axes, values, validation, unit, label, color in panels:
        values, validation = np.multiply(values, unit), np.multiply(validation, unit)
        for epoch in range(1, n_epochs, 2):
            axes.axvspan(epoch * per_epoch, (epoch + 1) * per_epoch, color="0.93", linewidth=0)
        iterations = np.arange(1, values.size + 1)
        axes.plot(iterations, values, color=color, alpha=0.25, linewidth=0.8, label="training")
        smooth = _trailing_mean(values, smoothing)
        axes.plot(iterations, smooth, color=color, linewidth=1.4, label="training (smoothed)")
        if validation.size:
            at = per_epoch * np.arange(1, n_epochs + 1)
            axes.plot(at, validation, "--o", color="0.2", markersize=3, linewidth=0.9, label="validation")
            axes.axvline(history.kept_epoch * per_epoch, color="0.2", linewidth=0.8, linestyle=":")
        axes.set_ylabel(label)
        axes.grid(axis="y", color="0.85")
        axes.set_axisbelow(True)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8, frameon=False)
    for epoch in range(10, n_epochs + 1, 10):
        upper.text((epoch - 0.5) * per_epoch, 2, str(epoch), ha="center", color="0.4")
    upper.set_ylim(0, 105)
    lower.set_ylim(bottom=0)
    lower.set_xlim(0, len(history.loss))
    lower.set_xlabel(f"Iteration ({per_epoch} per epoch)")
    upper.set_title(title)
    save(figure, path)


def plotconfusion(path, confusion, classes, title: str) -> None:
    """Draws MATLAB's plotconfusion: one row per predicted class, one column per true class.

    This is the layout of the CASIA paper, the transpose of keras.confusion_heatmap; both name their axes.
    Cells: count and share of all examples. Right column: precision and its complement; bottom row: recall and its
    complement; corner: accuracy.

    Parameters
    ----------
    path : PNG file
    confusion : (n, n) int; confusion[i][j] counts examples of class i that were predicted as class j
    classes : n names

    Checked: tests/test_figures_show_what_they_say.py
    """
    counts = np.asarray(confusion).T  # [predicted, true]
    n, total = len(classes), counts.sum()
    figure, axes = plt.subplots(figsize=(1.05 * n + 2.2, 1.05 * n + 1.8), layout="constrained")
    for row in range(n + 1):
        for column in range(n + 1):
            if row < n and column < n:
                face = GREEN if row == column else RED
                upper, lower = str(counts[row, column]), f"{counts[row, column] / total:.1%}"
                colors = ("black", "black")
            else:
                face = DARK if row == column else GREY
                part = counts[row, :] if row < n else counts[:, column] if column < n else counts.sum(axis=0)
                right = np.trace(counts) if row == column else counts[min(row, column), min(row, column)]
                share = right / part.sum() if part.sum() else np.nan
                upper, lower = (f"{share:.1%}", f"{1 - share:.1%}") if part.sum() else ("-", "-")
                colors = ("#1a8a2a", "#c0271a")
            axes.add_patch(plt.Rectangle((column, row), 1, 1, facecolor=face, edgecolor="black", linewidth=0.8))
            centered = {"ha": "center", "va": "center"}
            axes.text(column + 0.5, row + 0.4, upper, color=colors[0], weight="bold", size=10, **centered)
            axes.text(column + 0.5, row + 0.65, lower, color=colors[1], size=9, **centered)
    axes.plot([0, n + 1], [n, n], color="black", linewidth=2)
    axes.plot([n, n], [0, n + 1], color="black", linewidth=2)
    axes.set(xlim=(0, n + 1), ylim=(n + 1, 0), aspect="equal", title=title)
    axes.set(xlabel="Target Class (true)", ylabel="Output Class (predicted)")
    axes.set_xticks(np.arange(n) + 0.5, classes, rotation=45, ha="right")
    axes.set_yticks(np.arange(n) + 0.5, classes)
    axes.tick_params(length=0)
    save(figure, path)


def emotion_panel(path, images, classes, title: str) -> None:
    """Draws Fig. 3 of the CASIA paper: one spectrogram image per emotion, with its name and axes.

    The time axis has no numbers, as every image stretches its whole recording to the same width. 0 Hz is the top
    row, as the network sees it; the recordings' 16 kHz give 8 kHz at the bottom.

    Parameters
    ----------
    path : PNG file
    images : one (height, width, 3) uint8 image per class;  classes : their names

    Checked: tests/test_figures_show_what_they_say.py
    """
    columns = min(3, len(classes))
    rows = -(-len(classes) // columns)
    size = (3.4 * columns, 3.6 * rows + 0.4)
    figure, panels = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for axes in panels.flat[len(classes) :]:
        axes.axis("off")
    for axes, image, name in zip(panels.flat, images, classes, strict=False):
        height, width, _ = np.shape(image)
        axes.imshow(image, extent=(0, width, 8, 0), aspect=height / 8)
        axes.set(xlabel="Time (whole recording)", ylabel="Frequency (kHz)", xticks=(), yticks=(0, 2, 4, 6, 8))
        axes.set_title(name.capitalize(), size=13)
    figure.suptitle(title, size=11)
    save(figure, path)


def save(figure, path) -> None:
    """Saves the figure as a PNG file that is there whole or not at all, and closes it.

    Checked: tests/test_figures_show_what_they_say.py
    """
    write_atomically(Path(path), lambda temporary: figure.savefig(temporary, format="png", dpi=110))
    plt.close(figure)


def _trailing_mean(values: np.ndarray, width: int) -> np.ndarray:
    sums = np.cumsum(np.concatenate([[0.0], values]))
    stop = np.arange(1, values.size + 1)
    start = np.maximum(stop - width, 0)
    return (sums[stop] - sums[start]) / (stop - start)
