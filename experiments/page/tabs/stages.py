"""The pictures of Explore: every stage of one convention, and two of them beside a second one."""

import panel as pn

from experiments.figures.trace.data import LOG_UNIT, Traced
from experiments.page.core import explore as core
from experiments.page.core.setup import Setup
from experiments.page.figures import CurvesPicture, ImagePicture, LinePicture
from experiments.page.layout import columns

STAGES = {"spectrogram": "Spectrogram", "log_mel": "Log-mel", "mfcc": "MFCC"}
AXES = {"spectrogram": "Frequency (kHz)", "log_mel": "Band", "mfcc": "Coefficient"}
LOOKS = {"spectrogram": "levels", "log_mel": "levels", "mfcc": "signed"}
MAX_SHOWN_FRAMES = 5  # in the waveform
LOBES = 12  # of the window's spectrum that are shown
TIME = "Time (s)"


class StagePictures:
    """All stages of one convention; `view` is their Panel object."""

    def __init__(self):
        self.wave = LinePicture(
            "Waveform", TIME, "Amplitude", "the samples, with some frames", ("signal", "frames", "chosen frame")
        )
        names = ("frame", "windowed", "window")
        says = "one frame before and after its window"
        self.framed = LinePicture("Frame and window", "Time (ms)", "Relative", says, names)
        says = "the main lobe and the side lobes"
        self.response = LinePicture("Spectrum of the window", "Frequency (Hz)", "dB", says, ("window_spectrum",))
        says = "one column of the spectrogram"
        self.spectrum = LinePicture("Spectrum of the frame", "Frequency (kHz)", "dB", says, ("spectrum",))
        self.hz = CurvesPicture("Filters over frequency", "Frequency (kHz)", "Weight", "the mel filters")
        self.mel = CurvesPicture("Filters over mel", "Mel", "Weight", "the same filters on the mel scale")
        says = "log-mel values of the frame and what few coefficients keep"
        self.envelope = LinePicture("Envelope", "Band", "Level", says, ("log_mel", "envelope"))
        self.maps = {k: ImagePicture(name, TIME, AXES[k], "over time", LOOKS[k]) for k, name in STAGES.items()}
        self.panes = {
            name: pn.pane.Bokeh(picture.figure)
            for name, picture in {
                "wave": self.wave,
                "spectrogram": self.maps["spectrogram"],
                "framed": self.framed,
                "response": self.response,
                "spectrum": self.spectrum,
                "hz": self.hz,
                "mel": self.mel,
                "log_mel": self.maps["log_mel"],
                "mfcc": self.maps["mfcc"],
                "envelope": self.envelope,
            }.items()
        }
        self.view = columns(*self.panes.values())

    def show(self, t: Traced) -> None:
        """Everything but the chosen frame. What the convention does not have is hidden."""
        for name, shown in core.maps(t).items():
            self.maps[name].show(shown, title(name, t))
            self.maps[name].name_rows(list(shown.names))
        self.maps["log_mel"].figure.yaxis.axis_label = "Band" if t.convention.n_mels else "Bin"
        self.envelope.figure.yaxis.axis_label = f"Level ({LOG_UNIT[t.convention.log]})"
        self.hz.show(*core.filters(t, "hz"), f"{len(t.steps['mel'])} filters over frequency")
        self.mel.show(*core.filters(t, "mel"), f"The same filters over mel ({t.convention.mel_scale})")
        self.panes["mfcc"].visible = "mfcc" in t.steps
        self.panes["hz"].visible = self.panes["mel"].visible = "filterbank" in t.steps

    def show_frame(self, t: Traced, section: core.Section, index: int | None, n_coefficients: int) -> int:
        """The chosen frame, None for the loudest; returns its number."""
        found = core.frame_view(t, index, n_coefficients)
        self.framed.show(found.lines, f"Frame {found.index} and its window ({t.convention.window})")
        self.response.show(found.lines)
        end = min(LOBES * t.sample_rate / t.size.window, t.sample_rate / 2)
        self.response.figure.x_range.update(start=0, end=end)
        self.spectrum.show(found.lines, f"Spectrum of frame {found.index}, {t.size.n_fft} points")
        self.envelope.show(found.lines, f"Frame {found.index}: log-mel, and from {n_coefficients} coefficients")
        time, x = core.waveform(section)
        peak, begin = float(abs(x).max()) or 1.0, section.start_s
        first = max(0, found.index - MAX_SHOWN_FRAMES // 2)
        boxes = [_box(begin + float(s), found.length_s, peak) for s in t.starts_s[first : first + MAX_SHOWN_FRAMES]]
        frames = tuple([value for box in boxes for value in box[axis]] for axis in (0, 1))
        chosen = _box(begin + found.start_s, found.length_s, 1.05 * peak)
        lines = {"signal": (time, x), "frames": frames, "chosen frame": chosen}
        self.wave.show(lines, f"Waveform and frames {first} to {first + len(boxes) - 1}")
        return found.index


class SecondPictures:
    """Log-mel and MFCC of a second convention, and the difference of the first from it."""

    def __init__(self):
        names = ("log_mel", "mfcc")
        self.others = {k: ImagePicture(STAGES[k], TIME, AXES[k], "of the second convention", LOOKS[k]) for k in names}
        self.errors = {k: ImagePicture(STAGES[k], TIME, AXES[k], "the difference of the two", "signed") for k in names}
        self.panes = {k: [pn.pane.Bokeh(group[k].figure) for group in (self.others, self.errors)] for k in names}
        self.view = columns(*(pane for panes in self.panes.values() for pane in panes))

    def show(self, first: Traced, second: Traced, names: tuple[Setup, Setup]) -> str:
        """Draws both and their differences; returns why there is none, or an empty text."""
        shown, said = core.maps(second), []
        for name in self.others:
            theirs, difference = self.panes[name]
            theirs.visible = name in shown
            error = core.difference(first, second, name)
            difference.visible = not isinstance(error, str)
            if name in shown:
                self.others[name].show(shown[name], f"{names[1].name}: {title(name, second)}")
                self.others[name].name_rows(list(shown[name].names))
            if isinstance(error, str):
                said.append(f"{STAGES[name]}: {error}.")
            else:
                self.errors[name].show(error, f"{STAGES[name]}: {names[0].name} - {names[1].name}")
                self.errors[name].name_rows(list(error.names))
        return " ".join(said)


def title(name: str, t: Traced) -> str:
    """The name of a stage, its size and its unit."""
    if name == "spectrogram":
        return f"Spectrogram, {len(t.steps['spectrum'])} bins x {t.steps['spectrum'].shape[1]} frames, dB"
    rows, frames = t.steps[name].shape
    return f"{STAGES[name]}, {rows} x {frames}" + (f", {LOG_UNIT[t.convention.log]}" if name == "log_mel" else "")


def _box(start: float, length: float, height: float) -> tuple[list[float], list[float]]:
    """A rectangle as one line that ends with a gap."""
    x = [start, start, start + length, start + length, start, float("nan")]
    return x, [-height, height, height, -height, -height, float("nan")]
