"""What the doctor found as one figure: both matrices, their difference over (frame, row), and the text.

Above the difference stands its root mean square per frame, beside it that per row. A bar at one end points to the edges
of the clip; an even margin means that all frames or rows differ.
"""

import textwrap
from dataclasses import dataclass, replace

import numpy as np

from dsp.conventions.row_names import row_names
from dsp.conventions.sizes import sizes
from dsp.doctor.compare import Comparison
from dsp.doctor.diagnosis import Diagnosis
from dsp.doctor.knowledge.phrases import percent
from dsp.doctor.report import comparison_text, diagnosis_text, is_near
from dsp.files.extras import require
from dsp.framing import first_sample

FEATURE = "drawing the report"
LINE, SECOND = "#0072bd", "#d95319"
MAX_TICKS = 14
SIZE = (13.5, 10.6)  # inches
TEXT_SIZE, TEXT_WIDTH = 9, 82  # points, characters
MAX_LINES, MAX_LINES_ABOVE_BARS = 38, 30  # of text in the panel
MAX_BARS = 8
LINEAR = 1 / 30  # of the greatest difference: below it the colors are linear, above it logarithmic
NOT_DRAWN = "  not observable"  # this line and those indented below it are left out of the figure


@dataclass(frozen=True)
class Clip:
    """The recording."""

    signal: np.ndarray
    sample_rate: float


def of_diagnosis(found: Diagnosis, clip: Clip, names: tuple[str, str]):
    """The features, what the convention gives, and their difference: a matplotlib figure.

    Where no convention comes near, it shows the features alone.

    names : of the files of features and of audio

    Checked: tests/test_doctor_report_shows_the_error.py
    """
    given = found.matrix
    figure, upper, lower = _sheet(f"{names[0]}, with {names[1]}: {found.verdict}")
    if found.verdict == "unexplained" and not is_near(found):
        _maps(upper, [(given.T if found.transposed else given, names[0], None)], None)  # as the file has it
        _text(lower.add_subplot(), diagnosis_text(found))
        return figure
    fitted = given - found.error
    open_class = "" if found.left_open is None else f", up to {found.left_open}"
    nearest = "the closest convention" if found.verdict == "unexplained" else "the convention found"
    maps = [(given, names[0], found), (fitted, f"{nearest}, based on {found.nearest}{open_class}", found)]
    _maps(upper, maps, clip)
    left, right = lower.subfigures(1, 2, width_ratios=(1.1, 1))
    _difference(left, found.error, f"{names[0]} - {nearest}", found, clip)
    _text(right.add_subplot(), diagnosis_text(found))
    return figure


def of_comparison(found: Comparison, clip: Clip | None, names: tuple[str, str]):
    """Two matrices, their difference where they have one shape, and the share of each parameter: a matplotlib figure.

    Checked: tests/test_doctor_report_shows_the_error.py
    """
    first, second = found.matrices
    figure, upper, lower = _sheet(f"{names[0]} and {names[1]}: {found.verdict}")
    of_a, of_b = (
        of if of and of.transposed == first else None
        for of, first in zip((found.a, found.b), found.time_first, strict=True)
    )  # the convention of a file whose axes were read otherwise names no rows of this picture
    _maps(upper, [(first, names[0], of_a), (second, names[1], of_b)], clip)
    shares = {parameter: share for parameter, (*_, share) in found.differences.items() if share is not None}
    right = lower
    if found.error is not None:
        left, right = lower.subfigures(1, 2, width_ratios=(1.1, 1))
        _difference(left, found.error, f"{names[0]} - {names[1]}", of_a, clip)
    if shares:
        right, below = right.subfigures(2, 1, height_ratios=(2.7, 1))
        _bars(below.add_subplot(), shares)
        found = replace(found, findings=tuple(one.partition(": accounts for")[0] for one in found.findings))
    _text(right.add_subplot(), comparison_text(found), MAX_LINES_ABOVE_BARS if shares else MAX_LINES)
    return figure


def _sheet(title: str):
    figure = require("matplotlib.figure", feature=FEATURE, extra="images").Figure(SIZE, layout="constrained")
    figure.suptitle(title, size=12, parse_math=False)  # a "$" in a file's name begins no formula
    upper, lower = figure.subfigures(2, 1, height_ratios=(1, 2))
    return figure, upper, lower


def _maps(upper, maps, clip: Clip | None) -> None:
    """Matrices side by side, [(matrix, title, its diagnosis)]; those of one height and kind share a color scale."""
    alike = len({(len(matrix), found and found.kind) for matrix, _, found in maps}) == 1
    looks = [_colors([matrix for matrix, *_ in maps] if alike else [m], found) for m, _, found in maps]
    all_axes = upper.subplots(1, len(maps), squeeze=False)[0]
    for axes, (matrix, title, found), look in zip(all_axes, maps, looks, strict=True):
        picture = axes.imshow(matrix, origin="lower", aspect="auto", interpolation="nearest", **look)
        clipped = (matrix.min() < picture.norm.vmin) + 2 * (matrix.max() > picture.norm.vmax)
        axes.figure.colorbar(picture, ax=axes, label="Value", extend=("neither", "min", "max", "both")[clipped])
        _label(axes, matrix, found)
        _time_above(axes, found, clip)
        title = textwrap.fill(f"{title}, {matrix.shape[0]} rows x {matrix.shape[1]} frames", 90)
        axes.set_title(title, size=10, parse_math=False)


