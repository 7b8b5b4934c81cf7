"""The page of one visitor: four tabs, built when they are first shown, and what restores them."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from urllib.parse import urlencode

import panel as pn
from bokeh.models import CustomJS

from experiments.page.layout import part
from experiments.page.session import Session
from experiments.page.uploads import Store
from experiments.page.widgets import Line, TabBar
from experiments.page.workers import Workers

TITLE = "Speech features: explore, verify, recognize"
TABS = {  # name: module and class, with `view`
    "Explore": ("experiments.page.tabs.explore", "Explorer"),
    "Doctor": ("experiments.page.tabs.verify", "Verifier"),
    "Recognize": ("experiments.page.tabs.recognize", "Recognizer"),
    "Papers": ("experiments.page.tabs.papers", "Papers"),
}
MAX_SESSIONS = 60
MAX_QUERY = 60  # parameters of a link

# All requests stay with this server; 'unsafe-eval' and blob: are what Bokeh and Panel's own parts need.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline' blob:; img-src 'self' data: blob:; "
    "media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'"
)
TEMPLATE = """
{% block preamble %}<link rel="icon" href="data:,">{% endblock %}
{% block postamble %}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="POLICY">
<style>
  body { font: 15px sans-serif; margin: 0 auto; max-width: 1500px; padding: 6px 10px; color: #222; background: white }
  h1 { font-size: 20px; margin: 4px 0 8px }
  #lost { display: none; position: sticky; top: 0; z-index: 10; background: #a30000; color: white;
    padding: 8px; margin: 0 }
</style>
{% endblock %}
{% block contents %}
<h1>TITLE</h1>
<p id="lost" role="alert"></p>
<noscript>This page needs JavaScript.</noscript>
<main>{{ super() }}</main>
{% endblock %}
""".replace("POLICY", POLICY).replace("TITLE", TITLE)
LOST = """
const line = document.getElementById("lost")
line.textContent = "The connection to the server is lost. What is on the screen stays; reload the page to go on."
line.style.display = "block"
"""


def app(store: Store, workers: Workers, runs: Path) -> Callable[[], object]:
    """What the server calls for every visitor: builds the page in the current document."""

    def build():
        document = pn.state.curdoc
        document.template = TEMPLATE
        document.js_on_event("connection_lost", CustomJS(code=LOST))
        if len(store.folders) >= MAX_SESSIONS:
            return part(
                Line(text=f"{MAX_SESSIONS} pages are open on this server; close one and reload.", alarming=True)
            )
        session = Session(store.open(), workers, document, runs)
        document.on_session_destroyed(lambda _: session.close())
        page = Page(session, _query(pn.state.session_args))
        return page.view

    return build


def _query(arguments: Mapping) -> dict[str, str]:
    """The texts of the page's address; bytes that are no text, and too many, are left out."""
    texts = {
        name: values[0].decode("utf-8", "replace") for name, values in list(arguments.items())[:MAX_QUERY] if values
    }
    return {name: text[:200] for name, text in texts.items() if not name.startswith("bokeh-")}


class Page:
    """The tabs, and the address that leads back to what is on the screen."""

    def __init__(self, session: Session, query: dict[str, str]):
        self.session, self.query = session, query
        first = next((name for name in TABS if name.lower() == query.get("tab", "").lower()), next(iter(TABS)))
        self.bar = TabBar(names=list(TABS), chosen=first)
        self.bar.param.watch(self._choose, "chosen")
        self.places = {name: part(visible=name == first) for name in TABS}  # the tabs' views, once they are made
        self.states: dict[str, dict[str, str]] = {}
        self.is_open = False  # while it is built, the address is as the visitor typed it
        self._fill(first)
        self.view = part(self.bar, *self.places.values())
        self.is_open = True

    def _fill(self, name: str) -> None:
        """Makes a tab when it is first shown."""
        if len(self.places[name]):
            return
        module, made = TABS[name]
        asked = self.query.get("tab", next(iter(TABS))).lower() == name.lower()
        tab = getattr(import_module(module), made)
        view = tab(self.session, self.query if asked else {}, lambda state: self._tell(name, state)).view
        self.places[name].objects = [view]

    def _choose(self, event) -> None:
        if event.new not in TABS:  # no name of ours: a page that was tampered with
            return
        for name, place in self.places.items():
            place.visible = name == event.new
        self._fill(event.new)
        self._tell(event.new, self.states.get(event.new, {}))

    def _tell(self, name: str, state: dict[str, str]) -> None:
        """The address shows the state of the tab that is shown."""
        self.states[name] = state
        if self.is_open and self.bar.chosen == name:
            self.bar.address = "?" + urlencode({"tab": name.lower(), **state})
