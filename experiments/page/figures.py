"""Bokeh figures that redraw by sending data: one data source each, float32, colors that the color-blind tell apart."""

from collections.abc import Sequence

import numpy as np
from bokeh.models import BasicTicker, ColorBar, ColumnDataSource, CustomJS, FixedTicker, LinearColorMapper, Range1d
from bokeh.palettes import Cividis256, Viridis256
from bokeh.plotting import figure

from experiments.page.core.explore import Map

LINES = ("#0072b2", "#d55e00", "#666666", "#009e73")  # after Okabe and Ito: told apart by all
DASHES = ("solid", "solid", "dashed", "dotdash")
HEIGHT = 230
NAME_CANVAS = 'Bokeh.index.find_one(figure)?.canvas_view?.events_el?.setAttribute("aria-label", name)'


def _signed_palette() -> list[str]:
    """Blue over white at 0 to orange: as far apart for the color-blind as for others."""
    blue, white, orange = (
        np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in ("#0b4c8c", "#ffffff", "#b34700")
    )
    shares = np.linspace(-1, 1, 255)
    colors = [white + abs(s) ** 0.8 * ((orange if s > 0 else blue) - white) for s in shares]
    return ["#" + "".join(f"{round(v):02x}" for v in color) for color in colors]


PALETTES = {"levels": Viridis256, "signed": _signed_palette(), "shares": Cividis256}


def _figure(title: str, x: str, y: str, says: str, height: int = HEIGHT, **options):
    made = figure(
        height=height,
        min_width=280,
        sizing_mode="stretch_width",
        title=title,
        x_axis_label=x,
        y_axis_label=y,
        tools="xwheel_zoom,xpan,reset,save,hover",
        active_scroll=None,
        html_attributes={"role": "img", "aria-label": f"{title}: {says}"},
        **options,
    )
    name_canvas(made, title)
    made.toolbar.logo = None
    made.toolbar.autohide = True
    made.title.text_font_size = "13px"
    return made


def name_canvas(made, name: str) -> None:
    """Names the part of a figure that takes the keyboard, for screen readers: Bokeh leaves it without a name."""
    made.js_on_change("inner_width", CustomJS(args={"figure": made, "name": name}, code=NAME_CANVAS))


def _same(a: list, b: list) -> bool:
    """Whether lists of arrays are equal: what is on the screen already is not sent again."""
    return len(a) == len(b) and all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b, strict=True))