def _colors(matrices, found: Diagnosis | None) -> dict:
    """A scale around zero for cepstra, without the row of the greatest values; from the first percentile for levels."""
    values = np.concatenate([matrix.ravel() for matrix in matrices])
    if found.kind == "mfcc" if found else values.min() < 0 < values.max():
        rows = np.max([np.sort(np.abs(matrix).max(axis=1))[-2:][0] for matrix in matrices])
        return {"cmap": "RdBu_r", "vmin": -(rows or 1.0), "vmax": rows or 1.0}
    return {"vmin": np.percentile(values, 1), "vmax": values.max()}


def _difference(place, error: np.ndarray, title: str, found: Diagnosis | None, clip: Clip | None) -> None:
    """The difference with its margins."""
    parts = place.add_gridspec(2, 2, height_ratios=(1, 3.5), width_ratios=(5, 1))
    center = place.add_subplot(parts[1, 0])
    above = place.add_subplot(parts[0, 0], sharex=center)
    beside = place.add_subplot(parts[1, 1], sharey=center)
    most = float(np.abs(error).max()) or 1.0
    colors = require("matplotlib.colors", feature=FEATURE, extra="images")
    norm = colors.SymLogNorm(LINEAR * most, vmin=-most, vmax=most)
    picture = center.imshow(error, origin="lower", aspect="auto", interpolation="nearest", cmap="RdBu_r", norm=norm)
    ticks = [-most, -most / 10, 0, most / 10, most]
    bar = place.colorbar(picture, ax=[above, center], location="left", ticks=ticks, format="%.2g", pad=0.04)
    bar.ax.minorticks_off()
    bar.set_label("Difference (logarithmic scale)")
    _label(center, error, found)
    above.step(np.arange(error.shape[1]), np.sqrt(np.mean(error**2, axis=0)), where="mid", color=LINE, linewidth=1)
    beside.barh(np.arange(len(error)), np.sqrt(np.mean(error**2, axis=1)), color=LINE)
    above.set(ylabel="RMS", ylim=(0, None))
    beside.set(xlabel="RMS", xlim=(0, None))
    beside.tick_params(axis="x", labelrotation=45)
    for axis in (above.yaxis, beside.xaxis):
        axis.get_major_locator().set_params(nbins=3)
        axis.set_major_formatter(lambda value, _: f"{value:.2g}")
    above.tick_params(labelbottom=False)
    beside.tick_params(labelleft=False)
    _time_above(above, found, clip)
    title = f"Difference: {title}; its RMS per frame and per row"
    place.suptitle(title, size=10, x=0.01, ha="left", parse_math=False)


def _label(axes, matrix: np.ndarray, found: Diagnosis | None) -> None:
    """Names the axes. Without a diagnosis it is unknown which axis of the file is time."""
    axes.set(xlabel="Frame" if found else "Frame (second axis)")
    axes.set(ylabel="Row" if found else "Row (first axis)")
    if found and found.kind == "mfcc" and found.verdict != "unexplained":
        names = row_names(found.convention)
        if len(names) == len(matrix):
            step = -(-len(names) // MAX_TICKS)
            axes.set_yticks(range(0, len(names), step), names[::step])


def _time_above(axes, found: Diagnosis | None, clip: Clip | None) -> None:
    """An axis on the upper edge: the middles of the frames in seconds."""
    if found is None or clip is None or not found.nearest or found.change:  # a change may move the frames
        return
    size = sizes(found.convention, clip.sample_rate, clip.signal.size)
    first = size.frame / 2 + first_sample(clip.signal.size, size.frame, size.hop, found.convention.framing)

    def to_s(frame):
        return (first + np.asarray(frame) * size.hop) / clip.sample_rate

    def to_frame(time_s):
        return (np.asarray(time_s) * clip.sample_rate - first) / size.hop

    axes.secondary_xaxis("top", functions=(to_s, to_frame)).set_xlabel("Time (s)")


def _text(axes, text: str, max_lines: int = MAX_LINES) -> None:
    """The text, wrapped, without what the clip does not show."""
    axes.axis("off")
    kept, shown = True, []
    for line in text.split("\n"):
        kept = not line.startswith(NOT_DRAWN) and (kept or not line.startswith("    "))
        if kept:
            indent = " " * (len(line) - len(line.lstrip()))
            shown += textwrap.wrap(line.lstrip(), TEXT_WIDTH, initial_indent=indent, subsequent_indent=indent + "    ")
    if len(shown) > max_lines:
        shown = [*shown[: max_lines - 1], f"... and {len(shown) - max_lines + 1} more lines, which the command prints"]
    style = {"family": "monospace", "size": TEXT_SIZE, "parse_math": False}
    axes.text(0, 1, "\n".join(shown), va="top", transform=axes.transAxes, **style)


def _bars(axes, shares: dict[str, float]) -> None:
    """How much of the difference each parameter makes on its own; the largest shares, the largest on top."""
    order = sorted(shares, key=lambda name: shares[name])[-MAX_BARS:]
    axes.barh(order, [shares[parameter] for parameter in order], color=SECOND)
    for position, parameter in enumerate(order):
        axes.text(shares[parameter], position, f" {percent(shares[parameter])}", va="center", size=8)
    axes.margins(x=0.12)
    axes.tick_params(axis="y", labelsize=8)
    axes.xaxis.set_major_formatter(lambda share, _: percent(share))
    axes.set(xlabel="RMS of its change relative to that of the difference")
    axes.set_title("Share of the difference that each parameter accounts for on its own", size=10)
