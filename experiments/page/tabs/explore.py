"""Explore: a recording through a convention, every stage on the screen while a slider moves."""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode

import panel as pn

from dsp.conventions import CONVENTIONS, WORDS, load
from dsp.files.naming import printable
from experiments.data.synthetic import EXPRESSIONS, VOICES
from experiments.figures.trace.data import Traced
from experiments.page.core import explore as core
from experiments.page.core import setup as setups
from experiments.page.core.setup import Setup
from experiments.page.layout import columns, part
from experiments.page.tabs.stages import SecondPictures, StagePictures
from experiments.page.widgets import Download, Form, Line, Sound, Text, Upload

AUDIO = ".wav,.flac,.ogg,.opus,.mp3,.aif,.aiff,.au,.caf,.w64,.rf64"
NONE = "none"
BESIDE = ("voice", "emotion", "start", "frame", "coefficients", "second")  # of a link, beside the convention


def _range(name: str, label: str, low, high, step, unit: str = "") -> dict:
    return {"name": name, "label": label, "kind": "range", "min": low, "max": high, "step": step, "unit": unit}


def _menu(name: str, label: str, options) -> dict:
    pairs = [one if isinstance(one, tuple) else (str(one), str(one)) for one in options]
    return {"name": name, "label": label, "kind": "select", "options": pairs}


PRESETS = [(name, f"{name} ({c.tool})"[:60]) for name, c in CONVENTIONS.items()]
CONVENTION_FIELDS = [
    _menu("convention", "Convention", PRESETS),
    _range("frame", "Frame", 2, 100, 0.5, "ms"),
    _range("hop", "Hop", 1, 50, 0.5, "ms"),
    _menu("window", "Window", WORDS["window"]),
    _menu("n_fft", "Transform", ("power of two", "frame length", "256", "400", "512", "1024", "2048", "4096")),
    _range("preemphasis", "Pre-emphasis", 0, 0.99, 0.01),
    _range("n_mels", "Mel bands", 0, 128, 1),
    _range("f_min", "Bands from", 0, 1000, 10, "Hz"),
    _range("f_max", "Bands to", 1000, 8000, 50, "Hz"),
    _menu("log", "Logarithm", (NONE, "ln", "log10", "10 log10", "20 log10")),
    _range("n_mfcc", "Coefficients", 0, 60, 1),
    _range("lifter", "Lifter", 0, 60, 1),
    _menu("second", "Compare with", [(NONE, "no second convention"), *PRESETS]),
    {"name": "undo", "label": "As the preset", "kind": "button"},
]
VIEW_FIELDS = [
    _range("start", "Shown from", 0, 0, 0.1, "s"),
    _range("frame_at", "Frame number", 0, 100, 1),
    _range("coefficients", "Envelope from", 1, 40, 1),
    {"name": "loudest", "label": "Loudest frame", "kind": "button"},
    {"name": "rebuild", "label": "Rebuild the sound", "kind": "button"},
]
SOUND_FIELDS = [
    _menu("voice", "Synthetic voice", [voice.name for voice in VOICES]),
    _menu("emotion", "Emotion", EXPRESSIONS),
]


