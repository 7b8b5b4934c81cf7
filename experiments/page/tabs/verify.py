"""Verify: one or two files of features, or two images, and the recording; the verdict in two lines, then the rest."""

from collections.abc import Callable, Mapping

import numpy as np
import panel as pn

from dsp.feature_files import READERS
from experiments.page.core.explore import Map
from experiments.page.core.verify import AUDIO, IMAGES
from experiments.page.figures import ImagePicture
from experiments.page.layout import columns, part
from experiments.page.widgets import Download, Form, Line, Picture, Text, Upload

LIMIT_S = 120.0
NOTE = (
    "One file of features with its recording: which convention made it. Two files: what differs. Two images: why their "
    "pixels differ; the recording helps. Choose or drop them together or one after the other."
)
HOW_MANY = 3
EFFORTS = (("1", "usual"), ("4", "four times as long"))


class Verifier:
    """The tab; `view` is its Panel object."""

    def __init__(self, session, query: Mapping[str, str] | None = None, on_state: Callable[[dict], None] = lambda _: 0):
        self.session, self.held, self.is_busy = session, [], False
        self.upload = Upload(
            self.take,
            label="Features, images, recording",
            note=NOTE,
            address=session.address,
            accept=",".join((*READERS, *IMAGES, *AUDIO)),
            multiple=True,
        )
        fields = [
            {"name": "effort", "label": "Search", "kind": "select", "options": EFFORTS},
            {"name": "start", "label": "Examine", "kind": "button"},
            {"name": "clear", "label": "Remove the files", "kind": "button"},
            {"name": "stop", "label": "Stop", "kind": "button"},
        ]
        self.form = Form(self.do, title="The examination", fields=fields, values={"effort": "1"})
        self.effort = 1.0
        self.files, self.trouble = Line(text="no files yet"), Line(alarming=True)
        self.verdict, self.remark = Line(heading=True), Line()
        self.details = Text(label="Details", copy="Copy")
        self.report = Download(label="Download report.html", filename="report.html")
        self.toml = Download(label="Download the convention as TOML", filename="convention.toml")
        self.picture = Picture(label="Both images and their difference")
        self.pictures: list[ImagePicture] = []
        self.panes = part(visible=False)
        downloads = columns(self.report, self.toml)
        self.view = part(
            self.upload,
            self.files,
            self.form,
            self.trouble,
            self.verdict,
            downloads,
            self.panes,
            self.remark,
            self.picture,
            self.details,
        )
        self._show_buttons()
        on_state({})

    def take(self, ids: list[str], errors: list[str]) -> None:
        """Files that arrived join those that are here; with the third kind of them the examination can begin."""
        self.trouble.text = "; ".join(errors)
        self.held = [key for key in [*self.held, *ids] if self.session.paths([key])][-HOW_MANY:]
        self.session.folder.keep_only(set(self.held))
        self._say_files()
        self._show_buttons()

    def do(self, name: str, value) -> None:
        """A button was pressed."""
        if name == "effort" and str(value) in dict(EFFORTS):
            self.effort = float(value)
            self._show_buttons()
        elif name == "start" and self.held and not self.is_busy:
            self.start()
        elif name == "stop" and self.is_busy:
            self.session.cancel()
            self._end("stopped")
        elif name == "clear" and not self.is_busy:
            self.held = []
            self.session.folder.keep_only(set())
            self._forget()
            self.trouble.text = ""
            self._say_files()
            self._show_buttons()

    def start(self) -> None:
        self._forget()
        self.is_busy, self.trouble.text = True, ""
        self.files.text = "examining; a hard case takes up to a minute"
        self._show_buttons()
        paths = [str(path) for path in self.session.paths(self.held)]
        job = "experiments.page.core.verify:verify"
        self.session.run(job, (paths, self.effort), self._show, self._end, limit_s=LIMIT_S * self.effort)

    def _end(self, line: str) -> None:
        self.is_busy, self.trouble.text = False, line
        self._say_files()
        self._show_buttons()

    def _show(self, found: dict) -> None:
        if not self.is_busy:  # it was stopped meanwhile
            return
        self._end("")
        self.verdict.text, self.details.text = self.session.shown_lines(found["verdict"]), found["details"]
        self.remark.text = found["remark"]
        self.report.content, self.toml.content = found["report"], found["toml"].encode()
        self.picture.png = found["png"]
        self._draw(found["maps"])

    def _draw(self, maps: list[tuple[str, np.ndarray]]) -> None:
        while len(self.pictures) < len(maps):
            signed = "signed" if len(self.pictures) == 2 else "levels"
            self.pictures.append(ImagePicture("Features", "Frame", "Row", "a matrix of features", signed))
            if len(self.pictures) == 1:
                self.row = columns(pn.pane.Bokeh(self.pictures[0].figure))
                self.panes.append(self.row)
            else:
                self.row.append(*columns(pn.pane.Bokeh(self.pictures[-1].figure)))
        for number, (picture, pane) in enumerate(zip(self.pictures, getattr(self, "row", []), strict=True)):
            pane.visible = number < len(maps)
            if pane.visible:
                name, values = maps[number]
                rows, frames = values.shape
                largest = float(np.abs(values).max()) or 1.0
                low, high = (-largest, largest) if number == 2 else map(float, np.percentile(values, (1, 99.5)))
                high = high if high > low else low + 1
                picture.show(Map(values, (0, frames), (-0.5, rows - 0.5), low, high), f"{name}, {rows} x {frames}")
        self.panes.visible = bool(maps)

    def _forget(self) -> None:
        self.verdict.text = self.details.text = self.remark.text = ""
        self.report.content = self.toml.content = self.picture.png = b""
        self.panes.visible = False

    def _say_files(self) -> None:
        names = [self.session.name(path) for path in self.session.paths(self.held)]
        self.files.text = f"{len(names)} of at most {HOW_MANY} files: {', '.join(names)}" if names else "no files yet"

    def _show_buttons(self) -> None:
        idle = not self.is_busy
        states = {"start": idle and bool(self.held), "clear": idle and bool(self.held), "stop": self.is_busy}
        self.form.values = {"effort": f"{self.effort:g}", **states}
