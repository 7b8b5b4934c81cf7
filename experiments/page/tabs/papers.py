"""Papers: every table of the results, the chart that tells the story, and stored runs one by one."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import panel as pn
from bokeh.models import ColumnDataSource, FactorRange, Legend, LegendItem, Range1d
from bokeh.plotting import figure

from experiments.page.figures import ImagePicture, LinePicture, name_canvas
from experiments.page.layout import part
from experiments.page.widgets import Form, Line

CORE = "experiments.page.core.papers"
PAGE_SIZE = 25
MAX_WIDTH = 360  # pixels of a column; the rest of a long cell is shown under the mouse
COLORS = ("#e69f00", "#56b4e9", "#009e73", "#0072b2", "#c4c4c4", "#444444")  # after Okabe and Ito: told apart by all
CURVES = ("training", "validation", "test")
LIMIT_S = 60.0


class Papers:
    """The tab; `view` is its Panel object."""

    def __init__(self, session, query: Mapping[str, str] | None = None, on_state: Callable[[dict], None] = lambda _: 0):
        self.session, self.on_state, self.query = session, on_state, dict(query or {})
        self.tables, self.runs = [], []
        self.trouble, self.facts = Line(alarming=True), Line(text="reading the stored results")
        self.chart = part()
        fields = [
            {
                "name": "table",
                "label": "Table of RESULTS.md",
                "kind": "select",
                "options": [("", "reading")],
                "wide": True,
            }
        ]
        self.form = Form(self.do, title="Which table", fields=fields, values={"table": ""})
        self.table, self.run_table = part(), part()
        self.run_line = Line(text="Choose a run in the table to see its confusion matrix and its curves.")
        says = "over the epochs of the training"
        self.accuracy = LinePicture("Accuracy", "Epoch", "Accuracy", says, CURVES, 300)
        self.loss = LinePicture("Loss", "Epoch", "Loss", says, CURVES, 300)
        self.confusion = ImagePicture("Confusion", "Answer", "Label", "counts of labels and answers", "shares", 340)
        panes = [pn.pane.Bokeh(one.figure) for one in (self.confusion, self.accuracy, self.loss)]
        self.view = part(
            self.trouble, self.facts, Line(text="What was published, and what comes out", heading=True), self.chart,
            Line(text="Tables", heading=True), self.form, self.table,
            Line(text="Stored runs", heading=True), self.run_table, self.run_line, part(*panes),
        )  # fmt: skip
        session.when_shown(self._read)

    def _read(self) -> None:
        for function, done in (
            ("document_tables", self._show_tables),
            ("chart", self._show_chart),
            ("list_runs", self._show_runs),
        ):
            self.session.run(f"{CORE}:{function}", (), done, self._refuse, limit_s=LIMIT_S)

    def _refuse(self, line: str) -> None:
        self.trouble.text = line

    # the tables of the document

    def _show_tables(self, tables: list) -> None:
        self.tables = tables
        self.facts.text = f"{len(tables)} tables, made from the stored runs: python -m experiments.results"
        self.form.changes = {"table": [(str(i), f"{i + 1}. {table.title}"[:90]) for i, table in enumerate(tables)]}
        wanted = self.query.get("table", "0")
        self.choose(int(wanted) if wanted.isdigit() and int(wanted) < len(tables) else 0)

    def do(self, name: str, value) -> None:
        """Another table was chosen."""
        if str(value).isdigit() and int(value) < len(self.tables):
            self.choose(int(value))

    def choose(self, number: int) -> None:
        """Shows a table by its place in the document."""
        self.form.values = {"table": str(number)}
        self.table.objects = [_tabulator(_frame(self.tables[number]))]
        self.on_state({"table": str(number)} if number else {})

    # the chart

    def _show_chart(self, rows: list[dict]) -> None:
        self.chart.objects = [pn.pane.Bokeh(_chart(rows), sizing_mode="stretch_width")]

    # stored runs

    def _show_runs(self, runs: list[dict]) -> None:
        self.runs = runs
        frame = pd.DataFrame(runs).drop(columns=["key"])
        table = _tabulator(frame, selectable=1)
        table.param.watch(self._select, "selection")
        self.run_table.objects = [table]

    def _select(self, event) -> None:
        if event.new and 0 <= event.new[0] < len(self.runs):
            run = self.runs[event.new[0]]
            self.run_line.text = ", ".join(f"{k} {v}" for k, v in run.items() if v and k not in ("key", "curves"))
            self.session.run(f"{CORE}:run_of", (run["key"],), self._show_run, self._refuse, limit_s=LIMIT_S)

    def _show_run(self, found: dict) -> None:
        self.confusion.show_confusion(found["confusion"], found["classes"])
        curves = found["curves"]
        for picture, kind in ((self.accuracy, "accuracy"), (self.loss, "loss")):
            known = {name: curves[f"{name}_{kind}"] for name in CURVES if f"{name}_{kind}" in curves}
            picture.show({name: (np.arange(1, len(y) + 1, dtype=np.float32), y) for name, y in known.items()})
        if not curves:
            self.run_line.text += "; this run stored no curves"


def _frame(table) -> pd.DataFrame:
    """The table with a name of its own for every column; a column of plain numbers holds numbers, and sorts so."""
    names: list[str] = []
    for name in table.columns:
        names.append(name if name and name not in names else f"{name} ({len(names) + 1})")
    frame = pd.DataFrame([(*row, *[""] * len(names))[: len(names)] for row in table.rows], columns=names)
    for name in names:
        numbers = pd.to_numeric(frame[name].replace({"-": None, "": None}), errors="coerce")
        if numbers.notna().sum() == (~frame[name].isin(("-", ""))).sum() > 0:
            frame[name] = numbers
    return frame


def _tabulator(frame: pd.DataFrame, selectable: int | bool = False):
    """A table that sorts and filters in the browser; its cells are text, never markup."""
    longest = {name: max(len(name) + 4, *(len(str(value)) for value in frame[name])) for name in frame.columns}
    widths = {name: min(8 * n + 16, MAX_WIDTH) for name, n in longest.items()}
    filters = {name: {"type": "input", "func": "like", "placeholder": f"filter {name}"} for name in frame.columns}
    return pn.widgets.Tabulator(
        frame, show_index=False, disabled=True, header_filters=filters, pagination="local", page_size=PAGE_SIZE,
        selectable=selectable, widths=widths, theme="simple", sizing_mode="stretch_width", layout="fit_data_stretch",
        sorters=[], configuration={"columnDefaults": {"headerTooltip": True, "tooltip": True, "sorter": "alphanum"}},
    )  # fmt: skip


def _chart(rows: list[dict]):
    """Bars of each paper: published, here, honest, unseen speakers, and the SVM's."""
    words = [word for word in rows[0] if word not in ("paper", "corpus")]
    papers = [f"{row['paper'].split()[0]}\n{row['corpus']}" for row in rows]
    factors = [(paper, word) for paper in papers for word in words]
    values = [row[word] for row in rows for word in words]
    source = ColumnDataSource(
        {
            "x": factors,
            "top": np.asarray(values, np.float32),
            "color": [COLORS[i] for _ in rows for i in range(len(words))],
            "word": [word for _ in rows for word in words],
            "text": ["not run" if value != value else f"{value:.1f}" for value in values],
        }
    )
    made = figure(
        x_range=FactorRange(*factors, group_padding=0.6), y_range=Range1d(0, 108), height=380, min_width=280,
        sizing_mode="stretch_width", y_axis_label="Accuracy %", tools="hover,save",
        tooltips=[("", "@x"), ("accuracy %", "@text")],
        html_attributes={"role": "img", "aria-label": _in_words(rows, words)},
    )  # fmt: skip
    name_canvas(made, "Accuracy of the papers")
    bars = made.vbar("x", top="top", width=0.9, color="color", source=source)
    items = [LegendItem(label=word, renderers=[bars], index=i) for i, word in enumerate(words)]
    legend = Legend(items=items, orientation="horizontal", ncols=2, padding=0, spacing=4, glyph_width=14)
    legend.border_line_alpha = 0
    legend.label_text_font_size = "11px"
    made.add_layout(legend, "above")
    look = {
        "text_align": "left",
        "text_baseline": "middle",
        "text_font_size": "9px",
        "angle": np.pi / 2,
        "y_offset": -3,
    }
    known = [i for i, value in enumerate(values) if value == value]
    shown = ColumnDataSource({name: [column[i] for i in known] for name, column in source.data.items()})
    made.text("x", "top", "text", source=shown, **look)
    made.toolbar.logo, made.toolbar.autohide = None, True
    made.xaxis.major_label_text_font_size = "0px"
    made.xaxis.major_tick_line_color = None
    made.xaxis.group_text_font_size = "11px"
    made.xgrid.visible = False
    return made


def _in_words(rows: list[dict], words: list[str]) -> str:
    """The chart for those who hear it."""
    said = []
    for row in rows:
        values = ", ".join(f"{word} {'not run' if row[word] != row[word] else f'{row[word]:.1f}'}" for word in words)
        said.append(f"{row['paper']} on {row['corpus']}: {values}")
    return "Accuracy in percent. " + "; ".join(said)