class Explorer:
    """The tab; `view` is its Panel object. Made with OwnSession, it works in a notebook.

    query : the texts of a link;  on_state : called with the texts of a link that leads back here
    """

    def __init__(self, session, query: Mapping[str, str] | None = None, on_state: Callable[[dict], None] = lambda _: 0):
        self.session, self.on_state = session, on_state
        self.setup, self.second = Setup("kaldi"), None
        self.recording, self.voice, self.emotion = None, "f1", "happy"
        self.start_s, self.frame, self.n_coefficients = 0.0, None, 13
        self.traced: Traced | None = None
        self.trouble, self.facts = Line(alarming=True), Line()
        self._make_controls()
        self.pictures: StagePictures | None = None  # made when the controls are on the screen: a page opens sooner
        self.pictures_part = part(Line(text="drawing the pictures"))
        self.second_pictures: SecondPictures | None = None  # made when it is needed
        self.second_part = part(
            Line(text="The second convention", heading=True), self.sentence, self.no_difference, visible=False
        )
        line = self._restore(query or {})
        self._cut()
        self.redraw()
        if line:
            self.trouble.text = line
        session.when_shown(self._make_pictures)

    def _make_controls(self) -> None:
        self.form = Form(self.move, title="The convention", fields=CONVENTION_FIELDS)
        self.look = Form(self.move, title="What is shown", fields=VIEW_FIELDS)
        self.sound = Form(self.move, title="The synthetic voice", fields=SOUND_FIELDS)
        self.upload = Upload(
            self.take,
            label="Recording, or a convention as TOML",
            note="Drop a file here: WAV, FLAC, OGG, MP3, AIFF, AU, CAF; a .toml file restores its convention.",
            address=getattr(self.session, "address", ""),
            accept=f"{AUDIO},.toml",
            microphone=True,
        )
        self.original = Sound(label="Original")
        self.from_bands = Sound(label="Rebuilt from the mel bands")
        self.from_cepstra = Sound(label="Rebuilt from the first cepstra")
        self.python = Text(label="As Python", copy="Copy as Python")
        self.toml = Text(label="As TOML", copy="Copy as TOML")
        self.link = Text(label="As a link", copy="Copy the link", is_link=True)
        self.save = Download(label="Save as TOML", filename="convention.toml")
        self.sentence, self.all_differences = Line(), Text(label="All differences and known issues", copy="Copy")
        self.no_difference = Line()

    @property
    def view(self):
        """The tab as a Panel object."""
        code = part(Line(text="Take it with you", heading=True), self.python, self.toml, self.save, self.link)
        sounds = part(
            Line(text="What the features still hold", heading=True),
            columns(self.original, self.from_bands, self.from_cepstra),
        )
        has_files = bool(getattr(self.session, "address", ""))
        return part(
            *([self.upload] if has_files else []), self.sound, self.facts, self.trouble,
            self.form, self.look, self.pictures_part, self.second_part, sounds, code,
        )  # fmt: skip

    def _restore(self, query: Mapping[str, str]) -> str:
        """Takes a link's texts; what cannot be is left out, and said in one line."""
        said = []
        voice = {name: query[name] for name in ("voice", "emotion") if name in query}
        try:
            core.synthetic(**{"voice": self.voice, "emotion": self.emotion} | voice)
            self.voice, self.emotion = voice.get("voice", self.voice), voice.get("emotion", self.emotion)
        except ValueError as error:
            said.append(str(error))
        try:
            changes = {k: v for k, v in query.items() if k not in (*BESIDE, "convention", "tab")}
            if "convention" in query or changes:
                self.setup = setups.from_link(query.get("convention", self.setup.base), changes)
            if query.get("second", NONE) != NONE:
                self.second = setups.from_link(query["second"], {})
        except ValueError as error:
            said.append(str(error))
        try:
            self.start_s = float(query.get("start", 0))
            self.frame = int(query["frame"]) if "frame" in query else None
            self.n_coefficients = int(query.get("coefficients", 13))
        except ValueError:
            said.append("start, frame and coefficients are numbers")
        return self._one_line("the link was followed in part: " + "; ".join(said)) if said else ""

    # what a hand or a file does

    def take(self, ids: list[str], errors: list[str]) -> None:
        """A recording or a convention that was handed in."""
        paths = self.session.paths(ids)
        self.trouble.text = self._one_line("; ".join(errors))
        for path in paths[:1]:
            if path.suffix.lower() == ".toml":
                self._take_convention(path)
            else:
                self.facts.text = f"reading {printable(path.name)}"
                job = "experiments.page.core.reading:read_for_page"
                self.session.run(job, (str(path),), self._take_recording, self._refuse)
        self.session.folder.keep_only(set(ids))

    def _take_convention(self, path: Path) -> None:
        try:
            self._change(setups.from_convention(load(path)))
        except (ValueError, OSError) as error:
            self._refuse(self.session.shown(str(error)))

    def _take_recording(self, found: dict) -> None:
        self.recording, self.start_s, self.frame = found, 0.0, None
        self._cut()
        self.redraw()

    def _refuse(self, line: str) -> None:
        self.trouble.text = self._one_line(line)
        self._say_facts()

    def move(self, name: str, value) -> None:
        """A control was moved."""
        self.trouble.text = ""
        try:
            if name == "convention":
                self._change(setups.from_link(str(value), {}))
            elif name == "undo":
                self._change(Setup(self.setup.base))
            elif name == "second":
                self.second = None if value == NONE else setups.from_link(str(value), {})
                self.redraw()
            elif name in ("voice", "emotion"):
                chosen = {"voice": self.voice, "emotion": self.emotion, name: str(value)}
                core.synthetic(**chosen)
                self.voice, self.emotion, self.recording, self.frame = *chosen.values(), None, None
                self.start_s = 0.0
                self._cut()
                self.redraw()
            elif name == "start":
                self.start_s, self.frame = float(value), None
                self._cut()
                self.redraw()
            elif name in ("frame_at", "loudest", "coefficients"):
                if name == "coefficients":
                    self.n_coefficients = int(value)
                else:
                    self.frame = int(value) if name == "frame_at" else None
                self._draw_frame()
                self._tell_state()
            elif name == "rebuild":
                self.rebuild()
            else:
                self._change(setups.moved(self.setup, name, value, self.section.sample_rate))
        except (ValueError, TypeError, OverflowError) as error:
            self.trouble.text = self._one_line(str(error))
            self._show_controls()

    def _change(self, setup: Setup) -> None:
        """Takes another setup if it can be drawn; otherwise the old one stays. ValueError as core.stages."""
        t = core.stages(self.section, setup)
        self.setup = setup
        self.redraw(t)

    def rebuild(self) -> None:
        """Griffin and Lim from the bands and from the first cepstra."""
        self.from_bands.wav = self.from_cepstra.wav = b""
        job, n = "experiments.page.core.explore:resynthesis", self.n_coefficients
        self.look.values = {**self.look.values, "rebuild": False}

        def done(sound: Sound, label: str, wav: bytes) -> None:
            sound.label, sound.wav = label, wav
            self.look.values = {**self.look.values, "rebuild": True}

        def failed(line: str) -> None:
            self.trouble.text = self._one_line(line)
            self.look.values = {**self.look.values, "rebuild": True}

        for sound, count, label in (
            (self.from_bands, None, "Rebuilt from the mel bands"),
            (self.from_cepstra, n, f"Rebuilt from the first {n} cepstra"),
        ):
            arguments = (self.section, self.setup, count)
            self.session.run(job, arguments, lambda wav, s=sound, text=label: done(s, text, wav), failed)

    # drawing

    def _cut(self) -> None:
        """The section that is shown, and its sound."""
        if self.recording is None:
            self.section = core.synthetic(self.voice, self.emotion)
        else:
            found = self.recording
            self.section = core.cut(found["signal"], found["sample_rate"], self.start_s, found["name"])
        self.original.wav = core.as_wav(self.section.signal, self.section.sample_rate)
        self.from_bands.wav = self.from_cepstra.wav = b""

    def redraw(self, t: Traced | None = None) -> None:
        """Every stage, of a trace of the section that is shown if there is one already."""
        try:
            t = t or core.stages(self.section, self.setup)
        except ValueError as error:  # the recording does not fit the convention
            self.trouble.text = self._one_line(str(error))
            self._show_controls()
            return
        self.traced = t
        self._draw()
        self._show_controls()
        self._say_facts()
        self._show_code()
        self._tell_state()

    def _make_pictures(self) -> None:
        self.pictures = StagePictures()
        with pn.io.hold():  # they arrive as one
            self._draw()
            self.pictures_part.objects = [self.pictures.view]

    def _draw(self) -> None:
        if self.traced is None or self.pictures is None:
            return
        self.pictures.show(self.traced)
        self._draw_frame()
        self._draw_second()

    def _draw_frame(self) -> None:
        t = self.traced
        if t is None or self.pictures is None:
            return
        index = self.pictures.show_frame(t, self.section, self.frame, self.n_coefficients)
        n_frames = t.steps["frames"].shape[1]
        changes = {
            "frame_at": {"min": 0, "max": n_frames - 1, "step": 1},
            "coefficients": {"min": 1, "max": len(t.steps["log_mel"]), "step": 1},
            "start": {"min": 0, "max": self._last_start(), "step": 0.1},
        }
        if changes != self.look.changes:
            self.look.changes = changes
        shown = {"frame_at": index, "coefficients": self.n_coefficients, "start": round(self.section.start_s, 1)}
        if not shown.items() <= self.look.values.items():
            self.look.values = {**self.look.values, **shown}

    def _last_start(self) -> float:
        if self.recording is None:
            return 0
        return round(max(0.0, len(self.recording["signal"]) / self.recording["sample_rate"] - core.SECTION_S), 1)

    def _draw_second(self) -> None:
        self.second_part.visible = self.second is not None
        if self.second is None:
            return
        try:
            other = core.stages(self.section, self.second)
        except ValueError as error:
            self.sentence.text = f"{self.second.name} does not fit this recording: {error}"
            return
        self.sentence.text, self.all_differences.text = "comparing the two", ""
        self.session.at_rest(self._say_difference)
        if self.second_pictures is None:
            self.second_pictures = SecondPictures()
            self.second_part.extend([self.second_pictures.view, self.all_differences])
        self.no_difference.text = self.second_pictures.show(self.traced, other, (self.setup, self.second))

    def _say_difference(self) -> None:
        if self.second is None:
            return
        try:
            said = core.sentence(self.setup, self.second, self.section.sample_rate)
        except ValueError as error:
            said = self._one_line(str(error))
        with pn.io.hold():
            self.sentence.text, _, self.all_differences.text = said.partition("\n")

    def _show_controls(self) -> None:
        values = setups.control_values(self.setup.convention, self.section.sample_rate)
        half = self.section.sample_rate // 2
        changes = {"f_max": {"min": min(1000, half), "max": half, "step": 50}}
        if changes != self.form.changes:
            self.form.changes = changes
        second = self.second.base if self.second else NONE
        self.form.values = {**values, "convention": self.setup.base, "second": second, "undo": bool(self.setup.changes)}
        self.sound.values = {"voice": self.voice, "emotion": self.emotion}

    def _say_facts(self) -> None:
        s = self.section
        end_s = s.start_s + s.signal.size / s.sample_rate
        origin = f"{printable(s.name)}: {s.start_s:.2f} .. {end_s:.2f} s at {s.sample_rate} Hz"
        changed = ", ".join(f"{k}={v!r}" for k, v in self.setup.changes.items())
        steps = "; ".join(self.recording["steps"]) if self.recording else ""
        self.facts.text = self._one_line(
            f"{origin}{f' ({steps})' if steps else ''}. {self.setup.name}{f': {changed}' if changed else ''}."
        )

    def _show_code(self) -> None:
        s = self.section
        if self.recording is None:
            lines = setups.lines_of_synthetic(self.voice, self.emotion, s.signal.size, s.sample_rate)
        else:
            lines = setups.lines_of_recording(printable(s.name), round(s.start_s * s.sample_rate), s.signal.size)
        self.python.text = setups.as_python(self.setup, lines)
        self.toml.text = setups.as_toml_text(self.setup)
        self.save.content = self.toml.text.encode()

    def _tell_state(self) -> None:
        state = setups.as_link(self.setup)
        state |= {"coefficients": str(self.n_coefficients)} if self.n_coefficients != 13 else {}
        state |= {"second": self.second.base} if self.second else {}
        state |= {"frame": str(self.frame)} if self.frame is not None else {}
        if self.recording is None:
            state |= {"voice": self.voice, "emotion": self.emotion}
        self.link.text = "?" + urlencode({"tab": "explore", **state})
        self.on_state(state)

    @staticmethod
    def _one_line(text: str) -> str:
        return printable(" ".join(text.split()))[:600]


def explorer(signal=None, sample_rate: int | None = None, convention: str = "kaldi"):
    """The explorer for a notebook: a Panel object. Without a signal it shows the synthetic voice.

    signal : (n,) float64 in -1 .. 1;  sample_rate : Hz

    Checked: tests/test_page_explores_a_convention.py
    """
    from experiments.page.session import OwnSession

    pn.extension(inline=True)  # scripts come from here, not from the internet
    made = Explorer(OwnSession(), {"convention": convention})
    if signal is not None:
        made._take_recording({"signal": signal, "sample_rate": sample_rate, "name": "signal", "steps": ()})
    return made.view