class ImagePicture:
    """A matrix as an image with a color bar. `show` sends its values, its limits and its title."""

    def __init__(self, title: str, x: str, y: str, says: str, palette: str = "levels", height: int = HEIGHT):
        empty = np.zeros((1, 1), np.float32)
        self.source = ColumnDataSource({"image": [empty], "x": [0.0], "y": [0.0], "dw": [1.0], "dh": [1.0]})
        ranges = {"x_range": Range1d(0, 1), "y_range": Range1d(0, 1)}
        self.figure = _figure(title, x, y, says, height, tooltips=[(x, "$x"), (y, "$y"), ("value", "@image")], **ranges)
        self.mapper = LinearColorMapper(palette=PALETTES[palette], low=0, high=1)
        self.figure.image("image", x="x", y="y", dw="dw", dh="dh", source=self.source, color_mapper=self.mapper)
        self.figure.grid.visible = False
        bar = ColorBar(color_mapper=self.mapper, width=10, padding=2, ticker=BasicTicker(desired_num_ticks=5))
        self.figure.add_layout(bar, "right")
        self._ranges, self._names = None, list[str]()
        self.cells: ColumnDataSource | None = None  # numbers over the image

    def show(self, shown: Map, title: str | None = None) -> None:
        (x0, x1), (y0, y1) = shown.x, shown.y
        self.mapper.update(low=shown.low, high=shown.high)
        data = {"image": [shown.values], "x": [x0], "y": [y0], "dw": [x1 - x0], "dh": [y1 - y0]}
        if not _same(list(data.values()), list(self.source.data.values())):
            self.source.data = data
        if self._ranges != (shown.x, shown.y):  # a zoom stays while only values change
            self._ranges = (shown.x, shown.y)
            self.figure.x_range.update(start=x0, end=x1, reset_start=x0, reset_end=x1)
            self.figure.y_range.update(start=y0, end=y1, reset_start=y0, reset_end=y1)
        if title is not None:
            self.figure.title.text = title

    def show_confusion(
        self, counts: np.ndarray, classes: Sequence[str], title: str = "Confusion: shares of each label"
    ) -> None:
        """A confusion matrix, [label, answer], as shares of each label; the first label on top."""
        n = len(classes)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        self.show(Map(shares[::-1].astype(np.float32), (-0.5, n - 0.5), (-0.5, n - 0.5), 0.0, 1.0), title)
        for axis, names in ((self.figure.xaxis[0], list(classes)), (self.figure.yaxis[0], list(classes)[::-1])):
            axis.ticker = FixedTicker(ticks=list(range(n)))
            axis.major_label_overrides = dict(enumerate(names))
        self.figure.xaxis[0].major_label_orientation = 0.8
        cells = {"x": [], "y": [], "text": [], "color": []}
        for row, line in enumerate(counts[::-1]):
            for column, count in enumerate(line):
                cells["x"].append(column)
                cells["y"].append(row)
                cells["text"].append(str(int(count)))
                cells["color"].append("black" if shares[n - 1 - row, column] > 0.55 else "white")
        if self.cells is None:
            self.cells = ColumnDataSource(cells)
            look = {"text_align": "center", "text_baseline": "middle", "text_font_size": "11px", "text_color": "color"}
            self.figure.text("x", "y", "text", source=self.cells, **look)
        self.cells.data = cells

    def name_rows(self, names: list[str]) -> None:
        """The names of the rows on the left, each at its row; an empty list gives back the numbers."""
        if names == self._names:  # another ticker is another model: all of the document would be gone through
            return
        self._names, axis = list(names), self.figure.yaxis[0]
        if names:
            step = -(-len(names) // 14)
            axis.ticker = FixedTicker(ticks=list(range(0, len(names), step)))
            axis.major_label_overrides = dict(enumerate(names))
        else:
            axis.ticker = BasicTicker()
            axis.major_label_overrides = {}


class LinePicture:
    """Named lines in one figure, from one data source: its columns are lists of lines."""

    def __init__(self, title: str, x: str, y: str, says: str, names: tuple[str, ...], height: int = HEIGHT):
        self.names = names
        colors = [LINES[i % len(LINES)] for i in range(len(names))]
        dashes = [DASHES[i % len(DASHES)] for i in range(len(names))]
        self.source = ColumnDataSource({"xs": [], "ys": [], "name": [], "color": [], "dash": []})
        self._fixed = {"name": list(names), "color": colors, "dash": dashes}
        self.figure = _figure(title, x, y, says, height, tooltips=[("", "@name"), (x, "$x"), (y, "$y")])
        look = {"line_color": "color", "line_width": 1.4, "line_dash": "dash"}
        if len(names) > 1:
            look["legend_field"] = "name"
        self.figure.multi_line("xs", "ys", source=self.source, **look)
        if len(names) > 1:
            legend = self.figure.legend[0]
            legend.update(orientation="horizontal", padding=0, margin=0, spacing=10, border_line_alpha=0)
            legend.label_text_font_size = "11px"
            self.figure.add_layout(legend, "above")  # where it covers no line

    def show(self, lines: dict[str, tuple[np.ndarray, np.ndarray]], title: str | None = None) -> None:
        shown = [name for name in self.names if name in lines]
        keep = [self.names.index(name) for name in shown]
        xs, ys = ([lines[name][axis] for name in shown] for axis in (0, 1))
        if not (_same(xs, self.source.data["xs"]) and _same(ys, self.source.data["ys"])):
            fixed = {column: [values[i] for i in keep] for column, values in self._fixed.items()}
            self.source.data = {"xs": xs, "ys": ys, **fixed}
        if title is not None:
            self.figure.title.text = title


class CurvesPicture:
    """Many lines of one kind, such as filters, in two colors by turns: two lines with gaps, which travel quickly."""

    def __init__(self, title: str, x: str, y: str, says: str, height: int = HEIGHT):
        self.sources = [ColumnDataSource({"x": [], "y": []}) for _ in range(2)]
        self.figure = _figure(title, x, y, says, height, tooltips=[(x, "$x"), (y, "$y")])
        for source, color in zip(self.sources, LINES, strict=False):
            self.figure.line("x", "y", source=source, line_color=color, line_width=1)

    def show(self, xs: list[np.ndarray], ys: list[np.ndarray], title: str | None = None) -> None:
        for turn, source in enumerate(self.sources):
            x, y = (_with_gaps(lines[turn::2]) for lines in (xs, ys))
            if not _same([x, y], [source.data["x"], source.data["y"]]):
                source.data = {"x": x, "y": y}
        if title is not None:
            self.figure.title.text = title


def _with_gaps(lines: list[np.ndarray]) -> np.ndarray:
    """The lines one after the other, a nan behind each."""
    return np.concatenate([np.append(line, np.float32(np.nan)) for line in lines] or [np.zeros(0, np.float32)])


class BarPicture:
    """Horizontal bars with names and, as a dashed line, a level to compare with."""

    def __init__(self, title: str, x: str, says: str, height: int = HEIGHT):
        self.source = ColumnDataSource({"y": [], "right": [], "text": []})
        self.level = ColumnDataSource({"xs": [], "ys": []})
        ranges = {"x_range": Range1d(0, 1.18), "y_range": Range1d(-0.6, 0.6)}
        self.figure = _figure(title, x, "", says, height, tooltips=[("", "@text")], **ranges)
        self.figure.hbar(y="y", right="right", height=0.7, source=self.source, color=LINES[0])
        self.figure.multi_line("xs", "ys", source=self.level, line_color=LINES[1], line_dash="dashed", line_width=2)
        self.figure.text(
            "right", "y", "text", source=self.source, x_offset=4, text_baseline="middle", text_font_size="11px",
            background_fill_color="white",
        )  # fmt: skip

    def show(self, names: tuple[str, ...], values: np.ndarray, level: float, title: str) -> None:
        n = len(names)
        rows = np.arange(n)[::-1]
        text = [f"{value:.1%}" for value in values]
        self.source.data = {"y": rows, "right": np.asarray(values, np.float32), "text": text}
        self.level.data = {"xs": [[level, level]], "ys": [[-0.6, n - 0.4]]}
        axis = self.figure.yaxis[0]
        axis.ticker = FixedTicker(ticks=list(range(n)))
        axis.major_label_overrides = {n - 1 - i: name for i, name in enumerate(names)}
        self.figure.y_range.update(start=-0.6, end=n - 0.4)
        self.figure.title.text = title
