"""What each network sees of a recording, and how that is drawn: the one list of systems the recogniser knows.

A new system gets a line in VIEWS, under the name that its runs' config gives their inputs, or under its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from experiments.figures.preprocessing import SIGN, spectrogram
from experiments.inputs import dey_emodb, finch_dycnn, wang_cl, yadav_crnn
from experiments.inputs.front_end import SAMPLE_RATE, FrontEnd
from spectrogram_images import render
from spectrogram_images.parameters import PAPER

_DEY = SAMPLE_RATE


@dataclass(frozen=True)
class View:
    """How a recording becomes what a network sees.

    sample_rate : Hz, of the signal below
    least : samples; a recording must have as many
    inputs : signal (n,) float64 -> (n_examples, ...) as the network takes them; ValueError for a bad signal
    told : the same signal -> what of it is seen, a line for each step
    draw : (axes, inputs, answers (n_examples, n_classes), classes, seconds) -> the title
    z_score : what makes the run's z-score of the numbers in its result, if the inputs still need one
    """

    sample_rate: int
    least: int
    inputs: Callable[[np.ndarray], np.ndarray]
    told: Callable[[np.ndarray], tuple[str, ...]]
    draw: Callable[..., str]
    z_score: Callable | None = None


def view_of(result: dict) -> View:
    """The view of a run: by what its config calls its inputs, else by its system.

    Raises ValueError for a system without one.

    Checked: tests/test_recogniser_core.py
    """
    name = result["config"].get("inputs", result["system"])
    if name not in VIEWS:
        known = ", ".join(VIEWS)
        raise ValueError(f"{name!r}, what {result['system']} sees, is unknown to the recogniser; known: {known}")
    return VIEWS[name]


def _one(front_end: FrontEnd, sample_rate: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda signal: front_end.features(signal, sample_rate)[None]


def _beginning(seconds: float, signal: np.ndarray, sample_rate: int) -> tuple[str, ...]:
    """Cut off or filled up: what it takes to make `seconds` of a signal."""
    missing = seconds - signal.size / sample_rate
    if missing < 0:
        return (f"the network sees the first {seconds:g} s of {signal.size / sample_rate:.2f} s",)
    return (f"{missing:.2f} s of zeros appended to make {seconds:g} s",) if missing else ()


# Zheng et al.: the whole recording as one image


def _image(signal: np.ndarray) -> np.ndarray:
    return render(signal).transpose(2, 0, 1)[None]


def _told_of_image(signal: np.ndarray) -> tuple[str, ...]:
    return (f"all {signal.size / PAPER.sample_rate:.2f} s as an image of 224 x 224 pixels",)


def _draw_image(axes, inputs, answers, classes, seconds) -> str:
    extent = (0, seconds, PAPER.sample_rate / 2000, 0)  # 0 Hz is the top row
    axes.imshow(inputs[0].transpose(1, 2, 0), aspect="auto", extent=extent, interpolation="nearest")
    axes.set(xlabel="Time (s)", ylabel="Frequency (kHz)")
    return "the image, 0 Hz at the top as the network sees it"


# Dey et al.


def _draw_mask(axes, inputs, answers, classes, seconds) -> str:
    spectrogram(axes, inputs[0, 0], dey_emodb.IMAGE, _DEY, cmap=SIGN, vmin=-1.5, vmax=1.5)
    return "sign of the mel level: yellow +1, blue -1"


def _draw_level(convention, sample_rate: int, axes, inputs, answers, classes, seconds) -> str:
    picture = spectrogram(axes, inputs[0, 0], convention, sample_rate)
    axes.figure.colorbar(picture, ax=axes, label="standard deviations", pad=0.01)
    return "log-mel spectrogram, z-scored"


SEGMENTS_S = len(dey_emodb.SEGMENT_STARTS) * dey_emodb.SEGMENT_FRAMES * dey_emodb.SEGMENT.hop_length / _DEY


def _draw_segments(axes, inputs, answers, classes, seconds) -> str:
    segments = inputs[0, :, 0]  # (18, 128, 5)
    picture = spectrogram(axes, np.concatenate(list(segments), axis=1), dey_emodb.SEGMENT, _DEY)
    for place in range(1, len(segments)):
        x = (place * dey_emodb.SEGMENT_FRAMES - 0.5) * dey_emodb.SEGMENT.hop_length / _DEY
        axes.axvline(x, color="white", linewidth=0.5)
    axes.figure.colorbar(picture, ax=axes, label="dB re maximum", pad=0.01)
    return f"log-mel spectrogram, {len(segments)} segments of {dey_emodb.SEGMENT_FRAMES} frames"


def _told_of_windows(signal: np.ndarray) -> tuple[str, ...]:
    bounds = dey_emodb.window_bounds(signal.size)
    zeros = max(0, bounds[-1][1] - signal.size) + max(0, -bounds[0][0])
    padded = f", {zeros / _DEY:.2f} s of zeros around them" if zeros else ""
    answers = f"the mean answer to {len(bounds)} windows" if len(bounds) > 1 else "one window"
    return (f"all {signal.size / _DEY:.2f} s: {answers} of 1 s{padded}",)


def _draw_windows(axes, inputs, answers, classes, seconds) -> str:
    """This network hears the waveform itself; what is worth seeing is what it says of every window."""
    step = dey_emodb.HOP / _DEY
    centre = 0.5 * dey_emodb.WINDOW / _DEY if len(answers) > 1 else seconds / 2
    extent = (centre - step / 2, centre + (len(answers) - 0.5) * step, len(classes) - 0.5, -0.5)
    look = {"cmap": "Blues", "vmin": 0, "vmax": 1, "interpolation": "nearest"}
    picture = axes.imshow(answers.T, aspect="auto", extent=extent, **look)
    axes.set_yticks(range(len(classes)), classes)
    axes.set(xlabel="Time (s), middle of the window", xlim=(0, seconds))
    axes.figure.colorbar(picture, ax=axes, label="probability", pad=0.01)
    return f"it hears the waveform: its answers to {len(answers)} windows of 1 s"


# Yadav et al.


def _told_of_crnn(signal: np.ndarray) -> tuple[str, ...]:
    found = yadav_crnn.stages(signal, yadav_crnn.SAMPLE_RATE)
    start, stop = found.kept
    kept = f"silence cut off: {start:.2f} .. {stop:.2f} s of {signal.size / yadav_crnn.SAMPLE_RATE:.2f} s are kept"
    three_s = yadav_crnn.N_SAMPLES / yadav_crnn.SAMPLE_RATE
    return kept, "Wiener filter", *_beginning(three_s, found.filtered, yadav_crnn.SAMPLE_RATE)


# Finch


def _draw_rows(name: str, axes, inputs, answers, classes, seconds) -> str:
    extent = (0, finch_dycnn.FRAMES * 0.01, 0, finch_dycnn.ROWS)
    look = {"origin": "lower", "aspect": "auto", "interpolation": "nearest", "vmin": -3, "vmax": 3, "cmap": "RdBu_r"}
    picture = axes.imshow(inputs[0, 0].T, extent=extent, **look)
    axes.set(xlabel="Time (s)", ylabel=name, yticks=(0, 13, 26, 39))
    axes.figure.colorbar(picture, ax=axes, label="standard deviations", pad=0.01)
    return f"{finch_dycnn.ROWS} rows of features, z-scored row by row"


def _view_of_rows(features: str, name: str) -> View:
    front_end, told = finch_dycnn.FEATURES[features], partial(_told_of_frames, finch_dycnn.FRAMES, 400, 160)
    draw = partial(_draw_rows, name)
    return View(SAMPLE_RATE, 400, _one(front_end, SAMPLE_RATE), told, draw, z_score=finch_dycnn.RowZScore)


# Wang


def _draw_spectrogram(axes, inputs, answers, classes, seconds) -> str:
    return _draw_whole_clip(axes, inputs, answers, classes, wang_cl.FRAMES * wang_cl.CEPSTRA.hop_length / SAMPLE_RATE)


def _draw_whole_clip(axes, inputs, answers, classes, seconds) -> str:
    """Without the 13 coefficients that go into the other branch."""
    extent = (0, seconds, 0, SAMPLE_RATE / 2000)
    frames = inputs[0, :, : wang_cl.FRAMES]
    picture = axes.imshow(frames.T, origin="lower", aspect="auto", extent=extent, interpolation="nearest")
    axes.set(xlabel="Time (s)", ylabel="Frequency (kHz)")
    axes.figure.colorbar(picture, ax=axes, label="between least and greatest", pad=0.01)
    return "power spectrogram of 128 frames (their MFCC are not drawn)"


def _told_of_frames(most: int, length: int, hop: int, signal: np.ndarray) -> tuple[str, ...]:
    frames = 1 + (signal.size - length) // hop
    if frames > most:
        return (f"the network sees the first {most} of {frames} frames: {most * hop / SAMPLE_RATE:.2f} s",)
    return (f"{frames} frames; nothing stands in the other {most - frames}",) if frames < most else ()


def _told_of_clip(signal: np.ndarray) -> tuple[str, ...]:
    return (f"all {signal.size / SAMPLE_RATE:.2f} s, stretched or squeezed into {wang_cl.FRAMES} frames",)


_IMAGE_S = dey_emodb.IMAGE_SAMPLES / _DEY
_TOLD_OF_MEL = partial(_beginning, _IMAGE_S, sample_rate=_DEY)

VIEWS = {
    "zheng_cnn_lstm": View(PAPER.sample_rate, PAPER.window_length, _image, _told_of_image, _draw_image),
    "dey_mel_2d_sign": View(
        _DEY, dey_emodb.IMAGE.frame_length, _one(dey_emodb.MEL_2D_SIGN, _DEY), _TOLD_OF_MEL, _draw_mask
    ),
    "dey_mel_2d_z_score": View(
        _DEY,
        dey_emodb.IMAGE.frame_length,
        _one(dey_emodb.MEL_2D_Z_SCORE, _DEY),
        _TOLD_OF_MEL,
        partial(_draw_level, dey_emodb.IMAGE, _DEY),
    ),
    "dey_mel_segments": View(
        _DEY,
        dey_emodb.SEGMENT.frame_length,
        _one(dey_emodb.MEL_SEGMENTS, _DEY),
        partial(_beginning, SEGMENTS_S, sample_rate=_DEY),
        _draw_segments,
    ),
    "windows_1d": View(_DEY, 400, dey_emodb.windows_1d, _told_of_windows, _draw_windows),  # 25 ms: a frame elsewhere
    "yadav_crnn": View(
        yadav_crnn.SAMPLE_RATE,
        yadav_crnn.FRAME,
        _one(yadav_crnn.ORIGINALS, yadav_crnn.SAMPLE_RATE),
        _told_of_crnn,
        partial(_draw_level, yadav_crnn.CONVENTION, yadav_crnn.SAMPLE_RATE),
        z_score=yadav_crnn.ZScore,
    ),
    "finch_mfcc": _view_of_rows("mfcc", "13 MFCC, deltas, their deltas"),
    "finch_log_mel": _view_of_rows("log-mel", "Mel band"),
    "wang_first_frames": View(
        SAMPLE_RATE,
        wang_cl.CEPSTRA.frame_length,
        _one(wang_cl.FEATURES["first-frames"], SAMPLE_RATE),
        partial(_told_of_frames, wang_cl.FRAMES, wang_cl.CEPSTRA.frame_length, wang_cl.CEPSTRA.hop_length),
        _draw_spectrogram,
    ),
    "wang_whole_clip": View(
        SAMPLE_RATE,
        wang_cl.CEPSTRA.frame_length,
        _one(wang_cl.FEATURES["whole-clip"], SAMPLE_RATE),
        _told_of_clip,
        _draw_whole_clip,
    ),
}
