"""Recognize: the emotion that a trained network hears in a recording, in a running one, or in a folder of them."""

from collections.abc import Callable, Mapping

import numpy as np
import panel as pn

from dsp.files.naming import printable, shorten
from experiments.page.figures import BarPicture, ImagePicture
from experiments.page.layout import columns, part
from experiments.page.widgets import Form, Line, Picture, Text, Upload

AUDIO = ".wav,.flac,.ogg,.opus,.mp3,.aif,.aiff,.au,.caf,.w64,.rf64,.zip"
CORE = "experiments.page.core.recognize"
NOTE = (
    "One recording gets an answer with a picture; several, a folder or a ZIP archive get a table and, where the files' "
    "names state emotions, a confusion matrix. Record answers every second while you speak."
)
LIMIT_S, BATCH_LIMIT_S = 60.0, 900.0
RUN_MENU = {"name": "run", "label": "Trained run", "kind": "select", "wide": True}
COLUMNS = ("file", "answer", "probability %", "label", "remark")


class Recognizer:
    """The tab; `view` is its Panel object."""

    def __init__(self, session, query: Mapping[str, str] | None = None, on_state: Callable[[dict], None] = lambda _: 0):
        self.session, self.on_state = session, on_state
        self.wanted = (query or {}).get("run")
        self.runs: list[tuple[str, str]] = []
        self.run, self.is_busy, self.is_live = None, False, False
        self.rows: list[dict] = []
        fields = [
            {**RUN_MENU, "options": [("", "looking for runs")]},
            {"name": "stop", "label": "Stop", "kind": "button"},
        ]
        self.form = Form(self.do, title="The network", fields=fields, values={"run": "", "stop": False})
        self.upload = Upload(
            self.take,
            self.take_live,
            label="Recordings, or a ZIP archive",
            folder="A folder of recordings",
            note=NOTE,
            address=session.address,
            accept=AUDIO,
            multiple=True,
            microphone=True,
            live=True,
        )
        self.facts, self.trouble = Line(text="looking for trained runs"), Line(alarming=True)
        self.headline, self.verdict, self.steps = Line(heading=True), Line(), Line()
        self.bars = BarPicture("Probabilities", "Probability", "one bar per emotion; the dashed line is chance", 260)
        self.seen = Picture(label="What the network sees of the recording")
        self.answer_part = columns(pn.pane.Bokeh(self.bars.figure), part(self.seen))
        self.answer_part.visible = False
        self.table = pn.widgets.Tabulator(
            _frame([]), show_index=False, disabled=True, height=320, sizing_mode="stretch_width",
            header_filters=True, layout="fit_data_stretch", theme="simple",
        )  # fmt: skip
        self.confusion = ImagePicture("Confusion", "Answer", "Label", "counts of labels and answers", "shares", 340)
        self.confusion_pane = pn.pane.Bokeh(self.confusion.figure)
        self.batch_part = part(columns(part(self.table), self.confusion_pane), visible=False)
        self.card = Text(label="Model card")
        self.view = part(
            self.form, self.upload, self.facts, self.trouble, self.headline, self.verdict,
            self.answer_part, self.steps, self.batch_part, self.card,
        )  # fmt: skip
        self.session.run(f"{CORE}:list_runs", (str(session.runs),), self._show_runs, self._refuse, limit_s=LIMIT_S)

    # which network

    def _show_runs(self, runs: list[tuple[str, str]]) -> None:
        self.runs = runs
        options = [(str(number), shorten(title, 90)) for number, (_, title) in enumerate(runs)]
        self.form.changes = {"run": options}
        first = int(self.wanted) if (self.wanted or "").isdigit() and int(self.wanted) < len(runs) else 0
        self.choose(first)

    def choose(self, number: int) -> None:
        """Takes a run by its place in the list."""
        self.run = self.runs[number][0]
        self.form.values = {"run": str(number), "stop": self.is_busy}
        self.facts.text = "loading the network"
        self.on_state({"run": str(number)} if number else {})
        self.session.run(f"{CORE}:card_of", (self.run,), self._show_card, self._refuse, limit_s=LIMIT_S)

    def _show_card(self, found: dict) -> None:
        self.card.text = found["card"]
        emotions = ", ".join(found["classes"])
        title = next((title for folder, title in self.runs if folder == self.run), "")
        self.facts.text = (
            f"ready: {shorten(title, 120)}; {len(found['classes'])} emotions ({emotions}), chance {found['chance']:.1%}"
        )

    def do(self, name: str, value) -> None:
        """Another run was chosen, or the work is to stop."""
        if name == "stop" and self.is_busy:
            self.session.cancel()
            self._end("stopped")
        elif name == "run" and str(value).isdigit() and int(value) < len(self.runs) and not self.is_busy:
            self._forget()
            self.choose(int(value))

    # recordings

    def take_live(self, ids: list[str], errors: list[str]) -> None:
        """The last seconds of a recording that goes on; skipped while the last answer is not there yet."""
        paths = self.session.paths(ids)
        if not paths or self.is_live or self.is_busy or self.run is None:
            self._remove(ids)
            return
        self.is_live = True

        def shown(found: dict) -> None:
            self.is_live = False
            self._remove(ids)
            self._show_bars(found, "while you speak")

        def failed(line: str) -> None:
            self.is_live = False
            self._remove(ids)
            self.headline.text = line  # silence, for example: no reason for alarm

        self.session.run(f"{CORE}:probabilities_of", (self.run, str(paths[0])), shown, failed, limit_s=LIMIT_S)

    def _remove(self, ids: list[str]) -> None:
        for key in ids:
            self.session.folder.remove(key)

    def take(self, ids: list[str], errors: list[str]) -> None:
        """One recording, or several."""
        self.trouble.text = "; ".join(errors)
        paths = self.session.paths(ids)
        if not paths:
            return
        if self.is_busy or self.run is None:
            self._remove(ids)
            self.trouble.text = (
                "busy: wait for the earlier work, or stop it" if self.is_busy else "no network is loaded yet"
            )
            return
        self.session.folder.keep_only(set(ids))
        self._forget()
        self._begin()
        if len(paths) == 1 and paths[0].suffix.lower() != ".zip":
            name = self.session.name(paths[0])
            arguments = (self.run, str(paths[0]))
            self.session.run(
                f"{CORE}:answer_file",
                arguments,
                lambda found: self._show_answer(name, found),
                self._end,
                limit_s=LIMIT_S,
            )
        else:
            arguments = (self.run, [str(path) for path in paths])
            self.session.run(
                f"{CORE}:answer_files", arguments, self._end_batch, self._end, self._show_item, limit_s=BATCH_LIMIT_S
            )

    def _begin(self) -> None:
        self.is_busy = True
        self.form.values = {**self.form.values, "stop": True}
        self.headline.text = "listening"

    def _end(self, line: str = "") -> None:
        self.is_busy = False
        self.form.values = {**self.form.values, "stop": False}
        self.trouble.text = line
        if line:
            self.headline.text = ""

    def _refuse(self, line: str) -> None:
        self.trouble.text, self.facts.text = line, "no network is loaded"

    def _forget(self) -> None:
        self.headline.text = self.verdict.text = self.steps.text = ""
        self.answer_part.visible = self.batch_part.visible = False
        self.seen.png = b""

    def _show_bars(self, found: dict, what: str) -> None:
        values, chance = np.asarray(found["probabilities"]), 1 / len(found["classes"])
        self.bars.show(tuple(found["classes"]), values, chance, f"Probabilities; chance {chance:.1%}")
        self.headline.text = f"{found['emotion']}, {values.max():.1%} (chance {chance:.1%}), {what}"
        self.answer_part.visible = True

    def _show_answer(self, name: str, found: dict) -> None:
        if not self.is_busy:
            return
        self._end()
        self._show_bars(found, name)
        self.verdict.text, self.steps.text, self.seen.png = found["verdict"], found["steps"], found["png"]

    def _show_item(self, item: dict) -> None:
        if not self.is_busy:
            return
        if "count" in item:
            self.rows, self.count = [], item["count"]
        elif "summary" in item:
            self._show_summary(item)
        else:
            self.rows.append(_row(item, self.session.shown))
            self.headline.text = f"{len(self.rows)} of {self.count} files"

    def _show_summary(self, found: dict) -> None:
        self.table.value = _frame(self.rows)
        self.headline.text, self.verdict.text = found["lines"][0], "\n".join(found["lines"][1:])
        summary = found["summary"]
        self.confusion_pane.visible = bool(summary["labeled"])
        if summary["labeled"]:
            self.confusion.show_confusion(np.asarray(summary["confusion"]), found["classes"])
        self.batch_part.visible = True

    def _end_batch(self, _) -> None:
        if self.is_busy:
            self._end()


def _row(item: dict, shown: Callable[[str], str]) -> dict:
    """A line of the table."""
    if "error" in item:
        reason = shown(item["error"]).removeprefix(f"{item['file']}: ")
        return dict(zip(COLUMNS, (printable(item["file"]), "", None, "", f"refused: {reason}"), strict=True))
    right = {True: "right", False: "wrong", None: ""}[item["right"]]
    known = "trained on this recording" if item["trained_on"] else ""
    label = item["label"] or item["named_emotion"] or ""
    p = round(100 * item["probabilities"][item["emotion"]], 1)
    remark = ", ".join(filter(None, (right, known)))
    return dict(zip(COLUMNS, (printable(item["file"]), item["emotion"], p, label, remark), strict=True))


def _frame(rows: list[dict]):
    import pandas as pd

    return pd.DataFrame(rows, columns=list(COLUMNS))
