"""The figures of the Keras papers' results: confusion matrices as heat maps, and learning curves over epochs."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from experiments.figures import matlab

TRAINING, VALIDATION = "#0072bd", "#d95319"


def confusion_heatmap(path, confusion, classes, title: str, percent: bool) -> None:
    """Draws a confusion matrix as a heat map: one row per true class, one column per predicted class.

    This is the layout of the Keras papers. MATLAB's, its transpose, is matlab.plotconfusion; both name their axes.

    Parameters
    ----------
    path : PNG file
    confusion : (n, n) int, [true, predicted], as in `metrics.scores`; `metrics.reordered` changes its order
    classes : n names in the order of the matrix, shown as they are. The CRNN paper has them in alphabetical
        order, as short_names(classes)
    percent : False for counts, as a Keras notebook draws them (the EMO-DB paper with five networks). True for
        percentages of the row with up to two decimals, 0.0 and 2.7 and 94.59, as the CRNN paper prints them, and
        "-" in the row of a class without test files

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    counts, n = np.asarray(confusion), len(classes)
    if percent:
        support = counts.sum(axis=1, keepdims=True)
        shown = np.divide(100.0 * counts, support, out=np.full(counts.shape, np.nan), where=support > 0)
        largest, bar = 100, "share of the true class (%)"
        texts = [["-" if np.isnan(share) else str(round(float(share), 2)) for share in row] for row in shown]
    else:
        shown, largest, bar = counts, max(1, counts.max()), "count"
        texts = [[str(count) for count in row] for row in counts]
    figure, axes = matlab.plt.subplots(figsize=(0.8 * n + 2.6, 0.8 * n + 1.4), layout="constrained")
    picture = axes.imshow(shown, cmap="Blues", vmin=0, vmax=largest)
    for row in range(n):
        for column in range(n):
            color = "white" if shown[row, column] > 0.55 * largest else "black"
            axes.text(column, row, texts[row][column], ha="center", va="center", color=color)
    figure.colorbar(picture, ax=axes, label=bar, shrink=0.85, ticks=MaxNLocator(integer=True))
    axes.set_xticks(range(n), classes, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(n), classes)
    axes.tick_params(length=0)
    axes.set(xlabel="Predicted", ylabel="True")
    figure.suptitle(title, size=11)
    matlab.save(figure, path)


def short_names(classes) -> list[str]:
    """The class names in the CRNN paper's confusion matrices: three letters, Ang for both angry and anger.

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    return [name[:3].capitalize() for name in classes]


def learning_curves(path, history, title: str) -> None:
    """Draws accuracy and loss over epochs, for training and validation, and marks the epoch that was kept.

    Training values are means over the epoch's batches, taken while the network learns (a smaller last batch counts
    as much as the others). Validation values are those after the epoch.

    Parameters
    ----------
    path : PNG file
    history : experiments.training.loop.History of at least one epoch

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    epochs = np.arange(1, len(history.seconds) + 1)
    figure, panels = matlab.plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    quantities = (
        (panels[0], history.accuracy, history.validation_accuracy, 100, "Accuracy (%)"),
        (panels[1], history.loss, history.validation_loss, 1, "Loss"),
    )
    for axes, training, validation, unit, label in quantities:
        of_epochs = np.reshape(training, (epochs.size, -1)).mean(axis=1)
        style = {"marker": "o", "markersize": 3, "linewidth": 1.2}
        axes.plot(epochs, np.multiply(of_epochs, unit), color=TRAINING, label="training", **style)
        if len(validation):
            axes.plot(epochs, np.multiply(validation, unit), color=VALIDATION, label="validation", **style)
        kept = f"kept: epoch {history.kept_epoch}"
        axes.axvline(history.kept_epoch, color="0.2", linewidth=0.8, linestyle=":", label=kept)
        axes.set(xlabel="Epoch", ylabel=label, xlim=(0.5, epochs.size + 0.5))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(axis="y", color="0.85")
        axes.set_axisbelow(True)
    panels[0].set_ylim(0, 105)
    panels[1].set_ylim(bottom=0)
    panels[0].legend(loc="best", fontsize=8)
    figure.suptitle(title, size=11)
    matlab.save(figure, path)
