"""The page's own parts, each a few lines of JavaScript in js/: native controls that have names for screen readers.

Text from anywhere reaches the page as text, never as markup: these parts set textContent, and no other way exists here.
"""

from collections.abc import Callable
from pathlib import Path

import panel as pn
import param
from panel.custom import JSComponent

from experiments.page.uploads import MAX_FILE

JS = Path(__file__).with_name("js")


def _esm(name: str) -> str:
    return (JS / f"{name}.js").read_text(encoding="utf-8")


class Line(JSComponent):
    """One line (or a few) of text, read aloud when it changes; red if alarming, a heading if it is one."""

    text = param.String("")
    alarming = param.Boolean(False)
    heading = param.Boolean(False)
    _esm = _esm("line")


class Form(JSComponent):
    """Native sliders, menus and buttons. fields: dicts of name, label, kind ("range", "select", "button") and bounds.

    Further keys of a field: "unit" of a slider, "options" of a menu, "wide" for a menu of long texts.
    values : {name: value} to show;  changes : {name: new options of a menu, or {min, max, step} of a slider}
    on_change : called with (name, value) when a hand changes one
    answered : how many messages of the page are dealt with; it sends the next one then
    """

    title = param.String("")
    fields = param.List([])
    values = param.Dict({})
    changes = param.Dict({})
    answered = param.Integer(0)
    _esm = _esm("form")

    def __init__(self, on_change: Callable[[str, object], None], **parameters):
        super().__init__(**parameters)
        self._on_change = on_change

    def _handle_msg(self, message) -> None:
        with pn.io.hold():  # what changes travels in one message
            try:
                names = {field["name"] for field in self.fields}
                if isinstance(message, dict) and message.get("name") in names:
                    self._on_change(message["name"], message.get("value"))
            finally:
                self.answered += 1


class TabBar(JSComponent):
    """The names of the tabs; `chosen` is the one that is shown. `address` is the query of the page's address."""

    names = param.List([])
    chosen = param.String("")
    address = param.String("")
    _esm = _esm("tabs")


class Sound(JSComponent):
    """A sound with its controls; hidden while `wav` is empty."""

    wav = param.Bytes(b"")
    label = param.String("")
    _esm = _esm("sound")


class Picture(JSComponent):
    """A PNG; hidden while `png` is empty. `label` says what it shows."""

    png = param.Bytes(b"")
    label = param.String("")
    _esm = _esm("picture")


class Download(JSComponent):
    """A button that saves `content` as `filename`; hidden while there is none."""

    content = param.Bytes(b"")
    filename = param.String("")
    label = param.String("")
    _esm = _esm("download")


class Text(JSComponent):
    """Text folded under its label; hidden while it is empty. `copy` names a button that copies it.

    is_link : the text is relative to the page's address, and shown as a whole one
    """

    text = param.String("")
    label = param.String("")
    open = param.Boolean(False)
    copy = param.String("")
    is_link = param.Boolean(False)
    _esm = _esm("text")


class Upload(JSComponent):
    """A place for files, and a microphone if asked: `on_files` and `on_live` (while it records) get (ids, errors)."""

    label = param.String("")
    note = param.String("")
    address = param.String("")
    accept = param.String("")
    folder = param.String("")
    multiple = param.Boolean(False)
    microphone = param.Boolean(False)
    live = param.Boolean(False)
    max_bytes = param.Integer(MAX_FILE)
    _esm = _esm("upload")

    def __init__(
        self,
        on_files: Callable[[list[str], list[str]], None],
        on_live: Callable[[list[str], list[str]], None] | None = None,
        **parameters,
    ):
        super().__init__(**parameters)
        self._on = {"files": on_files, "live": on_live}

    def _handle_msg(self, message) -> None:
        if not isinstance(message, dict) or not self._on.get(message.get("kind")):
            return
        lists = [message.get("ids"), message.get("errors")]
        if all(isinstance(one, list) and all(isinstance(text, str) for text in one) for one in lists):
            self._on[message["kind"]](*lists)
